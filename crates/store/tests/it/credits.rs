//! Credits, as their holders and bookkeeping need them: nothing is spent twice, nothing is lost, nothing is changed.

use crate::common::{Fixture, HOUR};
use domain::{
    Access, AccountId, Act, Actor, Adjustment, CheckoutState, Dispute, DisputeState, EntryKind, Facts, Money,
    OsEntropy, Owner, PaymentFacts, Position, Product, ProductKind, PurchaseId, RemoteEvent, RemoteId, Signal,
    SubscriptionFacts, SubscriptionState, Timestamp, TrackId,
};
use store::{Adjusted, NewMail};

async fn member(fixture: &Fixture, email: &str) -> (AccountId, Owner) {
    let account = fixture.store.accounts.add(&email.parse().unwrap(), &"Mia".parse().unwrap(), "hash").await.unwrap();
    let account = account.unwrap().id;
    let stay = domain::Stay::Kept;
    let token = fixture.store.sign_ins.begin(account, stay, domain::Device::of("Firefox")).await.unwrap();
    (account, fixture.store.sign_ins.resume(&token).await.unwrap().unwrap().owner)
}

fn product(id: &str, kind: ProductKind, credits: u32, price: &str) -> Product {
    Product { id: id.parse().unwrap(), name: "Masters".to_owned(), kind, credits, price: price.parse().unwrap() }
}

fn pack() -> Product {
    product("pack", ProductKind::Pack, 10, "60.00 EUR")
}

fn id(text: &str) -> RemoteId {
    text.parse().unwrap()
}

fn event(text: &str) -> RemoteEvent {
    RemoteEvent { id: id(text), kind: "charge.succeeded".to_owned(), at: Timestamp::from_unix_ms(0) }
}

fn paid(purchase: PurchaseId, charge: &str, amount: &str) -> PaymentFacts {
    let amount: Money = amount.parse().unwrap();
    PaymentFacts {
        charge: id(charge),
        purchase,
        invoice: None,
        amount,
        is_paid: true,
        refunded_minor: 0,
        disputes: Vec::new(),
        is_warned: false,
        signals: Vec::new(),
        receipt_url: Some("https://pay.stripe.com/receipts/mia".to_owned()),
        invoice_url: None,
        at: Timestamp::from_unix_ms(0),
    }
}

fn of(payment: PaymentFacts) -> Facts {
    Facts { payment: Some(payment), ..Facts::default() }
}

/// Begins a purchase and pays it.
async fn bought(fixture: &Fixture, account: AccountId, product: &Product, track: Option<TrackId>) -> PaymentFacts {
    let begun = fixture.store.purchases.begin(account, product, track, HOUR).await.unwrap().purchase;
    let charge = format!("ch_{}", begun.id);
    let facts = paid(begun.id, &charge, &product.price.to_string());
    fixture.store.purchases.apply(None, &of(facts.clone()), None).await.unwrap();
    facts
}

/// What every entry of an account adds up to, and its kinds, the earliest first.
async fn ledger(fixture: &Fixture, account: AccountId) -> Vec<(EntryKind, i64)> {
    let entries = fixture.store.credits.entries(account, 1000).await.unwrap();
    entries.into_iter().rev().map(|entry| (entry.kind, entry.credits)).collect()
}

fn adjustment(credits: i64) -> Adjustment {
    Adjustment::new(credits, "a test".parse().unwrap()).unwrap()
}

async fn adjust(fixture: &Fixture, account: AccountId, credits: i64) -> Adjusted {
    fixture.store.credits.adjust(Actor::CommandLine, account, &adjustment(credits), None).await.unwrap()
}

async fn position(fixture: &Fixture, account: AccountId) -> Position {
    fixture.store.credits.position(account).await.unwrap()
}

