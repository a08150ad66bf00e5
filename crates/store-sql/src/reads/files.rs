//! Files, as far as somebody may see them: in their own conversations, from when they joined.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kabar_engine::store::{FileKey, FileScope, Place, SentFile};
use kabar_model::{ContentHash, ConversationId, FileCode, FileName, Seq, Timestamp, UserId};

use super::messages::direct;
use super::words::{FILE, file};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row, Rows};

/// Files of a conversation that are looked at at a time.
const FILES_AT_A_TIME: i64 = 64;

/// The newest file with this key that a person may read within `scope`.
pub(crate) fn find(
    connection: &Connection,
    reader: UserId,
    scope: FileScope,
    key: &FileKey,
) -> sql::Result<Option<SentFile>> {
    // The conversations in `scope`, and the last message in each that the reader may not see. ?1 is the key.
    let (seen, given) = match scope {
        FileScope::Everywhere | FileScope::Received => (
            "SELECT conversation_id, joined_seq FROM member WHERE user_id = ?2",
            [Some(reader.0), None],
        ),
        FileScope::In(id) => (
            "SELECT conversation_id, joined_seq FROM member
             WHERE user_id = ?2 AND conversation_id = ?3",
            [Some(reader.0), Some(id.0)],
        ),
        FileScope::Room(id) => (
            "SELECT id AS conversation_id, 0 AS joined_seq FROM conversation
             WHERE id = ?2 AND kind = 'room'",
            [Some(id.0), None],
        ),
    };
    // What one sent oneself was not received, unless it is in the note.
    let (received, note) = match scope {
        FileScope::Received => (
            "AND (f.conversation_id IS NOT DISTINCT FROM ?3 OR ?2 <>
                  (SELECT m.author_id FROM message m
                   WHERE m.conversation_id = f.conversation_id AND m.seq = f.seq))",
            direct(connection, reader, reader)?,
        ),
        FileScope::Everywhere | FileScope::In(_) | FileScope::Room(_) => ("", None),
    };
    // Within a conversation the newest has the highest number, so of each only one is looked at.
    let (newest, key) = match key {
        FileKey::Code(code) => (
            format!(
                "SELECT f.id FROM file f JOIN seen USING (conversation_id)
                 WHERE f.code = ?1 AND f.seq > seen.joined_seq {received}"
            ),
            code.to_string(),
        ),
        FileKey::Name(name) => (
            format!(
                "SELECT MAX((
                     SELECT f.id FROM file f
                     WHERE f.conversation_id = seen.conversation_id AND f.name = ?1
                       AND f.seq > seen.joined_seq {received}
                     ORDER BY f.seq DESC LIMIT 1
                 )) FROM seen"
            ),
            name.as_str().to_owned(),
        ),
    };
    let third = given[1].or(note.map(|id| id.0));
    let mut find = connection.prepare_cached(&format!("WITH seen AS ({seen}) {newest}"))?;
    let row = |row: &Row<'_>| row.get::<Option<i64>>(0);
    // No more than the statement has.
    let found = match scope {
        FileScope::Everywhere | FileScope::Room(_) => find.query_row(params![key, given[0]], row),
        FileScope::In(_) | FileScope::Received => {
            find.query_row(params![key, given[0], third], row)
        }
    };
    found.optional()?.flatten().map(|id| sent(connection, id)).transpose()
}

/// The newest files that others sent to a person or to a group of theirs, or they to themselves, in the
/// order of arrival.
pub(crate) fn list(
    connection: &Connection,
    reader: UserId,
    limit: usize,
) -> sql::Result<Vec<SentFile>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let note = direct(connection, reader, reader)?;
    // The newest so far. A conversation is left as soon as what it has is older than all of these.
    let mut newest: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
    let mut conversations = connection
        .prepare_cached("SELECT conversation_id, joined_seq FROM member WHERE user_id = ?1")?;
    let mut backwards = connection.prepare_cached(
        "SELECT f.id, m.author_id, f.seq FROM file f
         JOIN message m ON m.conversation_id = f.conversation_id AND m.seq = f.seq
         WHERE f.conversation_id = ?1 AND f.seq > ?2 AND f.seq < ?3 ORDER BY f.seq DESC LIMIT ?4",
    )?;
    let mut seen = conversations.query([reader.0])?;
    while let Some(row) = seen.next()? {
        let (conversation, joined) = (ConversationId(row.get(0)?), Seq(row.get(1)?));
        let skipped = if note == Some(conversation) { None } else { Some(reader.0) };
        let mut before = i64::MAX;
        loop {
            let portion = backwards.query([conversation.0, joined.0, before, FILES_AT_A_TIME])?;
            match take_newer(&mut newest, limit, portion, skipped)? {
                Some(oldest) => before = oldest,
                None => break,
            }
        }
    }
    let mut ids: Vec<i64> = newest.into_iter().map(|Reverse(id)| id).collect();
    ids.sort_unstable();
    ids.into_iter().map(|id| sent(connection, id)).collect()
}

