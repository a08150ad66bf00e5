//! A world: some realms, what their people do, and what must be true in the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use kabar_engine::store::links::Link;
use kabar_engine::store::{Message, Place, Window};
use kabar_engine::{Error, Realms, Store};
use kabar_federation::link::Turn;
use kabar_model::{
    Address, Body, ConversationId, Emoji, GroupName, RealmName, Seq, SessionToken, Username,
    Visibility,
};
use tempfile::TempDir;

use crate::net::{Dice, Net};
use crate::realm::{Ground, PEOPLE, Realm};

const REALMS: [&str; 3] = ["alfa", "beta", "gama"];
const GROUP: &str = "kelompok";
/// What happens in a world before the network is healed.
const STEPS: usize = 90;
/// How often all links take their turns after that, before it is too often.
const ROUNDS_MAX: usize = 400;

/// Realms that are linked, with people and groups, to begin with.
pub(crate) struct Template {
    directory: TempDir,
    realms: usize,
    tokens: Vec<Vec<SessionToken>>,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn ground() -> TempDir {
    // Worlds need no disk: what is tested is the protocol, and what a crash of the program loses.
    let memory = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new();
    if memory.is_dir() {
        builder().tempdir_in(memory).unwrap()
    } else {
        builder().tempdir().unwrap()
    }
}

impl Template {
    pub(crate) fn make(realms: usize) -> Self {
        runtime().block_on(Self::making(realms))
    }

    async fn making(realms: usize) -> Self {
        let directory = ground();
        let net = Net::new(Dice::new(1), 0);
        let mut all = Vec::new();
        let mut tokens = Vec::new();
        for name in &REALMS[..realms] {
            let place = directory.path().join(name);
            fs::create_dir(&place).unwrap();
            let ground = Ground::new(name, &place, &net);
            let realm = ground.start().await;
            tokens.push(realm.populate().await);
            all.push((ground, realm));
        }
        for (from, (_, realm)) in all.iter().enumerate() {
            for name in &REALMS[from + 1..realms] {
                let reach = kabar_engine::store::links::Reach {
                    host: (*name).to_owned(),
                    port: 1,
                    private: true,
                };
                realm.links.add(RealmName::parse(name).unwrap(), reach).await.unwrap();
            }
        }
        for (own, (_, realm)) in all.iter().enumerate() {
            let mut callers = Vec::new();
            for token in &tokens[own] {
                callers.push(realm.engine.resume(*token).await.unwrap());
            }
            let name = GroupName::parse(GROUP).unwrap();
            realm.engine.create_group(&callers[0], name, Visibility::Public).await.unwrap();
            realm.engine.join_group(&callers[1], GROUP).await.unwrap();
        }
        for (own, (_, realm)) in all.iter().enumerate() {
            for (there, name) in REALMS[..realms].iter().enumerate() {
                if own == there {
                    continue;
                }
                for token in &tokens[own][..2] {
                    let caller = realm.engine.resume(*token).await.unwrap();
                    let group = format!("{GROUP}@{name}");
                    let joining = realm.engine.join_group(&caller, &group);
                    let turns = async {
                        loop {
                            for (_, realm) in &all {
                                for link in realm.link_ids().await {
                                    realm.links.turn(link).await.unwrap();
                                }
                            }
                            tokio::task::yield_now().await;
                        }
                    };
                    tokio::select! {
                        joined = joining => drop(joined.unwrap()),
                        () = turns => unreachable!(),
                    }
                }
            }
        }
        drop(all);
        Self { directory, realms, tokens }
    }
}

/// A text that was accepted.
struct Accepted {
    number: usize,
    author: String,
    talk: String,
}

pub(crate) struct World {
    dice: Dice,
    net: std::sync::Arc<Net>,
    _directory: TempDir,
    grounds: Vec<Ground>,
    realms: Vec<Option<Realm>>,
    accepted: Vec<Accepted>,
    deleted: HashSet<usize>,
    number: usize,
}

impl World {
    pub(crate) fn run(seed: u64, template: &Template) {
        runtime().block_on(async {
            let mut world = Self::from(seed, template).await;
            for _ in 0..STEPS {
                world.step().await;
            }
            world.settle(seed).await;
            world.check(seed).await;
        });
    }