#[tokio::test]
async fn a_track_is_paid_for_once_however_many_press_at_the_same_moment() {
    let fixture = Fixture::new().await;
    let (mia, owner) = member(&fixture, "mia@example.org").await;
    let track = fixture.upload(owner, b"a mix").await;
    assert_eq!(fixture.store.credits.spend(mia, owner, track).await.unwrap(), Some(Access::Unpaid));
    bought(&fixture, mia, &pack(), None).await;
    let presses = (0..20).map(|_| {
        let credits = fixture.store.credits.clone();
        tokio::spawn(async move { credits.spend(mia, owner, track).await.unwrap() })
    });
    for press in presses.collect::<Vec<_>>() {
        assert_eq!(press.await.unwrap(), Some(Access::Open));
    }
    assert_eq!(ledger(&fixture, mia).await, [(EntryKind::Payment, 10), (EntryKind::Spent, -1)]);
    assert_eq!(fixture.store.credits.access(mia, track).await.unwrap(), Access::Open);
    // The last credit is spent by one of two, whichever.
    let tracks = [fixture.upload(owner, b"b").await, fixture.upload(owner, b"c").await];
    assert_eq!(adjust(&fixture, mia, -8).await, Adjusted::Done(Position::Has(1)));
    let (one, other) = tokio::join!(
        fixture.store.credits.spend(mia, owner, tracks[0]),
        fixture.store.credits.spend(mia, owner, tracks[1])
    );
    let mut answers = [one.unwrap().unwrap(), other.unwrap().unwrap()];
    answers.sort_by_key(|access| *access != Access::Open);
    assert_eq!(answers, [Access::Open, Access::Unpaid]);
    assert_eq!(position(&fixture, mia).await, Position::Has(0));
}

#[tokio::test]
async fn nobody_pays_for_or_with_what_is_somebody_elses() {
    let fixture = Fixture::new().await;
    let (mia, mias) = member(&fixture, "mia@example.org").await;
    let (eve, eves) = member(&fixture, "eve@example.org").await;
    let track = fixture.upload(mias, b"a mix").await;
    let facts = bought(&fixture, eve, &pack(), Some(track)).await;
    assert_eq!(ledger(&fixture, eve).await, [(EntryKind::Payment, 10)], "a track of hers it was not");
    assert_eq!(fixture.store.credits.spend(eve, eves, track).await.unwrap(), None);
    assert_eq!(fixture.store.credits.spend(eve, mias, track).await.unwrap(), None);
    assert_eq!(fixture.store.credits.access(mia, track).await.unwrap(), Access::Unpaid);
    assert_eq!(fixture.store.purchases.of_account(mia, facts.purchase).await.unwrap(), None);
    assert!(fixture.store.purchases.of_account(eve, facts.purchase).await.unwrap().is_some());
}

#[tokio::test]
async fn the_track_that_a_buyer_came_from_is_paid_for_with_the_purchase() {
    let fixture = Fixture::new().await;
    let (mia, owner) = member(&fixture, "mia@example.org").await;
    let track = fixture.upload(owner, b"a mix").await;
    let single = product("single", ProductKind::Single, 1, "9.00 EUR");
    let facts = bought(&fixture, mia, &single, Some(track)).await;
    assert_eq!(ledger(&fixture, mia).await, [(EntryKind::Payment, 1), (EntryKind::Spent, -1)]);
    let purchase = fixture.store.purchases.find(facts.purchase).await.unwrap().unwrap();
    assert_eq!((purchase.state, purchase.url), (CheckoutState::Complete, None));
}

#[tokio::test]
async fn two_presses_of_one_button_are_one_purchase() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    let begin = async |product: &Product| fixture.store.purchases.begin(mia, product, None, HOUR).await.unwrap();
    let first = begin(&pack()).await.purchase;
    fixture.store.purchases.opened(first.id, &id("cs_1"), "https://checkout.stripe.com/c/pay/cs_1").await.unwrap();
    let second = begin(&pack()).await;
    assert_eq!((second.purchase.id, second.superseded), (first.id, vec![]));
    assert!(second.purchase.url.is_some(), "the page that is open");
    let dearer = begin(&product("pack", ProductKind::Pack, 10, "70.00 EUR")).await;
    assert_eq!(dearer.superseded, [id("cs_1")], "at another price it is another one");
    assert_ne!(dearer.purchase.id, first.id);
    fixture.pass(HOUR);
    assert_ne!(begin(&product("pack", ProductKind::Pack, 10, "70.00 EUR")).await.purchase.id, dearer.purchase.id);
    // Whoever pays an old page all the same gets what it promised.
    fixture.store.purchases.apply(None, &of(paid(first.id, "ch_1", "60.00 EUR")), None).await.unwrap();
    assert_eq!(position(&fixture, mia).await, Position::Has(10));
}

