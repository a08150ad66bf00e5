//! Batches that come again, realms that go back in time, mirrors that are behind.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod linked;

use kabar_engine::Store;
use kabar_engine::store::Target;
use kabar_engine::store::links::{Batch, Inbound, Received, Taken};
use kabar_model::{ConversationId, Seq, Timestamp, UserId};

use self::linked::{Realm, at, batch, carry, catch_up, exchange, in_message, now, two};

/// Two realms, in each a person, and what these say to each other: its home is the first realm.
struct Pair {
    a: Realm,
    b: Realm,
    ana: (UserId, UserId),
    budi: (UserId, UserId),
}

impl Pair {
    async fn new() -> Self {
        let (a, b) = two().await;
        let (ana, budi) = (a.user("ana").await, b.user("budi").await);
        let (ana, budi) = ((ana, b.other("ana", &a).await), (a.other("budi", &b).await, budi));
        let pair = Self { a, b, ana, budi };
        pair.ana_says("mulai").await;
        pair.exchange().await;
        pair
    }

    async fn ana_says(&self, text: &str) {
        self.a.say(self.ana.0, Target::Direct(self.budi.0), text).await;
    }

    async fn budi_says(&self, text: &str) {
        self.b.say(self.budi.1, Target::Direct(self.ana.1), text).await;
    }

    async fn exchange(&self) {
        exchange(&[&self.a, &self.b]).await;
    }

    /// The conversation, at home and as a mirror.
    async fn direct(&self) -> (ConversationId, ConversationId) {
        let home = self.a.direct(self.ana.0, self.budi.0).await;
        (home, self.b.direct(self.budi.1, self.ana.1).await)
    }

    async fn at_a(&self) -> Vec<String> {
        self.a.told(self.direct().await.0).await
    }

    async fn at_b(&self) -> Vec<String> {
        self.b.told(self.direct().await.1).await
    }

    /// Hands a batch of the first realm's to the second.
    async fn hand_over(&self, batch: &Batch) -> Taken {
        let link = self.b.link_to(&self.a).await;
        self.b.links().receive(link, batch.clone()).await.unwrap()
    }
}

fn received(taken: &Taken) -> &Received {
    let Taken::Stored { received, .. } = taken else { panic!("{taken:?}") };
    received
}

#[tokio::test]
async fn a_batch_that_comes_again_is_stored_once() {
    let pair = Pair::new().await;
    pair.b.heard().await;
    pair.ana_says("satu").await;
    pair.ana_says("dua").await;
    let first = batch(&pair.a, &pair.b).await;
    let answer = pair.hand_over(&first).await;
    assert_eq!(received(&answer).number, first.first + 1);
    assert_eq!(received(&pair.hand_over(&first).await), received(&answer));
    // The answer was lost, and meanwhile there is more.
    pair.ana_says("tiga").await;
    let more = batch(&pair.a, &pair.b).await;
    assert_eq!((more.first, more.items.len()), (first.first, 3));
    assert_eq!(received(&pair.hand_over(&more).await).number, first.first + 2);
    assert_eq!(pair.at_b().await, ["ana: mulai", "ana: satu", "ana: dua", "ana: tiga"]);
    assert_eq!(pair.b.heard().await, ["satu", "dua", "tiga"]);
}

#[tokio::test]
async fn a_batch_that_is_not_the_next_changes_nothing() {
    let pair = Pair::new().await;
    pair.ana_says("satu").await;
    let good = batch(&pair.a, &pair.b).await;
    let mut other = good.items.clone();
    other[0].0.0[0] ^= 1;
    let again = Batch { first: good.first - 1, items: other, ..good.clone() };
    for bad in [
        again,
        Batch { first: good.first + 1, ..good.clone() },
        Batch { before: other_uid(&good), ..good.clone() },
        Batch { epoch: good.epoch + 1, ..good.clone() },
        Batch { first: 0, ..good.clone() },
    ] {
        assert_eq!(pair.hand_over(&bad).await, Taken::Reset, "{bad:?}");
    }
    let old = Batch { epoch: good.epoch - 1, ..good.clone() };
    assert_eq!(pair.hand_over(&old).await, Taken::Old);
    assert_eq!(pair.at_b().await, ["ana: mulai"]);
    assert_eq!(received(&pair.hand_over(&good).await).number, good.first);
    assert_eq!(pair.at_b().await.len(), 2);
}

