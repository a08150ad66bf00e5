//! Sending files: as they were sent, or not at all; which contents are in use.

use kabar_model::{Arrival, Body, ContentHash, Field, File, FileCode, Refusal, Seq, UserId};

use super::world::{
    Shared, at, file_message, group, group_of, history, message, new_file, post, refused, room,
    say, send, unread, users,
};
use crate::store::{FileKey, FileScope, Message, NewFile, Store, Target};

/// A file that must be sole.
fn sole(number: u8, name: &str) -> NewFile {
    NewFile { sole: true, ..new_file(number, name) }
}

async fn post_file(
    store: &dyn Store,
    author: UserId,
    target: Target,
    new: NewFile,
) -> crate::error::Result<()> {
    post(store, file_message(author, target, new)).await.map(drop)
}

pub(super) async fn a_file_is_read_as_it_was_sent(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let file = File { size: 5_000_000_000, ..new_file(1, "foto 😀 é.tar.gz").file };
    let file = File { media_type: "image/png".into(), code: FileCode::new(0xab_cdef), ..file };
    let hash = ContentHash(std::array::from_fn(|i| 255 - u8::try_from(i).unwrap()));
    let file = File { hash, ..file };
    let caption = Body::parse("lihat\nini").unwrap();
    let with_caption = NewFile { file: file.clone(), caption: Some(caption), sole: false };
    post_file(&*store, ana, Target::Direct(budi), with_caption).await.unwrap();
    let empty = NewFile {
        file: File { code: FileCode::new(2), size: 0, ..file.clone() },
        caption: None,
        sole: false,
    };
    let second = empty.file.clone();
    post_file(&*store, ana, Target::Direct(budi), empty).await.unwrap();
    let third = say(&*store, ana, Target::Direct(budi), "and a text").await;
    assert_eq!(third.seq, Seq(3), "files and texts are numbered together");

    let unread = unread(&*store, budi).await;
    let message = |seq, body: &str, file| {
        let place = crate::store::Place { seq: Seq(seq), ..third };
        Message {
            place,
            arrival: Arrival(seq),
            author: ana,
            body: body.into(),
            file,
            at: at(1),
            change: None,
            reply_to: None,
            edited_at: None,
            deleted: false,
            key: None,
        }
    };
    let expected = [
        message(1, "lihat\nini", Some(file)),
        message(2, "", Some(second)),
        message(3, "and a text", None),
    ];
    assert_eq!(unread.messages, expected);
    assert_eq!(unread.positions, [third]);
    let conversation = third.conversation;
    assert_eq!(store.messages(conversation, Seq::NONE, 10).await.unwrap(), expected);
    assert_eq!(store.messages(conversation, Seq(1), 1).await.unwrap(), expected[1..2]);
    assert_eq!(store.recent(budi, conversation, 2).await.unwrap(), expected[1..]);
}

pub(super) async fn a_code_is_used_once(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let lobby = room(&*store, "lobby").await;
    send(&*store, ana, Target::Direct(budi), 1, "a.txt").await;
    send(&*store, ana, Target::Room(lobby), 2, "a.txt").await;
    for (author, target, number) in [
        (ana, Target::Direct(budi), 1),
        (citra, Target::Direct(citra), 1),
        (citra, Target::Room(lobby), 2),
        (budi, Target::Direct(ana), 2),
    ] {
        let outcome = post_file(&*store, author, target, new_file(number, "b.txt")).await;
        assert_eq!(refused(outcome), Refusal::Busy);
        let outcome = post_file(&*store, author, target, sole(number, "a.txt")).await;
        assert_eq!(refused(outcome), Refusal::Busy, "another code may do, another name would not");
    }
    send(&*store, citra, Target::Direct(citra), 3, "a.txt").await;
}

pub(super) async fn a_refused_file_leaves_nothing_and_harms_no_neighbour(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let closed = group(&*store, "closed", budi).await.id;
    let nobody = UserId(ana.0.max(budi.0) + 1_000);
    let mut tickets = Vec::new();
    for round in 0..5 {
        let number = 10 * round;
        let posts = [
            file_message(ana, Target::Direct(budi), new_file(number + 1, "x")),
            file_message(ana, Target::Direct(budi), new_file(number + 1, "y")),
            file_message(ana, Target::Group(closed), new_file(number + 2, "z")),
            file_message(ana, Target::Direct(nobody), new_file(number + 2, "z")),
            file_message(ana, Target::Room(closed), new_file(number + 2, "z")),
            file_message(ana, Target::Direct(budi), sole(number + 2, "x")),
            message(ana, &[Target::Direct(budi)], &round.to_string()),
        ];
        for new in posts {
            tickets.push(store.post(new).await.unwrap());
        }
    }
    let mut outcomes = Vec::new();
    for ticket in tickets {
        outcomes.push(
            ticket
                .await
                .map(|posted| posted[0].place.seq)
                .map_err(|error| error.refusal().expect("a refusal, not a failure").clone()),
        );
    }
    for (round, outcomes) in (0..5).zip(outcomes.chunks(7)) {
        let expected = [
            Ok(Seq(2 * round + 1)),
            Err(Refusal::Busy),
            Err(Refusal::NotMember),
            Err(Refusal::UserUnknown),
            Err(Refusal::NotInRoom),
            Err(Refusal::FileTaken),
            Ok(Seq(2 * round + 2)),
        ];
        assert_eq!(outcomes, expected);
    }
    assert_eq!(unread(&*store, budi).await.messages.len(), 10);
    assert_eq!(store.files(budi, 100).await.unwrap().len(), 5);
    assert_eq!(history(&*store, closed).await, [""; 0]);
    // The code of what was refused is free, and its contents are nobody's.
    assert_eq!(store.used_contents(&[ContentHash([2; 32])]).await.unwrap(), []);
    send(&*store, budi, Target::Group(closed), 2, "z").await;
}

