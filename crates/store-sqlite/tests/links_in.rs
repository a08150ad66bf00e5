//! Realms that are linked: what is said in one is said in the others.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod linked;

use kabar_engine::Store;
use kabar_engine::store::links::Offered;
use kabar_engine::store::{Content, Target};
use kabar_model::{Body, ContentHash, Emoji, Seq};

use self::linked::{at, carry, exchange, file, link, now, realm, two};

#[tokio::test]
async fn two_people_write_to_each_other_wherever_the_home_is() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let (ana_at_b, budi_at_a) = (b.other("ana", &a).await, a.other("budi", &b).await);

    // From the home, and to it.
    a.say(ana, Target::Direct(budi_at_a), "halo").await;
    exchange(&[&a, &b]).await;
    b.say_as(budi, Target::Direct(ana_at_b), "k1", "hai").await;
    let (there, here) = (a.direct(ana, budi_at_a).await, b.direct(budi, ana_at_b).await);
    assert_eq!(b.told(here).await, ["ana: halo"], "it is no message before the home says so");
    assert_eq!(b.links().waiting(budi, here).await.unwrap().len(), 1);

    let (_, refused) = carry(&b, &a).await;
    assert_eq!((a.told(there).await.len(), refused.len()), (2, 0));
    let (changed, _) = carry(&a, &b).await;
    assert_eq!(changed, [here], "something waits no longer");
    for (realm, conversation) in [(&a, there), (&b, here)] {
        assert_eq!(realm.told(conversation).await, ["ana: halo", "budi: hai"]);
        assert_eq!(realm.heard().await, ["halo", "hai"]);
    }
    assert_eq!(b.links().waiting(budi, here).await.unwrap(), []);

    // The client's key is that of the message now.
    b.say_as(budi, Target::Direct(ana_at_b), "k1", "hai").await;
    exchange(&[&a, &b]).await;
    assert_eq!(b.told(here).await.len(), 2);
    let own = b.store().shown(budi, at(here, 2)).await.unwrap().unwrap();
    assert_eq!(own.key.unwrap().as_str(), "k1");
}

#[tokio::test]
async fn the_first_word_may_come_from_either_side() {
    for first_is_home in [true, false] {
        let (a, b) = two().await;
        let (ana, budi) = (a.user("ana").await, b.user("budi").await);
        if first_is_home {
            let budi = a.other("budi", &b).await;
            a.say(ana, Target::Direct(budi), "halo").await;
        } else {
            let ana = b.other("ana", &a).await;
            b.say(budi, Target::Direct(ana), "halo").await;
        }
        exchange(&[&a, &b]).await;
        let (ana_at_b, budi_at_a) = (b.other("ana", &a).await, a.other("budi", &b).await);
        let said = a.told(a.direct(ana, budi_at_a).await).await;
        assert_eq!(b.told(b.direct(budi, ana_at_b).await).await, said);
        assert_eq!(said.len(), 1);
    }
}

