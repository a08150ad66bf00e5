//! Finding files, and listing them: by code, by name, and only by those who may read them.

use kabar_model::{ConversationId, FileCode, FileName, UserId};

use super::world::{Shared, at, group, group_of, new_file, room, say, send, user, users};
use crate::store::{FileKey, FileScope, SentFile, Store, Target};

fn code(number: u8) -> FileKey {
    FileKey::Code(FileCode::new(number.into()))
}

fn named(name: &str) -> FileKey {
    FileKey::Name(FileName::clean(name).unwrap())
}

/// The number of the file that is found.
async fn find(store: &dyn Store, reader: UserId, scope: FileScope, key: &FileKey) -> Option<u32> {
    let found = store.find_file(reader, scope, key).await.unwrap();
    found.map(|sent| sent.file.code.number())
}

async fn list(store: &dyn Store, reader: UserId) -> Vec<u32> {
    numbers(&store.files(reader, 1_000).await.unwrap())
}

fn numbers(files: &[SentFile]) -> Vec<u32> {
    files.iter().map(|sent| sent.file.code.number()).collect()
}

/// Whether somebody finds a file by code and by name, which must agree.
async fn finds(
    store: &dyn Store,
    reader: UserId,
    scope: FileScope,
    number: u8,
    name: &str,
) -> bool {
    let by_code = find(store, reader, scope, &code(number)).await;
    let by_name = find(store, reader, scope, &named(name)).await;
    assert_eq!(by_code, by_name, "{name} in {scope:?}");
    by_code.is_some()
}

pub(super) async fn a_file_is_found_by_its_code_and_by_its_name(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "before").await;
    let place = send(&*store, ana, Target::Direct(budi), 1, "catatan.txt").await;
    send(&*store, ana, Target::Direct(budi), 2, "lain.txt").await;
    let expected =
        SentFile { file: new_file(1, "catatan.txt").file, place, author: ana, at: at(1) };
    let scopes = [FileScope::Everywhere, FileScope::In(place.conversation)];
    for (reader, scope) in [ana, budi].into_iter().flat_map(|one| scopes.map(|scope| (one, scope)))
    {
        for key in [code(1), named("catatan.txt")] {
            let found = store.find_file(reader, scope, &key).await.unwrap();
            assert_eq!(found.as_ref(), Some(&expected), "{key:?}");
        }
        for key in [code(3), named("CATATAN.txt"), named("catatan"), named("000001")] {
            assert_eq!(find(&*store, reader, scope, &key).await, None, "{key:?}");
        }
    }
}

pub(super) async fn of_files_of_one_name_the_newest_is_found(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    for _ in 0..5 {
        say(&*store, ana, Target::Group(club), "so its numbers are ahead").await;
    }
    let direct = send(&*store, ana, Target::Direct(budi), 9, "a.txt").await.conversation;
    send(&*store, budi, Target::Group(club), 8, "a.txt").await;
    send(&*store, citra, Target::Direct(budi), 7, "a.txt").await;
    let key = named("a.txt");
    for (reader, scope, expected) in [
        (budi, FileScope::Everywhere, 7),
        (ana, FileScope::Everywhere, 8),
        (budi, FileScope::In(direct), 9),
        (budi, FileScope::In(club), 8),
    ] {
        assert_eq!(find(&*store, reader, scope, &key).await, Some(expected), "{scope:?}");
    }
    send(&*store, budi, Target::Direct(ana), 1, "a.txt").await;
    for (reader, scope, expected) in [
        (budi, FileScope::Everywhere, 1),
        (ana, FileScope::In(direct), 1),
        (ana, FileScope::In(club), 8),
    ] {
        assert_eq!(find(&*store, reader, scope, &key).await, Some(expected), "{scope:?}");
    }
    assert_eq!(find(&*store, budi, FileScope::Everywhere, &code(9)).await, Some(9));
}