    async fn from(seed: u64, template: &Template) -> Self {
        let mut dice = Dice::new(seed);
        let net = Net::new(Dice::new(seed ^ 0x5555), 10 + dice.below(60));
        let directory = ground();
        let (mut grounds, mut realms) = (Vec::new(), Vec::new());
        for (own, name) in REALMS[..template.realms].iter().enumerate() {
            let place = directory.path().join(name);
            copy(&template.directory.path().join(name), &place);
            let mut ground = Ground::new(name, &place, &net);
            ground.tokens.clone_from(&template.tokens[own]);
            realms.push(Some(ground.start().await));
            grounds.push(ground);
        }
        let (accepted, deleted, number) = Default::default();
        Self { dice, net, _directory: directory, grounds, realms, accepted, deleted, number }
    }

    fn realm(&self, at: usize) -> &Realm {
        self.realms[at].as_ref().unwrap()
    }

    async fn step(&mut self) {
        let at = self.dice.below(self.grounds.len());
        for ground in &self.grounds {
            ground.clock.advance(Duration::from_millis(1 + self.dice.below(900) as u64));
        }
        match self.dice.below(100) {
            0..35 => self.say(at).await,
            35..45 => self.change(at).await,
            45..80 => {
                let turns = 1 + self.dice.below(3);
                for _ in 0..turns {
                    self.turn(at).await;
                }
            }
            80..85 => self.read(at).await,
            85..93 => self.crash(at).await,
            93..97 => {
                let other = REALMS[self.dice.below(self.grounds.len())];
                self.net.part(REALMS[at], other);
            }
            _ => self.net.join_again(),
        }
    }

    async fn say(&mut self, at: usize) {
        let who = self.dice.below(2);
        let to = self.dice.below(self.grounds.len());
        let is_direct = self.dice.percent(50);
        let whom = self.dice.below(PEOPLE.len());
        self.number += 1;
        let number = self.number;
        let body = Body::parse(&format!("m{number}.")).unwrap();
        let realm = self.realm(at);
        let caller = &realm.callers[who];
        let (author, there) = (format!("{}@{}", PEOPLE[who], REALMS[at]), REALMS[to]);
        let (posting, talk) = if is_direct {
            let username = Username::parse(PEOPLE[whom]).unwrap();
            let address = Address { username, realm: Some(RealmName::parse(there).unwrap()) };
            let other = format!("{}@{there}", PEOPLE[whom]);
            let talk = talk_of(&author, &other);
            (realm.engine.send(caller, &[address], body).await, talk)
        } else {
            let group = format!("{GROUP}@{there}");
            (realm.engine.send_to_group(caller, &group, body).await, group)
        };
        let accepted = match posting {
            Ok(posting) => posting.durable().await,
            Err(error) => Err(error),
        };
        match accepted {
            Ok(_) => self.accepted.push(Accepted { number, author, talk }),
            Err(error) => panic!("m{number} of {author} to {talk} was not accepted: {error}"),
        }
    }

