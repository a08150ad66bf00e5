//! Changes: edits, deletions, reactions.

use kabar_model::limits::REACTIONS_EACH_MAX;
use kabar_model::{Body, Change, Emoji, Field, GroupRole, Refusal, Seq, UserId};

use super::world::{
    Shared, at, group_of, history, is_shut_out, message, post, read_all, refused, room, say, texts,
    unread, unread_texts, up_to, users,
};
use crate::error::Result;
use crate::store::{Content, Message, NewMessage, Place, Posted, Store, Target, Window};

fn edit(of: Place, text: &str) -> Content {
    Content::Edit { of: of.seq, text: Body::parse(text).unwrap() }
}

fn react(of: Place, emoji: &str, on: bool) -> Content {
    Content::Reaction { of: of.seq, emoji: Emoji::parse(emoji).unwrap(), on }
}

async fn change(
    store: &dyn Store,
    author: UserId,
    target: Target,
    content: Content,
) -> Result<Posted> {
    let new = NewMessage::new(author, vec![target], content, at(9));
    Ok(store.post(new).await?.await?[0])
}

/// All that is in a conversation, changes and all.
async fn all(store: &dyn Store, of: Place) -> Vec<Message> {
    store.messages(of.conversation, Seq::NONE, 1_000).await.unwrap()
}

async fn shown(store: &dyn Store, user: UserId, place: Place) -> Message {
    store.shown(user, place).await.unwrap().unwrap()
}

async fn standing(store: &dyn Store, of: Place) -> Vec<(UserId, String)> {
    let found = store.reactions(of.conversation, of.seq, of.seq).await.unwrap();
    found.into_iter().map(|r| (r.user, r.emoji.as_str().to_owned())).collect()
}

pub(super) async fn an_edit_is_a_message_and_gives_the_other_another_text(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let first = say(&*store, ana, Target::Direct(budi), "frist").await;
    say(&*store, ana, Target::Direct(budi), "second").await;
    let edited = change(&*store, ana, Target::Own(first.conversation), edit(first, "first"));
    let edited = edited.await.unwrap();
    assert_eq!(edited.place, Place { seq: Seq(3), ..first });
    let all = all(&*store, first).await;
    assert_eq!(
        all.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(),
        ["first", "second", "first"]
    );
    assert_eq!((all[0].edited_at, all[0].at), (Some(at(9)), at(1)));
    assert_eq!((all[1].edited_at, all[1].change), (None, None));
    assert_eq!(all[2].change, Some(Change::Edit(Seq(1))));
    assert_eq!(Some(all[2].arrival), edited.arrival);
    assert_eq!(unread_texts(&*store, budi).await, ["first", "second", "first"]);
    let again = change(&*store, ana, Target::Direct(budi), edit(first, "1st")).await.unwrap();
    assert_eq!(again.place.seq, Seq(4));
    assert_eq!(shown(&*store, budi, first).await.body, "1st");
}

pub(super) async fn only_who_wrote_it_edits(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let said = say(&*store, budi, Target::Group(club), "mine").await;
    for (author, expected) in [(ana, Refusal::NotAllowed), (citra, Refusal::NotMember)] {
        for target in [Target::Group(club), Target::Own(club)] {
            let outcome = change(&*store, author, target, edit(said, "not mine")).await;
            assert_eq!(refused(outcome), expected);
        }
    }
    assert_eq!(history(&*store, club).await, ["mine"]);
    change(&*store, budi, Target::Own(club), edit(said, "still mine")).await.unwrap();
    assert_eq!(shown(&*store, ana, said).await.body, "still mine");
}

pub(super) async fn what_cannot_be_seen_or_is_a_change_cannot_be_changed(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let said = say(&*store, ana, Target::Group(club), "early").await;
    let edited = change(&*store, ana, Target::Group(club), edit(said, "earlier")).await.unwrap();
    store.join_group(club, citra, at(2)).await.unwrap();
    let none = Place { seq: Seq(99), ..said };
    for (author, place) in [(ana, none), (ana, edited.place), (citra, said)] {
        for content in
            [edit(place, "x"), Content::Deletion { of: place.seq }, react(place, "👍", true)]
        {
            let outcome = change(&*store, author, Target::Group(club), content).await;
            assert_eq!(refused(outcome), Refusal::MessageUnknown);
        }
    }
    let nobody_wrote = change(&*store, ana, Target::Direct(citra), edit(said, "x")).await;
    assert_eq!(refused(nobody_wrote), Refusal::MessageUnknown);
    assert_eq!(store.direct(ana, citra).await.unwrap(), None);
    assert_eq!(all(&*store, said).await.len(), 2);
    let two = [Target::Group(club), Target::Direct(ana)];
    let new = NewMessage::new(ana, two.to_vec(), edit(said, "x"), at(3));
    assert_eq!(refused(post(&*store, new).await), Refusal::TooMany(Field::Recipients));
}

