-- What happened to accounts, for their holders to look at. `device` is a few words of ours; no address is kept.
CREATE TABLE activity (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    what       TEXT NOT NULL,
    device     TEXT NOT NULL
) STRICT;
CREATE INDEX activity_by_account ON activity (account_id, id);
CREATE INDEX activity_by_age ON activity (at);

-- From which networks somebody signed in, to know a new one. `mark` is made with a key that is not in this database.
CREATE TABLE known_network (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    mark       TEXT NOT NULL,
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, mark)
) STRICT;
CREATE INDEX known_network_by_age ON known_network (seen_at);
