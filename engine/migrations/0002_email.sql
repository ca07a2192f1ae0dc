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

-- Everything remote that a message's HTML would have loaded, in the order of its numbers: [[address, kind]], JSON.
ALTER TABLE body ADD COLUMN html_remote TEXT;

CREATE TABLE remote_picture (             -- a remote picture of a message that a person had loaded, drawn anew
    message BLOB NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,                   -- where its content lies, as for files
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE picture_sender (             -- a sender whose verified mails show remote pictures at once
    address TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Receiving: read marks both ways, mails known without their bytes, history that can rest.
ALTER TABLE account ADD COLUMN history INTEGER NOT NULL DEFAULT 1;  -- whether older messages are read
ALTER TABLE delivery ADD COLUMN seen INTEGER;                       -- the provider's read mark, as last heard or stored
ALTER TABLE delivery ADD COLUMN mark BLOB;                          -- digest of Message-ID, size and time of arrival
CREATE INDEX delivery_mark ON delivery (account, mark) WHERE mark IS NOT NULL;

CREATE TABLE read_mark (                  -- read marks made here that the provider shall hear of
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    seen INTEGER NOT NULL,
    made INTEGER NOT NULL,                -- rises with each change, so that a newer one is not taken for told
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE bounce (                     -- one mail server's word on one recipient of one mail that did not arrive
    ref BLOB NOT NULL,                    -- hash of the Message-ID of the mail that came back, whether it is known yet or not
    recipient TEXT NOT NULL,              -- canonical address
    report BLOB NOT NULL,                 -- the message that says so
    delayed INTEGER NOT NULL,             -- 1 = it is still being tried
    hard INTEGER NOT NULL,                -- 1 = the address itself is no good
    status TEXT,                          -- enhanced status code
    reason TEXT NOT NULL,                 -- a key: user_unknown, mailbox_full, ...
    words TEXT NOT NULL,                  -- the reason for a person
    diagnostic TEXT NOT NULL,             -- what the server said
    at INTEGER NOT NULL,                  -- when it said so
    PRIMARY KEY (ref, recipient, report)
) STRICT, WITHOUT ROWID;

-- Import and export.
ALTER TABLE account ADD COLUMN archive INTEGER NOT NULL DEFAULT 0;   -- 1 = holds what was imported: never polled, sends nothing
ALTER TABLE account ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;  -- messages that came by import; they move no cursor
ALTER TABLE body ADD COLUMN answers TEXT;                            -- Message-IDs that it says it answers, JSON

CREATE TABLE import (                     -- one import of a file or folder: how far it came, and what came of it
    id BLOB PRIMARY KEY,
    path TEXT NOT NULL,
    options TEXT NOT NULL,                -- how it was asked for, JSON
    account BLOB,                         -- where messages go that name no account
    position TEXT,                        -- where to go on, JSON; moves with what was stored
    done INTEGER NOT NULL DEFAULT 0,      -- bytes
    total INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,                  -- running, paused, done, failed
    says TEXT NOT NULL DEFAULT '',
    counts TEXT NOT NULL DEFAULT '{}',    -- read, new, known, …; JSON
    digest TEXT,                          -- the content's digest as the file gives it
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE import_problem (             -- what an import could not take, and why
    import BLOB NOT NULL,
    n INTEGER NOT NULL,
    file TEXT NOT NULL,
    at INTEGER NOT NULL,                  -- byte of a mailbox, line of an interchange file
    reason TEXT NOT NULL,
    kept INTEGER NOT NULL,                -- 1 = kept as an unreadable message
    PRIMARY KEY (import, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_id (                  -- ids of another workspace's export, and what they are here
    import BLOB NOT NULL,
    theirs BLOB NOT NULL,
    ours BLOB NOT NULL,
    PRIMARY KEY (import, theirs)
) STRICT, WITHOUT ROWID;

-- Erasing, customers who are known before they write, and the pool of kept files.
ALTER TABLE entry ADD COLUMN erased BLOB;         -- the salted hash of its values, where the values themselves were erased
ALTER TABLE customer ADD COLUMN known_at INTEGER; -- when a person's list named the customer; NULL = known by messages alone
CREATE INDEX message_written ON message (account) WHERE author IS NOT NULL;
CREATE INDEX bounce_report ON bounce (report);
CREATE INDEX file_hash ON file (hash);
CREATE INDEX raw_hash ON raw (hash) WHERE hash IS NOT NULL;
CREATE INDEX remote_picture_hash ON remote_picture (hash);

CREATE TABLE import_into (                -- what an import brought to an account
    import BLOB NOT NULL,
    account BLOB NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (import, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_into_account ON import_into (account);