#[tokio::test]
async fn each_word_is_heeded_once_and_its_mail_sent_once() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    let purchase = fixture.store.purchases.begin(mia, &pack(), None, HOUR).await.unwrap().purchase;
    let facts = of(paid(purchase.id, "ch_1", "60.00 EUR"));
    let letter = NewMail {
        key: "purchase-1".to_owned(),
        to: "mia@example.org".parse().unwrap(),
        subject: "Your purchase".to_owned(),
        text: "Thank you.".to_owned(),
        html: "<p>Thank you.</p>".to_owned(),
    };
    let apply =
        async |name: &str| fixture.store.purchases.apply(Some(&event(name)), &facts, Some(&letter)).await.unwrap();
    assert!(apply("evt_1").await, "credits came");
    assert!(!apply("evt_1").await && !apply("evt_2").await, "and come no more");
    assert!(fixture.store.purchases.is_heeded(&id("evt_2")).await.unwrap());
    assert_eq!(ledger(&fixture, mia).await, [(EntryKind::Payment, 10)]);
    let mail = fixture.store.mails.claim().await.unwrap().unwrap();
    fixture.store.mails.sent(&mail).await.unwrap();
    apply("evt_3").await;
    assert!(fixture.store.mails.claim().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_taken_back_after_it_was_used_is_owed_and_the_next_purchase_pays_it() {
    let fixture = Fixture::new().await;
    let (mia, owner) = member(&fixture, "mia@example.org").await;
    let single = product("single", ProductKind::Single, 1, "9.00 EUR");
    let track = fixture.upload(owner, b"a mix").await;
    let facts = bought(&fixture, mia, &single, Some(track)).await;
    let back = PaymentFacts { refunded_minor: 900, ..facts.clone() };
    fixture.store.purchases.apply(None, &of(back), None).await.unwrap();
    assert_eq!(position(&fixture, mia).await, Position::Owes(1));
    assert_eq!(fixture.store.credits.access(mia, track).await.unwrap(), Access::Owing(1), "not even this one");
    let other = fixture.upload(owner, b"another").await;
    assert_eq!(fixture.store.credits.spend(mia, owner, other).await.unwrap(), Some(Access::Owing(1)));
    let take = adjust(&fixture, mia, -1).await;
    assert_eq!(take, Adjusted::TooFew(Position::Owes(1)), "nobody is pushed further down by hand");
    bought(&fixture, mia, &single, Some(other)).await;
    assert_eq!(position(&fixture, mia).await, Position::Has(0));
    assert_eq!(fixture.store.credits.access(mia, track).await.unwrap(), Access::Open);
    assert_eq!(fixture.store.credits.access(mia, other).await.unwrap(), Access::Unpaid, "the debt came first");
}

#[tokio::test]
async fn a_dispute_and_a_warning_hold_credits_until_they_are_settled() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    let facts = bought(&fixture, mia, &pack(), None).await;
    let say = async |facts: PaymentFacts| {
        fixture.store.purchases.apply(None, &of(facts), None).await.unwrap();
        position(&fixture, mia).await
    };
    let dispute = |state| vec![Dispute { id: id("dp_1"), state, amount_minor: 6000, reason: "fraudulent".to_owned() }];
    let disputed = |state| PaymentFacts { disputes: dispute(state), ..facts.clone() };
    assert_eq!(say(disputed(DisputeState::Open)).await, Position::Has(0));
    assert!(fixture.store.purchases.payments(mia, 9).await.unwrap()[0].is_held);
    assert_eq!(say(disputed(DisputeState::Won)).await, Position::Has(10));
    let signal = Signal { id: id("issfr_1"), kind: "early-fraud-warning", detail: "made_with_stolen_card".to_owned() };
    let warned = PaymentFacts { is_warned: true, signals: vec![signal], ..facts.clone() };
    assert_eq!(say(warned.clone()).await, Position::Has(0));
    assert!(fixture.store.purchases.clear_warning(&facts.charge).await.unwrap());
    assert_eq!(position(&fixture, mia).await, Position::Has(10));
    assert_eq!(say(warned.clone()).await, Position::Has(10), "what was cleared stays cleared");
    let both = PaymentFacts { disputes: dispute(DisputeState::Open), ..warned };
    assert_eq!(say(both).await, Position::Has(0));
    assert!(fixture.store.purchases.clear_warning(&facts.charge).await.unwrap());
    assert_eq!(position(&fixture, mia).await, Position::Has(0), "a dispute is not cleared by hand");
    assert_eq!(say(disputed(DisputeState::Lost)).await, Position::Has(0));
    let kinds: Vec<_> = ledger(&fixture, mia).await;
    assert_eq!(
        kinds,
        [
            (EntryKind::Payment, 10),
            (EntryKind::Hold, -10),
            (EntryKind::Hold, 10),
            (EntryKind::Hold, -10),
            (EntryKind::Hold, 10),
            (EntryKind::Hold, -10),
            (EntryKind::Dispute, -10),
            (EntryKind::Hold, 10),
        ]
    );
    let told = fixture.store.purchases.signals(&facts.charge).await.unwrap();
    assert_eq!(told, [("early-fraud-warning".to_owned(), "made_with_stolen_card".to_owned())]);
    assert!(!fixture.store.purchases.clear_warning(&id("ch_none")).await.unwrap());
}

