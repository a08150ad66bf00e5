//! A realm on PostgreSQL: its writer's upkeep, its readers, and the thread that follows other nodes.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kabar_engine::Result;
use kabar_engine::store::{Herald, Message, SearchQuery};
use kabar_model::{ConversationId, Seq, UserId};
use kabar_store_sql::sql::{self, Connection};
use kabar_store_sql::{Base, Finding, Heralds, OnFatal, SqlStore, Stored, Upkeep};

use crate::checks;
use crate::driver::{PostgresDriver, Role, WriterId};
use crate::error::OpenError;
use crate::follow::{Buses, Commits, Committed, Follower};
use crate::readers::Readers;
use crate::schema;
use crate::search::{Filling, is_indexed, search};
use crate::settings::{Address, Settings};
use crate::text::array;

/// A realm on PostgreSQL.
pub type PostgresStore = SqlStore<PostgresBase>;

/// Messages of other nodes that are looked through for the last numbers of their conversations. After more, those that are
/// needed are looked up.
const LOOKED_THROUGH_MAX: i64 = 4_096;

/// A hint is kept for so long. A node that has not looked for longer finds that some are gone.
const HINTS_KEPT: Duration = Duration::from_mins(3);

/// After so many new hints old ones are removed, twice as many and some more: where nodes end others make up for them.
const SWEEP_AFTER: usize = 256;
const SWEPT_BESIDE: usize = 1_000;

/// Writers that are gone are removed so often, and hints at least.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// A writer that has not written for so long is forgotten.
const WRITERS_KEPT: Duration = Duration::from_hours(30 * 24);

/// Writes hints, as many as the arrays have values.
const ADD_HINTS: &str = "INSERT INTO hint (kind, number, second, third, writer, at)
     SELECT told.kind, told.number, told.second, told.third, ?5,
         CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)
     FROM unnest(CAST(CAST(?1 AS TEXT) AS BIGINT[]), CAST(CAST(?2 AS TEXT) AS BIGINT[]),
         CAST(CAST(?3 AS TEXT) AS BIGINT[]), CAST(CAST(?4 AS TEXT) AS BIGINT[])) WITH ORDINALITY
         AS told (kind, number, second, third, nth)
     ORDER BY told.nth";

/// Removes old hints, of so many that are the oldest. The last old one stays: it says how far back all are there.
const SWEEP_HINTS: &str = "DELETE FROM hint WHERE id < (
     SELECT max(id) FROM (SELECT id, at FROM hint ORDER BY id LIMIT ?2) AS first
     WHERE at < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - ?1)";

const SWEEP_WRITERS: &str = "DELETE FROM writer
     WHERE used_at < CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) - ?1";

/// Opens the realm in the database, and makes it if it is not there. Must not be called where others wait for tasks.
pub fn open(
    settings: &Settings,
    buses: Buses,
    on_fatal: OnFatal,
) -> std::result::Result<PostgresStore, OpenError> {
    let address = Arc::new(Address::parse(&settings.url)?);
    let accept_unsafe = settings.accept_unsafe;
    // A thread of its own: nobody may wait for a connection on one that runs tasks.
    let opening = thread::spawn(move || open_here(address, accept_unsafe, buses, on_fatal));
    match opening.join() {
        Ok(opened) => opened,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn open_here(
    address: Arc<Address>,
    accept_unsafe: bool,
    buses: Buses,
    on_fatal: OnFatal,
) -> std::result::Result<PostgresStore, OpenError> {
    let id = WriterId::random();
    prepare(&address, id, accept_unsafe)?;
    let writer = PostgresDriver::open(Arc::clone(&address), Role::Writer(id))?;
    if !accept_unsafe {
        writer.insist_on_durability();
    }
    let follows = PostgresDriver::open(Arc::clone(&address), Role::Reader)?;
    let heralds = Heralds::default();
    let under_way = writer.under_way();
    let (follower, commits) = Follower::new(Connection::new(follows), under_way, &heralds, buses)?;
    let follower = thread::Builder::new().name("store-follower".into()).spawn(|| follower.run())?;
    let upkeep = Writing {
        commits: Some(commits),
        follower: Some(follower),
        id,
        swept: None,
        unswept: 0,
        heralds: heralds.clone(),
        herald: RefCell::new(None),
        stored: Vec::new(),
    };
    let filling = Filling::start(Arc::clone(&address))?;
    let base = PostgresBase { readers: Arc::new(Readers::new(address)), filling };
    let counted = (Arc::new(AtomicU64::new(0)), heralds);
    Ok(SqlStore::start(base, Connection::new(writer), Box::new(upkeep), counted, on_fatal)?)
}

/// Checks the server and brings the schema up to date, on a connection of its own.
fn prepare(
    address: &Arc<Address>,
    id: WriterId,
    accept_unsafe: bool,
) -> std::result::Result<(), OpenError> {
    let driver = PostgresDriver::open(Arc::clone(address), Role::Writer(id))?;
    let connection = Connection::new(driver);
    let Some(driver) = connection.driver::<PostgresDriver>() else { return Ok(()) };
    checks::check(&connection, accept_unsafe)?;
    if schema::is_unfinished(&connection)? {
        return Err(OpenError::Unfinished);
    }
    schema::migrate(&connection, driver)
}

/// What PostgreSQL adds to the store.
pub struct PostgresBase {
    readers: Arc<Readers>,
    filling: Filling,
}

impl PostgresBase {
    /// Whether the search index goes up to that place in the order of arrival.
    #[doc(hidden)]
    pub async fn is_indexed(&self, arrival: i64) -> Result<bool> {
        is_indexed(&self.readers, arrival).await
    }
}

impl fmt::Debug for PostgresBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBase").finish_non_exhaustive()
    }
}

