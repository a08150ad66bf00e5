//! What the load says in each dialect, and how its answers are told apart.

use serde::Serialize;

use crate::accounts::Account;
use crate::bytes::find;

/// What a connection under load speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Words in a line, and JSON answers
    Line,
    /// `command key=value&key=value` in a line, and JSON answers; pushes in rooms
    Form,
    /// Keywords and answers in lines of text; pushes of every message
    Keyword,
}

/// Characters of a message in the text form of dialect keyword.
pub(crate) const KEYWORD_TEXT_CHARS_MAX: usize = 100;

impl Dialect {
    /// Every answer and push ends so, and holds this nowhere else: JSON has no bare control
    /// characters, and no line of a text is empty.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Line | Self::Keyword => b"\r\n\r\n",
            Self::Form => b"\n",
        }
    }

    /// Every success begins so.
    pub(crate) fn ok(self) -> &'static [u8] {
        match self {
            Self::Line | Self::Form => b"{\"status\":\"OK\"",
            Self::Keyword => b"success ",
        }
    }

    /// Whether this was said unasked.
    pub(crate) fn is_push(self, frame: &[u8]) -> bool {
        match self {
            Self::Line => false,
            Self::Form => frame.starts_with(b"{\"status\":\"OK\",\"type\":\"broadcast\""),
            Self::Keyword => frame.starts_with(b"notif "),
        }
    }

    /// Bytes of a greeting before the first answer. A port of dialect keyword alone has one, of a
    /// single line.
    pub(crate) fn greeting_bytes(self, frame: &[u8]) -> usize {
        let words: [&[u8]; 4] = [b"success ", b"failed ", b"ready ", b"notif "];
        if self != Self::Keyword || words.iter().any(|word| frame.starts_with(word)) {
            return 0;
        }
        find(frame, b'\n').map_or(0, |at| at + 1)
    }

    /// Whether a session is known by a token, good on any connection; otherwise it is the
    /// connection's, and each has to log in.
    pub(crate) fn has_tokens(self) -> bool {
        self != Self::Keyword
    }

    /// Whether a receiver is told of each message, beside finding it in its inbox.
    pub(crate) fn pushes_messages(self) -> bool {
        self == Self::Keyword
    }

    /// Whether the author of what is said among many hears it, too.
    pub(crate) fn echoes(self) -> bool {
        self == Self::Form
    }

    pub(crate) fn register(self, account: &Account, number: usize) -> Vec<u8> {
        let Account { name, password, .. } = account;
        match self {
            Self::Line => format!("register {name} {password} Bench Bench_{number}\r\n"),
            Self::Form => format!(
                "register username={name}&password={password}&name=Bench+{number}\
                 &nationality=Bench\n"
            ),
            Self::Keyword => format!("AUTH-REGISTER {name} {password} {password}\r\n"),
        }
        .into_bytes()
    }

    pub(crate) fn log_in(self, account: &Account) -> Vec<u8> {
        let Account { name, password, .. } = account;
        match self {
            Self::Line => format!("auth {name} {password}\r\n"),
            Self::Form => format!("auth username={name}&password={password}\n"),
            Self::Keyword => format!("AUTH-LOGIN {name} {password}\r\n"),
        }
        .into_bytes()
    }

    /// Reads what is new to the session with this token, or to the connection's own.
    pub(crate) fn inbox(self, token: &str) -> Vec<u8> {
        match self {
            Self::Line => format!("inbox {token}\r\n"),
            Self::Form => format!("inbox session={token}\n"),
            Self::Keyword => "NOTIF-GET\r\n".to_owned(),
        }
        .into_bytes()
    }

    /// Sends to one person, up to the text.
    pub(crate) fn send(self, token: &str, to: &str) -> Vec<u8> {
        match self {
            Self::Line => format!("send {token} {to} "),
            Self::Form => format!("send session={token}&destination={to}&message="),
            Self::Keyword => format!("CHAT-PRIVATE-SEND {to} "),
        }
        .into_bytes()
    }

    /// Ends every request.
    pub(crate) fn line_end(self) -> &'static [u8] {
        match self {
            Self::Line | Self::Keyword => b"\r\n",
            Self::Form => b"\n",
        }
    }

    /// The text in a push, if that is one of a message.
    pub(crate) fn pushed_text(self, push: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Line => None,
            Self::Form => text_between(push, b"\"messages\":\"", b"\""),
            Self::Keyword => text_between(push, b": ", b"\r\n"),
        }
    }
}

/// What stands between two marks.
pub(crate) fn text_between<'a>(bytes: &'a [u8], before: &[u8], after: &[u8]) -> Option<&'a [u8]> {
    let rest = &bytes[position(bytes, before)? + before.len()..];
    Some(&rest[..position(rest, after)?])
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_are_told_from_answers() {
        let form = b"{\"status\":\"OK\",\"type\":\"broadcast\",\"display\":\"D\",\
                     \"messages\":\"hai\",\"username\":\"u\"}\n";
        assert!(Dialect::Form.is_push(form));
        assert_eq!(Dialect::Form.pushed_text(form), Some(&b"hai"[..]));
        let answer = b"{\"status\":\"OK\",\"messages\":\"Broadcasted the messages\"}\n";
        assert!(!Dialect::Form.is_push(answer));
        let keyword = b"notif ana (kelas 1): hai: kamu\r\n\r\n";
        assert!(Dialect::Keyword.is_push(keyword));
        assert_eq!(Dialect::Keyword.pushed_text(keyword), Some(&b"hai: kamu"[..]));
        assert!(!Dialect::Keyword.is_push(b"success message sent\r\n\r\n"));
    }

    #[test]
    fn only_a_line_that_is_no_answer_is_a_greeting() {
        let greeted = |frame: &[u8]| Dialect::Keyword.greeting_bytes(frame);
        assert_eq!(greeted(b"welcome!\r\nsuccess you\r\n\r\n"), 10);
        assert_eq!(greeted(b"success you\r\n\r\n"), 0);
        assert_eq!(greeted(b"failed unauthorized!\r\nhint\r\n\r\n"), 0);
        assert_eq!(Dialect::Line.greeting_bytes(b"welcome\r\n\r\n"), 0);
    }
}
