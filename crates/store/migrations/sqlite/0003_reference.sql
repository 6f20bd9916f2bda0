-- A finished track that a mix shall sound like: uploaded with it, kept as long, and gone with it.
ALTER TABLE track ADD COLUMN reference_name TEXT;
ALTER TABLE track ADD COLUMN reference_blob TEXT;
ALTER TABLE track ADD COLUMN reference_bytes INTEGER;
ALTER TABLE track ADD COLUMN reference_sha256 BLOB;
CREATE UNIQUE INDEX track_by_reference ON track (reference_blob) WHERE reference_blob IS NOT NULL;
