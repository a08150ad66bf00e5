//! Two nodes of one realm that would both keep a link going, one of which is paused at the worst moments and wakes up
//! late: whatever was accepted arrives once and in order, and nobody begins anew for it.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use kabar_engine::store::links::{Link, Reach, Standing};
use kabar_engine::store::nodes::{NodeId, link_lease};
use kabar_engine::testing::{ManualClock, MemoryBlobs};
use kabar_engine::{
    Accept, Caller, Clock, Engine, LocalBus, Operator, Origin, RealmSettings, Realms, Registration,
    Settings, Store, SystemClock,
};
use kabar_federation::link::{CameBack, LinkSettings, Links, Request, Sent, Turn, Unreached, Wire};
use kabar_model::{Address, Body, LinkId, Password, RealmName, Role, SessionToken, Username};
use kabar_store_postgres::{Buses, PostgresStore, open};
use kabar_testbed::Postgres;
use tokio::sync::Semaphore;

const ROUNDS: usize = 24;

/// Numbers that look random and are the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % end
    }
}

/// Where a node is paused while it asks the other realm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    Nowhere,
    BeforeItArrives,
    BeforeTheAnswer,
}

/// One node's end of the network.
struct End {
    net: Arc<Mutex<HashMap<String, Vec<Weak<Links>>>>>,
    pause: Mutex<Pause>,
    paused: Semaphore,
    go_on: Semaphore,
    /// What was asked, in its order.
    asked: Mutex<Vec<Request>>,
}

