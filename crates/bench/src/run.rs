//! One run from its arguments to its report.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

use crate::args::{BenchArgs, Mode};
use crate::disk::{self, Disk};
use crate::meter::Meter;
use crate::outcome::{Outcome, Trouble};
use crate::report::{Load, Report};
use crate::{files, idle, logins, pairs, process, rooms};

/// Files this process has open beside the connections under load.
const OTHER_FILES: u64 = 64;

/// Carries out one run and prints its report on standard output, or on standard error why there
/// is none. Blocks until the run is over; must not be called from within an async runtime.
pub fn run(args: &BenchArgs) -> Outcome {
    match measure(args) {
        Ok(report) => {
            print(&report, args.json);
            if report.passed { Outcome::Passed } else { Outcome::CheckFailed }
        }
        Err(trouble) => {
            eprintln!("{trouble}");
            trouble.outcome
        }
    }
}

fn print(report: &Report, json: bool) {
    let text = if json {
        let document = serde_json::to_string_pretty(report);
        document.expect("keys are strings, and nothing in a report fails to serialise") + "\n"
    } else {
        report.to_string()
    };
    // Whoever closed the pipe early has read enough; the exit status still tells.
    let _ = io::stdout().write_all(text.as_bytes());
}

pub(crate) fn measure(args: &BenchArgs) -> Result<Report, Trouble> {
    args.check()?;
    check_server_pid(args)?;
    check_open_files(args)?;
    let disk = args.measure_disk.then(|| measure_disk(args)).transpose()?;
    let mut report = Report::new(args, disk);
    // Tells this run's accounts and messages from those of any other.
    let number = RandomState::new().hash_one("run");
    let run = u32::try_from(number & u64::from(u32::MAX)).expect("masked to 32 bits");
    let meter = Meter::new();
    let runtime = one_thread()?;
    runtime.block_on(async {
        match args.mode {
            Mode::Pairs => {
                let found = pairs::run(args, run, &meter).await?;
                report.load = Some(Load::new(&meter, &found.counted));
                report.check = Some(found.checked);
            }
            Mode::Logins | Mode::Resumes => {
                let counted = logins::run(args, run, &meter).await?;
                report.load = Some(Load::new(&meter, &counted));
            }
            Mode::Rooms => {
                let found = rooms::run(args, run, &meter).await?;
                report.load = Some(Load::new(&meter, &found.counted));
                report.check = Some(found.checked);
                report.fanout = Some(found.fanout);
            }
            Mode::Files => report.files = Some(files::run(args, run, &meter).await?),
            Mode::Idle | Mode::Events => report.idle = Some(idle::run(args, run).await?),
        }
        Ok(())
    })?;
    report.problems = meter.problems();
    Ok(report.conclude())
}

/// The server needs the other cores, and tasks of one thread share their counts without locks.
fn one_thread() -> Result<LocalRuntime, Trouble> {
    Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).map_err(
        |error| Trouble::usage("cannot begin", error, "free some open files or memory, and retry"),
    )
}

fn check_server_pid(args: &BenchArgs) -> Result<(), Trouble> {
    for &pid in &args.server_pids {
        process::sample(pid).map_err(|error| {
            Trouble::usage(
                format!("cannot read the processor time and memory of process {pid}"),
                error,
                "give the server's process number on Linux, or leave out --server-pid",
            )
        })?;
    }
    Ok(())
}

fn check_open_files(args: &BenchArgs) -> Result<(), Trouble> {
    let needed = u64::from(args.connections()) + OTHER_FILES;
    process::allow_open_files(needed).map_err(|most| {
        Trouble::usage(
            format!("{} connections are too many here", args.connections()),
            format!("they need {needed} open files, and this process may have {most}"),
            "raise the limit (ulimit -n) here and for the server, or ask for fewer connections",
        )
    })
}

fn measure_disk(args: &BenchArgs) -> Result<Disk, Trouble> {
    let directory = args.disk.clone().unwrap_or_else(std::env::temp_dir);
    disk::measure(&directory).map_err(|error| {
        Trouble::usage(
            format!("cannot measure the disk in {}", directory.display()),
            error,
            "name with --disk a directory you can write to",
        )
    })
}

#[cfg(test)]
mod tests;
