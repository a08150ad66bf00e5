//! The herald: told of each message once, in order, when it can be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kabar_model::{Body, ConversationId, Refusal, Seq, SessionId, UserId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::world::{
    Shared, at, file_message, group, group_of, hand_over, history, message, new_file, post,
    refused, room, say, up_to, user, users,
};
use crate::store::{Herald, NewMessage, Place, Posted, Store, Target};

/// Telling that takes so long has been forgotten.
const PATIENCE: Duration = Duration::from_secs(10);

/// A herald that passes everything on, while somebody listens.
struct Crier {
    listens: AtomicBool,
    told: UnboundedSender<(NewMessage, Vec<Posted>)>,
}

impl Herald for Crier {
    fn listens(&self) -> bool {
        self.listens.load(Ordering::Acquire)
    }

    fn posted(&self, message: NewMessage, places: Vec<Posted>) {
        // The test may have failed and gone.
        let _ = self.told.send((message, places));
    }
}

/// What a crier has been told.
struct Told(UnboundedReceiver<(NewMessage, Vec<Posted>)>);

impl Told {
    async fn next(&mut self) -> (NewMessage, Vec<Posted>) {
        let next = timeout(PATIENCE, self.0.recv()).await;
        next.expect("the message is told").expect("the crier still cries")
    }

    async fn next_text(&mut self) -> String {
        self.next().await.0.content.text().to_owned()
    }
}

/// Where these stand.
fn of(posted: &[Posted]) -> Vec<Place> {
    posted.iter().map(|posted| posted.place).collect()
}

fn crier(store: &dyn Store) -> (Arc<Crier>, Told) {
    let (told, heard) = unbounded_channel();
    let crier = Arc::new(Crier { listens: AtomicBool::new(true), told });
    store.tell(Arc::clone(&crier) as Arc<dyn Herald>);
    (crier, Told(heard))
}

pub(super) async fn the_herald_is_told_of_a_message_as_it_was_posted(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", ana).await.id;
    let lobby = room(&*store, "lobby").await;
    say(&*store, ana, Target::Group(club), "first").await;
    let (_crier, mut told) = crier(&*store);
    let targets = [Target::Direct(budi), Target::Group(club), Target::Room(lobby)];
    let session = Some(SessionId(77));
    let new = NewMessage { session, ..message(ana, &targets, "to all") };
    let places = post(&*store, new).await.unwrap();
    let (heard, at_places) = told.next().await;
    assert_eq!((heard.author, heard.session, heard.at), (ana, session, at(1)));
    assert_eq!((heard.targets, heard.content.text()), (targets.to_vec(), "to all"));
    assert_eq!(of(&at_places), places, "one place for each target, in their order");
    let arrived = at_places.iter().map(|posted| posted.arrival.unwrap());
    assert!(arrived.is_sorted_by(|one, next| one < next), "and each in the order of arrival");
    assert_eq!(places[1].seq, Seq(2));
}

pub(super) async fn the_herald_is_told_of_a_file(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let (_crier, mut told) = crier(&*store);
    let mut new = new_file(7, "catatan.txt");
    new.caption = Some(Body::parse("baca ini").unwrap());
    let file = new.file.clone();
    let places = post(&*store, file_message(ana, Target::Direct(budi), new)).await.unwrap();
    let (heard, at_places) = told.next().await;
    assert_eq!((heard.content.file(), heard.content.text()), (Some(&file), "baca ini"));
    assert_eq!(of(&at_places), places);

    let again = file_message(ana, Target::Direct(budi), new_file(7, "catatan.txt"));
    assert_eq!(refused(post(&*store, again).await), Refusal::Busy);
    say(&*store, ana, Target::Direct(budi), "end").await;
    assert_eq!(told.next_text().await, "end");
}