pub(super) async fn a_deletion_takes_the_text_and_leaves_the_number(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let to = Target::Direct(budi);
    let first = say(&*store, ana, to, "first").await;
    let said = say(&*store, ana, to, "secret").await;
    change(&*store, ana, to, edit(said, "top secret")).await.unwrap();
    change(&*store, budi, Target::Direct(ana), react(said, "👍", true)).await.unwrap();
    let gone = change(&*store, ana, to, Content::Deletion { of: said.seq }).await.unwrap();
    say(&*store, ana, to, "last").await;

    let all = all(&*store, first).await;
    assert_eq!(all.len(), 6, "every number is there");
    assert!(all.iter().all(|message| !message.body.contains("secret")), "nor in its edits");
    assert_eq!(
        all.iter().map(|m| m.deleted).collect::<Vec<_>>(),
        [false, true, true, false, false, false]
    );
    assert_eq!(all[4].change, Some(Change::Deletion(said.seq)));
    assert_eq!(standing(&*store, said).await, []);
    assert_eq!(unread_texts(&*store, budi).await, ["first", "", "last"]);
    assert_eq!(unread(&*store, budi).await.messages[1].place, gone.place);
    let recent = store.recent(budi, first.conversation, 3).await.unwrap();
    assert_eq!(recent.iter().map(|m| m.place.seq.0).collect::<Vec<_>>(), [4, 5, 6]);
    let recent = store.recent(budi, first.conversation, 10).await.unwrap();
    assert_eq!(recent.iter().map(|m| m.place.seq.0).collect::<Vec<_>>(), [1, 4, 5, 6]);
    read_all(&*store, budi).await;
    assert_eq!(unread_texts(&*store, budi).await, [""; 0]);
    for content in [edit(said, "x"), Content::Deletion { of: said.seq }, react(said, "👍", true)]
    {
        let outcome = change(&*store, ana, to, content).await;
        assert_eq!(refused(outcome), Refusal::MessageUnknown, "it is gone");
    }
}

pub(super) async fn what_is_deleted_last_does_not_stay_unread(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for number in 0..20 {
        let said = say(&*store, ana, Target::Direct(budi), &number.to_string()).await;
        let deletion = Content::Deletion { of: said.seq };
        change(&*store, ana, Target::Direct(budi), deletion).await.unwrap();
    }
    let part = store.unread(budi, up_to(5, 1_000)).await.unwrap();
    assert_eq!(texts(&part), [""; 5]);
    assert_eq!(read_all(&*store, budi).await.len(), 20, "deletions alone");
    assert_eq!(unread(&*store, budi).await.messages, []);
}

pub(super) async fn an_admin_deletes_what_others_wrote(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi, citra]).await;
    assert_eq!(store.members(club).await.unwrap()[0], (ana, GroupRole::Admin));
    let said = say(&*store, budi, Target::Group(club), "rude").await;
    let deletion = || Content::Deletion { of: said.seq };
    let outcome = change(&*store, citra, Target::Group(club), deletion()).await;
    assert_eq!(refused(outcome), Refusal::NotAllowed);
    change(&*store, ana, Target::Group(club), deletion()).await.unwrap();
    assert!(shown(&*store, citra, said).await.deleted);

    let note = say(&*store, ana, Target::Direct(budi), "hai").await;
    let deletion = Content::Deletion { of: note.seq };
    let outcome = change(&*store, budi, Target::Direct(ana), deletion).await;
    assert_eq!(refused(outcome), Refusal::NotAllowed, "two people have no admin");
}

