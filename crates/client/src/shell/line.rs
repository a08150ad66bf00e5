//! The shell for dialect line. [`Shell`] goes from a typed line to a request, and from a reply to what
//! is printed: no socket, no terminal, no clock. The rest is done in `front`.

mod commands;
mod front;
#[cfg(test)]
mod tests;

pub(super) use front::talk;

use commands::{Command, Form, Prints};

use super::reply::Reply;
use super::shown;
use super::url::Profile;
use crate::text::Text;
use kabar_catalogue::Lang;

/// What the shell prints as it ends.
pub(super) const FAREWELL: &str = "Exit from program";

/// A longer "token" is none; the tokens known have 36 bytes.
const TOKEN_BYTES_MAX: usize = 256;

const NOT_AUTHORIZED: &str = "not authorized";
const MESSAGE_FIRST: &[&str] = &["message", "messages"];
const MESSAGES_FIRST: &[&str] = &["messages", "message"];

/// One person's shell: the wording, and the token once there is one.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    profile: Profile,
    lang: Lang,
    token: Option<String>,
}

/// What a typed line leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing was typed.
    Nothing,
    /// The answer is known without the server.
    Print(String),
    /// A request, and what its reply is the answer to.
    Ask(Request),
    /// A local file goes into a request.
    SendFile(FileRequest),
    /// The answer to the line is a file.
    GetFile(String),
    /// The end of the program.
    Leave,
}

/// A request with a local file in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileRequest {
    /// The line up to the name of the file.
    pub(super) start: String,
    /// To whom the file goes.
    pub(super) to: String,
    /// Where the file lies.
    pub(super) path: String,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The line with its CRLF, and no other line end in it.
    pub(super) line: String,
    prints: Prints,
    /// The name that a success repeats: of a person or of a group.
    name: String,
}

impl Shell {
    /// A shell without a login.
    pub(super) fn new(profile: Profile, lang: Lang) -> Self {
        Self { profile, lang, token: None }
    }

    /// The prompt; the token in it is printable ASCII.
    pub(super) fn prompt(&self) -> String {
        format!("Command {}:", self.token.as_deref().unwrap_or_default())
    }

    /// What to do about a typed line.
    pub(super) fn plan(&self, typed: &str) -> Step {
        // One typed line is one request, whatever was pasted into it.
        let line = typed.replace(['\r', '\n'], " ");
        let (word, arguments) = first_word(&line);
        if word.is_empty() {
            return Step::Nothing;
        }
        let Some(command) = commands::find(word) else {
            return ask(word, None, arguments, Prints::Message, "");
        };
        if command.prints == Prints::Farewell {
            return Step::Leave;
        }
        if command.login && self.token.is_none() {
            return Step::Print(error(NOT_AUTHORIZED));
        }
        let token = self.token.as_deref().filter(|_| command.login);
        match command.prints {
            Prints::FileSent { words, usage } => {
                return self.send_file(command.name, arguments, words, usage);
            }
            Prints::Saved { usage } if arguments.is_empty() => return self.usage(usage),
            Prints::Saved { .. } => return Step::GetFile(request(command.name, token, arguments)),
            _ => {}
        }
        let (arguments, name) = shape(command, arguments);
        ask(command.name, token, &arguments, command.prints, &name)
    }

    /// The line that ends the session, if there is one. `logout` and not `exit`: original servers know
    /// no `exit`.
    pub(super) fn farewell(&self) -> Option<String> {
        self.token.as_ref().map(|token| request("logout", Some(token), ""))
    }

    /// The path is what follows the first words, since it may have spaces.
    fn send_file(&self, command: &str, arguments: &str, words: usize, usage: &str) -> Step {
        let mut line = request(command, self.token.as_deref(), "");
        line.truncate(line.trim_end().len());
        let (mut to, mut path) = ("", arguments);
        for _ in 0..words {
            (to, path) = first_word(path);
            line = format!("{line} {to}");
        }
        if path.is_empty() {
            return self.usage(usage);
        }
        Step::SendFile(FileRequest { start: line, to: to.to_owned(), path: path.to_owned() })
    }

    fn usage(&self, usage: &str) -> Step {
        Step::Print(error(&Text::Usage.say(self.lang, &[("usage", usage)])))
    }

