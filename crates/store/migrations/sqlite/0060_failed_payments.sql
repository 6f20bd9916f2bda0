-- A checkout that was gone through and whose money will not come: the bank said no, after days in some countries.
ALTER TABLE purchase ADD COLUMN failed INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1));
