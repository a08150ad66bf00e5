//! Mode idle: what does the server's memory grow by for each silent connection?

use serde::Serialize;
use tokio::time::sleep;

use crate::accounts::{self, inbox_request, no_conversation};
use crate::args::BenchArgs;
use crate::bytes::printable;
use crate::connection::{Connection, OK};
use crate::outcome::Trouble;
use crate::process;

/// What the connections did and cost.
#[derive(Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) connections: u32,
    /// Closed by the server, or spoken to unasked, while they were silent.
    pub(crate) disturbed: u32,
    /// The server's resident memory, KiB.
    pub(crate) resident_kib_before: Option<u64>,
    pub(crate) resident_kib_after: Option<u64>,
    pub(crate) kib_each: Option<f64>,
}

pub(crate) async fn run(args: &BenchArgs, run: u32) -> Result<Idle, Trouble> {
    let ready = accounts::ready(args.server, run, 1, args.accounts.as_deref()).await?;
    // A session is good on any connection: one login is enough for all of them.
    let request = inbox_request(&ready.accounts[0].token);
    let resident = || {
        let sample = args.server_pid.and_then(|pid| process::sample(pid).ok());
        sample.map(|sample| sample.resident_kib)
    };
    // The first one also pays for what the server sets up once.
    open(args, &request).await?;
    let before = resident();
    let mut connections = Vec::with_capacity(args.connections() as usize);
    for _ in 0..args.connections() {
        connections.push(open(args, &request).await?);
    }
    sleep(args.duration()).await;
    let after = resident();
    let quiet = connections.iter().filter(|connection| connection.is_quiet()).count();
    let disturbed = u32::try_from(connections.len() - quiet).expect("counted in 32 bits above");
    Ok(Idle {
        connections: args.connections(),
        disturbed,
        resident_kib_before: before,
        resident_kib_after: after,
        kib_each: before.zip(after).map(|(before, after)| each(before, after, args.connections())),
    })
}

async fn open(args: &BenchArgs, request: &[u8]) -> Result<Connection, Trouble> {
    let failed = |error| no_conversation(args.server, &error);
    let mut connection = Connection::open(args.server).await.map_err(failed)?;
    let reply = connection.ask(request).await.map_err(failed)?;
    if !reply.starts_with(OK) {
        return Err(Trouble::unreachable(
            format!("the server at {} does not take its own token", args.server),
            printable(&reply),
            "check that this port speaks dialect line and limits no loopback connections",
        ));
    }
    connection.release_buffer();
    Ok(connection)
}

#[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
fn each(before_kib: u64, after_kib: u64, connections: u32) -> f64 {
    (after_kib as f64 - before_kib as f64) / f64::from(connections)
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn growth_is_shared_out_and_may_be_negative() {
        assert!((each(1000, 1600, 100) - 6.0).abs() < 1e-9);
        assert!((each(1600, 1000, 100) + 6.0).abs() < 1e-9);
    }
}
