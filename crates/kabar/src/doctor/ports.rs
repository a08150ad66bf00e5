//! The ports: does the server answer at each, or could it listen there?

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use kabar_catalogue::Lang;

use super::report::{Finding, State};
use crate::config::{Dialect, Listen};
use crate::serve::reachable;
use crate::text::Text;

/// How long a port of this machine may take to answer.
const ANSWER_SECS_MAX: u64 = 3;
/// The beginning of an answer.
const HEAD_BYTES: usize = 64;

/// Whether the running server answers there.
pub(super) fn answers(listen: Listen, lang: Lang) -> Finding {
    match ask(listen) {
        Ok(()) => said(listen, State::Well, "well", Text::DoctorPort, "", lang),
        Err(error) => {
            let reason = error.to_string();
            said(listen, State::Wrong, "silent", Text::DoctorPortSilent, &reason, lang)
        }
    }
}

/// Whether a server that is started could listen there.
pub(super) fn is_free(listen: Listen, lang: Lang) -> Finding {
    match TcpListener::bind(listen.address) {
        Ok(_) => said(listen, State::Skipped, "free", Text::DoctorPortFree, "", lang),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            said(listen, State::Wrong, "taken", Text::DoctorPortTaken, "", lang)
        }
        Err(error) => {
            let reason = error.to_string();
            said(listen, State::Wrong, "never", Text::DoctorPortNever, &reason, lang)
        }
    }
}

fn said(
    listen: Listen,
    state: State,
    code: &'static str,
    text: Text,
    reason: &str,
    lang: Lang,
) -> Finding {
    let address = listen.address.to_string();
    let values =
        [("address", &address[..]), ("dialect", listen.dialect.name()), ("reason", reason)];
    Finding::new("port", state, code, text.say(lang, &values))
}

fn ask(listen: Listen) -> io::Result<()> {
    let (patience, address) = (Duration::from_secs(ANSWER_SECS_MAX), reachable(listen.address));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    if !matches!(listen.dialect, Dialect::Auto | Dialect::Http) {
        // That it takes connections is all that can be seen without a word of that dialect.
        return Ok(());
    }
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let bytes = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    stream.take(bytes).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let status = head.split("\r\n").next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    let status =
        if status.is_empty() { "closed".into() } else { status.escape_debug().to_string() };
    Err(io::Error::other(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(address: std::net::SocketAddr) -> Listen {
        Listen { address, dialect: Dialect::Auto }
    }

    #[test]
    fn a_port_is_free_taken_silent_or_never() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(is_free(listen(address), Lang::En).code, "taken");
        let hangs_up = std::thread::spawn(move || drop(taken.accept().unwrap()));
        assert_eq!(answers(listen(address), Lang::En).code, "silent");
        hangs_up.join().unwrap();
        assert_eq!(answers(listen(address), Lang::En).code, "silent", "nobody is there any more");
        assert_eq!(is_free(listen("127.0.0.1:0".parse().unwrap()), Lang::En).code, "free");
        // An address of no machine (RFC 5737).
        assert_eq!(is_free(listen("192.0.2.1:0".parse().unwrap()), Lang::En).code, "never");
    }
}
