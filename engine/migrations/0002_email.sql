-- Email in depth.

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