/// Takes those files among the newest that are, from the latest on. Says where to go on, unless these were all that
/// can be among them.
fn take_newer(
    newest: &mut BinaryHeap<Reverse<i64>>,
    limit: usize,
    mut files: Rows<'_>,
    skipped: Option<i64>,
) -> sql::Result<Option<i64>> {
    let (mut found, mut before) = (0, None);
    while let Some(row) = files.next()? {
        let (id, author): (i64, i64) = (row.get(0)?, row.get(1)?);
        let oldest = newest.peek().map(|Reverse(oldest)| *oldest);
        if newest.len() >= limit && oldest.is_some_and(|oldest| id < oldest) {
            return Ok(None);
        }
        (found, before) = (found + 1, Some(row.get(2)?));
        if Some(author) == skipped {
            continue;
        }
        newest.push(Reverse(id));
        if newest.len() > limit {
            newest.pop();
        }
    }
    Ok(before.filter(|_| found == FILES_AT_A_TIME))
}

/// Whether a person has a file of that name in their list of files.
pub(crate) fn is_listed(
    connection: &Connection,
    reader: UserId,
    name: &FileName,
) -> sql::Result<bool> {
    let note = direct(connection, reader, reader)?;
    let mut listed = connection.prepare_cached(
        "SELECT 1 FROM member s
         JOIN file f ON f.conversation_id = s.conversation_id AND f.name = ?2
                    AND f.seq > s.joined_seq
         JOIN message m ON m.conversation_id = f.conversation_id AND m.seq = f.seq
         WHERE s.user_id = ?1 AND (m.author_id <> ?1 OR s.conversation_id IS NOT DISTINCT FROM ?3)",
    )?;
    listed.exists(params![reader.0, name.as_str(), note.map(|id| id.0)])
}

/// Whether a file has this code, or one that is on its way to another realm.
pub(crate) fn code_in_use(connection: &Connection, code: FileCode) -> sql::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM file WHERE code = ?1
             UNION ALL SELECT 1 FROM outgoing WHERE file_code = ?1",
        )?
        .exists([code.to_string()])
}

/// Those of these contents that a file refers to, whether they are here or wanted, or one that is on its way to
/// another realm.
pub(crate) fn used_contents(
    connection: &Connection,
    hashes: &[ContentHash],
) -> sql::Result<Vec<ContentHash>> {
    let mut find = connection.prepare_cached(
        "SELECT 1 FROM file WHERE hash = ?1 UNION ALL SELECT 1 FROM outgoing WHERE file_hash = ?1",
    )?;
    let mut used = Vec::new();
    for hash in hashes {
        if find.exists([hash.0])? {
            used.push(*hash);
        }
    }
    Ok(used)
}

fn sent(connection: &Connection, id: i64) -> sql::Result<SentFile> {
    let sql = format!(
        "SELECT {FILE}, m.conversation_id, m.seq, m.author_id, m.sent_at FROM file f
         JOIN message m ON m.conversation_id = f.conversation_id AND m.seq = f.seq
         WHERE f.id = ?1"
    );
    connection.prepare_cached(&sql)?.query_row([id], |row: &Row<'_>| {
        Ok(SentFile {
            file: file(row, 0)?,
            place: Place { conversation: ConversationId(row.get(5)?), seq: Seq(row.get(6)?) },
            author: UserId(row.get(7)?),
            at: Timestamp(row.get(8)?),
        })
    })
}
