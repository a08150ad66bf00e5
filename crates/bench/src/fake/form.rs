//! Dialect form, in lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::line;
use super::state::{Outcome, Wish};

pub(super) fn read(request: &str) -> Option<Wish<'_>> {
    let (command, form) = request.split_once(' ')?;
    let value = |key: &str| {
        let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).next()
    };
    let token = value("session");
    Some(match command {
        "register" => Wish::Register { name: value("username")?, password: value("password")? },
        "auth" => Wish::LogIn { name: value("username")?, password: value("password")? },
        "inbox" => Wish::Inbox { token },
        "send" => Wish::Send { token, to: value("destination")?, text: value("message")? },
        "room_join" => Wish::Join { token },
        "room_chat" => Wish::Say { token, text: value("message")? },
        "file_send" => {
            let payload = value("payload")?.replace("%2B", "+").replace("%2F", "/");
            let contents = STANDARD.decode(payload.replace("%3D", "=")).unwrap();
            let (to, name) = (value("username")?, value("filename")?);
            Wish::FileSend { token, to, name, raw_bytes: None, contents }
        }
        "file_get" => Wish::FileGet { token, which: value("filename")? },
        _ => return None,
    })
}

pub(super) fn word(outcome: Outcome) -> String {
    format!("{}\n", line::object(outcome, "payload"))
}

pub(super) fn push(from: &str, text: &str) -> String {
    format!(
        "{{\"status\":\"OK\",\"type\":\"broadcast\",\"display\":\"Bench\",\
         \"messages\":\"{text}\",\"username\":\"{from}\"}}\n"
    )
}

/// Somebody came into the room.
pub(super) fn came(name: &str) -> Vec<u8> {
    push("[System]", &format!("User [{name}] telah bergabung dengan chat!")).into_bytes()
}
