//! Two nodes on a real NATS server: what one publishes the other hears, and what happens when the server goes.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;
use std::time::Duration;

use kabar_bus_nats::{NatsBus, NatsSettings};
use kabar_engine::{Bus, Heard, Hint, Listener, contract};
use kabar_model::{ConversationId, SessionId, UserId};
use kabar_testbed::{Nats, NatsLogin};
use tokio::time::timeout;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn hint(number: i64) -> Hint {
    Hint::UserChanged(UserId(number))
}

fn settings(url: &str) -> NatsSettings {
    NatsSettings { url: url.to_owned(), prefix: "test".to_owned(), authorities: None }
}

/// A node that hears the others.
async fn node(url: &str) -> NatsBus {
    let bus = NatsBus::start(&settings(url)).await.unwrap();
    timeout(PATIENCE, bus.joined()).await.expect("it joins");
    bus
}

async fn next(listener: &mut Listener) -> Heard {
    timeout(PATIENCE, listener.next()).await.expect("something is heard in time")
}

/// Waits for a hint of another node, sent again and again until the way is open; says what came before it.
async fn until_heard(from: &NatsBus, to: &mut Listener, hint: Hint) -> Vec<Heard> {
    let mut before = Vec::new();
    let heard = async {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        loop {
            tokio::select! {
                _ = again.tick() => from.publish(hint),
                heard = to.next() => match heard {
                    Heard::Hint(heard) if heard == hint => return,
                    other => before.push(other),
                },
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("the hint arrives");
    before
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_keeps_the_contract() {
    let nats = Nats::start_new();
    contract::bus::run_all(async || Arc::new(node(&nats.url()).await) as Arc<dyn Bus>).await;
}

#[tokio::test]
async fn the_bus_keeps_the_contract_while_nats_is_away() {
    let nats = Nats::start_new();
    nats.kill();
    let start = async || Arc::new(NatsBus::start(&settings(&nats.url())).await.unwrap());
    contract::bus::run_all(async || start().await as Arc<dyn Bus>).await;
    let bus = start().await;
    bus.publish(hint(1));
    assert_eq!((bus.is_joined(), bus.lost()), (false, 1), "what did not leave is counted");
}

#[tokio::test]
async fn a_hint_is_heard_once_on_every_node_in_order() {
    let nats = Nats::start_new();
    let nodes = [node(&nats.url()).await, node(&nats.url()).await, node(&nats.url()).await];
    let mut listeners = [nodes[0].listen(), nodes[1].listen(), nodes[2].listen()];
    let hints =
        [Hint::SessionEnded(SessionId(1)), hint(i64::MAX), Hint::GroupChanged(ConversationId(3))];
    for hint in hints {
        nodes[0].publish(hint);
    }
    for listener in &mut listeners {
        for hint in hints {
            assert_eq!(next(listener).await, Heard::Hint(hint));
        }
    }
    // A node hears its own last hint at once; had the earlier ones come back, they would stand before this answer.
    nodes[1].publish(hint(4));
    for listener in &mut listeners {
        assert_eq!(next(listener).await, Heard::Hint(hint(4)));
    }
    nodes[0].publish(hint(5));
    for listener in &mut listeners {
        assert_eq!(next(listener).await, Heard::Hint(hint(5)));
    }
    assert_eq!(nodes.each_ref().map(NatsBus::lost), [0; 3]);
}

#[tokio::test]
async fn realms_with_other_prefixes_hear_nothing() {
    let nats = Nats::start_new();
    let here = node(&nats.url()).await;
    let other = NatsSettings { prefix: "test2".to_owned(), ..settings(&nats.url()) };
    let other = NatsBus::start(&other).await.unwrap();
    timeout(PATIENCE, other.joined()).await.unwrap();
    let there = node(&nats.url()).await;
    let (mut elsewhere, mut listener) = (other.listen(), there.listen());
    here.publish(hint(1));
    assert_eq!(next(&mut listener).await, Heard::Hint(hint(1)));
    other.publish(hint(2));
    assert_eq!(next(&mut elsewhere).await, Heard::Hint(hint(2)));
}

#[tokio::test]
async fn when_nats_comes_back_everybody_is_told_that_they_missed_something() {
    let nats = Nats::start_new();
    let (here, there) = (node(&nats.url()).await, node(&nats.url()).await);
    let mut listeners = [here.listen(), there.listen()];
    for round in 1..=2 {
        nats.kill();
        timeout(PATIENCE, async {
            while here.is_joined() || there.is_joined() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("they notice");
        here.publish(hint(round));
        assert_eq!(next(&mut listeners[0]).await, Heard::Hint(hint(round)), "one's own goes on");
        assert_eq!(here.lost(), u64::try_from(round).unwrap());
        nats.start();
        for listener in &mut listeners {
            assert_eq!(next(listener).await, Heard::Skipped);
        }
        timeout(PATIENCE, async { tokio::join!(here.joined(), there.joined()) }).await.unwrap();
        here.publish(hint(round + 10));
        for listener in &mut listeners {
            assert_eq!(next(listener).await, Heard::Hint(hint(round + 10)), "nothing old comes");
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed_and_left() {
    let nats = Nats::start_new();
    let bus = node(&nats.url()).await;
    let mut listener = bus.listen();
    nats.pause();
    timeout(PATIENCE, async {
        while bus.is_joined() {
            // Publishing to a server that hangs does not hang.
            bus.publish(hint(1));
            assert_eq!(next(&mut listener).await, Heard::Hint(hint(1)));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it notices");
    nats.resume();
    assert_eq!(next(&mut listener).await, Heard::Skipped);
}

#[tokio::test]
async fn a_node_that_starts_before_nats_joins_when_it_is_there() {
    let nats = Nats::start_new();
    nats.kill();
    let bus = NatsBus::start(&settings(&nats.url())).await.unwrap();
    let mut listener = bus.listen();
    bus.publish(hint(1));
    assert_eq!(next(&mut listener).await, Heard::Hint(hint(1)));
    nats.start();
    assert_eq!(next(&mut listener).await, Heard::Skipped, "others may have said something before");
    let other = node(&nats.url()).await;
    assert_eq!(until_heard(&other, &mut listener, hint(2)).await, []);
}

#[tokio::test]
async fn what_is_no_hint_is_passed_over() {
    let nats = Nats::start_new();
    let (here, there) = (node(&nats.url()).await, node(&nats.url()).await);
    let mut listener = there.listen();
    let client = async_nats::connect(nats.url()).await.unwrap();
    let noise = [0, 1, 16, 17, 25, 200_000].map(|length| vec![7; length]);
    for payload in noise {
        client.publish("kabar.test.hint", payload.into()).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(until_heard(&here, &mut listener, hint(1)).await, []);
}

#[tokio::test]
async fn who_logs_in_hears_and_who_does_not_hears_nothing() {
    for (login, right, wrong) in [
        (NatsLogin::User("kabar", "p@ss:w/rd"), "kabar:p%40ss%3Aw%2Frd@", "kabar:else@"),
        (NatsLogin::Token("s3cret"), "s3cret@", "other@"),
    ] {
        let nats = Nats::start_with(login);
        let url = |login: &str| format!("nats://{login}127.0.0.1:{}", nats.port());
        let (here, there) = (node(&url(right)).await, node(&url(right)).await);
        let mut listener = there.listen();
        let stranger = NatsBus::start(&settings(&url(wrong))).await.unwrap();
        stranger.publish(hint(1));
        here.publish(hint(2));
        assert_eq!(next(&mut listener).await, Heard::Hint(hint(2)));
        assert_eq!((stranger.is_joined(), stranger.lost()), (false, 1));
    }
}

#[tokio::test]
async fn an_encrypted_server_is_believed_when_its_authority_is_known() {
    let nats = Nats::start_with(NatsLogin::Encrypted);
    let url = format!("tls://localhost:{}", nats.port());
    let known = NatsSettings { authorities: Some(nats.certificate()), ..settings(&url) };
    let (here, there) =
        (NatsBus::start(&known).await.unwrap(), NatsBus::start(&known).await.unwrap());
    timeout(PATIENCE, async { tokio::join!(here.joined(), there.joined()) }).await.unwrap();
    let stranger = NatsBus::start(&settings(&url)).await.unwrap();
    let mut listener = there.listen();
    here.publish(hint(1));
    assert_eq!(next(&mut listener).await, Heard::Hint(hint(1)));
    stranger.publish(hint(2));
    assert_eq!((stranger.is_joined(), stranger.lost()), (false, 1));
}
