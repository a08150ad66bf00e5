//! What people decide about their accounts and groups, and what programs may do for them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::store::{GroupChange, Place};
use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
use kabar_engine::{
    Caller, Engine, LocalBus, NewPost, Operator, Origin, Registration, RegistrationPolicy, Search,
    Settings,
};
use kabar_model::limits::{
    INVITATION_SECS_MAX, INVITATION_USES_MAX, SESSIONS_MAX, SETTINGS_BYTES_MAX,
};
use kabar_model::{
    Address, Body, DisplayName, Emoji, Field, GroupName, GroupRole, InvitationCode, Label,
    Password, RealmName, Refusal, Role, RoomName, Seq, SessionToken, Timestamp, Username,
    Visibility,
};

const HERE: Origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
const AWAY: Origin = Origin { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)) };
const DAY: Duration = Duration::from_hours(24);

async fn realm(policy: RegistrationPolicy) -> (Arc<Engine>, Arc<ManualClock>) {
    let settings =
        Settings { registration: policy, ..Settings::new(RealmName::parse("kampus").unwrap()) };
    let clock = Arc::new(ManualClock::new(Timestamp(1_000_000_000)));
    let (store, bus) = (Arc::new(MemoryStore::default()), Arc::new(LocalBus::default()));
    let blobs = Arc::new(MemoryBlobs::default());
    let engine = Engine::start(settings, store, blobs, bus, clock.clone()).await.unwrap();
    (engine, clock)
}

fn wish(username: &str, invitation: Option<InvitationCode>) -> Registration {
    let (name, country) = (None, None);
    Registration {
        username: name_of(username),
        password: secret("rahasia"),
        name,
        country,
        invitation,
    }
}

async fn registered(engine: &Engine, username: &str) -> (Caller, SessionToken) {
    let login = engine.register(HERE, wish(username, None)).await.unwrap();
    (login.caller, login.token)
}

fn name_of(username: &str) -> Username {
    Username::parse(username).unwrap()
}

fn secret(password: &str) -> Password {
    Password::parse(password).unwrap()
}

fn body() -> Body {
    Body::parse("halo").unwrap()
}

fn refusal<T>(outcome: kabar_engine::Result<T>) -> Option<Refusal> {
    outcome.err().and_then(|error| error.refusal().cloned())
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, token) = registered(&engine, "ana").await;
    let other = engine.further_session(&ana).await.unwrap();
    let wrong = engine.change_password(&ana, HERE, secret("salah"), secret("baru")).await;
    assert_eq!(refusal(wrong), Some(Refusal::WrongPassword));
    engine.still(&other.caller).unwrap();
    engine.change_password(&ana, HERE, secret("rahasia"), secret("baru")).await.unwrap();
    assert!(engine.still(&other.caller).is_err());
    engine.resume(token).await.unwrap();
    let name = name_of("ana");
    assert_eq!(
        refusal(engine.login(HERE, &name, secret("rahasia")).await),
        Some(Refusal::WrongPassword)
    );
    engine.login(HERE, &name, secret("baru")).await.unwrap();
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let (engine, clock) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let (budi, _) = registered(&engine, "budi").await;
    clock.advance(Duration::from_secs(5));
    let other = engine.further_session(&ana).await.unwrap().caller;
    let own = engine.own_sessions(&ana).await.unwrap();
    let ids: Vec<_> = own.iter().map(|session| (session.id, session.current)).collect();
    assert_eq!(ids, [(other.session(), false), (ana.session(), true)]);
    let outcome = engine.end_own_session(&budi, other.session()).await;
    assert_eq!(refusal(outcome), Some(Refusal::SessionUnknown));
    engine.end_own_session(&ana, other.session()).await.unwrap();
    assert!(engine.still(&other).is_err());
    let (program, token) =
        engine.admit_program(&ana, Label::parse("bot").unwrap(), true).await.unwrap();
    engine.end_own_sessions(&ana).await.unwrap();
    assert!(engine.still(&ana).is_err() && engine.still(&budi).is_ok());
    assert_eq!(engine.resume(token).await.unwrap().session(), program, "programs go on");
}

