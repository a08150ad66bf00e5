//! Long transfers: a socket that is used in short waits, so that a person can interrupt it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Lost, REPLY_IDLE_SECS, lost};
use crate::shell::terminal::cancel::Cancel;

/// After so long a wait somebody looks whether it is still wanted.
pub(in crate::shell) const TICK: Duration = Duration::from_millis(250);

const TICKS_PER_SEC: u64 = 4;

/// So many ticks without a byte, and the other side counts as silent.
pub(in crate::shell) const IDLE_TICKS: u64 = REPLY_IDLE_SECS * TICKS_PER_SEC;

/// Why a transfer did not go on.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::shell) enum Stop {
    /// The person interrupted it.
    Cancelled,
    /// The connection ended.
    Lost(Lost),
}

/// Sends all of `bytes`; the socket's time limit for writing is [`TICK`].
pub(in crate::shell) fn send(
    mut stream: &TcpStream,
    mut bytes: &[u8],
    cancel: &Cancel,
) -> Result<(), Stop> {
    while !bytes.is_empty() {
        let sent = patiently(cancel, || stream.write(bytes))?;
        bytes = &bytes[sent..];
    }
    Ok(())
}

/// Receives some bytes; the socket's time limit for reading is [`TICK`].
pub(in crate::shell) fn receive(
    mut stream: &TcpStream,
    chunk: &mut [u8],
    cancel: &Cancel,
) -> Result<usize, Stop> {
    patiently(cancel, || stream.read(chunk))
}

/// Tries until something is done, nothing can be, or nobody wants it any more.
fn patiently(cancel: &Cancel, mut done: impl FnMut() -> io::Result<usize>) -> Result<usize, Stop> {
    for _ in 0..IDLE_TICKS {
        if cancel.is_asked() {
            return Err(Stop::Cancelled);
        }
        match done() {
            Ok(0) => return Err(Stop::Lost(Lost::Closed)),
            Ok(size) => return Ok(size),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if lost(&error) == Lost::Silent => {}
            Err(error) => return Err(Stop::Lost(lost(&error))),
        }
    }
    Err(Stop::Lost(Lost::Silent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_a_byte_an_end_an_interruption_or_after_the_limit() {
        let idle = || Err::<usize, _>(ErrorKind::WouldBlock.into());
        let cancel = Cancel::default();
        let mut waits = 0;
        let late = patiently(&cancel, || {
            waits += 1;
            if waits < 3 { idle() } else { Ok(7) }
        });
        assert_eq!(late, Ok(7));
        assert_eq!(patiently(&cancel, || Ok(0)), Err(Stop::Lost(Lost::Closed)));
        assert_eq!(patiently(&cancel, idle), Err(Stop::Lost(Lost::Silent)));
        let reset = || Err(ErrorKind::ConnectionReset.into());
        assert_eq!(patiently(&cancel, reset), Err(Stop::Lost(Lost::Closed)));

        let _transfer = cancel.begin();
        assert!(cancel.ask());
        assert_eq!(patiently(&cancel, idle), Err(Stop::Cancelled));
    }
}
