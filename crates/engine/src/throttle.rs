//! Slowing down those who guess passwords, without locking anyone out.
//!
//! Wrong passwords are counted by account and by address. Past a free number, each further try has to
//! wait, longer each time; waiting is never longer than a minute. An address that has failed nothing
//! lately is never held up, so a stranger's guesses do not keep the owner out.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use kabar_model::{Refusal, Username};
use parking_lot::Mutex;

use crate::engine::Engine;
use crate::error::Error;
use crate::sessions::Origin;
use crate::store::nodes::Failures;

/// Wrong passwords of one account that cost nothing.
pub(crate) const ACCOUNT_FAILURES_FREE: usize = 5;
/// Wrong passwords from one address that cost nothing.
pub(crate) const ADDRESS_FAILURES_FREE: usize = 30;
/// How long a wrong password is remembered.
pub(crate) const FAILURES_WINDOW_SECS: u64 = 600;
const WINDOW: Duration = Duration::from_secs(FAILURES_WINDOW_SECS);
/// The longest wait between two tries.
pub(crate) const WAIT_SECS_MAX: u64 = 60;

/// Wrong passwords of one account or network that change the wait: six doublings reach the longest one.
const FAILURES_COUNTED: usize = ADDRESS_FAILURES_FREE + 7;

/// The counters that all interfaces of a node share. Times are those of [`crate::Clock::elapsed`].
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    accounts: HashMap<Username, Times>,
    addresses: HashMap<IpAddr, Times>,
}

/// When the latest failures were, oldest first; never more than change the wait.
type Times = VecDeque<Duration>;

impl Throttle {
    /// Whether a try of `account` from `address` may be looked at now.
    pub(crate) fn check(
        &self,
        now: Duration,
        account: &Username,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let counters = self.0.lock();
        let ages = |times: Option<&Times>| {
            let times = times.into_iter().flatten().rev();
            times.map(|at| now.saturating_sub(*at)).filter(|age| *age < WINDOW).collect()
        };
        let network = ages(counters.addresses.get(&Origin { address }.network()));
        check(&Failures { account: ages(counters.accounts.get(account)), network })
    }

    /// Counts a wrong password.
    pub(crate) fn failed(&self, now: Duration, account: &Username, address: IpAddr) {
        let counters = &mut *self.0.lock();
        note(&mut counters.accounts, account.clone(), now);
        note(&mut counters.addresses, Origin { address }.network(), now);
    }

    /// Forgets what is older than the window.
    pub(crate) fn sweep(&self, now: Duration) {
        let counters = &mut *self.0.lock();
        counters.accounts.retain(|_, times| is_recent(times, now));
        counters.addresses.retain(|_, times| is_recent(times, now));
    }
}

impl Engine {
    /// Whether a try may be looked at now, as far as all nodes know.
    pub(crate) async fn may_try(&self, account: &Username, address: IpAddr) -> Result<(), Error> {
        self.throttle.check(self.clock.elapsed(), account, address)?;
        if let Some(nodes) = self.store.nodes() {
            let network = Origin { address }.network();
            let failures = nodes.failures(account, network, WINDOW, FAILURES_COUNTED).await?;
            check(&failures)?;
        }
        Ok(())
    }

    /// Tells other nodes of a wrong password that was counted here.
    pub(crate) async fn failed_to_log_in(
        &self,
        account: &Username,
        address: IpAddr,
    ) -> Result<(), Error> {
        match self.store.nodes() {
            Some(nodes) => nodes.note_failure(account, Origin { address }.network()).await,
            None => Ok(()),
        }
    }

    /// Forgets wrong passwords that count no longer.
    pub(crate) async fn forget_failures(&self) -> Result<(), Error> {
        self.throttle.sweep(self.clock.elapsed());
        match self.store.nodes() {
            Some(nodes) => nodes.forget_failures(WINDOW).await,
            None => Ok(()),
        }
    }
}