#[tokio::test]
async fn with_too_many_sessions_the_one_used_longest_ago_ends() {
    let (engine, clock) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    clock.advance(Duration::from_secs(1));
    let second = engine.further_session(&ana).await.unwrap();
    clock.advance(Duration::from_secs(1));
    for _ in 2..SESSIONS_MAX {
        engine.further_session(&ana).await.unwrap();
    }
    engine.still(&second.caller).unwrap();
    let last = engine.further_session(&ana).await.unwrap();
    assert_eq!(refusal(engine.still(&second.caller)), Some(Refusal::SessionUnknown));
    assert_eq!(refusal(engine.resume(second.token).await), Some(Refusal::SessionUnknown));
    engine.still(&ana).unwrap();
    engine.still(&last.caller).unwrap();
    assert_eq!(engine.own_sessions(&ana).await.unwrap().len(), SESSIONS_MAX);
}

#[tokio::test]
async fn names_and_settings_are_ones_own() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    engine.change_name(&ana, DisplayName::parse("Ana Baru").unwrap()).await.unwrap();
    assert_eq!(engine.account(&ana).await.unwrap().name.as_str(), "Ana Baru");
    let found = engine.find_people(&ana, "baru", None, 10).await.unwrap();
    assert_eq!((found.people.len(), found.more), (1, false));
    engine.change_own_settings(&ana, "x".repeat(SETTINGS_BYTES_MAX)).await.unwrap();
    let outcome = engine.change_own_settings(&ana, "x".repeat(SETTINGS_BYTES_MAX + 1)).await;
    assert_eq!(refusal(outcome), Some(Refusal::TooLong(Field::Settings)));
    assert_eq!(engine.own_settings(&ana).await.unwrap().len(), SETTINGS_BYTES_MAX);
    registered(&engine, "anabel").await;
    let page = engine.find_people(&ana, "ana", None, 1).await.unwrap();
    assert_eq!((page.people[0].username.as_str(), page.more), ("ana", true));
}

#[tokio::test]
async fn a_program_outlives_a_month_without_use_and_makes_nobody_active() {
    let (engine, clock) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let label = Label::parse("bot").unwrap();
    let (id, token) = engine.admit_program(&ana, label.clone(), false).await.unwrap();
    clock.advance(DAY * 31);
    engine.keep_house().await.unwrap();
    let program = engine.resume(token).await.unwrap();
    assert_eq!(refusal(engine.active().await), Some(Refusal::NobodyActive));
    let ana = engine.login(HERE, &name_of("ana"), secret("rahasia")).await.unwrap().caller;
    let listed = engine.programs(&ana).await.unwrap();
    assert_eq!((listed[0].id, &listed[0].name, listed[0].writes), (id, &label, false));
    assert_eq!(engine.own_sessions(&ana).await.unwrap().len(), 1);
    engine.dismiss_program(&ana, id).await.unwrap();
    assert!(engine.still(&program).is_err());
    assert_eq!(refusal(engine.dismiss_program(&ana, id).await), Some(Refusal::SessionUnknown));
}

