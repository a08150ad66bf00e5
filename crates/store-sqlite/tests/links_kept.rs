//! Links themselves, the accounts of other realms' people, and groups that they are in.

mod link;
mod realm;

use std::sync::{Arc, Mutex};

use kabar_engine::store::links::{
    Batch, Contact, InPost, Inbound, LinkChange, NewLink, Reach, Signed, Standing, Told, Uid, Where,
};
use kabar_engine::store::{
    Content, GroupChange, LinkStore, NewRole, NewSession, NewUser, Place, Purpose, Store, Target,
    TokenHash, UserChange,
};
use kabar_engine::testing::new_user;
use kabar_model::{
    Body, DisplayName, Field, GroupRole, LinkId, Refusal, Role, Seq, Timestamp, Username,
    Visibility,
};
use kabar_store_sqlite::SqliteStore;

use self::link::{
    NOW, group, lab, link, mirrored, new_link, post, realm_name, received, refusal, say, stand,
    stranger, text, waits,
};
use self::realm::{open, user};

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_kept_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    assert_eq!(store.identity().await.unwrap(), None);
    for text in ["one", "two"] {
        store.keep_identity(text.to_owned(), realm_name("lab")).await.unwrap();
    }
    store.close();
    let store = open(dir.path()).unwrap();
    assert_eq!(store.identity().await.unwrap().as_deref(), Some("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_links_do_not_clash() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, [_]) = lab(dir.path(), ["kampus"]).await;
    let named = |name: &str, own: &str| NewLink {
        name: realm_name(name),
        own_name: realm_name(own),
        ..new_link(own)
    };
    store.add_link(named("nick", "zeta")).await.unwrap();
    for (name, own) in [
        ("kampus", "new"),
        ("new", "kampus"),
        ("zeta", "new"),
        ("new", "nick"),
        ("lab", "new"),
        ("new", "lab"),
    ] {
        assert_eq!(refusal(store.add_link(named(name, own)).await), Refusal::RealmTaken);
    }
    assert_eq!(LinkStore::links(&store).await.unwrap().len(), 2);
    let new = store.add_link(named("new", "new")).await.unwrap();
    for name in ["kampus", "nick", "zeta", "lab"] {
        let renamed = store.change_link(new.id, LinkChange::Name(realm_name(name))).await;
        assert_eq!(refusal(renamed), Refusal::RealmTaken, "{name}");
    }
    for name in ["newer", "newer", "new"] {
        let renamed = store.change_link(new.id, LinkChange::Name(realm_name(name))).await.unwrap();
        assert_eq!((renamed.name, renamed.own_name), (realm_name(name), realm_name("new")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_link_is_taken_up_again_and_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    say(&store, ana, noor, "hai").await;
    let before = stand(&store, zeta, Standing::Removed).await;
    assert_eq!(before.standing, Standing::Removed);
    let named = NewLink { name: realm_name("zeta"), ..new_link("other") };
    let other = store.add_link(named).await.unwrap();
    assert_eq!(refusal(store.add_link(new_link("zeta")).await), Refusal::RealmTaken);
    let again = LinkChange::Standing(Standing::Linked);
    assert_eq!(refusal(store.change_link(zeta, again).await), Refusal::RealmTaken);
    stand(&store, other.id, Standing::Removed).await;
    let again = store.add_link(NewLink { keys: "new".into(), ..new_link("zeta") }).await.unwrap();
    assert_eq!((again.id, again.keys.as_str(), again.last), (zeta, "new", 1));
    assert!(again.epoch > before.epoch);
    say(&store, ana, noor, "again").await;
    // What had failed goes out after all.
    assert_eq!(waits(&store, zeta).await.len(), 2);
    let unknown = store.change_link(LinkId(99), LinkChange::Keys("k".into())).await;
    assert_eq!(refusal(unknown), Refusal::RealmUnknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_changes_only_from_the_one_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let linked = |from| LinkChange::StandingFrom { from, to: Standing::Linked };
    for stands in [Standing::Removed, Standing::Blocked, Standing::Changed] {
        stand(&store, zeta, Standing::Linked).await;
        stand(&store, zeta, stands).await;
        let late = store.change_link(zeta, linked(Standing::Asked)).await.unwrap();
        assert_eq!(late.standing, stands);
        let in_time = store.change_link(zeta, linked(stands)).await.unwrap();
        assert_eq!(in_time.standing, Standing::Linked);
    }
    stand(&store, zeta, Standing::Removed).await;
    let blocked = store.change_link(zeta, LinkChange::Standing(Standing::Blocked)).await;
    assert_eq!(refusal(blocked), Refusal::RealmUnknown);
    assert_eq!(link(&store, zeta).await.standing, Standing::Removed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_link_is_changed_part_by_part() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let reach = Reach { host: "192.0.2.1".into(), port: 8889, private: true };
    let contact = Contact {
        last_at: Some(Timestamp(1)),
        failures: 3,
        failing_since: Some(Timestamp(2)),
        next_at: Some(Timestamp(3)),
        error: Some("timeout".into()),
        clock_ahead: -4,
    };
    let changes = [
        LinkChange::Reach(Some(reach.clone())),
        LinkChange::Keys("keys".into()),
        LinkChange::Contact(contact.clone()),
        LinkChange::Standing(Standing::Changed),
    ];
    for change in changes {
        store.change_link(zeta, change).await.unwrap();
    }
    store.close();
    let store = open(dir.path()).unwrap();
    let found = link(&store, zeta).await;
    assert_eq!((found.reach, found.keys.as_str()), (Some(reach), "keys"));
    assert_eq!((found.contact, found.standing), (contact, Standing::Changed));
    let none = store.change_link(zeta, LinkChange::Reach(None)).await.unwrap();
    assert_eq!(none.reach, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_good_once_and_not_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, []) = lab(dir.path(), []).await;
    let invited = |name: &str, secret| NewLink { invite: Some(secret), ..new_link(name) };
    store.add_link_invite([1; 32], Timestamp(NOW.0 + 1)).await.unwrap();
    store.add_link_invite([2; 32], NOW).await.unwrap();
    for secret in [[2; 32], [3; 32]] {
        let refused = store.add_link(invited("zeta", secret)).await;
        assert_eq!(refusal(refused), Refusal::InvitationUnknown);
    }
    let ours = store.add_link(invited("lab", [1; 32])).await;
    assert_eq!(refusal(ours), Refusal::RealmTaken, "and it is not used up");
    store.add_link(invited("zeta", [1; 32])).await.unwrap();
    let again = store.add_link(invited("kampus", [1; 32])).await;
    assert_eq!(refusal(again), Refusal::InvitationUnknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_of_another_realm_is_found_but_has_no_account_here() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    store.keep_identity("secret".into(), realm_name("lab")).await.unwrap();
    let name = Username::parse_kept("maya@kampus").unwrap();
    let maya = store.stand_in(&name, None, NOW).await.unwrap();
    assert_eq!((maya.username.as_str(), maya.name.as_str()), ("maya@kampus", "maya"));
    let called = DisplayName::parse("Maya Sari").unwrap();
    let again = store.stand_in(&name, Some(&called), NOW).await.unwrap();
    assert_eq!((again.id, again.name.as_str()), (maya.id, "Maya Sari"));
    assert_eq!(store.stand_in(&name, None, NOW).await.unwrap(), again, "it keeps its name");
    for wrong in ["ana", "ana@lab"] {
        let wrong = Username::parse_kept(wrong).unwrap();
        let refused = refusal(store.stand_in(&wrong, None, NOW).await);
        assert_eq!(refused, Refusal::Invalid(Field::Username));
    }
    let people = [again.clone()];
    assert_eq!(store.find_users("sari", None, 9).await.unwrap(), people);
    assert_eq!(store.users(&[maya.id]).await.unwrap(), people);
    assert_eq!(store.account(&name).await.unwrap().unwrap().user, again);

    // The first who registers is the first.
    let new = NewUser { role: NewRole::AdministratorIfFirst, ..new_user("ana") };
    assert_eq!(store.create_user(new).await.unwrap().role, Role::Administrator);
    assert_eq!(store.count_accounts().await.unwrap(), 1);
    assert_eq!(store.list_users(None, 9).await.unwrap().len(), 1);
    assert_eq!(store.list_accounts("", None, 9).await.unwrap().len(), 1);
    assert_eq!(store.list_accounts("maya", None, 9).await.unwrap().len(), 0);

    let session = NewSession {
        user: maya.id,
        token: TokenHash([1; 32]),
        checked: None,
        asked_by: None,
        at: NOW,
        purpose: Purpose::Person,
    };
    assert_eq!(refusal(store.create_session(session).await), Refusal::UserUnknown);
    let change = UserChange::Role(Role::Administrator);
    assert_eq!(refusal(store.change_user(maya.id, change).await), Refusal::UserUnknown);
    let new = NewUser { username: name, ..new_user("other") };
    assert!(store.create_user(new).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_between_two_others_or_without_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [_]) = lab(dir.path(), ["zeta"]).await;
    let [noor, oki] = [stranger(&store, "noor@zeta").await, stranger(&store, "oki@zeta").await];
    let far = stranger(&store, "eka@far").await;
    assert_eq!(refusal(store.open_direct(noor, oki, NOW).await), Refusal::NotAllowed);
    assert_eq!(refusal(store.open_direct(noor, noor, NOW).await), Refusal::NotAllowed);
    assert_eq!(refusal(store.open_direct(ana, far, NOW).await), Refusal::RealmUnknown);
    let new = text(ana, Target::Direct(far), "hai");
    assert_eq!(refusal(post(&store, new).await), Refusal::RealmUnknown);
    assert_eq!(store.direct(ana, far).await.unwrap(), None);
}

async fn told(store: &SqliteStore, id: LinkId) -> Vec<Told> {
    waits(store, id).await.into_iter().map(|item| item.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_of_a_group_hear_how_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let [maya, noor] = [stranger(&store, "maya@kampus").await, stranger(&store, "noor@zeta").await];
    let budi = user(&store, "budi").await;
    let klub = group(&store, ana, "Klub").await.id;
    store.join_group(klub, budi, NOW).await.unwrap();
    assert_eq!(told(&store, zeta).await, []);
    store.join_group(klub, noor, NOW).await.unwrap();
    let members = Told::Members(klub);
    let mut count = 1;
    assert_eq!(told(&store, zeta).await, vec![members.clone(); count]);
    let change = GroupChange::visibility(Visibility::Public);
    store.change_group(klub, ana, change).await.unwrap();
    store.set_role(klub, ana, budi, GroupRole::Admin).await.unwrap();
    store.remove_member(klub, ana, budi).await.unwrap();
    store.invite(klub, ana, &[budi, maya], NOW).await.unwrap();
    store.leave_group(klub, budi, NOW).await.unwrap();
    count += 5;
    assert_eq!(told(&store, zeta).await, vec![members.clone(); count]);
    assert_eq!(told(&store, kampus).await, vec![members.clone(); 2]);
    let standing = store.standing_of_members(klub).await.unwrap();
    let names: Vec<_> = standing.iter().map(|(user, role, _)| (user.id, *role)).collect();
    assert_eq!(
        names,
        [(ana, GroupRole::Admin), (noor, GroupRole::Member), (maya, GroupRole::Member)]
    );

    // Who lost their last member hears that, too, and then no more.
    store.remove_member(klub, ana, noor).await.unwrap();
    assert_eq!(told(&store, zeta).await.len(), count + 1);
    post(&store, text(ana, Target::Group(klub), "hai")).await.unwrap();
    assert_eq!(told(&store, zeta).await.len(), count + 1);
    assert_eq!(told(&store, kampus).await.len(), 4);
    // The last to leave closes the group, and is told.
    store.leave_group(klub, ana, NOW).await.unwrap();
    store.leave_group(klub, maya, NOW).await.unwrap();
    assert_eq!(told(&store, kampus).await[4..], [members.clone(), members]);
    assert_eq!(store.group("Klub").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_changes_often_does_not_fill_a_link_that_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    let klub = group(&store, ana, "Klub").await.id;
    store.join_group(klub, noor, NOW).await.unwrap();
    for turn in 0..300 {
        let visibility = if turn % 2 == 0 { Visibility::Public } else { Visibility::Private };
        store.change_group(klub, ana, GroupChange::visibility(visibility)).await.unwrap();
    }
    // One batch may be on its way; of those behind it one is enough.
    assert_eq!(waits(&store, zeta).await.len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mirror_one_speaks_and_leaves_and_the_home_decides_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus]) = lab(dir.path(), ["kampus"]).await;
    let budi = user(&store, "budi").await;
    let store = mirrored(store, dir.path(), ana).await;
    let mirror = store.group("Klub@Kampus").await.unwrap().unwrap();
    assert_eq!(mirror.name.as_str(), "Klub@kampus");
    assert_eq!(refusal(store.join_group(mirror.id, budi, NOW).await), Refusal::NotAllowed);
    let invited = store.invite(mirror.id, ana, &[budi], NOW).await;
    assert_eq!(refusal(invited), Refusal::NotAllowed);
    let change = GroupChange::visibility(Visibility::Private);
    assert_eq!(refusal(store.change_group(mirror.id, ana, change).await), Refusal::NotAllowed);
    let role = store.set_role(mirror.id, ana, ana, GroupRole::Admin).await;
    assert_eq!(refusal(role), Refusal::NotAllowed);
    assert_eq!(refusal(store.remove_member(mirror.id, ana, ana).await), Refusal::NotAllowed);
    assert_eq!(told(&store, kampus).await, []);

    let posted = post(&store, text(ana, Target::Group(mirror.id), "hai")).await.unwrap();
    let id = posted.outgoing.unwrap();
    store.leave_group(mirror.id, ana, NOW).await.unwrap();
    let left = Told::Leave { user: ana, mirror: mirror.id };
    assert_eq!(told(&store, kampus).await, [Told::Post(id), left]);
    assert_eq!(store.joined_groups(ana).await.unwrap(), []);
    let members = store.members(mirror.id).await.unwrap();
    assert_eq!(members.len(), 1, "its admin is where its home is");
    let more = post(&store, text(ana, Target::Group(mirror.id), "more")).await;
    assert_eq!(refusal(more), Refusal::NotMember);
    assert_eq!(refusal(store.leave_group(mirror.id, ana, NOW).await), Refusal::NotMember);

    store.ask_to_join(kampus, ana, "klub", NOW).await.unwrap();
    let join = Told::Join { user: ana, group: "klub".into() };
    assert_eq!(told(&store, kampus).await.last(), Some(&join));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_somebody_here_has_read_is_told_in_direct_conversations() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [zeta]) = lab(dir.path(), ["zeta"]).await;
    let noor = stranger(&store, "noor@zeta").await;
    let klub = group(&store, ana, "Klub").await.id;
    store.join_group(klub, noor, NOW).await.unwrap();
    let in_group = post(&store, text(noor, Target::Group(klub), "hai")).await.unwrap().place;
    let place = say(&store, noor, ana, "hai").await.place;
    let before = told(&store, zeta).await;
    store.mark_read(ana, &[in_group]).await.unwrap();
    store.mark_read(noor, &[place]).await.unwrap();
    assert_eq!(told(&store, zeta).await, before);
    store.mark_read(ana, &[place]).await.unwrap();
    store.mark_read(ana, &[place]).await.unwrap();
    let read = |place| Told::Read { user: ana, place };
    assert_eq!(told(&store, zeta).await[before.len()..], [read(place)]);

    // Behind what one batch carries, the last position alone waits.
    for _ in 0..100 {
        say(&store, noor, ana, "more").await;
    }
    let waiting = waits(&store, zeta).await.len();
    for seq in [50, 60, 70] {
        store.mark_read(ana, &[Place { seq: Seq(seq), ..place }]).await.unwrap();
    }
    let after = told(&store, zeta).await;
    assert_eq!(after.len(), waiting + 1);
    assert_eq!(after.last(), Some(&read(Place { seq: Seq(70), ..place })));
    let answer = received(&store, zeta, after.len() as u64, &[]).await;
    store.acknowledge(zeta, answer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_hears_for_which_links_something_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let [maya, noor] = [stranger(&store, "maya@kampus").await, stranger(&store, "noor@zeta").await];
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&told);
    store.on_queued(Arc::new(move |link| ear.lock().unwrap().push(link)));
    say(&store, ana, ana, "note").await;
    say(&store, ana, maya, "hai").await;
    say(&store, ana, noor, "hai").await;
    store.close();
    assert_eq!(*told.lock().unwrap(), [kampus, zeta]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_long_ago_waits_from_when_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let (store, ana, [kampus, zeta]) = lab(dir.path(), ["kampus", "zeta"]).await;
    let [maya, noor] = [stranger(&store, "maya@kampus").await, stranger(&store, "noor@zeta").await];
    let klub = group(&store, ana, "Klub").await.id;
    store.invite(klub, ana, &[maya, noor], NOW).await.unwrap();
    let post = InPost {
        author: Username::parse_kept("noor@zeta").unwrap(),
        name: DisplayName::parse("Noor").unwrap(),
        conversation: Where::Group(klub),
        uid: Uid([5; 16]),
        content: Content::Text(Body::parse("hai").unwrap()),
        reply_to: None,
        at: Timestamp(NOW.0 - 1_000_000),
        signed: Signed { bytes: Vec::new(), by: String::new() },
    };
    let items = vec![(Uid([6; 16]), Ok(Inbound::Post(post)))];
    let batch = Batch { epoch: 1, first: 1, before: Uid::default(), items, at: NOW };
    store.receive(zeta, batch).await.unwrap();
    assert_eq!(store.expire(kampus, NOW).await.unwrap(), []);
    let waiting = waits(&store, kampus).await;
    assert!(matches!(waiting.last().unwrap().what, Told::Message(_)));
    assert_eq!(waiting.last().unwrap().at, NOW);
}
