//! How many connections may be open: in all, without a login, and without a login from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use kabar_engine::Origin;
use parking_lot::Mutex;

use crate::config::Limits;

/// Counts connections. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
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
    pub(crate) fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner { limits, open: Mutex::default() }))
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

    /// Counts one more stranger from there, if there is a place.
    fn admit(&self, address: IpAddr) -> bool {
        let limits = &self.0.limits;
        let open = &mut *self.0.open.lock();
        let from_there = open.by_address.get(&address).copied().unwrap_or(0);
        let too_many_there = from_there >= limits.strangers_per_address && !address.is_loopback();
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
        if let Some(count) = open.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
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
        Gate::new(Limits { connections: 6, strangers: 4, strangers_per_address: 2 })
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
