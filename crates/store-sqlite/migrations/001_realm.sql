-- Times are microseconds since the Unix epoch. A conversation's messages are numbered 1, 2, 3, …
-- The same tables hold on PostgreSQL: identity columns for the keys, `COLLATE "C"` for usernames.

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    username      TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    country       TEXT,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('user', 'administrator')),
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: a late word about a session that ended must not hit a new one of the same number.
CREATE TABLE session (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    token_hash BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX session_of_account ON session (account_id);
CREATE INDEX session_by_use ON session (used_at);

-- A room has a name, too; code and visibility are a group's alone. `name_key` is what equal names share.
CREATE TABLE conversation (
    id         INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('direct', 'group', 'room')),
    created_at INTEGER NOT NULL,
    name       TEXT,
    name_key   TEXT,
    code       TEXT,
    visibility TEXT    CHECK (visibility IN ('public', 'private')),
    closed_at  INTEGER,
    CHECK (kind = 'direct' OR (name IS NOT NULL AND name_key IS NOT NULL)),
    CHECK (kind <> 'group' OR (code IS NOT NULL AND visibility IS NOT NULL))
) STRICT;

-- A group that has closed frees its name and its code.
CREATE UNIQUE INDEX open_group_by_name ON conversation (name_key)
    WHERE kind = 'group' AND closed_at IS NULL;
CREATE UNIQUE INDEX open_group_by_code ON conversation (code)
    WHERE kind = 'group' AND closed_at IS NULL;
CREATE INDEX open_public_group ON conversation (id)
    WHERE visibility = 'public' AND closed_at IS NULL;

-- Two people have one direct conversation; a note to oneself has the same person twice.
CREATE TABLE direct (
    user_low        INTEGER NOT NULL REFERENCES account (id),
    user_high       INTEGER NOT NULL REFERENCES account (id),
    conversation_id INTEGER NOT NULL UNIQUE REFERENCES conversation (id),
    PRIMARY KEY (user_low, user_high),
    CHECK (user_low <= user_high)
) STRICT, WITHOUT ROWID;

-- `id` grows with each joining: it is the order of standing. `role` is a group member's alone.
-- What lies past `read_seq` is unread; it starts at `joined_seq`, the last message before joining.
CREATE TABLE member (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    user_id         INTEGER NOT NULL REFERENCES account (id),
    role            TEXT    CHECK (role IN ('member', 'admin')),
    joined_at       INTEGER NOT NULL,
    joined_seq      INTEGER NOT NULL,
    read_seq        INTEGER NOT NULL CHECK (read_seq >= joined_seq),
    UNIQUE (conversation_id, user_id)
) STRICT;

CREATE INDEX member_of ON member (user_id);
CREATE INDEX member_of_group ON member (user_id, conversation_id) WHERE role IS NOT NULL;

-- `id` is the order of arrival in the realm: rows are only ever added at the end of the table.
-- No foreign keys here: they cost two look-ups a message, and nothing that they name is ever deleted.
CREATE TABLE message (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    author_id       INTEGER NOT NULL,
    sent_at         INTEGER NOT NULL,
    body            TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_place ON message (conversation_id, seq);
