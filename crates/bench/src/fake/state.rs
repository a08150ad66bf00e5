//! What the server knows, and what becomes of a wish.

use std::collections::HashMap;

use tokio::sync::mpsc::UnboundedSender;

use super::{FAULT_AT, Plant, form, keyword};
use crate::dialect::Dialect;

const INBOX_ITEMS_MAX: usize = 1000;
const SESSIONS_MAX: u64 = 100_000;

/// What somebody asks for. A token may be missing where the connection has a session.
pub(super) enum Wish<'a> {
    Register {
        name: &'a str,
        password: &'a str,
    },
    LogIn {
        name: &'a str,
        password: &'a str,
    },
    Inbox {
        token: Option<&'a str>,
    },
    Send {
        token: Option<&'a str>,
        to: &'a str,
        text: &'a str,
    },
    /// Into the room, or the group, of which there is one.
    Join {
        token: Option<&'a str>,
    },
    Say {
        token: Option<&'a str>,
        text: &'a str,
    },
    /// `raw_bytes` are to follow the request, unless the contents stand in it.
    FileSend {
        token: Option<&'a str>,
        to: &'a str,
        name: &'a str,
        raw_bytes: Option<usize>,
        contents: Vec<u8>,
    },
    /// By its code or its name.
    FileGet {
        token: Option<&'a str>,
        which: &'a str,
    },
}

pub(super) enum Outcome {
    Done,
    Session(String),
    /// Sender and text of each.
    Items(Vec<(String, String)>),
    Code(String),
    File(String, Vec<u8>),
    Refused(&'static str),
    Nothing,
    Close,
}

/// The other end of a connection.
pub(super) struct Speaker {
    pub(super) dialect: Dialect,
    name: Option<String>,
    say: UnboundedSender<Vec<u8>>,
}

impl Speaker {
    pub(super) fn new(dialect: Dialect, say: UnboundedSender<Vec<u8>>) -> Self {
        Self { dialect, name: None, say }
    }
}

/// One who hears what is said unasked.
#[derive(Debug)]
struct Ear {
    name: String,
    dialect: Dialect,
    say: UnboundedSender<Vec<u8>>,
}

impl Ear {
    fn tell(&self, from: &str, text: &str, group: bool) {
        let push = match self.dialect {
            Dialect::Form => form::push(from, text),
            Dialect::Line | Dialect::Keyword => keyword::push(from, text, group),
        };
        let _ = self.say.send(push.into_bytes());
    }
}

#[derive(Debug)]
struct File {
    name: String,
    to: String,
    code: String,
    contents: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    passwords: HashMap<String, String>,
    names_by_token: HashMap<String, String>,
    inboxes: HashMap<String, Vec<(String, String)>>,
    /// Those who hear of what is sent to them, by name.
    ears: HashMap<String, Ear>,
    /// Those in the room, in the order of coming.
    room: Vec<Ear>,
    files: Vec<File>,
    /// Receiver and text of a message that has to wait for a later one.
    held: Option<(String, String)>,
    sent: u64,
    logins: u64,
}

impl State {
    pub(super) fn leave_in_every_inbox(&mut self, text: &str, times: usize) {
        // Of each pair the account with the odd number receives.
        for name in self.passwords.keys().filter(|name| name.ends_with('1')) {
            let inbox = self.inboxes.entry(name.clone()).or_default();
            inbox.extend(std::iter::repeat_n(("old".to_owned(), text.to_owned()), times));
        }
    }

    pub(super) fn grant(&mut self, wish: Wish<'_>, by: &mut Speaker, plant: Plant) -> Outcome {
        if plant == Plant::RefuseAll {
            return Outcome::Refused("Not allowed");
        }
        let token = match wish {
            Wish::Register { name, password } => return self.register(name, password, by),
            Wish::LogIn { .. } if plant == Plant::RefuseLogins => {
                return Outcome::Refused("Wrong password");
            }
            Wish::LogIn { name, password } => return self.log_in(name, password, by),
            Wish::Inbox { token }
            | Wish::Send { token, .. }
            | Wish::Join { token }
            | Wish::Say { token, .. }
            | Wish::FileSend { token, .. }
            | Wish::FileGet { token, .. } => token,
        };
        let named = token.map_or_else(|| by.name.as_ref(), |token| self.names_by_token.get(token));
        let Some(me) = named.cloned() else { return Outcome::Refused("Session is not found") };
        match wish {
            Wish::Register { .. } | Wish::LogIn { .. } => Outcome::Nothing,
            // Whoever was let go is answered no more: what is handed out must arrive.
            Wish::Inbox { .. } if by.dialect == Dialect::Keyword && !self.hears(&me, by) => {
                Outcome::Close
            }
            Wish::Inbox { .. } => self.inbox(&me),
            Wish::Send { to, text, .. } if self.passwords.contains_key(to) => {
                self.send(&me, to, text, plant)
            }
            Wish::Send { .. } => Outcome::Refused("User is not found"),
            Wish::Join { .. } => {
                let (dialect, say) = (by.dialect, by.say.clone());
                if dialect == Dialect::Form {
                    self.room.iter().for_each(|other| drop(other.say.send(form::came(&me))));
                }
                self.room.push(Ear { name: me, dialect, say });
                Outcome::Code("0a1b2c".to_owned())
            }
            Wish::Say { text, .. } => self.say(&me, text, plant),
            Wish::FileSend { .. } if plant == Plant::RefuseFiles => Outcome::Refused("disk full"),
            Wish::FileSend { to, name, contents, .. } => {
                let code = format!("{:06x}", self.files.len());
                let (name, to) = (name.to_owned(), to.to_owned());
                self.files.push(File { name, to, code: code.clone(), contents });
                Outcome::Code(code)
            }
            Wish::FileGet { which, .. } => {
                let is = |file: &&File| file.code == which || file.to == me && file.name == which;
                let Some(file) = self.files.iter().find(is) else {
                    return Outcome::Refused("File is not found");
                };
                let mut contents = file.contents.clone();
                if plant == Plant::CorruptFiles {
                    let last = contents.last_mut().unwrap();
                    *last ^= 1;
                }
                Outcome::File(file.name.clone(), contents)
            }
        }
    }

