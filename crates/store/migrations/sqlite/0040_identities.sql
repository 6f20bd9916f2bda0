-- Accounts whose passwords are checked elsewhere: who they are there, and the sessions that they have there.

-- Who an account's holder is at an identity provider. `subject` is the provider's own id of them: an address decides
-- nothing.
CREATE TABLE identity (
    provider   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;
CREATE UNIQUE INDEX identity_by_account ON identity (account_id, provider);

-- A session at a provider, its tokens sealed. It belongs to a browser that is signed in; until `pending_until` it may
-- wait for one. Without one it is over, and is to be ended at the provider as well: `everywhere` says whether all
-- sessions of its user are.
CREATE TABLE provider_session (
    id            TEXT PRIMARY KEY,
    account_id    TEXT REFERENCES account (id) ON DELETE SET NULL,
    sign_in       TEXT UNIQUE REFERENCES sign_in (public_id) ON DELETE SET NULL,
    tokens        TEXT NOT NULL,
    everywhere    INTEGER NOT NULL CHECK (everywhere IN (0, 1)),
    created_at    INTEGER NOT NULL,
    pending_until INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    tried_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_session_by_account ON provider_session (account_id, created_at);
CREATE INDEX provider_session_due ON provider_session (due_at);

-- A sign-in by way of another service that is under way. `state` is the SHA-256 of the secret in the address that leads
-- back, `browser` that of what the browser held when it left, `verifier` is sealed.
CREATE TABLE oauth_flow (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    state      TEXT NOT NULL UNIQUE,
    browser    TEXT NOT NULL,
    verifier   TEXT NOT NULL,
    next       TEXT NOT NULL,
    kept       INTEGER NOT NULL CHECK (kept IN (0, 1)),
    expires_at INTEGER NOT NULL
) STRICT;

-- A link of a provider's mail that was used up there before its form went through here: the session that it gave, sealed.
-- `id` is the SHA-256 of the link's secret.
CREATE TABLE used_link (
    id         TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    subject    TEXT NOT NULL,
    tokens     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
