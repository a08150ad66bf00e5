//! Realms in directories of their own, and what carries items between them.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is part of tests")]

mod carry;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use kabar_engine::Store;
use kabar_engine::store::links::{Behind, LinkStore, NewLink, Standing};
use kabar_engine::store::{Content, Herald, NewFile, NewGroup, NewMessage, Place, Posted, Target};
use kabar_engine::testing::new_user;
use kabar_model::{
    Body, ClientKey, ContentHash, ConversationId, File, FileCode, FileName, GroupName, LinkId,
    RealmName, Seq, Timestamp, UserId, Username, Visibility,
};
use kabar_store_sqlite::{FILE, SqliteStore};

#[allow(unused_imports, reason = "each test file uses its own part")]
pub(crate) use self::carry::{batch, carry, catch_up, exchange, in_message};

/// A realm.
pub(crate) struct Realm {
    pub(crate) name: RealmName,
    store: Option<SqliteStore>,
    dir: tempfile::TempDir,
    heard: Arc<Heard>,
}

/// The time; each look is a second later.
pub(crate) fn now() -> Timestamp {
    static SECS: AtomicI64 = AtomicI64::new(1_750_000_000);
    Timestamp(SECS.fetch_add(1, Ordering::Relaxed) * 1_000_000)
}

pub(crate) async fn realm(name: &str) -> Realm {
    let dir = tempfile::tempdir().unwrap();
    let name = RealmName::parse(name).unwrap();
    let mut realm = Realm { name, store: None, dir, heard: Arc::default() };
    realm.start();
    realm.links().keep_identity("keys".to_owned(), realm.name.clone()).await.unwrap();
    realm
}

/// Links two realms.
pub(crate) async fn link(one: &Realm, other: &Realm) {
    for (here, there) in [(one, other), (other, one)] {
        let new = NewLink {
            name: there.name.clone(),
            own_name: there.name.clone(),
            reach: None,
            root: [1; 32],
            keys: String::new(),
            standing: Standing::Linked,
            invite: None,
            at: now(),
        };
        here.links().add_link(new).await.unwrap();
    }
}

/// Two realms that are linked; the first is the home of what two people say to each other.
pub(crate) async fn two() -> (Realm, Realm) {
    let (a, b) = (realm("alpha").await, realm("beta").await);
    link(&a, &b).await;
    (a, b)
}

impl Realm {
    fn start(&mut self) {
        let store =
            kabar_store_sqlite::open(self.dir.path(), Arc::new(|what| panic!("{what}"))).unwrap();
        store.tell(Arc::clone(&self.heard) as Arc<dyn Herald>);
        self.store = Some(store);
    }

