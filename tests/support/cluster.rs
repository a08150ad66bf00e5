//! A realm on several nodes: PostgreSQL, NATS and an object store of a test's own, and real servers on them.

use std::net::SocketAddr;

use kabar_testbed::{Nats, Objects, Postgres, PostgresOptions};
use tempfile::TempDir;

use super::line::Line;
use super::{Client, Server};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "surabaya";
/// What each node listens for.
const LISTEN: [&str; 4] =
    ["127.0.0.1:0", "127.0.0.1:0/form", "127.0.0.1:0/keyword", "127.0.0.1:0/line-en"];

/// Nodes of one realm, counted from 0, and what they stand on.
pub(crate) struct Cluster {
    // Before what they need, so that they are gone first.
    nodes: Vec<Node>,
    /// A server of one's own, so that it can be killed.
    own: Option<Postgres>,
    pub(crate) nats: Nats,
    pub(crate) objects: Objects,
    settings: Vec<(String, String)>,
}

struct Node {
    server: Option<Server>,
    data: TempDir,
    to_database: Line,
    to_nats: Line,
    database: String,
}

impl Cluster {
    /// Nodes with a database of their own on the server that the tests of a process share.
    pub(crate) fn start(nodes: usize) -> Self {
        Self::start_with(nodes, &[])
    }

    /// The same with these settings.
    pub(crate) fn start_with(nodes: usize, settings: &[(&str, &str)]) -> Self {
        let postgres = Postgres::shared();
        Self::make(nodes, &postgres.new_database(), postgres.port(), None, settings)
    }

    /// Nodes with a database server that can be killed.
    pub(crate) fn start_whole(nodes: usize) -> Self {
        let postgres = Postgres::start_new(PostgresOptions::default());
        let (database, port) = (postgres.new_database(), postgres.port());
        Self::make(nodes, &database, port, Some(postgres), &[])
    }

    fn make(
        count: usize,
        database: &str,
        port: u16,
        own: Option<Postgres>,
        settings: &[(&str, &str)],
    ) -> Self {
        let (nats, objects) = (Nats::start_new(), Objects::start_new());
        let node = || {
            let to_database = Line::to(port);
            let database = database
                .replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", to_database.port));
            let (data, to_nats) = (tempfile::tempdir().unwrap(), Line::to(nats.port()));
            Node { server: None, data, to_database, to_nats, database }
        };
        let nodes = (0..count).map(|_| node()).collect();
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut cluster = Self { nodes, own, nats, objects, settings };
        (0..count).for_each(|n| cluster.start_node(n));
        cluster
    }

    /// Starts a node, which must not be running, on its data directory. It listens on other ports than before.
    pub(crate) fn start_node(&mut self, n: usize) {
        let endpoint = self.objects.endpoint();
        let files = format!("s3://{}/kabar", Objects::BUCKET);
        let node = &mut self.nodes[n];
        assert!(node.server.is_none(), "node {n} runs already");
        let nats = format!("nats://127.0.0.1:{}", node.to_nats.port);
        let mut variables = vec![
            ("KABAR_STORAGE__POSTGRES", node.database.as_str()),
            ("KABAR_STORAGE__FILES", &files),
            ("KABAR_STORAGE__FILES_ENDPOINT", &endpoint),
            ("AWS_ACCESS_KEY_ID", Objects::KEY),
            ("AWS_SECRET_ACCESS_KEY", Objects::SECRET),
            ("KABAR_NODES__NATS", &nats),
        ];
        variables.extend(self.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let mut args = vec!["--realm", "kota", "--data", node.data.path().to_str().unwrap()];
        for listen in &LISTEN {
            args.extend(["--listen", listen]);
        }
        node.server = Some(Server::with(&args, &variables));
    }

    /// Kills a node, as a machine that loses its power.
    pub(crate) fn kill_node(&mut self, n: usize) {
        self.nodes[n].server.take().expect("the node runs").kill();
    }

    /// The server of a node that runs.
    pub(crate) fn node(&self, n: usize) -> &Server {
        self.nodes[n].server.as_ref().expect("the node runs")
    }

    /// Whether a node runs: one that cannot know what became of a commit ends itself.
    pub(crate) fn runs(&mut self, n: usize) -> bool {
        self.nodes[n].server.as_mut().is_some_and(Server::runs)
    }

    /// Takes note of a node that has ended by itself.
    pub(crate) fn bury(&mut self, n: usize) {
        self.nodes[n].server = None;
    }

    /// Where a node listens, for HTTP and dialect line.
    pub(crate) fn address(&self, n: usize) -> SocketAddr {
        self.node(n).address()
    }

    /// Where a node listens for a dialect.
    pub(crate) fn speaking(&self, n: usize, dialect: &str) -> SocketAddr {
        self.node(n).speaking(dialect)
    }

    /// The data directory of a node.
    pub(crate) fn data(&self, n: usize) -> &std::path::Path {
        self.nodes[n].data.path()
    }

    /// The line from a node to the database.
    pub(crate) fn to_database(&self, n: usize) -> &Line {
        &self.nodes[n].to_database
    }

    /// The line from a node to NATS.
    pub(crate) fn to_nats(&self, n: usize) -> &Line {
        &self.nodes[n].to_nats
    }

    /// The database server, where the cluster has one of its own.
    pub(crate) fn database(&self) -> &Postgres {
        self.own.as_ref().expect("the cluster has a database server of its own")
    }

    /// Makes an account on a node; the token of its first session.
    #[track_caller]
    pub(crate) fn register(&self, n: usize, user: &str) -> String {
        let mut client = Client::connect(self.address(n));
        let reply = client.must(&format!("register {user} {PASSWORD} Indonesia {user}"));
        reply["tokenid"].as_str().unwrap().to_owned()
    }
}
