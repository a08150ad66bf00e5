//! A database that can be lost, and that others write to: what the writer makes of it, on SQLite with planted faults.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use kabar_engine::store::links::{Batch, InMember, InMembers, Inbound, NewLink, Standing, Uid};
use kabar_engine::store::nodes::NodeId;
use kabar_engine::store::{
    Content, GroupChange, Herald, NewGroup, NewMessage, NewSession, PartMax, Place, Posted,
    Purpose, Target, TokenHash, UserChange,
};
use kabar_engine::testing::new_user;
use kabar_engine::{Error, Hint, Store};
use kabar_model::{
    Body, ConversationId, DisplayName, GroupName, GroupRole, RealmName, Refusal, Seq, Timestamp,
    Username, Visibility,
};
use kabar_store_sql::sql::{Driver, Kind, Prepared, Since};
use kabar_store_sql::{Finding, Stored, Work};
use tokio::sync::oneshot;

use super::*;
use crate::FILE;

const PART: PartMax = PartMax { messages: 1_000, bytes: 1 << 20, file_bytes: 0 };

/// What a transaction meets.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It cannot be begun.
    Unreachable,
    /// Others have written before it.
    Others(Since),
    /// The commit undoes it, and the connection is gone or not.
    Undone(Kind),
}

/// The faults of transactions to come, and what was seen of those that went.
#[derive(Debug, Default)]
struct Seen {
    begins: VecDeque<Fault>,
    commits: VecDeque<Fault>,
    reconnected: usize,
    findings: Vec<(Vec<Hint>, bool)>,
    told: Vec<String>,
}

type Shared = Arc<Mutex<Seen>>;

/// SQLite, and a network in front of it.
#[derive(Debug)]
struct Faulty {
    connection: Connection,
    seen: Shared,
}

fn fault(kind: Kind) -> sql::Error {
    sql::Error::database(kind, "planted")
}

impl Driver for Faulty {
    fn prepare<'c>(&'c self, sql: &str) -> sql::Result<Box<dyn Prepared + 'c>> {
        self.inner().prepare(sql)
    }

    fn begin(&self) -> sql::Result<Since> {
        match self.seen.lock().unwrap().begins.pop_front() {
            Some(Fault::Unreachable) => Err(fault(Kind::Lost)),
            Some(Fault::Others(since)) => self.connection.begin().map(|_| since),
            _ => self.connection.begin(),
        }
    }

    fn commit(&self) -> sql::Result<()> {
        match self.seen.lock().unwrap().commits.pop_front() {
            Some(Fault::Undone(kind)) => {
                self.connection.roll_back()?;
                Err(fault(kind))
            }
            _ => self.connection.commit(),
        }
    }

    fn roll_back(&self) -> sql::Result<()> {
        self.connection.roll_back()
    }

    fn is_in_transaction(&self) -> bool {
        self.connection.is_in_transaction()
    }

    fn rows_changed(&self) -> u64 {
        self.connection.rows_changed()
    }

    fn as_any(&self) -> Option<&dyn Any> {
        self.inner().as_any()
    }
}

impl Faulty {
    fn inner(&self) -> &dyn Driver {
        self.connection.driver::<crate::driver::SqliteDriver>().unwrap()
    }
}

/// Notes what it is asked.
struct Noting {
    upkeep: FileUpkeep,
    seen: Shared,
}

impl Upkeep for Noting {
    fn reconnect(&mut self, connection: &mut Connection) -> sql::Result<()> {
        self.seen.lock().unwrap().reconnected += 1;
        self.upkeep.reconnect(connection)
    }

    fn before_commit(&mut self, _: &Connection, finding: &Finding<'_>) -> sql::Result<()> {
        let finding = (finding.hints.to_vec(), finding.messages_only);
        self.seen.lock().unwrap().findings.push(finding);
        Ok(())
    }

    fn tells(&self) -> bool {
        true
    }

    fn tell(&mut self, _: &Heralds, stored: Vec<Stored>) {
        let text = |(message, _): &Stored| message.content.text().to_owned();
        self.seen.lock().unwrap().told.extend(stored.iter().map(text));
    }

    fn finish(self: Box<Self>, connection: Connection) {
        Box::new(self.upkeep).finish(connection);
    }

