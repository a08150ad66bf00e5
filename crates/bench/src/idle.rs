//! Modes idle and events: what does the server's memory grow by for each silent connection?

use serde::Serialize;
use tokio::time::sleep;

use crate::accounts::{self, Account, no_conversation};
use crate::args::{BenchArgs, Mode};
use crate::connection::Connection;
use crate::events;
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
    let per_account = match args.mode {
        Mode::Events => events::STREAMS_EACH,
        // Where a session is good on any connection, one login is enough for all of them.
        _ => u32::MAX,
    };
    let count = args.connections().div_ceil(per_account) as usize;
    let ready = accounts::ready(args.target(), run, count, args.accounts.as_deref()).await?;
    let resident = || {
        let sample = process::sample_all(&args.server_pids);
        sample.map(|sample| sample.resident_kib)
    };
    // The first one also pays for what the server sets up once.
    drop(open(args, &ready.accounts[0]).await?);
    let before = resident();
    let mut connections = Vec::with_capacity(args.connections() as usize);
    for number in 0..args.connections() {
        connections.push(open(args, &ready.accounts[(number / per_account) as usize]).await?);
    }
    sleep(args.duration()).await;
    let after = resident();
    let is_quiet = |connection: &&Connection| match args.mode {
        Mode::Events => events::is_quiet(connection),
        _ => connection.is_quiet(),
    };
    let quiet = connections.iter().filter(is_quiet).count();
    let disturbed = u32::try_from(connections.len() - quiet).expect("counted in 32 bits above");
    Ok(Idle {
        connections: args.connections(),
        disturbed,
        resident_kib_before: before,
        resident_kib_after: after,
        kib_each: before.zip(after).map(|(before, after)| each(before, after, args.connections())),
    })
}

async fn open(args: &BenchArgs, account: &Account) -> Result<Connection, Trouble> {
    let failed = |error| no_conversation(args.server(), &error);
    if args.mode == Mode::Events {
        return events::open(args.server(), account).await.map_err(failed);
    }
    let dialect = args.dialect();
    let mut connection =
        Connection::open_as(args.server(), dialect, account).await.map_err(failed)?;
    connection.demand(&dialect.inbox(&account.token)).await.map_err(failed)?;
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