/// Whether the next try may be looked at, after these failures within the window.
fn check(failures: &Failures) -> Result<(), Refusal> {
    if failures.network.is_empty() {
        return Ok(());
    }
    let address_wait = wait(&failures.network, ADDRESS_FAILURES_FREE);
    let account_wait = wait(&failures.account, ACCOUNT_FAILURES_FREE);
    match address_wait.max(account_wait) {
        0 => Ok(()),
        wait_secs => Err(Refusal::TooManyAttempts { wait_secs }),
    }
}

fn note<K: Eq + Hash>(counters: &mut HashMap<K, Times>, key: K, now: Duration) {
    let times = counters.entry(key).or_default();
    // More history changes nothing.
    if times.len() >= FAILURES_COUNTED {
        times.pop_front();
    }
    times.push_back(now);
}

fn is_recent(times: &Times, now: Duration) -> bool {
    times.back().is_some_and(|&at| now.saturating_sub(at) < WINDOW)
}

/// Whole seconds until the next try is looked at: 1 after the last free failure, doubling to 60.
fn wait(ages: &[Duration], free: usize) -> u64 {
    let (Some(over), Some(&last)) = (ages.len().checked_sub(free), ages.first()) else {
        return 0;
    };
    let doublings = u32::try_from(over).unwrap_or(u32::MAX);
    let pause =
        1_u64.checked_shl(doublings).map_or(WAIT_SECS_MAX, |secs| secs.clamp(1, WAIT_SECS_MAX));
    let left = Duration::from_secs(pause).saturating_sub(last);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn waits_grow_from_one_second_to_sixty() {
        let (throttle, messi) = (Throttle::default(), name("messi"));
        let mut now = secs(1);
        let mut waits = Vec::new();
        for _ in 0..13 {
            match throttle.check(now, &messi, HERE) {
                Ok(()) => waits.push(0),
                Err(Refusal::TooManyAttempts { wait_secs }) => {
                    waits.push(wait_secs);
                    now += secs(wait_secs);
                }
                Err(other) => panic!("{other:?}"),
            }
            assert_eq!(throttle.check(now, &messi, HERE), Ok(()), "after the wait");
            throttle.failed(now, &messi, HERE);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn guesses_do_not_hold_up_the_owner_elsewhere() {
        let (throttle, messi) = (Throttle::default(), name("messi"));
        for _ in 0..20 {
            throttle.failed(secs(1), &messi, HERE);
        }
        assert!(throttle.check(secs(1), &messi, HERE).is_err());
        assert!(throttle.check(secs(1), &messi, THERE).is_ok());
        assert!(throttle.check(secs(1), &name("izza"), HERE).is_ok(), "20 are free for an address");
    }

    #[test]
    fn an_address_that_guesses_many_accounts_waits() {
        let throttle = Throttle::default();
        for n in 0..30 {
            throttle.failed(secs(1), &name(&format!("user{n}")), HERE);
        }
        let refused = throttle.check(secs(1), &name("izza"), HERE);
        assert_eq!(refused, Err(Refusal::TooManyAttempts { wait_secs: 1 }));
        assert!(throttle.check(secs(2), &name("izza"), HERE).is_ok());
    }

    #[test]
    fn failures_are_forgotten_after_ten_minutes() {
        let (throttle, messi) = (Throttle::default(), name("messi"));
        for _ in 0..8 {
            throttle.failed(secs(1), &messi, HERE);
        }
        assert!(throttle.check(secs(2), &messi, HERE).is_err());
        assert!(throttle.check(secs(1 + FAILURES_WINDOW_SECS), &messi, HERE).is_ok());
        throttle.sweep(secs(1 + FAILURES_WINDOW_SECS));
        assert!(throttle.0.lock().accounts.is_empty());
    }

    #[test]
    fn a_host_is_its_whole_ipv6_network() {
        let one: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        let neighbour: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(Origin { address: one }.network(), Origin { address: other }.network());
        assert_ne!(Origin { address: one }.network(), Origin { address: neighbour }.network());
        assert_eq!(Origin { address: "::ffff:192.0.2.1".parse().unwrap() }.network(), HERE);
    }
}
