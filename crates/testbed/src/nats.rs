//! A NATS server.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::daemon::Daemon;
use crate::{free_port, make_certificate};

/// Whom a server lets in.
#[derive(Clone, Copy, Debug, Default)]
pub enum NatsLogin {
    /// Everybody.
    #[default]
    None,
    /// Who knows this name and password.
    User(&'static str, &'static str),
    /// Who knows this token.
    Token(&'static str),
    /// Everybody, over TLS alone.
    Encrypted,
}

/// A server on a port of its own.
#[derive(Debug)]
pub struct Nats {
    port: u16,
    daemon: Daemon,
}

impl Nats {
    /// A server that lets everybody in.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_new() -> Self {
        Self::start_with(NatsLogin::None)
    }

    /// A server that lets in who has this login.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with(login: NatsLogin) -> Self {
        let port = free_port();
        let daemon = Daemon::start_new("nats-server", vec![port], |dir| {
            let mut lines = vec![format!("listen: \"127.0.0.1:{port}\"")];
            match login {
                NatsLogin::None => {}
                NatsLogin::User(user, password) => {
                    lines.push(format!(
                        "authorization {{ user: {user:?}, password: {password:?} }}"
                    ));
                }
                NatsLogin::Token(token) => {
                    lines.push(format!("authorization {{ token: {token:?} }}"));
                }
                NatsLogin::Encrypted => {
                    make_certificate(dir, &["localhost"]);
                    let files = "cert_file: \"certificate.pem\", key_file: \"key.pem\"";
                    lines.push(format!("tls {{ {files} }}"));
                }
            }
            let file = dir.join("nats.conf");
            fs::write(&file, lines.join("\n")).expect("the directory takes a file");
            vec!["-c".to_owned(), file.display().to_string()]
        });
        Self { port, daemon }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, for a program.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The certificate of an encrypted server, for who shall trust it.
    pub fn certificate(&self) -> PathBuf {
        self.daemon.dir().join("certificate.pem")
    }

    /// Kills the server.
    pub fn kill(&self) {
        self.daemon.kill();
    }

    /// Starts the server, which must not be running, on the port that it has.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        self.daemon.start();
    }

    /// Holds the server still, as a machine that hangs, until [`Nats::resume`].
    ///
    /// # Panics
    /// When it does not run.
    pub fn pause(&self) {
        self.daemon.signal(Signal::STOP);
    }

    /// Lets a server go on that was held still.
    ///
    /// # Panics
    /// When it does not run.
    pub fn resume(&self) {
        self.daemon.signal(Signal::CONT);
    }
}
