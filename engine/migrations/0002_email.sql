-- Email in depth.

-- What of a text is quoted history or a signature, as JSON [{start, end, kind}] in bytes, and the version of the rules
-- that found it (0: nobody looked yet).
ALTER TABLE body ADD COLUMN folds TEXT NOT NULL DEFAULT '[]';
ALTER TABLE body ADD COLUMN fold_version INTEGER NOT NULL DEFAULT 0;
