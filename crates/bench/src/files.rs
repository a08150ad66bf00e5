//! Mode files: how fast do files go up and down, and what does the server's memory grow by?

mod content;
mod transfer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::transfer::{Parcel, download, upload};
use crate::accounts::{self, no_conversation};
use crate::args::BenchArgs;
use crate::connection::Connection;
use crate::meter::{self, Meter, Readings};
use crate::outcome::Trouble;
use crate::process::{self, Sample};

/// How long one file may take.
const TRANSFER_SECS_MAX: u64 = 600;
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Files that went both ways.
#[derive(Debug, Serialize)]
pub(crate) struct Files {
    pub(crate) size_bytes: u64,
    pub(crate) count: u64,
    pub(crate) up: Way,
    pub(crate) down: Way,
    /// The server's resident memory before the first file, KiB.
    pub(crate) resident_kib_before: Option<u64>,
    /// The most that was seen from then on.
    pub(crate) resident_kib_peak: Option<u64>,
}

/// All files in one direction. Bytes are those of the files, whatever is written on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct Way {
    pub(crate) done: u64,
    pub(crate) secs: f64,
    pub(crate) mb_per_sec: f64,
    pub(crate) server_cpu_ms_per_mb: Option<f64>,
    pub(crate) generator_cpu_ms_per_mb: Option<f64>,
}

/// One connection's files, and the codes that they got.
struct Shipment {
    parcels: Vec<Parcel>,
    codes: RefCell<Vec<String>>,
}

pub(crate) async fn run(args: &BenchArgs, run: u32, meter: &Rc<Meter>) -> Result<Files, Trouble> {
    let count = args.connections() as usize * 2;
    let ready = accounts::ready(args.target(), run, count, args.accounts.as_deref()).await?;
    let mut shipments = Vec::new();
    for (first, two) in (0..).step_by(args.files as usize).zip(ready.accounts.chunks_exact(2)) {
        let (from, to) = (two[0].clone(), two[1].clone());
        let parcel = Parcel { run, number: first, size: args.size.0, from, to };
        let numbers = first..first + args.files;
        let parcels = numbers.map(|number| Parcel { number, ..parcel.clone() }).collect();
        shipments.push(Rc::new(Shipment { parcels, codes: RefCell::default() }));
    }
    let memory = Memory::watch(args.server_pids.first().copied());
    let up = all(args, meter, &shipments, Direction::Up).await?;
    let down = all(args, meter, &shipments, Direction::Down).await?;
    Ok(Files {
        size_bytes: args.size.0,
        count: u64::from(args.connections()) * u64::from(args.files),
        up,
        down,
        resident_kib_before: memory.before.map(|sample| sample.resident_kib),
        resident_kib_peak: memory.peak_kib(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

async fn all(
    args: &BenchArgs,
    meter: &Rc<Meter>,
    shipments: &[Rc<Shipment>],
    direction: Direction,
) -> Result<Way, Trouble> {
    let mut ready = Vec::new();
    for shipment in shipments {
        let parcel = &shipment.parcels[0];
        let account = if direction == Direction::Up { &parcel.from } else { &parcel.to };
        let open = Connection::open_as(args.server(), args.dialect(), account).await;
        let connection = open.map_err(|error| no_conversation(args.server(), &error))?;
        ready.push((connection, Rc::clone(shipment)));
    }
    let done = Rc::new(Cell::new(0));
    let readings = Readings::take(args);
    let mut tasks = JoinSet::new();
    for (mut connection, shipment) in ready {
        let (meter, done) = (Rc::clone(meter), Rc::clone(&done));
        tasks.spawn_local(async move {
            if let Err(why) = ship(&mut connection, &shipment, direction, &done).await {
                meter.broke(why);
            }
        });
    }
    meter::all_done(&mut tasks).await;
    let counted = readings.until_now(args);
    let bytes = done.get() * args.size.0;
    // Milliseconds for a megabyte are nanoseconds for a byte.
    let ms_per_mb = |micros: Option<f64>| micros.map(|micros| micros * 1e3);
    Ok(Way {
        done: done.get(),
        secs: counted.secs,
        mb_per_sec: mb_per_sec(bytes, counted.secs),
        server_cpu_ms_per_mb: ms_per_mb(counted.server_cpu_us_each(bytes)),
        generator_cpu_ms_per_mb: ms_per_mb(counted.generator_cpu_us_each(bytes)),
    })
}

/// One connection's files one after the other.
async fn ship(
    connection: &mut Connection,
    shipment: &Shipment,
    direction: Direction,
    done: &Cell<u64>,
) -> Result<(), String> {
    let limit = Duration::from_secs(TRANSFER_SECS_MAX);
    for (at, parcel) in shipment.parcels.iter().enumerate() {
        let outcome = match direction {
            Direction::Up => timeout(limit, upload(connection, parcel))
                .await
                .map(|outcome| outcome.map(|code| shipment.codes.borrow_mut().push(code))),
            Direction::Down => {
                // What did not go up need not be missed below.
                let Some(code) = shipment.codes.borrow().get(at).cloned() else { return Ok(()) };
                timeout(limit, download(connection, parcel, &code)).await
            }
        };
        match outcome {
            Ok(Ok(())) => done.set(done.get() + 1),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("a file took more than {TRANSFER_SECS_MAX} s")),
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a run are far below 2^52")]
fn mb_per_sec(bytes: u64, secs: f64) -> f64 {
    if secs > 0.0 { bytes as f64 / 1e6 / secs } else { 0.0 }
}

/// The server's resident memory, looked at while files are on their way.
struct Memory {
    server: Option<u32>,
    before: Option<Sample>,
    most: Rc<Cell<u64>>,
    _task: JoinSet<()>,
}

impl Memory {
    fn watch(server: Option<u32>) -> Self {
        let look = move || server.and_then(|pid| process::sample(pid).ok());
        let (before, most) = (look(), Rc::new(Cell::new(0)));
        let (seen, mut task) = (Rc::clone(&most), JoinSet::new());
        task.spawn_local(async move {
            while let Some(sample) = look() {
                seen.set(seen.get().max(sample.resident_kib));
                sleep(LOOK).await;
            }
        });
        Self { server, before, most, _task: task }
    }

    fn peak_kib(&self) -> Option<u64> {
        let (before, after) = (self.before?, process::sample(self.server?).ok()?);
        // The kernel forgets no moment, but says nothing of what stayed below an earlier peak.
        let grew = after.resident_kib_most > before.resident_kib_most;
        Some(if grew { after.resident_kib_most } else { self.most.get().max(after.resident_kib) })
    }
}

impl Files {
    pub(crate) fn problems(&self) -> Vec<String> {
        let ways = [("not sent", &self.up), ("not fetched whole", &self.down)];
        let short = ways.iter().filter(|(_, way)| way.done < self.count);
        short.map(|(what, way)| format!("files {what}: {}", self.count - way.done)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::mb_per_sec;

    #[test]
    fn a_megabyte_is_a_million_bytes() {
        assert!((mb_per_sec(3_000_000, 2.0) - 1.5).abs() < 1e-9);
        assert!(mb_per_sec(1, 0.0).abs() < 1e-9);
    }
}
