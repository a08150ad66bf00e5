-- What a person's clients keep for them; the realm does not read it.
ALTER TABLE account ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- What may be typed to find a person: the username, and the display name from each of its words on, folded.
-- So everybody whose name begins so is one range. Filled at the first start for the accounts there are.
CREATE TABLE account_beginning (
    beginning TEXT NOT NULL,
    username  TEXT NOT NULL,
    PRIMARY KEY (beginning, username)
) STRICT, WITHOUT ROWID;

-- What a program is called that acts for a person, and whether it may change anything. A person's own sessions
-- have neither.
ALTER TABLE session ADD COLUMN program TEXT;
ALTER TABLE session ADD COLUMN writes INTEGER CHECK (writes IN (0, 1));

-- `id` grows with each making: it is the order.
CREATE TABLE invitation (
    id              INTEGER PRIMARY KEY,
    code            TEXT    NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    created_by      INTEGER NOT NULL REFERENCES account (id),
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    uses_left       INTEGER NOT NULL CHECK (uses_left >= 0)
) STRICT;

CREATE INDEX invitation_to ON invitation (conversation_id);

-- AUTOINCREMENT: a late wish to remove a hook must not hit a new one of the same number.
CREATE TABLE hook (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversation (id),
    account_id      INTEGER NOT NULL REFERENCES account (id),
    name            TEXT    NOT NULL,
    secret_hash     BLOB    NOT NULL UNIQUE,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX hook_of ON hook (conversation_id);
