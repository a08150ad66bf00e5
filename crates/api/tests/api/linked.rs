//! A realm, `kampus`, on a store that keeps links, with two others that answer as they are told: `alfa` is the home of
//! what people of the two say to each other, and for `zeta` that is here. Here `alfa` is called `sekolah`.

use std::sync::Arc;

use async_trait::async_trait;
use kabar_engine::store::Content;
use kabar_engine::store::links::{
    Batch, Contact, InMessage, Inbound, Link, LinkChange, LinkStore, NewLink, Outgoing, Reach,
    Received, Standing, Taken, Told, Uid, Where,
};
use kabar_engine::testing::MemoryBlobs;
use kabar_engine::{Accept, Check, Clock, Realms, Result, Settings, ShownLink, Store, SystemClock};
use kabar_model::{
    Body, ConversationId, DisplayName, GroupName, LinkId, RealmName, Refusal, Seq, Timestamp,
    Username,
};
use kabar_store_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::world::World;

pub(crate) struct Linked {
    pub(crate) world: World,
    pub(crate) links: Arc<Keeper>,
    pub(crate) dir: tempfile::TempDir,
}

/// Keeps links without a network.
pub(crate) struct Keeper {
    store: Arc<SqliteStore>,
}

fn name(name: &str) -> RealmName {
    RealmName::parse(name).unwrap()
}

fn now() -> Timestamp {
    SystemClock::default().now()
}

fn uid(number: u8) -> Uid {
    Uid([number; 16])
}

impl Linked {
    pub(crate) async fn new(accept: Accept) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store =
            kabar_store_sqlite::open(dir.path(), Arc::new(|what| panic!("{what}"))).unwrap();
        let store = Arc::new(store);
        let links = Arc::new(Keeper { store: Arc::clone(&store) });
        links.kept().keep_identity("keys".to_owned(), name("kampus")).await.unwrap();
        let mut settings = Settings::new(name("kampus"));
        settings.realms.accept = accept;
        let world = World::on(settings, store, MemoryBlobs::default()).await;
        let keeper: Arc<dyn Realms> = links.clone();
        world.engine.link_by(&keeper);
        links.made("sekolah", "alfa", Standing::Linked).await.unwrap();
        links.made("zeta", "zeta", Standing::Linked).await.unwrap();
        Self { world, links, dir }
    }
}

impl Keeper {
    pub(crate) fn kept(&self) -> &dyn LinkStore {
        Store::links(&*self.store).unwrap()
    }

    async fn made(&self, called: &str, own_name: &str, standing: Standing) -> Result<Link> {
        let reach = Reach { host: format!("{own_name}.example"), port: 8889, private: false };
        let new = NewLink {
            name: name(called),
            own_name: name(own_name),
            reach: Some(reach),
            root: [1; 32],
            keys: String::new(),
            standing,
            invite: None,
            at: now(),
        };
        self.kept().add_link(new).await
    }

    pub(crate) async fn link(&self, own_name: &str) -> Link {
        let links = self.kept().links().await.unwrap();
        links.into_iter().find(|link| link.own_name == name(own_name)).unwrap()
    }

    /// It went so with a link.
    pub(crate) async fn went(&self, own_name: &str, contact: Contact) {
        let id = self.link(own_name).await.id;
        self.kept().change_link(id, LinkChange::Contact(contact)).await.unwrap();
    }

    /// The other realm has all that waits for it; it refused the last item if there is a code.
    pub(crate) async fn acknowledged(&self, own_name: &str, code: Option<&str>) {
        let link = self.link(own_name).await;
        let refused = code.into_iter().map(|code| (link.last, code.to_owned())).collect();
        let received = Received { epoch: link.epoch, number: link.last, refused };
        self.kept().acknowledge(link.id, received).await.unwrap();
    }

    /// The message on its way that was put into the queue last.
    pub(crate) async fn last_outgoing(&self, own_name: &str) -> Outgoing {
        let queued = self.kept().outbox(self.link(own_name).await.id, 100).await.unwrap();
        let Some(Told::Post(id)) = queued.last().map(|queued| &queued.what) else {
            panic!("{queued:?}")
        };
        self.kept().outgoing(&[*id]).await.unwrap().remove(0)
    }