    /// Somebody edits, deletes or reacts to something that they see.
    async fn change(&mut self, at: usize) {
        let (who, pick) = (self.dice.below(2), self.dice.below(1_000));
        let (what, realm) = (self.dice.below(4), self.realm(at));
        let caller = &realm.callers[who];
        let all = realm.engine.conversations(caller).await.unwrap();
        let talk = &all[pick % all.len()];
        let id = talk.overview.conversation.id();
        let page = realm.engine.history(caller, id, Window::Last, 20).await.unwrap();
        let texts = page.messages.iter().filter(|shown| !shown.message.deleted);
        let texts: Vec<_> = texts.collect();
        let Some(shown) = texts.get(pick % texts.len().max(1)) else { return };
        let place = shown.message.place;
        let is_own = shown.message.author == caller.user();
        let number = number_of(&shown.message.body);
        let outcome = match what {
            0 if is_own => {
                let text = Body::parse(&format!("{} x", shown.message.body)).unwrap();
                realm.engine.edit(caller, place, text).await.map(drop)
            }
            1 if is_own => {
                let outcome = realm.engine.delete(caller, place).await.map(drop);
                self.deleted.extend(number);
                outcome
            }
            2 => {
                let emoji = Emoji::parse("👍").unwrap();
                realm.engine.react(caller, place, emoji, true).await.map(drop)
            }
            _ => {
                let emoji = Emoji::parse("👍").unwrap();
                realm.engine.react(caller, place, emoji, false).await.map(drop)
            }
        };
        match outcome {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    async fn read(&mut self, at: usize) {
        let (who, pick) = (self.dice.below(2), self.dice.below(1_000));
        let realm = self.realm(at);
        let caller = &realm.callers[who];
        let all = realm.engine.conversations(caller).await.unwrap();
        let overview = &all[pick % all.len()].overview;
        let place = Place { conversation: overview.conversation.id(), seq: overview.last };
        realm.engine.read_up_to(caller, place).await.unwrap();
    }

    async fn turn(&mut self, at: usize) {
        let pick = self.dice.below(1_000);
        let realm = self.realm(at);
        let links = realm.link_ids().await;
        realm.links.turn(links[pick % links.len()]).await.unwrap();
    }

    /// A step of a link breaks off anywhere, and the realm starts again on what was durable.
    async fn crash(&mut self, at: usize) {
        let (pick, polls) = (self.dice.below(1_000), self.dice.below(24));
        {
            let realm = self.realm(at);
            let links = realm.link_ids().await;
            abandon(realm.links.turn(links[pick % links.len()]), polls).await;
        }
        self.restart(at).await;
    }

    async fn restart(&mut self, at: usize) {
        let realm = self.realms[at].take().unwrap();
        let store = std::sync::Arc::downgrade(&realm.store);
        drop(realm);
        // What was under way on other threads still holds it for a moment.
        while store.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.realms[at] = Some(self.grounds[at].start().await);
    }

    /// The network heals, and all links take turns until nothing is left to do.
    async fn settle(&mut self, seed: u64) {
        self.net.heal();
        for _ in 0..ROUNDS_MAX {
            let mut is_quiet = true;
            for realm in self.realms.iter().flatten() {
                for link in realm.link_ids().await {
                    is_quiet &= realm.links.turn(link).await.unwrap() == Turn::Idle;
                    is_quiet &= realm.links.fetch(link).await.unwrap() == Turn::Idle;
                }
            }
            let mut waits = 0;
            for realm in self.realms.iter().flatten() {
                waits += realm.all_links().await.iter().map(Link::queued).sum::<u64>();
            }
            if is_quiet && waits == 0 {
                return;
            }
        }
        panic!("seed {seed}: the links do not come to rest");
    }

    async fn check(&self, seed: u64) {
        let mut talks: HashMap<String, Vec<(String, bool, Vec<Line>)>> = HashMap::new();
        for (at, realm) in self.realms.iter().flatten().enumerate() {
            for (talk, lines) in told(realm, REALMS[at]).await {
                let is_home = home_of(&talk) == REALMS[at];
                talks.entry(talk).or_default().push((REALMS[at].to_owned(), is_home, lines));
            }
            let kept = Store::links(&*realm.store).unwrap();
            for caller in &realm.callers {
                for talk in realm.engine.conversations(caller).await.unwrap() {
                    let id = talk.overview.conversation.id();
                    let waiting = kept.waiting(caller.user(), id).await.unwrap();
                    let waits = waiting.iter().filter(|outgoing| outgoing.failed.is_none());
                    assert_eq!(waits.count(), 0, "seed {seed}: something waits for ever");
                    let texts = waiting.iter().filter(|o| o.message.change.is_none());
                    assert_eq!(texts.count(), 0, "seed {seed}: a text failed: {waiting:?}");
                }
            }
        }
        for (talk, copies) in &talks {
            let home = copies.iter().find(|(_, is_home, _)| *is_home);
            let (_, _, truth) = home.unwrap_or_else(|| panic!("seed {seed}: {talk} has no home"));
            for (realm, _, copy) in copies {
                let first = copy.first().map_or(i64::MAX, |line| line.seq);
                let expected: Vec<_> = truth.iter().filter(|line| line.seq >= first).collect();
                let copy: Vec<_> = copy.iter().collect();
                assert_eq!(copy, expected, "seed {seed}: {talk} in {realm}");
            }
        }
        for Accepted { number, author, talk } in &self.accepted {
            let lines = talks.get(talk).unwrap_or_else(|| panic!("seed {seed}: no {talk}"));
            let (_, _, truth) = lines.iter().find(|(_, is_home, _)| *is_home).unwrap();
            let there = truth.iter().filter(|line| line.number() == Some(*number));
            let there: Vec<_> = there.collect();
            if !self.deleted.contains(number) {
                assert_eq!(
                    there.len(),
                    1,
                    "seed {seed}: m{number} of {author} in {talk}: {there:?}"
                );
            }
            assert!(there.len() <= 1, "seed {seed}: m{number} doubled");
            assert!(there.iter().all(|line| line.author == *author), "seed {seed}: m{number}");
        }
        // What somebody wrote stands in the order of their writing.
        for (talk, copies) in &talks {
            let mut last: BTreeMap<&str, usize> = BTreeMap::new();
            let (_, _, truth) = copies.iter().find(|(_, is_home, _)| *is_home).unwrap();
            for line in truth {
                let Some(number) = line.number() else { continue };
                let before = last.insert(&line.author, number);
                let in_order = before.is_none_or(|before| before < number);
                assert!(in_order, "seed {seed}: {talk}: m{number} after {before:?}");
            }
        }
    }
}

/// A message, as all realms must have it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    seq: i64,
    author: String,
    body: String,
    deleted: bool,
    is_change: bool,
    reactions: Vec<String>,
}

impl Line {
    fn number(&self) -> Option<usize> {
        if self.is_change { None } else { number_of(&self.body) }
    }
}

fn number_of(body: &str) -> Option<usize> {
    body.strip_prefix('m')?.split('.').next()?.parse().ok()
}

/// What a direct conversation is called: by its two people, the one whose realm sorts first first.
fn talk_of(one: &str, other: &str) -> String {
    let key = |address: &str| {
        address.split_once('@').map(|(user, realm)| (realm.to_owned(), user.to_owned()))
    };
    let (first, second) = if key(one) <= key(other) { (one, other) } else { (other, one) };
    format!("{first} {second}")
}

fn home_of(talk: &str) -> &str {
    let first = talk.split(' ').next().unwrap();
    first.rsplit('@').next().unwrap()
}

/// All conversations of a realm, with what was said.
async fn told(realm: &Realm, name: &str) -> Vec<(String, Vec<Line>)> {
    let address = |kept: &Username| match kept.realm() {
        Some(_) => kept.to_string(),
        None => format!("{kept}@{name}"),
    };
    let mut seen: HashSet<ConversationId> = HashSet::new();
    let mut all = Vec::new();
    for caller in &realm.callers {
        for talk in realm.engine.conversations(caller).await.unwrap() {
            let id = talk.overview.conversation.id();
            if !seen.insert(id) {
                continue;
            }
            let called = match (&talk.overview.conversation, &talk.with) {
                (kabar_engine::store::Conversation::Group(group), _) => {
                    let group = group.name.as_str();
                    if group.contains('@') { group.to_owned() } else { format!("{group}@{name}") }
                }
                (_, Some(with)) => talk_of(&address(caller.username()), &address(&with.username)),
                _ => continue,
            };
            let messages = realm.store.messages(id, Seq::NONE, 10_000).await.unwrap();
            let mut lines = Vec::new();
            for message in messages {
                lines.push(line(realm, &message, &address).await);
            }
            all.push((called, lines));
        }
    }
    all
}

async fn line(realm: &Realm, message: &Message, address: &impl Fn(&Username) -> String) -> Line {
    let place = message.place;
    let author = realm.store.users(&[message.author]).await.unwrap().pop().unwrap();
    let standing = realm.store.reactions(place.conversation, place.seq, place.seq).await.unwrap();
    let mut reactions = Vec::new();
    for reaction in standing {
        let user = realm.store.users(&[reaction.user]).await.unwrap().pop().unwrap();
        reactions.push(format!("{} {}", reaction.emoji.as_str(), address(&user.username)));
    }
    reactions.sort();
    Line {
        seq: place.seq.0,
        author: address(&author.username),
        body: if message.change.is_none() { message.body.clone() } else { String::new() },
        deleted: message.deleted && message.change.is_none(),
        // Of one that came to nothing no realm shows anything.
        is_change: message.change.is_some(),
        reactions,
    }
}

/// Polls so often and no more: it breaks off there.
async fn abandon(future: impl Future, polls: usize) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
