//! What happens on other nodes, told on this one: messages in the order of arrival, and hints that were missed.
//!
//! One thread follows the order. What this node's writer has committed next is told at once, by the writer itself; where
//! others have committed before, that is read first. A committed transaction is seen whole, and `head` says how far the order
//! goes, so nothing is told twice or left out. While nobody listens the thread only notes how far the order has gone.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kabar_engine::store::{Content, Herald, Message, NewFile, NewMessage, Posted, Target};
use kabar_engine::{Bus, Heard, Hint, LocalBus};
use kabar_model::{Arrival, Body, Change, Emoji};
use kabar_store_sql::sql::{self, Connection};
use kabar_store_sql::{Heralds, Stored, message, messages};
use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::driver::UnderWay;
use crate::error::OpenError;
use crate::readers::read_one_state;

/// So often `head` is looked at, whatever hints say.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Transactions of this node that wait to be told. Of those that do not fit the messages are read again.
const COMMITS_QUEUED_MAX: usize = 256;

/// Messages that are read at a time.
const READ_AT_A_TIME: i64 = 256;

/// Hints that are read at a time.
const HINTS_AT_A_TIME: i64 = 1_000;

/// The bus between the nodes.
#[derive(Clone)]
pub struct Buses {
    /// To every node.
    pub all: Arc<dyn Bus>,
    /// To the listeners of this node alone.
    pub here: Arc<LocalBus>,
}

impl Default for Buses {
    /// Those of a node that knows of others only through the database.
    fn default() -> Self {
        let here = Arc::new(LocalBus::default());
        Self { all: Arc::clone(&here) as Arc<dyn Bus>, here }
    }
}

/// A transaction that this node has committed.
pub(crate) struct Committed {
    /// The last place in the order of arrival before it, and the last one that it gave.
    pub(crate) gave: (i64, i64),
    /// The messages at those places, in order.
    pub(crate) stored: Vec<Stored>,
    /// Who listened when it was durable, and before anybody was answered.
    pub(crate) herald: Option<Arc<dyn Herald>>,
    /// Others have changed something before it, which is to be passed on before it is told.
    pub(crate) after_changes: bool,
}

impl Committed {
    /// For a thread that only has to look.
    fn nothing() -> Self {
        Self { gave: (0, 0), stored: Vec::new(), herald: None, after_changes: false }
    }
}

/// As far as everything has been told: the writer and the thread that follows go on from there in turns.
#[derive(Clone, Debug)]
struct Told(Arc<Mutex<i64>>);

impl Told {
    fn now(&self) -> i64 {
        *self.lock()
    }

    /// Tells what comes after `from`, up to `to`; not when something else was told meanwhile.
    fn go_on(&self, from: i64, to: i64, tell: impl FnOnce()) -> bool {
        let mut told = self.lock();
        let is_next = *told == from;
        if is_next {
            tell();
            *told = to;
        }
        is_next
    }

    /// Nobody needs to be told up to there.
    fn pass_over(&self, to: i64) {
        let mut told = self.lock();
        *told = to.max(*told);
    }

    /// Whoever tells hands over to a queue, so the lock is held for a moment only.
    fn lock(&self) -> MutexGuard<'_, i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the writer hands over what it has committed. The thread ends when this is gone.
pub(crate) struct Commits {
    queue: mpsc::Sender<Committed>,
    overflowed: Arc<AtomicBool>,
    under_way: UnderWay,
    was_cut_short: Arc<AtomicBool>,
    /// Others have changed something since this node told of messages last.
    after_changes: Cell<bool>,
    told: Told,
    all: Arc<dyn Bus>,
}

impl Commits {
    /// Tells what was committed, where nothing that others did comes before it; the rest is left to the thread. From here
    /// on nothing of it is under way.
    pub(crate) fn hand_over(&self, mut committed: Committed) {
        committed.after_changes |= self.after_changes.get();
        let has_places = committed.gave.0 != committed.gave.1;
        let is_heard = has_places && committed.herald.is_some();
        self.after_changes.set(committed.after_changes && !is_heard);
        if has_places {
            self.tell(committed);
        }
        self.under_way.end();
        // Asked only now, as the thread asks once more what is under way after it has said so.
        if self.was_cut_short.load(Ordering::SeqCst) {
            self.queue(Committed::nothing());
        }
    }

