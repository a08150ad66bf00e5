//! Unread messages in parts: the oldest first, the rest on the next call.

use kabar_model::UserId;

use super::world::{
    Shared, group_of, hand_over, read_all, say, send, texts, unread, unread_texts, up_to, users,
};
use crate::store::{PartMax, Store, Target, Unread};

/// Takes the next part and marks it read.
async fn part(store: &dyn Store, user: UserId, messages_max: usize, bytes_max: usize) -> Unread {
    let part = store.unread(user, up_to(messages_max, bytes_max)).await.unwrap();
    store.mark_read(user, &part.positions).await.unwrap();
    part
}

pub(super) async fn the_oldest_come_first_across_conversations(store: Shared) {
    let [ana, budi, citra, dewi] = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group_of(&*store, "club", &[ana, budi, dewi]).await;
    let sent = [
        (citra, Target::Direct(dewi), "1"),
        (ana, Target::Group(club), "2"),
        (budi, Target::Direct(dewi), "3"),
        (dewi, Target::Direct(dewi), "4"),
        (citra, Target::Direct(dewi), "5"),
        (budi, Target::Group(club), "6"),
        (ana, Target::Direct(dewi), "7"),
        (citra, Target::Direct(dewi), "8"),
    ];
    for (author, target, text) in sent {
        say(&*store, author, target, text).await;
    }
    assert_eq!(unread_texts(&*store, dewi).await, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    for expected in [vec!["1", "2", "3"], vec!["4", "5", "6"], vec!["7", "8"], vec![]] {
        assert_eq!(texts(&part(&*store, dewi, 3, 1 << 20).await), expected);
    }
}

pub(super) async fn the_rest_comes_on_the_next_call(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for number in 1..=5 {
        say(&*store, ana, Target::Direct(budi), &number.to_string()).await;
    }
    let unmarked = store.unread(budi, up_to(2, 1 << 20)).await.unwrap();
    assert_eq!(texts(&unmarked), ["1", "2"]);
    assert_eq!(texts(&part(&*store, budi, 2, 1 << 20).await), ["1", "2"], "it was not marked");
    assert_eq!(texts(&part(&*store, budi, 2, 1 << 20).await), ["3", "4"]);
    say(&*store, ana, Target::Direct(budi), "6").await;
    assert_eq!(texts(&part(&*store, budi, 2, 1 << 20).await), ["5", "6"]);
    assert_eq!(part(&*store, budi, 2, 1 << 20).await, Unread::default());
}

pub(super) async fn a_part_counts_what_its_text_costs_to_say(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for _ in 0..4 {
        say(&*store, ana, Target::Direct(budi), &"\u{1}".repeat(1_000)).await;
    }
    // Six bytes each, escaped.
    assert_eq!(part(&*store, budi, 10, 13_000).await.messages.len(), 2);
    assert_eq!(part(&*store, budi, 10, 13_000).await.messages.len(), 2);
}

/// Sends texts of 10 bytes and files of 1,000 (1,336 in base64) in turn.
async fn texts_and_files(store: &dyn Store, author: UserId, target: Target) {
    for number in 1..=4 {
        say(store, author, target, &number.to_string().repeat(10)).await;
        send(store, author, target, number, "a.txt").await;
    }
}

pub(super) async fn a_part_counts_the_contents_that_are_said(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    texts_and_files(&*store, ana, Target::Direct(budi)).await;
    for (file_bytes, bytes, expected) in [
        (1_000, 1_345, 1),
        (1_000, 1_346, 2),
        (1_000, 1_356, 3),
        (1_000, 2_691, 3),
        (1_000, 2_692, 4),
        (999, 29, 4),
        (999, 40, 8),
        (0, 40, 8),
        (u64::MAX, 5_384, 8),
        (u64::MAX, 5_383, 7),
    ] {
        let part = PartMax { messages: 10, bytes, file_bytes };
        let found = store.unread(budi, part).await.unwrap();
        assert_eq!(found.messages.len(), expected, "{part:?}");
        assert!(found.messages[1..].iter().step_by(2).all(|message| message.file.is_some()));
    }
    let first = PartMax { messages: 1, bytes: 1, file_bytes: u64::MAX };
    let found = store.unread(budi, first).await.unwrap();
    store.mark_read(budi, &found.positions).await.unwrap();
    let found = store.unread(budi, first).await.unwrap();
    assert!(found.messages[0].file.is_some(), "one at least, however large");
    assert_eq!(read_all(&*store, budi).await.len(), 7);
}

pub(super) async fn a_part_of_one_conversation_counts_them_as_well(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    texts_and_files(&*store, ana, Target::Group(club)).await;
    for (file_bytes, bytes, expected) in [(1_000, 1_345, 1), (1_000, 1_346, 2), (999, 40, 8)] {
        let part = PartMax { messages: 10, bytes, file_bytes };
        let found = store.unread_in(budi, club, part).await.unwrap();
        assert_eq!(found.messages.len(), expected, "{part:?}");
    }
}

pub(super) async fn a_part_holds_about_so_many_bytes_and_at_least_one_message(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for letter in ["a", "b", "c", "d"] {
        say(&*store, ana, Target::Direct(budi), &letter.repeat(1_000)).await;
    }
    assert_eq!(part(&*store, budi, 10, 10).await.messages.len(), 1);
    let two = part(&*store, budi, 10, 2_000).await;
    assert!((1..=3).contains(&two.messages.len()), "about 2,000 bytes of 1,000 each");
    let rest = read_all(&*store, budi).await.len();
    assert_eq!(1 + two.messages.len() + rest, 4);
}

pub(super) async fn positions_stop_before_what_was_not_returned(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    for (author, text) in [(ana, "1"), (citra, "2"), (ana, "3"), (citra, "4")] {
        say(&*store, author, Target::Direct(budi), text).await;
    }
    let first = part(&*store, budi, 1, 1 << 20).await;
    assert_eq!(texts(&first), ["1"]);
    assert_eq!(first.positions, [first.messages[0].place], "nothing was read of the other");
    assert_eq!(read_all(&*store, budi).await, ["2", "3", "4"]);
}

pub(super) async fn a_long_backlog_arrives_whole_and_in_order(store: Shared) {
    const MESSAGES: usize = 1_500;
    let [ana, budi, citra, dewi] = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group_of(&*store, "club", &[ana, dewi]).await;
    let mut tickets = Vec::new();
    for number in 0..MESSAGES {
        let (author, target) = match number % 7 {
            0 => (budi, Target::Direct(dewi)),
            1..=3 => (citra, Target::Direct(dewi)),
            _ => (ana, Target::Group(club)),
        };
        tickets.push(hand_over(&*store, author, target, &number.to_string()).await);
        if number % 5 == 0 {
            tickets.push(hand_over(&*store, dewi, Target::Direct(citra), "mine").await);
        }
    }
    for ticket in tickets {
        ticket.await.unwrap();
    }
    let mut seen = Vec::new();
    loop {
        let part = part(&*store, dewi, 130, 1 << 20).await;
        assert!(part.messages.len() <= 130);
        if part.messages.is_empty() {
            break;
        }
        seen.extend(texts(&part));
    }
    let expected: Vec<_> = (0..MESSAGES).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
}

pub(super) async fn thousands_of_messages_of_ones_own_hide_nothing(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let mut tickets = Vec::new();
    for number in 0..3_000 {
        let (author, reader) = if number == 2_500 { (budi, ana) } else { (ana, budi) };
        tickets.push(hand_over(&*store, author, Target::Direct(reader), &number.to_string()).await);
    }
    for ticket in tickets {
        ticket.await.unwrap();
    }
    assert_eq!(unread_texts(&*store, ana).await, ["2500"]);
    assert_eq!(read_all(&*store, ana).await, ["2500"]);
    assert_eq!(read_all(&*store, ana).await, [""; 0]);
    assert_eq!(unread(&*store, ana).await.positions, [], "all are passed over by now");
}