    pub(crate) fn store(&self) -> &SqliteStore {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn links(&self) -> &dyn LinkStore {
        Store::links(self.store()).unwrap()
    }

    /// The number of the link to that realm.
    pub(crate) async fn link_to(&self, realm: &Realm) -> LinkId {
        let links = self.links().links().await.unwrap();
        links.into_iter().find(|link| link.own_name == realm.name).unwrap().id
    }

    fn database(&self) -> PathBuf {
        self.dir.path().join(FILE)
    }

    /// The database as it is now.
    pub(crate) fn backup(&mut self) -> Vec<u8> {
        self.store = None;
        let bytes = fs::read(self.database()).unwrap();
        self.start();
        bytes
    }

    /// Puts a database back.
    pub(crate) fn restore(&mut self, backup: &[u8]) {
        self.store = None;
        for file in fs::read_dir(self.dir.path()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        fs::write(self.database(), backup).unwrap();
        self.start();
    }

    /// The texts that were told since the last look.
    pub(crate) async fn heard(&self) -> Vec<String> {
        // Whoever asked for something is answered before others are told; the next change waits for both.
        self.store().check().await.unwrap();
        std::mem::take(&mut *self.heard.0.lock().unwrap())
    }

    pub(crate) async fn user(&self, name: &str) -> UserId {
        self.store().create_user(new_user(name)).await.unwrap().id
    }

    /// Somebody of another realm, who stands for them here.
    pub(crate) async fn other(&self, name: &str, realm: &Realm) -> UserId {
        let username = Username::parse(name).unwrap().at(&realm.name);
        self.links().stand_in(&username, None, now()).await.unwrap().id
    }

    pub(crate) async fn group(&self, name: &str, creator: UserId) -> ConversationId {
        let name = GroupName::parse(name).unwrap();
        let new = NewGroup { name, creator, visibility: Visibility::Public, at: now() };
        self.store().create_group(new).await.unwrap().id
    }

    /// The open group of that name or code.
    pub(crate) async fn group_named(&self, name: &str) -> ConversationId {
        self.store().group(name).await.unwrap().unwrap().id
    }

    pub(crate) async fn post(&self, author: UserId, target: Target, content: Content) -> Posted {
        let new = NewMessage::new(author, vec![target], content, now());
        self.store().post(new).await.unwrap().await.unwrap()[0]
    }

    pub(crate) async fn say(&self, author: UserId, target: Target, text: &str) -> Posted {
        self.post(author, target, Content::Text(Body::parse(text).unwrap())).await
    }

    /// As [`Realm::say`], with what the client calls it.
    pub(crate) async fn say_as(&self, author: UserId, target: Target, key: &str, text: &str) {
        let content = Content::Text(Body::parse(text).unwrap());
        let new = NewMessage::new(author, vec![target], content, now());
        let new = NewMessage { key: Some(ClientKey::parse(key).unwrap()), ..new };
        self.store().post(new).await.unwrap().await.unwrap();
    }

    /// What was said in a conversation, with its author, in order; `-` for what is gone.
    pub(crate) async fn told(&self, conversation: ConversationId) -> Vec<String> {
        let messages = self.store().messages(conversation, Seq::NONE, 1_000).await.unwrap();
        let mut told = Vec::new();
        for message in messages {
            let author = self.store().users(&[message.author]).await.unwrap();
            let text = if message.deleted { "-" } else { &message.body };
            told.push(format!("{}: {text}", author[0].username.bare()));
        }
        told
    }

    pub(crate) async fn direct(&self, one: UserId, other: UserId) -> ConversationId {
        self.store().direct(one, other).await.unwrap().unwrap()
    }

    pub(crate) async fn behind(&self, realm: &Realm) -> Vec<Behind> {
        self.links().behind(self.link_to(realm).await).await.unwrap()
    }

    /// The names of a conversation's members, in the order of standing.
    pub(crate) async fn members(&self, conversation: ConversationId) -> Vec<String> {
        let mut names = Vec::new();
        for (user, _) in self.store().members(conversation).await.unwrap() {
            let user = self.store().users(&[user]).await.unwrap();
            names.push(user[0].username.to_string());
        }
        names
    }
}

/// A file of so many bytes, all of which are that number.
pub(crate) fn file(number: u8) -> Content {
    let file = File {
        code: FileCode::new(number.into()),
        name: FileName::clean("laporan.pdf").unwrap(),
        size: 1_000,
        media_type: "application/pdf".into(),
        hash: ContentHash([number; 32]),
    };
    Content::File(Box::new(NewFile { file, caption: None, sole: false }))
}

pub(crate) fn at(conversation: ConversationId, seq: i64) -> Place {
    Place { conversation, seq: Seq(seq) }
}

/// What a herald is told.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl Herald for Heard {
    fn listens(&self) -> bool {
        true
    }

    fn posted(&self, message: NewMessage, places: Vec<Posted>) {
        if places.iter().all(|posted| posted.outgoing.is_none()) {
            assert!(places.iter().all(|posted| posted.arrival.is_some()), "{places:?}");
            self.0.lock().unwrap().push(message.content.text().to_owned());
        }
    }
}
