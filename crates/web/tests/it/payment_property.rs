//! Whatever order words of Stripe's come in, however often, however many are lost, and wherever the service breaks off: in
//! the end the ledger is what Stripe says, nobody had a download without paying, and nobody paid twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::common::stripe::{StubStripe, World, send_event};
use crate::common::{Bench, member};
use domain::{Access, AccountId, EntryKind, OsEntropy, Owner, Position, TrackId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use web::Till;

#[derive(Debug, Clone)]
enum Step {
    /// Begins a purchase of a product, and pays it or does not.
    Buy { product: usize, pays: bool },
    /// Another month of a subscription.
    Month { which: usize },
    /// Pays back so many hundredths of a payment.
    Refund { which: usize, percent: u64 },
    /// A dispute begins, or goes on.
    Dispute { which: usize, status: usize },
    /// The card's network warns.
    Warn { which: usize },
    /// Pays for a track with a credit.
    Unlock { track: usize },
    /// An event comes, perhaps not for the first time.
    Deliver { which: usize },
    /// It comes, and the service breaks off somewhere in the middle.
    Crash { which: usize, after_us: u64 },
    /// Stripe answers so many requests and then none.
    Fail { after: usize },
    /// Stripe answers again.
    Mend,
}

const STATUSES: [&str; 4] = ["needs_response", "under_review", "won", "lost"];
const PRODUCTS: [&str; 3] = ["single", "pack", "plan"];
const TRACKS: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..PRODUCTS.len(), prop::bool::weighted(0.8)).prop_map(|(product, pays)| Step::Buy { product, pays }),
        1 => (0..8_usize).prop_map(|which| Step::Month { which }),
        2 => (0..8_usize, 0..=100_u64).prop_map(|(which, percent)| Step::Refund { which, percent }),
        2 => (0..8_usize, 0..STATUSES.len()).prop_map(|(which, status)| Step::Dispute { which, status }),
        1 => (0..8_usize).prop_map(|which| Step::Warn { which }),
        4 => (0..TRACKS).prop_map(|track| Step::Unlock { track }),
        8 => (0..64_usize).prop_map(|which| Step::Deliver { which }),
        2 => (0..64_usize, 0..8000_u64).prop_map(|(which, after_us)| Step::Crash { which, after_us }),
        1 => (0..4_usize).prop_map(|after| Step::Fail { after }),
        2 => Just(Step::Mend),
    ]
}

/// What a payment is worth in the end, worked out from what Stripe has, and by other means than the program's.
fn worth(world: &World, charge: &str) -> i64 {
    let it = &world.charges[charge];
    let amount = it["amount"].as_i64().expect("an amount");
    let credits = match amount {
        900 => 1,
        6000 => 10,
        2000 => 4,
        other => panic!("nothing costs {other}"),
    };
    let of_it: Vec<&Value> = world.disputes.iter().filter(|one| one["charge"] == json!(charge)).collect();
    let is = |status: &str| of_it.iter().any(|one| one["status"] == status);
    let lost = if is("lost") { amount } else { 0 };
    let gone = (it["amount_refunded"].as_i64().expect("an amount") + lost).min(amount);
    let is_warned = world.warnings.iter().any(|one| one["charge"] == json!(charge));
    let is_held = is("needs_response") || is("under_review") || (is_warned && !is("won"));
    if is_held { 0 } else { credits - credits * gone / amount }
}

struct Run {
    stripe: StubStripe,
    bench: Arc<Bench>,
    till: Till,
    account: AccountId,
    owner: Owner,
    tracks: Vec<TrackId>,
    /// Pages that were led to, by purchase.
    pages: BTreeMap<String, String>,
}

