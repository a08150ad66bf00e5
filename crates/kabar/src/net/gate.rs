//! How many connections may be open: in all, without a login, and without a login from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use kabar_engine::Origin;
use parking_lot::Mutex;

use super::proxied::is_trusted;
use crate::config::{Limits, Network};

/// Counts connections. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    /// The proxies that are believed.
    trusted_proxies: Vec<Network>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    strangers: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection that was let in; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Gate,
    /// The address it counts for while nobody has logged in on it.
    stranger: Option<IpAddr>,
}

impl Gate {
    pub(crate) fn new(limits: Limits, trusted_proxies: Vec<Network>) -> Self {
        Self(Arc::new(Inner { limits, trusted_proxies, open: Mutex::default() }))
    }

    /// Lets a connection in, if there is a place for one more from there.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Pass> {
        let address = Origin { address }.network();
        let full = self.0.open.lock().all >= self.0.limits.connections;
        if full || !self.admit(address) {
            return None;
        }
        self.0.open.lock().all += 1;
        Some(Pass { gate: self.clone(), stranger: Some(address) })
    }

    /// The proxies that are believed.
    pub(crate) fn trusted_proxies(&self) -> &[Network] {
        &self.0.trusted_proxies
    }

    /// Whether many come from one address: programs of this machine, those behind a proxy, and those of whom
    /// nothing is known.
    fn is_many(&self, address: IpAddr) -> bool {
        let is_known = !address.is_loopback() && !address.is_unspecified();
        !is_known || is_trusted(address, self.trusted_proxies())
    }

    /// Lets a request in that came by a trusted proxy from somebody at `address`, if there is a place for one more
    /// from there. Its connection is the proxy's, and counted already.
    pub(crate) fn enter_behind_proxy(&self, address: IpAddr) -> Option<Guest> {
        let address = Origin { address }.network();
        let open = &mut *self.0.open.lock();
        let from_there = open.by_address.entry(address).or_default();
        if *from_there >= self.0.limits.strangers_per_address && !self.is_many(address) {
            return None;
        }
        *from_there += 1;
        Some(Guest { gate: self.clone(), address })
    }

    /// Counts one more stranger from there, if there is a place.
    fn admit(&self, address: IpAddr) -> bool {
        let limits = &self.0.limits;
        let open = &mut *self.0.open.lock();
        let from_there = open.by_address.get(&address).copied().unwrap_or(0);
        let too_many_there = from_there >= limits.strangers_per_address && !self.is_many(address);
        if open.strangers >= limits.strangers || too_many_there {
            return false;
        }
        open.strangers += 1;
        *open.by_address.entry(address).or_default() += 1;
        true
    }
}

impl Pass {
    /// Somebody has logged in: the connection no longer counts among the strangers.
    pub(crate) fn known(&mut self) {
        let Some(address) = self.stranger.take() else { return };
        let open = &mut *self.gate.0.open.lock();
        open.strangers -= 1;
        open.leave(address);
    }
}

impl Open {
    /// Counts one less from there.
    fn leave(&mut self, address: IpAddr) {
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

/// A request that was let in from behind a proxy; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    gate: Gate,
    address: IpAddr,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.gate.0.open.lock().leave(self.address);
    }
}

impl Pass {
    /// Nobody is logged in any more: the connection counts among the strangers again. `false` if there
    /// is no place for one more.
    pub(crate) fn stranger(&mut self, address: IpAddr) -> bool {
        self.stranger.is_some() || {
            let gate = self.gate.clone();
            let there_is_room = gate.admit(Origin { address }.network());
            self.stranger = there_is_room.then(|| Origin { address }.network());
            there_is_room
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.known();
        self.gate.0.open.lock().all -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn gate() -> Gate {
        let trusted_proxies = vec!["198.51.100.1".parse().unwrap()];
        let limits = Limits { connections: 6, strangers: 4, strangers_per_address: 2 };
        Gate::new(limits, trusted_proxies)
    }

    #[test]
    fn behind_a_proxy_each_address_has_its_share() {
        let gate = gate();
        let proxy: IpAddr = "198.51.100.1".parse().unwrap();
        let _connections = [(); 4].map(|()| gate.enter(proxy).unwrap());
        assert!(gate.enter(proxy).is_none(), "four strangers in all");
        let mut guests: Vec<_> = (0..2).filter_map(|_| gate.enter_behind_proxy(THERE)).collect();
        assert_eq!(guests.len(), 2);
        assert!(gate.enter_behind_proxy(THERE).is_none());
        let _others = [HERE, IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), proxy]
            .map(|many| [(); 3].map(|()| gate.enter_behind_proxy(many).unwrap()));
        guests.pop();
        assert!(gate.enter_behind_proxy(THERE).is_some());
        guests.clear();
        assert!(!gate.0.open.lock().by_address.contains_key(&THERE));
    }

    #[test]
    fn an_address_has_its_share_and_loopback_more() {
        let gate = gate();
        let _two = [gate.enter(THERE).unwrap(), gate.enter(THERE).unwrap()];
        assert!(gate.enter(THERE).is_none());
        let _more = [gate.enter(HERE).unwrap(), gate.enter(HERE).unwrap()];
        assert!(gate.enter(HERE).is_none(), "four strangers in all");
    }

    #[test]
    fn who_logs_in_makes_room_for_others() {
        let gate = gate();
        let mut passes: Vec<_> = (0..2).map(|_| gate.enter(THERE).unwrap()).collect();
        passes.iter_mut().for_each(Pass::known);
        passes.extend((0..2).map(|_| gate.enter(THERE).unwrap()));
        passes.iter_mut().for_each(Pass::known);
        passes.extend((0..2).map(|_| gate.enter(THERE).unwrap()));
        assert!(gate.enter(HERE).is_none(), "six in all");
        // Who logs out counts among the strangers again.
        assert!(passes[0].stranger(HERE) && passes[1].stranger(HERE));
        assert!(!passes[2].stranger(HERE), "four strangers in all");
        passes.clear();
        assert!(gate.0.open.lock().by_address.is_empty());
        assert_eq!(gate.0.open.lock().all, 0);
    }
}
