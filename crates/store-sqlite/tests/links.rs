//! What people say to other realms: it waits for them, in order, until they have it.

mod link;
mod realm;

use kabar_engine::store::links::{Delivery, Standing, Told, Where};
use kabar_engine::store::{Content, LinkStore, NewMessage, PartMax, Place, Store, Target};
use kabar_model::{Body, Change, ClientKey, ContentHash, Emoji, Refusal, Seq, Timestamp, Username};
use rusqlite::Connection;

use self::link::{
    NOW, group, lab, link, post, received, refusal, say, stand, stranger, text, waits,
};
use self::realm::{file, open, texts, up_to, user};

const PART: PartMax = PartMax { messages: 100, bytes: 100_000, file_bytes: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_a_home_elsewhere_waits_and_is_no_message_yet() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let posted = say(&store, ana, maya, "hai").await;
    let (conversation, id) = (posted.place.conversation, posted.outgoing.unwrap());
    assert_eq!((posted.place.seq, posted.arrival), (Seq::NONE, None));
    assert!(store.messages(conversation, Seq::NONE, 10).await.unwrap().is_empty());

    let [item] = &waits(&store, kampus).await[..] else { panic!("one waits") };
    assert_eq!((item.number, &item.what, item.at), (1, &Told::Post(id), NOW));
    let found = store.outgoing(&[id]).await.unwrap();
    assert_eq!(found[0].message.body, "hai");
    let name = |text| Username::parse_kept(text).unwrap();
    assert_eq!(found[0].conversation, Where::Direct(name("maya@kampus"), name("ana@lab")));
    assert_eq!(store.waiting(ana, conversation).await.unwrap(), found);
    assert_eq!(store.waiting(maya, conversation).await.unwrap(), []);

    // The peer has it, but has not sent it back: it goes on waiting.
    let answer = received(&store, kampus, 1, &[]).await;
    assert_eq!(store.acknowledge(kampus, answer).await.unwrap(), [conversation]);
    assert_eq!(waits(&store, kampus).await, []);
    assert_eq!(store.waiting(ana, conversation).await.unwrap(), found);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twice_is_one_on_its_way_and_another_text_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let keyed = |what| NewMessage {
        key: Some(ClientKey::parse("k1").unwrap()),
        ..text(ana, Target::Direct(maya), what)
    };
    let first = post(&store, keyed("hai")).await.unwrap();
    assert_eq!(post(&store, keyed("hai")).await.unwrap(), first);
    assert!(matches!(refusal(post(&store, keyed("halo")).await), Refusal::Invalid(_)));
    assert_eq!(waits(&store, kampus).await.len(), 1);
    let waiting = store.waiting(ana, first.place.conversation).await.unwrap();
    assert_eq!(waiting[0].message.key, ClientKey::parse("k1").ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_at_home_is_a_message_and_waits_once_for_each_link() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let budi = user(&store, "budi").await;
    let klub = group(&store, ana, "Klub").await.id;
    let strangers = [stranger(&store, "maya@kampus").await, stranger(&store, "noor@zeta").await];
    let more = stranger(&store, "oki@zeta").await;
    post(&store, text(ana, Target::Group(klub), "alone")).await.unwrap();
    say(&store, ana, budi, "here").await;
    assert_eq!(waits(&store, zeta).await, []);

    store.invite(klub, ana, &[strangers[0], strangers[1], more], NOW).await.unwrap();
    let posted = post(&store, text(ana, Target::Group(klub), "all")).await.unwrap();
    assert_eq!((posted.place.seq, posted.outgoing), (Seq(2), None));
    for id in [kampus, zeta] {
        let told: Vec<Told> = waits(&store, id).await.into_iter().map(|item| item.what).collect();
        assert_eq!(told, [Told::Members(klub), Told::Message(posted.place)]);
    }
    let direct = say(&store, ana, more, "hai").await;
    assert_eq!((direct.place.seq, direct.outgoing), (Seq(1), None));
    assert_eq!(waits(&store, zeta).await.last().unwrap().what, Told::Message(direct.place));

    let carried = store.messages_at(&[direct.place, posted.place]).await.unwrap();
    let name = |text| Username::parse_kept(text).unwrap();
    assert_eq!(carried[0].conversation, Where::Direct(name("ana@lab"), name("oki@zeta")));
    assert_eq!(carried[1].conversation, Where::Group(klub));
    assert_eq!(carried[1].message.body, "all");
    assert_eq!((&carried[1].author.username, carried[1].uid), (&name("ana"), None));
    let lost = Place { seq: Seq(99), ..posted.place };
    assert_eq!(store.messages_at(&[lost]).await.unwrap(), []);

    let states = store.undelivered(klub, Seq(1), Seq(9)).await.unwrap();
    assert_eq!(states, [(Seq(2), Delivery::Queued)]);
    let routes = store.routes(&[klub, direct.place.conversation]).await.unwrap();
    let links: Vec<_> = routes.iter().map(|route| (route.link, route.is_home)).collect();
    assert_eq!(links, [(kampus, false), (zeta, false), (zeta, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_messages_wait_as_messages_do() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    let said = say(&store, ana, noor, "hai").await.place;
    let change = |content| NewMessage::new(ana, vec![Target::Direct(noor)], content, NOW);
    let of = said.seq;
    let emoji = Emoji::parse("👍").unwrap();
    let edit = Content::Edit { of, text: Body::parse("halo").unwrap() };
    let like = Content::Reaction { of, emoji, on: true };
    for content in [edit, like.clone(), like, Content::Deletion { of }] {
        post(&store, change(content)).await.unwrap();
    }
    // The second of two equal reactions is none.
    let seqs: Vec<Told> = waits(&store, zeta).await.into_iter().map(|item| item.what).collect();
    let at = |seq| Told::Message(Place { seq: Seq(seq), ..said });
    assert_eq!(seqs, [at(1), at(2), at(3), at(4)]);

    // In a mirror nothing is done yet, and what cannot be done is refused at once.
    let maya = stranger(&store, "maya@kampus").await;
    say(&store, ana, maya, "hai").await;
    let missing = NewMessage {
        targets: vec![Target::Direct(maya)],
        ..change(Content::Deletion { of: Seq(1) })
    };
    assert_eq!(refusal(post(&store, missing).await), Refusal::MessageUnknown);
    assert_eq!(waits(&store, kampus).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_mirror_goes_home_first() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let conversation = store.open_direct(ana, maya, NOW).await.unwrap();
    store.close();
    // As if the home had numbered it, and lost two later ones that are kept here.
    let db = Connection::open(dir.path().join("kabar.db")).unwrap();
    db.execute_batch(&format!(
        "INSERT INTO message (conversation_id, seq, author_id, sent_at, body)
         SELECT {0}, n, {1}, 1, 'old' FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4);
         INSERT INTO mirror_shift VALUES ({0}, 2, 2);",
        conversation.0, ana.0
    ))
    .unwrap();
    drop(db);
    let store = open(dir.path()).unwrap();
    let edit = |of| {
        let content = Content::Edit { of: Seq(of), text: Body::parse("new").unwrap() };
        NewMessage::new(ana, vec![Target::Own(conversation)], content, NOW)
    };
    let posted = post(&store, edit(4)).await.unwrap();
    let found = store.outgoing(&[posted.outgoing.unwrap()]).await.unwrap();
    assert_eq!(found[0].message.change, Some(Change::Edit(Seq(4))));
    assert_eq!(found[0].about, Some(Seq(2)), "as its home numbers it");
    assert_eq!(refusal(post(&store, edit(3)).await), Refusal::MessageUnknown);
    let stands = store.messages(conversation, Seq::NONE, 10).await.unwrap();
    assert_eq!((stands.len(), stands[3].body.as_str()), (4, "old"));
    let place = Place { conversation, seq: Seq(4) };
    let (_, there) = store.whereabouts(place).await.unwrap().unwrap();
    assert_eq!(there, Seq(2));

    // A reaction that the peer has is done: twice the same is one there, and need not come back.
    let like = Content::Reaction { of: Seq(4), emoji: Emoji::parse("👍").unwrap(), on: true };
    let like = NewMessage::new(ana, vec![Target::Own(conversation)], like, NOW);
    post(&store, like).await.unwrap();
    let answer = received(&store, kampus, 2, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    let waiting = store.waiting(ana, conversation).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].message.body, "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_a_home_elsewhere_keeps_its_fields_and_its_contents() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [_]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let sent = post(&store, file(ana, maya, "a.txt")).await.unwrap();
    let found = store.outgoing(&[sent.outgoing.unwrap()]).await.unwrap();
    assert_eq!(found[0].message.file.as_ref().unwrap().name.as_str(), "a.txt");
    let hashes = [ContentHash([1; 32]), ContentHash([2; 32])];
    assert_eq!(store.used_contents(&hashes).await.unwrap(), [hashes[0]]);
    assert_eq!(refusal(post(&store, file(ana, maya, "b.txt")).await), Refusal::Busy, "its code");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_go_on_without_gaps_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    say(&store, ana, maya, "one").await;
    say(&store, ana, maya, "two").await;
    let answer = received(&store, kampus, 1, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    let before = waits(&store, kampus).await;
    store.close();
    let store = open(dir.path()).unwrap();
    say(&store, ana, maya, "three").await;
    let after = waits(&store, kampus).await;
    assert_eq!(after[..1], before);
    assert_eq!(after.iter().map(|item| item.number).collect::<Vec<_>>(), [2, 3]);
    let mut uids: Vec<_> = after.iter().map(|item| item.uid.0).collect();
    uids.dedup();
    assert_eq!(uids.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_begins_later_is_whole_from_there_on() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [_]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let conversation = store.open_direct(ana, maya, NOW).await.unwrap();
    store.close();
    let db = Connection::open(dir.path().join("kabar.db")).unwrap();
    db.execute_batch(
        "UPDATE mirror SET begins_after = 40; UPDATE member SET joined_seq = 40, read_seq = 40",
    )
    .unwrap();
    let last = async |store: &kabar_store_sqlite::SqliteStore| {
        store.overview(ana, conversation).await.unwrap().last
    };
    let store = open(dir.path()).unwrap();
    assert_eq!(last(&store).await, Seq(40));
    let far = Place { conversation, seq: Seq(90) };
    store.mark_read(ana, &[far]).await.unwrap();
    store.close();
    db.execute_batch(&format!(
        "INSERT INTO message (conversation_id, seq, author_id, sent_at, body)
         VALUES ({0}, 41, {1}, 1, 'a'), ({0}, 42, {1}, 1, 'b')",
        conversation.0, maya.0
    ))
    .unwrap();
    let store = open(dir.path()).unwrap();
    assert_eq!(last(&store).await, Seq(42));
    assert_eq!(store.messages(conversation, Seq::NONE, 10).await.unwrap().len(), 2);
    assert_eq!(texts(&store, ana).await, ["a", "b"]);
    assert_eq!(store.unread_in(ana, conversation, PART).await.unwrap().messages.len(), 2);
    assert_eq!(store.unread(ana, up_to(1, 1_000)).await.unwrap().messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_fails_with_its_code_and_can_be_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let noor = stranger(&store, "noor@zeta").await;
    let one = say(&store, ana, maya, "one").await;
    say(&store, ana, maya, "two").await;
    let conversation = one.place.conversation;
    let answer = received(&store, kampus, 2, &[(1, "user_unknown"), (9, "invalid")]).await;
    assert_eq!(store.acknowledge(kampus, answer).await.unwrap(), [conversation]);
    let waiting = store.waiting(ana, conversation).await.unwrap();
    let failed: Vec<_> = waiting.iter().map(|sent| sent.failed.as_deref()).collect();
    assert_eq!(failed, [Some("user_unknown"), None]);
    assert!(!store.forget_failed(maya, one.outgoing.unwrap()).await.unwrap(), "not theirs");
    assert!(!store.forget_failed(ana, waiting[1].id).await.unwrap(), "not failed");
    assert!(store.forget_failed(ana, one.outgoing.unwrap()).await.unwrap());
    assert_eq!(store.waiting(ana, conversation).await.unwrap().len(), 1);

    let [first, second] = [say(&store, ana, noor, "a").await, say(&store, ana, noor, "b").await];
    let answer = received(&store, zeta, 1, &[(1, "<b>worse</b>")]).await;
    store.acknowledge(zeta, answer).await.unwrap();
    let states = store.undelivered(first.place.conversation, Seq(1), Seq(5)).await.unwrap();
    let invalid = Delivery::Failed("invalid".to_owned());
    assert_eq!(states, [(Seq(1), invalid), (second.place.seq, Delivery::Queued)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_epoch_or_past_what_was_sent_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    say(&store, ana, noor, "a").await;
    let mut old = received(&store, zeta, 1, &[]).await;
    let far = received(&store, zeta, 2, &[]).await;
    old.epoch -= 1;
    for answer in [old, far] {
        assert_eq!(store.acknowledge(zeta, answer).await.unwrap(), []);
    }
    assert_eq!(waits(&store, zeta).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_epoch_numbers_what_waits_anew_and_sends_again_what_did_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let mut posts = Vec::new();
    for what in ["one", "two", "three", "four"] {
        posts.push(Told::Post(say(&store, ana, maya, what).await.outgoing.unwrap()));
    }
    let answer = received(&store, kampus, 2, &[(1, "invalid")]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    let before = link(&store, kampus).await;
    assert_eq!((before.last, before.acknowledged), (4, 2));
    let uids: Vec<_> = waits(&store, kampus).await.iter().map(|item| item.uid).collect();

    store.begin_epoch(kampus, before.epoch - 5).await.unwrap();
    let after = link(&store, kampus).await;
    assert!(after.epoch > before.epoch);
    assert_eq!((after.last, after.acknowledged, after.acknowledged_uid.0), (3, 0, [0; 16]));
    let waiting = waits(&store, kampus).await;
    let told: Vec<_> = waiting.iter().map(|item| item.what.clone()).collect();
    assert_eq!(told, posts[1..], "the second may be lost there, the first failed");
    assert_eq!([waiting[1].uid, waiting[2].uid], uids[..]);

    say(&store, ana, maya, "five").await;
    assert_eq!(waits(&store, kampus).await.len(), 4);
    let answer = received(&store, kampus, 4, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    assert_eq!(link(&store, kampus).await.queued(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_waited_too_long_expires_and_the_rest_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let said = |what, secs: i64| NewMessage {
        at: Timestamp(NOW.0 + secs * 1_000_000),
        ..text(ana, Target::Direct(maya), what)
    };
    let conversation = post(&store, said("taken", 0)).await.unwrap().place.conversation;
    let answer = received(&store, kampus, 1, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    for (what, secs) in [("old", 1), ("new", 5), ("odd", 2)] {
        post(&store, said(what, secs)).await.unwrap();
    }
    let epoch = link(&store, kampus).await.epoch;
    let before = Timestamp(NOW.0 + 3_000_000);
    assert_eq!(store.expire(kampus, before).await.unwrap(), [conversation]);
    let waiting = store.waiting(ana, conversation).await.unwrap();
    let expired: Vec<_> =
        waiting.iter().filter(|sent| sent.failed.as_deref() == Some("expired")).collect();
    let texts: Vec<_> = expired.iter().map(|sent| sent.message.body.as_str()).collect();
    assert_eq!(texts, ["taken", "old"], "what stands behind a newer one waits with it");
    assert_eq!(waits(&store, kampus).await.len(), 2);
    let after = link(&store, kampus).await;
    assert!(after.epoch > epoch);
    assert_eq!((after.acknowledged, after.last), (0, 2));
    assert_eq!(store.expire(kampus, before).await.unwrap(), []);
    assert_eq!(link(&store, kampus).await.epoch, after.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_link_takes_nothing_and_nothing_of_a_message_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let budi = user(&store, "budi").await;
    let maya = stranger(&store, "maya@kampus").await;
    let [noor, oki] = [stranger(&store, "noor@zeta").await, stranger(&store, "oki@zeta").await];
    say(&store, ana, maya, "hai").await;
    say(&store, ana, noor, "hai").await;
    store.close();
    let db = Connection::open(dir.path().join("kabar.db")).unwrap();
    let fill = |what: &str| db.execute_batch(&format!("UPDATE link SET {what}")).unwrap();
    // One place is left in each.
    fill("acknowledged = last_number - 99999");
    let store = open(dir.path()).unwrap();
    let to = |targets: &[_]| {
        let targets: Vec<_> = targets.iter().copied().map(Target::Direct).collect();
        NewMessage { targets, ..text(ana, Target::Direct(ana), "many") }
    };
    let refused = post(&store, to(&[budi, ana, noor, maya, oki])).await;
    assert_eq!(refusal(refused), Refusal::LinkFull);
    assert_eq!(texts(&store, budi).await, [""; 0]);
    assert_eq!(store.direct(ana, oki).await.unwrap(), None);
    post(&store, to(&[budi, noor, maya])).await.unwrap();
    for stranger in [noor, maya] {
        assert_eq!(refusal(post(&store, to(&[stranger])).await), Refusal::LinkFull);
    }
    assert_eq!(refusal(store.ask_to_join(zeta, ana, "klub", NOW).await), Refusal::LinkFull);
    store.close();

    fill("acknowledged = last_number, waiting_bytes = 256 * 1024 * 1024 - 4");
    let store = open(dir.path()).unwrap();
    post(&store, text(ana, Target::Direct(noor), "four")).await.unwrap();
    let five = text(ana, Target::Direct(maya), "fives");
    assert_eq!(refusal(post(&store, five).await), Refusal::LinkFull);
    assert!(store.outbox(kampus, 10).await.unwrap().len() < 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_blocked_fails_what_waits_and_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let maya = stranger(&store, "maya@kampus").await;
    let noor = stranger(&store, "noor@zeta").await;
    let klub = group(&store, ana, "Klub").await.id;
    store.invite(klub, ana, &[noor], NOW).await.unwrap();
    let away = [say(&store, ana, maya, "one").await, say(&store, ana, maya, "two").await];
    let answer = received(&store, kampus, 1, &[]).await;
    store.acknowledge(kampus, answer).await.unwrap();
    let home = say(&store, ana, noor, "three").await;
    for id in [kampus, zeta] {
        assert_eq!(stand(&store, id, Standing::Blocked).await.queued(), 0);
        assert_eq!(waits(&store, id).await, []);
    }
    let waiting = store.waiting(ana, away[0].place.conversation).await.unwrap();
    assert!(waiting.iter().all(|sent| sent.failed.as_deref() == Some("link_removed")));
    assert_eq!(waiting.len(), 2);
    let states = store.undelivered(home.place.conversation, Seq(1), Seq(1)).await.unwrap();
    assert_eq!(states, [(Seq(1), Delivery::Failed("link_removed".to_owned()))]);

    for stranger in [maya, noor] {
        let new = text(ana, Target::Direct(stranger), "more");
        assert_eq!(refusal(post(&store, new).await), Refusal::RealmUnknown);
    }
    assert_eq!(refusal(store.ask_to_join(zeta, ana, "x", NOW).await), Refusal::RealmUnknown);
    let oki = stranger(&store, "oki@zeta").await;
    assert_eq!(refusal(store.open_direct(ana, oki, NOW).await), Refusal::RealmUnknown);
    assert_eq!(refusal(store.invite(klub, ana, &[oki], NOW).await), Refusal::RealmUnknown);
    // A group goes on without them.
    post(&store, text(ana, Target::Group(klub), "here")).await.unwrap();
    assert_eq!(waits(&store, zeta).await, []);

    stand(&store, zeta, Standing::Linked).await;
    // First of all how the group stands: it may have changed meanwhile. What had failed goes out after all, and is
    // called so.
    let waiting = waits(&store, zeta).await;
    let told: Vec<_> = waiting.into_iter().map(|item| item.what).collect();
    assert_eq!(told, [Told::Members(klub), Told::Message(home.place)]);
    let states = store.undelivered(home.place.conversation, Seq(1), Seq(1)).await.unwrap();
    assert_eq!(states, [(Seq(1), Delivery::Queued)]);
    let answer = received(&store, zeta, 2, &[]).await;
    store.acknowledge(zeta, answer).await.unwrap();
    assert_eq!(store.undelivered(home.place.conversation, Seq(1), Seq(1)).await.unwrap(), []);
    // Posts to a home over there are their authors' to send again.
    stand(&store, kampus, Standing::Linked).await;
    let waiting = store.waiting(ana, away[0].place.conversation).await.unwrap();
    assert!(waiting.iter().all(|sent| sent.failed.as_deref() == Some("link_removed")));
    assert_eq!(waits(&store, kampus).await, []);
}