#[tokio::test]
async fn another_amount_than_was_asked_for_gives_nothing_and_is_noticed() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    let purchase = fixture.store.purchases.begin(mia, &pack(), None, HOUR).await.unwrap().purchase;
    fixture.store.purchases.apply(None, &of(paid(purchase.id, "ch_1", "6.00 EUR")), None).await.unwrap();
    assert_eq!(ledger(&fixture, mia).await, []);
    let told = fixture.store.purchases.signals(&id("ch_1")).await.unwrap();
    assert_eq!(told, [("amount".to_owned(), "6.00 EUR instead of 60.00 EUR".to_owned())]);
    let strange = paid(PurchaseId::draw(&OsEntropy), "ch_2", "60.00 EUR");
    assert!(!fixture.store.purchases.apply(None, &of(strange), None).await.unwrap(), "of a purchase nobody made");
}

#[tokio::test]
async fn each_month_that_is_paid_gives_its_credits() {
    let fixture = Fixture::new().await;
    let (mia, owner) = member(&fixture, "mia@example.org").await;
    let plan = product("plan", ProductKind::Monthly, 4, "20.00 EUR");
    let track = fixture.upload(owner, b"a mix").await;
    let purchase = fixture.store.purchases.begin(mia, &plan, Some(track), HOUR).await.unwrap().purchase;
    let month = |number: u32, state: SubscriptionState, ends: bool| Facts {
        payment: Some(PaymentFacts {
            invoice: Some(id(&format!("in_{number}"))),
            ..paid(purchase.id, &format!("ch_{number}"), "20.00 EUR")
        }),
        subscription: Some(SubscriptionFacts {
            id: id("sub_1"),
            purchase: purchase.id,
            state,
            ends,
            period_end: Timestamp::from_unix_ms(i64::from(number) * 1000),
        }),
        checkout: None,
    };
    fixture.store.purchases.apply(None, &month(1, SubscriptionState::Active, false), None).await.unwrap();
    assert!(fixture.store.purchases.is_subscribed(mia).await.unwrap());
    fixture.store.purchases.apply(None, &month(2, SubscriptionState::Active, true), None).await.unwrap();
    let entries = [(EntryKind::Period, 4), (EntryKind::Spent, -1), (EntryKind::Period, 4)];
    assert_eq!(ledger(&fixture, mia).await, entries);
    let told = fixture.store.purchases.subscriptions(mia).await.unwrap();
    assert_eq!((told.len(), told[0].ends, told[0].period_end.unix_ms()), (1, true, 2000));
    fixture.store.purchases.apply(None, &month(2, SubscriptionState::Canceled, true), None).await.unwrap();
    assert!(!fixture.store.purchases.is_subscribed(mia).await.unwrap());
    assert_eq!(position(&fixture, mia).await, Position::Has(7), "what was paid stays");
}