    fn lost_patience(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn batch_time_max(&self) -> Duration {
        self.upkeep.batch_time_max()
    }
}

struct Realm {
    store: SqliteStore,
    ana: UserId,
    budi: UserId,
    seen: Shared,
    dir: tempfile::TempDir,
}

async fn realm() -> Realm {
    let dir = tempfile::tempdir().unwrap();
    let seen = Shared::default();
    let on_fatal: OnFatal = Arc::new(|what| panic!("{what}"));
    let store = start(dir.path(), on_fatal, Durability::Full, |connection, upkeep| {
        let noting = Noting { upkeep, seen: Arc::clone(&seen) };
        (Connection::new(Faulty { connection, seen: Arc::clone(&seen) }), Box::new(noting))
    });
    let store = store.unwrap();
    let ana = store.create_user(new_user("ana")).await.unwrap().id;
    let budi = store.create_user(new_user("budi")).await.unwrap().id;
    seen.lock().unwrap().findings.clear();
    Realm { store, ana, budi, seen, dir }
}

impl Realm {
    fn message(&self, text: &str) -> NewMessage {
        let content = Content::Text(Body::parse(text).unwrap());
        NewMessage::new(self.ana, vec![Target::Direct(self.budi)], content, Timestamp(0))
    }

    async fn say(&self, text: &str) -> Result<Vec<Posted>> {
        self.store.post(self.message(text)).await.unwrap().await
    }

    async fn texts(&self) -> Vec<String> {
        let unread = self.store.unread(self.budi, PART).await.unwrap();
        unread.messages.into_iter().map(|message| message.body).collect()
    }

    fn meets(&self, begins: &[Fault], commits: &[Fault]) {
        let mut seen = self.seen.lock().unwrap();
        seen.begins.extend(begins);
        seen.commits.extend(commits);
    }

    /// Keeps the writer from going on until the sender is dropped. It is in a transaction then, which meets no fault.
    async fn hold_writer(&self) -> std::sync::mpsc::Sender<()> {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (began_at, began) = oneshot::channel();
        let (answer, _) = oneshot::channel();
        let hold = move |_: &mut Work| {
            let _ = began_at.send(());
            let _ = released.recv();
            Ok(())
        };
        self.store.hand_over(kabar_store_sql::change(hold, answer)).await.unwrap();
        began.await.unwrap();
        release
    }

