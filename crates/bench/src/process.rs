//! Readings of processes from `/proc`, and the limit on this one's open files.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Unit of the times in `/proc/PID/stat`, fixed in the kernel's interface to programs.
const TICKS_PER_SEC: u64 = 100;
/// Position of the user time in `/proc/PID/stat` after the closing parenthesis of the name.
const USER_TIME_AT: usize = 11;

/// One look at a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Processor time so far, user and system.
    pub(crate) cpu: Duration,
    /// Resident memory, KiB.
    pub(crate) resident_kib: u64,
    /// The most that it ever was.
    pub(crate) resident_kib_most: u64,
}

pub(crate) fn sample(pid: u32) -> io::Result<Sample> {
    read(&pid.to_string())
}

/// All of these together; nothing if there are none, or one has ended.
pub(crate) fn sample_all(pids: &[u32]) -> Option<Sample> {
    let samples: io::Result<Vec<Sample>> = pids.iter().map(|pid| sample(*pid)).collect();
    samples.ok()?.into_iter().reduce(|all, one| Sample {
        cpu: all.cpu + one.cpu,
        resident_kib: all.resident_kib + one.resident_kib,
        resident_kib_most: all.resident_kib_most + one.resident_kib_most,
    })
}

pub(crate) fn own_sample() -> io::Result<Sample> {
    read("self")
}

fn read(process: &str) -> io::Result<Sample> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = || {
        let resident_kib = kib(&status, "VmRSS:")?;
        let resident_kib_most = kib(&status, "VmHWM:")?;
        Some(Sample { cpu: cpu(&stat)?, resident_kib, resident_kib_most })
    };
    found().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unknown form of /proc"))
}

fn cpu(stat: &str) -> Option<Duration> {
    // The name before the last parenthesis may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(USER_TIME_AT);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * (1000 / TICKS_PER_SEC)))
}

fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Raises the limit on open files to `needed`, as far as this process may; the limit then in
/// force, if it is too low.
pub(crate) fn allow_open_files(needed: u64) -> Result<(), u64> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= needed {
        return Ok(());
    }
    let most = limit.maximum.unwrap_or(u64::MAX);
    if most < needed {
        return Err(most);
    }
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|_| current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 8 20 0 1 0 1 1 1";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("42 (a) S 1 2"), None);
        assert_eq!(cpu("nonsense"), None);
    }

    #[test]
    fn resident_memory_is_the_line_with_its_unit() {
        assert_eq!(kib("VmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n", "VmRSS:"), Some(1234));
        assert_eq!(kib("VmRSS:\t 1234 MB\n", "VmRSS:"), None);
        assert_eq!(kib("VmPeak:\t 9 kB\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_can_be_read_and_one_that_is_not_there_cannot() {
        let own = own_sample().unwrap();
        assert!(own.resident_kib > 0 && own.resident_kib_most >= own.resident_kib);
        assert!(sample(std::process::id()).unwrap().cpu >= own.cpu);
        assert!(sample(u32::MAX).is_err());
        let this = std::process::id();
        let both = sample_all(&[this, this]).unwrap();
        assert!(both.resident_kib > own.resident_kib);
        assert_eq!((sample_all(&[]), sample_all(&[this, u32::MAX])), (None, None));
    }

    #[test]
    fn what_is_allowed_already_is_allowed_and_the_impossible_is_not() {
        assert_eq!(allow_open_files(16), Ok(()));
        if getrlimit(Resource::Nofile).maximum.is_some() {
            assert!(allow_open_files(u64::MAX).is_err());
        }
    }
}
