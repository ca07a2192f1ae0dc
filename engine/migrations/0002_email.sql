-- Email in depth.

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
