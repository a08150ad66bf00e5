//! Items that are refused: each with its code, by itself, and nothing of it is left.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod linked;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use kabar_engine::Store;
use kabar_engine::store::links::{
    Batch, InMember, InMembers, InMessage, InPost, Inbound, Received, Signed, Taken, Told, Uid,
    Where,
};
use kabar_engine::store::{Content, Target, UserChange};
use kabar_model::{
    Body, ConversationId, DisplayName, Emoji, GroupName, GroupRole, Seq, UserId, Username,
    Visibility,
};

use self::linked::{Realm, carry, exchange, now, two};

/// The realm `beta`, which hears what `alpha` says, and what is in it.
struct Hearing {
    a: Realm,
    b: Realm,
    budi: UserId,
    ani: UserId,
    /// Of `beta`, public; `ana@alpha` is in it.
    public: ConversationId,
    /// Of `beta`, private, with nobody of `alpha`.
    private: ConversationId,
    /// Of `alpha`, with budi in it: its number there.
    theirs: ConversationId,
}

impl Hearing {
    async fn new() -> Self {
        let (a, b) = two().await;
        let (budi, ani) = (b.user("budi").await, b.user("ani").await);
        let ana = a.user("ana").await;
        let public = b.group("umum", budi).await;
        let private = b.group("rahasia", budi).await;
        let change =
            kabar_engine::store::GroupChange { name: None, visibility: Some(Visibility::Private) };
        b.store().change_group(private, budi, change).await.unwrap();
        let theirs = a.group("kelas", ana).await;
        a.links().ask_to_join(a.link_to(&b).await, ana, "umum", now()).await.unwrap();
        b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
        exchange(&[&a, &b]).await;
        b.say(budi, Target::Group(public), "halo").await;
        exchange(&[&a, &b]).await;
        b.heard().await;
        Self { a, b, budi, ani, public, private, theirs }
    }

    /// Hands items over; returns what was refused of them, in the order of the items.
    async fn hear(&self, items: Vec<Inbound>) -> Vec<Option<String>> {
        let link = self.b.link_to(&self.a).await;
        let links = self.b.links().links().await.unwrap();
        let known = links.into_iter().find(|known| known.id == link).unwrap();
        let items: Vec<_> = items.into_iter().map(|item| (uid(), Ok(item))).collect();
        let count = items.len() as u64;
        let (epoch, before) = (known.peer_epoch + 1, Uid::default());
        let batch = Batch { epoch, first: 1, before, items, at: now() };
        let taken = self.b.links().receive(link, batch).await.unwrap();
        let Taken::Stored { received, .. } = taken else { panic!("{taken:?}") };
        assert_eq!((received.epoch, received.number), (epoch, count));
        let refused = |number| received.refused.iter().find(|(refused, _)| *refused == number);
        (1..=count).map(|number| refused(number).map(|(_, code)| code.clone())).collect()
    }

    /// Each item is refused with its code, changes nothing, and does not keep the next from being taken.
    async fn refuses(&self, cases: Vec<(Inbound, &str)>) {
        let before = self.everything().await;
        let (items, codes): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
        let shown = format!("{items:#?}");
        let found = self.hear(items).await;
        let expected: Vec<_> = codes.iter().map(|code| Some((*code).to_owned())).collect();
        assert_eq!(found, expected, "{shown}");
        assert_eq!(self.everything().await, before);
        assert_eq!(self.b.heard().await, [""; 0]);
        assert_eq!(self.hear(vec![Inbound::Post(self.post("ana"))]).await, [None]);
        assert_eq!(self.b.heard().await, ["hai"]);
    }

    /// How often its home is to hear that somebody has left.
    async fn waiting_leaves(&self) -> usize {
        let waits = self.b.links().outbox(self.b.link_to(&self.a).await, 1_000).await.unwrap();
        waits.iter().filter(|item| matches!(item.what, Told::Leave { .. })).count()
    }

