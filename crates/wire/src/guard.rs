//! Keeping a web page from speaking a dialect through a browser.
//!
//! A browser can be made to open a connection to any port and to send lines of its choosing in a
//! request body, but only after a request line and headers it cannot leave out. A connection that
//! says such a line before login is closed, so nothing that follows is ever read as a command.

use thiserror::Error;

/// What makes a line suspicious before login. Nothing of the line is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Suspicious {
    /// It holds NUL, TAB, CR, DEL or another ASCII control character.
    #[error("a control character")]
    ControlCharacter,
    /// It begins with an HTTP method token and a space.
    #[error("an HTTP request line")]
    HttpRequest,
    /// It begins like an HTTP header: a name and a colon.
    #[error("an HTTP header")]
    HttpHeader,
}

/// The methods an HTTP connection begins with (RFC 9110, section 9; RFC 5789), and the one of the
/// HTTP/2 preface (RFC 9113, section 3.4). They are case-sensitive: `get file` is a form command.
pub(crate) const HTTP_METHODS: [&str; 10] =
    ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI"];

/// Looks at one line, without its line ending, of a connection that has not logged in.
///
/// An error means that the connection must be closed without reading another line.
pub fn before_login(line: &[u8]) -> Result<(), Suspicious> {
    if line.iter().any(u8::is_ascii_control) {
        return Err(Suspicious::ControlCharacter);
    }
    if HTTP_METHODS.iter().any(|method| begins_with_word(line, method)) {
        return Err(Suspicious::HttpRequest);
    }
    if begins_like_header(line) {
        return Err(Suspicious::HttpHeader);
    }
    Ok(())
}

fn begins_with_word(line: &[u8], word: &str) -> bool {
    line.strip_prefix(word.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '))
}

/// `header = 1*( ALPHA / DIGIT / "-" ) ":" *OCTET`
fn begins_like_header(line: &[u8]) -> bool {
    let name_bytes = line.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-');
    name_bytes.is_some_and(|end| end > 0 && line[end] == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &[u8], expected: Result<(), Suspicious>) {
        assert_eq!(before_login(line), expected, "{:?}", line.escape_ascii().to_string());
    }

    #[test]
    fn lines_of_every_dialect_pass() {
        for line in [
            &b""[..],
            b" ",
            b"auth messi surabaya ",
            b"auth a b:c",
            b"auth username=a&password=b%3Ac",
            b"get file session=1&filename=a",
            b"send henderson  Host: x",
            b"register messi p argentina l\xc3\xa9o",
            b"AUTH-LOGIN messi surabaya",
            b"{\"COMMAND\":\"AUTH-LOGIN\"}",
            b":a b",
            b"GET",
            b"GETTER x",
            b"\xff\xfe",
        ] {
            check(line, Ok(()));
        }
    }

    #[test]
    fn a_request_line_is_refused() {
        for method in HTTP_METHODS {
            check(format!("{method} / HTTP/1.1").as_bytes(), Err(Suspicious::HttpRequest));
            check(format!("{method} ").as_bytes(), Err(Suspicious::HttpRequest));
        }
        check(b"PRI * HTTP/2.0", Err(Suspicious::HttpRequest));
    }

    #[test]
    fn a_header_is_refused() {
        for line in [
            &b"Host: localhost:8889"[..],
            b"host:x",
            b"Origin: https://evil.example",
            b"Content-Length: 20",
            b"Sec-CH-UA: 1",
            b"X-2:",
            b"auth: messi surabaya",
        ] {
            check(line, Err(Suspicious::HttpHeader));
        }
    }

    #[test]
    fn a_control_character_is_refused_wherever_it_stands() {
        for control in (0..0x20).chain([0x7F]) {
            check(&[b'a', control], Err(Suspicious::ControlCharacter));
            check(&[control], Err(Suspicious::ControlCharacter));
            check(&[b'a', b' ', control, b' ', b'b'], Err(Suspicious::ControlCharacter));
        }
        for other in (0x20..0x7F).chain(0x80..=0xFF) {
            check(&[b'a', b' ', other, b'b'], Ok(()));
        }
    }
}