pub(super) async fn a_reaction_stands_once_until_it_is_taken_back(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let said = say(&*store, ana, Target::Direct(budi), "hai").await;
    let own = Target::Own(said.conversation);
    let steps = [
        (budi, "👍", true, Some(2)),
        (budi, "👍", true, None),
        (ana, "👍", true, Some(3)),
        (budi, "❤️", true, Some(4)),
        (ana, "❤️", false, None),
        (budi, "👍", false, Some(5)),
        (budi, "👍", false, None),
    ];
    for (author, emoji, on, seq) in steps {
        let posted = change(&*store, author, own, react(said, emoji, on)).await.unwrap();
        let seq = seq.map(Seq);
        assert_eq!(posted.place.seq, seq.unwrap_or(said.seq), "{emoji} {on}");
        assert_eq!(posted.arrival.is_some(), seq.is_some());
    }
    let thumb = |user| (user, "👍".to_owned());
    assert_eq!(standing(&*store, said).await, [thumb(ana), (budi, "❤️".to_owned())]);
    let all = all(&*store, said).await;
    assert_eq!((all[1].change, all[1].body.as_str()), (Some(Change::Reaction(Seq(1))), "👍"));
    assert_eq!(all[4].change, Some(Change::ReactionEnd(Seq(1))));
    let later = say(&*store, ana, Target::Direct(budi), "later").await;
    change(&*store, budi, own, react(later, "👍", true)).await.unwrap();
    let both = store.reactions(said.conversation, Seq(1), later.seq).await.unwrap();
    assert_eq!(both.iter().map(|r| r.of.0).collect::<Vec<_>>(), [1, 1, later.seq.0]);
}

pub(super) async fn a_person_has_so_many_reactions_on_a_message_and_no_more(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let said = say(&*store, ana, Target::Direct(budi), "hai").await;
    let own = Target::Own(said.conversation);
    let emoji = |number: u32| char::from_u32(0x1f600 + number).unwrap().to_string();
    let most = u32::try_from(REACTIONS_EACH_MAX).unwrap();
    for number in 0..most {
        change(&*store, budi, own, react(said, &emoji(number), true)).await.unwrap();
    }
    let one_more = || react(said, &emoji(most), true);
    let outcome = change(&*store, budi, own, one_more()).await;
    assert_eq!(refused(outcome), Refusal::TooMany(Field::Emoji));
    change(&*store, ana, own, one_more()).await.unwrap();
    change(&*store, budi, own, react(said, &emoji(0), false)).await.unwrap();
    change(&*store, budi, own, one_more()).await.unwrap();
}

pub(super) async fn changes_in_a_room_need_no_membership(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let lobby = room(&*store, "lobby").await;
    let said = say(&*store, ana, Target::Room(lobby), "hai").await;
    change(&*store, budi, Target::Room(lobby), react(said, "👍", true)).await.unwrap();
    let outcome = change(&*store, budi, Target::Room(lobby), edit(said, "x")).await;
    assert_eq!(refused(outcome), Refusal::NotAllowed);
    change(&*store, ana, Target::Room(lobby), edit(said, "hai!")).await.unwrap();
    assert_eq!(shown(&*store, budi, said).await.body, "hai!");
    let outcome = change(&*store, ana, Target::Own(lobby), edit(said, "x")).await;
    assert_eq!(refused(outcome), Refusal::NotMember, "a room is nobody's own");
}

pub(super) async fn one_writes_to_ones_own_conversations_by_number(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let direct = store.open_direct(ana, budi, at(0)).await.unwrap();
    let note = store.open_direct(ana, ana, at(0)).await.unwrap();
    for id in [club, direct, note] {
        assert_eq!(
            say(&*store, ana, Target::Own(id), "hai").await,
            Place { conversation: id, seq: Seq(1) }
        );
        let stranger = post(&*store, message(citra, &[Target::Own(id)], "may I?")).await;
        assert_eq!(refused(stranger), Refusal::NotMember);
    }
    assert_eq!(unread_texts(&*store, budi).await, ["hai", "hai"]);
    let not_a_group = post(&*store, message(ana, &[Target::Group(direct)], "hai")).await;
    assert_eq!(refused(not_a_group), Refusal::NotMember);
    store.leave_group(club, budi, at(2)).await.unwrap();
    assert!(is_shut_out(&*store, budi, club).await);
    let left = post(&*store, message(budi, &[Target::Own(club)], "may I?")).await;
    assert_eq!(refused(left), Refusal::NotMember);
    let page = store.history(ana, direct, Window::Last, 10).await.unwrap();
    assert_eq!(page.messages.len(), 1);
}
