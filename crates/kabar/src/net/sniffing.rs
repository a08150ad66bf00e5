//! The first bytes of a connection, and what they say about it.

use std::time::Duration;

use bytes::BytesMut;
use kabar_wire::sniff::{Known, Protocol, SNIFF_BYTES_MAX, Sniff, sniff};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::deadline::reached;

/// How long a connection may stay silent before its first byte: people are asked for a password
/// after their program has connected.
const SILENT_SECS_MAX: u64 = 600;
/// From the first byte on, how long until it must be clear what is spoken.
const SNIFF_SECS_MAX: u64 = 5;

/// Waits for the first byte without taking it; `false` when none comes in time.
pub(crate) async fn says_something(stream: &TcpStream) -> bool {
    let deadline = Instant::now() + Duration::from_secs(SILENT_SECS_MAX);
    let mut byte = [0; 1];
    tokio::select! {
        seen = stream.peek(&mut byte) => seen.is_ok_and(|count| count > 0),
        () = reached(Some(deadline)) => false,
    }
}

/// What a connection speaks.
#[derive(Debug)]
pub(crate) enum Spoken {
    /// This.
    Protocol(Protocol),
    /// Text, but nothing that is known.
    NotUnderstood,
    /// Nothing worth an answer.
    Nothing,
}

/// Reads until it is clear what is spoken; what was read is left in `input`.
pub(crate) async fn listen_for(stream: &mut TcpStream, input: &mut BytesMut) -> Spoken {
    let line = kabar_dialect_line::command_names();
    let form = kabar_dialect_form::command_names();
    let keyword = kabar_dialect_keyword::command_names();
    let known = Known { line: &line, form: &form, keyword: &keyword, tls: false, irc: false };
    let mut deadline = Instant::now() + Duration::from_secs(SILENT_SECS_MAX);
    loop {
        let mut chunk = [0; SNIFF_BYTES_MAX];
        let count = tokio::select! {
            read = stream.read(&mut chunk) => match read {
                Ok(0) | Err(_) => return Spoken::Nothing,
                Ok(count) => count,
            },
            () = reached(Some(deadline)) => return Spoken::Nothing,
        };
        if input.is_empty() {
            deadline = Instant::now() + Duration::from_secs(SNIFF_SECS_MAX);
        }
        input.extend_from_slice(&chunk[..count]);
        match sniff(input, &known) {
            Sniff::NeedMore => {}
            Sniff::Found(protocol) => return Spoken::Protocol(protocol),
            Sniff::Closed => return Spoken::Nothing,
            Sniff::NotUnderstood => return Spoken::NotUnderstood,
        }
    }
}
