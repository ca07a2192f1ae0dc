-- Every channel.

-- Within which an account's customers' ids are unique: '' everywhere, else the professional account or Page.
ALTER TABLE account ADD COLUMN scope TEXT NOT NULL DEFAULT '';

-- What a message carries besides text and files, JSON [{kind, text, link, ...}].
ALTER TABLE body ADD COLUMN cards TEXT;

-- What became of a message after it was written.
ALTER TABLE message ADD COLUMN edited_at INTEGER;    -- its writer changed it last then; body holds what it says now
ALTER TABLE message ADD COLUMN unsent_at INTEGER;    -- its writer took it back then; its words are gone
ALTER TABLE message ADD COLUMN delivered_at INTEGER; -- it is on the customer's device since
ALTER TABLE message ADD COLUMN read_at INTEGER;      -- the customer saw it then

CREATE TABLE afterwards (                 -- what was told of a message after it was written, whether it is here yet or not
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,              -- the message
    kind TEXT NOT NULL,                   -- edited, unsent, reaction, reached
    who TEXT NOT NULL DEFAULT '',         -- whose reaction
    value TEXT,                           -- JSON; NULL = taken back
    at INTEGER NOT NULL,
    own_id TEXT,                          -- where one person may give several reactions: by which each is taken back
    PRIMARY KEY (account, remote_id, kind, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX afterwards_own ON afterwards (account, own_id) WHERE own_id IS NOT NULL;

CREATE TABLE edition (                    -- what a message said before its writer changed it
    message BLOB NOT NULL,
    until INTEGER NOT NULL,               -- when it was changed
    text BLOB NOT NULL,                   -- zstd
    PRIMARY KEY (message, until)
) STRICT, WITHOUT ROWID;

CREATE TABLE route (                      -- what a connector needs to answer somebody: a room, a chat
    account BLOB NOT NULL,
    handle BLOB NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, handle)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (                     -- what people say of themselves at a channel
    handle BLOB PRIMARY KEY,
    username TEXT,
    email TEXT,                           -- canonical address; nobody vouches for it
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE touch (                      -- how people came here
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,              -- the provider's id of what says so
    handle BLOB NOT NULL,
    at INTEGER NOT NULL,
    value TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX touch_handle ON touch (handle, at);

CREATE TABLE quarantine (                 -- what was not understood in whole; raw is read again by a later version
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    message BLOB NOT NULL,
    version INTEGER NOT NULL,             -- of the converter
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE file ADD COLUMN expires_at INTEGER;      -- it may not be kept longer
CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX outbox_provider ON outbox (account, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX outbox_order ON outbox (account, conversation, authored_at);

CREATE TABLE opt_out (                    -- who wants no more messages from an account
    account BLOB NOT NULL,
    handle BLOB NOT NULL,
    wish INTEGER NOT NULL,                -- 1 = no more, 0 = again
    at INTEGER NOT NULL,
    PRIMARY KEY (handle, account)
) STRICT, WITHOUT ROWID;
