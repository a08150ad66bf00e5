//! Three nodes of one realm on this machine, and what they stand on, for as long as this runs: to try out what many
//! nodes are like. `cargo xtask cluster` builds the program and starts this.
//!
//! PostgreSQL, NATS and the object store are those of the tests: everything is gone at the end. A node that ends is
//! started again after some seconds, as a service manager would. With `--free-ports` nodes listen at any that are free.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kabar_testbed::{Nats, Objects, Postgres, PostgresOptions, Watchdog};

/// Nodes of the realm.
const NODES: u16 = 3;

/// What a node listens for. Node 1 does so at the port after each of these.
const PORTS: [(&str, u16); 3] = [("auto", 7100), ("keyword", 7110), ("form", 7120)];

/// A node that ended is gone for so long.
const AWAY: Duration = Duration::from_secs(8);

/// How long a node may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all nodes stand on.
struct Ground {
    _postgres: Postgres,
    nats: Nats,
    objects: Objects,
    database: String,
}

/// A node in a directory of its own.
struct Node {
    number: u16,
    /// In the order of [`PORTS`]; 0 until one is found.
    ports: [u16; 3],
    dir: PathBuf,
    running: Child,
    /// When it was found gone.
    gone: Option<Instant>,
    /// Ends it with this program, however that goes.
    _watchdog: Watchdog,
}

fn main() -> Result<()> {
    let program = program()?;
    let wants_free_ports = std::env::args().any(|argument| argument == "--free-ports");
    let ports = |node| PORTS.map(|(_, base)| if wants_free_ports { 0 } else { base + node });
    for port in (1..=NODES).flat_map(ports) {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            bail!("something listens at 127.0.0.1:{port} already; end it first");
        }
    }
    println!("PostgreSQL, NATS and an object store are started …");
    let postgres = Postgres::start_new(PostgresOptions::default());
    let database = postgres.new_database();
    let (nats, objects) = (Nats::start_new(), Objects::start_new());
    let ground = Ground { _postgres: postgres, nats, objects, database };
    let mut nodes = Vec::new();
    for number in 1..=NODES {
        nodes.push(Node::start(number, ports(number), &program, &ground)?);
    }
    println!("{}", told(&nodes, &ground));
    loop {
        for node in &mut nodes {
            node.look_after(&program, &ground)?;
        }
        sleep(Duration::from_millis(200));
    }
}

/// The server's program, beside which this one was built.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(Path::parent).context("this program lies in `examples`")?;
    let program = built.join("kabar");
    if !program.is_file() {
        bail!("{} is missing; `cargo xtask cluster` builds it", program.display());
    }
    Ok(program)
}

/// What a person needs to know to begin.
fn told(nodes: &[Node], ground: &Ground) -> String {
    let mut lines = vec![String::new()];
    for Node { number, ports: [http, keyword, form], running, .. } in nodes {
        let pid = running.id();
        lines.push(format!(
            "node {number}  http://127.0.0.1:{http} (dialect line, too)  keyword 127.0.0.1:{keyword}  form 127.0.0.1:{form}  \
             pid {pid}"
        ));
    }
    let link = nodes.iter().find_map(|node| fs::read_to_string(node.dir.join("setup-link")).ok());
    lines.extend([
        format!("PostgreSQL  {}", ground.database),
        format!("NATS        {}", ground.nats.url()),
        format!("objects     {}", ground.objects.endpoint()),
        String::new(),
        format!("the first administrator: {}", link.as_deref().unwrap_or("").trim()),
        String::new(),
        format!(
            "kill -9 a node and see what its people notice; it comes back after {} s. Ctrl-C ends everything, and \
             nothing is kept.",
            AWAY.as_secs()
        ),
    ]);
    lines.join("\n")
}

impl Node {
    fn start(number: u16, ports: [u16; 3], program: &Path, ground: &Ground) -> Result<Self> {
        let prefix = format!("kabar-node-{number}-");
        let dir = tempfile::Builder::new().prefix(&prefix).tempdir()?.keep();
        let watchdog = Watchdog::over(&dir, &dir, &dir.join("number"));
        let (running, ports) = run(number, ports, &dir, program, ground)?;
        Ok(Self { number, ports, dir, running, gone: None, _watchdog: watchdog })
    }

    /// Starts it again a while after it ended.
    fn look_after(&mut self, program: &Path, ground: &Ground) -> Result<()> {
        let number = self.number;
        match self.gone {
            None => {
                if let Some(status) = self.running.try_wait()? {
                    println!("node {number} has ended ({status})");
                    self.gone = Some(Instant::now());
                }
            }
            Some(since) if since.elapsed() > AWAY => {
                (self.running, self.ports) = run(number, self.ports, &self.dir, program, ground)?;
                self.gone = None;
                println!("node {number} is back, pid {}", self.running.id());
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// Starts a node and waits until it answers; where it listens.
fn run(
    number: u16,
    ports: [u16; 3],
    dir: &Path,
    program: &Path,
    ground: &Ground,
) -> Result<(Child, [u16; 3])> {
    let file = dir.join("log");
    let log = fs::File::options().append(true).create(true).open(&file)?;
    let said_before = usize::try_from(log.metadata()?.len())?;
    let mut command = Command::new(program);
    command.args(["serve", "--realm", "kampus", "--data"]).arg(dir);
    for ((dialect, _), port) in PORTS.iter().zip(ports) {
        command.arg("--listen").arg(format!("127.0.0.1:{port}/{dialect}"));
    }
    command
        .env("KABAR_STORAGE__POSTGRES", &ground.database)
        .env("KABAR_STORAGE__FILES", format!("s3://{}/kampus", Objects::BUCKET))
        .env("KABAR_STORAGE__FILES_ENDPOINT", ground.objects.endpoint())
        .env("KABAR_NODES__NATS", ground.nats.url())
        .env("AWS_ACCESS_KEY_ID", Objects::KEY)
        .env("AWS_SECRET_ACCESS_KEY", Objects::SECRET);
    command.current_dir(dir).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // In a group of its own: Ctrl-C is for this program, and the watchdog ends the node.
    let mut running = command.process_group(0).spawn()?;
    fs::write(dir.join("number"), running.id().to_string())?;
    let began = Instant::now();
    loop {
        let said = fs::read_to_string(&file).unwrap_or_default();
        let said = said.get(said_before..).unwrap_or_default();
        if said.lines().any(|line| line.starts_with("ready ")) {
            let [http, keyword, form] = PORTS.map(|(dialect, _)| listens_at(said, dialect));
            let found = http.zip(keyword).zip(form).context("a node says where it listens")?;
            return Ok((running, [found.0.0, found.0.1, found.1]));
        }
        if running.try_wait()?.is_some() || began.elapsed() > PATIENCE {
            bail!("node {number} does not start:\n{said}");
        }
        sleep(Duration::from_millis(20));
    }
}

/// The port of `listening 127.0.0.1:PORT DIALECT`.
fn listens_at(said: &str, dialect: &str) -> Option<u16> {
    let listening = said.lines().filter_map(|line| line.strip_prefix("listening "));
    let mut places = listening.filter_map(|line| line.split_once(' '));
    let (address, _) = places.find(|(_, spoken)| *spoken == dialect)?;
    address.rsplit(':').next()?.parse().ok()
}