pub(super) async fn a_file_that_must_be_sole_is_refused_when_the_receiver_has_one_of_that_name(
    store: Shared,
) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    post_file(&*store, ana, Target::Direct(budi), sole(1, "a.txt")).await.unwrap();
    for author in [ana, citra] {
        let outcome = post_file(&*store, author, Target::Direct(budi), sole(2, "a.txt")).await;
        assert_eq!(refused(outcome), Refusal::FileTaken, "whoever sent it");
    }
    post_file(&*store, ana, Target::Direct(budi), sole(2, "A.txt")).await.unwrap();
    post_file(&*store, ana, Target::Direct(budi), new_file(3, "a.txt")).await.unwrap();
    post_file(&*store, ana, Target::Direct(citra), sole(4, "a.txt")).await.unwrap();

    let club = group_of(&*store, "club", &[ana, budi, citra]).await;
    send(&*store, ana, Target::Group(club), 5, "club.txt").await;
    let outcome = post_file(&*store, citra, Target::Direct(budi), sole(6, "club.txt")).await;
    assert_eq!(refused(outcome), Refusal::FileTaken, "what a group got is in the list, too");
    post_file(&*store, ana, Target::Group(club), sole(6, "club.txt")).await.unwrap();
    let lobby = room(&*store, "lobby").await;
    for number in [7, 8] {
        post_file(&*store, ana, Target::Room(lobby), sole(number, "a.txt")).await.unwrap();
    }
}

pub(super) async fn a_name_is_taken_by_what_others_sent_to_the_receiver_alone(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let left = group_of(&*store, "left", &[ana, budi]).await;
    let lobby = room(&*store, "lobby").await;
    let late = group(&*store, "late", ana).await.id;
    send(&*store, budi, Target::Direct(ana), 1, "a.txt").await;
    send(&*store, budi, Target::Group(club), 2, "a.txt").await;
    send(&*store, ana, Target::Group(left), 3, "a.txt").await;
    send(&*store, ana, Target::Room(lobby), 4, "a.txt").await;
    send(&*store, ana, Target::Direct(citra), 5, "a.txt").await;
    send(&*store, ana, Target::Group(late), 6, "a.txt").await;
    store.leave_group(left, budi, at(2)).await.unwrap();
    store.join_group(late, budi, at(2)).await.unwrap();
    post_file(&*store, ana, Target::Direct(budi), sole(7, "a.txt")).await.unwrap();
}

pub(super) async fn a_note_takes_names_in_the_list_of_its_writer(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    post_file(&*store, ana, Target::Direct(ana), sole(1, "a.txt")).await.unwrap();
    for author in [ana, budi] {
        let outcome = post_file(&*store, author, Target::Direct(ana), sole(2, "a.txt")).await;
        assert_eq!(refused(outcome), Refusal::FileTaken);
    }
    post_file(&*store, ana, Target::Direct(budi), sole(2, "a.txt")).await.unwrap();
}

pub(super) async fn a_file_goes_to_one_target(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let mut new = file_message(ana, Target::Direct(budi), new_file(1, "a.txt"));
    new.targets.push(Target::Direct(citra));
    assert_eq!(refused(post(&*store, new).await), Refusal::TooMany(Field::Recipients));
    for reader in [budi, citra] {
        assert_eq!(unread(&*store, reader).await.messages, []);
    }
    send(&*store, ana, Target::Direct(budi), 1, "a.txt").await;
}

pub(super) async fn contents_are_in_use_once_a_file_refers_to_them(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    let hashes: Vec<_> = (0..6).map(|number| ContentHash([number; 32])).collect();
    assert_eq!(store.used_contents(&hashes).await.unwrap(), []);
    send(&*store, ana, Target::Direct(budi), 1, "a.txt").await;
    send(&*store, ana, Target::Room(lobby), 4, "a.txt").await;
    let mut again = new_file(5, "b.txt");
    again.file.hash = hashes[1];
    post_file(&*store, ana, Target::Direct(ana), again).await.unwrap();
    let mut used = store.used_contents(&hashes).await.unwrap();
    used.sort_unstable();
    assert_eq!(used, [hashes[1], hashes[4]]);
    assert_eq!(store.used_contents(&hashes[1..2]).await.unwrap(), [hashes[1]]);
    assert_eq!(store.used_contents(&[]).await.unwrap(), []);
    let key = FileKey::Code(FileCode::new(5));
    let found = store.find_file(ana, FileScope::Everywhere, &key).await.unwrap().unwrap();
    assert_eq!(found.file.hash, hashes[1], "two files may have the same contents");
}
