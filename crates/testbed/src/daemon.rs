//! A server that is one program in a directory of its own.

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Watchdog;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that runs until this is dropped, or the process of the test is gone.
#[derive(Debug)]
pub(crate) struct Daemon {
    dir: PathBuf,
    program: &'static str,
    arguments: Vec<String>,
    ports: Vec<u16>,
    running: Mutex<Option<Child>>,
    _watchdog: Watchdog,
}

impl Daemon {
    /// A directory for a server, which `prepare` fills. The arguments that it returns are those of the program, which
    /// must accept connections on these ports when it has started.
    pub(crate) fn start_new<F>(program: &'static str, ports: Vec<u16>, prepare: F) -> Self
    where
        F: FnOnce(&Path) -> Vec<String>,
    {
        let dir = tempfile::Builder::new().prefix("kabar-daemon-").tempdir();
        let dir = dir.expect("there is room for a directory").keep();
        let watchdog = Watchdog::over(&dir, &dir, &dir.join("number"));
        let arguments = prepare(&dir);
        let running = Mutex::new(None);
        let daemon = Self { dir, program, arguments, ports, running, _watchdog: watchdog };
        daemon.start();
        daemon
    }

    pub(crate) fn start(&self) {
        let mut running = self.running();
        assert!(running.is_none(), "the server runs already");
        let log = File::options().append(true).create(true).open(self.dir.join("log"));
        let log = log.expect("the directory takes a log");
        let mut command = Command::new(found(self.program));
        command.args(&self.arguments).current_dir(&self.dir).env("HOME", &self.dir);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.process_group(0).spawn();
        let child = child.unwrap_or_else(|error| panic!("{}: {error}", self.program));
        fs::write(self.dir.join("number"), child.id().to_string()).expect("the number is written");
        *running = Some(child);
        drop(running);
        let deadline = Instant::now() + PATIENCE;
        while !self.ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
            self.must_run();
            assert!(Instant::now() < deadline, "{} does not answer: {}", self.program, self.log());
            sleep(Duration::from_millis(10));
        }
    }

    /// Where it runs.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Ends the server with no time to tidy up.
    pub(crate) fn kill(&self) {
        let Some(mut child) = self.running().take() else { return };
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Holds the server still, or lets it go on.
    pub(crate) fn signal(&self, what: Signal) {
        if let Some(child) = &*self.running()
            && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        {
            kill_process(pid, what).expect("the server runs");
        }
    }

    /// What the server wrote on its standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn must_run(&self) {
        if let Some(child) = &mut *self.running()
            && let Ok(Some(status)) = child.try_wait()
        {
            panic!("{} ended, {status}: {}", self.program, self.log());
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The watchdog removes the directory.
        self.kill();
    }
}

/// Where a program is: in the path, or where Debian has those for administrators.
fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut paths = std::env::split_paths(&path).chain(more).map(|dir| dir.join(program));
    paths.find(|path| path.is_file()).unwrap_or_else(|| program.into())
}