#[tokio::test]
async fn what_is_done_to_messages_is_done_in_both_realms() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let group = a.group("kelas", ana).await;
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    a.say(ana, Target::Group(group), "before").await;
    exchange(&[&a, &b]).await;

    let mirror = b.group_named("kelas@alpha").await;
    assert_eq!(a.members(group).await, ["ana", "budi@beta"]);
    assert_eq!(b.members(mirror).await, ["ana@alpha", "budi"]);
    assert_eq!(b.told(mirror).await, [""; 0], "who joins sees what is said from then on");

    a.say(ana, Target::Group(group), "satu").await;
    exchange(&[&a, &b]).await;
    let text = |text| Body::parse(text).unwrap();
    let emoji = || Emoji::parse("👍").unwrap();
    let react = |of, on| Content::Reaction { of: Seq(of), emoji: emoji(), on };
    b.say(budi, Target::Group(mirror), "dua").await;
    b.post(budi, Target::Group(mirror), react(2, true)).await;
    exchange(&[&a, &b]).await;
    b.post(budi, Target::Group(mirror), Content::Edit { of: Seq(3), text: text("dua!") }).await;
    a.post(ana, Target::Group(group), react(3, true)).await;
    exchange(&[&a, &b]).await;
    for (realm, conversation) in [(&a, group), (&b, mirror)] {
        let said = realm.told(conversation).await;
        assert!(said.contains(&"budi: dua!".to_owned()), "{said:?}");
        let reactions = realm.store().reactions(conversation, Seq(1), Seq(9)).await.unwrap();
        assert_eq!(reactions.len(), 2);
        let edited = realm.store().messages(conversation, Seq(2), 1).await.unwrap().remove(0);
        assert!(edited.edited_at.is_some() && edited.body == "dua!");
    }

    // The reaction is taken back, an admin deletes what somebody of the other realm said.
    b.post(budi, Target::Group(mirror), react(2, false)).await;
    a.post(ana, Target::Group(group), Content::Deletion { of: Seq(3) }).await;
    exchange(&[&a, &b]).await;
    for (realm, conversation) in [(&a, group), (&b, mirror)] {
        assert_eq!(realm.store().reactions(conversation, Seq(1), Seq(9)).await.unwrap(), []);
        let gone = realm.store().messages(conversation, Seq(2), 1).await.unwrap().remove(0);
        assert!(gone.deleted && gone.body.is_empty());
    }
    assert_eq!(a.told(group).await[1..], b.told(mirror).await);
    assert_eq!(b.behind(&a).await, []);

    b.store().leave_group(mirror, budi, now()).await.unwrap();
    exchange(&[&a, &b]).await;
    assert_eq!(a.members(group).await, ["ana"]);
    assert_eq!(b.store().group("kelas@alpha").await.unwrap(), None, "nobody of ours is in it");

    // Who comes back goes on from then.
    a.say(ana, Target::Group(group), "alone").await;
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    exchange(&[&a, &b]).await;
    a.say(ana, Target::Group(group), "together").await;
    b.say(budi, Target::Group(mirror), "again").await;
    exchange(&[&a, &b]).await;
    let said = b.told(mirror).await;
    assert_eq!(said[said.len() - 2..], ["ana: together", "budi: again"]);
    assert!(!said.contains(&"ana: alone".to_owned()));
    assert_eq!(b.links().waiting(budi, mirror).await.unwrap(), []);
    let of = b.store().messages(mirror, Seq(1), 100).await.unwrap().pop().unwrap().place.seq;
    b.post(budi, Target::Group(mirror), Content::Edit { of, text: text("now") }).await;
    exchange(&[&a, &b]).await;
    assert!(a.told(group).await.contains(&"budi: now".to_owned()));
}

