-- Times are milliseconds since 1970 (UTC); ids are lower-case hexadecimal.

-- A visitor's browser. `id` is the SHA-256 of the token in its cookie.
CREATE TABLE session (
    id         TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_expiry ON session (expires_at);

-- An acknowledged upload. The blob is durable before the row exists.
CREATE TABLE track (
    id            TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    file_name     TEXT NOT NULL,
    source_blob   TEXT NOT NULL UNIQUE,
    source_bytes  INTEGER NOT NULL,
    source_sha256 BLOB NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX track_by_session ON track (session_id, created_at);
CREATE INDEX track_by_age ON track (created_at);

-- Work on a track; the truth about the queue. `domain::job` says what may follow what.
CREATE TABLE job (
    id              TEXT PRIMARY KEY,
    track_id        TEXT NOT NULL REFERENCES track (id) ON DELETE CASCADE,
    settings        TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempt         INTEGER NOT NULL,
    interruptions   INTEGER NOT NULL,
    failure_kind    TEXT,
    failure_message TEXT,
    stage           TEXT,
    fraction        REAL,
    run             TEXT,
    lease_until     INTEGER,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'failed') = (failure_kind IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX job_by_track ON job (track_id, created_at);
CREATE INDEX job_waiting ON job (created_at, id) WHERE state = 'queued';
CREATE INDEX job_running ON job (lease_until) WHERE state = 'running';

-- What a finished job left: one row a kind, so that a result exists once however often the work was begun.
CREATE TABLE output (
    job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL,
    blob   TEXT NOT NULL UNIQUE,
    bytes  INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (job_id, kind)
) STRICT;