    fn register(&mut self, name: &str, password: &str, by: &mut Speaker) -> Outcome {
        if self.passwords.contains_key(name) {
            return Outcome::Refused("User already exists");
        }
        self.passwords.insert(name.to_owned(), password.to_owned());
        if by.dialect == Dialect::Line { self.log_in(name, password, by) } else { Outcome::Done }
    }

    fn log_in(&mut self, name: &str, password: &str, by: &mut Speaker) -> Outcome {
        if self.passwords.get(name).is_none_or(|right| right != password) {
            return Outcome::Refused("Wrong password");
        }
        by.name = Some(name.to_owned());
        if by.dialect == Dialect::Keyword {
            let (name, say) = (name.to_owned(), by.say.clone());
            self.ears.insert(name.clone(), Ear { name, dialect: by.dialect, say });
        }
        // Old sessions end, or the mode that only logs in would fill the memory.
        self.logins = (self.logins + 1) % SESSIONS_MAX;
        let token = format!("00000000-0000-4000-8000-{:012x}", self.logins);
        self.names_by_token.insert(token.clone(), name.to_owned());
        Outcome::Session(token)
    }

    fn hears(&self, name: &str, by: &Speaker) -> bool {
        self.ears.get(name).is_some_and(|ear| ear.say.same_channel(&by.say))
    }

    fn inbox(&mut self, name: &str) -> Outcome {
        let inbox = self.inboxes.entry(name.to_owned()).or_default();
        let part = inbox.len().min(INBOX_ITEMS_MAX);
        Outcome::Items(inbox.drain(..part).collect())
    }

    fn send(&mut self, from: &str, to: &str, text: &str, plant: Plant) -> Outcome {
        self.sent += 1;
        let outcome = self.outcome(plant);
        let heard = self.versions(to, text, plant);
        for text in &heard {
            let inbox = self.inboxes.entry(to.to_owned()).or_default();
            inbox.push((from.to_owned(), text.clone()));
        }
        if self.is_now(plant, Plant::LetGo)
            && let Some(ear) = self.ears.remove(to)
        {
            let _ = ear.say.send(b"failed you were too slow\r\n\r\n".to_vec());
            let _ = ear.say.send(super::CLOSE);
        }
        if let Some(ear) = self.ears.get(to).filter(|_| !self.is_now(plant, Plant::LosePush)) {
            for text in &heard {
                ear.tell(from, text, false);
            }
        }
        outcome
    }

    /// Faults happen to the one who came last.
    fn say(&mut self, from: &str, text: &str, plant: Plant) -> Outcome {
        self.sent += 1;
        let outcome = self.outcome(plant);
        let victim = self.room.last().map(|ear| ear.name.clone()).unwrap_or_default();
        let altered = self.versions(&victim, text, plant);
        let right = if matches!(outcome, Outcome::Done) { vec![text.to_owned()] } else { vec![] };
        for ear in &self.room {
            let group = ear.dialect == Dialect::Keyword;
            if group && ear.name == from {
                continue;
            }
            let heard = if ear.name == victim { &altered } else { &right };
            for text in heard {
                ear.tell(from, text, group);
            }
        }
        outcome
    }

    fn is_now(&self, plant: Plant, wanted: Plant) -> bool {
        plant == wanted && self.sent == FAULT_AT
    }

    /// What the sender is told.
    fn outcome(&self, plant: Plant) -> Outcome {
        let now = self.sent == FAULT_AT;
        match plant {
            Plant::Refuse | Plant::RefuseYetDeliver if now => Outcome::Refused("Server is busy"),
            Plant::StopAnswering if self.sent >= FAULT_AT => Outcome::Nothing,
            Plant::Close if now => Outcome::Close,
            _ => Outcome::Done,
        }
    }

    /// What the receiver gets for this message.
    fn versions(&mut self, to: &str, text: &str, plant: Plant) -> Vec<String> {
        let now = self.sent == FAULT_AT;
        let own = text.to_owned();
        match plant {
            Plant::Lose | Plant::Refuse | Plant::Close if now => vec![],
            Plant::StopAnswering if self.sent >= FAULT_AT => vec![],
            Plant::Double if now => vec![own.clone(), own],
            Plant::Reorder if now => {
                self.held = Some((to.to_owned(), own));
                vec![]
            }
            Plant::Ghost if now => vec![own, "a message from nobody".to_owned()],
            Plant::Alter if now => vec![text.replace("def", "fed")],
            _ => {
                let held = self.held.take_if(|(receiver, _)| receiver == to);
                [own].into_iter().chain(held.map(|(_, text)| text)).collect()
            }
        }
    }
}
