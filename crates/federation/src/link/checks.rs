//! Looking into a link, step by step: what an operator is told when it does not work.

use kabar_engine::store::links::{Link, Standing};
use kabar_engine::{Check, Result};

use super::ask::{NoAnswer, What};
use super::{Links, Unreached};
use crate::address::{AddressClass, classify};
use crate::wire;

/// A clock that is so far off, in seconds, is worth a word.
const CLOCK_WORTH_A_WORD: i64 = 60;

/// All that a [`Check`] of a link can find, as codes.
pub const FOUND: [&str; 20] = [
    "well",
    "comes_by_itself",
    "no_host",
    "forbidden_address",
    "no_connection",
    "no_tls",
    "no_answer",
    "too_large",
    "broken",
    "other_realm",
    "not_believed",
    "refused",
    "clock_off",
    "echo",
    "queue",
    "asked",
    "waiting",
    "blocked",
    "changed",
    "removed",
];

impl Links {
    /// The steps, as far as they are come to.
    pub(super) async fn checks(&self, link: &Link) -> Result<Vec<Check>> {
        let mut checks = Checks(Vec::new());
        if link.standing == Standing::Blocked {
            // Nothing goes there, this neither.
            queue(link, &mut checks);
            return Ok(checks.0);
        }
        let Some(reach) = &link.reach else {
            checks.add("resolve", None, "comes_by_itself", &[]);
            queue(link, &mut checks);
            return Ok(checks.0);
        };
        let place = [("host", reach.host.clone()), ("port", reach.port.to_string())];
        let who = match self.who(reach).await {
            Ok(who) => who,
            Err(unreached) => {
                checks.until(&unreached, &place);
                queue(link, &mut checks);
                return Ok(checks.0);
            }
        };
        checks.reached("tls", &place, is_plain(&reach.host));
        let theirs = who.realm == link.own_name && *who.root.as_bytes() == link.root;
        if !theirs {
            checks.add(
                "handshake",
                Some(false),
                "other_realm",
                &[("realm", who.realm.to_string())],
            );
            queue(link, &mut checks);
            return Ok(checks.0);
        }
        let what = What::post(wire::ECHO, &wire::Problem { error: String::new(), now: None })?;
        let began = self.clock.elapsed();
        match self.ask(link, what).await? {
            Ok(_) => {
                let millis = self.clock.elapsed().saturating_sub(began).as_millis().to_string();
                checks.add("handshake", Some(true), "well", &[]);
                let link = self.link(link.id).await?.unwrap_or_else(|| link.clone());
                let ahead = link.contact.clock_ahead;
                let is_well = ahead.abs() < CLOCK_WORTH_A_WORD;
                let found = if is_well { "well" } else { "clock_off" };
                checks.add("clock", Some(is_well), found, &[("secs", ahead.to_string())]);
                checks.add("echo", Some(true), "echo", &[("ms", millis)]);
            }
            // That is the answer to expect until it agrees.
            Err(NoAnswer::Refused(code))
                if link.standing == Standing::Asked && code == "waiting" =>
            {
                checks.add("handshake", Some(true), "well", &[]);
            }
            Err(NoAnswer::Refused(code)) => {
                checks.add("handshake", Some(false), "refused", &[("code", code)]);
            }
            Err(NoAnswer::Unreached(unreached)) => {
                checks.add("handshake", Some(false), unreached.code(), &place);
            }
            Err(no) => checks.add("handshake", Some(false), "not_believed", &[("code", no.code())]),
        }
        queue(link, &mut checks);
        Ok(checks.0)
    }
}

fn queue(link: &Link, checks: &mut Checks) {
    let queued = ("queued", link.queued().to_string());
    match link.standing {
        Standing::Linked => {
            let is_well = link.contact.failures == 0 || link.queued() == 0;
            checks.add("queue", Some(is_well), "queue", &[queued]);
        }
        Standing::Asked => checks.add("queue", Some(false), "asked", &[queued]),
        Standing::Waiting => checks.add("queue", Some(false), "waiting", &[queued]),
        // That is what an administrator here wants.
        Standing::Blocked => checks.add("queue", None, "blocked", &[queued]),
        Standing::Changed => checks.add("queue", Some(false), "changed", &[queued]),
        Standing::Removed => checks.add("queue", Some(false), "removed", &[queued]),
    }
}

