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
-- Threads: which messages bear and which name a Message-ID. Threads themselves follow from it and are not kept.
CREATE TABLE naming (                     -- Message-IDs by the messages that bear or name them
    ref BLOB NOT NULL,                    -- hash of the Message-ID, or of the provider's thread
    message BLOB NOT NULL,
    nearness INTEGER NOT NULL,            -- 0 its own; 1 what it answers, 2 … older ones; 1000 the provider's thread
    PRIMARY KEY (ref, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX naming_message ON naming (message, nearness);
INSERT INTO naming (ref, message, nearness) SELECT ref, id, 0 FROM message WHERE ref IS NOT NULL;
INSERT OR IGNORE INTO naming (ref, message, nearness) SELECT parent_ref, id, 1 FROM message WHERE parent_ref IS NOT NULL;
DROP TABLE thread_ref;
DROP INDEX message_parent;
ALTER TABLE message DROP COLUMN parent_ref;

-- Copies of one mail with another body: shown with the one that stands in the timeline, never beside it.
ALTER TABLE message ADD COLUMN variant_of BLOB;
CREATE INDEX message_variant ON message (variant_of) WHERE variant_of IS NOT NULL;
CREATE INDEX message_variant_in ON message (conversation) WHERE variant_of IS NOT NULL;

-- The conversation whose signed token the message names.
ALTER TABLE message ADD COLUMN signed_for BLOB;

-- Who wrote this: what a server said into the mail, and which servers an account's mails have in common.
ALTER TABLE message ADD COLUMN sender_says TEXT;
ALTER TABLE delivery ADD COLUMN server TEXT;
ALTER TABLE delivery ADD COLUMN near INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN claim INTEGER;
ALTER TABLE delivery ADD COLUMN says TEXT;
CREATE INDEX delivery_server ON delivery (account, server) WHERE server IS NOT NULL;
CREATE TABLE auth_server (                -- how many received mails carry a server's word on top; server '' counts all
    account BLOB NOT NULL,
    server TEXT NOT NULL,
    n INTEGER NOT NULL,
    trusted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, server)
) STRICT, WITHOUT ROWID;
