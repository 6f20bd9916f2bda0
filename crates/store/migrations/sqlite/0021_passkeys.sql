-- Passkeys: public keys of somebody's devices, and the questions that these are to answer.

-- `credential` is what the device calls it (base64url), `key` the public key as the library keeps it (JSON), `counter` how
-- often it said it was used.
CREATE TABLE passkey (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    credential TEXT NOT NULL UNIQUE,
    key        TEXT NOT NULL,
    counter    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX passkey_by_account ON passkey (account_id, created_at);

-- A challenge that waits for its answer, once. `bound_to` is the SHA-256 of what the browser that asked holds.
CREATE TABLE passkey_challenge (
    id         TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('sign-in', 'second', 'prove', 'add')),
    bound_to   TEXT NOT NULL,
    account_id TEXT REFERENCES account (id) ON DELETE CASCADE,
    state      TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((purpose = 'sign-in') = (account_id IS NULL))
) STRICT;
CREATE INDEX passkey_challenge_by_account ON passkey_challenge (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX passkey_challenge_by_end ON passkey_challenge (expires_at);
