//! What a link could not be told when it happened is told as soon as it can be; and who is nobody's heir.

mod link;
mod realm;

use kabar_engine::store::links::{Delivery, NewLink, Standing, Told};
use kabar_engine::store::{GroupChange, LinkStore, NewMessage, Place, Store, Target};
use kabar_model::{Field, GroupRole, LinkId, Refusal, Seq, Timestamp, Username, Visibility};
use kabar_store_sqlite::SqliteStore;

use self::link::{
    NOW, changed, group, lab, link, mirrored, new_link, post, received, refusal, say, stand,
    stranger, text, waits,
};
use self::realm::user;

async fn told(store: &SqliteStore, id: LinkId) -> Vec<Told> {
    waits(store, id).await.into_iter().map(|item| item.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_goes_on_without_a_link_that_is_full_and_tells_it_later() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let [noor, oki] = [stranger(&store, "noor@zeta").await, stranger(&store, "oki@zeta").await];
    let (klub, tim) = (group(&store, ana, "Klub").await.id, group(&store, ana, "Tim").await.id);
    store.invite(klub, ana, &[noor], NOW).await.unwrap();
    store.invite(tim, ana, &[noor], NOW).await.unwrap();
    let store = changed(store, dir.path(), "UPDATE link SET last_number = 100000");

    let said = post(&store, text(ana, Target::Group(klub), "one")).await.unwrap().place;
    assert_eq!(said.seq, Seq(1));
    let last = post(&store, text(ana, Target::Own(klub), "two")).await.unwrap().place;
    store.change_group(klub, ana, GroupChange::visibility(Visibility::Public)).await.unwrap();
    store.remove_member(tim, ana, noor).await.unwrap();
    post(&store, text(ana, Target::Group(tim), "among us")).await.unwrap();
    assert_eq!(store.outbox(zeta, 10).await.unwrap().len(), 2);
    let queued = [(Seq(1), Delivery::Queued), (Seq(2), Delivery::Queued)];
    assert_eq!(store.undelivered(klub, Seq(1), Seq(9)).await.unwrap(), queued);
    let direct = post(&store, text(ana, Target::Direct(oki), "hai")).await;
    assert_eq!(refusal(direct), Refusal::LinkFull);
    assert_eq!(refusal(store.ask_to_join(zeta, ana, "x", NOW).await), Refusal::LinkFull);

    let store = changed(store, dir.path(), "UPDATE link SET last_number = 2");
    let answer = received(&store, zeta, 2, &[]).await;
    store.acknowledge(zeta, answer).await.unwrap();
    let expected = [Told::Members(klub), Told::Message(last), Told::Members(tim)];
    assert_eq!(
        told(&store, zeta).await,
        expected,
        "of tim it hears who is in it, not what is said"
    );
    let answer = received(&store, zeta, 5, &[]).await;
    store.acknowledge(zeta, answer).await.unwrap();
    assert_eq!(told(&store, zeta).await, [], "and once");
    assert_eq!(store.undelivered(klub, Seq(1), Seq(9)).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_at_once_to_a_group_and_a_person_is_taken_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [_]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let klub = group(&store, ana, "Klub").await.id;
    store.invite(klub, ana, &[maya], NOW).await.unwrap();
    let both = |what| {
        let targets = vec![Target::Group(klub), Target::Direct(maya)];
        NewMessage { targets, ..text(ana, Target::Group(klub), what) }
    };
    let store = changed(store, dir.path(), "UPDATE link SET last_number = 99999");
    post(&store, both("fits")).await.unwrap();
    assert_eq!(refusal(post(&store, both("does not")).await), Refusal::LinkFull);
    assert_eq!(store.messages(klub, Seq::NONE, 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_to_join_or_leave_do_not_expire() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let store = mirrored(store, dir.path(), ana).await;
    let maya = stranger(&store, "maya@kampus").await;
    let klub = group(&store, ana, "Kita").await.id;
    store.invite(klub, ana, &[maya], NOW).await.unwrap();
    say(&store, ana, maya, "one").await;
    store.ask_to_join(kampus, ana, "lain", NOW).await.unwrap();
    say(&store, ana, maya, "two").await;
    let mirror = store.group("Klub@kampus").await.unwrap().unwrap().id;
    store.leave_group(mirror, ana, NOW).await.unwrap();
    let before = link(&store, kampus).await;
    let later = Timestamp(NOW.0 + 1);
    assert_eq!(store.expire(kampus, later).await.unwrap().len(), 1);
    let expected = [
        Told::Members(klub),
        Told::Join { user: ana, group: "lain".into() },
        Told::Leave { user: ana, mirror },
    ];
    assert_eq!(told(&store, kampus).await, expected);
    let after = link(&store, kampus).await;
    assert!(after.epoch > before.epoch);
    assert_eq!((after.acknowledged, after.last), (0, 3));
    assert_eq!(store.expire(kampus, later).await.unwrap(), []);
    assert_eq!(link(&store, kampus).await.epoch, after.epoch, "nothing was left to expire");
    let answer = received(&store, kampus, 3, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    assert_eq!(told(&store, kampus).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_behind_a_blocked_link_is_told_when_it_is_linked_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    let klub = group(&store, ana, "Kita").await.id;
    store.invite(klub, ana, &[noor], NOW).await.unwrap();
    let answer = received(&store, zeta, 1, &[]).await;
    store.acknowledge(zeta, answer).await.unwrap();
    let store = mirrored(store, dir.path(), ana).await;
    let mirror = store.group("Klub@kampus").await.unwrap().unwrap().id;
    for id in [kampus, zeta] {
        stand(&store, id, Standing::Blocked).await;
    }
    store.leave_group(mirror, ana, NOW).await.unwrap();
    store.remove_member(klub, ana, noor).await.unwrap();
    let epochs = [link(&store, kampus).await.epoch, link(&store, zeta).await.epoch];
    for id in [kampus, zeta] {
        assert_eq!(told(&store, id).await, []);
        stand(&store, id, Standing::Linked).await;
    }
    assert_eq!(told(&store, kampus).await, [Told::Leave { user: ana, mirror }]);
    assert_eq!(told(&store, zeta).await, [Told::Members(klub)]);
    assert!(link(&store, kampus).await.epoch > epochs[0]);
    assert!(link(&store, zeta).await.epoch > epochs[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_realm_of_the_same_name_inherits_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let [noor, maya] = [stranger(&store, "noor@zeta").await, stranger(&store, "maya@kampus").await];
    let klub = group(&store, ana, "Kita").await.id;
    store.invite(klub, ana, &[noor, maya], NOW).await.unwrap();
    store.set_role(klub, ana, noor, GroupRole::Admin).await.unwrap();
    store.leave_group(klub, ana, NOW).await.unwrap();
    let store = mirrored(store, dir.path(), ana).await;
    let mirror = store.group("Klub@kampus").await.unwrap().unwrap().id;
    let direct = say(&store, ana, noor, "hai").await.place.conversation;
    say(&store, ana, maya, "hai").await;
    for id in [kampus, zeta] {
        stand(&store, id, Standing::Removed).await;
    }
    for name in ["zeta", "kampus"] {
        store.add_link(NewLink { root: [9; 32], ..new_link(name) }).await.unwrap();
    }

    let names = store.users(&[noor, maya]).await.unwrap();
    let mut names: Vec<_> = names.iter().map(|user| user.username.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["maya@kampus.1", "noor@zeta.1"]);
    assert_eq!(store.find_users("noor@zeta.1", None, 9).await.unwrap().len(), 1);
    assert_eq!(store.find_users("noor", None, 9).await.unwrap().len(), 1);
    assert_eq!(store.members(klub).await.unwrap().len(), 0, "nobody is in it, so it is closed");
    assert_eq!(store.group("Kita").await.unwrap(), None);
    assert_eq!(store.joined_groups(ana).await.unwrap(), []);
    assert_eq!(store.group("Klub@kampus").await.unwrap(), None);
    assert!(
        refusal(post(&store, text(ana, Target::Group(mirror), "x")).await) == Refusal::NotMember
    );
    for old in [noor, maya] {
        let refused = post(&store, text(ana, Target::Direct(old), "still you?")).await;
        assert_eq!(refusal(refused), Refusal::RealmUnknown);
    }
    for id in [kampus, zeta] {
        assert_eq!(told(&store, id).await, []);
    }
    let new = stranger(&store, "noor@zeta").await;
    assert_ne!(new, noor);
    let said = say(&store, ana, new, "who are you?").await.place;
    assert_ne!(said.conversation, direct);
    assert_eq!(told(&store, zeta).await, [Told::Message(said)]);
    let first = Place { conversation: direct, seq: Seq(1) };
    assert_eq!(store.messages_at(&[first]).await.unwrap()[0].message.body, "hai", "it is kept");

    // Nor does a realm that calls itself what they are called now.
    store.add_link(new_link("zeta.1")).await.unwrap();
    let names = store.users(&[noor]).await.unwrap();
    assert_eq!(names[0].username.as_str(), "noor@zeta.1.1");
    let name = Username::parse_kept("noor@zeta.1").unwrap();
    assert_ne!(store.stand_in(&name, None, NOW).await.unwrap().id, noor);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_takes_so_many_people_of_one_realm() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [_, _]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let klub = group(&store, ana, "Kita").await.id;
    let budi = user(&store, "budi").await;
    let [noor, oki] = [stranger(&store, "noor@zeta").await, stranger(&store, "oki@zeta").await];
    let maya = stranger(&store, "maya@kampus").await;
    let store = changed(
        store,
        dir.path(),
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
             INSERT INTO account (username, name, password_hash, role, disabled, created_at, realm)
             SELECT 'p' || i || '@zeta', 'P', '!', 'user', 0, 1, 'zeta' FROM n;
             INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, read_seq)
             SELECT {}, id, 'member', 1, 0, 0 FROM account WHERE name = 'P'",
            klub.0
        ),
    );
    let many = Refusal::TooMany(Field::Recipients);
    assert_eq!(refusal(store.invite(klub, ana, &[noor, oki, maya], NOW).await), many);
    assert_eq!(store.invite(klub, ana, &[maya, noor], NOW).await.unwrap(), [true, true]);
    assert_eq!(refusal(store.join_group(klub, oki, NOW).await), many);
    assert_eq!(store.invite(klub, ana, &[noor, budi], NOW).await.unwrap(), [false, true]);
}