#[tokio::test]
async fn what_is_given_by_hand_has_an_author_a_reason_and_a_line_in_the_log() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    let (ada, _) = member(&fixture, "ada@example.org").await;
    let by = async |actor, credits, seen| {
        fixture.store.credits.adjust(actor, mia, &adjustment(credits), seen).await.unwrap()
    };
    let logged = async || fixture.store.audits.of_account(mia).await.unwrap().len();
    assert_eq!(by(Actor::CommandLine, 3, None).await, Adjusted::Done(Position::Has(3)));
    assert_eq!(by(Actor::Admin(ada), 3, None).await, Adjusted::NotAllowed, "she is none");
    fixture.store.admins.change(Actor::CommandLine, Act::MakeAdmin, ada).await.unwrap();
    // Sent twice, a form counts once.
    let seen = Some(Position::Has(3));
    assert_eq!(by(Actor::Admin(ada), -2, seen).await, Adjusted::Done(Position::Has(1)));
    assert_eq!(by(Actor::Admin(ada), -2, seen).await, Adjusted::Moved(Position::Has(1)));
    assert_eq!(by(Actor::Admin(ada), -2, None).await, Adjusted::TooFew(Position::Has(1)));
    let nobody = AccountId::draw(&OsEntropy);
    let gone = fixture.store.credits.adjust(Actor::CommandLine, nobody, &adjustment(1), None).await;
    assert_eq!(gone.unwrap(), Adjusted::NoAccount);
    let entries = fixture.store.credits.entries(mia, 9).await.unwrap();
    let authors: Vec<_> = entries.into_iter().map(|entry| (entry.credits, entry.by_hand.unwrap())).collect();
    let label = |text: &str| (text.parse().unwrap(), "a test".to_owned());
    assert_eq!(authors, [(-2, label("administrator")), (3, label("command-line"))]);
    assert_eq!(logged().await, 2, "what was not done is no line");
    assert_eq!(fixture.store.audits.latest(1).await.unwrap()[0].action.as_str(), "take-credits");
}

#[tokio::test]
async fn nothing_in_the_ledger_can_be_changed_or_removed() {
    let fixture = Fixture::new().await;
    let (mia, _) = member(&fixture, "mia@example.org").await;
    bought(&fixture, mia, &pack(), None).await;
    let file = fixture.dir.path().join("balanced.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for tamper in [
        "UPDATE credit_entry SET credits = 1000",
        "UPDATE credit_entry SET holder_id = holder_id",
        "DELETE FROM credit_entry",
        "INSERT INTO credit_entry (at, holder_id, kind, credits, track_id) SELECT 0, holder_id, 'spent', 1, 'x' FROM credit_entry",
        "INSERT INTO credit_entry (at, holder_id, kind, credits, author, reason)
         SELECT 0, holder_id, 'manual', -11, 'x', 'x' FROM credit_entry",
        "INSERT INTO credit_entry (at, holder_id, kind, credits) SELECT 0, holder_id, 'payment', 9 FROM credit_entry",
    ] {
        assert!(sqlx::query(tamper).execute(&pool).await.is_err(), "{tamper}");
    }
    assert_eq!(ledger(&fixture, mia).await, [(EntryKind::Payment, 10)]);
}

