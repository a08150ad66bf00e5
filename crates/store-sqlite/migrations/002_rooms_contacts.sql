-- A room never closes, so its name is its own for good.
CREATE UNIQUE INDEX room_by_name ON conversation (name_key) WHERE kind = 'room';

-- `contact` is `user` or `user@realm`. `id` grows with each adding: it is the order.
CREATE TABLE contact (
    id       INTEGER PRIMARY KEY,
    user_id  INTEGER NOT NULL REFERENCES account (id),
    contact  TEXT    NOT NULL,
    added_at INTEGER NOT NULL,
    UNIQUE (user_id, contact)
) STRICT;