pub(super) async fn only_those_in_a_conversation_find_its_files(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let direct = send(&*store, ana, Target::Direct(budi), 1, "direct.txt").await.conversation;
    let note = send(&*store, ana, Target::Direct(ana), 2, "note.txt").await.conversation;
    send(&*store, ana, Target::Group(club), 3, "club.txt").await;
    let files = [(1, "direct.txt", direct), (2, "note.txt", note), (3, "club.txt", club)];
    for (reader, readable) in
        [(ana, [true, true, true]), (budi, [true, false, true]), (citra, [false; 3])]
    {
        for ((number, name, conversation), expected) in files.into_iter().zip(readable) {
            for scope in [FileScope::Everywhere, FileScope::In(conversation)] {
                assert_eq!(finds(&*store, reader, scope, number, name).await, expected, "{name}");
            }
        }
    }
    store.leave_group(club, budi, at(2)).await.unwrap();
    for scope in [FileScope::Everywhere, FileScope::In(club)] {
        assert!(!finds(&*store, budi, scope, 3, "club.txt").await, "who left finds nothing");
        assert!(finds(&*store, ana, scope, 3, "club.txt").await);
    }
}

pub(super) async fn who_joined_later_finds_later_files_alone(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let everywhere = FileScope::Everywhere;
    send(&*store, ana, Target::Group(club), 1, "before.txt").await;
    send(&*store, ana, Target::Group(club), 2, "a.txt").await;
    store.join_group(club, budi, at(2)).await.unwrap();
    for scope in [everywhere, FileScope::In(club)] {
        assert!(!finds(&*store, budi, scope, 1, "before.txt").await);
        assert!(!finds(&*store, budi, scope, 2, "a.txt").await);
    }
    send(&*store, ana, Target::Group(club), 3, "a.txt").await;
    for scope in [everywhere, FileScope::In(club)] {
        assert!(finds(&*store, budi, scope, 3, "a.txt").await);
        assert_eq!(find(&*store, budi, scope, &code(2)).await, None);
    }
    assert_eq!(find(&*store, ana, everywhere, &code(1)).await, Some(1));

    store.leave_group(club, budi, at(3)).await.unwrap();
    send(&*store, ana, Target::Group(club), 4, "away.txt").await;
    store.join_group(club, budi, at(4)).await.unwrap();
    for (number, name) in [(3, "a.txt"), (4, "away.txt")] {
        assert!(!finds(&*store, budi, everywhere, number, name).await);
    }
}

pub(super) async fn files_of_a_room_are_found_in_that_room_alone(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let (lobby, other) = (room(&*store, "lobby").await, room(&*store, "other").await);
    let club = group(&*store, "club", ana).await.id;
    send(&*store, ana, Target::Group(club), 1, "club.txt").await;
    send(&*store, ana, Target::Room(lobby), 2, "old.txt").await;
    send(&*store, ana, Target::Room(lobby), 3, "a.txt").await;
    send(&*store, budi, Target::Room(lobby), 4, "a.txt").await;
    for reader in [ana, budi] {
        let scope = FileScope::Room(lobby);
        assert!(finds(&*store, reader, scope, 2, "old.txt").await);
        assert!(finds(&*store, reader, scope, 4, "a.txt").await, "the newest");
        assert_eq!(find(&*store, reader, scope, &code(3)).await, Some(3));
        let elsewhere = [FileScope::Everywhere, FileScope::In(lobby), FileScope::Room(other)];
        for scope in elsewhere {
            assert!(!finds(&*store, reader, scope, 4, "a.txt").await, "{scope:?}");
        }
        let no_room = FileScope::Room(club);
        assert!(!finds(&*store, reader, no_room, 1, "club.txt").await, "a group is no room");
        assert_eq!(list(&*store, reader).await, [0; 0]);
    }
}

pub(super) async fn a_conversation_is_searched_alone(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let direct = send(&*store, ana, Target::Direct(budi), 1, "a.txt").await.conversation;
    let other = send(&*store, ana, Target::Direct(citra), 2, "b.txt").await.conversation;
    let nowhere = ConversationId(direct.0.max(other.0) + 1_000);
    for (scope, number, name, expected) in [
        (FileScope::In(direct), 1, "a.txt", true),
        (FileScope::In(direct), 2, "b.txt", false),
        (FileScope::In(other), 2, "b.txt", true),
        (FileScope::In(nowhere), 1, "a.txt", false),
        (FileScope::Room(nowhere), 1, "a.txt", false),
    ] {
        assert_eq!(finds(&*store, ana, scope, number, name).await, expected, "{scope:?}");
    }
}