impl Run {
    async fn new() -> Self {
        let stripe = StubStripe::start().await;
        let bench = stripe.bench().await;
        let till = Till::of(&bench.store, &stripe.site(), &(Arc::new(OsEntropy) as _)).expect("sold");
        let (browser, account) = member::signed_in(&bench, "mia@example.org").await;
        let mut tracks = Vec::new();
        for _ in 0..TRACKS {
            let answer = bench.upload(&browser.cookie(), crate::common::form("mix.wav", b"a mix", &[])).await;
            let path = member::location(&answer).to_owned();
            tracks.push(path["/tracks/".len().."/tracks/".len() + 32].parse().expect("an id"));
        }
        let token = browser.cookies["auth-token"].strip_prefix("account-").expect("a member").parse().expect("a token");
        let owner = bench.store.sign_ins.resume(&token).await.expect("the database").expect("signed in").owner;
        Self { stripe, bench: Arc::new(bench), till, account: account.id, owner, tracks, pages: BTreeMap::new() }
    }

    fn charge(&self, which: usize) -> Option<String> {
        let world = self.stripe.world();
        let count = world.charges.len();
        (count > 0).then(|| world.charges.keys().nth(which % count).expect("counted").clone())
    }

    fn event(&self, which: usize) -> Option<Value> {
        let world = self.stripe.world();
        let count = world.events.len();
        (count > 0).then(|| world.events[which % count].clone())
    }

    async fn buy(&mut self, product: usize, pays: bool) {
        let (browser, account) = (&self.bench, self.account);
        let site = self.stripe.site().payments.expect("sold");
        let product = site.products.find(PRODUCTS[product]).expect("sold").clone();
        if product.kind == domain::ProductKind::Monthly
            && browser.store.purchases.is_subscribed(account).await.expect("the database")
        {
            return;
        }
        let begun = browser.store.purchases.begin(account, &product, None, Duration::from_hours(1)).await;
        let purchase = begun.expect("the database").purchase;
        let email = "mia@example.org".parse().expect("an address");
        let made = async {
            let customer = site.stripe.customer(purchase.holder, None, &email).await?;
            let new = providers::payments::NewCheckout {
                purchase: purchase.id,
                customer: &customer,
                name: &purchase.name,
                kind: purchase.kind,
                promise: purchase.promise,
                email: &email,
                back: "http://127.0.0.1:8080/purchases",
                expires_at: purchase.created_at,
            };
            site.stripe.checkout(&new).await
        };
        // Out of order, nobody gets to a page.
        let Ok(checkout) = made.await else { return };
        browser.store.purchases.opened(purchase.id, &checkout.id, &checkout.url).await.expect("the database");
        let known = self.pages.entry(purchase.id.to_string()).or_insert_with(|| checkout.id.to_string());
        assert_eq!(*known, checkout.id.to_string(), "one purchase has one page, or it could be paid twice");
        let mut world = self.stripe.world();
        if pays && world.sessions[known]["status"] == "open" {
            world.pay(known);
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Buy { product, pays } => self.buy(product, pays).await,
            Step::Month { which } => {
                let mut world = self.stripe.world();
                let count = world.subscriptions.len();
                if count > 0 {
                    let subscription = world.subscriptions.keys().nth(which % count).expect("counted").clone();
                    let charge = world.month(&subscription);
                    let invoice = world.charges[&charge]["invoice"].clone();
                    world.happened("invoice.paid", json!({"id": invoice}));
                }
            }
            Step::Refund { which, percent } => {
                let Some(charge) = self.charge(which) else { return };
                let mut world = self.stripe.world();
                let it = world.charges.get_mut(&charge).expect("there");
                // A refund that fails makes it less again.
                it["amount_refunded"] = json!(it["amount"].as_u64().expect("an amount") * percent / 100);
                world.happened("charge.refunded", json!({"id": charge}));
            }
            Step::Dispute { which, status } => {
                let Some(charge) = self.charge(which) else { return };
                let mut world = self.stripe.world();
                let amount = world.charges[&charge]["amount"].clone();
                let status = STATUSES[status];
                if let Some(open) = world.disputes.iter_mut().find(|one| one["charge"] == json!(charge)) {
                    open["status"] = json!(status);
                } else {
                    let id = world.id("dp");
                    world.disputes.push(
                        json!({"id": id, "charge": charge, "amount": amount, "status": status, "reason": "fraudulent"}),
                    );
                }
                world.happened("charge.dispute.updated", json!({"id": "dp_x", "charge": charge}));
            }
            Step::Warn { which } => {
                let Some(charge) = self.charge(which) else { return };
                let mut world = self.stripe.world();
                let id = world.id("issfr");
                world.warnings.push(json!({"id": id, "charge": charge, "fraud_type": "misc"}));
                world.happened("radar.early_fraud_warning.created", json!({"id": id, "charge": charge}));
            }
            Step::Unlock { track } => {
                let track = self.tracks[track];
                self.bench.store.credits.spend(self.account, self.owner, track).await.expect("the database");
            }
            Step::Deliver { which } => {
                if let Some(event) = self.event(which) {
                    send_event(&self.bench, &event).await;
                }
            }
            Step::Crash { which, after_us } => {
                if let Some(event) = self.event(which) {
                    let sent = send_event(&self.bench, &event);
                    // Dropped wherever it is.
                    let _ = tokio::time::timeout(Duration::from_micros(after_us), sent).await;
                }
            }
            Step::Fail { after } => self.stripe.world().refuses_after = Some(after),
            Step::Mend => self.stripe.world().refuses_after = None,
        }
    }

