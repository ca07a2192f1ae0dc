-- Email in depth.

-- The index tells who wrote from who was written to. It is filled anew, newest first, while the program runs.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    subject, sender, recipients, body, files,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '3'
);
INSERT INTO meta (key, value) SELECT 'index_todo', max(rid) FROM message HAVING max(rid) IS NOT NULL;

CREATE TABLE view (                       -- saved searches, from the log
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    at INTEGER NOT NULL,
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE account ADD COLUMN max_message INTEGER;   -- bytes, as the server last said
-- What of a text is quoted history or a signature, as JSON [{start, end, kind}] in bytes, and the version of the rules
-- that found it (0: nobody looked yet).
ALTER TABLE body ADD COLUMN folds TEXT NOT NULL DEFAULT '[]';
ALTER TABLE body ADD COLUMN fold_version INTEGER NOT NULL DEFAULT 0;