pub(super) async fn what_was_received_is_found_alone(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    send(&*store, budi, Target::Direct(ana), 1, "a.txt").await;
    send(&*store, ana, Target::Direct(budi), 2, "a.txt").await;
    send(&*store, ana, Target::Group(club), 3, "own.txt").await;
    let received = FileScope::Received;
    assert_eq!(find(&*store, ana, received, &named("a.txt")).await, Some(1), "not the newer own");
    assert_eq!(find(&*store, budi, received, &named("a.txt")).await, Some(2));
    assert!(!finds(&*store, ana, received, 3, "own.txt").await);
    assert!(finds(&*store, budi, received, 3, "own.txt").await);
    send(&*store, ana, Target::Direct(ana), 4, "own.txt").await;
    assert!(finds(&*store, ana, received, 4, "own.txt").await, "a note is received, too");
    let lobby = room(&*store, "lobby").await;
    send(&*store, budi, Target::Room(lobby), 5, "room.txt").await;
    assert!(!finds(&*store, ana, received, 5, "room.txt").await);
    store.leave_group(club, budi, at(2)).await.unwrap();
    assert!(!finds(&*store, budi, received, 3, "own.txt").await);
}

pub(super) async fn a_list_has_what_others_sent_and_notes(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    assert_eq!(store.files(ana, 10).await.unwrap(), []);
    let club = group_of(&*store, "club", &[ana, budi]).await;
    for (author, target, number) in [
        (ana, Target::Direct(budi), 9),
        (ana, Target::Group(club), 8),
        (ana, Target::Direct(ana), 7),
        (budi, Target::Group(club), 6),
        (citra, Target::Direct(ana), 5),
        (citra, Target::Direct(budi), 4),
        (budi, Target::Direct(ana), 3),
    ] {
        say(&*store, author, target, "a text is no file").await;
        send(&*store, author, target, number, "a.txt").await;
    }
    assert_eq!(list(&*store, ana).await, [7, 6, 5, 3]);
    assert_eq!(list(&*store, budi).await, [9, 8, 4]);
    assert_eq!(list(&*store, citra).await, [0; 0]);
    let first = &store.files(ana, 10).await.unwrap()[0];
    assert_eq!((&first.file, first.author, first.at), (&new_file(7, "a.txt").file, ana, at(1)));
}

pub(super) async fn a_list_has_the_newest_in_the_order_of_arrival(store: Shared) {
    let reader = user(&*store, "reader").await;
    let mut authors = Vec::new();
    for number in 0..5 {
        authors.push(user(&*store, &format!("user{number}")).await);
    }
    let club = group_of(&*store, "club", &[authors[0], authors[1], reader]).await;
    let mut expected = Vec::new();
    for number in 0..60_u8 {
        let author = authors[usize::from(number) * 7 % 5];
        let is_member = author == authors[0] || author == authors[1];
        let target =
            if is_member && number % 2 == 0 { Target::Group(club) } else { Target::Direct(reader) };
        // Codes go down, so that their order is not that of arrival.
        send(&*store, author, target, 100 - number, "a.txt").await;
        expected.push(100 - u32::from(number));
        if number % 3 == 0 {
            send(&*store, reader, Target::Group(club), 200 - number, "mine.txt").await;
        }
    }
    for limit in [0, 1, 2, 7, 13, 59, 60, 61, 1_000, usize::MAX] {
        let found = numbers(&store.files(reader, limit).await.unwrap());
        assert_eq!(found, expected[60 - limit.min(60)..], "at most {limit}");
    }
}

pub(super) async fn a_list_has_what_its_reader_may_see(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    send(&*store, ana, Target::Group(club), 1, "before.txt").await;
    store.join_group(club, budi, at(1)).await.unwrap();
    assert_eq!(list(&*store, budi).await, [0; 0]);
    send(&*store, ana, Target::Group(club), 2, "after.txt").await;
    assert_eq!(list(&*store, budi).await, [2]);
    store.leave_group(club, budi, at(2)).await.unwrap();
    assert_eq!(list(&*store, budi).await, [0; 0]);
    store.join_group(club, budi, at(3)).await.unwrap();
    assert_eq!(list(&*store, budi).await, [0; 0]);
    send(&*store, ana, Target::Group(club), 3, "again.txt").await;
    assert_eq!(list(&*store, budi).await, [3]);
}