#[tokio::test]
async fn a_program_that_may_only_read_changes_nothing() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let (budi, _) = registered(&engine, "budi").await;
    let to = [Address::parse("ana").unwrap()];
    let sent = engine.send(&budi, &to, body()).await.unwrap().durable().await.unwrap();
    let (place, id) = (sent[0], sent[0].conversation);
    let group = GroupName::parse("klub").unwrap();
    let club = engine.create_group(&ana, group.clone(), Visibility::Public).await.unwrap().id;
    let code = engine.create_invitation(&ana, club, DAY, 1).await.unwrap().code;
    let label = || Label::parse("bot").unwrap();
    let (_, token) = engine.admit_program(&ana, label(), false).await.unwrap();
    let bot = &engine.resume(token).await.unwrap();
    let post = NewPost { text: Some(body()), ..NewPost::default() };
    let emoji = Emoji::parse("👍").unwrap();
    let (username, read) = (name_of("budi"), Place { seq: Seq(1), ..place });
    let room = RoomName::parse("lobi").unwrap();
    let listening = engine.listen(bot);
    let denied = [
        refusal(engine.send(bot, &to, body()).await),
        refusal(engine.send_to_group(bot, "klub", body()).await),
        refusal(engine.post_in(bot, id, post).await),
        refusal(engine.edit(bot, place, body()).await),
        refusal(engine.delete(bot, place).await),
        refusal(engine.react(bot, place, emoji, true).await),
        refusal(engine.read_up_to(bot, read).await),
        refusal(engine.typing(bot, id).await),
        refusal(engine.open_direct(bot, &to[0]).await),
        refusal(engine.enter_room(bot, &listening, &room).await),
        refusal(engine.create_group(bot, group.clone(), Visibility::Public).await),
        refusal(engine.join_group(bot, "klub").await),
        refusal(engine.leave_group(bot, "klub").await),
        refusal(engine.invite(bot, "klub", &[]).await),
        refusal(engine.add_members(bot, club, &["budi".into()]).await),
        refusal(engine.change_group(bot, club, GroupChange::name(group)).await),
        refusal(engine.set_member_role(bot, club, &username, GroupRole::Admin).await),
        refusal(engine.remove_member(bot, club, &username).await),
        refusal(engine.create_invitation(bot, club, DAY, 1).await),
        refusal(engine.revoke_invitation(bot, club, &code).await),
        refusal(engine.redeem(bot, &code).await),
        refusal(engine.create_hook(bot, club, label()).await),
        refusal(engine.remove_hook(bot, club, kabar_model::HookId(1)).await),
        refusal(engine.add_contacts(bot, &to).await),
        refusal(engine.remove_contacts(bot, &to).await),
        refusal(engine.change_name(bot, DisplayName::parse("x").unwrap()).await),
        refusal(engine.change_country(bot, None).await),
        refusal(engine.change_own_settings(bot, "{}".into()).await),
        refusal(engine.change_password(bot, HERE, secret("rahasia"), secret("x")).await),
        refusal(engine.further_session(bot).await),
        refusal(engine.admit_program(bot, label(), true).await),
        refusal(engine.own_sessions(bot).await),
        refusal(engine.end_own_sessions(bot).await),
    ];
    for (number, denied) in denied.into_iter().enumerate() {
        assert_eq!(denied, Some(Refusal::NotAllowed), "wish {number}");
    }
    let inbox = engine.inbox(bot).await.unwrap();
    assert_eq!((inbox.items.len(), inbox.receipt.is_none()), (1, true), "it reads");
    assert_eq!(engine.conversations(bot).await.unwrap().len(), 2);
    let halo = Search::parse("halo").unwrap();
    assert_eq!(engine.search(bot, &halo, None, 10).await.unwrap().len(), 1);

    let (_, token) = engine.admit_program(&ana, label(), true).await.unwrap();
    let bot = &engine.resume(token).await.unwrap();
    engine.send(bot, &to, body()).await.unwrap().durable().await.unwrap();
    let outcome = engine.admit_program(bot, label(), true).await;
    assert_eq!(refusal(outcome), Some(Refusal::NotAllowed), "it lets nobody else in");
}

#[tokio::test]
async fn where_it_takes_an_invitation_nobody_registers_without() {
    let (engine, clock) = realm(RegistrationPolicy::Invite).await;
    let secret = engine.setup_secret().await.unwrap().unwrap();
    let ana = engine.set_up(&secret, wish("ana", None)).await.unwrap().caller;
    let group = GroupName::parse("klub").unwrap();
    let club = engine.create_group(&ana, group, Visibility::Private).await.unwrap();
    let code = engine.create_invitation(&ana, club.id, DAY, 1).await.unwrap().code;
    assert_eq!(refusal(engine.register(HERE, wish("budi", None)).await), Some(Refusal::NotAllowed));
    let bad = Some(InvitationCode::parse("2222222222").unwrap());
    let outcome = engine.register(AWAY, wish("budi", bad)).await;
    assert_eq!(refusal(outcome), Some(Refusal::InvitationUnknown));
    let budi = engine.register(AWAY, wish("budi", Some(code))).await.unwrap().caller;
    assert_eq!(engine.joined_groups(&budi).await.unwrap(), std::slice::from_ref(&club));
    let outcome = engine.register(AWAY, wish("citra", Some(code))).await;
    assert_eq!(refusal(outcome), Some(Refusal::InvitationUnknown), "it was good once");
    let code = engine.create_invitation(&ana, club.id, DAY, 1).await.unwrap().code;
    clock.advance(DAY);
    assert_eq!(refusal(engine.invitation(&code).await), Some(Refusal::InvitationUnknown));

    let (closed, _) = realm(RegistrationPolicy::Closed).await;
    let outcome = closed.register(HERE, wish("budi", Some(code))).await;
    assert_eq!(refusal(outcome), Some(Refusal::NotAllowed));
}

