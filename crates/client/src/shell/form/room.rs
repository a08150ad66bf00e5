//! In a room: every line typed goes to it, and those of others appear as they come.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Ended, Shell};
use crate::shell::connection::live::Push;
use crate::shell::console::Line;
use crate::shell::reply::Reply;
use crate::text::Text;

/// How a person leaves, beside Ctrl-C.
const LEAVE: &str = "/leave";

/// Before a command in a room.
const COMMAND: char = '$';

const USAGE: &str = "send FILE, get FILE";

/// Shows what others say in a room.
pub(super) fn listener(username: Arc<Mutex<String>>) -> impl FnMut(&Reply) -> Push + Send {
    move |reply| {
        if reply.text(&["type"]).as_deref() != Some("broadcast") {
            return Push::No;
        }
        let from = reply.plain_text(&["username"]).unwrap_or_default();
        if from.to_lowercase() == username.lock().to_lowercase() {
            return Push::Silent;
        }
        let name = reply.text(&["display", "username"]).unwrap_or_default();
        let text = reply.text(&["messages", "message"]).unwrap_or_default();
        Push::Shown(format!("In[{name}]: {text}"))
    }
}

impl Shell<'_> {
    pub(super) fn join_room(&mut self, session: &str) -> Result<(), Ended> {
        let room = self.question("Room Code: ")?;
        let fields = [("session", session), ("roomname", &room)];
        let Some(reply) = self.ask("room_join", &fields)? else {
            return Ok(());
        };
        let users = reply.texts("users").unwrap_or_default();
        let users = (1..).zip(users).map(|(number, user)| format!("{number}. {user}"));
        let hint = self.console.say(Text::RoomHint, &[("leave", LEAVE)]);
        let words = reply.text(&["messages", "message"]);
        let lines = words.into_iter().chain(["List User : ".to_owned()]).chain(users).chain([hint]);
        // At once: what others say meanwhile stands before or after it.
        self.console.print(&lines.collect::<Vec<_>>().join("\n"))?;
        loop {
            match self.console.line("")? {
                Line::Text(typed) if typed.trim() == LEAVE => break,
                Line::Text(typed) => self.say(session, typed.trim())?,
                Line::Bad(reason) => self.error(&reason)?,
                Line::Interrupted => break,
                // What comes next leaves the room as well.
                Line::End => return Err(Ended::ByPerson),
            }
        }
        if let Some(reply) = self.ask("room_leave", &[("session", session)])? {
            self.print_words(&reply)?;
        }
        Ok(())
    }

    /// A line typed in the room.
    fn say(&mut self, session: &str, typed: &str) -> Result<(), Ended> {
        if typed.is_empty() {
            return Ok(());
        }
        self.console.source.remember(typed)?;
        let command = match typed.strip_prefix(COMMAND) {
            Some("") => return self.command(session),
            other => other,
        };
        match command.and_then(wish) {
            Some(wish) => self.carry_out(session, wish),
            // A price begins with a dollar, too.
            None => self.ask("room_chat", &[("session", session), ("message", typed)]).map(drop),
        }
    }

    /// A command on a line of its own.
    fn command(&mut self, session: &str) -> Result<(), Ended> {
        match self.console.line("$ ")? {
            Line::Text(typed) => match wish(&typed) {
                Some(wish) => self.carry_out(session, wish),
                None => self.error(&self.console.say(Text::Usage, &[("usage", USAGE)])),
            },
            Line::Bad(reason) => self.error(&reason),
            Line::Interrupted => Ok(()),
            Line::End => Err(Ended::ByPerson),
        }
    }

    fn carry_out(&mut self, session: &str, wish: Wish<'_>) -> Result<(), Ended> {
        match wish {
            Wish::Send(path) => self.send_file_to_room(session, path),
            Wish::Get(name) => self.get_file_of_room(session, name),
        }
    }

    fn print_words(&self, reply: &Reply) -> Result<(), Ended> {
        if let Some(words) = reply.text(&["messages", "message"]) {
            self.console.print(&words)?;
        }
        Ok(())
    }
}

/// A command in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish<'a> {
    Send(&'a str),
    Get(&'a str),
}

fn wish(command: &str) -> Option<Wish<'_>> {
    let (word, file) = command.trim().split_once(char::is_whitespace)?;
    match word {
        "send" => Some(Wish::Send(file.trim())),
        "get" => Some(Wish::Get(file.trim())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_shown_and_what_oneself_says_is_not() {
        let mut listen = listener(Arc::new(Mutex::new("Budi".to_owned())));
        let mut heard = |message: &str| match listen(&Reply::read(message.as_bytes()).unwrap()) {
            Push::No => "no push".to_owned(),
            Push::Silent => "silent".to_owned(),
            Push::Shown(line) => line,
        };
        for (message, line) in [
            (
                r#"{"type":"broadcast","display":"Alam","messages":"a\u001b","username":"alam"}"#,
                r"In[Alam]: a\u001b",
            ),
            (r#"{"type":"broadcast","display":"Budi","messages":"b","username":"budi"}"#, "silent"),
            (
                r#"{"type":"broadcast","display":"[System]","messages":"x","username":"[System]"}"#,
                "In[[System]]: x",
            ),
            (r#"{"status":"OK","messages":"Broadcasted the messages"}"#, "no push"),
        ] {
            assert_eq!(heard(message), line);
        }
    }

    #[test]
    fn only_two_words_after_a_dollar_are_commands() {
        assert_eq!(wish(" send  a b.txt "), Some(Wish::Send("a b.txt")));
        assert_eq!(wish("get x"), Some(Wish::Get("x")));
        for other in ["5 please", "send", "get ", "", "sendx y"] {
            assert_eq!(wish(other), None, "{other}");
        }
    }
}
