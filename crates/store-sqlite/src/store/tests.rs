//! What only the inside can bring about: full batches, errors of one change, a disk that fails.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc as channel;
use std::task::Poll;

use kabar_engine::store::{Content, Herald, NewMessage, PartMax, Posted, Target, Ticket};
use kabar_engine::testing::new_user;
use kabar_engine::{Error, Store};
use kabar_model::{Body, Refusal, Seq, SessionId, Timestamp};
use kabar_store_sql::{Finding, Outcome, Trouble, Work, change};
use rusqlite::ffi;
use tokio::sync::oneshot;

use super::*;
use crate::driver::of_rules;
use crate::error::of_sqlite;
use crate::{SqliteStore, open};

struct Realm {
    store: SqliteStore,
    ana: UserId,
    budi: UserId,
    failures: channel::Receiver<String>,
    dir: tempfile::TempDir,
}

async fn realm() -> Realm {
    realm_with(|connection, upkeep| (connection, Box::new(upkeep))).await
}

async fn realm_with(
    of_writer: impl FnOnce(Connection, FileUpkeep) -> (Connection, Box<dyn Upkeep>),
) -> Realm {
    let dir = tempfile::tempdir().unwrap();
    let (failed, failures) = channel::channel();
    let on_fatal: OnFatal = Arc::new(move |what| failed.send(what.to_owned()).unwrap());
    let store = start(dir.path(), on_fatal, Durability::Full, of_writer).unwrap();
    let ana = user(&store, "ana").await.unwrap();
    let budi = user(&store, "budi").await.unwrap();
    Realm { store, ana, budi, failures, dir }
}

async fn user(store: &SqliteStore, name: &str) -> Result<UserId> {
    store.create_user(new_user(name)).await.map(|user| user.id)
}

/// A part of an inbox that holds all there is in these tests.
const PART: PartMax = PartMax { messages: 10, bytes: 1_000, file_bytes: 0 };

impl Realm {
    fn message(&self, text: &str) -> NewMessage {
        let content = Content::Text(Body::parse(text).unwrap());
        let targets = vec![Target::Direct(self.budi)];
        NewMessage::new(self.ana, targets, content, Timestamp(0))
    }

    async fn post(&self) -> Ticket<Vec<Posted>> {
        self.store.post(self.message("hai")).await.unwrap()
    }

    /// Keeps the writer from going on until the sender is used or dropped.
    async fn hold_writer(&self) -> channel::Sender<()> {
        let (release, released) = channel::channel::<()>();
        self.enqueue(move |_| {
            let _ = released.recv();
            Ok(())
        })
        .await;
        release
    }

    /// Hands a change over and does not wait for it.
    async fn enqueue(
        &self,
        deed: impl FnOnce(&mut Work) -> Outcome<()> + Send + 'static,
    ) -> oneshot::Receiver<Result<()>> {
        let (answer, answered) = oneshot::channel();
        self.store.hand_over(change(deed, answer)).await.unwrap();
        answered
    }
}

fn sqlite_error(code: i32) -> Trouble {
    of_sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).into()
}