#[tokio::test]
async fn an_invitation_has_limits() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let group = GroupName::parse("klub").unwrap();
    let club = engine.create_group(&ana, group, Visibility::Private).await.unwrap().id;
    let longest = Duration::from_secs(INVITATION_SECS_MAX);
    let second = Duration::from_secs(1);
    for (good_for, uses) in
        [(longest + second, 1), (Duration::ZERO, 1), (DAY, 0), (DAY, INVITATION_USES_MAX + 1)]
    {
        let outcome = engine.create_invitation(&ana, club, good_for, uses).await;
        assert_eq!(refusal(outcome), Some(Refusal::Invalid(Field::Invitations)));
    }
    engine.create_invitation(&ana, club, longest, INVITATION_USES_MAX).await.unwrap();
    assert_eq!(engine.invitations(&ana, club).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_secret_makes_one_administrator_though_a_stranger_came_first() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    assert!(!engine.awaits_set_up());
    let secret = engine.setup_secret().await.unwrap().unwrap();
    let stranger = engine.register(AWAY, wish("orang", None)).await.unwrap();
    assert_eq!(engine.account(&stranger.caller).await.unwrap().role, Role::User);
    for wrong in ["", "x", &secret.to_uppercase()] {
        assert_eq!(
            refusal(engine.set_up(wrong, wish("ana", None)).await),
            Some(Refusal::NotAllowed)
        );
    }
    let taken = engine.set_up(&secret, wish("orang", None)).await;
    assert_eq!(refusal(taken), Some(Refusal::UsernameTaken));
    assert!(engine.awaits_set_up(), "a name that was taken does not use it up");
    let anew = engine.setup_secret().await.unwrap().expect("a stranger is no administrator");
    let old = engine.set_up(&secret, wish("ana", None)).await;
    assert_eq!(refusal(old), Some(Refusal::NotAllowed), "another secret was made");
    let secret = anew;
    let ana = engine.set_up(&secret, wish("ana", None)).await.unwrap();
    assert_eq!(engine.account(&ana.caller).await.unwrap().role, Role::Administrator);
    assert!(!engine.awaits_set_up());
    let again = engine.set_up(&secret, wish("budi", None)).await;
    assert_eq!(refusal(again), Some(Refusal::NotAllowed));
    assert_eq!(engine.setup_secret().await.unwrap(), None, "the realm has an administrator");
}

#[tokio::test]
async fn an_administrator_from_this_machine_ends_the_set_up() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let secret = engine.setup_secret().await.unwrap().unwrap();
    let (ana, _) = registered(&engine, "ana").await;
    assert_eq!(engine.account(&ana).await.unwrap().role, Role::Administrator);
    assert!(!engine.awaits_set_up());
    assert_eq!(
        refusal(engine.set_up(&secret, wish("budi", None)).await),
        Some(Refusal::NotAllowed)
    );
}

#[tokio::test]
async fn an_administrator_by_the_operator_ends_the_set_up() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    engine.register(AWAY, wish("orang", None)).await.unwrap();
    let secret = engine.setup_secret().await.unwrap().unwrap();
    let stranger = Username::parse("orang").unwrap();
    engine.set_role(Operator::vouched(), &stranger, Role::User).await.unwrap();
    assert!(engine.awaits_set_up());
    engine.set_role(Operator::vouched(), &stranger, Role::Administrator).await.unwrap();
    assert!(!engine.awaits_set_up());
    let late = engine.set_up(&secret, wish("budi", None)).await;
    assert_eq!(refusal(late), Some(Refusal::NotAllowed));
}

