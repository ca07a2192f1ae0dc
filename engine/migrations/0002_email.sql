-- Email in depth.

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
