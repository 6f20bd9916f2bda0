-- What is asked for after the password: the key of an authenticator app, recovery codes, and who is halfway in.

-- An account's app. `sealed` is its key, encrypted with a key that is not in this database; `last_step` names the last code
-- that was taken: it and those before it are taken no more.
CREATE TABLE totp (
    account_id TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed     BLOB NOT NULL,
    since      INTEGER NOT NULL,
    last_step  INTEGER NOT NULL
) STRICT;

-- A key that is shown and does not count until a code of it was typed.
CREATE TABLE totp_setup (
    account_id TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed     BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX totp_setup_by_end ON totp_setup (expires_at);

-- Codes on paper that were not used yet. `id` is the SHA-256 of the account and the code.
CREATE TABLE recovery_code (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    made_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_code_by_account ON recovery_code (account_id);

-- A browser whose user knows the password and was asked for the second factor: no session. `id` is the SHA-256 of the
-- secret in its cookie, `attempt_id` the attempt that succeeds with it.
CREATE TABLE half_sign_in (
    id              TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kept            INTEGER NOT NULL CHECK (kept IN (0, 1)),
    attempt_id      INTEGER NOT NULL,
    failed_before   INTEGER NOT NULL,
    device_is_known INTEGER NOT NULL CHECK (device_is_known IN (0, 1)),
    was_here        INTEGER NOT NULL CHECK (was_here IN (0, 1)),
    tries_left      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX half_sign_in_by_account ON half_sign_in (account_id, created_at);
CREATE INDEX half_sign_in_by_end ON half_sign_in (expires_at);

-- How many codes in a row were wrong, of whoever knows the password.
CREATE TABLE wrong_code (
    account_id TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    times      INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT;

-- When whoever uses this browser last proved who they are.
ALTER TABLE sign_in ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
