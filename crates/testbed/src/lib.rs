//! The servers that tests need: how does a test get a real one, on a free port, that is gone when the test is?
//!
//! For tests alone. It knows nothing of kabar.

mod certificate;
mod daemon;
mod nats;
mod objects;
mod postgres;
mod proxies;
mod watchdog;

pub use certificate::make_certificate;
pub use nats::{Nats, NatsLogin};
pub use objects::Objects;
pub use postgres::{Postgres, PostgresOptions};
pub use proxies::Proxy;
pub use watchdog::Watchdog;

use std::net::TcpListener;

/// A port of the loopback interface that nobody uses now.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}