/// Limits the size of the file.
async fn limit_pages(store: &SqliteStore, pages_max: u32) -> Result<()> {
    let limit = move |work: &mut Work| {
        of_rules(&work.connection)
            .pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))
            .map_err(|error| Trouble::Sql(of_sqlite(error)))
    };
    store.change(limit).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_together_is_committed_together() {
    let realm = realm().await;
    let release = realm.hold_writer().await;
    let mut tickets = Vec::new();
    for _ in 0..800 {
        tickets.push(realm.post().await);
    }
    let before = realm.store.commits();
    drop(release);
    for (ticket, expected) in tickets.into_iter().zip(1..) {
        assert_eq!(ticket.await.unwrap()[0].place.seq, Seq(expected));
    }
    let commits = realm.store.commits() - before;
    // Two or three transactions; a slow machine may cut more of them short after 2 ms.
    assert!(commits < 40, "{commits} commits for 800 messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_while_the_last_use_of_many_sessions_is_noted() {
    let realm = realm().await;
    let used: Vec<_> = (1..=4_500).map(|id| (SessionId(id), Timestamp(5))).collect();
    let before = realm.store.commits();
    realm.store.touch_sessions(&used).await.unwrap();
    // Five; each is counted a moment after it is answered.
    let commits = realm.store.commits() - before;
    assert!(commits >= 4, "{commits} commits for 4,500 sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_one_change_harms_only_itself() {
    let realm = realm().await;
    let release = realm.hold_writer().await;
    let first = realm.post().await;
    let failing = realm
        .enqueue(|work| {
            work.connection.execute("UPDATE account SET name = 'spoiled'", ())?;
            work.connection.execute("INSERT INTO account (id) VALUES (1)", ())?;
            Ok(())
        })
        .await;
    let refused = realm
        .enqueue(|work| {
            work.connection.execute("UPDATE account SET name = 'spoiled'", ())?;
            Err(Refusal::NotAllowed.into())
        })
        .await;
    let second = realm.post().await;
    drop(release);
    assert_eq!(first.await.unwrap()[0].place.seq, Seq(1));
    assert!(matches!(failing.await.unwrap(), Err(Error::Failed(_))));
    assert!(matches!(refused.await.unwrap(), Err(Error::Refused(Refusal::NotAllowed))));
    assert_eq!(second.await.unwrap()[0].place.seq, Seq(2));
    let names = realm.store.users(&[realm.ana, realm.budi]).await.unwrap();
    assert!(names.iter().all(|user| user.name.as_str() != "spoiled"));
    assert!(realm.failures.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_sync_nobody_is_answered_and_nothing_more_is_written() {
    for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_CORRUPT] {
        let realm = realm().await;
        realm.post().await.await.unwrap();
        let release = realm.hold_writer().await;
        let mut before = pin!(realm.post().await);
        let mut failing = pin!(realm.enqueue(move |_| Err(sqlite_error(code))).await);
        let after = realm.post().await;
        drop(release);

        assert!(realm.failures.recv().unwrap().contains("the database failed"));
        let (before, failing) = poll_fn(|context| {
            let before = before.as_mut().poll(context).is_pending();
            Poll::Ready((before, failing.as_mut().poll(context).is_pending()))
        })
        .await;
        assert!(before, "neither a success nor a failure may be told");
        assert!(failing);
        assert!(after.await.is_err(), "it was never run");
        assert!(user(&realm.store, "late").await.is_err());
        assert!(realm.store.check().await.is_err());
        assert!(realm.failures.try_recv().is_err(), "once is enough");

        drop(realm.store);
        let store = open(realm.dir.path(), Arc::new(|_| ())).unwrap();
        assert_eq!(store.unread(realm.budi, PART).await.unwrap().messages.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_the_whole_batch_and_passes() {
    let realm = realm().await;
    realm.post().await.await.unwrap();
    limit_pages(&realm.store, 1).await.unwrap();
    let release = realm.hold_writer().await;
    let small = realm.post().await;
    let large = realm.store.post(realm.message(&"x".repeat(60_000))).await.unwrap();
    drop(release);
    assert!(matches!(small.await, Err(Error::Failed(_))));
    assert!(matches!(large.await, Err(Error::Failed(_))));
    assert_eq!(realm.store.unread(realm.budi, PART).await.unwrap().messages.len(), 1);

    limit_pages(&realm.store, 1_000_000).await.unwrap();
    assert_eq!(realm.post().await.await.unwrap()[0].place.seq, Seq(2), "no number was used up");
    assert!(realm.failures.try_recv().is_err(), "a full disk is not fatal");
}

/// A herald that counts what it is told.
#[derive(Default)]
struct Counter {
    deaf: AtomicBool,
    told: AtomicU64,
}

impl Herald for Counter {
    fn listens(&self) -> bool {
        !self.deaf.load(Ordering::SeqCst)
    }

    fn posted(&self, _message: NewMessage, places: Vec<Posted>) {
        assert_eq!(places.len(), 1);
        self.told.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_herald_is_told_only_of_what_stands() {
    let realm = realm().await;
    let counter = Arc::new(Counter::default());
    realm.store.tell(Arc::clone(&counter) as Arc<dyn Herald>);
    let told = || counter.told.load(Ordering::SeqCst);

    let undone = realm.hold_writer().await;
    let ticket = realm.post().await;
    let failing = realm.enqueue(|_| Err(sqlite_error(ffi::SQLITE_FULL))).await;
    drop(undone);
    assert!(failing.await.unwrap().is_err());
    ticket.await.unwrap();
    realm.store.check().await.unwrap();
    assert_eq!(told(), 1, "the error of a neighbour does not matter");

    limit_pages(&realm.store, 1).await.unwrap();
    let release = realm.hold_writer().await;
    let mut tickets = Vec::new();
    for _ in 0..500 {
        tickets.push(realm.post().await);
    }
    drop(release);
    let mut stands = 1;
    for ticket in tickets {
        stands += u64::from(ticket.await.is_ok());
    }
    assert!(stands < 501, "the file had room for all of them");
    limit_pages(&realm.store, 1_000_000).await.unwrap();
    realm.store.check().await.unwrap();
    assert_eq!(told(), stands, "nor of what was undone with its batch");

    counter.deaf.store(true, Ordering::SeqCst);
    realm.post().await.await.unwrap();
    counter.deaf.store(false, Ordering::SeqCst);
    realm.post().await.await.unwrap();
    realm.store.check().await.unwrap();
    assert_eq!(told(), stands + 1, "what nobody listens to is not kept");
}

/// Holds up one commit, once armed: says when its transaction is complete, and waits.
struct HeldCommit {
    armed: Arc<AtomicBool>,
    complete: channel::Receiver<()>,
    release: channel::Sender<()>,
}

/// The upkeep that holds it up.
struct Holding {
    upkeep: FileUpkeep,
    armed: Arc<AtomicBool>,
    complete: channel::Sender<()>,
    released: channel::Receiver<()>,
}

impl Upkeep for Holding {
    fn reconnect(&mut self, connection: &mut Connection) -> sql::Result<()> {
        self.upkeep.reconnect(connection)
    }

    fn before_commit(&mut self, _: &Connection, _: &Finding<'_>) -> sql::Result<()> {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.complete.send(()).unwrap();
            let _ = self.released.recv();
        }
        Ok(())
    }

    fn finish(self: Box<Self>, connection: Connection) {
        Box::new(self.upkeep).finish(connection);
    }
}

async fn holding() -> (Realm, HeldCommit) {
    let armed = Arc::new(AtomicBool::new(false));
    let (complete_at, complete) = channel::channel();
    let (release, released) = channel::channel();
    let commit = HeldCommit { armed: Arc::clone(&armed), complete, release };
    let realm = realm_with(|connection, upkeep| {
        (connection, Box::new(Holding { upkeep, armed, complete: complete_at, released }))
    });
    (realm.await, commit)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_listen_during_a_commit_is_told_of_it() {
    let (realm, commit) = holding().await;
    let counter = Arc::new(Counter::default());
    counter.deaf.store(true, Ordering::SeqCst);
    realm.store.tell(Arc::clone(&counter) as Arc<dyn Herald>);
    let before = realm.store.last_arrival().await.unwrap();
    commit.armed.store(true, Ordering::SeqCst);
    let ticket = realm.post().await;
    commit.complete.recv().unwrap();
    counter.deaf.store(false, Ordering::SeqCst);
    assert_eq!(realm.store.last_arrival().await.unwrap(), before, "it cannot be read yet");
    commit.release.send(()).unwrap();
    ticket.await.unwrap();
    realm.store.check().await.unwrap();
    assert_eq!(counter.told.load(Ordering::SeqCst), 1, "neither read nor told: lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_sync_the_herald_is_told_nothing() {
    let realm = realm().await;
    let counter = Arc::new(Counter::default());
    realm.store.tell(Arc::clone(&counter) as Arc<dyn Herald>);
    let release = realm.hold_writer().await;
    let _unanswered = realm.post().await;
    let _failing = realm.enqueue(|_| Err(sqlite_error(ffi::SQLITE_IOERR_FSYNC))).await;
    drop(release);
    realm.failures.recv().unwrap();
    drop(realm.store);
    assert_eq!(counter.told.load(Ordering::SeqCst), 0);
}