impl End {
    async fn rest(&self, at: Pause) {
        if *self.pause.lock().unwrap() == at {
            *self.pause.lock().unwrap() = Pause::Nowhere;
            self.paused.add_permits(1);
            self.go_on.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl Wire for End {
    async fn send(&self, to: &Reach, sent: Sent) -> Result<CameBack, Unreached> {
        self.rest(Pause::BeforeItArrives).await;
        let request = Request {
            method: sent.method.to_owned(),
            path: sent.path.to_owned(),
            query: sent.query,
            headers: sent.headers.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
            body: sent.body,
            from: [127, 0, 0, 1].into(),
        };
        self.asked.lock().unwrap().push(request.clone());
        let links = {
            let nodes = &mut *self.net.lock().unwrap();
            let nodes = nodes.get_mut(&to.host).unwrap();
            // A load balancer.
            nodes.rotate_left(1);
            nodes[0].upgrade().unwrap()
        };
        let answer = links.answer(&request).await;
        self.rest(Pause::BeforeTheAnswer).await;
        let mut headers: HashMap<String, String> =
            answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        headers.insert("content-type".to_owned(), answer.content_type.to_owned());
        Ok(CameBack { status: answer.status, headers, body: answer.body })
    }
}

struct Node {
    engine: Arc<Engine>,
    links: Arc<Links>,
    store: Arc<PostgresStore>,
    end: Arc<End>,
}

type Net = Arc<Mutex<HashMap<String, Vec<Weak<Links>>>>>;

async fn node(realm: &str, url: &str, net: &Net) -> Node {
    node_that(realm, url, net, Accept::Open).await
}

async fn node_that(realm: &str, url: &str, net: &Net, accept: Accept) -> Node {
    node_by(Arc::new(SystemClock::default()), realm, url, net, accept).await
}

async fn node_by(clock: Arc<dyn Clock>, realm: &str, url: &str, net: &Net, accept: Accept) -> Node {
    let settings = kabar_store_postgres::Settings { url: url.to_owned(), accept_unsafe: false };
    let store = open(&settings, Buses::default(), Arc::new(|what| panic!("{what}"))).unwrap();
    let store = Arc::new(store);
    let name = RealmName::parse(realm).unwrap();
    let realms = RealmSettings { accept, private: true };
    let kept: Arc<dyn Store> = Arc::clone(&store) as _;
    let engine = Engine::start(
        Settings { realms, ..Settings::new(name.clone()) },
        Arc::clone(&kept),
        Arc::new(MemoryBlobs::default()),
        Arc::new(LocalBus::default()),
        Arc::clone(&clock),
    )
    .await
    .unwrap();
    let settings = LinkSettings {
        realm: name,
        accept,
        private: true,
        host: Some(realm.to_owned()),
        port: Some(1),
        invite_host: None,
        expires: Duration::from_hours(24),
        presence: false,
    };
    let end = Arc::new(End {
        net: Arc::clone(net),
        pause: Mutex::new(Pause::Nowhere),
        paused: Semaphore::new(0),
        go_on: Semaphore::new(0),
        asked: Mutex::default(),
    });
    let wire = Arc::clone(&end) as Arc<dyn Wire>;
    let links = Links::open(Arc::clone(&engine), kept, wire, clock, settings).await.unwrap();
    engine.link_by(&(Arc::clone(&links) as Arc<dyn Realms>));
    net.lock().unwrap().entry(realm.to_owned()).or_default().push(Arc::downgrade(&links));
    Node { engine, links, store, end }
}

impl Node {
    async fn person(&self, name: &str) -> SessionToken {
        let username = Username::parse(name).unwrap();
        let password = Password::parse("surabaya").unwrap();
        let wish = Registration {
            username: username.clone(),
            password: password.clone(),
            name: None,
            country: None,
            invitation: None,
        };
        self.engine.add_user(Operator::vouched(), wish, Role::User).await.unwrap();
        let origin = Origin { address: [127, 0, 0, 1].into() };
        self.engine.login(origin, &username, password).await.unwrap().token
    }

    async fn say(&self, token: SessionToken, number: usize) {
        let ana = self.engine.resume(token).await.unwrap();
        let to = [Address::parse("budi@beta").unwrap()];
        let body = Body::parse(&number.to_string()).unwrap();
        self.engine.send(&ana, &to, body).await.unwrap().durable().await.unwrap();
    }

    /// Another node may take the link from now on: this one has been silent for too long.
    async fn loses(&self, link: LinkId, holder: NodeId) {
        let nodes = self.store.nodes().unwrap();
        let name = link_lease(link);
        let token = nodes.lease(&name, holder, Duration::from_secs(5)).await.unwrap();
        nodes.release(&name, token.expect("it holds the link")).await.unwrap();
    }

    async fn turns(&self, link: LinkId, count: u64) {
        for _ in 0..count {
            self.links.turn(link).await.unwrap();
        }
    }

    async fn link(&self, link: LinkId) -> Link {
        let links = self.store.links().unwrap().links().await.unwrap();
        links.into_iter().find(|found| found.id == link).unwrap()
    }

    async fn epoch(&self, link: LinkId) -> i64 {
        self.link(link).await.epoch
    }
}

async fn read(node: &Node, caller: &Caller) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let inbox = node.engine.inbox(caller).await.unwrap();
        texts.extend(inbox.items.into_iter().map(|item| item.body));
        match inbox.receipt {
            Some(receipt) => node.engine.confirm(receipt).await.unwrap(),
            None => return texts,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_wakes_up_late_neither_doubles_nor_loses_anything() {
    let server = Postgres::shared();
    let (ours, theirs) = (server.new_database(), server.new_database());
    let net = Net::default();
    let alfa = [node("alfa", &ours, &net).await, node("alfa", &ours, &net).await];
    let beta = node("beta", &theirs, &net).await;
    let (ana, budi) = (alfa[0].person("ana").await, beta.person("budi").await);
    let reach = Reach { host: "beta".to_owned(), port: 1, private: true };
    let shown = alfa[0].links.add(RealmName::parse("beta").unwrap(), reach).await.unwrap();
    let link = shown.link.id;
    let epoch = alfa[0].epoch(link).await;
    let (mut dice, mut said) = (Dice(7), 0);
    for round in 0..ROUNDS {
        let (holder, other) = (&alfa[round % 2], &alfa[(round + 1) % 2]);
        for _ in 0..=dice.below(3) {
            alfa[usize::try_from(dice.below(2)).unwrap()].say(ana, said).await;
            said += 1;
        }
        let at = [Pause::BeforeItArrives, Pause::BeforeTheAnswer]
            [usize::try_from(dice.below(2)).unwrap()];
        *holder.end.pause.lock().unwrap() = at;
        let links = Arc::clone(&holder.links);
        let paused = tokio::spawn(async move { links.turn(link).await.unwrap() });
        holder.end.paused.acquire().await.unwrap().forget();
        assert!(matches!(other.links.turn(link).await.unwrap(), Turn::Wait(_)), "it is held");
        holder.loses(link, holder.engine.node()).await;
        other.turns(link, dice.below(3)).await;
        for _ in 0..dice.below(3) {
            other.say(ana, said).await;
            said += 1;
        }
        other.turns(link, dice.below(3)).await;
        holder.end.go_on.add_permits(1);
        paused.await.unwrap();
        // It may have to learn first that an earlier lease of its own is over.
        other.turns(link, 2).await;
        // The next round's holder has it already; this one knows that it has not.
        holder.turns(link, 1).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..5 {
        for node in &alfa {
            node.turns(link, 1).await;
        }
    }
    let budi = beta.engine.resume(budi).await.unwrap();
    let expected: Vec<String> = (0..said).map(|number| number.to_string()).collect();
    assert_eq!(read(&beta, &budi).await, expected);
    assert_eq!(alfa[0].epoch(link).await, epoch, "nobody began anew");
    let links = alfa[1].engine.links().await.unwrap();
    assert_eq!(links[0].queued(), 0, "{links:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_ended_while_an_answer_was_awaited_stays_ended() {
    let server = Postgres::shared();
    let (ours, theirs) = (server.new_database(), server.new_database());
    let net = Net::default();
    let alfa = [node("alfa", &ours, &net).await, node("alfa", &ours, &net).await];
    let beta = node_that("beta", &theirs, &net, Accept::Ask).await;
    let reach = Reach { host: "beta".to_owned(), port: 1, private: true };
    let shown = alfa[0].links.add(RealmName::parse("beta").unwrap(), reach).await.unwrap();
    let link = shown.link.id;
    assert_eq!(shown.link.standing, Standing::Asked);
    let there = beta.engine.links().await.unwrap()[0].id;
    beta.links.accept(there).await.unwrap();

    // That beta has agreed is on its way here when an administrator ends it on the other node.
    *alfa[0].end.pause.lock().unwrap() = Pause::BeforeTheAnswer;
    let links = Arc::clone(&alfa[0].links);
    let asking = tokio::spawn(async move { links.turn(link).await.unwrap() });
    alfa[0].end.paused.acquire().await.unwrap().forget();
    alfa[1].links.stop(link, Standing::Blocked).await.unwrap();
    alfa[0].end.go_on.add_permits(1);
    asking.await.unwrap();
    assert_eq!(alfa[0].link(link).await.standing, Standing::Blocked);
    alfa[0].links.accept(link).await.unwrap();
    assert_eq!(alfa[1].link(link).await.standing, Standing::Linked, "an administrator's word");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_comes_again_on_another_node_begins_nothing_anew() {
    let server = Postgres::shared();
    let (ours, theirs) = (server.new_database(), server.new_database());
    let net = Net::default();
    let alfa = [node("alfa", &ours, &net).await, node("alfa", &ours, &net).await];
    let beta = node("beta", &theirs, &net).await;
    let (ana, budi) = (alfa[0].person("ana").await, beta.person("budi").await);
    let reach = Reach { host: "beta".to_owned(), port: 1, private: true };
    let shown = alfa[0].links.add(RealmName::parse("beta").unwrap(), reach).await.unwrap();
    let (link, there) = (shown.link.id, beta.engine.links().await.unwrap()[0].id);
    alfa[0].say(ana, 0).await;
    alfa[0].turns(link, 2).await;
    beta.links.pull(there, Duration::ZERO).await.unwrap();
    let asked = beta.end.asked.lock().unwrap().clone();
    let pull = asked.iter().rfind(|request| request.path.ends_with("/pull")).unwrap();

    alfa[0].say(ana, 1).await;
    alfa[0].turns(link, 2).await;
    let before = alfa[0].link(link).await;
    assert!(before.acknowledged > 1, "{before:?}");
    let mut statuses = Vec::new();
    for node in &alfa {
        statuses.push(node.links.answer(pull).await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "one node has not seen it");
    assert_eq!(alfa[0].link(link).await.epoch, before.epoch);
    let budi = beta.engine.resume(budi).await.unwrap();
    assert_eq!(read(&beta, &budi).await, ["0", "1"]);

    // Beta is restored as it was before the last item, and finds that out by pulling.
    let restored = "UPDATE link SET received = received - 1,
                        recent = substring(recent FROM 1 FOR length(recent) - 16)";
    server.sql(theirs.rsplit('/').next().unwrap(), restored);
    beta.links.pull(there, Duration::ZERO).await.unwrap();
    let after = alfa[0].link(link).await;
    assert!(after.epoch > before.epoch, "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_has_waited_too_long_by_a_clock_that_is_not_the_databases() {
    let server = Postgres::shared();
    let (ours, theirs) = (server.new_database(), server.new_database());
    let net = Net::default();
    let (alfa, beta) = (node("alfa", &ours, &net).await, node("beta", &theirs, &net).await);
    let ana = alfa.person("ana").await;
    beta.person("budi").await;
    let reach = Reach { host: "beta".to_owned(), port: 1, private: true };
    let shown = alfa.links.add(RealmName::parse("beta").unwrap(), reach).await.unwrap();
    let link = shown.link.id;
    alfa.turns(link, 2).await;
    alfa.say(ana, 0).await;
    let waits = alfa.link(link).await.queued();
    assert!(waits > 0);
    alfa.loses(link, alfa.engine.node()).await;

    let right = SystemClock::default().now();
    let clock = Arc::new(ManualClock::new(right.after(Duration::from_hours(48))));
    let wrong = node_by(clock.clone(), "alfa", &ours, &net, Accept::Open).await;
    assert!(alfa.engine.trusts_clock() && !wrong.engine.trusts_clock());
    assert_eq!(wrong.links.expire().await.unwrap(), 0);
    assert_eq!(alfa.link(link).await.queued(), waits, "it goes out yet");
    clock.set(right);
    wrong.engine.tell_nodes().await.unwrap();
    assert!(wrong.engine.trusts_clock());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_made_and_changed_at_the_same_time_are_all_kept() {
    let url = Postgres::shared().new_database();
    let net = Net::default();
    let alfa = node("alfa", &url, &net).await;
    let store = alfa.store.links().unwrap();
    let first = store.identity().await.unwrap();
    // One lease for them all: it is the node's.
    let rotate = || alfa.links.rotate();
    let (one, two, three) = tokio::join!(rotate(), rotate(), rotate());
    for outcome in [one, two, three] {
        outcome.unwrap();
    }
    let kept = store.identity().await.unwrap();
    assert_eq!(kept.as_deref().unwrap().matches("\"secret\":").count(), 4, "one and three more");

    let name = RealmName::parse("alfa").unwrap();
    for late in [None, first] {
        let replaced = store.replace_identity(late, "late".to_owned(), name.clone()).await;
        assert!(!replaced.unwrap(), "it was read before");
    }
    assert_eq!(store.identity().await.unwrap(), kept);
    assert!(store.replace_identity(kept, "next".to_owned(), name).await.unwrap());
    assert_eq!(store.identity().await.unwrap().as_deref(), Some("next"));
}
