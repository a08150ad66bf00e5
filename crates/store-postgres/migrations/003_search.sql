-- The search index: derived from the messages, and made anew whenever it is missing or of another make. `marks` are
-- numbers for what a message says, where and from whom it is, and where it stands in the order of arrival.
CREATE TABLE said (
    id    BIGINT PRIMARY KEY,
    marks INTEGER[] NOT NULL
);

CREATE INDEX said_marks ON said USING gin (marks);

-- One row: up to which message the index has all, and when that one was sent.
CREATE TABLE search_position (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    make    BIGINT NOT NULL,
    arrival BIGINT NOT NULL,
    sent_at BIGINT NOT NULL
);
