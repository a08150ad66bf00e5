-- Realm links: docs/realm-links.md says what each row means.

-- Of somebody of another realm: nobody can sign in to it, and `username` is `user@realm`. The realm is what it calls
-- itself, as `link.own_name`; there need be no link to it.
ALTER TABLE account ADD COLUMN realm TEXT;
CREATE INDEX account_of_realm ON account (realm) WHERE realm IS NOT NULL;

-- One row: what this realm proves itself with, and what it calls itself.
CREATE TABLE identity (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    text TEXT    NOT NULL,
    name TEXT    NOT NULL
) STRICT;

CREATE TABLE link_invite (
    secret_hash BLOB    PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What waits is numbered `acknowledged` + 1 to `last_number` without gaps. These numbers go on for as long as the link
-- lives; in its epoch an item has that number less `base`. `waiting_bytes` is the sum of what waits.
-- `recent` are the uids of the last items received, 16 bytes each, the latest last.
CREATE TABLE link (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    name             TEXT    NOT NULL,
    own_name         TEXT    NOT NULL UNIQUE,
    host             TEXT,
    port             INTEGER CHECK (port BETWEEN 1 AND 65535),
    private          INTEGER NOT NULL CHECK (private IN (0, 1)),
    root             BLOB    NOT NULL,
    keys             TEXT    NOT NULL,
    standing         TEXT    NOT NULL
        CHECK (standing IN ('asked', 'waiting', 'linked', 'blocked', 'removed', 'changed')),
    made_at          INTEGER NOT NULL,
    last_contact_at  INTEGER,
    failures         INTEGER NOT NULL DEFAULT 0,
    failing_since    INTEGER,
    next_try_at      INTEGER,
    error            TEXT,
    clock_ahead      INTEGER NOT NULL DEFAULT 0,
    epoch            INTEGER NOT NULL,
    base             INTEGER NOT NULL DEFAULT 0,
    last_number      INTEGER NOT NULL DEFAULT 0,
    acknowledged     INTEGER NOT NULL DEFAULT 0,
    acknowledged_uid BLOB    NOT NULL,
    waiting_bytes    INTEGER NOT NULL DEFAULT 0,
    peer_epoch       INTEGER NOT NULL DEFAULT 0,
    received         INTEGER NOT NULL DEFAULT 0,
    recent           BLOB    NOT NULL DEFAULT x'',
    CHECK ((host IS NULL) = (port IS NULL))
) STRICT;

-- A name that nobody else has here: that of no other link, unless that one was removed.
CREATE UNIQUE INDEX link_by_name ON link (name) WHERE standing <> 'removed';

-- What waits for a link. `kind` is 'post', 'message', 'members', 'join', 'leave' or 'read'; `bytes` is what it counts
-- towards the link's bound. `seq` is a message's number, or how far somebody has read.
CREATE TABLE outbox (
    link_id         INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    uid             BLOB    NOT NULL,
    kind            TEXT    NOT NULL,
    conversation_id INTEGER,
    seq             INTEGER,
    account_id      INTEGER,
    outgoing_id     INTEGER,
    text            TEXT,
    bytes           INTEGER NOT NULL,
    queued_at       INTEGER NOT NULL,
    PRIMARY KEY (link_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_of_message ON outbox (conversation_id, seq) WHERE kind = 'message';
CREATE INDEX outbox_of_post ON outbox (outgoing_id) WHERE kind = 'post';
CREATE INDEX outbox_of_state ON outbox (link_id, conversation_id, number) WHERE kind IN ('members', 'read');

-- A conversation whose home is another realm. `home_id` is a group's number there; a direct conversation is known
-- by its two people.
CREATE TABLE mirror (
    conversation_id INTEGER PRIMARY KEY REFERENCES conversation (id),
    link_id         INTEGER NOT NULL REFERENCES link (id),
    home_id         INTEGER,
    -- The number before the first that is kept here, as numbered here.
    begins_after    INTEGER NOT NULL,
    -- The last number there that came too early to be kept; 1: something may be lacking; 0: nothing is.
    behind          INTEGER NOT NULL DEFAULT 0 CHECK (behind >= 0)
) STRICT;

CREATE INDEX mirror_of ON mirror (link_id);
CREATE UNIQUE INDEX mirror_by_home ON mirror (link_id, home_id) WHERE home_id IS NOT NULL;
CREATE INDEX mirror_behind ON mirror (link_id) WHERE behind > 0;

-- Who has left a mirror, until its home does not name them any more or they ask to join again. `number` is that of the
-- item by which the home was told last.
CREATE TABLE mirror_left (
    conversation_id INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

-- How often somebody has asked a link's groups to let them in, and is in none for that yet.
CREATE TABLE join_asked (
    link_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    times   INTEGER NOT NULL,
    PRIMARY KEY (link_id, user_id)
) STRICT, WITHOUT ROWID;

-- From `home_from` on, a number here is the home's plus `shift`. Without a row the shift is zero.
CREATE TABLE mirror_shift (
    conversation_id INTEGER NOT NULL,
    home_from       INTEGER NOT NULL,
    shift           INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, home_from)
) STRICT, WITHOUT ROWID;

-- The time that a home gave to a message, where it was too far ahead to be believed. By it the message is known again.
CREATE TABLE mirror_time (
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    sent_at         INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;

-- Messages on their way to their home. `about_seq` is as numbered here: what is changed, or without `change` what is
-- answered. The file's fields are as in `file`.
CREATE TABLE outgoing (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             BLOB    NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL,
    author_id       INTEGER NOT NULL,
    sent_at         INTEGER NOT NULL,
    body            TEXT    NOT NULL,
    about_seq       INTEGER,
    change          TEXT,
    client_key      TEXT,
    file_code       TEXT,
    file_name       TEXT,
    file_size       INTEGER,
    file_media_type TEXT,
    file_hash       BLOB,
    failed          TEXT
) STRICT;

CREATE INDEX outgoing_of ON outgoing (conversation_id, author_id);
CREATE UNIQUE INDEX outgoing_by_key ON outgoing (author_id, client_key) WHERE client_key IS NOT NULL;
CREATE UNIQUE INDEX outgoing_by_code ON outgoing (file_code) WHERE file_code IS NOT NULL;
CREATE INDEX outgoing_contents ON outgoing (file_hash) WHERE file_hash IS NOT NULL;

-- Conversations that a link has not been told of, because it was full or took nothing: it is told how each stands as
-- soon as it can be. `seq` is the first message that it was not told; none: only who is in a group.
CREATE TABLE link_skipped (
    conversation_id INTEGER NOT NULL,
    link_id         INTEGER NOT NULL,
    seq             INTEGER,
    PRIMARY KEY (conversation_id, link_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_skipped_of ON link_skipped (link_id);

-- What another realm refused, and why.
CREATE TABLE delivery_failure (
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    link_id         INTEGER NOT NULL,
    code            TEXT    NOT NULL,
    PRIMARY KEY (conversation_id, seq, link_id)
) STRICT, WITHOUT ROWID;

-- What this realm refused of a link's items, until the sender has shown that it knows.
CREATE TABLE link_refusal (
    link_id INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    code    TEXT    NOT NULL,
    PRIMARY KEY (link_id, number)
) STRICT, WITHOUT ROWID;

-- Posts of other realms' people in conversations whose home is here, as those realms signed them.
CREATE TABLE signed_post (
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    bytes           BLOB    NOT NULL,
    signed_by       TEXT    NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;

-- The link that has a file's contents, until they are here; 0: nobody has them any more.
ALTER TABLE file ADD COLUMN wanted_from INTEGER;
CREATE INDEX file_wanted ON file (wanted_from) WHERE wanted_from IS NOT NULL;