    fn tell(&self, mut committed: Committed) {
        let (before, last) = committed.gave;
        let is_told = match &committed.herald {
            // Who begins to listen later finds all of it in the database.
            None => {
                self.told.pass_over(last);
                true
            }
            Some(_) if committed.after_changes => false,
            Some(herald) => self.told.go_on(before, last, || {
                for (message, places) in committed.stored.drain(..) {
                    herald.posted(message, places);
                }
            }),
        };
        self.all.publish(Hint::Arrived(Arrival(last)));
        if !is_told {
            self.queue(committed);
        }
    }

    fn queue(&self, committed: Committed) {
        if self.queue.try_send(committed).is_err() {
            self.overflowed.store(true, Ordering::SeqCst);
        }
    }
}

/// The thread that follows.
pub(crate) struct Follower {
    waiting: Runtime,
    commits: mpsc::Receiver<Committed>,
    /// Taken out of that queue, and not told: what comes before it could not be read.
    put_back: Option<Committed>,
    overflowed: Arc<AtomicBool>,
    under_way: UnderWay,
    /// The last look stopped before what was under way.
    was_cut_short: Arc<AtomicBool>,
    connection: Connection,
    heralds: Heralds,
    buses: Buses,
    told: Told,
    /// The last hint that was passed on.
    hinted: i64,
    /// The place in the order of arrival up to which no hint is left to be passed on.
    hinted_up_to: i64,
}

/// What is next.
enum Next {
    Committed(Committed),
    Look,
    End,
}

impl Follower {
    pub(crate) fn new(
        connection: Connection,
        under_way: UnderWay,
        heralds: &Heralds,
        buses: Buses,
    ) -> Result<(Self, Commits), OpenError> {
        let waiting = runtime::Builder::new_current_thread().enable_time().build()?;
        let (head, hinted) = ends(&connection)?;
        let told = Told(Arc::new(Mutex::new(head)));
        let (queue, commits) = mpsc::channel(COMMITS_QUEUED_MAX);
        let overflowed = Arc::new(AtomicBool::new(false));
        let was_cut_short = Arc::new(AtomicBool::new(false));
        let handed_over = Commits {
            queue,
            overflowed: Arc::clone(&overflowed),
            under_way: under_way.clone(),
            was_cut_short: Arc::clone(&was_cut_short),
            after_changes: Cell::new(false),
            told: told.clone(),
            all: Arc::clone(&buses.all),
        };
        let heralds = heralds.clone();
        let follower = Self {
            waiting,
            commits,
            put_back: None,
            overflowed,
            under_way,
            was_cut_short,
            connection,
            heralds,
            buses,
            told,
            hinted,
            hinted_up_to: head,
        };
        Ok((follower, handed_over))
    }

    pub(crate) fn run(mut self) {
        let mut listener = self.buses.all.listen();
        let mut ticks = {
            let _context = self.waiting.enter();
            interval(LOOK_EVERY)
        };
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bus_is_there = true;
        loop {
            // What was put back comes first, with the next look.
            let has_more = self.put_back.is_some();
            let commits = &mut self.commits;
            let next = self.waiting.block_on(async {
                loop {
                    tokio::select! {
                        biased;
                        committed = commits.recv(), if !has_more => {
                            break committed.map_or(Next::End, Next::Committed);
                        }
                        _ = ticks.tick() => break Next::Look,
                        heard = listener.next(), if bus_is_there => match heard {
                            Heard::Hint(Hint::Arrived(Arrival(last))) if self.told.now() < last => {
                                break Next::Look;
                            }
                            Heard::Missed | Heard::Skipped => break Next::Look,
                            Heard::Closed => bus_is_there = false,
                            Heard::Hint(_) => {}
                        },
                    }
                }
            });
            let outcome = match next {
                Next::End => return,
                Next::Look => self.look(),
                Next::Committed(committed) => {
                    let told = self.committed(committed);
                    // What did not fit is read.
                    let overflowed = self.overflowed.swap(false, Ordering::SeqCst);
                    let is_all = !overflowed && !self.was_cut_short.load(Ordering::SeqCst);
                    told.and_then(|()| if is_all { Ok(()) } else { self.look() })
                }
            };
            if let Err(error) = outcome {
                // The next look reads on where this one stopped.
                tracing::warn!(%error, "what other nodes have stored cannot be read now");
                if self.put_back.is_some() && self.commits.is_closed() {
                    return;
                }
            }
        }
    }

