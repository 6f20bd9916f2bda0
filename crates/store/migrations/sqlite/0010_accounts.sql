-- Accounts, the browsers that are signed in to them, the links in mails that act for them, and the mails on their way.

-- Who confirmed an address and chose a password. `password_hash` is a PHC string (argon2id).
CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

-- An account's shelf: a session that no token opens and that never ends. Its tracks stand on it.
ALTER TABLE session ADD COLUMN account_id TEXT REFERENCES account (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX session_shelf ON session (account_id) WHERE account_id IS NOT NULL;

-- A browser that is signed in. `id` is the SHA-256 of the token in its cookie, `public_id` names it to its account's
-- holder, `device` is a few words of ours.
CREATE TABLE sign_in (
    id         TEXT PRIMARY KEY,
    public_id  TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    device     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    idle_after INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    kept       INTEGER NOT NULL CHECK (kept IN (0, 1)),
    CHECK (idle_after <= expires_at)
) STRICT;
CREATE INDEX sign_in_by_account ON sign_in (account_id, created_at);
CREATE INDEX sign_in_by_end ON sign_in (idle_after);

-- What a link in a mail may do, once. `id` is the SHA-256 of the secret in it, `email` where the mail went.
CREATE TABLE link (
    id         TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset', 'change-email')),
    email      TEXT NOT NULL,
    account_id TEXT REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((purpose = 'confirm') = (account_id IS NULL))
) STRICT;
CREATE INDEX link_by_email ON link (email, purpose, created_at);
CREATE INDEX link_by_account ON link (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX link_by_end ON link (expires_at);

-- Who tried to sign in, by the SHA-256 of the address, so that one without an account looks no different.
CREATE TABLE sign_in_attempt (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    address   TEXT NOT NULL,
    device    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    succeeded INTEGER NOT NULL CHECK (succeeded IN (0, 1))
) STRICT;
CREATE INDEX sign_in_attempt_by_address ON sign_in_attempt (address, id);
CREATE INDEX sign_in_attempt_by_age ON sign_in_attempt (at);

-- Mails that wait to be sent; one that was sent is removed. `key` makes a second queueing of the same one do nothing.
CREATE TABLE mail (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT NOT NULL UNIQUE,
    recipient   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    text        TEXT NOT NULL,
    html        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    given_up_at INTEGER
) STRICT;
CREATE INDEX mail_due ON mail (due_at) WHERE given_up_at IS NULL;
CREATE INDEX mail_by_recipient ON mail (recipient);

-- What an administrator did. The link to an account is cut when the account is deleted.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    account_id TEXT REFERENCES account (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX audit_by_age ON audit (at);
CREATE INDEX audit_by_account ON audit (account_id) WHERE account_id IS NOT NULL;
