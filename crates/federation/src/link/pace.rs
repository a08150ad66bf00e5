//! How fast a link, and each of its people, may come.

use std::collections::HashMap;
use std::time::Duration;

use kabar_engine::store::links::{Inbound, Uid};
use kabar_model::{LinkId, Username};

/// Items of one link in a second, over some time.
const LINK_ITEMS_A_SECOND: u64 = 20_000;
/// Messages of one person of another realm in a second, over some time.
const PERSON_ITEMS_A_SECOND: u64 = 2_000;
/// Groups that a link asks for by name or code in a second, over some time: codes must not be guessed.
const GROUPS_A_SECOND: u64 = 2;
/// How many seconds' worth of groups may come at once.
const GROUPS_BURST_SECONDS: u64 = 100;
/// How many seconds' worth may come at once.
const BURST_SECONDS: u64 = 10;
/// People who are remembered.
const PEOPLE_MAX: usize = 20_000;

/// What may still come: it fills up with time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u64,
    at: Duration,
}

impl Bucket {
    fn full(a_second: u64, now: Duration) -> Self {
        Self { left: a_second * BURST_SECONDS, at: now }
    }

    fn has(&mut self, count: u64, a_second: u64, now: Duration) -> bool {
        let millis = u64::try_from(now.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX);
        let come = millis.saturating_mul(a_second) / 1000;
        if come > 0 {
            self.left = self.left.saturating_add(come).min(a_second * BURST_SECONDS);
            self.at = now;
        }
        self.left >= count
    }
}

/// The paces of all links.
#[derive(Debug, Default)]
pub(super) struct Paces {
    links: HashMap<LinkId, Bucket>,
    people: HashMap<(LinkId, Username), Bucket>,
    groups: HashMap<LinkId, Bucket>,
}

impl Paces {
    /// Whether a link may ask for so many groups now.
    pub(super) fn admit_groups(&mut self, link: LinkId, count: u64, now: Duration) -> bool {
        let full = Bucket { left: GROUPS_A_SECOND * GROUPS_BURST_SECONDS, at: now };
        let own = self.groups.entry(link).or_insert(full);
        // A second's worth at a time, so that little pieces of seconds are not lost.
        let secs = now.saturating_sub(own.at).as_secs();
        own.left = (own.left + secs * GROUPS_A_SECOND).min(GROUPS_A_SECOND * GROUPS_BURST_SECONDS);
        own.at += Duration::from_secs(secs);
        if own.left < count {
            return false;
        }
        own.left -= count;
        true
    }

    /// Whether these may come now; if not, none of them counts.
    pub(super) fn admit(
        &mut self,
        link: LinkId,
        items: &[(Uid, Result<Inbound, &'static str>)],
        now: Duration,
    ) -> bool {
        let mut wrote: HashMap<&Username, u64> = HashMap::new();
        for (_, item) in items {
            if let Ok(Inbound::Post(post)) = item {
                *wrote.entry(&post.author).or_default() += 1;
            }
        }
        if self.people.len() > PEOPLE_MAX {
            self.people.clear();
        }
        // Who is told of counts as well as who tells.
        let told = items.iter().map(|(_, item)| match item {
            Ok(Inbound::Members(group)) => group.members.len() as u64,
            _ => 1,
        });
        let count = told.sum();
        let joins = items.iter().filter(|(_, item)| matches!(item, Ok(Inbound::Join { .. })));
        let joins = joins.count() as u64;
        if joins > 0 && !self.admit_groups(link, joins, now) {
            return false;
        }
        let full = Bucket::full(LINK_ITEMS_A_SECOND, now);
        let all = self.links.entry(link).or_insert(full);
        if !all.has(count, LINK_ITEMS_A_SECOND, now) {
            return false;
        }
        for (person, count) in &wrote {
            let full = Bucket::full(PERSON_ITEMS_A_SECOND, now);
            let own = self.people.entry((link, (*person).clone())).or_insert(full);
            if !own.has(*count, PERSON_ITEMS_A_SECOND, now) {
                return false;
            }
        }
        all.left -= count;
        for (person, count) in wrote {
            if let Some(own) = self.people.get_mut(&(link, person.clone())) {
                own.left -= count;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_groups_cannot_be_tried_out() {
        let mut paces = Paces::default();
        let mut now = Duration::ZERO;
        let mut tried = 0;
        for _ in 0..1_000 {
            now += Duration::from_millis(10);
            tried += u64::from(paces.admit_groups(LinkId(1), 1, now));
        }
        assert_eq!(tried, GROUPS_A_SECOND * (GROUPS_BURST_SECONDS + 9));
    }

    #[test]
    fn who_comes_too_fast_waits_and_then_goes_on() {
        let mut paces = Paces::default();
        let items: Vec<(Uid, Result<Inbound, &'static str>)> =
            (0..100).map(|_| (Uid::default(), Err("invalid"))).collect();
        let (link, mut now) = (LinkId(1), Duration::ZERO);
        let in_a_burst = LINK_ITEMS_A_SECOND * BURST_SECONDS / 100;
        let came = (0..in_a_burst + 7).filter(|_| paces.admit(link, &items, now)).count();
        assert_eq!(came as u64, in_a_burst);
        assert!(paces.admit(LinkId(2), &items, now), "another link does not pay for it");
        now += Duration::from_millis(100);
        let came = (0..100).filter(|_| paces.admit(link, &items, now)).count();
        assert_eq!(came as u64, LINK_ITEMS_A_SECOND / 10 / 100);
    }
}