    /// What to print about the reply to `request`. A login is kept, a logout drops it.
    pub(super) fn answer(&mut self, request: &Request, reply: &[u8]) -> String {
        let Some(reply) = Reply::read(reply) else {
            return error(&Text::ReplyUnreadable.say(self.lang, &[]));
        };
        let printed =
            if reply.is_ok() { self.success(request, &reply) } else { error(&reply.reason()) };
        if request.prints == Prints::Help {
            return format!("{printed}\n{}", Text::HelpExit.say(self.lang, &[]));
        }
        printed
    }

    fn success(&mut self, request: &Request, reply: &Reply) -> String {
        let name = shown::plain(&request.name);
        match request.prints {
            Prints::Login => self.login(&name, reply),
            Prints::SentTo => format!("message sent to {name}"),
            Prints::Content => shown::shortened(&content(reply)),
            Prints::Group(done) => format!("Group {name} {done}"),
            Prints::RealmAdded => format!("Realm {} added", first_word(&name).0),
            Prints::SentToRealm => format!("Message sent to realm {}", first_word(&name).0),
            Prints::FromRealm => {
                let messages = shown::shortened(&content(reply));
                format!("Message received from realm {name}: {messages}")
            }
            Prints::Logout => self.logout(reply),
            Prints::Help
            | Prints::Message
            | Prints::Farewell
            | Prints::FileSent { .. }
            | Prints::Saved { .. } => reply.text(MESSAGE_FIRST).unwrap_or_else(|| reply.rest()),
        }
    }

    fn login(&mut self, name: &str, reply: &Reply) -> String {
        let Some(token) = reply.text(&["tokenid", "tokenId"]).filter(|token| usable(token)) else {
            return error(&Text::ReplyWithoutToken.say(self.lang, &[]));
        };
        let printed = format!("username {name} logged in, token {token}");
        self.token = Some(token);
        printed
    }

    fn logout(&mut self, reply: &Reply) -> String {
        self.token = None;
        match self.profile {
            Profile::LineEn => reply.text(MESSAGES_FIRST).unwrap_or_else(|| reply.rest()),
            Profile::LineId => reply.json(MESSAGE_FIRST).unwrap_or_else(|| reply.rest()),
            Profile::Realm => "Logout Berhasil".to_owned(),
        }
    }
}

/// True for a line with a password in it, which no history should keep.
pub(super) fn holds_password(typed: &str) -> bool {
    commands::find(first_word(typed).0).is_some_and(|command| command.prints == Prints::Login)
}

fn content(reply: &Reply) -> String {
    reply.json(MESSAGES_FIRST).unwrap_or_else(|| reply.rest())
}

/// A refusal, in the form all profiles print.
pub(super) fn error(reason: &str) -> String {
    format!("Error, {reason}")
}

/// The first word and the rest, both trimmed.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once([' ', '\t']).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// The arguments as they travel, and the name in them that a success repeats.
fn shape(command: &Command, arguments: &str) -> (String, String) {
    let (word, text) = first_word(arguments);
    match command.form {
        Form::Words => {
            let words: Vec<&str> =
                arguments.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            (words.join(" "), word.to_owned())
        }
        Form::WordAndText if text.is_empty() => (word.to_owned(), word.to_owned()),
        Form::WordAndText => (format!("{word}  {text}"), word.to_owned()),
        Form::AsTyped => (arguments.to_owned(), arguments.to_owned()),
    }
}

fn ask(word: &str, token: Option<&str>, arguments: &str, prints: Prints, name: &str) -> Step {
    let line = request(word, token, arguments);
    Step::Ask(Request { line, prints, name: name.to_owned() })
}

/// The line as clients in the wild send it, with a space before its end.
fn request(word: &str, token: Option<&str>, arguments: &str) -> String {
    let mut line = word.to_owned();
    for part in token.into_iter().chain([arguments]).filter(|part| !part.is_empty()) {
        line.push(' ');
        line.push_str(part);
    }
    line.push_str(" \r\n");
    line
}

/// A token is one printable ASCII word, since it goes into requests and into the prompt. A
/// backslash would mean that it was made harmless on the way here.
fn usable(token: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}
