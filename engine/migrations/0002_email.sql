-- Email in depth.

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
