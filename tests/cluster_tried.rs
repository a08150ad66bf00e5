//! What `cargo xtask cluster` starts, as somebody tries it: written at one node and read at another, a node killed and
//! back, everything gone at the end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use support::client::texts_from;
use support::program::{Ended, KABAR};
use support::{Client, eventually};

/// What it says of a node.
struct Node {
    address: SocketAddr,
    pid: Pid,
}

impl Node {
    /// `node N  http://ADDRESS (dialect line, too) …  pid PID`
    fn told(line: &str) -> Option<Self> {
        let (_, http) = line.strip_prefix("node ")?.split_once("http://")?;
        let address = http.split(' ').next()?.parse().ok()?;
        Some(Self { address, pid: pid_in(line)? })
    }
}

fn pid_in(line: &str) -> Option<Pid> {
    Pid::from_raw(line.rsplit_once("pid ")?.1.parse().ok()?)
}

fn says(lines: &mut Lines<BufReader<ChildStdout>>, what: &str) -> String {
    loop {
        let line = lines.next().unwrap_or_else(|| panic!("it ends before it says `{what}`"));
        let line = line.unwrap();
        if line.contains(what) {
            return line;
        }
    }
}

#[test]
fn three_nodes_to_try_are_one_realm_and_leave_nothing_behind() {
    let built = Path::new(KABAR).parent().unwrap();
    let program = built.join("examples/cluster");
    assert!(program.is_file(), "`cargo build -p kabar-testbed --examples` builds what this tests");
    let mut command = Command::new(program);
    command.arg("--free-ports").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Ended(command.spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let nodes = ["node 1", "node 2", "node 3"].map(|n| Node::told(&says(&mut lines, n)).unwrap());
    assert!(says(&mut lines, "the first administrator: ").contains("http://"));
    says(&mut lines, "kill -9");

    let (mut ana, _) = Client::register(nodes[0].address, "ana");
    let (mut budi, _) = Client::register(nodes[2].address, "budi");
    ana.must("send budi satu");
    assert_eq!(texts_from(&budi.must("inbox"), "ana"), ["satu"]);
    kill_process(nodes[1].pid, Signal::KILL).unwrap();
    says(&mut lines, "node 2 has ended");
    ana.must("send budi dua");
    assert_eq!(texts_from(&budi.must("inbox"), "ana"), ["dua"]);
    let again = pid_in(&says(&mut lines, "node 2 is back")).unwrap();
    budi.must("send ana tiga");
    let (mut ana, _) = Client::login(nodes[1].address, "ana", "rahasia");
    assert_eq!(texts_from(&ana.must("inbox"), "budi"), ["tiga"]);

    kill_process(Pid::from_child(&running.0), Signal::INT).unwrap();
    running.wait();
    for pid in [nodes[0].pid, again, nodes[2].pid] {
        eventually("no node is left", || test_kill_process(pid).err());
    }
}
