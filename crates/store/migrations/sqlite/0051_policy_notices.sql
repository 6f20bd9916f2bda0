-- Notices to all accounts that the policy has changed: one a version, and one mail for each account.
CREATE TABLE policy_notice (
    version     INTEGER PRIMARY KEY,
    begun_at    INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

-- To whom a notice went. Written together with its mail, so that nobody gets it twice, whatever ends in between.
CREATE TABLE policy_notice_to (
    version    INTEGER NOT NULL REFERENCES policy_notice (version) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (version, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_notice_to_by_account ON policy_notice_to (account_id);