    /// The other realm says this.
    pub(crate) async fn says(&self, own_name: &str, said: Inbound) -> Vec<ConversationId> {
        let link = self.link(own_name).await;
        let number = u8::try_from(link.received).unwrap();
        let batch = Batch {
            epoch: link.peer_epoch.max(1),
            first: link.received + 1,
            before: if number == 0 { Uid::default() } else { uid(number) },
            items: vec![(uid(number + 1), Ok(said))],
            at: now(),
        };
        let taken = self.kept().receive(link.id, batch).await.unwrap();
        let Taken::Stored { received, changed, .. } = taken else { panic!("{taken:?}") };
        assert_eq!(received.refused, []);
        changed
    }

    /// The home of a conversation numbers a message from here.
    pub(crate) async fn numbers(&self, own_name: &str, outgoing: Outgoing, seq: i64) {
        let Outgoing { uid, conversation, message, author, .. } = outgoing;
        let content = match message.file {
            Some(file) => Content::File(Box::new(kabar_engine::store::NewFile {
                file,
                caption: Body::parse(&message.body).ok(),
                sole: false,
            })),
            None => Content::Text(Body::parse(&message.body).unwrap()),
        };
        let message = InMessage {
            conversation,
            seq: Seq(seq),
            author: author.username,
            name: author.name,
            uid: Some(uid),
            content: Some(content),
            reply_to: None,
            at: message.at,
            edited_at: None,
            was_change: false,
        };
        self.says(own_name, Inbound::Message(message)).await;
    }

    /// Maya of that realm has read so far in what she and messi say to each other.
    pub(crate) async fn has_read(&self, own_name: &str, seq: i64) {
        let (maya, messi) = (username("maya", own_name), username("messi", "kampus"));
        let pair = if own_name < "kampus" { (maya, messi) } else { (messi, maya) };
        let user = username("maya", own_name);
        let conversation = Where::Direct(pair.0, pair.1);
        self.says(own_name, Inbound::Read { user, conversation, seq: Seq(seq) }).await;
    }
}

pub(crate) fn username(user: &str, realm: &str) -> Username {
    Username::parse(user).unwrap().at(&name(realm))
}

#[async_trait]
impl Realms for Keeper {
    async fn add(&self, called: RealmName, reach: Reach) -> Result<ShownLink> {
        match reach.host.as_str() {
            "nowhere.example" => Err(Refusal::RealmUnreachable.into()),
            "impostor.example" => Err(Refusal::RealmChanged.into()),
            _ => {
                let link = self.made(called.as_str(), called.as_str(), Standing::Asked).await?;
                Ok(ShownLink { fingerprint: self.fingerprint(&link).await?, link })
            }
        }
    }

    async fn add_by_invite(&self, invite: &str) -> Result<ShownLink> {
        if invite != "kabar-realm-1.beta" {
            return Err(Refusal::InvitationUnknown.into());
        }
        let link = self.made("beta", "beta", Standing::Linked).await?;
        Ok(ShownLink { fingerprint: self.fingerprint(&link).await?, link })
    }

    async fn invite(&self) -> Result<String> {
        Ok("kabar-realm-1.kampus".to_owned())
    }

    async fn accept(&self, link: LinkId) -> Result<()> {
        self.stop(link, Standing::Linked).await
    }

    async fn stop(&self, link: LinkId, standing: Standing) -> Result<()> {
        self.kept().change_link(link, LinkChange::Standing(standing)).await.map(drop)
    }

    async fn fingerprint(&self, link: &Link) -> Result<String> {
        Ok(format!("one two three four five six seven {}", link.own_name))
    }

    async fn look_into(&self, _: &Link) -> Result<Vec<Check>> {
        let check = |step, is_well, code, values| Check { step, is_well, found: (code, values) };
        Ok(vec![
            check("resolve", Some(true), "well", vec![("host", "alfa.example".to_owned())]),
            check("handshake", Some(false), "refused", vec![("code", "invite_only".to_owned())]),
            check("queue", Some(true), "queue", vec![("queued", "3".to_owned())]),
        ])
    }

    async fn has_user(&self, _: &Link, user: &Username) -> Option<Option<DisplayName>> {
        let is_there = user.as_str() != "nobody";
        Some(is_there.then(|| DisplayName::of(user)))
    }

    async fn has_group(&self, _: &Link, _: &str) -> Option<Option<GroupName>> {
        None
    }

    fn wake(&self, _: LinkId) {}
}

/// Writes to a conversation; the status and the answer.
pub(crate) async fn write(world: &World, token: &str, id: &str, text: &str) -> (u16, Value) {
    let body = json!({"text": text, "key": text});
    let path = format!("/conversations/{id}/messages");
    let answer = world.ask(token, "POST", &path, body).await;
    (answer.status.as_u16(), answer.json())
}