    /// All that there is in the realm, as far as these tests change it.
    async fn everything(&self) -> String {
        let mut all = format!("{:?}\n", self.b.store().find_users("", None, 100).await.unwrap());
        for id in 1..20 {
            let id = ConversationId(id);
            let found = self.b.store().conversations(&[id]).await.unwrap();
            let messages = self.b.store().messages(id, Seq::NONE, 100).await;
            let members = self.b.members(id).await;
            writeln!(all, "{found:?} {messages:?} {members:?}").unwrap();
        }
        all
    }

    fn post(&self, author: &str) -> InPost {
        InPost {
            author: person(author, "alpha"),
            name: name(),
            conversation: Where::Group(self.public),
            uid: uid(),
            content: text("hai"),
            reply_to: None,
            at: now(),
            signed: Signed { bytes: Vec::new(), by: String::new() },
        }
    }

    fn message(&self, seq: i64) -> InMessage {
        InMessage {
            conversation: Where::Group(self.theirs),
            seq: Seq(seq),
            author: person("ana", "alpha"),
            name: name(),
            uid: None,
            content: Some(text("pesan")),
            was_change: false,
            reply_to: None,
            at: now(),
            edited_at: None,
        }
    }

    fn members(group: i64, users: &[Username]) -> InMembers {
        let member = |user: &Username| InMember {
            user: user.clone(),
            name: name(),
            role: GroupRole::Member,
            joined: Seq::NONE,
        };
        InMembers {
            group: ConversationId(group),
            name: GroupName::parse("lain").unwrap(),
            visibility: Visibility::Public,
            members: users.iter().map(member).collect(),
        }
    }
}

fn uid() -> Uid {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let mut uid = [7; 16];
    uid[..8].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Uid(uid)
}

fn name() -> DisplayName {
    DisplayName::parse("Somebody").unwrap()
}

fn person(name: &str, realm: &str) -> Username {
    Username::parse_kept(&format!("{name}@{realm}")).unwrap()
}

