//! Hooks.

use kabar_model::limits::HOOKS_MAX;
use kabar_model::{ConversationId, Field, HookId, Label, Refusal, UserId};

use super::world::{Shared, at, group_of, refused, say, session, token, users};
use crate::store::{NewHook, Store, Target};

fn new(conversation: ConversationId, by: UserId, number: u8) -> NewHook {
    let name = Label::parse(&format!("hook {number}")).unwrap();
    NewHook { conversation, by, asked_by: None, name, secret: token(number), at: at(0) }
}

async fn seen(store: &dyn Store, conversation: ConversationId, by: UserId) -> Vec<HookId> {
    let hooks = store.hooks(conversation, by).await.unwrap();
    hooks.into_iter().map(|hook| hook.id).collect()
}

pub(super) async fn a_hook_is_found_by_its_secret_until_it_is_removed(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let note = say(&*store, ana, Target::Direct(ana), "catatan").await.conversation;
    let direct = say(&*store, ana, Target::Direct(budi), "hai").await.conversation;
    let first = store.create_hook(new(note, ana, 1)).await.unwrap();
    let second = store.create_hook(new(direct, budi, 2)).await.unwrap();
    let found = store.hook(&token(1)).await.unwrap().unwrap();
    assert_eq!((found.id, found.conversation, found.by), (first, note, ana));
    assert_eq!(found.name.as_str(), "hook 1");
    assert_eq!(store.hook(&token(3)).await.unwrap(), None);
    assert_eq!(seen(&*store, direct, ana).await, [second], "both see what writes to them");
    assert_eq!(refused(store.remove_hook(direct, ana, second).await), Refusal::NotAllowed);
    assert!(!store.remove_hook(direct, budi, first).await.unwrap(), "elsewhere");
    assert!(store.remove_hook(direct, budi, second).await.unwrap());
    assert!(!store.remove_hook(direct, budi, second).await.unwrap());
    assert_eq!(store.hook(&token(2)).await.unwrap(), None);
    assert!(store.hook(&token(1)).await.unwrap().is_some());
}

pub(super) async fn hooks_of_a_group_are_its_admins_affair(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    assert_eq!(refused(store.create_hook(new(club, budi, 1)).await), Refusal::AdminOnly);
    assert_eq!(refused(store.create_hook(new(club, citra, 1)).await), Refusal::NotMember);
    assert_eq!(refused(store.hooks(club, citra).await), Refusal::NotMember);
    let one = store.create_hook(new(club, ana, 1)).await.unwrap();
    assert_eq!(seen(&*store, club, budi).await, []);
    assert_eq!(refused(store.remove_hook(club, budi, one).await), Refusal::NotAllowed);
    assert_eq!(refused(store.remove_hook(club, citra, one).await), Refusal::NotMember);

    store.set_role(club, ana, budi, kabar_model::GroupRole::Admin).await.unwrap();
    let other = store.create_hook(new(club, budi, 2)).await.unwrap();
    assert_eq!(seen(&*store, club, ana).await, [one, other]);
    store.set_role(club, ana, budi, kabar_model::GroupRole::Member).await.unwrap();
    assert_eq!(seen(&*store, club, budi).await, [other], "one's own");
    assert!(store.remove_hook(club, budi, other).await.unwrap());
    assert!(store.remove_hook(club, ana, one).await.unwrap());
}

pub(super) async fn a_session_that_ended_makes_no_hook(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana]).await;
    let own = session(&*store, ana, 1, at(0)).await;
    let of_budi = session(&*store, budi, 2, at(0)).await;
    let asked = |number, by| NewHook { asked_by: Some(by), ..new(club, ana, number) };
    store.create_hook(asked(3, own)).await.unwrap();
    assert_eq!(refused(store.create_hook(asked(4, of_budi)).await), Refusal::SessionUnknown);
    store.end_session(own).await.unwrap();
    assert_eq!(refused(store.create_hook(asked(4, own)).await), Refusal::SessionUnknown);
    assert_eq!(store.hooks(club, ana).await.unwrap().len(), 1);
}

pub(super) async fn a_conversation_has_so_many_hooks_and_no_more(store: Shared) {
    let [ana] = users(&*store, ["ana"]).await;
    let club = group_of(&*store, "club", &[ana]).await;
    let other = group_of(&*store, "other", &[ana]).await;
    let last = u8::try_from(HOOKS_MAX).unwrap();
    for number in 0..last {
        store.create_hook(new(club, ana, number)).await.unwrap();
    }
    let outcome = store.create_hook(new(club, ana, last)).await;
    assert_eq!(refused(outcome), Refusal::TooMany(Field::Hooks));
    store.create_hook(new(other, ana, last)).await.unwrap();
}
