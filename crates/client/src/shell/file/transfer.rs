//! A transfer in requests and replies of text. It has a connection of its own: whatever becomes of it,
//! the conversation goes on.

use std::io::Read;
use std::net::{Shutdown, TcpStream};

use super::Failure;
use super::content::{self, Writing};
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::progress::Progress;
use super::scan::Scan;
use crate::shell::connection::ticking::{self, TICK};
use crate::shell::connection::{READ_BYTES, Unreachable, open};
use crate::shell::console::Console;
use crate::shell::reply::Reply;
use crate::shell::terminal::cancel::Cancel;
use crate::shell::url::Address;

/// How much is read after a transfer, at most so often.
const LAST_BYTES: usize = 64;
const LAST_READS: usize = 4;

/// The request before the contents, and after them.
pub(in crate::shell) struct Around {
    pub(in crate::shell) before: String,
    pub(in crate::shell) after: &'static str,
}

/// Sends a file in the middle of a request and returns the reply to it.
pub(in crate::shell) fn send(
    address: &Address,
    console: &Console,
    mut file: Outgoing,
    writing: Writing,
    around: &Around,
) -> Result<Reply, Failure> {
    let _transferring = console.cancel.begin();
    let progress = Progress::start(console.bars, &file.name, Some(file.size));
    let wire = Wire::open(address, console.cancel.clone())?;
    let sent = send_whole(&wire, &mut file, writing, around, &progress);
    // A server that does not want the file may have said why before it stopped listening.
    let reply = match sent {
        Ok(()) => wire.reply(),
        Err(Failure::Lost(why)) => wire.reply().map_err(|_| Failure::Lost(why)),
        Err(other) => Err(other),
    }?;
    if reply.is_ok() { Ok(reply) } else { Err(Failure::Refused(reply)) }
}

fn send_whole(
    wire: &Wire,
    file: &mut Outgoing,
    writing: Writing,
    around: &Around,
    progress: &Progress,
) -> Result<(), Failure> {
    wire.send(around.before.as_bytes())?;
    loop {
        let piece = file.piece()?;
        if piece.is_empty() {
            return wire.send(around.after.as_bytes());
        }
        wire.send(content::encode(&piece, writing).as_bytes())?;
        progress.more(piece.len());
    }
}

/// Makes a request whose reply has a file in `field`, saves that, and returns the name it got. The
/// server names the file in the first of `names` that it knows, else it is called `asked`.
pub(in crate::shell) fn fetch(
    address: &Address,
    console: &mut Console,
    request: &str,
    field: &'static str,
    names: &[&str],
    asked: &str,
) -> Result<String, Failure> {
    let (reply, file) = {
        let _transferring = console.cancel.begin();
        let progress = Progress::start(console.bars, asked, None);
        let wire = Wire::open(address, console.cancel.clone())?;
        wire.send(request.as_bytes())?;
        receive(&wire, console, field, &progress)?
    };
    let name = reply.plain_text(names).unwrap_or_else(|| asked.to_owned());
    file.save(&name, console)
}

fn receive(
    wire: &Wire,
    console: &Console,
    field: &'static str,
    progress: &Progress,
) -> Result<(Reply, Incoming), Failure> {
    let mut scan = Scan::new(field);
    let mut file = None;
    let mut chunk = vec![0; READ_BYTES];
    while !scan.is_done() {
        let read = wire.receive(&mut chunk)?;
        let contents = scan.feed(&chunk[..read])?;
        if contents.is_empty() {
            continue;
        }
        if file.is_none() {
            scan.size().into_iter().for_each(|size| progress.size(size));
        }
        write(&mut file, console, &contents)?;
        progress.more(contents.len());
    }
    let (reply, last) = scan.end()?;
    if !reply.is_ok() {
        return Err(Failure::Refused(reply));
    }
    // An empty file is one, too; a reply without any contents is none.
    if !reply.has(field) {
        return Err(Failure::BadReply);
    }
    let file = write(&mut file, console, &last).map(|()| file)?.ok_or(Failure::Incomplete)?;
    if reply.number("file_size").is_some_and(|size| size != file.size) {
        return Err(Failure::Incomplete);
    }
    Ok((reply, file))
}

/// Writes to a file that the first bytes make.
fn write(file: &mut Option<Incoming>, console: &Console, bytes: &[u8]) -> Result<(), Failure> {
    let file = match file {
        Some(file) => file,
        None => file.insert(Incoming::create(&console.directory)?),
    };
    file.write(bytes)
}

/// The connection of one transfer.
struct Wire {
    stream: TcpStream,
    cancel: Cancel,
}

impl Wire {
    fn open(address: &Address, cancel: Cancel) -> Result<Self, Failure> {
        let stream = open(address).map_err(Failure::Unreachable)?;
        stream
            .set_read_timeout(Some(TICK))
            .and_then(|()| stream.set_write_timeout(Some(TICK)))
            .map_err(|error| Failure::Unreachable(Unreachable::Failed(error)))?;
        Ok(Self { stream, cancel })
    }

    fn send(&self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(ticking::send(&self.stream, bytes, &self.cancel)?)
    }

    fn receive(&self, chunk: &mut [u8]) -> Result<usize, Failure> {
        Ok(ticking::receive(&self.stream, chunk, &self.cancel)?)
    }

    /// A reply without a file in it.
    fn reply(&self) -> Result<Reply, Failure> {
        let mut scan = Scan::new("");
        let mut chunk = vec![0; READ_BYTES];
        while !scan.is_done() {
            let read = self.receive(&mut chunk)?;
            scan.feed(&chunk[..read])?;
        }
        Ok(scan.end()?.0)
    }
}

impl Drop for Wire {
    /// Takes what still comes, such as the end of a line after the last brace: a connection closed with
    /// bytes unread is reset, which servers note as a failure.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let mut last_words = [0; LAST_BYTES];
        for _ in 0..LAST_READS {
            if !self.stream.read(&mut last_words).is_ok_and(|read| read > 0) {
                return;
            }
        }
    }
}