    /// What this node has committed and was not told yet, if anything waits.
    fn next_committed(&mut self) -> Option<Committed> {
        self.put_back.take().or_else(|| self.commits.try_recv().ok())
    }

    /// Tells what this node has committed, after what others committed before.
    fn committed(&mut self, committed: Committed) -> sql::Result<()> {
        let Some(herald) = committed.herald.clone() else { return Ok(()) };
        let (before, last) = committed.gave;
        let mut read = self.read_up_to(before, &*herald);
        if committed.after_changes && read.is_ok() {
            read = self.pass_hints_on();
        }
        if let Err(error) = read {
            // From which sessions its messages came stands here alone.
            self.put_back = Some(committed);
            return Err(error);
        }
        self.told.go_on(before, last, || {
            for (message, places) in committed.stored {
                herald.posted(message, places);
            }
        });
        Ok(())
    }

    /// Reads how far the order has gone, and what was said there and hinted at since.
    fn look(&mut self) -> sql::Result<()> {
        let told = self.told.now();
        let (head, last_hint) = self.read(ends)?;
        if head < told {
            tracing::error!(head, told, "the database lacks messages that were told");
            self.buses.here.miss();
            self.told.go_on(told, head, || {});
        }
        // Those that come next have higher numbers than all that are there, if the database has gone back, too.
        let has_hints = last_hint > self.hinted;
        self.hinted = self.hinted.min(last_hint);
        if has_hints {
            self.pass_hints_on()?;
        }
        self.hinted_up_to = head;
        // What this node commits is told as it is handed over, with what the database does not know of it. Whatever waits
        // here comes before what is under way.
        let until = loop {
            let under_way = self.under_way.after();
            while let Some(committed) = self.next_committed() {
                self.committed(committed)?;
            }
            let until = under_way.map_or(head, |after| head.min(after));
            self.was_cut_short.store(until < head, Ordering::SeqCst);
            // When it has ended meanwhile, its writer may not have seen that somebody waits for that.
            if until == head || self.under_way.after() == under_way {
                break until;
            }
        };
        // Asked only now: who begins to listen later finds all of that in the database.
        match self.heralds.listening() {
            Some(herald) => self.read_up_to(until, &*herald)?,
            None => self.told.pass_over(until),
        }
        Ok(())
    }

    /// Tells what is stored up to that place. Hints come first: who was removed from a group on another node must not be
    /// told what was said there afterwards.
    fn read_up_to(&mut self, until: i64, herald: &dyn Herald) -> sql::Result<()> {
        loop {
            let told = self.told.now();
            if told >= until {
                return Ok(());
            }
            if self.hinted_up_to < until {
                self.pass_hints_on()?;
                self.hinted_up_to = until;
            }
            let up_to = until.min(told.saturating_add(READ_AT_A_TIME));
            let (messages, rooms) = self.read(|connection| between(connection, told, up_to))?;
            self.told.go_on(told, up_to, || {
                for message in messages {
                    let is_in_room = rooms.contains(&message.place.conversation.0);
                    tell(message, is_in_room, herald);
                }
            });
        }
    }