#[tokio::test]
async fn a_hook_writes_in_its_makers_name_while_they_may() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let (budi, _) = registered(&engine, "budi").await;
    let group = GroupName::parse("klub").unwrap();
    let club = engine.create_group(&ana, group, Visibility::Public).await.unwrap().id;
    engine.join_group(&budi, "klub").await.unwrap();
    let label = Label::parse("cuaca").unwrap();
    let (_, secret) = engine.create_hook(&ana, club, label).await.unwrap();
    let place = engine.post_by_hook(secret, &body()).await.unwrap().unwrap();
    assert_eq!((place.conversation, place.seq), (club, Seq(1)));
    assert_eq!(engine.inbox(&budi).await.unwrap().items[0].body, "[cuaca] halo");
    let unknown = SessionToken::parse("9abf3546-137d-4fd7-9d18-1f33e82acf8d").unwrap();
    assert_eq!(engine.post_by_hook(unknown, &body()).await.unwrap(), None);
    assert!(engine.resume(secret).await.is_err(), "a hook is no session");
    engine.leave_group(&ana, "klub").await.unwrap();
    assert_eq!(engine.post_by_hook(secret, &body()).await.unwrap(), None);
}

#[tokio::test]
async fn an_admin_runs_a_group_by_its_number() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let (budi, _) = registered(&engine, "budi").await;
    let group = GroupName::parse("klub").unwrap();
    let club = engine.create_group(&ana, group, Visibility::Private).await.unwrap().id;
    assert_eq!(refusal(engine.members(&budi, club).await), Some(Refusal::NotMember));
    let names = ["budi".to_owned(), "tiada".to_owned(), "a b".to_owned()];
    assert_eq!(engine.add_members(&ana, club, &names).await.unwrap(), [true, false, false]);
    let name = name_of("budi");
    engine.set_member_role(&ana, club, &name, GroupRole::Admin).await.unwrap();
    let members = engine.members(&budi, club).await.unwrap();
    assert_eq!((members.len(), members[1].role), (2, GroupRole::Admin));
    let renamed = GroupChange::name(GroupName::parse("klub baru").unwrap());
    engine.change_group(&budi, club, renamed).await.unwrap();
    assert_eq!(refusal(engine.join_group(&ana, "klub").await), Some(Refusal::GroupUnknown));
    engine.remove_member(&budi, club, &name_of("ana")).await.unwrap();
    engine.remove_member(&budi, club, &name).await.unwrap();
    assert_eq!(refusal(engine.join_group(&ana, "klub baru").await), Some(Refusal::GroupUnknown));
}

#[tokio::test]
async fn a_search_names_people_and_places() {
    let (engine, _) = realm(RegistrationPolicy::Open).await;
    let (ana, _) = registered(&engine, "ana").await;
    let (budi, _) = registered(&engine, "budi").await;
    let group = GroupName::parse("Klub Catur").unwrap();
    engine.create_group(&ana, group, Visibility::Public).await.unwrap();
    let to = [Address::parse("ana").unwrap()];
    engine.send(&budi, &to, body()).await.unwrap().durable().await.unwrap();
    engine.send_to_group(&ana, "klub catur", body()).await.unwrap().durable().await.unwrap();
    let found = async |caller: &Caller, text: &str| {
        let hits = engine.search(caller, &Search::parse(text).unwrap(), None, 10).await?;
        let with = hits.iter().map(|hit| hit.with.as_ref().map(|user| user.username.to_string()));
        kabar_engine::Result::Ok(with.collect::<Vec<_>>())
    };
    let budi_s = Some("budi".to_owned());
    assert_eq!(found(&ana, "halo").await.unwrap(), [None, budi_s.clone()]);
    assert_eq!(found(&ana, "HALO in:\"klub catur\"").await.unwrap(), [None]);
    assert_eq!(found(&ana, "in:@budi").await.unwrap(), std::slice::from_ref(&budi_s));
    assert_eq!(found(&ana, "in:\"#klub catur\"").await.unwrap(), [None]);
    assert_eq!(found(&ana, "from:@budi").await.unwrap(), std::slice::from_ref(&budi_s));
    registered(&engine, "citra").await;
    assert_eq!(found(&ana, "in:@citra").await.unwrap(), [], "the two have never written");
    assert_eq!(refusal(found(&ana, "in:@tiada").await), Some(Refusal::UserUnknown));
    assert_eq!(refusal(found(&ana, "in:#budi").await), Some(Refusal::GroupUnknown));
    assert_eq!(found(&ana, "from:Budi").await.unwrap(), [budi_s]);
    assert_eq!(refusal(found(&ana, "from:tiada").await), Some(Refusal::UserUnknown));
    assert_eq!(refusal(found(&budi, "in:\"klub catur\"").await), Some(Refusal::GroupUnknown));
}