/// Whether connections there are not encrypted: on this machine and in private networks.
fn is_plain(host: &str) -> bool {
    let near = |ip| matches!(classify(ip), AddressClass::Loopback | AddressClass::Private);
    host == "localhost" || host.parse().is_ok_and(near)
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(
        &mut self,
        step: &'static str,
        is_well: Option<bool>,
        found: &'static str,
        values: &[(&'static str, String)],
    ) {
        debug_assert!(FOUND.contains(&found), "{found}");
        self.0.push(Check { step, is_well, found: (found, values.to_vec()) });
    }

    /// The steps up to the one that failed so.
    fn until(&mut self, unreached: &Unreached, place: &[(&'static str, String)]) {
        let failed = match unreached {
            Unreached::Host(_) | Unreached::Forbidden(_) => "resolve",
            Unreached::Connect(_) => "connect",
            Unreached::Tls(_) => "tls",
            Unreached::Late | Unreached::TooLarge | Unreached::Broken(_) => "handshake",
        };
        let is_plain = place.first().is_some_and(|(_, host)| is_plain(host));
        match failed {
            "connect" => self.reached("resolve", place, is_plain),
            "tls" => self.reached("connect", place, is_plain),
            "handshake" => self.reached("tls", place, is_plain),
            _ => {}
        }
        let mut values = place.to_vec();
        values.push(("reason", unreached.to_string()));
        self.add(failed, Some(false), unreached.code(), &values);
    }

    /// All went well up to this step.
    fn reached(&mut self, last: &str, place: &[(&'static str, String)], is_plain: bool) {
        for step in ["resolve", "connect", "tls"] {
            let is_well = (step != "tls" || !is_plain).then_some(true);
            self.add(step, is_well, "well", place);
            if step == last {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// Each of them once: whoever adds one has to add it here.
    fn next(unreached: Option<&Unreached>) -> Option<Unreached> {
        let why = String::new;
        Some(match unreached {
            None => Unreached::Host(why()),
            Some(Unreached::Host(_)) => Unreached::Forbidden(Ipv4Addr::LOCALHOST.into()),
            Some(Unreached::Forbidden(_)) => Unreached::Connect(why()),
            Some(Unreached::Connect(_)) => Unreached::Tls(why()),
            Some(Unreached::Tls(_)) => Unreached::Late,
            Some(Unreached::Late) => Unreached::TooLarge,
            Some(Unreached::TooLarge) => Unreached::Broken(why()),
            Some(Unreached::Broken(_)) => return None,
        })
    }

    #[test]
    fn whatever_is_not_reached_stops_one_step_and_has_a_code_that_is_known() {
        let place = [("host", "kampus-b.example".to_owned()), ("port", "443".to_owned())];
        let mut unreached = next(None);
        while let Some(one) = unreached {
            let mut checks = Checks(Vec::new());
            checks.until(&one, &place);
            let (last, before) = checks.0.split_last().unwrap();
            assert_eq!((last.is_well, last.found.0), (Some(false), one.code()));
            assert!(before.iter().all(|check| check.is_well == Some(true)), "{before:?}");
            unreached = next(Some(&one));
        }
    }

    #[test]
    fn nobody_is_told_that_a_plain_connection_is_encrypted() {
        for (host, is_well) in [
            ("127.0.0.1", None),
            ("::1", None),
            ("fd00::7", None),
            ("localhost", None),
            ("kampus-b.example", Some(true)),
            ("2001:4860:4860::8888", Some(true)),
        ] {
            let place = [("host", host.to_owned())];
            let mut checks = Checks(Vec::new());
            checks.until(&Unreached::Late, &place);
            let tls = checks.0.iter().find(|check| check.step == "tls").unwrap();
            assert_eq!(tls.is_well, is_well, "{host}");
        }
    }
}
