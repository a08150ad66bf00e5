//! Overviews: how far somebody has read in each conversation, and what was said last.

use kabar_model::{Body, Emoji, GroupRole, Refusal, Seq, UserId};

use super::world::{Shared, at, group_of, message, post, refused, room, say, users};
use crate::store::{Content, NewMessage, Overview, Place, Store, Target};

async fn overview(store: &dyn Store, user: UserId, of: Place) -> Overview {
    store.overview(user, of.conversation).await.unwrap()
}

fn latest(overview: &Overview) -> Option<&str> {
    overview.latest.as_ref().map(|message| message.body.as_str())
}

pub(super) async fn that_with_the_latest_message_comes_first(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let empty = group_of(&*store, "empty", &[ana]).await;
    let club = group_of(&*store, "club", &[budi, ana]).await;
    let direct = say(&*store, budi, Target::Direct(ana), "hai").await.conversation;
    let said = say(&*store, budi, Target::Group(club), "hai all").await;
    let note = say(&*store, ana, Target::Direct(ana), "note").await.conversation;
    let emptier = group_of(&*store, "emptier", &[ana]).await;
    say(&*store, budi, Target::Direct(citra), "not ana's").await;
    let ids = async |limit| {
        let all = store.overviews(ana, limit).await.unwrap();
        all.iter().map(|overview| overview.conversation.id()).collect::<Vec<_>>()
    };
    assert_eq!(ids(10).await, [note, club, direct, emptier, empty]);
    let emoji = Emoji::parse("👍").unwrap();
    let content = Content::Reaction { of: said.seq, emoji, on: true };
    post(&*store, NewMessage::new(budi, vec![Target::Group(club)], content, at(2))).await.unwrap();
    assert_eq!(ids(2).await, [note, club], "a change is not the latest message");
    say(&*store, budi, Target::Direct(ana), "again").await;
    assert_eq!(ids(1).await, [direct]);
    for overview in store.overviews(ana, 10).await.unwrap() {
        let alone = store.overview(ana, overview.conversation.id()).await.unwrap();
        assert_eq!(alone, overview);
    }
}

pub(super) async fn an_overview_says_who_and_how_far(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[budi]).await;
    say(&*store, budi, Target::Group(club), "before").await;
    store.join_group(club, ana, at(1)).await.unwrap();
    let said = Place { conversation: club, seq: Seq(1) };
    let fresh = overview(&*store, ana, said).await;
    assert_eq!((fresh.first, fresh.last, fresh.read, fresh.unread), (Seq(2), Seq(1), Seq(1), 0));
    assert_eq!(latest(&fresh), None, "what was before is not shown");
    say(&*store, budi, Target::Group(club), "after").await;
    let ours = overview(&*store, ana, said).await;
    assert_eq!((ours.members, ours.role, ours.with), (2, Some(GroupRole::Member), None));
    assert_eq!((ours.last, ours.unread, latest(&ours)), (Seq(2), 1, Some("after")));
    assert_eq!(overview(&*store, budi, said).await.role, Some(GroupRole::Admin));

    let direct = say(&*store, budi, Target::Direct(ana), "hai").await;
    let ours = overview(&*store, ana, direct).await;
    assert_eq!((ours.members, ours.role, ours.with, ours.first), (2, None, Some(budi), Seq(1)));
    let note = say(&*store, ana, Target::Direct(ana), "hai").await;
    let ours = overview(&*store, ana, note).await;
    assert_eq!((ours.members, ours.with, ours.unread), (1, Some(ana), 1));
    assert_eq!(refused(store.overview(budi, note.conversation).await), Refusal::NotMember);
}

pub(super) async fn unread_counts_what_others_said_and_still_say(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let to = Target::Direct(ana);
    let mut said = Vec::new();
    for number in 1..=4 {
        said.push(say(&*store, budi, to, &number.to_string()).await);
    }
    say(&*store, ana, Target::Direct(budi), "mine").await;
    let count = async || overview(&*store, ana, said[0]).await.unread;
    assert_eq!(count().await, 4);
    let edit = Content::Edit { of: Seq(2), text: Body::parse("two").unwrap() };
    let deletion = Content::Deletion { of: Seq(3) };
    for content in [edit, deletion] {
        post(&*store, NewMessage::new(budi, vec![to], content, at(2))).await.unwrap();
    }
    assert_eq!(count().await, 3);
    store.mark_read(ana, &[said[1]]).await.unwrap();
    let ours = overview(&*store, ana, said[0]).await;
    assert_eq!((ours.unread, ours.read, latest(&ours)), (1, Seq(2), Some("mine")));
    assert_eq!(overview(&*store, budi, said[0]).await.unread, 1);
}

pub(super) async fn mentions_are_counted_among_what_is_unread(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[budi, ana]).await;
    let texts = [
        "@ana",
        "hai @ANA.",
        "@anastasia",
        "a@ana",
        "(@all)",
        "@semua!",
        "ana",
        "@ @ana-",
        "@budi",
    ];
    let mut last = None;
    for text in texts {
        last = Some(say(&*store, budi, Target::Group(club), text).await);
    }
    post(&*store, message(ana, &[Target::Group(club)], "@ana")).await.unwrap();
    let ours = overview(&*store, ana, last.unwrap()).await;
    assert_eq!((ours.unread, ours.mentions), (9, 5));
    store.mark_read(ana, &[Place { conversation: club, seq: Seq(2) }]).await.unwrap();
    assert_eq!(overview(&*store, ana, last.unwrap()).await.mentions, 3);
}

pub(super) async fn a_room_has_an_overview_for_anybody(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    let said = say(&*store, ana, Target::Room(lobby), "hai").await;
    let ours = overview(&*store, budi, said).await;
    assert_eq!((ours.unread, ours.first, ours.last, ours.role), (0, Seq(1), Seq(1), None));
    assert_eq!(latest(&ours), Some("hai"));
    assert_eq!(store.overviews(budi, 10).await.unwrap(), []);
}
