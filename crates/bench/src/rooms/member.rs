//! One connection in the room: its socket, the beginning of what has not arrived whole, and what
//! it has heard so far.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use crate::check::Checker;

/// What a socket is read into; longer than any push.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) stream: TcpStream,
    /// What came after the last whole push.
    rest: Vec<u8>,
    /// Requests that the socket did not take yet.
    unsent: Vec<u8>,
    /// What it heard of each author.
    pub(crate) heard: Vec<Checker>,
    /// Its connection broke; what it missed since says nothing.
    pub(crate) is_gone: bool,
}

impl Member {
    pub(crate) fn new(stream: TcpStream, rest: Vec<u8>, authors: usize) -> Self {
        let heard = std::iter::repeat_with(Checker::default).take(authors).collect();
        Self { stream, rest, unsent: Vec::new(), heard, is_gone: false }
    }

    /// Reads once, behind what is left from the last time, into `buffer`; how many bytes are in it
    /// then.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let kept = self.rest.len();
        let Some((front, back)) = buffer.split_at_mut_checked(kept) else {
            return Err(io::Error::other("more than 256 KiB without an end"));
        };
        front.copy_from_slice(&self.rest);
        match self.stream.read(back) {
            Ok(0) => {
                let closed = "the server closed the connection of somebody in the room";
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed))
            }
            Ok(count) => Ok(kept + count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(kept),
            Err(error) => Err(error),
        }
    }

    /// Keeps what has not arrived whole.
    pub(crate) fn keep(&mut self, rest: &[u8]) {
        self.rest.clear();
        self.rest.extend_from_slice(rest);
    }

    /// Takes up requests, and writes what the socket takes.
    pub(crate) fn send(&mut self, requests: &[u8]) -> io::Result<()> {
        self.unsent.extend_from_slice(requests);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }
}
