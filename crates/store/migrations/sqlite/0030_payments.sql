-- Purchases, what the payment provider says of them, and the ledger of credits.

-- Whose credits they are. The number stands for an account while there is one: the link is cut when it is deleted, and
-- what bookkeeping needs stays, nobody's. `customer` is the provider's name for them.
CREATE TABLE credit_holder (
    id         TEXT PRIMARY KEY,
    account_id TEXT UNIQUE REFERENCES account (id) ON DELETE SET NULL,
    customer   TEXT UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- What somebody wanted to buy, at which price. `session` is the provider's checkout, `url` its page while it is open,
-- `track_id` the track that they came from.
CREATE TABLE purchase (
    id          TEXT PRIMARY KEY,
    holder_id   TEXT NOT NULL REFERENCES credit_holder (id),
    product     TEXT NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('single', 'pack', 'monthly')),
    credits     INTEGER NOT NULL CHECK (credits > 0),
    price_minor INTEGER NOT NULL CHECK (price_minor > 0),
    currency    TEXT NOT NULL,
    track_id    TEXT,
    session     TEXT UNIQUE,
    url         TEXT,
    state       TEXT NOT NULL CHECK (state IN ('open', 'complete', 'expired')),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX purchase_by_holder ON purchase (holder_id, created_at);
-- Two presses of one button are one purchase.
CREATE UNIQUE INDEX purchase_open ON purchase (holder_id, product) WHERE state = 'open';

-- Payments as they stood when the provider was last asked. `cleared` is a warning that somebody looked at and found wrong.
CREATE TABLE payment (
    charge         TEXT PRIMARY KEY,
    purchase_id    TEXT NOT NULL REFERENCES purchase (id),
    invoice        TEXT,
    amount_minor   INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    paid           INTEGER NOT NULL CHECK (paid IN (0, 1)),
    refunded_minor INTEGER NOT NULL,
    disputed       TEXT CHECK (disputed IN ('open', 'won', 'lost')),
    warned         INTEGER NOT NULL CHECK (warned IN (0, 1)),
    cleared        INTEGER NOT NULL DEFAULT 0 CHECK (cleared IN (0, 1)),
    receipt_url    TEXT,
    invoice_url    TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_by_purchase ON payment (purchase_id, at);

CREATE TABLE subscription (
    id          TEXT PRIMARY KEY,
    purchase_id TEXT NOT NULL REFERENCES purchase (id),
    state       TEXT NOT NULL CHECK (state IN ('incomplete', 'active', 'past-due', 'canceled')),
    ends        INTEGER NOT NULL CHECK (ends IN (0, 1)),
    period_end  INTEGER NOT NULL
) STRICT;
CREATE INDEX subscription_by_purchase ON subscription (purchase_id);

-- The ledger. Nothing in it is ever changed or removed; whose it is, `credit_holder` alone knows.
CREATE TABLE credit_entry (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    holder_id TEXT NOT NULL REFERENCES credit_holder (id),
    kind      TEXT NOT NULL
              CHECK (kind IN ('payment', 'period', 'refund', 'dispute', 'hold', 'spent', 'manual')),
    credits   INTEGER NOT NULL CHECK (credits <> 0),
    charge    TEXT REFERENCES payment (charge),
    track_id  TEXT,
    author    TEXT,
    reason    TEXT,
    CHECK ((kind IN ('payment', 'period', 'refund', 'dispute', 'hold')) = (charge IS NOT NULL)),
    CHECK ((kind = 'spent') = (track_id IS NOT NULL)),
    CHECK (kind <> 'spent' OR credits = -1),
    CHECK ((kind = 'manual') = (author IS NOT NULL)),
    CHECK ((kind = 'manual') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX credit_entry_by_holder ON credit_entry (holder_id, id);
CREATE INDEX credit_entry_by_charge ON credit_entry (charge) WHERE charge IS NOT NULL;
-- A track is paid for once.
CREATE UNIQUE INDEX credit_spent_once ON credit_entry (holder_id, track_id) WHERE kind = 'spent';
CREATE TRIGGER credit_entry_stays BEFORE UPDATE ON credit_entry
BEGIN
    SELECT RAISE(ABORT, 'the ledger is never changed: write another entry');
END;
CREATE TRIGGER credit_entry_remains BEFORE DELETE ON credit_entry
BEGIN
    SELECT RAISE(ABORT, 'nothing is removed from the ledger: write another entry');
END;
-- What the provider takes back may be more than is there, and is owed then; nobody else takes more.
CREATE TRIGGER credit_entry_covered BEFORE INSERT ON credit_entry
WHEN NEW.kind IN ('spent', 'manual') AND NEW.credits < 0
     AND NEW.credits + (SELECT COALESCE(SUM(credits), 0) FROM credit_entry WHERE holder_id = NEW.holder_id) < 0
BEGIN
    SELECT RAISE(ABORT, 'there are not so many credits');
END;

-- Word of the provider's that was heeded. Kept for longer than it can be sent again.
CREATE TABLE remote_event (
    id   TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX remote_event_by_age ON remote_event (at);

-- Until when all words of the provider's were asked for: one row at most.
CREATE TABLE remote_cursor (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    heard_till INTEGER NOT NULL
) STRICT;

-- What the provider says of payments that may not have been their card's holder's.
CREATE TABLE fraud_signal (
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    charge  TEXT NOT NULL,
    detail  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (id, kind)
) STRICT;
CREATE INDEX fraud_signal_by_charge ON fraud_signal (charge);

-- Customers to be forgotten by the provider, whose accounts are deleted. A row goes when that is done.
CREATE TABLE farewell (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL,
    due_at   INTEGER NOT NULL,
    tries    INTEGER NOT NULL
) STRICT;
CREATE INDEX farewell_due ON farewell (due_at);
