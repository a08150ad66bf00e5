//! Invitations to groups.

use kabar_model::limits::INVITATIONS_MAX;
use kabar_model::{ConversationId, Field, InvitationCode, Refusal, Role, UserId};
use tokio::task::JoinSet;

use super::world::{Shared, at, group, group_of, new_user, refused, users};
use crate::store::{NewInvitation, NewRole, NewUser, Store};

fn code(number: u8) -> InvitationCode {
    InvitationCode::from_random([number; 16])
}

/// An invitation that is good for so many until the second 100.
fn new(group: ConversationId, by: UserId, number: u8, uses: u32) -> NewInvitation {
    NewInvitation { group, by, code: code(number), at: at(0), expires_at: at(100), uses }
}

async fn good(store: &dyn Store, group: ConversationId, by: UserId) -> Vec<(InvitationCode, u32)> {
    let good = store.invitations(group, by, at(1)).await.unwrap();
    good.into_iter().map(|invitation| (invitation.code, invitation.uses_left)).collect()
}

pub(super) async fn who_knows_the_code_joins_as_often_as_it_is_good(store: Shared) {
    let [ana, budi, citra, dewi] = users(&*store, ["ana", "budi", "citra", "dewi"]).await;
    let club = group(&*store, "club", ana).await;
    store.create_invitation(new(club.id, ana, 1, 2)).await.unwrap();
    assert_eq!(store.invitation(&code(1), at(1)).await.unwrap(), club);
    assert_eq!(store.redeem(&code(1), budi, at(1)).await.unwrap(), club);
    let again = store.redeem(&code(1), budi, at(1)).await;
    assert_eq!(refused(again), Refusal::AlreadyMember);
    assert_eq!(good(&*store, club.id, ana).await, [(code(1), 1)], "nothing was used up");
    store.redeem(&code(1), citra, at(99)).await.unwrap();
    assert_eq!(good(&*store, club.id, ana).await, []);
    let outcome = store.redeem(&code(1), dewi, at(99)).await;
    assert_eq!(refused(outcome), Refusal::InvitationUnknown);
    assert_eq!(refused(store.invitation(&code(1), at(99)).await), Refusal::InvitationUnknown);
    assert_eq!(store.members(club.id).await.unwrap().len(), 3);
}

pub(super) async fn an_invitation_is_good_until_its_time_and_while_its_group_is_open(
    store: Shared,
) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    store.create_invitation(new(club, ana, 1, 5)).await.unwrap();
    assert_eq!(store.invitations(club, ana, at(100)).await.unwrap(), []);
    for outcome in [
        store.invitation(&code(1), at(100)).await,
        store.redeem(&code(1), budi, at(100)).await,
        store.invitation(&code(2), at(1)).await,
    ] {
        assert_eq!(refused(outcome), Refusal::InvitationUnknown);
    }
    store.invitation(&code(1), at(99)).await.unwrap();
    store.leave_group(club, ana, at(50)).await.unwrap();
    assert_eq!(refused(store.invitation(&code(1), at(99)).await), Refusal::InvitationUnknown);
}

pub(super) async fn invitations_are_an_admins_affair(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    let other = group(&*store, "other", citra).await.id;
    store.create_invitation(new(club, ana, 1, 1)).await.unwrap();
    let nowhere = ConversationId(club.0.max(other.0) + 1_000);
    let denied = [
        (club, budi, Refusal::AdminOnly),
        (club, citra, Refusal::NotMember),
        (nowhere, ana, Refusal::GroupUnknown),
    ];
    for (group, by, refusal) in denied {
        assert_eq!(refused(store.create_invitation(new(group, by, 2, 1)).await), refusal);
        assert_eq!(refused(store.invitations(group, by, at(1)).await), refusal);
        assert_eq!(refused(store.revoke_invitation(group, by, &code(1)).await), refusal);
    }
    assert!(!store.revoke_invitation(other, citra, &code(1)).await.unwrap(), "not to that group");
    assert!(store.revoke_invitation(club, ana, &code(1)).await.unwrap());
    assert!(!store.revoke_invitation(club, ana, &code(1)).await.unwrap());
    assert_eq!(refused(store.invitation(&code(1), at(1)).await), Refusal::InvitationUnknown);
}

pub(super) async fn a_group_has_so_many_good_invitations_and_no_more(store: Shared) {
    let [ana] = users(&*store, ["ana"]).await;
    let club = group(&*store, "club", ana).await.id;
    let last = u8::try_from(INVITATIONS_MAX).unwrap();
    for number in 0..last {
        store.create_invitation(new(club, ana, number, 1)).await.unwrap();
    }
    let outcome = store.create_invitation(new(club, ana, last, 1)).await;
    assert_eq!(refused(outcome), Refusal::TooMany(Field::Invitations));
    let listed = good(&*store, club, ana).await;
    assert_eq!((listed.len(), listed[0]), (INVITATIONS_MAX, (code(last - 1), 1)), "newest first");
    store.revoke_invitation(club, ana, &code(0)).await.unwrap();
    assert_eq!(refused(store.create_invitation(new(club, ana, 1, 1)).await), Refusal::Busy);
    store.create_invitation(new(club, ana, last, 1)).await.unwrap();
    // Those that are over count no more.
    let late = NewInvitation { at: at(200), expires_at: at(300), ..new(club, ana, last + 1, 1) };
    store.create_invitation(late).await.unwrap();
}

pub(super) async fn one_place_wanted_by_many_goes_to_one(store: Shared) {
    let [ana] = users(&*store, ["ana"]).await;
    let club = group(&*store, "club", ana).await.id;
    store.create_invitation(new(club, ana, 1, 1)).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            let wish = new_user(&format!("user{number}"));
            store.create_user(NewUser { invitation: Some(code(1)), ..wish }).await
        });
    }
    let (made, denied): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in denied {
        assert_eq!(refused(outcome), Refusal::InvitationUnknown);
    }
    assert_eq!(store.members(club).await.unwrap().len(), 2);
    assert_eq!(store.list_users(None, 100).await.unwrap().len(), 2, "no account without a place");
}

pub(super) async fn the_first_administrator_is_made_once(store: Shared) {
    users(&*store, ["ana"]).await;
    let first = |name| NewUser { role: NewRole::FirstAdministrator, ..new_user(name) };
    let made = store.create_user(first("budi")).await.unwrap();
    assert_eq!(made.role, Role::Administrator);
    assert_eq!(refused(store.create_user(first("citra")).await), Refusal::NotAllowed);
}
