//! The program: what the command line asks for, and the parts put together.
//!
//! The only crate that knows all the others. It will never know what a command of a dialect means, or
//! how a message is stored.

mod cli;
mod config;
mod control;
mod doctor;
mod links;
mod log;
mod migrate;
mod net;
mod realm;
mod realms;
mod serve;
mod text;
mod users;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
