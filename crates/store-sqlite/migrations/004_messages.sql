-- A change to a message is a message: `about_seq` is the message that it changes. Of a message that is no
-- change, it is the one that it answers. What a change does is done to the row of the other message, too.
-- Four columns that are empty in a text cost it four bytes. `change` is 'edit', 'deletion', 'reaction' or
-- 'reaction_end'; a CHECK of that would double the cost of adding a text, so only the reader checks it.
ALTER TABLE message ADD COLUMN about_seq INTEGER;
ALTER TABLE message ADD COLUMN change TEXT;
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN deleted_at INTEGER;

-- The edits of a message, which go with it. An index on `message` would say the same, and cost every text.
CREATE TABLE message_edit (
    conversation_id INTEGER NOT NULL,
    of_seq          INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, of_seq, seq)
) STRICT, WITHOUT ROWID;

-- The reactions that stand. `id` grows with each adding: it is their order.
CREATE TABLE reaction (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    emoji           TEXT    NOT NULL,
    UNIQUE (conversation_id, seq, user_id, emoji)
) STRICT;

-- What clients call messages of theirs, for as long as a retry may come.
CREATE TABLE client_key (
    author_id       INTEGER NOT NULL,
    key             TEXT    NOT NULL,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    sent_at         INTEGER NOT NULL,
    PRIMARY KEY (author_id, key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX client_key_of_message ON client_key (conversation_id, seq);
CREATE INDEX client_key_by_age ON client_key (sent_at);