    /// Another node, which does this.
    fn elsewhere(&self, sql: &str) {
        let other = rusqlite::Connection::open(self.dir.path().join(FILE)).unwrap();
        other.execute_batch(sql).unwrap();
    }
}

fn group(creator: UserId, name: &str) -> NewGroup {
    NewGroup {
        name: GroupName::parse(name).unwrap(),
        visibility: Visibility::Public,
        creator,
        at: Timestamp(0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_lost_transaction_are_run_again_and_other_changes_are_told_that_they_failed()
{
    for kind in [Kind::Lost, Kind::Failed] {
        let realm = realm().await;
        realm.say("first").await.unwrap();
        let release = realm.hold_writer().await;
        let mut tickets = Vec::new();
        for text in ["a", "b"] {
            tickets.push(realm.store.post(realm.message(text)).await.unwrap());
        }
        let (answer, undone) = oneshot::channel();
        let ana = realm.ana;
        let rename = move |work: &mut Work| {
            work.hint(Hint::UserChanged(ana));
            work.connection.execute("UPDATE account SET name = 'spoiled'", ())?;
            Ok(())
        };
        realm.store.hand_over(kabar_store_sql::change(rename, answer)).await.unwrap();
        tickets.push(realm.store.post(realm.message("c")).await.unwrap());
        // That which is held commits, too.
        realm.meets(&[], &[Fault::Undone(kind)]);
        drop(release);
        for (ticket, seq) in tickets.into_iter().zip(2..) {
            assert_eq!(ticket.await.unwrap()[0].place.seq, Seq(seq));
        }
        assert!(matches!(undone.await.unwrap(), Err(Error::Failed(_))));
        assert_eq!(realm.texts().await, ["first", "a", "b", "c"]);
        realm.store.check().await.unwrap();
        let names = realm.store.users(&[realm.ana]).await.unwrap();
        assert_ne!(names[0].name.as_str(), "spoiled");
        let seen = realm.seen.lock().unwrap();
        assert_eq!(seen.told, ["first", "a", "b", "c"], "each once, and in order");
        let last_two = &seen.findings[seen.findings.len() - 2..];
        assert_eq!(last_two[0], (vec![], true), "{last_two:?}: the hint was undone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_transaction_is_undone_again_and_again_fails_and_uses_no_number() {
    let realm = realm().await;
    realm.meets(&[], &[Fault::Undone(Kind::Lost); 3]);
    assert!(matches!(realm.say("lost").await, Err(Error::Failed(_))));
    assert_eq!(realm.say("kept").await.unwrap()[0].place.seq, Seq(1));
    assert_eq!(realm.texts().await, ["kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_while_the_database_is_away_for_a_moment_notices_nothing() {
    let realm = realm().await;
    realm.meets(&[Fault::Unreachable; 3], &[]);
    assert_eq!(realm.say("hai").await.unwrap()[0].place.seq, Seq(1));
    assert_eq!(realm.seen.lock().unwrap().reconnected, 3);
    realm.meets(&[Fault::Unreachable], &[]);
    realm.store.create_user(new_user("citra")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_while_the_database_stays_away_is_told_so_in_time_with_all_who_wait() {
    let realm = realm().await;
    let release = realm.hold_writer().await;
    realm.meets(&[Fault::Unreachable; 100], &[]);
    let waits = realm.store.post(realm.message("one")).await.unwrap();
    drop(release);
    waits.await.unwrap();
    let mut tickets = Vec::new();
    for number in 0..20 {
        tickets.push(realm.store.post(realm.message(&number.to_string())).await.unwrap());
    }
    let begun = std::time::Instant::now();
    for ticket in tickets {
        assert!(matches!(ticket.await, Err(Error::Failed(_))));
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "not one after the other");
    realm.seen.lock().unwrap().begins.clear();
    assert_eq!(realm.say("two").await.unwrap()[0].place.seq, Seq(2));
    assert_eq!(realm.texts().await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_written_is_looked_up_again() {
    let realm = realm().await;
    let place = realm.say("one").await.unwrap()[0].place;
    let id = place.conversation.0;
    realm.elsewhere(&format!(
        "INSERT INTO message (conversation_id, seq, author_id, sent_at, body)
         VALUES ({id}, 2, {}, 0, 'two')",
        realm.ana.0
    ));
    realm.meets(&[Fault::Others(Since::Messages)], &[]);
    assert_eq!(realm.say("three").await.unwrap()[0].place.seq, Seq(3));

    let klub = realm.store.create_group(group(realm.ana, "Klub")).await.unwrap().id;
    let content = Content::Text(Body::parse("hai").unwrap());
    let to_klub = NewMessage::new(realm.ana, vec![Target::Group(klub)], content, Timestamp(0));
    realm.store.post(to_klub.clone()).await.unwrap().await.unwrap();
    realm.elsewhere(&format!("DELETE FROM member WHERE conversation_id = {}", klub.0));
    realm.meets(&[Fault::Others(Since::Anything)], &[]);
    let refused = realm.store.post(to_klub).await.unwrap().await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotMember))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_nodes_are_told_of_what_they_remember_and_of_nothing_that_was_refused() {
    let realm = realm().await;
    let finding = || realm.seen.lock().unwrap().findings.pop().unwrap();
    realm.say("hai").await.unwrap();
    assert_eq!(finding(), (vec![], true));
    let klub = realm.store.create_group(group(realm.ana, "Klub")).await.unwrap().id;
    assert_eq!(finding(), (vec![Hint::GroupChanged(klub)], false));
    realm.store.join_group(klub, realm.budi, Timestamp(1)).await.unwrap();
    assert_eq!(finding(), (vec![Hint::GroupChanged(klub)], false));
    let change = GroupChange { visibility: Some(Visibility::Private), ..GroupChange::default() };
    realm.store.change_group(klub, realm.budi, change.clone()).await.unwrap_err();
    assert_eq!(finding(), (vec![], true), "refused");
    let told_too_early = realm.store.change(move |work| {
        work.hint(Hint::GroupChanged(klub));
        Err::<(), _>(Refusal::NotAllowed.into())
    });
    told_too_early.await.unwrap_err();
    assert_eq!(finding(), (vec![], true), "undone");
    realm.store.change_group(klub, realm.ana, change).await.unwrap();
    assert_eq!(finding(), (vec![Hint::GroupChanged(klub)], false));
    realm.store.leave_group(klub, realm.budi, Timestamp(2)).await.unwrap();
    let by = NodeId::NONE;
    let left = Hint::Left { by, conversation: klub, user: realm.budi };
    assert_eq!(finding().0, [Hint::GroupChanged(klub), left]);
    let place = realm.say("dua").await.unwrap()[0].place;
    for (seq, hints) in [(Seq(2), 1), (Seq(2), 0), (Seq(1), 0)] {
        realm.store.mark_read(realm.budi, &[Place { seq, ..place }]).await.unwrap();
        let read = Hint::Read { by, user: realm.budi, place };
        assert_eq!(finding().0, vec![read; hints], "what has been read already is not told");
    }

    let name = UserChange::Name(DisplayName::parse("Ana Dua").unwrap());
    realm.store.change_user(realm.ana, name).await.unwrap();
    assert_eq!(finding(), (vec![Hint::UserChanged(realm.ana)], true));
    let settings = UserChange::Settings("{}".into());
    realm.store.change_user(realm.ana, settings).await.unwrap();
    assert_eq!(finding(), (vec![], true), "nobody else sees it");
    let session = NewSession {
        user: realm.ana,
        token: TokenHash([7; 32]),
        at: Timestamp(3),
        checked: None,
        asked_by: None,
        purpose: Purpose::Person,
    };
    let session = realm.store.create_session(session).await.unwrap().session.id;
    assert_eq!(finding(), (vec![], true));
    realm.store.end_session(session).await.unwrap();
    assert_eq!(finding(), (vec![Hint::SessionEnded(session)], true));
    realm.store.end_session(session).await.unwrap();
    assert_eq!(finding().0, [], "it had ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_nodes_are_told_of_what_another_realm_says() {
    let realm = realm().await;
    let links = realm.store.links().unwrap();
    let [lab, kampus] = ["lab", "kampus"].map(|name| RealmName::parse(name).unwrap());
    links.keep_identity("secret".into(), lab).await.unwrap();
    let new = NewLink {
        name: kampus.clone(),
        own_name: kampus,
        reach: None,
        root: [7; 32],
        keys: String::new(),
        standing: Standing::Linked,
        invite: None,
        at: Timestamp(1),
    };
    let link = links.add_link(new).await.unwrap().id;
    let member = |user: &str, name: &str| InMember {
        user: Username::parse_kept(user).unwrap(),
        name: DisplayName::parse(name).unwrap(),
        role: GroupRole::Member,
        joined: Seq::NONE,
    };
    let members = |name: &str| InMembers {
        group: ConversationId(5),
        name: GroupName::parse("Klub").unwrap(),
        visibility: Visibility::Public,
        members: vec![member("ana", "Ana"), member("maya@kampus", name)],
    };
    let batch = |number: u8, name: &str| Batch {
        epoch: 9,
        first: number.into(),
        before: Uid([number - 1; 16]),
        items: vec![(Uid([number; 16]), Ok(Inbound::Members(members(name))))],
        at: Timestamp(2),
    };
    links.receive(link, batch(1, "Maya")).await.unwrap();
    let klub = realm.store.group("Klub@kampus").await.unwrap().unwrap().id;
    let finding = || realm.seen.lock().unwrap().findings.pop().unwrap();
    let stands = Hint::Delivery { by: NodeId::NONE, conversation: klub, user: None };
    assert_eq!(finding(), (vec![Hint::GroupChanged(klub), stands], false));
    links.receive(link, batch(2, "Maya Dua")).await.unwrap();
    let maya = Username::parse_kept("maya@kampus").unwrap();
    let maya = realm.store.account(&maya).await.unwrap().unwrap().user;
    assert_eq!(maya.name.as_str(), "Maya Dua");
    assert_eq!(finding().0, [Hint::UserChanged(maya.id), Hint::GroupChanged(klub), stands]);
}

/// Nobody is told by the store where the upkeep tells.
#[derive(Debug)]
struct Silent;

impl Herald for Silent {
    fn listens(&self) -> bool {
        true
    }

    fn posted(&self, message: NewMessage, _: Vec<Posted>) {
        panic!("told of {}", message.content.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_upkeep_tells_the_store_does_not() {
    let realm = realm().await;
    realm.store.tell(Arc::new(Silent));
    realm.say("one").await.unwrap();
    realm.say("two").await.unwrap();
    realm.store.check().await.unwrap();
    assert_eq!(realm.seen.lock().unwrap().told, ["one", "two"]);
}
