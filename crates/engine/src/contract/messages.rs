//! Messages: numbers, direct conversations, bodies.

use kabar_model::limits::BODY_BYTES_MAX;
use kabar_model::{ConversationId, Seq};
use tokio::task::JoinSet;

use super::world::{Shared, at, group, history, message, post, say, unread, user, users};
use crate::store::{Conversation, NewMessage, Place, Target};

pub(super) async fn messages_are_numbered_without_gaps(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for expected in 1..=6 {
        let (author, reader) = if expected % 2 == 0 { (ana, budi) } else { (budi, ana) };
        let place = say(&*store, author, Target::Direct(reader), "hai").await;
        assert_eq!(place.seq, Seq(expected));
    }
}

pub(super) async fn two_people_have_one_conversation_whoever_writes_first(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let there = say(&*store, ana, Target::Direct(budi), "hai budi").await;
    let back = say(&*store, budi, Target::Direct(ana), "hai ana").await;
    assert_eq!(there.conversation, back.conversation);
    let upwards = say(&*store, citra, Target::Direct(ana), "hai").await;
    let downwards = say(&*store, ana, Target::Direct(citra), "hai").await;
    assert_eq!(upwards.conversation, downwards.conversation);
    assert_ne!(there.conversation, upwards.conversation);
    assert_eq!(downwards.seq, Seq(2));

    let found = store.conversations(&[there.conversation]).await.unwrap();
    assert_eq!(found, [Conversation::Direct(there.conversation)]);
    assert_eq!(history(&*store, there.conversation).await, ["hai budi", "hai ana"]);
}

pub(super) async fn first_messages_from_both_sides_at_once_meet_in_one_conversation(store: Shared) {
    for round in 0..8 {
        let ana = user(&*store, &format!("ana{round}")).await;
        let budi = user(&*store, &format!("budi{round}")).await;
        let mut tasks = JoinSet::new();
        for number in 0..8 {
            let store = store.clone();
            let (author, reader) = if number % 2 == 0 { (ana, budi) } else { (budi, ana) };
            tasks.spawn(async move { say(&*store, author, Target::Direct(reader), "hai").await });
        }
        let mut places = tasks.join_all().await;
        places.sort_by_key(|place| place.seq);
        let conversation = places[0].conversation;
        let expected: Vec<_> = (1..=8).map(|seq| Place { conversation, seq: Seq(seq) }).collect();
        assert_eq!(places, expected);
        assert_eq!(unread(&*store, ana).await.messages.len(), 4);
        assert_eq!(unread(&*store, budi).await.messages.len(), 4);
    }
}

pub(super) async fn a_note_to_oneself_is_a_conversation_of_its_own(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let other = say(&*store, ana, Target::Direct(budi), "hai").await;
    let first = say(&*store, ana, Target::Direct(ana), "milk").await;
    let second = say(&*store, ana, Target::Direct(ana), "bread").await;
    assert_ne!(first.conversation, other.conversation);
    assert_eq!((first.conversation, first.seq), (second.conversation, Seq(1)));
    assert_eq!(second.seq, Seq(2));
    let budis = say(&*store, budi, Target::Direct(budi), "mine").await;
    assert_ne!(first.conversation, budis.conversation);
}

pub(super) async fn messages_are_read_in_parts(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut conversation = ConversationId(0);
    for number in 1..=5 {
        let place = say(&*store, ana, Target::Direct(budi), &format!("m{number}")).await;
        conversation = place.conversation;
        say(&*store, ana, Target::Direct(ana), "between").await;
    }
    let part = async |after, limit| {
        let part = store.messages(conversation, Seq(after), limit).await.unwrap();
        part.iter().map(|m| (m.place.seq.0, m.body.clone())).collect::<Vec<_>>()
    };
    assert_eq!(part(0, 2).await, [(1, "m1".into()), (2, "m2".into())]);
    assert_eq!(part(2, 2).await, [(3, "m3".into()), (4, "m4".into())]);
    assert_eq!(part(4, 2).await, [(5, "m5".into())]);
    assert_eq!(part(5, 2).await, []);
    let nowhere = ConversationId(conversation.0 + 1_000);
    assert_eq!(store.messages(nowhere, Seq::NONE, 10).await.unwrap(), []);
}

pub(super) async fn a_body_is_kept_as_sent(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let longest = "é".repeat(BODY_BYTES_MAX / 2);
    let bodies = [
        "nul \0 inside",
        "it's a \"quote\"; DROP TABLE message; --",
        "😀 👩‍👩‍👧 \u{202E}turned\u{202C}",
        "two\r\nlines\u{2028}and \x1b[31m a control",
        "%s ?1 :a \\n",
        &longest,
    ];
    let mut at_seq = Seq::NONE;
    for body in bodies {
        let place = say(&*store, ana, Target::Direct(budi), body).await;
        let found = store.messages(place.conversation, at_seq, 1).await.unwrap().remove(0);
        assert!(found.body == body, "{body:.40?}");
        assert_eq!((found.place, found.author, found.at), (place, ana, at(1)));
        at_seq = place.seq;
    }
    let unread = unread(&*store, budi).await;
    assert!(unread.messages.iter().map(|m| m.body.as_str()).eq(bodies));
}

pub(super) async fn order_does_not_depend_on_the_clock(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let times = [at(100), at(50), at(-86_400), at(75)];
    for (number, when) in times.into_iter().enumerate() {
        let new = message(ana, &[Target::Direct(budi)], &format!("m{number}"));
        post(&*store, NewMessage { at: when, ..new }).await.unwrap();
    }
    let seen: Vec<_> =
        unread(&*store, budi).await.messages.into_iter().map(|m| (m.body, m.at)).collect();
    let sent: Vec<_> = (0..).map(|n| format!("m{n}")).zip(times).collect();
    assert_eq!(seen, sent);
}

pub(super) async fn unknown_conversations_are_left_out(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let group = group(&*store, "club", ana).await;
    let unknown = ConversationId(direct.0.max(group.id.0) + 1_000);
    let mut found = store.conversations(&[group.id, unknown, direct]).await.unwrap();
    found.sort_by_key(Conversation::id);
    let mut expected = [Conversation::Direct(direct), Conversation::Group(group)];
    expected.sort_by_key(Conversation::id);
    assert_eq!(found, expected);
    assert_eq!(store.conversations(&[]).await.unwrap(), []);
}
