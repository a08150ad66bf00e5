//! A PostgreSQL server.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Watchdog, free_port};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who runs the server when the test runs as root, which PostgreSQL refuses to be.
const USER: &str = "postgres";

/// What a server is started with, beyond what keeps tests apart.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// Settings as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
    /// With a certificate of its own, so that it answers over TLS.
    pub tls: bool,
}

/// A server in a directory of its own, on a port of its own. Its role `postgres` needs no password.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    dir: PathBuf,
    data: PathBuf,
    port: u16,
    options: PostgresOptions,
    running: Mutex<Option<Child>>,
    databases: AtomicU32,
    _watchdog: Watchdog,
}

impl Postgres {
    /// The server that the tests of this process share. It ends with the process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start_new(PostgresOptions::default()))
    }

    /// A server of one's own.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_new(options: PostgresOptions) -> Self {
        let programs = programs();
        let dir = tempfile::Builder::new().prefix("kabar-pg-").tempdir();
        let dir = dir.expect("there is room for a directory").keep();
        let data = dir.join("data");
        let watchdog = Watchdog::over(&dir, &data, &data.join("postmaster.pid"));
        give_away(&dir);
        let port = free_port();
        let server = Self {
            programs,
            dir,
            data,
            port,
            options,
            running: Mutex::new(None),
            databases: AtomicU32::new(0),
            _watchdog: watchdog,
        };
        server.make();
        server.start();
        server
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.dir
    }

    /// The certificate of a server that has one, in PEM.
    pub fn certificate(&self) -> PathBuf {
        self.data.join("server.crt")
    }

    /// Where that database is.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database; says where it is.
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        self.url(&name)
    }

    /// Makes a database like that one; who is still connected to that is cut off. Says where it is.
    pub fn copy_database(&self, template: &str) -> String {
        let others = format!("datname = '{template}' AND pid <> pg_backend_pid()");
        let cut =
            format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}");
        self.sql("postgres", &cut);
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        self.url(&name)
    }

    /// Runs statements with `psql`; says what it wrote, columns apart by `|`.
    ///
    /// # Panics
    /// When a statement fails.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        let output = psql.args(["-c", statements]).output().expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Kills the server and its children with no time to tidy up, and waits until they are gone.
    pub fn kill(&self) {
        let Some(mut server) = self.running().take() else { return };
        let number = server.id();
        // Held still first, so that it starts no children while they are counted.
        signal(number, Signal::STOP);
        let children = children_of(number);
        signal(number, Signal::KILL);
        for child in &children {
            signal(*child, Signal::KILL);
        }
        let _ = server.wait();
        let what = "the children of the server go";
        wait_until(what, || children.iter().all(|child| is_gone(*child)));
    }

    /// Starts the server, which must not be running, on the port that it has.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        let mut running = self.running();
        assert!(running.is_none(), "the server runs already");
        let log = File::options().append(true).create(true).open(self.dir.join("log"));
        let log = log.expect("the directory takes a log");
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(&self.data);
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        *running = Some(postgres.process_group(0).spawn().expect("the server starts"));
        drop(running);
        let mut last = Instant::now();
        wait_until("the server answers", || {
            if last.elapsed() > Duration::from_secs(1) {
                last = Instant::now();
                self.must_run();
            }
            self.accepts()
        });
    }

    /// Holds the server and its children still, as a machine that hangs, until [`Postgres::resume`].
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets a server go on that was held still.
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, what: Signal) {
        if let Some(server) = &*self.running() {
            signal(server.id(), what);
            for child in children_of(server.id()) {
                signal(child, what);
            }
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn must_run(&self) {
        if let Some(server) = &mut *self.running()
            && let Ok(Some(status)) = server.try_wait()
        {
            let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            panic!("the server ended, {status}: {log}");
        }
    }

    /// Whether it takes connections: it answers the question whether it speaks TLS, and has written that it is ready.
    fn accepts(&self) -> bool {
        let status = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        if status.lines().nth(7).is_none_or(|line| line.trim() != "ready") {
            return false;
        }
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
        let mut answer = [0];
        stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).is_ok()
            && stream.read_exact(&mut answer).is_ok()
    }

    fn make(&self) {
        let mut initdb = self.command("initdb");
        initdb.args(["--locale=C", "--encoding=UTF8", "--auth=trust", "--no-sync", "-U", USER]);
        let output = initdb.arg("-D").arg(&self.data).output().expect("initdb runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut lines = vec![
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("port = {}", self.port),
            format!("unix_socket_directories = '{}'", self.dir.display()),
            "max_connections = 300".to_owned(),
            "shared_buffers = 32MB".to_owned(),
            "logging_collector = off".to_owned(),
            // Its own messages are for developers; a test reads them in English.
            "lc_messages = 'C'".to_owned(),
        ];
        if self.options.tls {
            self.make_certificate();
            lines.push("ssl = on".to_owned());
        }
        lines.extend(
            self.options.settings.iter().map(|(name, value)| format!("{name} = '{value}'")),
        );
        let mut file = File::options().append(true).open(self.data.join("postgresql.conf"));
        let file = file.as_mut().expect("initdb made the file");
        file.write_all(lines.join("\n").as_bytes()).expect("the file takes lines");
    }

    fn make_certificate(&self) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-new", "-x509", "-days", "30", "-nodes", "-subj", "/CN=localhost"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        let key = self.data.join("server.key");
        let output = openssl.arg("-out").arg(self.certificate()).arg("-keyout").arg(&key).output();
        let output = output.expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&key, private).expect("the key is ours");
        give_away(&key);
        give_away(&self.certificate());
    }

    /// A program of PostgreSQL, as the user that it wants.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
        command.args([&user, &group, "--init-groups", "--"]).arg(program).current_dir(&self.dir);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The watchdog removes the rest.
        self.kill();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Where the programs of PostgreSQL are: the newest that Debian or the path has.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .filter(|(_, path)| path.join("initdb").exists())
        .max();
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|dir| dir.join("initdb").exists())
    };
    let found = newest.map(|(_, path)| path).or_else(on_path);
    found.expect("PostgreSQL is installed (Debian's package `postgresql`)")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Hands a path to who runs the server.
fn give_away(path: &Path) {
    if is_root() {
        let number = |flag| {
            let output = Command::new("id").args([flag, USER]).output().expect("id runs");
            let text = String::from_utf8_lossy(&output.stdout).trim().parse::<u32>();
            text.expect("the user `postgres` exists")
        };
        chown(path, Some(number("-u")), Some(number("-g"))).expect("root gives files away");
    }
}

fn signal(number: u32, what: Signal) {
    if let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, what);
    }
}

/// The processes that this one started.
fn children_of(number: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|child| parent_of(*child) == Some(number)).collect()
}

fn parent_of(number: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name before it may hold anything, in brackets.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Whether a process has gone, or nothing is left of it but its entry.
fn is_gone(number: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    fs::metadata(format!("/proc/{number}")).map(|dir| dir.uid()).is_err()
        || stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
}