fn here(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn text(text: &str) -> Content {
    Content::Text(Body::parse(text).unwrap())
}

fn direct(one: &str, other: &str) -> Where {
    Where::Direct(person(one, "alpha"), person(other, "beta"))
}

#[tokio::test]
async fn posts_are_refused_where_they_may_not_be() {
    let it = Hearing::new().await;
    let post = |conversation| Inbound::Post(InPost { conversation, ..it.post("ana") });
    let says = |content| Inbound::Post(InPost { content, ..it.post("ana") });
    let by = |author| Inbound::Post(InPost { author, ..it.post("ana") });
    let mirror = it.b.group_named("kelas@alpha").await;
    let of = |of| Content::Deletion { of: Seq(of) };
    it.refuses(vec![
        (by(person("ana", "gamma")), "not_allowed"),
        (by(here("budi")), "not_allowed"),
        (by(person("orang", "alpha")), "not_member"),
        (post(Where::Group(it.private)), "group_unknown"),
        (post(Where::Group(ConversationId(999))), "group_unknown"),
        (post(Where::Group(mirror)), "not_allowed"),
        // Its home is the other realm, so there is nothing to ask here.
        (post(direct("ana", "budi")), "not_allowed"),
        (post(Where::Direct(person("ana", "alpha"), person("citra", "gamma"))), "not_allowed"),
        (says(of(1)), "not_allowed"),
        (says(of(9)), "message_unknown"),
        (says(Content::Edit { of: Seq(1), text: Body::parse("x").unwrap() }), "not_allowed"),
        (Inbound::Post(InPost { reply_to: Some(Seq(9)), ..it.post("ana") }), "message_unknown"),
    ])
    .await;
}

#[tokio::test]
async fn messages_and_groups_are_refused_from_who_is_not_their_home() {
    let it = Hearing::new().await;
    let ana = person("ana", "alpha");
    let message = |conversation, author| {
        Inbound::Message(InMessage { conversation, author, ..it.message(1) })
    };
    let bad_name = InMembers {
        name: GroupName::parse_kept("x@y").unwrap(),
        ..Hearing::members(9, &[here("budi")])
    };
    it.refuses(vec![
        (message(Where::Group(ConversationId(999)), ana.clone()), "group_unknown"),
        (
            message(Where::Direct(person("budi", "beta"), person("zed", "gamma")), ana.clone()),
            "not_allowed",
        ),
        (message(direct("ana", "tiada"), ana.clone()), "user_unknown"),
        (message(direct("ana", "budi"), person("eve", "alpha")), "not_allowed"),
        (message(direct("ana", "budi"), here("ani")), "not_allowed"),
        (Inbound::Message(it.message(0)), "invalid"),
        (Inbound::Message(it.message(i64::MAX)), "invalid"),
        (Inbound::Members(Hearing::members(9, &[person("ana", "alpha")])), "not_allowed"),
        (Inbound::Members(Hearing::members(9, &[here("tiada")])), "user_unknown"),
        (Inbound::Members(bad_name), "invalid"),
    ])
    .await;
}

#[tokio::test]
async fn joining_leaving_and_reading_are_refused_for_others() {
    let it = Hearing::new().await;
    let join = |user, group: &str| Inbound::Join { user, name: name(), group: group.to_owned() };
    let leave = |user, group| Inbound::Leave { user, group };
    let read = |user, conversation| Inbound::Read { user, conversation, seq: Seq(1) };
    let mirror = it.b.group_named("kelas@alpha").await;
    let ana = || person("ana", "alpha");
    it.refuses(vec![
        (join(person("zed", "gamma"), "umum"), "not_allowed"),
        (join(here("ani"), "umum"), "not_allowed"),
        (join(person("baru", "alpha"), "rahasia"), "group_unknown"),
        (join(person("baru", "alpha"), "tiada"), "group_unknown"),
        (join(person("baru", "alpha"), "kelas@alpha"), "group_unknown"),
        (leave(person("zed", "gamma"), it.public), "not_allowed"),
        (leave(person("baru", "alpha"), it.public), "not_member"),
        (leave(ana(), mirror), "not_allowed"),
        (leave(ana(), ConversationId(999)), "group_unknown"),
        (read(ana(), Where::Group(it.public)), "not_allowed"),
        (read(ana(), direct("ana", "ani")), "not_member"),
        (read(person("ani", "beta"), direct("ana", "ani")), "not_allowed"),
    ])
    .await;
}

#[tokio::test]
async fn who_is_disabled_is_nobody() {
    let it = Hearing::new().await;
    it.b.store().change_user(it.ani, UserChange::Disabled(true)).await.unwrap();
    let conversation = direct("ana", "ani");
    let message = InMessage { conversation, ..it.message(1) };
    it.refuses(vec![(Inbound::Message(message), "user_unknown")]).await;
}

#[tokio::test]
async fn what_cannot_be_stored_leaves_its_number() {
    let it = Hearing::new().await;
    let mirror = it.b.group_named("kelas@alpha").await;
    let says = |seq, content| Inbound::Message(InMessage { content, ..it.message(seq) });
    let emoji = Emoji::parse("👍").unwrap();
    let edit = Content::Edit { of: Seq(1), text: Body::parse("lain").unwrap() };
    let by_budi = InMessage { author: here("budi"), content: Some(edit), ..it.message(4) };
    let items = vec![
        says(1, Some(text("satu"))),
        says(2, None),
        says(3, Some(Content::Reaction { of: Seq(99), emoji, on: true })),
        Inbound::Message(by_budi),
        Inbound::Message(InMessage { author: here("tiada"), ..it.message(5) }),
        says(6, Some(text("enam"))),
    ];
    assert!(it.hear(items).await.iter().all(Option::is_none));
    let told = it.b.told(mirror).await;
    assert_eq!(told.iter().filter(|text| text.ends_with(": -")).count(), 4);
    assert_eq!((&*told[0], &*told[5]), ("ana: satu", "ana: enam"));
    assert_eq!(it.b.heard().await, ["satu", "enam"]);
    // What could not be done is not shown, what is gone is.
    let window = kabar_engine::store::Window::Last;
    let page = it.b.store().history(it.budi, mirror, window, 10).await.unwrap();
    let shown: Vec<_> = page.messages.iter().map(|message| message.place.seq.0).collect();
    assert_eq!(shown, [1, 2, 5, 6]);
}

#[tokio::test]
async fn a_home_does_not_name_whom_it_likes() {
    let it = Hearing::new().await;
    let mirror = it.b.group_named("kelas@alpha").await;
    let many: Vec<_> = (0..12_001).map(|number| person(&format!("u{number}"), "alpha")).collect();
    it.refuses(vec![(Inbound::Members(Hearing::members(9, &many)), "invalid")]).await;
    // Those of a third realm are not made.
    let all = [person("ana", "alpha"), here("budi"), person("zed", "gamma")];
    let named = || Inbound::Members(Hearing::members(it.theirs.0, &all));
    assert_eq!(it.hear(vec![named()]).await, [None]);
    assert_eq!(it.b.members(mirror).await, ["ana@alpha", "budi"]);

    // Nor is somebody put back who has left; the home is told again when it has heard that and yet does not know.
    it.b.store().leave_group(mirror, it.budi, now()).await.unwrap();
    assert_eq!(it.hear(vec![named(), named()]).await, [None, None]);
    assert!(!it.b.members(mirror).await.contains(&"budi".to_owned()));
    assert_eq!(it.waiting_leaves().await, 1);
    carry(&it.b, &it.a).await;
    assert_eq!(it.waiting_leaves().await, 0);
    assert_eq!(it.hear(vec![named(), named()]).await, [None, None]);
    assert_eq!(it.waiting_leaves().await, 1);

    // Once it has known, it may invite them.
    let without = Inbound::Members(Hearing::members(it.theirs.0, &all[..1]));
    assert_eq!(it.hear(vec![without, named()]).await, [None, None]);
    assert_eq!(it.b.members(mirror).await, ["ana@alpha", "budi"]);
}

#[tokio::test]
async fn who_did_not_ask_is_put_into_some_groups_only() {
    let it = Hearing::new().await;
    let group = |number| Inbound::Members(Hearing::members(number, &[here("ani")]));
    let refused = it.hear((100..152).map(group).collect()).await;
    assert!(refused[..50].iter().all(Option::is_none));
    let unknown = || Some("user_unknown".to_owned());
    assert_eq!(refused[50..], [unknown(), unknown()]);
    let link = it.b.link_to(&it.a).await;
    it.b.links().ask_to_join(link, it.ani, "lagi", now()).await.unwrap();
    assert_eq!(it.hear(vec![group(200), group(201)]).await, [None, unknown()]);
}

#[tokio::test]
async fn a_refusal_is_told_until_it_is_known() {
    let it = Hearing::new().await;
    let link = it.b.link_to(&it.a).await;
    let bad = || (uid(), Err("bad_signature"));
    let epoch = now().0;
    let hand_over = async |first, before, items| {
        let batch = Batch { epoch, first, before, items, at: now() };
        let taken = it.b.links().receive(link, batch).await.unwrap();
        let Taken::Stored { received: Received { refused, .. }, .. } = taken else { panic!() };
        refused
    };
    let (one, two, three) = (bad(), bad(), bad());
    let code = |number| (number, "bad_signature".to_owned());
    let first = hand_over(1, Uid::default(), vec![one.clone(), two.clone()]).await;
    assert_eq!(first, [code(1), code(2)]);
    // It has heard of the first only.
    let items = vec![two.clone(), three.clone()];
    assert_eq!(hand_over(2, one.0, items).await, [code(2), code(3)]);
    assert_eq!(it.b.links().refusals(link).await.unwrap(), [code(2), code(3)]);
    assert_eq!(hand_over(4, three.0, Vec::new()).await, []);
}
