-- Consent, what consenting visitors did, how the service fares, and who operates it. None of these tables refers to a
-- session, a track or an address.

-- What was decided about cookies: evidence, without anything that tells who. `record` is JSON.
CREATE TABLE consent_decision (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL,
    policy_version INTEGER NOT NULL,
    choice         TEXT NOT NULL,
    dnt            INTEGER NOT NULL CHECK (dnt IN (0, 1)),
    gpc            INTEGER NOT NULL CHECK (gpc IN (0, 1)),
    texts_hash     TEXT NOT NULL,
    record         TEXT NOT NULL,
    account_id     TEXT
) STRICT;
CREATE INDEX consent_decision_by_age ON consent_decision (at);
CREATE INDEX consent_decision_by_account ON consent_decision (account_id) WHERE account_id IS NOT NULL;

-- Events of visitors who agreed to `usage-stats`. `visitor` is the SHA-256 of the number in that cookie.
-- `name` is the feature, the metric, the fingerprint or the experiment; `detail` the message or the arm.
CREATE TABLE usage_event (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    visitor TEXT NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('feature', 'timing', 'error', 'exposure', 'goal')),
    name    TEXT NOT NULL,
    route   TEXT,
    detail  TEXT,
    ms      INTEGER,
    CHECK ((kind IN ('timing', 'error')) = (route IS NOT NULL)),
    CHECK ((kind IN ('error', 'exposure')) = (detail IS NOT NULL)),
    CHECK ((kind = 'timing') = (ms IS NOT NULL))
) STRICT;
CREATE INDEX usage_event_by_visitor ON usage_event (visitor, at);
CREATE INDEX usage_event_by_age ON usage_event (at);
CREATE INDEX usage_event_by_kind ON usage_event (kind, name, at);
CREATE UNIQUE INDEX usage_event_once ON usage_event (visitor, kind, name) WHERE kind IN ('exposure', 'goal');

-- How long requests and the stages of jobs took: counts, by day since 1970 and by bucket of time.
CREATE TABLE timing (
    day    INTEGER NOT NULL,
    what   TEXT NOT NULL CHECK (what IN ('request', 'job')),
    name   TEXT NOT NULL,
    bucket INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, what, name, bucket)
) STRICT, WITHOUT ROWID;

-- Requests that failed on this side, grouped.
CREATE TABLE server_error (
    route    TEXT NOT NULL,
    status   INTEGER NOT NULL,
    message  TEXT NOT NULL,
    count    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (route, status, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX server_error_by_age ON server_error (last_at);

-- Browsers signed in as operator. `id` is the SHA-256 of the token in the cookie.
CREATE TABLE operator_session (
    id         TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    idle_after INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    kept       INTEGER NOT NULL CHECK (kept IN (0, 1)),
    CHECK (idle_after <= expires_at)
) STRICT;
CREATE INDEX operator_session_by_end ON operator_session (idle_after);