    async fn entries(&self) -> Vec<(EntryKind, i64)> {
        let entries = self.bench.store.credits.entries(self.account, 10_000).await.expect("the database");
        entries.into_iter().map(|entry| (entry.kind, entry.credits)).collect()
    }

    /// What holds at every moment, whatever was lost so far.
    async fn check_meanwhile(&self) {
        let entries = self.entries().await;
        let sum = |kinds: &[EntryKind]| -> i64 {
            entries.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, credits)| credits).sum()
        };
        let given = sum(&[EntryKind::Payment, EntryKind::Period]);
        let spent = -sum(&[EntryKind::Spent]);
        let paid: i64 = {
            let world = self.stripe.world();
            world
                .charges
                .values()
                .map(|it| match it["amount"].as_i64() {
                    Some(900) => 1,
                    Some(6000) => 10,
                    _ => 4,
                })
                .sum()
        };
        assert!(given <= paid, "nothing is given that was not paid: {given} of {paid}");
        assert!(spent <= given, "nothing is spent that was not given: {spent} of {given}");
        let total: i64 = entries.iter().map(|(_, credits)| credits).sum();
        let mut open = 0;
        for track in &self.tracks {
            let access = self.bench.store.credits.access(self.account, *track).await.expect("the database");
            open += i64::from(access == Access::Open);
            assert!(access != Access::Open || total >= 0, "nothing is open while something is owed");
        }
        assert!(open <= spent, "what is open was paid for, each once");
    }

    /// What the ledger ends with once all was heard.
    async fn check_end(&self) {
        self.stripe.world().refuses_after = None;
        self.till.catch_up().await.expect("Stripe answers");
        self.check_meanwhile().await;
        let entries = self.entries().await;
        let spent = entries.iter().filter(|(kind, _)| *kind == EntryKind::Spent).count() as i64;
        let worth: i64 = {
            let world = self.stripe.world();
            world.charges.keys().map(|charge| worth(&world, charge)).sum()
        };
        let position = self.bench.store.credits.position(self.account).await.expect("the database");
        assert_eq!(position, Position::of_sum(worth - spent), "the ledger is what Stripe says: {entries:?}");
        // Once more, and nothing changes.
        self.till.catch_up().await.expect("Stripe answers");
        assert_eq!(self.entries().await, entries);
        for (purchase, session) in &self.pages {
            let paid = self.stripe.world().sessions[session]["status"] == "complete";
            let id = purchase.parse().expect("an id");
            assert_eq!(self.bench.store.purchases.is_paid(id).await.expect("the database"), paid, "{purchase}");
        }
    }
}

#[test]
fn in_the_end_the_ledger_is_what_stripe_says_and_nobody_downloads_unpaid_or_pays_twice() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24);
    let mut runner =
        TestRunner::new(Config { cases, max_shrink_iters: 64, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&prop::collection::vec(step(), 1..40), |steps| {
        runtime.block_on(async {
            let mut run = Run::new().await;
            for step in steps {
                run.take(step).await;
                run.check_meanwhile().await;
            }
            run.check_end().await;
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