fn other_uid(batch: &Batch) -> kabar_engine::store::links::Uid {
    let mut uid = batch.before;
    uid.0[3] ^= 1;
    uid
}

#[tokio::test]
async fn a_new_epoch_doubles_nothing() {
    let pair = Pair::new().await;
    pair.ana_says("satu").await;
    let link = pair.a.link_to(&pair.b).await;
    // It came, but the answer was lost.
    pair.hand_over(&batch(&pair.a, &pair.b).await).await;
    pair.a.links().begin_epoch(link, now().0).await.unwrap();
    let anew = batch(&pair.a, &pair.b).await;
    assert_eq!(anew.first, 1);
    let Taken::Stored { more_to_do, .. } = pair.hand_over(&anew).await else { panic!() };
    assert!(more_to_do, "a new beginning may have left something out");
    pair.exchange().await;
    assert_eq!(pair.at_b().await, ["ana: mulai", "ana: satu"]);
    // The same for a post: it is said, the answer is lost, and it is sent with another number.
    pair.budi_says("dua").await;
    let (there, back) = (pair.b.link_to(&pair.a).await, pair.a.link_to(&pair.b).await);
    let post = batch(&pair.b, &pair.a).await;
    pair.a.links().receive(back, post).await.unwrap();
    pair.b.links().begin_epoch(there, now().0).await.unwrap();
    pair.exchange().await;
    assert_eq!(pair.at_a().await, ["ana: mulai", "ana: satu", "budi: dua"]);
    assert_eq!(pair.at_b().await, pair.at_a().await);
    let waiting = pair.b.links().waiting(pair.budi.1, pair.direct().await.1).await.unwrap();
    assert_eq!(waiting, []);
}

#[tokio::test]
async fn a_mirror_that_went_back_in_time_gets_everything_again() {
    let mut pair = Pair::new().await;
    pair.budi_says("sebelum").await;
    let backup = pair.b.backup();
    pair.exchange().await;
    for text in ["satu", "dua", "tiga", "empat", "lima"] {
        pair.ana_says(text).await;
        pair.budi_says(&format!("{text}?")).await;
        pair.exchange().await;
    }
    let said = pair.at_a().await;
    assert_eq!(said.len(), 12);
    pair.b.restore(&backup);
    // What is new must come, what was must come again, and what was said once is not said twice.
    pair.budi_says("baru").await;
    pair.ana_says("enam").await;
    pair.exchange().await;
    let now_said = pair.at_a().await;
    assert_eq!(now_said[..12], said);
    let mut new = now_said[12..].to_vec();
    new.sort();
    assert_eq!(new, ["ana: enam", "budi: baru"]);
    assert_eq!(pair.at_b().await, now_said);
    let waiting = pair.b.links().waiting(pair.budi.1, pair.direct().await.1).await.unwrap();
    assert_eq!(waiting, []);
    assert_eq!(pair.b.behind(&pair.a).await, []);
}