impl Base for PostgresBase {
    const CLOCK: Option<&'static str> =
        Some("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)");

    async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> sql::Result<T> + Send + 'static,
    {
        self.readers.read(read).await
    }

    async fn search(&self, user: UserId, query: SearchQuery, limit: usize) -> Result<Vec<Message>> {
        search(&self.readers, user, query, limit).await
    }

    fn touch(connection: &Connection) -> sql::Result<()> {
        connection.execute("UPDATE head SET turn = turn WHERE id = 1", ()).map(drop)
    }

    fn close(&mut self) {
        self.readers.close();
        self.filling.end();
    }
}

/// What the writer does beside the rules.
struct Writing {
    /// There until the end.
    commits: Option<Commits>,
    follower: Option<JoinHandle<()>>,
    id: WriterId,
    swept: Option<Instant>,
    /// Hints since then.
    unswept: usize,
    heralds: Heralds,
    /// Who listened when the last transaction was durable.
    herald: RefCell<Option<Arc<dyn Herald>>>,
    /// What it stored, until it is handed over.
    stored: Vec<Stored>,
}

impl Writing {
    /// Removes hints and writers that nobody needs any more.
    fn sweep(&mut self, connection: &Connection, added: usize) -> sql::Result<()> {
        self.unswept += added;
        let is_long_ago = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY);
        if self.unswept < SWEEP_AFTER && !is_long_ago {
            return Ok(());
        }
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let limit = 2 * self.unswept + SWEPT_BESIDE;
        self.unswept = 0;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        connection.prepare_cached(SWEEP_HINTS)?.execute([micros(HINTS_KEPT), limit])?;
        if is_long_ago {
            self.swept = Some(Instant::now());
            connection.execute(SWEEP_WRITERS, [micros(WRITERS_KEPT)])?;
        }
        Ok(())
    }
}

impl Upkeep for Writing {
    fn reconnect(&mut self, connection: &mut Connection) -> sql::Result<()> {
        match connection.driver::<PostgresDriver>() {
            Some(driver) => driver.reconnect(),
            None => Ok(()),
        }
    }

    fn new_last(
        &mut self,
        connection: &Connection,
    ) -> sql::Result<Option<Vec<(ConversationId, Seq)>>> {
        let of_others = connection.driver::<PostgresDriver>().and_then(PostgresDriver::of_others);
        let Some((after, last)) = of_others else { return Ok(None) };
        if last - after > LOOKED_THROUGH_MAX {
            return Ok(None);
        }
        // Both ends, or a plan for any numbers would read the whole table.
        let mut find = connection.prepare_cached(
            "SELECT conversation_id, max(seq) FROM message WHERE id > ?1 AND id <= ?2
             GROUP BY conversation_id",
        )?;
        let found = find
            .query_map([after, last], |row| Ok((ConversationId(row.get(0)?), Seq(row.get(1)?))))?
            .collect::<sql::Result<_>>()?;
        Ok(Some(found))
    }

    fn before_commit(&mut self, connection: &Connection, finding: &Finding<'_>) -> sql::Result<()> {
        // In their order, each once.
        let mut told = HashSet::new();
        let durable = finding.hints.iter().filter_map(|hint| hint.durable());
        let all: Vec<(u8, [i64; 3])> = durable.filter(|hint| told.insert(*hint)).collect();
        if !all.is_empty() {
            let kinds = array(all.iter().map(|(kind, _)| kind.to_string()));
            let [first, second, third] = [0, 1, 2]
                .map(|nth: usize| array(all.iter().map(|(_, numbers)| numbers[nth].to_string())));
            let row = (kinds, first, second, third, self.id.number());
            connection.execute(ADD_HINTS, row)?;
            self.sweep(connection, all.len())?;
        }
        if finding.messages_only
            && let Some(driver) = connection.driver::<PostgresDriver>()
        {
            driver.adds_messages_only();
        }
        Ok(())
    }

    fn committed(&mut self, connection: &Connection) -> sql::Result<()> {
        let stored = std::mem::take(&mut self.stored);
        if let (Some(commits), Some(driver)) =
            (&self.commits, connection.driver::<PostgresDriver>())
        {
            let herald = self.herald.take();
            let (gave, after_changes) = (driver.gave(), driver.came_after_changes());
            commits.hand_over(Committed { gave, stored, herald, after_changes });
        }
        Ok(())
    }

    /// Asked once the transaction is durable, and before anybody is answered.
    fn tells(&self) -> bool {
        *self.herald.borrow_mut() = self.heralds.listening();
        true
    }

    fn tell(&mut self, _: &Heralds, stored: Vec<Stored>) {
        self.stored = stored;
    }

    fn finish(mut self: Box<Self>, connection: Connection) {
        drop(connection);
        self.commits = None;
        if let Some(follower) = self.follower.take()
            && follower.join().is_err()
        {
            tracing::error!("the store's follower had panicked");
        }
    }
}
