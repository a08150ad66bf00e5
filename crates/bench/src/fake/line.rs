//! Dialect line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::state::{Outcome, Wish};

pub(super) fn read(line: &str) -> Option<Wish<'_>> {
    let words: Vec<_> = line.splitn(5, ' ').collect();
    Some(match *words {
        ["register", name, password, ..] => Wish::Register { name, password },
        ["auth", name, password] => Wish::LogIn { name, password },
        ["inbox", token] => Wish::Inbox { token: Some(token) },
        ["send", token, to, text] => Wish::Send { token: Some(token), to, text },
        ["sendfile", token, to, name, payload] => {
            let contents = STANDARD.decode(payload).unwrap();
            Wish::FileSend { token: Some(token), to, name, raw_bytes: None, contents }
        }
        ["getfile", token, which] => Wish::FileGet { token: Some(token), which },
        _ => return None,
    })
}

pub(super) fn word(outcome: Outcome) -> String {
    format!("{}\r\n\r\n", object(outcome, "file_content"))
}

/// `contents` is the key of a file's contents.
pub(super) fn object(outcome: Outcome, contents: &str) -> String {
    let rest = match outcome {
        Outcome::Done => "\"OK\",\"message\":\"Message sent\"".to_owned(),
        Outcome::Session(token) => {
            format!("\"OK\",\"tokenid\":\"{token}\",\"tokenId\":\"{token}\"")
        }
        Outcome::Items(items) => {
            let items: Vec<_> = items.iter().map(|(_, text)| item(text)).collect();
            let list = match items.len() {
                0 => String::new(),
                _ => format!("\"sender\":[{}]", items.join(",")),
            };
            format!("\"OK\",\"messages\":{{{list}}}")
        }
        Outcome::Code(code) => format!("\"OK\",\"message\":\"Done\",\"file_code\":\"{code}\""),
        Outcome::File(name, bytes) => {
            format!("\"OK\",\"filename\":\"{name}\",\"{contents}\":\"{}\"", STANDARD.encode(bytes))
        }
        Outcome::Refused(words) => format!("\"ERROR\",\"message\":\"{words}\""),
        Outcome::Nothing | Outcome::Close => unreachable!("these are not worded"),
    };
    format!("{{\"status\":{rest}}}")
}

fn item(text: &str) -> String {
    format!(
        "{{\"msg_from\":\"Bench 0\",\"msg_to\":\"Bench 1\",\"msg\":\"{text}\",\
         \"sent_at\":\"2026-01-01T00:00:00.000Z\"}}"
    )
}
