//! The thread that fills the index.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kabar_engine::store::Message;
use kabar_model::{Change, ConversationId, Seq};
use kabar_store_sql::sql::{self, OptionalExtension};
use kabar_store_sql::{Stop, message, messages};
use rusqlite::{Connection, params};

use super::file::{IndexFile, position};
use super::tokens::columns;
use crate::connection::open_for_reading;
use crate::driver::for_rules;
use crate::error::of_sqlite;

/// How far behind the messages the index may be while nothing else goes on. What it does not have yet, searches
/// look through themselves.
const EVERY: Duration = Duration::from_millis(500);

/// After an error, this long.
const PAUSE: Duration = Duration::from_secs(10);

/// Messages in one transaction.
const ROWS_AT_A_TIME: i64 = 4_000;

/// How much less the thread weighs than the others (POSIX nice value): who sends and reads goes first.
const NICENESS: i32 = 10;

/// Why the index could not be filled.
enum Trouble {
    /// The messages could not be read.
    Realm(sql::Error),
    /// The index could not be written.
    Index(rusqlite::Error),
}

pub(super) struct Follower {
    file: Arc<IndexFile>,
    realm: PathBuf,
    commits: Arc<AtomicU64>,
    stop: Arc<Stop>,
    index: Option<Connection>,
}

impl Follower {
    pub(super) fn new(
        file: Arc<IndexFile>,
        realm: PathBuf,
        commits: Arc<AtomicU64>,
        stop: Arc<Stop>,
    ) -> Self {
        Self { file, realm, commits, stop, index: None }
    }

    /// Keeps the index up to date until told to stop.
    pub(super) fn run(mut self) {
        // Without the right to set it, the thread just weighs more.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        let mut done = None;
        let mut wait = Duration::ZERO;
        while !self.stop.within(wait) {
            wait = EVERY;
            let commits = self.commits.load(Ordering::Relaxed);
            if done == Some(commits) && !self.file.is_damaged() {
                continue;
            }
            match self.catch_up() {
                Ok(()) => done = Some(commits),
                Err(Trouble::Realm(error)) => {
                    tracing::warn!(%error, "messages cannot be read for the search index");
                    wait = PAUSE;
                }
                Err(Trouble::Index(error)) => {
                    tracing::warn!(%error, "the search index cannot be written");
                    self.index = None;
                    self.file.throw_away();
                    done = None;
                    wait = PAUSE;
                }
            }
        }
    }

    fn catch_up(&mut self) -> Result<(), Trouble> {
        if self.file.is_damaged() {
            self.index = None;
            self.file.throw_away();
        }
        let realm = open_for_reading(&self.realm).map_err(of_sqlite).map_err(Trouble::Realm)?;
        let realm = for_rules(realm);
        let mut index = match self.index.take() {
            Some(index) => index,
            None => self.opened(&realm)?,
        };
        while fill(&realm, &mut index)? && !self.stop.within(Duration::ZERO) {}
        self.index = Some(index);
        Ok(())
    }

    /// The index, if it is one of these messages; else a new one.
    fn opened(&self, realm: &sql::Connection) -> Result<Connection, Trouble> {
        let index = self.file.open().map_err(Trouble::Index)?;
        let (arrival, sent_at) = position(&index).map_err(Trouble::Index)?;
        let of_message = realm
            .query_row("SELECT sent_at FROM message WHERE id = ?1", [arrival], |row| {
                row.get::<i64>(0)
            })
            .optional()
            .map_err(Trouble::Realm)?;
        // A realm that was restored from a backup may not know the last message of its index.
        if arrival == 0 || of_message == Some(sent_at) {
            return Ok(index);
        }
        drop(index);
        self.file.throw_away();
        self.file.open().map_err(Trouble::Index)
    }
}

/// Takes in some messages; `false` when there are no more.
fn fill(realm: &sql::Connection, index: &mut Connection) -> Result<bool, Trouble> {
    let (start, _) = position(index).map_err(Trouble::Index)?;
    let last = realm
        .query_row(
            "SELECT id, sent_at FROM message WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
            [start.saturating_add(ROWS_AT_A_TIME)],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )
        .optional()
        .map_err(Trouble::Realm)?;
    let Some((end, sent_at)) = last.filter(|(end, _)| *end > start) else { return Ok(false) };
    let found = between(realm, start, end).map_err(Trouble::Realm)?;
    let mut now = Vec::with_capacity(found.len());
    for message in found {
        match message.change {
            None => now.push((message, true)),
            // What was changed is taken in again as it stands now.
            Some(Change::Edit(of) | Change::Deletion(of)) => {
                let place = (message.place.conversation, of);
                let changed = at(realm, place).map_err(Trouble::Realm)?;
                now.extend(changed.map(|changed| (changed, false)));
            }
            Some(Change::Reaction(_) | Change::ReactionEnd(_)) => {}
        }
    }
    write(index, &now, (end, sent_at)).map_err(Trouble::Index)?;
    Ok(true)
}

/// The messages after `start` up to `end` that are in no room: those are not searched.
fn between(realm: &sql::Connection, start: i64, end: i64) -> sql::Result<Vec<Message>> {
    let mut find = realm.prepare_cached(&format!(
        "{} JOIN conversation c ON c.id = m.conversation_id
         WHERE m.id > ?1 AND m.id <= ?2 AND c.kind <> 'room' ORDER BY m.id",
        messages()
    ))?;
    find.query_map([start, end], message)?.collect()
}

fn at(
    realm: &sql::Connection,
    (conversation, seq): (ConversationId, Seq),
) -> sql::Result<Option<Message>> {
    let sql = format!("{} WHERE m.conversation_id = ?1 AND m.seq = ?2", messages());
    realm.prepare_cached(&sql)?.query_row([conversation.0, seq.0], message).optional()
}

fn write(
    index: &mut Connection,
    messages: &[(Message, bool)],
    (end, sent_at): (i64, i64),
) -> rusqlite::Result<()> {
    let whole = index.transaction()?;
    for (message, is_new) in messages {
        if !is_new {
            let mut forget = whole.prepare_cached("DELETE FROM said WHERE rowid = ?1")?;
            forget.execute([message.arrival.0])?;
        }
        if message.deleted {
            continue;
        }
        let mut learn = whole.prepare_cached(
            "INSERT OR REPLACE INTO said (rowid, text, conversation, author, kind)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let [text, conversation, author, kind] = columns(message);
        learn.execute(params![message.arrival.0, text, conversation, author, kind])?;
    }
    whole
        .prepare_cached("UPDATE position SET arrival = ?1, sent_at = ?2")?
        .execute([end, sent_at])?;
    whole.commit()
}