#[tokio::test]
async fn a_home_passes_on_what_a_third_realm_says() {
    let (a, b, c) = (realm("alpha").await, realm("beta").await, realm("gamma").await);
    link(&a, &b).await;
    link(&a, &c).await;
    let (ana, budi, citra) = (a.user("ana").await, b.user("budi").await, c.user("citra").await);
    let group = a.group("kelas", ana).await;
    for (realm, user) in [(&b, budi), (&c, citra)] {
        let home = realm.link_to(&a).await;
        realm.links().ask_to_join(home, user, "kelas", now()).await.unwrap();
    }
    let all = [&a, &b, &c];
    exchange(&all).await;
    let (at_b, at_c) = (b.group_named("kelas@alpha").await, c.group_named("kelas@alpha").await);
    assert_eq!(b.members(at_b).await, ["ana@alpha", "budi"], "citra has not been heard of");
    b.say(budi, Target::Group(at_b), "dari b").await;
    c.post(citra, Target::Group(at_c), file(7)).await;
    a.say(ana, Target::Group(group), "dari a").await;
    exchange(&all).await;
    let said = a.told(group).await;
    assert_eq!(said.len(), 3);
    assert_eq!((b.told(at_b).await, c.told(at_c).await), (said[..].to_vec(), said[..].to_vec()));

    // The home has what the author's realm signed, for those to whom it passes that on.
    let carried = a.links().messages_at(&[at(group, 2), at(group, 1)]).await.unwrap();
    assert!(carried.iter().any(|carried| carried.signed.is_some()));

    // Contents go the same way.
    let hash = ContentHash([7; 32]);
    let (to_b, to_c) = (a.link_to(&b).await, a.link_to(&c).await);
    assert_eq!(a.links().wanted(to_c, 10).await.unwrap(), [(hash, 1_000)]);
    assert_eq!(b.links().wanted(b.link_to(&a).await, 10).await.unwrap(), [(hash, 1_000)]);
    assert_eq!(c.links().wanted(c.link_to(&a).await, 10).await.unwrap(), []);
    let offered = |here| Some(Offered { size: 1_000, here });
    assert_eq!(c.links().offered(c.link_to(&a).await, hash).await.unwrap(), offered(true));
    assert_eq!(a.links().offered(to_b, hash).await.unwrap(), offered(false));
    assert_eq!(a.links().offered(to_b, ContentHash([8; 32])).await.unwrap(), None);
    assert_eq!(a.links().arrived(to_b, hash, false).await.unwrap(), [], "it is not to come from b");
    assert_eq!(a.links().arrived(to_c, hash, true).await.unwrap().len(), 1);
    assert_eq!(a.links().wanted(to_c, 10).await.unwrap(), []);
    assert_eq!(a.links().offered(to_b, hash).await.unwrap(), offered(true));
    assert_eq!(b.links().arrived(b.link_to(&a).await, hash, false).await.unwrap().len(), 1);
    assert_eq!(b.links().wanted(b.link_to(&a).await, 10).await.unwrap(), []);
    assert_eq!(b.links().offered(b.link_to(&a).await, hash).await.unwrap(), None);

    // Another realm has no part in what the home says to one.
    let budi_at_a = a.other("budi", &b).await;
    a.post(ana, Target::Direct(budi_at_a), file(9)).await;
    assert_eq!(a.links().offered(to_b, ContentHash([9; 32])).await.unwrap(), offered(true));
    assert_eq!(a.links().offered(to_c, ContentHash([9; 32])).await.unwrap(), None);
}

#[tokio::test]
async fn who_names_contents_must_have_them() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    // It is in a conversation that the other realm has no part in.
    b.post(budi, Target::Direct(budi), file(5)).await;
    let (hash, to_a) = (ContentHash([5; 32]), b.link_to(&a).await);
    let budi_at_a = a.other("budi", &b).await;
    a.post(ana, Target::Direct(budi_at_a), file(5)).await;
    exchange(&[&a, &b]).await;
    assert_eq!(b.links().wanted(to_a, 10).await.unwrap(), [(hash, 1_000)]);
    let offered = |here| Some(Offered { size: 1_000, here });
    assert_eq!(b.links().offered(to_a, hash).await.unwrap(), offered(false));
    assert_eq!(b.links().arrived(to_a, hash, true).await.unwrap().len(), 1);
    assert_eq!(b.links().wanted(to_a, 10).await.unwrap(), []);
    assert_eq!(b.links().offered(to_a, hash).await.unwrap(), offered(true));
}

#[tokio::test]
async fn what_one_has_read_the_other_knows() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let (ana_at_b, budi_at_a) = (b.other("ana", &a).await, a.other("budi", &b).await);
    a.say(ana, Target::Direct(budi_at_a), "halo").await;
    exchange(&[&a, &b]).await;
    let (there, here) = (a.direct(ana, budi_at_a).await, b.direct(budi, ana_at_b).await);
    b.store().mark_read(budi, &[at(here, 1)]).await.unwrap();
    let (changed, _) = carry(&b, &a).await;
    assert_eq!(changed, [there]);
    let read = |overview: kabar_engine::store::Overview| overview.read;
    assert_eq!(read(a.store().overview(budi_at_a, there).await.unwrap()), Seq(1));

    b.say(budi, Target::Direct(ana_at_b), "hai").await;
    exchange(&[&a, &b]).await;
    a.store().mark_read(ana, &[at(there, 2)]).await.unwrap();
    exchange(&[&a, &b]).await;
    assert_eq!(read(b.store().overview(ana_at_b, here).await.unwrap()), Seq(2));
}
