//! One file on its way, in each dialect.

use std::io;

use super::content::{Coding, Comparison, Content};
use crate::accounts::Account;
use crate::bytes::{find, printable};
use crate::connection::Connection;
use crate::dialect::{Dialect, text_between};

/// A file that this run sends, and between whom.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) run: u32,
    /// Tells it from the others of this run.
    pub(crate) number: u32,
    pub(crate) size: u64,
    pub(crate) from: Account,
    pub(crate) to: Account,
}

impl Parcel {
    fn name(&self) -> String {
        format!("bench-{:08x}-{}.bin", self.run, self.number)
    }

    fn content(&self, coding: Coding) -> Content {
        Content::new(self.run, self.number, self.size, coding)
    }

    /// The request that sends it, up to its contents.
    fn head(&self, dialect: Dialect) -> String {
        let (name, to, token) = (self.name(), &self.to.name, &self.from.token);
        match dialect {
            Dialect::Line => format!("sendfile {token} {to} {name} "),
            Dialect::Form => {
                format!("file_send session={token}&username={to}&filename={name}&payload=")
            }
            Dialect::Keyword => format!("FILE-SEND-PRIVATE {to} {name} {}\r\n", self.size),
        }
    }

    /// The request that fetches it.
    fn fetch(&self, dialect: Dialect, code: &str) -> String {
        match dialect {
            Dialect::Line => format!("getfile {} {code}\r\n", self.to.token),
            Dialect::Form => {
                format!("file_get session={}&filename={}\n", self.to.token, self.name())
            }
            Dialect::Keyword => format!("FILE-GET-PRIVATE {} {code}\r\n", self.from.name),
        }
    }
}

/// Sends a file; its code, where the server tells it.
pub(crate) async fn upload(connection: &mut Connection, parcel: &Parcel) -> io::Result<String> {
    let dialect = connection.dialect();
    connection.write(parcel.head(dialect).as_bytes()).await?;
    if dialect == Dialect::Keyword {
        let line = connection.line().await?;
        if !line.starts_with(b"ready ") {
            return Err(refused(&line));
        }
    }
    let mut content = parcel.content(Coding::up(dialect));
    while let Some(part) = content.next() {
        connection.write(part).await?;
    }
    if dialect == Dialect::Keyword {
        // An empty line may follow the word that it is ready.
        connection.pass_over(b"\r\n").await?;
    } else {
        connection.write(dialect.line_end()).await?;
    }
    let reply = connection.next_reply().await?;
    if !reply.starts_with(dialect.ok()) {
        return Err(refused(&reply));
    }
    let code = match dialect {
        Dialect::Line => text_between(&reply, b"\"file_code\":\"", b"\""),
        Dialect::Form => Some(&b""[..]),
        Dialect::Keyword => text_between(&reply, b"\r\n", b"\t"),
    };
    let code = code.ok_or_else(|| io::Error::other("a file that was sent has no code"))?;
    Ok(String::from_utf8_lossy(code).into_owned())
}

/// Fetches a file and compares it with what was sent.
pub(crate) async fn download(
    connection: &mut Connection,
    parcel: &Parcel,
    code: &str,
) -> io::Result<()> {
    let dialect = connection.dialect();
    connection.expect_bulk();
    connection.write(parcel.fetch(dialect, code).as_bytes()).await?;
    match dialect {
        Dialect::Line => connection.up_to(b"\"file_content\":\"").await?,
        Dialect::Form => connection.up_to(b"\"payload\":\"").await?,
        Dialect::Keyword => {
            let reply = connection.next_reply().await?;
            if !reply.starts_with(dialect.ok()) {
                return Err(refused(&reply));
            }
        }
    }
    let mut comparison = Comparison::new(parcel.content(Coding::down(dialect)));
    loop {
        let used = comparison.take(connection.unread()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "a file is not what was sent")
        })?;
        connection.consume(used);
        if comparison.is_complete() {
            break;
        }
        connection.fill().await?;
    }
    if dialect != Dialect::Keyword {
        let rest = connection.next_reply().await?;
        if rest.first() != Some(&b'"') {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a file is longer than sent"));
        }
    }
    Ok(())
}

fn refused(reply: &[u8]) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, printable(reply))
}

impl Connection {
    /// The next line, with its end.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = find(self.unread(), b'\n') {
                let line = self.unread()[..=at].to_vec();
                self.consume(at + 1);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    /// Passes over `bytes`, if they are next.
    async fn pass_over(&mut self, bytes: &[u8]) -> io::Result<()> {
        while self.unread().len() < bytes.len() {
            self.fill().await?;
        }
        if self.unread().starts_with(bytes) {
            self.consume(bytes.len());
        }
        Ok(())
    }

    /// Passes over all up to and with `mark`; a reply without it is a refusal.
    async fn up_to(&mut self, mark: &[u8]) -> io::Result<()> {
        loop {
            let at = self.unread().windows(mark.len()).position(|window| window == mark);
            if let Some(at) = at {
                self.consume(at + mark.len());
                return Ok(());
            }
            if let Some(reply) = self.reply() {
                return Err(refused(reply));
            }
            self.fill().await?;
        }
    }
}
