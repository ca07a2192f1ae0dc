-- The database as it stands after all migrations; kept true by engine/tests/schema.rs (PARLEY_WRITE_SCHEMA=1 writes it).

CREATE TABLE account (                    -- connected mailboxes, numbers, bots
    id BLOB PRIMARY KEY,
    channel TEXT NOT NULL,
    config TEXT NOT NULL,                 -- JSON, without secrets
    live_from INTEGER NOT NULL,           -- older messages are history: they open nothing
    connected INTEGER NOT NULL DEFAULT 1,
    paused INTEGER NOT NULL DEFAULT 0,
    secret TEXT,                          -- password or token; the database is encrypted
    cursor TEXT,                          -- stored with what was polled; read by the connector alone
    state TEXT NOT NULL DEFAULT 'connecting',
    says TEXT NOT NULL DEFAULT '',
    last_success INTEGER,
    next_try INTEGER,
    progress TEXT,
    gaps TEXT NOT NULL DEFAULT '[]',
    messages INTEGER NOT NULL DEFAULT 0
, max_message INTEGER, history INTEGER NOT NULL DEFAULT 1, archive INTEGER NOT NULL DEFAULT 0, imported INTEGER NOT NULL DEFAULT 0, scope TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE TABLE act (                        -- resolves, reopens, no-reply-needed, from the log
    id TEXT PRIMARY KEY,
    conversation BLOB NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    stamp TEXT NOT NULL,                  -- of its making: orders the acts of one instant
    agent BLOB,
    covers TEXT NOT NULL,
    days INTEGER NOT NULL,
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE agent (                      -- people of the team
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE auth_server (                -- how many received mails carry a server's word on top; server '' counts all
    account BLOB NOT NULL,
    server TEXT NOT NULL,
    n INTEGER NOT NULL,
    trusted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, server)
) STRICT, WITHOUT ROWID;

CREATE TABLE body (                       -- cold: texts and HTML, zstd
    rid INTEGER PRIMARY KEY,
    text BLOB NOT NULL,
    html BLOB,
    html_links TEXT,
    html_blocked INTEGER NOT NULL DEFAULT 0,
    html_version INTEGER,
    thread_ids TEXT                       -- own Message-ID and References, JSON
, folds TEXT NOT NULL DEFAULT '[]', fold_version INTEGER NOT NULL DEFAULT 0, html_remote TEXT, answers TEXT, cards TEXT) STRICT;

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

CREATE TABLE conversation (               -- what the list shows, by root; rebuilt
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    channel TEXT NOT NULL,
    shelf INTEGER NOT NULL,               -- 0 open, 1 snoozed, 2 resolved, 3 automatic
    last_at INTEGER NOT NULL,
    last_direction INTEGER NOT NULL,
    subject TEXT,
    snippet TEXT NOT NULL,
    unread INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    wait_since INTEGER,
    wait_first INTEGER NOT NULL,
    assignee BLOB,
    stage TEXT,
    tags TEXT NOT NULL,
    snoozed_until INTEGER,
    problem INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (                    -- numbers of the sidebar, kept with the rows
    key TEXT PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (                   -- original customers; a shown one is all with the same root
    id BLOB PRIMARY KEY,
    root BLOB NOT NULL,                   -- lowest id of its component of active links
    name TEXT,
    name_stamp TEXT,
    stage TEXT,
    stage_stamp TEXT,
    assignee BLOB,
    assignee_stamp TEXT,
    snooze_until INTEGER,
    snooze_seen TEXT,
    snooze_stamp TEXT,
    messages INTEGER NOT NULL DEFAULT 0,
    here INTEGER NOT NULL DEFAULT 0,      -- messages that make it exist: inbound, or authored here
    human INTEGER NOT NULL DEFAULT 0,     -- messages of people, either way
    last_in INTEGER,
    last_out INTEGER,
    since INTEGER,
    open INTEGER NOT NULL DEFAULT 0,
    wait_since INTEGER,
    wait_first INTEGER NOT NULL DEFAULT 0
, known_at INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (                   -- one appearance of a message at an account
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    message BLOB NOT NULL,
    place TEXT NOT NULL,
    authenticated INTEGER,                -- the provider's word on the sender (DMARC), where known
    server_at INTEGER NOT NULL,           -- the server's time: topmost Received, else INTERNALDATE
    received INTEGER NOT NULL,            -- 1 = a Received header said so
    vanished INTEGER NOT NULL DEFAULT 0, server TEXT, near INTEGER NOT NULL DEFAULT 0, claim INTEGER, says TEXT, seen INTEGER, mark BLOB,
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (                      -- the author's own rows, beside the log
    conversation BLOB NOT NULL,
    agent BLOB NOT NULL,
    note INTEGER NOT NULL,
    body TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (conversation, agent, note)
) STRICT, WITHOUT ROWID;

CREATE TABLE edition (                    -- what a message said before its writer changed it
    message BLOB NOT NULL,
    until INTEGER NOT NULL,               -- when it was changed
    text BLOB NOT NULL,                   -- zstd
    PRIMARY KEY (message, until)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (                      -- the log: append-only, the heart (model.md, The log)
    seq INTEGER PRIMARY KEY,              -- order of arrival here; local
    id BLOB NOT NULL UNIQUE,
    device BLOB NOT NULL,
    agent BLOB,                           -- NULL = a rule
    stamp TEXT NOT NULL,                  -- hybrid logical clock, then device
    grp BLOB NOT NULL,                    -- what one undo takes back
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    kind TEXT NOT NULL,                   -- the command
    conversation BLOB,                    -- where it is shown
    why TEXT,                             -- evidence, JSON
    undoes BLOB,                          -- the group that it takes back
    changes TEXT NOT NULL,                -- [{field, value}], JSON
    salt BLOB NOT NULL,                   -- of the values' hash, so that erasing leaves nothing to guess
    chain BLOB NOT NULL                   -- SHA-256 over the device's chain so far, skeleton, salted hash of values
, erased BLOB) STRICT;

CREATE TABLE episode (                    -- facts; rebuilt from messages and log
    conversation BLOB NOT NULL,
    number INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    first_message BLOB,
    channel TEXT,
    by_agent INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by BLOB,
    replied INTEGER NOT NULL,
    no_reply_needed INTEGER NOT NULL,
    PRIMARY KEY (conversation, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE file (                       -- attachments and staged files; contents lie encrypted under their hash
    id BLOB PRIMARY KEY,
    message BLOB,
    position INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size INTEGER NOT NULL,
    content_id TEXT,
    inline INTEGER NOT NULL DEFAULT 0,
    hash BLOB NOT NULL,
    staged_at INTEGER
, expires_at INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE handle (                     -- one canonical address of a person on a channel
    id BLOB PRIMARY KEY,                  -- also the id of the customer made from it
    channel TEXT NOT NULL,
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    name TEXT,                            -- the display name of the newest message
    name_at INTEGER NOT NULL DEFAULT 0,
    not_customer INTEGER NOT NULL DEFAULT 0,
    UNIQUE (channel, scope, value)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE import_id (                  -- ids of another workspace's export, and what they are here
    import BLOB NOT NULL,
    theirs BLOB NOT NULL,
    ours BLOB NOT NULL,
    PRIMARY KEY (import, theirs)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_into (                -- what an import brought to an account
    import BLOB NOT NULL,
    account BLOB NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (import, account)
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

CREATE TABLE link (                       -- reversible merges; a < b
    a BLOB NOT NULL,
    b BLOB NOT NULL,
    linked INTEGER NOT NULL,
    PRIMARY KEY (a, b)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (                    -- immutable but for facts beside it: class, sent_at, send_state
    rid INTEGER PRIMARY KEY,              -- sent_at_ms << 20 | sequence; local, never changes, never leaves the store
    id BLOB NOT NULL UNIQUE,
    conversation BLOB,                    -- original customer it belongs to
    account BLOB NOT NULL,
    channel TEXT NOT NULL,
    handle BLOB,                          -- the sender's, of inbound
    direction INTEGER NOT NULL,           -- 0 inbound, 1 outbound, 2 internal
    class INTEGER NOT NULL,               -- 0 human, 1 machine, 2 junk: what counts
    machine_class INTEGER NOT NULL,       -- what the classifier said, the most human of all deliveries
    class_version INTEGER NOT NULL,
    class_reason TEXT,
    live INTEGER NOT NULL,                -- sent from the account's live_from on
    sent_at INTEGER NOT NULL,
    claimed_at INTEGER,
    received_at INTEGER NOT NULL,
    outside INTEGER NOT NULL DEFAULT 0,   -- sent from another program
    opens INTEGER NOT NULL DEFAULT 0,     -- an outbound that may start an episode
    author BLOB,
    authored_at INTEGER,
    send_state TEXT,
    answers TEXT,                         -- ids the author's replica held unanswered, JSON
    ref BLOB,                             -- hash of its Message-ID
    verified INTEGER,
    unreadable TEXT,
    subject TEXT,
    snippet TEXT NOT NULL,
    participants TEXT NOT NULL,           -- from, reply_to, to, cc; JSON
    has_html INTEGER NOT NULL DEFAULT 0,
    has_files INTEGER NOT NULL DEFAULT 0
, variant_of BLOB, signed_for BLOB, sender_says TEXT, edited_at INTEGER, unsent_at INTEGER, delivered_at INTEGER, read_at INTEGER) STRICT;

CREATE TABLE meta (                       -- this installation: ids, clock, versions
    key TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE naming (                     -- Message-IDs by the messages that bear or name them
    ref BLOB NOT NULL,                    -- hash of the Message-ID, or of the provider's thread
    message BLOB NOT NULL,
    nearness INTEGER NOT NULL,            -- 0 its own; 1 what it answers, 2 … older ones; 1000 the provider's thread
    PRIMARY KEY (ref, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (                       -- from the log
    id TEXT PRIMARY KEY,
    conversation BLOB NOT NULL,
    at INTEGER NOT NULL,
    agent BLOB,
    text TEXT NOT NULL,
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE opt_out (                    -- who wants no more messages from an account
    account BLOB NOT NULL,
    handle BLOB NOT NULL,
    wish INTEGER NOT NULL,                -- 1 = no more, 0 = again
    at INTEGER NOT NULL,
    PRIMARY KEY (handle, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (                     -- every send (model.md, Sending)
    id BLOB PRIMARY KEY,                  -- also the message's id
    conversation BLOB NOT NULL,
    account BLOB NOT NULL,
    agent BLOB NOT NULL,
    grp BLOB NOT NULL,
    mail TEXT NOT NULL,                   -- recipients, subject, text, files, threading; JSON
    message_id TEXT NOT NULL,
    ref BLOB NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    hold_until INTEGER NOT NULL,
    next_try INTEGER,
    error TEXT,
    provider_id TEXT,
    resolve_act TEXT,                     -- the resolve made with it
    filing INTEGER NOT NULL DEFAULT 0,    -- 1 = a copy must still be filed in Sent
    authored_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE own_address (                -- canonical addresses that are ours: never customers
    value TEXT NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (value, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (                     -- what people say of themselves at a channel
    handle BLOB PRIMARY KEY,
    username TEXT,
    email TEXT,                           -- canonical address; nobody vouches for it
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE picture_sender (             -- a sender whose verified mails show remote pictures at once
    address TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (                 -- what was not understood in whole; raw is read again by a later version
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    message BLOB NOT NULL,
    version INTEGER NOT NULL,             -- of the converter
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE raw (                        -- cold: messages as they came, zstd, or as a kept file
    rid INTEGER PRIMARY KEY,
    bytes BLOB,
    hash BLOB
) STRICT;

CREATE TABLE read_mark (                  -- read marks made here that the provider shall hear of
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,
    seen INTEGER NOT NULL,
    made INTEGER NOT NULL,                -- rises with each change, so that a newer one is not taken for told
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE register (                   -- the join of all entries, field by field
    entity TEXT NOT NULL,
    id TEXT NOT NULL,
    field TEXT NOT NULL,
    stamp TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entity, id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE remote_picture (             -- a remote picture of a message that a person had loaded, drawn anew
    message BLOB NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,                   -- where its content lies, as for files
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE route (                      -- what a connector needs to answer somebody: a room, a chat
    account BLOB NOT NULL,
    handle BLOB NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, handle)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5 (
    subject, sender, recipients, body, files,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '3'
);

CREATE TABLE setting (                    -- settings, JSON values
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (                        -- from the log
    conversation BLOB NOT NULL,
    tag TEXT NOT NULL,
    active INTEGER NOT NULL,
    PRIMARY KEY (conversation, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE timeline (                   -- where a message is shown: its conversation, and each To that is a customer
    conversation BLOB NOT NULL,
    sent_at INTEGER NOT NULL,
    message BLOB NOT NULL,
    rid INTEGER NOT NULL,
    home INTEGER NOT NULL,                -- 1 = the conversation it belongs to
    live INTEGER NOT NULL DEFAULT 0,      -- may matter to episodes
    unread INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, sent_at, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE touch (                      -- how people came here
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL,              -- the provider's id of what says so
    handle BLOB NOT NULL,
    at INTEGER NOT NULL,
    value TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (account, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE view (                       -- saved searches, from the log
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    at INTEGER NOT NULL,
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE wait (                       -- facts; rebuilt from messages and log
    conversation BLOB NOT NULL,
    message BLOB NOT NULL,
    episode INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    channel TEXT NOT NULL,
    first INTEGER NOT NULL,
    ended TEXT NOT NULL,                  -- open, replied, promised, closed
    ended_at INTEGER,
    reply BLOB,
    agent BLOB,                           -- NULL with a reply = outside the app
    seconds INTEGER,
    PRIMARY KEY (conversation, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX act_conversation ON act (conversation);

CREATE INDEX afterwards_own ON afterwards (account, own_id) WHERE own_id IS NOT NULL;

CREATE INDEX bounce_report ON bounce (report);

CREATE INDEX conversation_assignee ON conversation (shelf, assignee, last_at DESC, id);

CREATE INDEX conversation_last ON conversation (last_at DESC, id);

CREATE INDEX conversation_problem ON conversation (last_at DESC, id) WHERE problem = 1;

CREATE INDEX conversation_shelf ON conversation (shelf, last_at DESC, id);

CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until IS NOT NULL;

CREATE INDEX conversation_stage ON conversation (stage, last_at DESC, id) WHERE stage IS NOT NULL;

CREATE INDEX conversation_waiting ON conversation (wait_since, id) WHERE wait_since IS NOT NULL AND shelf = 0;

CREATE INDEX customer_root ON customer (root);

CREATE INDEX delivery_mark ON delivery (account, mark) WHERE mark IS NOT NULL;

CREATE INDEX delivery_message ON delivery (message);

CREATE INDEX delivery_server ON delivery (account, server) WHERE server IS NOT NULL;

CREATE INDEX entry_author ON entry (device, agent, stamp);

CREATE INDEX entry_conversation ON entry (conversation, stamp) WHERE conversation IS NOT NULL;

CREATE INDEX entry_device ON entry (device);

CREATE INDEX entry_entity ON entry (entity, entity_id);

CREATE INDEX entry_group ON entry (grp);

CREATE INDEX entry_undoes ON entry (undoes) WHERE undoes IS NOT NULL;

CREATE INDEX episode_opened ON episode (opened_at);

CREATE INDEX episode_resolved ON episode (resolved_at) WHERE resolved_at IS NOT NULL;

CREATE INDEX file_expires ON file (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX file_hash ON file (hash);

CREATE INDEX file_message ON file (message) WHERE message IS NOT NULL;

CREATE INDEX import_into_account ON import_into (account);

CREATE INDEX link_b ON link (b);

CREATE INDEX message_handle ON message (handle) WHERE handle IS NOT NULL;

CREATE INDEX message_ref ON message (ref) WHERE ref IS NOT NULL;

CREATE INDEX message_variant ON message (variant_of) WHERE variant_of IS NOT NULL;

CREATE INDEX message_variant_in ON message (conversation) WHERE variant_of IS NOT NULL;

CREATE INDEX message_written ON message (account) WHERE author IS NOT NULL;

CREATE INDEX naming_message ON naming (message, nearness);

CREATE INDEX note_conversation ON note (conversation, at);

CREATE INDEX outbox_conversation ON outbox (conversation);

CREATE INDEX outbox_due ON outbox (account, state);

CREATE INDEX outbox_order ON outbox (account, conversation, authored_at);

CREATE INDEX outbox_provider ON outbox (account, provider_id) WHERE provider_id IS NOT NULL;

CREATE INDEX outbox_ref ON outbox (ref);

CREATE INDEX raw_hash ON raw (hash) WHERE hash IS NOT NULL;

CREATE INDEX remote_picture_hash ON remote_picture (hash);

CREATE INDEX tag_tag ON tag (tag) WHERE active = 1;

CREATE INDEX timeline_live ON timeline (conversation, rid) WHERE live = 1;

CREATE INDEX timeline_message ON timeline (message);

CREATE INDEX timeline_unread ON timeline (conversation, sent_at) WHERE unread = 1;

CREATE INDEX touch_handle ON touch (handle, at);

CREATE INDEX wait_ended ON wait (ended_at) WHERE seconds IS NOT NULL;

CREATE INDEX wait_reply ON wait (reply) WHERE reply IS NOT NULL;