#[tokio::test]
async fn what_a_home_lost_stays_where_it_is_and_the_rest_goes_on_behind_it() {
    let mut pair = Pair::new().await;
    let backup = pair.a.backup();
    for text in ["satu", "dua", "tiga"] {
        pair.ana_says(text).await;
    }
    pair.exchange().await;
    pair.a.restore(&backup);
    pair.ana_says("lain").await;
    pair.budi_says("ya").await;
    pair.exchange().await;
    pair.ana_says("lagi").await;
    pair.exchange().await;
    assert_eq!(pair.at_a().await, ["ana: mulai", "ana: lain", "budi: ya", "ana: lagi"]);
    let kept = ["ana: mulai", "ana: satu", "ana: dua", "ana: tiga"];
    let all = [&kept[..], &["ana: lain", "budi: ya", "ana: lagi"]].concat();
    assert_eq!(pair.at_b().await, all);

    // What is said about a message means the same message in both.
    let (home, mirror) = pair.direct().await;
    let text = kabar_model::Body::parse("ya!").unwrap();
    let edit = kabar_engine::store::Content::Edit { of: Seq(6), text };
    pair.b.post(pair.budi.1, Target::Own(mirror), edit).await;
    let emoji = kabar_model::Emoji::parse("👍").unwrap();
    let react = kabar_engine::store::Content::Reaction { of: Seq(2), emoji, on: true };
    pair.a.post(pair.ana.0, Target::Own(home), react).await;
    pair.exchange().await;
    assert_eq!(pair.a.store().messages(home, Seq(2), 1).await.unwrap()[0].body, "ya!");
    assert_eq!(pair.b.store().messages(mirror, Seq(5), 1).await.unwrap()[0].body, "ya!");
    let reactions = pair.b.store().reactions(mirror, Seq(1), Seq(99)).await.unwrap();
    assert_eq!(reactions[0].of, Seq(5), "lain");

    // And back once more, before that.
    pair.a.restore(&backup);
    pair.ana_says("ketiga").await;
    pair.exchange().await;
    assert_eq!(pair.at_a().await, ["ana: mulai", "ana: ketiga"]);
    let now = pair.at_b().await;
    assert_eq!(now[..4], all[..4]);
    assert_eq!(now.last().unwrap(), "ana: ketiga");
    assert_eq!(now.iter().filter(|text| *text == "ana: ketiga").count(), 1);
    assert_eq!(pair.b.behind(&pair.a).await, []);
}

#[tokio::test]
async fn what_a_mirror_lacks_is_read_on() {
    let pair = Pair::new().await;
    let mut texts = Vec::new();
    for number in 2..=10 {
        pair.ana_says(&number.to_string()).await;
        texts.push(number.to_string());
    }
    // All but the last item are lost on the way, as if the peer had never had them.
    let (there, back) = (pair.a.link_to(&pair.b).await, pair.b.link_to(&pair.a).await);
    loop {
        let sent = batch(&pair.a, &pair.b).await;
        let number = sent.first + sent.items.len() as u64 - 1;
        let is_last = sent.items.len() < 3;
        let mut items = sent.items.clone();
        for (_, item) in items.iter_mut().filter(|_| !is_last) {
            *item = Err("invalid");
        }
        if is_last && !items.is_empty() {
            items[0].1 = Err("invalid");
        }
        pair.b.links().receive(back, Batch { items, ..sent.clone() }).await.unwrap();
        let received = Received { epoch: sent.epoch, number, refused: Vec::new() };
        pair.a.links().acknowledge(there, received).await.unwrap();
        if is_last {
            break;
        }
    }
    pair.ana_says("11").await;
    carry(&pair.a, &pair.b).await;
    assert_eq!(pair.at_b().await, ["ana: mulai"]);
    let behind = pair.b.behind(&pair.a).await;
    assert_eq!((behind.len(), behind[0].after), (1, Seq(0)), "the last one is read again");
    pair.b.heard().await;

    // What waits comes by itself: it is not read on before.
    pair.ana_says("12").await;
    catch_up(&pair.b, &pair.a).await;
    texts.push("11".to_owned());
    assert_eq!(pair.b.heard().await, texts);
    assert_eq!(pair.b.behind(&pair.a).await, []);
    carry(&pair.a, &pair.b).await;
    assert_eq!(pair.b.behind(&pair.a).await, []);
    assert_eq!(pair.at_b().await, pair.at_a().await);
}

