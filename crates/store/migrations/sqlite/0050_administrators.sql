-- Who may administer accounts on the site, and the log of what they did.

-- A grant of that right. The log names its holder by `id`, a number of its own: when the account is deleted, `account_id`
-- is cut, and what that one person did still stands together, under a number that leads to nobody.
CREATE TABLE administrator (
    id         TEXT PRIMARY KEY,
    account_id TEXT REFERENCES account (id) ON DELETE SET NULL,
    since      INTEGER NOT NULL,
    until      INTEGER
) STRICT;
CREATE UNIQUE INDEX administrator_now ON administrator (account_id) WHERE account_id IS NOT NULL AND until IS NULL;
CREATE INDEX administrator_by_account ON administrator (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor);

-- The log is append-only. Lines older than the horizon may go, which the sweep moves; and the link to an account is cut
-- when the account is gone, not before.
CREATE TABLE audit_horizon (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at   INTEGER NOT NULL
) STRICT;
INSERT INTO audit_horizon VALUES (1, 0);

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.at > (SELECT at FROM audit_horizon)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: this line is to be kept');
END;

CREATE TRIGGER audit_is_not_rewritten BEFORE UPDATE ON audit
WHEN NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.actor IS NOT OLD.actor OR NEW.action IS NOT OLD.action
    OR NEW.account_id IS NOT NULL OR EXISTS (SELECT 1 FROM account WHERE id = OLD.account_id)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: a line is never changed');
END;
