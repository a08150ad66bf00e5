//! Things that another realm says together, of which one is refused.
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../../../store-sqlite/tests/linked/mod.rs"]
mod linked;

use kabar_engine::Store;
use kabar_engine::store::links::{Batch, InPost, Inbound, Signed, Taken, Uid, Where};
use kabar_engine::store::{Content, Target};
use kabar_model::{Body, DisplayName, RealmName, Seq, Username};

use self::linked::{Realm, exchange, now, two};

fn post(author: &str, conversation: Where, text: &str) -> InPost {
    InPost {
        author: person(author),
        name: DisplayName::parse("Somebody").unwrap(),
        conversation,
        uid: uid(text),
        content: Content::Text(Body::parse(text).unwrap()),
        reply_to: None,
        at: now(),
        signed: Signed { bytes: Vec::new(), by: String::new() },
    }
}

/// Somebody of a realm: `name@realm`.
fn person(name: &str) -> Username {
    let (name, realm) = name.split_once('@').unwrap();
    Username::parse(name).unwrap().at(&RealmName::parse(realm).unwrap())
}

fn uid(text: &str) -> Uid {
    let mut uid = [0; 16];
    uid[..text.len()].copy_from_slice(text.as_bytes());
    Uid(uid)
}

/// `a` hears these from `b`; returns the numbers of those that were refused.
async fn hear(a: &Realm, b: &Realm, posts: &[InPost]) -> Vec<u64> {
    let link = a.link_to(b).await;
    let links = a.links().links().await.unwrap();
    let known = links.into_iter().find(|known| known.id == link).unwrap();
    let items = posts.iter().map(|post| (post.uid, Ok(Inbound::Post(post.clone())))).collect();
    let epoch = known.peer_epoch + 1;
    let batch = Batch { epoch, first: 1, before: Uid::default(), items, at: now() };
    let taken = a.links().receive(link, batch).await.unwrap();
    let Taken::Stored { received, .. } = taken else { panic!("{taken:?}") };
    received.refused.into_iter().map(|(number, _)| number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_post_takes_none_before_it_along() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let group = a.group("kelas", ana).await;
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    exchange(&[&a, &b]).await;
    a.say(ana, Target::Group(group), "halo").await;
    // The first message is told after what was changed before it, which may take a moment.
    let heard = async { while a.heard().await.is_empty() {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), heard).await.unwrap();

    let people = Where::Direct(person("cici@beta"), person("ana@alpha"));
    let answer = InPost { reply_to: Some(Seq(99)), ..post("cici@beta", people, "apa?") };
    let posts = [
        post("budi@beta", Where::Group(group), "satu"),
        answer,
        post("budi@beta", Where::Group(group), "dua"),
    ];
    assert_eq!(hear(&a, &b, &posts).await, [2]);
    let told = ["ana: halo", "budi: satu", "budi: dua"];
    assert_eq!(a.told(group).await, told);
    assert_eq!(a.heard().await, ["satu", "dua"]);
    let cici = a.store().find_users("cici", None, 10).await.unwrap();
    assert!(cici.is_empty(), "{cici:?}");

    // What they are called is known, so that they are not said again.
    assert_eq!(hear(&a, &b, &posts).await, [2]);
    assert_eq!(a.told(group).await, told);
    a.say(ana, Target::Group(group), "tiga").await;
    assert_eq!(a.told(group).await.len(), 4);
}
