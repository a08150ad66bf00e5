//! A line to a server on this machine that can be cut without anybody being told, as when a cable is pulled.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::PATIENCE;

/// How often a line that is cut looks whether it is mended.
const LOOK: Duration = Duration::from_millis(10);
/// How long nft may take for an answer.
const NFT_WAIT: Duration = Duration::from_secs(10);

/// How a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    /// The kernel drops the packets, both ways, and who comes meanwhile: both ends live by TCP's own repetitions,
    /// timeouts and keepalives.
    Nft,
    /// What is sent is taken, and held until the line is mended.
    Proxy,
}

/// A line to a server.
pub(crate) struct Line {
    /// Where it begins; nobody else's line begins there.
    pub(crate) port: u16,
    state: Arc<State>,
    drops: Mutex<Option<Drops>>,
}

#[derive(Default)]
struct State {
    /// Whether all that comes is held.
    is_cut: AtomicBool,
    /// Both ends of what passes.
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// One to this port of the machine.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let passes = Arc::clone(&state);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let state = Arc::clone(&passes);
                thread::spawn(move || {
                    // Where nobody listens, who comes is sent away.
                    let _ = pass(near, port, &state);
                });
            }
        });
        Self { port: near, state, drops: Mutex::default() }
    }

    /// Nothing passes any more, and nobody is told.
    pub(crate) fn cut(&self, by: Cut) {
        match by {
            Cut::Proxy => self.state.is_cut.store(true, Ordering::SeqCst),
            Cut::Nft => {
                *self.drops.lock().unwrap() = Some(Drops::begin(self.port).expect("nft works"));
            }
        }
    }

    /// All passes again, what was held up first. Tells how many packets the kernel has dropped.
    pub(crate) fn mend(&self) -> u64 {
        self.state.is_cut.store(false, Ordering::SeqCst);
        let drops = self.drops.lock().unwrap().take();
        drops.map_or(0, |mut drops| drops.packets().expect("nft works"))
    }

    /// The same, but for the connections that were there: they end.
    pub(crate) fn reset(&self) -> u64 {
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.mend()
    }
}

impl State {
    fn wait(&self) {
        while self.is_cut.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
        }
    }
}

fn pass(near: TcpStream, port: u16, state: &Arc<State>) -> io::Result<()> {
    state.wait();
    let far = TcpStream::connect(("127.0.0.1", port))?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_out, far_out) = (near.try_clone()?, far.try_clone()?);
    {
        let mut open = state.open.lock().unwrap();
        // Those that are gone have no other end.
        open.retain(|stream| stream.peer_addr().is_ok());
        open.extend([near.try_clone()?, far.try_clone()?]);
    }
    let other = Arc::clone(state);
    let asking = thread::spawn(move || copy(near, far_out, &other));
    copy(far, near_out, state);
    let _ = asking.join();
    Ok(())
}

/// Copies until one side ends, and waits while the line is cut.
fn copy(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        state.wait();
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    // The end, too, passes only a line that is well.
    state.wait();
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// A table of the kernel's that drops all packets from and to a port of this machine, while this lives.
///
/// The table belongs to the `nft` that made it, which ends when its input does: it cannot outlive this process, however
/// that ends.
struct Drops {
    nft: Child,
    asks: ChildStdin,
    /// Lines of its answers, and of what it complains of.
    says: Receiver<Result<String, String>>,
    table: String,
}

impl Drops {
    fn begin(port: u16) -> io::Result<Self> {
        let mut command = Command::new("nft");
        command.arg("-i").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut nft = command.spawn()?;
        let (tell, says) = mpsc::channel();
        let asks = nft.stdin.take().expect("it is piped");
        listen(nft.stdout.take().expect("it is piped"), tell.clone(), Ok);
        listen(nft.stderr.take().expect("it is piped"), tell, Err);
        let table = format!("kabar_{}_{port}", std::process::id());
        let mut drops = Self { nft, asks, says, table };
        let table = &drops.table;
        // Dropped where they arrive: who sends is told of what is dropped where it leaves.
        let rules = format!(
            "add table inet {table} {{ flags owner; }}\n\
             add chain inet {table} cut {{ type filter hook input priority 0; }}\n\
             add rule inet {table} cut iif lo tcp dport {port} counter drop\n\
             add rule inet {table} cut iif lo tcp sport {port} counter drop\n"
        );
        drops.asks.write_all(rules.as_bytes())?;
        let told = drops.list()?;
        let has = |what: &str| told.iter().filter(|line| line.contains(what)).count();
        if has("flags owner") != 1 || has(" drop") != 2 {
            return Err(io::Error::other(format!("nft has not made the table: {told:?}")));
        }
        Ok(drops)
    }

    /// The table as it stands.
    fn list(&mut self) -> io::Result<Vec<String>> {
        writeln!(self.asks, "list table inet {}", self.table)?;
        let mut told = Vec::new();
        while told.last().is_none_or(|line| line != "}") {
            let line = self.says.recv_timeout(NFT_WAIT).map_err(io::Error::other)?;
            told.push(line.map_err(io::Error::other)?);
        }
        Ok(told)
    }

    /// How many it has dropped.
    fn packets(&mut self) -> io::Result<u64> {
        let rules = self.list()?;
        let counts = rules.iter().filter_map(|rule| {
            let (_, count) = rule.split_once("counter packets ")?;
            count.split(' ').next()?.parse::<u64>().ok()
        });
        Ok(counts.sum())
    }
}

impl Drop for Drops {
    fn drop(&mut self) {
        // The table is gone when this process is.
        let _ = (self.nft.kill(), self.nft.wait());
    }
}

fn listen(
    from: impl Read + Send + 'static,
    tell: Sender<Result<String, String>>,
    kind: fn(String) -> Result<String, String>,
) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = tell.send(kind(line));
        }
    });
}

/// The two ways that lines are cut here: the same one twice where nft is not allowed. Says which.
pub(crate) fn ways() -> [Cut; 2] {
    // A port of one's own, so that nobody is hit.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let Err(why) = Drops::begin(free.local_addr().unwrap().port()) else {
        println!("cuts: by nft, and by a proxy that goes silent");
        return [Cut::Nft, Cut::Proxy];
    };
    let is_demanded = std::env::var_os("KABAR_CLUSTER_NFT").is_some();
    assert!(!is_demanded, "KABAR_CLUSTER_NFT is set, and nft does not work here: {why}");
    println!("cuts: by a proxy that goes silent, for nft does not work here: {why}");
    [Cut::Proxy; 2]
}

/// Panics where a line that is cut carries anything before it is mended, or does not afterwards.
pub(crate) fn check(by: Cut) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = Line::to(server.local_addr().unwrap().port());
    let mut near = TcpStream::connect(("127.0.0.1", line.port)).unwrap();
    let (mut far, _) = server.accept().unwrap();
    near.write_all(b"a").unwrap();
    far.read_exact(&mut [0]).unwrap();

    line.cut(by);
    near.write_all(b"b").unwrap();
    far.write_all(b"c").unwrap();
    for end in [&mut near, &mut far] {
        end.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let error = end.read(&mut [0]).expect_err("a line that is cut");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "by {by:?}");
        end.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let dropped = line.mend();
    assert_eq!(dropped > 0, by == Cut::Nft, "{dropped} packets by {by:?}");
    for (end, sent) in [(&mut near, b'c'), (&mut far, b'b')] {
        let mut came = [0];
        end.read_exact(&mut came).unwrap();
        assert_eq!(came, [sent], "by {by:?}");
    }
}