pub(super) async fn the_herald_is_told_of_each_message_once_in_the_order_of_commits(store: Shared) {
    const WRITERS: usize = 12;
    const POSTS_EACH: usize = 25;
    let reader = user(&*store, "reader").await;
    let mut people = vec![reader];
    for number in 0..WRITERS {
        people.push(user(&*store, &format!("user{number}")).await);
    }
    let one = group_of(&*store, "one", &people).await;
    let other = group_of(&*store, "other", &people).await;
    let (_crier, mut told) = crier(&*store);
    let mut tasks = JoinSet::new();
    for (author, number) in people.into_iter().skip(1).zip(0..) {
        let store = store.clone();
        tasks.spawn(async move { write(&*store, author, number, [one, other], POSTS_EACH).await });
    }
    tasks.join_all().await;

    let mut heard = Vec::new();
    for _ in 0..WRITERS * POSTS_EACH {
        let (message, places) = told.next().await;
        heard.push((places[0].place, message.content.text().to_owned()));
    }
    let arrived = store.unread(reader, up_to(10_000, 1 << 20)).await.unwrap().messages;
    let arrived: Vec<_> = arrived.into_iter().map(|m| (m.place, m.body)).collect();
    assert_eq!(heard, arrived);
    say(&*store, reader, Target::Direct(reader), "end").await;
    assert_eq!(told.next_text().await, "end", "nothing was told twice");
}

/// Posts to two groups in turn, always one before the last is durable.
async fn write(
    store: &dyn Store,
    author: UserId,
    number: usize,
    groups: [ConversationId; 2],
    posts: usize,
) {
    let mut waiting = None;
    for post in 0..posts {
        let target = Target::Group(groups[(number + post) % 2]);
        let text = format!("{number} {post}");
        let last = waiting.replace(hand_over(store, author, target, &text).await);
        if let Some(ticket) = last {
            ticket.await.unwrap();
        }
    }
    waiting.unwrap().await.unwrap();
}

pub(super) async fn what_the_herald_is_told_of_can_be_read(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let (_crier, mut told) = crier(&*store);
    for number in 1..=40 {
        let text = number.to_string();
        let ticket = hand_over(&*store, ana, Target::Direct(budi), &text).await;
        let (_, places) = told.next().await;
        let last = history(&*store, places[0].place.conversation).await.pop();
        assert_eq!(last, Some(text), "told, so it is there");
        assert_eq!(ticket.await.unwrap(), places);
    }
}

pub(super) async fn the_herald_is_not_told_of_refused_messages(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group(&*store, "club", budi).await.id;
    let (_crier, mut told) = crier(&*store);
    let mut tickets = Vec::new();
    for number in 0..10 {
        let refusing = [Target::Direct(budi), Target::Group(club)];
        let targets = if number % 2 == 0 { &refusing[..1] } else { &refusing };
        let new = message(ana, targets, &number.to_string());
        tickets.push(store.post(new).await.unwrap());
    }
    for (ticket, number) in tickets.into_iter().zip(0..) {
        let outcome = ticket.await;
        if number % 2 == 0 {
            assert_eq!(told.next_text().await, number.to_string());
            outcome.unwrap();
        } else {
            assert_eq!(refused(outcome), Refusal::NotMember);
        }
    }
    say(&*store, ana, Target::Direct(budi), "end").await;
    assert_eq!(told.next_text().await, "end");
}

pub(super) async fn a_herald_is_told_of_what_comes_after_it(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "before").await;
    let (_first, mut told_first) = crier(&*store);
    say(&*store, ana, Target::Direct(budi), "with the first").await;
    assert_eq!(told_first.next_text().await, "with the first");
    let (_second, mut told_second) = crier(&*store);
    say(&*store, ana, Target::Direct(budi), "with the second").await;
    assert_eq!(told_second.next_text().await, "with the second");
    assert!(told_first.0.try_recv().is_err(), "the second replaced the first");
    assert!(told_second.0.try_recv().is_err());
}

pub(super) async fn who_begins_to_listen_hears_the_next_message(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let (crier, mut told) = crier(&*store);
    for round in 0..20 {
        crier.listens.store(false, Ordering::Release);
        let unheard = hand_over(&*store, ana, Target::Direct(budi), "to nobody").await;
        crier.listens.store(true, Ordering::Release);
        let text = round.to_string();
        hand_over(&*store, ana, Target::Direct(budi), &text).await.await.unwrap();
        unheard.await.unwrap();
        // A store need not tell what nobody listened to, but it may.
        while told.next_text().await != text {}
    }
}