#[tokio::test]
async fn with_an_account_goes_all_that_says_whose_the_payments_were_and_the_books_stay() {
    let fixture = Fixture::new().await;
    let (mia, owner) = member(&fixture, "mia@example.org").await;
    let track = fixture.upload(owner, b"a mix").await;
    let facts = bought(&fixture, mia, &pack(), Some(track)).await;
    let purchase = fixture.store.purchases.find(facts.purchase).await.unwrap().unwrap();
    fixture.store.purchases.set_customer(purchase.holder, &id("cus_mia")).await.unwrap();
    fixture
        .store
        .purchases
        .begin(mia, &product("single", ProductKind::Single, 1, "9.00 EUR"), None, HOUR)
        .await
        .unwrap();
    fixture.store.accounts.delete(mia).await.unwrap();

    let kept = fixture.store.purchases.find(facts.purchase).await.unwrap().unwrap();
    assert_eq!((kept.account, kept.track), (None, None));
    assert_eq!(kept.promise.price.to_string(), "60.00 EUR");
    assert!(fixture.store.purchases.payments(mia, 9).await.unwrap().is_empty());
    assert!(fixture.store.purchases.waiting(std::time::Duration::ZERO, 9).await.unwrap().is_empty());
    // What the provider says of it later is still booked, to nobody.
    let back = PaymentFacts { refunded_minor: 6000, ..facts };
    fixture.store.purchases.apply(None, &of(back), None).await.unwrap();

    let farewell = fixture.store.farewells.claim().await.unwrap().unwrap();
    assert_eq!(farewell.customer, id("cus_mia"));
    assert!(fixture.store.farewells.claim().await.unwrap().is_none(), "it is taken");
    let pause = fixture.store.farewells.failed(&farewell).await.unwrap();
    fixture.pass(pause);
    let farewell = fixture.store.farewells.claim().await.unwrap().unwrap();
    assert!(fixture.store.farewells.failed(&farewell).await.unwrap() > pause, "each pause is longer");
    fixture.pass(HOUR);
    let farewell = fixture.store.farewells.claim().await.unwrap().unwrap();
    fixture.store.farewells.done(&farewell).await.unwrap();
    fixture.pass(HOUR * 24);
    assert!(fixture.store.farewells.claim().await.unwrap().is_none());
    // A customer that was made while the account was deleted is forgotten, too.
    fixture.store.purchases.set_customer(purchase.holder, &id("cus_late")).await.unwrap();
    let late = fixture.store.farewells.claim().await.unwrap().unwrap();
    assert_eq!(late.customer, id("cus_late"));
    fixture.store.farewells.done(&late).await.unwrap();

    let Fixture { store, dir, .. } = fixture;
    store.close().await;
    let bytes = std::fs::read(dir.path().join("balanced.sqlite")).unwrap();
    let has = |trace: &str| bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
    for trace in ["mia@example.org", "receipts/mia", "cus_mia", "cus_late", &mia.to_string()] {
        assert!(!has(trace), "{trace} is still there");
    }
    assert!(has(&format!("ch_{}", purchase.id)), "the books are");
}

#[tokio::test]
async fn words_are_forgotten_once_they_cannot_come_again() {
    let fixture = Fixture::new().await;
    fixture.store.purchases.apply(Some(&event("evt_1")), &Facts::default(), None).await.unwrap();
    fixture.pass(HOUR * 24 * 31);
    fixture.store.sweep(store::Retention::default()).await.unwrap();
    assert!(fixture.store.purchases.is_heeded(&id("evt_1")).await.unwrap());
    fixture.pass(HOUR * 24 * 10);
    fixture.store.sweep(store::Retention::default()).await.unwrap();
    assert!(!fixture.store.purchases.is_heeded(&id("evt_1")).await.unwrap());
    assert_eq!(fixture.store.purchases.heard_till().await.unwrap(), None);
    for till in [5, 3] {
        fixture.store.purchases.set_heard_till(Timestamp::from_unix_ms(till)).await.unwrap();
    }
    assert_eq!(fixture.store.purchases.heard_till().await.unwrap(), Some(Timestamp::from_unix_ms(5)), "never back");
}
