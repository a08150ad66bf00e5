//! How long this disk takes to make a small append durable.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

const APPENDS: usize = 200;
const APPEND_BYTES: usize = 4 * 1024;

/// Times of fdatasync after an append of 4 KiB, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Disk {
    pub(crate) fdatasync_p50_us: f64,
    pub(crate) fdatasync_p99_us: f64,
}

/// Measures in a file of its own in `directory`, which is removed again.
pub(crate) fn measure(directory: &Path) -> io::Result<Disk> {
    // A file with a name: one without would spare the journal some of the work a real file costs.
    let mut file = tempfile::Builder::new().prefix("kabar-bench-").tempfile_in(directory)?;
    let block = [0x5A; APPEND_BYTES];
    let mut times = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        file.write_all(&block)?;
        let began = Instant::now();
        file.as_file().sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(Disk {
        fdatasync_p50_us: micros(times[APPENDS / 2]),
        fdatasync_p99_us: micros(times[APPENDS * 99 / 100]),
    })
}

fn micros(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e7).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_in_order_and_the_file_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let disk = measure(directory.path()).unwrap();
        assert!(disk.fdatasync_p50_us <= disk.fdatasync_p99_us);
        assert!(disk.fdatasync_p99_us > 0.0);
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        assert!(measure(&directory.path().join("absent")).is_err());
    }
}
