-- `id` is the order of arrival, as a message's is. Where the contents are, `hash` says (SHA-256).
-- No foreign keys here either: nothing that a file names is ever deleted.
CREATE TABLE file (
    id              INTEGER PRIMARY KEY,
    code            TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    size            INTEGER NOT NULL CHECK (size >= 0),
    media_type      TEXT    NOT NULL,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32),
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX file_place ON file (conversation_id, seq);
-- The newest of a name in a conversation is one seek.
CREATE INDEX file_by_name ON file (conversation_id, name, seq);
CREATE INDEX file_by_contents ON file (hash);

-- A text has none. So reading texts looks for no file, and a file's message leads to it at once.
ALTER TABLE message ADD COLUMN file_id INTEGER;
