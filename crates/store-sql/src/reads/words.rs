//! How values are written in columns, and read from them.

use kabar_engine::store::{Conversation, Group, Message, Place, StoredReaction};
use kabar_model::{
    Arrival, Change, ClientKey, ContentHash, ConversationId, Country, DisplayName, Emoji, File,
    FileCode, FileName, GroupCode, GroupName, GroupRole, Refusal, Role, RoomName, Seq, Timestamp,
    User, UserId, Username, Visibility,
};

use crate::sql::{self, Row};

pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Administrator => "administrator",
    }
}

pub(crate) fn group_role(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Member => "member",
        GroupRole::Admin => "admin",
    }
}

pub(crate) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    }
}

/// The columns that [`user`] reads.
pub(crate) const USER: &str = "id, username, name, country, role, disabled";

/// Reads an account from the columns [`USER`].
pub(crate) fn user(row: &Row<'_>) -> sql::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        username: parsed(row, 1, Username::parse_kept)?,
        name: parsed(row, 2, DisplayName::parse)?,
        country: match row.text_or_null(3)? {
            Some(text) => Some(Country::parse(text).map_err(|error| unreadable(3, &error))?),
            None => None,
        },
        role: match row.text(4)? {
            "administrator" => Role::Administrator,
            _ => Role::User,
        },
        disabled: row.get(5)?,
    })
}

/// The columns that [`group`] reads.
pub(crate) const GROUP: &str = "c.id, c.name, c.code, c.visibility";

/// The columns that [`conversation`] reads.
pub(crate) const CONVERSATION: &str = "c.id, c.name, c.code, c.visibility, c.kind";

/// Reads a conversation from the columns [`CONVERSATION`].
pub(crate) fn conversation(row: &Row<'_>) -> sql::Result<Conversation> {
    let id = ConversationId(row.get(0)?);
    match row.text(4)? {
        "group" => group(row).map(Conversation::Group),
        "room" => Ok(Conversation::Room(id, parsed(row, 1, RoomName::parse)?)),
        _ => Ok(Conversation::Direct(id)),
    }
}

/// Reads a group from the columns [`GROUP`].
pub(crate) fn group(row: &Row<'_>) -> sql::Result<Group> {
    let code = |text: &str| GroupCode::parse(text).ok_or(Refusal::GroupUnknown);
    Ok(Group {
        id: ConversationId(row.get(0)?),
        name: parsed(row, 1, GroupName::parse_kept)?,
        code: parsed(row, 2, code)?,
        visibility: match row.text(3)? {
            "public" => Visibility::Public,
            _ => Visibility::Private,
        },
    })
}

/// The columns that [`file`] reads.
pub(crate) const FILE: &str = "f.code, f.name, f.size, f.media_type, f.hash";

/// Reads a file from the columns [`FILE`], which begin at `first`.
pub(crate) fn file(row: &Row<'_>, first: usize) -> sql::Result<File> {
    let code = |text: &str| FileCode::parse(text).ok_or(Refusal::FileUnknown);
    let size: i64 = row.get(first + 2)?;
    Ok(File {
        code: parsed(row, first, code)?,
        name: parsed(row, first + 1, FileName::clean)?,
        size: size.try_into().map_err(|_| damaged(format!("a file has {size} bytes")))?,
        media_type: row.get(first + 3)?,
        hash: ContentHash(row.get(first + 4)?),
    })
}

/// Messages with their files, in the columns that [`message`] reads. A text has no file to look for.
pub fn messages() -> String {
    messages_and("NULL")
}

/// As [`messages`], with what the reader's client calls the reader's own; `reader` is a parameter.
pub(crate) fn messages_for(reader: &str) -> String {
    messages_and(&format!(
        "(SELECT k.key FROM client_key k WHERE m.author_id = {reader} AND k.author_id = {reader}
              AND k.conversation_id = m.conversation_id AND k.seq = m.seq)"
    ))
}

fn messages_and(key: &str) -> String {
    format!(
        "SELECT m.conversation_id, m.seq, m.author_id, m.sent_at, m.body, m.file_id, {FILE},
                m.id, m.about_seq, m.change, m.edited_at, m.deleted_at IS NOT NULL, {key}
         FROM message m LEFT JOIN file f ON f.id = m.file_id"
    )
}

/// What a change is called.
pub(crate) fn change(change: Change) -> &'static str {
    match change {
        Change::Edit(_) => "edit",
        Change::Deletion(_) => "deletion",
        Change::Reaction(_) => "reaction",
        Change::ReactionEnd(_) => "reaction_end",
    }
}

/// The change of that name.
pub(super) fn change_of(name: &str, of: Seq) -> sql::Result<Change> {
    match name {
        "edit" => Ok(Change::Edit(of)),
        "deletion" => Ok(Change::Deletion(of)),
        "reaction" => Ok(Change::Reaction(of)),
        "reaction_end" => Ok(Change::ReactionEnd(of)),
        _ => Err(damaged(format!("a message is a change of kind {name}"))),
    }
}

/// Reads a reaction: message, person, emoji.
pub(crate) fn reaction(row: &Row<'_>) -> sql::Result<StoredReaction> {
    Ok(StoredReaction {
        of: Seq(row.get(0)?),
        user: UserId(row.get(1)?),
        emoji: parsed(row, 2, Emoji::parse)?,
    })
}

/// Reads a message from the columns of [`messages`].
pub fn message(row: &Row<'_>) -> sql::Result<Message> {
    let has_file = row.get::<Option<i64>>(5)?.is_some();
    let about = row.get::<Option<i64>>(12)?.map(Seq);
    let change = match (row.text_or_null(13)?, about) {
        (Some(name), Some(of)) => Some(change_of(name, of)?),
        (Some(_), None) => return Err(damaged("a change of no message".to_owned())),
        (None, _) => None,
    };
    Ok(Message {
        place: Place { conversation: ConversationId(row.get(0)?), seq: Seq(row.get(1)?) },
        author: UserId(row.get(2)?),
        at: Timestamp(row.get(3)?),
        body: row.get(4)?,
        // A file that is gone is an error here: its code is then NULL, which is no text.
        file: if has_file { Some(file(row, 6)?) } else { None },
        arrival: Arrival(row.get(11)?),
        change,
        reply_to: if change.is_none() { about } else { None },
        edited_at: row.get::<Option<i64>>(14)?.map(Timestamp),
        deleted: row.get(15)?,
        key: client_key(row, 16)?,
    })
}

/// Reads a client's key, if there is one.
pub(super) fn client_key(row: &Row<'_>, column: usize) -> sql::Result<Option<ClientKey>> {
    let key = row.text_or_null(column)?;
    key.map(ClientKey::parse).transpose().map_err(|error| unreadable(column, &error))
}

/// Reads a value that the model parses.
pub(super) fn parsed<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Result<T, Refusal>,
) -> sql::Result<T> {
    parse(row.text(column)?).map_err(|error| unreadable(column, &error))
}

/// A stored value that the model does not take. The writer never stores one: the database is damaged.
fn unreadable(column: usize, refusal: &Refusal) -> sql::Error {
    sql::Error::Column { column, what: refusal.to_string().into() }
}

/// A database in which something is not as the writer leaves it.
pub(crate) fn damaged(what: String) -> sql::Error {
    sql::Error::Damaged(what)
}
