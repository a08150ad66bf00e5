//! Dialect keyword, in lines.

use super::state::{Outcome, Wish};

pub(super) fn read(line: &str) -> Option<Wish<'_>> {
    let words: Vec<_> = line.splitn(4, ' ').collect();
    let token = None;
    Some(match *words {
        ["AUTH-REGISTER", name, password, again] if password == again => {
            Wish::Register { name, password }
        }
        ["AUTH-LOGIN", name, password] => Wish::LogIn { name, password },
        ["NOTIF-GET"] => Wish::Inbox { token },
        ["CHAT-PRIVATE-SEND", to, text] if text.len() <= 100 => Wish::Send { token, to, text },
        ["GROUP-CREATE", _, _] | ["GROUP-JOIN", "0a1b2c"] => Wish::Join { token },
        ["CHAT-GROUP-SEND", "0a1b2c", text] => Wish::Say { token, text },
        ["FILE-SEND-PRIVATE", to, name, size] => {
            let raw_bytes = Some(size.parse().ok()?);
            Wish::FileSend { token, to, name, raw_bytes, contents: Vec::new() }
        }
        ["FILE-GET-PRIVATE", _, which] => Wish::FileGet { token, which },
        _ => return None,
    })
}

pub(super) fn word(outcome: Outcome) -> Vec<u8> {
    let (status, lines) = match outcome {
        Outcome::Done => ("success message sent".to_owned(), vec![]),
        Outcome::Session(_) => ("success you are logged in now".to_owned(), vec![]),
        Outcome::Items(items) => {
            let line = |(from, text)| format!("2026-01-01T00:00:00.000Z\t{from}\t-\t{text}\r\n");
            (format!("success {} new", items.len()), items.into_iter().map(line).collect())
        }
        Outcome::Code(code) => ("success done".to_owned(), vec![format!("{code}\tname\r\n")]),
        Outcome::File(name, bytes) => {
            let head = format!("success {name}\r\n{}\ttext/plain\r\n\r\n", bytes.len());
            return [head.into_bytes(), bytes].concat();
        }
        Outcome::Refused(words) => (format!("failed {words}"), vec![]),
        Outcome::Nothing | Outcome::Close => unreachable!("these are not worded"),
    };
    format!("{status}\r\n{}\r\n", lines.concat()).into_bytes()
}

pub(super) fn push(from: &str, text: &str, group: bool) -> String {
    let group = if group { " (bench)" } else { "" };
    format!("notif {from}{group}: {text}\r\n\r\n")
}
