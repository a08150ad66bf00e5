//! The tables of a realm, as a move copies and compares them.

/// A table of a realm.
#[derive(Debug)]
pub struct Table {
    /// What it is called.
    pub name: &'static str,
    /// Its columns, those of the key first.
    pub columns: &'static [&'static str],
    /// How many of the columns are the key.
    pub key: usize,
    /// Who gives numbers to its rows.
    pub numbers: Numbers,
}

/// Who gives numbers to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Nobody: the key says something.
    None,
    /// The database; the number of a row that is gone may come again.
    Given,
    /// The database, and none comes again.
    GivenOnce,
    /// Whoever writes, in the order of arrival.
    Arrival,
}

impl Table {
    /// The columns of the key.
    pub fn key(&self) -> &'static [&'static str] {
        &self.columns[..self.key]
    }
}

const fn table(
    name: &'static str,
    key: usize,
    numbers: Numbers,
    columns: &'static [&'static str],
) -> Table {
    Table { name, columns, key, numbers }
}

use Numbers::{Arrival, Given, GivenOnce, None as Said};

/// All that is the realm's. What a row refers to stands before it.
pub const TABLES: &[Table] = &[
    table(
        "account",
        1,
        Given,
        &[
            "id",
            "username",
            "name",
            "country",
            "password_hash",
            "role",
            "disabled",
            "created_at",
            "settings",
            "realm",
        ],
    ),
    table("account_beginning", 2, Said, &["beginning", "username"]),
    table(
        "session",
        1,
        GivenOnce,
        &["id", "account_id", "token_hash", "created_at", "used_at", "program", "writes"],
    ),
    table(
        "conversation",
        1,
        Given,
        &["id", "kind", "created_at", "name", "name_key", "code", "visibility", "closed_at"],
    ),
    table("direct", 2, Said, &["user_low", "user_high", "conversation_id"]),
    table(
        "member",
        1,
        Given,
        &["id", "conversation_id", "user_id", "role", "joined_at", "joined_seq", "read_seq"],
    ),
    table("contact", 1, Given, &["id", "user_id", "contact", "added_at"]),
    table(
        "invitation",
        1,
        Given,
        &["id", "code", "conversation_id", "created_by", "created_at", "expires_at", "uses_left"],
    ),
    table(
        "hook",
        1,
        GivenOnce,
        &["id", "conversation_id", "account_id", "name", "secret_hash", "created_at"],
    ),
    table(
        "file",
        1,
        Given,
        &[
            "id",
            "code",
            "name",
            "size",
            "media_type",
            "hash",
            "conversation_id",
            "seq",
            "wanted_from",
        ],
    ),
    table(
        "message",
        1,
        Arrival,
        &[
            "id",
            "conversation_id",
            "seq",
            "author_id",
            "sent_at",
            "body",
            "file_id",
            "about_seq",
            "change",
            "edited_at",
            "deleted_at",
        ],
    ),
    table("message_edit", 3, Said, &["conversation_id", "of_seq", "seq"]),
    table("reaction", 1, Given, &["id", "conversation_id", "seq", "user_id", "emoji"]),
    table("client_key", 2, Said, &["author_id", "key", "conversation_id", "seq", "sent_at"]),
    table("identity", 1, Said, &["id", "text", "name"]),
    table("link_invite", 1, Said, &["secret_hash", "expires_at"]),
    table(
        "link",
        1,
        GivenOnce,
        &[
            "id",
            "name",
            "own_name",
            "host",
            "port",
            "private",
            "root",
            "keys",
            "standing",
            "made_at",
            "last_contact_at",
            "failures",
            "failing_since",
            "next_try_at",
            "error",
            "clock_ahead",
            "epoch",
            "base",
            "last_number",
            "acknowledged",
            "acknowledged_uid",
            "waiting_bytes",
            "peer_epoch",
            "received",
            "recent",
        ],
    ),
    table(
        "outbox",
        2,
        Said,
        &[
            "link_id",
            "number",
            "uid",
            "kind",
            "conversation_id",
            "seq",
            "account_id",
            "outgoing_id",
            "text",
            "bytes",
            "queued_at",
        ],
    ),
    table("mirror", 1, Said, &["conversation_id", "link_id", "home_id", "begins_after", "behind"]),
    table("mirror_left", 2, Said, &["conversation_id", "user_id", "number"]),
    table("join_asked", 2, Said, &["link_id", "user_id", "times"]),
    table("mirror_shift", 2, Said, &["conversation_id", "home_from", "shift"]),
    table("mirror_time", 2, Said, &["conversation_id", "seq", "sent_at"]),
    table(
        "outgoing",
        1,
        GivenOnce,
        &[
            "id",
            "uid",
            "conversation_id",
            "author_id",
            "sent_at",
            "body",
            "about_seq",
            "change",
            "client_key",
            "file_code",
            "file_name",
            "file_size",
            "file_media_type",
            "file_hash",
            "failed",
        ],
    ),
    table("link_skipped", 2, Said, &["conversation_id", "link_id", "seq"]),
    table("delivery_failure", 3, Said, &["conversation_id", "seq", "link_id", "code"]),
    table("link_refusal", 2, Said, &["link_id", "number", "code"]),
    table("signed_post", 2, Said, &["conversation_id", "seq", "bytes", "signed_by"]),
];

/// Tables that are not the realm's but a database's own: they stay where they are.
pub const LEFT: &[&str] = &[
    "head",
    "hint",
    "lease",
    "login_failure",
    "migration",
    "node",
    "node_active",
    "node_fact",
    "node_room",
    "node_version",
    "said",
    "schema_version",
    "search_position",
    "sqlite_sequence",
    "writer",
];
