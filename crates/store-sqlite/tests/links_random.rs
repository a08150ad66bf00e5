//! Whatever is lost on the way, and whichever realm goes back in time: nothing is doubled, and nothing that still is
//! anywhere is missing.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod linked;

use std::collections::HashSet;

use kabar_engine::store::Target;
use kabar_engine::store::links::Taken;
use kabar_model::ConversationId;

use self::linked::{Realm, batch, carry, catch_up, exchange, now, two};

const SEEDS: u64 = 8;
const STEPS: usize = 50;

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// Hands a batch over, and the answer is lost.
async fn half(from: &Realm, to: &Realm) {
    let link = to.link_to(from).await;
    let batch = batch(from, to).await;
    let taken = to.links().receive(link, batch).await.unwrap();
    assert!(matches!(taken, Taken::Stored { .. } | Taken::Reset | Taken::Old));
}

/// The texts of a conversation, each of which was said once.
async fn texts(realm: &Realm, conversation: ConversationId) -> Vec<String> {
    let told = realm.told(conversation).await;
    let once: HashSet<_> = told.iter().collect();
    assert_eq!(once.len(), told.len(), "said twice: {told:?}");
    told
}

async fn run(seed: u64) {
    let mut random = Random(seed);
    let (mut a, mut b) = two().await;
    let (ana, budi) = (a.user("ana").await, b.user("budi").await);
    let (ana_at_b, budi_at_a) = (b.other("ana", &a).await, a.other("budi", &b).await);
    let group = a.group("kelas", ana).await;
    b.links().ask_to_join(b.link_to(&a).await, budi, "kelas", now()).await.unwrap();
    a.say(ana, Target::Direct(budi_at_a), "mulai").await;
    exchange(&[&a, &b]).await;
    let mirror = b.group_named("kelas@alpha").await;
    let conversations =
        [(a.direct(ana, budi_at_a).await, b.direct(budi, ana_at_b).await), (group, mirror)];
    let (mut old_a, mut old_b) = (a.backup(), b.backup());
    // What must be at home in the end.
    let mut said: HashSet<String> = HashSet::new();
    for step in 0..STEPS {
        let text = step.to_string();
        let (home, mirror) = conversations[usize::try_from(random.below(2)).unwrap()];
        match random.below(20) {
            0..=3 => {
                a.say(ana, Target::Own(home), &text).await;
                said.insert(format!("ana: {text}"));
            }
            4..=7 => {
                b.say(budi, Target::Own(mirror), &text).await;
                said.insert(format!("budi: {text}"));
            }
            8 | 9 => drop(carry(&a, &b).await),
            10 | 11 => drop(carry(&b, &a).await),
            12 | 13 => half(&a, &b).await,
            14 | 15 => half(&b, &a).await,
            16 => catch_up(&b, &a).await,
            17 if random.below(2) == 0 => old_a = a.backup(),
            17 => old_b = b.backup(),
            _ if random.below(4) > 0 => {}
            _ => {
                // One of the two: what a home lost and a mirror has not heard of yet cannot be found when both do.
                if seed.is_multiple_of(2) {
                    a.restore(&old_a);
                } else {
                    b.restore(&old_b);
                }
                said = HashSet::new();
                for (home, _) in conversations {
                    said.extend(a.told(home).await);
                }
            }
        }
    }
    exchange(&[&a, &b]).await;
    let mut at_home = HashSet::new();
    for (home, mirror) in conversations {
        let home = texts(&a, home).await;
        let mut there = texts(&b, mirror).await.into_iter();
        for text in &home {
            assert!(there.any(|there| there == *text), "{text} is not in order, or not there");
        }
        assert_eq!(b.links().waiting(budi, mirror).await.unwrap(), []);
        at_home.extend(home);
    }
    let missing: Vec<_> = said.difference(&at_home).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(b.behind(&a).await, []);
}

#[tokio::test]
async fn nothing_is_lost_or_doubled() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        run(seed).await;
    }
}
