//! Which load does a running server bear, and does every accepted message arrive once and in order?
//!
//! A client apart: it speaks the text dialects over loopback with code of its own, so cheap that it
//! leaves the processor to the server it shares the machine with. It will never know the server's
//! engine, store or configuration, and it never talks to another machine.

mod accounts;
mod args;
mod bytes;
mod check;
mod connection;
mod dialect;
mod disk;
mod events;
#[cfg(test)]
mod fake;
mod files;
mod idle;
mod inbox;
mod lines;
mod logins;
mod meter;
mod outcome;
mod pairs;
mod process;
mod report;
mod rooms;
mod run;
mod size;
mod text;
mod window;

pub use args::{BenchArgs, Mode};
pub use dialect::Dialect;
pub use outcome::Outcome;
pub use run::run;