#[tokio::test]
async fn what_came_too_early_is_read_on_before_a_mirror_is_whole() {
    let pair = Pair::new().await;
    for text in ["satu", "dua"] {
        pair.ana_says(text).await;
    }
    let mut sent = batch(&pair.a, &pair.b).await;
    sent.items[0].1 = Err("invalid");
    pair.hand_over(&sent).await;
    let (home, mirror) = pair.direct().await;
    let link = pair.b.link_to(&pair.a).await;
    // Its home did not show the last one, since that was on its way when it was asked.
    for (number, left) in [(2, 1), (3, 0)] {
        let carried = pair.a.links().messages_at(&[at(home, number)]).await.unwrap().remove(0);
        let message = in_message(&pair.a, &pair.b, &carried);
        pair.b.links().catch_up(link, mirror, vec![message], true).await.unwrap();
        assert_eq!(pair.b.behind(&pair.a).await.len(), left, "{number}");
    }
    assert_eq!(pair.at_b().await, pair.at_a().await);
}

#[tokio::test]
async fn a_conversation_whose_mirror_was_lost_is_there_again() {
    let (a, mut b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let backup = b.backup();
    let group = a.group("kelas", ana).await;
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    exchange(&[&a, &b]).await;
    a.say(ana, Target::Group(group), "satu").await;
    exchange(&[&a, &b]).await;
    let budi_at_a = a.other("budi", &b).await;
    a.say(ana, Target::Direct(budi_at_a), "berdua").await;
    exchange(&[&a, &b]).await;
    b.restore(&backup);
    a.say(ana, Target::Group(group), "dua").await;
    exchange(&[&a, &b]).await;
    let mirror = b.group_named("kelas@alpha").await;
    assert_eq!(b.told(mirror).await, ["ana: satu", "ana: dua"]);
    let ana_at_b = b.other("ana", &a).await;
    assert_eq!(b.told(b.direct(budi, ana_at_b).await).await, ["ana: berdua"]);
    let failed = a.links().undelivered(group, Seq(1), Seq(9)).await.unwrap();
    assert_eq!(failed, []);
}

#[tokio::test]
async fn who_joined_late_is_shown_what_was_said_since() {
    let (a, b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let group = a.group("kelas", ana).await;
    for text in ["rahasia", "juga"] {
        a.say(ana, Target::Group(group), text).await;
    }
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    exchange(&[&a, &b]).await;
    a.say(ana, Target::Group(group), "halo").await;
    let there = kabar_engine::store::links::Where::Group(group);
    let to_b = a.link_to(&b).await;
    carry(&a, &b).await;
    let read = a.links().read_on(to_b, &there, Seq::NONE, 10).await.unwrap();
    assert_eq!(read.iter().map(|c| c.message.place.seq.0).collect::<Vec<_>>(), [3]);
    let strangers = a.group("lain", ana).await;
    let strangers = kabar_engine::store::links::Where::Group(strangers);
    assert!(a.links().read_on(to_b, &strangers, Seq::NONE, 10).await.is_err());
    assert_eq!(b.told(b.group_named("kelas@alpha").await).await, ["ana: halo"]);
}

#[tokio::test]
async fn a_time_that_cannot_be_is_that_of_the_coming() {
    for seconds in [301, -2_000_000_000] {
        comes_with_a_time_of(seconds).await;
    }
}

/// A message comes whose time is so many seconds ahead.
async fn comes_with_a_time_of(seconds: i64) {
    let pair = Pair::new().await;
    pair.ana_says("satu").await;
    let mut ahead = batch(&pair.a, &pair.b).await;
    let (.., Ok(Inbound::Message(message))) = &mut ahead.items[0] else { panic!() };
    let given = Timestamp(ahead.at.0 + seconds * 1_000_000);
    message.at = given;
    pair.hand_over(&ahead).await;
    let (home, mirror) = pair.direct().await;
    let stored = pair.b.store().messages(mirror, Seq(1), 1).await.unwrap().remove(0);
    assert_eq!(stored.at, ahead.at);
    // It is known again, though its time is another here.
    let carried = pair.a.links().messages_at(&[at(home, 2)]).await.unwrap().remove(0);
    let mut again = in_message(&pair.a, &pair.b, &carried);
    again.at = given;
    let link = pair.b.link_to(&pair.a).await;
    pair.b.links().catch_up(link, mirror, vec![again], true).await.unwrap();
    assert_eq!(pair.at_b().await.len(), 2);
}
