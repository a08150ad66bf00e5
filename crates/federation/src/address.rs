//! Where another realm is, and whether this server may connect there.
//!
//! An address that a person or a peer gave must not turn this server into a way to machines that
//! only it can reach. So every address that a name resolves to is classified at every connection.

mod class;
mod endpoint;

pub use class::{AddressClass, classify, may_connect};
pub use endpoint::{AddressError, Endpoint, HOST_BYTES_MAX, parse_host_port};