    /// Passes on what other nodes have written for those that may not have heard it. Where the oldest that is left comes
    /// after the last that was passed on, others have been removed unseen, however long that took by this node's clock.
    fn pass_hints_on(&mut self) -> sql::Result<()> {
        let herald = self.heralds.listening();
        loop {
            let rows = self.read(|connection| hints(connection, self.hinted))?;
            if rows.first().is_some_and(|(.., oldest)| *oldest > self.hinted) {
                self.buses.here.miss();
            }
            let is_all = rows.len() < usize::try_from(HINTS_AT_A_TIME).unwrap_or(usize::MAX);
            for (id, hint, _) in rows {
                self.hinted = id;
                // This node's own, too: whoever was to publish it may have been cancelled. Twice does no harm.
                if let Some(hint) = hint {
                    pass_on(hint, herald.as_deref(), &self.buses.here);
                }
            }
            if is_all {
                return Ok(());
            }
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> sql::Result<T>) -> sql::Result<T> {
        read_one_state(&self.connection, read).0
    }
}

/// The last place in the order of arrival, and the last hint of all transactions up to there.
fn ends(connection: &Connection) -> sql::Result<(i64, i64)> {
    connection.query_row(
        "SELECT arrival, (SELECT coalesce(max(id), 0) FROM hint) FROM head WHERE id = 1",
        (),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Those of which nobody here needs to hear are left out: many read, and few of them listen on another node.
fn pass_on(hint: Hint, herald: Option<&dyn Herald>, here: &LocalBus) {
    if hint.is_for_listeners() {
        if herald.is_some_and(|herald| herald.hears(hint)) {
            here.publish(hint);
        }
        return;
    }
    if let Some(herald) = herald {
        herald.changed(hint);
    }
    here.publish(hint);
}

/// The number of a hint, the hint if this version knows it, and the number of the oldest that is left.
type HintRow = (i64, Option<Hint>, i64);

fn hints(connection: &Connection, after: i64) -> sql::Result<Vec<HintRow>> {
    let hint = |row: &sql::Row<'_>| {
        let numbers = [row.get(2)?, row.get(3)?, row.get(4)?];
        let kind = u8::try_from(row.get::<i64>(1)?).ok();
        Ok((row.get(0)?, kind.and_then(|kind| Hint::from_durable(kind, numbers)), row.get(5)?))
    };
    connection
        .prepare_cached(
            "SELECT id, kind, number, second, third, (SELECT min(id) FROM hint)
             FROM hint WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map([after, HINTS_AT_A_TIME], hint)?
        .collect()
}

/// The messages at these places, after the first, up to the second; and which of their conversations are rooms.
fn between(
    connection: &Connection,
    after: i64,
    up_to: i64,
) -> sql::Result<(Vec<Message>, HashSet<i64>)> {
    let sql = format!("{} WHERE m.id > ?1 AND m.id <= ?2 ORDER BY m.id", messages());
    let mut find = connection.prepare_cached(&sql)?;
    let found = find.query_map([after, up_to], message)?.collect::<sql::Result<_>>()?;
    let rooms = connection
        .prepare_cached(
            "SELECT DISTINCT c.id FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id
             WHERE m.id > ?1 AND m.id <= ?2 AND c.kind = 'room'",
        )?
        .query_map([after, up_to], |row| row.get(0))?
        .collect::<sql::Result<_>>()?;
    Ok((found, rooms))
}

/// Tells of a message as its writer's node does. From which session it came that node alone knows.
fn tell(message: Message, is_in_room: bool, herald: &dyn Herald) {
    let place = message.place;
    let posted = Posted { place, arrival: Some(message.arrival), outgoing: None };
    // One that was deleted since says nothing any more; its deletion follows.
    let Some(content) = content(&message) else { return };
    let target = if is_in_room { Target::Room } else { Target::Own }(place.conversation);
    let mut new = NewMessage::new(message.author, vec![target], content, message.at);
    (new.reply_to, new.key) = (message.reply_to, message.key);
    herald.posted(new, vec![posted]);
}

fn content(message: &Message) -> Option<Content> {
    let body = || Body::parse(&message.body).ok();
    Some(match message.change {
        Some(Change::Edit(of)) => Content::Edit { of, text: body()? },
        Some(Change::Deletion(of)) => Content::Deletion { of },
        Some(Change::Reaction(of)) => {
            Content::Reaction { of, emoji: Emoji::parse(&message.body).ok()?, on: true }
        }
        Some(Change::ReactionEnd(of)) => {
            Content::Reaction { of, emoji: Emoji::parse(&message.body).ok()?, on: false }
        }
        None => match &message.file {
            None => Content::Text(body()?),
            Some(file) => {
                let (file, caption) = (file.clone(), body());
                Content::File(Box::new(NewFile { file, caption, sole: false }))
            }
        },
    })
}
