//! The examples of `deploy/`: nginx and Caddy are started with these very files, ports and paths put in, and a server is
//! talked to through them. Two of the three nodes that they name are not there.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use kabar_testbed::{Proxy, free_port, make_certificate};
use serde_json::{Value, json};
use support::program::KABAR;
use support::{Client, PATIENCE, Server, eventually};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The name that the examples are for.
const HOST: &str = "chat.example.org";

/// A file larger than what nginx lets through unless it is told.
const FILE_BYTES: usize = 3_000_000;

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Puts something in place of what an example says, which must say it.
fn put(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the example does not say {old:?}");
    text.replace(old, new)
}

/// Everything here stays on this machine, and on its IPv4 side.
fn without_ipv6(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.contains("[::]")).collect()
}

/// A server that trusts its proxy, and the certificate of that.
struct World {
    server: Server,
    dir: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl World {
    fn new() -> Self {
        let variables = [("KABAR_WEB__HOSTS", HOST), ("KABAR_WEB__TRUSTED_PROXIES", "127.0.0.1")];
        let server = Server::demo_with(&["auto"], &variables);
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = make_certificate(dir.path(), &[HOST]);
        Self { server, dir, certificate, key }
    }

    /// The nodes of an example: one that is there, two that are not.
    fn nodes(&self, text: &str) -> String {
        let mut text = put(text, "192.0.2.11:8889", &self.server.address().to_string());
        for node in ["192.0.2.12:8889", "192.0.2.13:8889"] {
            text = put(&text, node, &format!("127.0.0.1:{}", free_port()));
        }
        text
    }

    fn certificates(&self, text: &str) -> String {
        let at = "/etc/ssl/chat.example.org";
        let text = put(text, &format!("{at}/fullchain.pem"), self.certificate.to_str().unwrap());
        put(&text, &format!("{at}/privkey.pem"), self.key.to_str().unwrap())
    }

    fn secure(&self, port: u16) -> Secure {
        let pem = fs::read(&self.certificate).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Secure { port, config: Arc::new(config) }
    }
}

/// Somebody who comes over TLS.
struct Secure {
    port: u16,
    config: Arc<ClientConfig>,
}

type Line = StreamOwned<ClientConnection, TcpStream>;

impl Secure {
    fn connect(&self) -> Line {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::clone(&self.config), name).unwrap(), stream)
    }

    /// The head and the body of the answer.
    fn ask(&self, request: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut line = self.connect();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {HOST}:{}\r\nConnection: close\r\n{headers}\
             Content-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        line.write_all(head.as_bytes()).unwrap();
        line.write_all(body).unwrap();
        let mut answer = Vec::new();
        match line.read_to_end(&mut answer) {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => panic!("{request}: {error}"),
            _ => {}
        }
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
    }

    /// Asks the API what must succeed.
    fn must(&self, request: &str, headers: &str, body: &[u8]) -> Value {
        let (head, body) = self.ask(request, headers, body);
        assert!(head.starts_with("HTTP/1.1 2"), "{request}: {head}");
        // It may have come in chunks, with their lengths around it.
        let text = String::from_utf8(body).unwrap();
        let (start, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
        serde_json::from_str(&text[start..=end]).unwrap()
    }

    /// Page, API, a large file, events: what people do through a proxy.
    fn does_all(&self, text_dialect: SocketAddr) {
        // Whichever node a session belongs to, the one that is there answers.
        for session in 0..20 {
            let (head, body) = self.ask("GET /", &format!("Cookie: s={session}\r\n"), b"");
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            assert!(String::from_utf8_lossy(&body).contains("kabar"), "{head}");
        }
        let (head, body) = self.ask("GET /readyz", "", b"");
        assert!(head.starts_with("HTTP/1.1 200") && body.starts_with(b"ready"), "{head}");

        let json = "Content-Type: application/json\r\n";
        let login = json!({"username": "messi", "password": "surabaya"}).to_string();
        let said = self.must("POST /api/v1/sessions", json, login.as_bytes());
        let signed = format!("Authorization: Bearer {}\r\n", said["token"].as_str().unwrap());
        let with_json = format!("{signed}{json}");

        let announced = json!({"name": "a.bin", "size": FILE_BYTES}).to_string();
        let upload = self.must("POST /api/v1/uploads", &with_json, announced.as_bytes());
        let path = format!("PATCH /api/v1/uploads/{}", upload["id"].as_str().unwrap());
        let pieces =
            format!("{signed}Upload-Offset: 0\r\nContent-Type: application/octet-stream\r\n");
        let (head, _) = self.ask(&path, &pieces, &vec![7; FILE_BYTES]);
        assert!(head.starts_with("HTTP/1.1 2"), "{head}");

        let mut events = self.events(&signed);
        let (mut henderson, _) = Client::login(text_dialect, "henderson", "surabaya");
        let reply = henderson.ask("send messi halo lewat proksi");
        assert_eq!(reply["status"], "OK", "{reply}");
        eventually("the event arrives", || {
            String::from_utf8(frame(&mut events)).ok()?.contains("halo lewat proksi").then_some(())
        });

        // That the way is encrypted, kabar knows from the proxy alone.
        let login = json!({"username": "izza", "password": "surabaya", "cookie": true}).to_string();
        let (head, _) = self.ask("POST /api/v1/sessions", json, login.as_bytes());
        let cookie = head.lines().find_map(|line| line.split_once("__Host-kabar_session="));
        let cookie = cookie.unwrap_or_else(|| panic!("{head}")).1.split(';').next().unwrap();

        // Another site's page is told from our own by the name and port that the proxy passes on.
        for (port, is_own) in [(self.port, true), (self.port ^ 1, false)] {
            let mut line = self.connect();
            let asked = format!("GET /api/v1/events HTTP/1.1\r\nHost: {HOST}:{}\r\n", self.port);
            let page = format!(
                "Cookie: __Host-kabar_session={cookie}\r\nOrigin: https://{HOST}:{port}\r\n"
            );
            line.write_all(format!("{asked}{page}{HANDSHAKE}\r\n").as_bytes()).unwrap();
            assert_eq!(answered(&mut line).starts_with("HTTP/1.1 101"), is_own, "{port}");
        }
    }

    fn events(&self, signed: &str) -> Line {
        let mut line = self.connect();
        let asked = format!("GET /api/v1/events HTTP/1.1\r\nHost: {HOST}:{}\r\n", self.port);
        line.write_all(format!("{asked}{signed}{HANDSHAKE}\r\n").as_bytes()).unwrap();
        let head = answered(&mut line);
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        line
    }
}

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn answered(line: &mut Line) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        line.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// What the next frame carries (RFC 6455, 5.2; a server does not mask).
fn frame(line: &mut Line) -> Vec<u8> {
    let mut start = [0; 2];
    line.read_exact(&mut start).unwrap();
    let length = match start[1] {
        126 => {
            let mut length = [0; 2];
            line.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        127 => panic!("no event is that long"),
        short => usize::from(short),
    };
    let mut carried = vec![0; length];
    line.read_exact(&mut carried).unwrap();
    carried
}

#[test]
fn everything_goes_through_nginx() {
    let world = World::new();
    let [plain, https, text, text_tls] = [free_port(), free_port(), free_port(), free_port()];
    let http = without_ipv6(&world.certificates(&world.nodes(&example("nginx/kabar.conf"))));
    let http = put(&http, "listen 80;", &format!("listen 127.0.0.1:{plain};"));
    let http = put(&http, "listen 443 ssl", &format!("listen 127.0.0.1:{https} ssl"));
    let stream = world.certificates(&world.nodes(&example("nginx/kabar-stream.conf")));
    let stream = without_ipv6(&stream);
    let stream = put(&stream, "listen 8889 ", &format!("listen 127.0.0.1:{text} "));
    let stream = put(&stream, "listen 8443 ssl", &format!("listen 127.0.0.1:{text_tls} ssl"));
    let _nginx = Proxy::nginx(&http, &stream, &[plain, https, text, text_tls]);

    let mut redirected = Client::connect(SocketAddr::from(([127, 0, 0, 1], plain)));
    redirected.write(
        format!("GET /app HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes(),
    );
    let answer = String::from_utf8(redirected.hear_bytes()).unwrap();
    assert!(answer.contains(&format!("Location: https://{HOST}/app\r\n")), "{answer}");

    world.secure(https).does_all(SocketAddr::from(([127, 0, 0, 1], text)));

    let mut line = world.secure(text_tls).connect();
    line.write_all(b"auth messi surabaya\r\n").unwrap();
    let reply = answered(&mut line);
    assert!(reply.contains("\"status\":\"OK\""), "{reply}");
}

#[test]
fn everything_goes_through_caddy() {
    let world = World::new();
    let https = free_port();
    let text = world.nodes(&example("caddy/Caddyfile"));
    let (certificate, key) = (world.certificate.display(), world.key.display());
    let at = world.dir.path().display();
    let site = format!(
        "{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {at}\n}}\n\
         https://{HOST}:{https} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n"
    );
    let text = put(&text, &format!("\n{HOST} {{\n"), &format!("\n{site}"));
    let _caddy = Proxy::caddy(&text, &[https]);
    world.secure(https).does_all(world.server.address());
}

/// The variables with settings in the compose file, with a value in place of what is asked for.
fn variables(compose: &str) -> Vec<(String, String)> {
    let rows = compose.lines().filter_map(|line| line.trim().split_once(": "));
    let settings = rows.filter(|(name, _)| name.starts_with("KABAR_") && name.contains("__"));
    let value = |text: &str| {
        let mut text = text.trim_matches('"').to_owned();
        while let Some((before, rest)) = text.split_once("${") {
            let (inner, after) = rest.split_once('}').unwrap();
            let default = inner.split_once(":-").map_or("example", |(_, default)| default);
            text = format!("{before}{default}{after}");
        }
        text
    };
    settings.map(|(name, text)| (name.to_owned(), value(text))).collect()
}

#[test]
fn the_compose_file_is_understood_and_sets_what_there_is_to_set() {
    let compose = example("compose/compose.yaml");
    let variables = variables(&compose);
    assert!(variables.len() > 8, "{variables:?}");
    let dir = tempfile::tempdir().unwrap();
    let checked = Command::new(KABAR)
        .args(["config", "check", "--data", dir.path().to_str().unwrap()])
        .envs(variables)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/compose");
    let mut docker = Command::new("docker");
    docker.args(["compose", "--env-file", ".env.example", "config", "--quiet"]).current_dir(&path);
    let compose_is_there = Command::new("docker").args(["compose", "version"]).output();
    let mut check = if compose_is_there.is_ok_and(|output| output.status.success()) {
        docker
    } else {
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-c", "import yaml; yaml.safe_load(open('compose.yaml'))"]).current_dir(&path);
        python
    };
    let checked = check.output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    // Every password that it asks for is in the example.
    let example = example("compose/.env.example");
    for asked in compose.split("${").skip(1).filter(|rest| rest.contains(":?")) {
        let name = asked.split([':', '}']).next().unwrap();
        if asked.starts_with(&format!("{name}:?")) {
            assert!(example.contains(&format!("\n{name}=")), "{name}");
        }
    }
}

#[test]
fn the_unit_is_one_that_systemd_understands() {
    let unit = put(&example("systemd/kabar.service"), "/usr/local/bin/kabar", "/bin/true");
    let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    assert!(stop.parse::<u32>().unwrap() > 60, "longer than a drain and a stop");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kabar.service");
    fs::write(&path, unit).unwrap();
    // Not every system has it.
    if let Ok(said) =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(path).output()
    {
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(!said.contains("kabar.service"), "{said}");
    }
}
