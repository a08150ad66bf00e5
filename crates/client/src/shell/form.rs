//! The shell for dialect form: a command, then a question for each thing it needs.

mod files;
mod request;
mod room;

use std::sync::Arc;

use parking_lot::Mutex;

use super::End;
use super::connection::live::Live;
use super::connection::messages::Cutter;
use super::console::{Console, Line};
use super::reply::Reply;
use super::shown;
use super::url::Address;
use crate::text::Text;
use request::request;

const PROMPT_BEFORE_LOGIN: &str = "Command [login|register] : ";
const PROMPT: &str = "Command [chat|send file|get file|list file|inbox|join room|logout] : ";

/// The shell, from the connection to its end.
pub(super) fn talk(address: &Address, console: &mut Console) -> Result<(), End> {
    let username = Arc::new(Mutex::new(String::new()));
    let listener = Box::new(room::listener(Arc::clone(&username)));
    let to = (console.screen.clone(), console.lang);
    let live = Live::open(address, Cutter::Lines(Vec::new()), to, listener)?;
    let mut shell = Shell { address, console, live, username, session: None };
    let ended = shell.run();
    if let Some(session) = shell.session.take()
        && matches!(ended, Err(Ended::ByPerson))
    {
        shell.live.leave(&request("logout", &[("session", &session)]));
    }
    match ended {
        Ok(()) | Err(Ended::ByPerson) => Ok(()),
        Err(Ended::By(end)) => Err(end),
    }
}

/// Why no more lines are read.
enum Ended {
    /// Ctrl-C, `exit`, or the end of the input.
    ByPerson,
    By(End),
}

impl<E: Into<End>> From<E> for Ended {
    fn from(end: E) -> Self {
        Self::By(end.into())
    }
}

struct Shell<'a> {
    address: &'a Address,
    console: &'a mut Console,
    live: Live,
    /// Who is logged in; what they say in a room comes back, and is not shown.
    username: Arc<Mutex<String>>,
    session: Option<String>,
}

impl Shell<'_> {
    fn run(&mut self) -> Result<(), Ended> {
        loop {
            let prompt = if self.session.is_some() { PROMPT } else { PROMPT_BEFORE_LOGIN };
            let typed = self.question(prompt)?;
            let words: Vec<&str> = typed.split_whitespace().collect();
            let command = words.join(" ").to_lowercase();
            match (command.as_str(), self.session.clone()) {
                ("", _) => {}
                ("exit" | "quit", _) => return Err(Ended::ByPerson),
                ("register", None) => self.register()?,
                ("login", None) => self.login()?,
                ("chat" | "send", Some(session)) => self.chat(&session)?,
                ("inbox", Some(session)) => self.inbox(&session)?,
                ("list file", Some(session)) => self.list_file(&session)?,
                ("send file", Some(session)) => self.send_file(&session)?,
                ("get file", Some(session)) => self.get_file(&session)?,
                ("join room", Some(session)) => self.join_room(&session)?,
                ("logout", Some(session)) => self.logout(&session)?,
                _ => self.error(&self.console.say(Text::CommandUnknown, &[]))?,
            }
        }
    }

    fn register(&mut self) -> Result<(), Ended> {
        let username = self.question("Username: ")?;
        let password = self.secret("Password: ")?;
        let name = self.question("Name: ")?;
        let nationality = self.question("Nationality: ")?;
        let fields = [
            ("username", &*username),
            ("password", &password),
            ("name", &name),
            ("nationality", &nationality),
        ];
        if self.ask("register", &fields)?.is_some() {
            self.console.print("User berhasil dibuat")?;
        }
        Ok(())
    }

    fn login(&mut self) -> Result<(), Ended> {
        let username = self.question("Username: ")?;
        let password = self.secret("Password: ")?;
        let fields = [("username", &*username), ("password", &password)];
        let Some(reply) = self.ask("auth", &fields)? else {
            return Ok(());
        };
        let Some(session) = reply.plain_text(&["tokenid", "session"]).filter(|s| !s.is_empty())
        else {
            return self.error(&self.console.say(Text::ReplyWithoutToken, &[]));
        };
        self.session = Some(session);
        self.username.lock().clone_from(&username);
        self.console.print(&format!("Login [{}] telah berhasil", shown::plain(&username)))?;
        Ok(())
    }

    fn chat(&mut self, session: &str) -> Result<(), Ended> {
        let to = self.question("Recipient username: ")?;
        let message = self.question("Message: ")?;
        let fields = [("session", session), ("destination", &to), ("message", &message)];
        if let Some(reply) = self.ask("send", &fields)? {
            let to = reply.text(&["user"]).unwrap_or_else(|| shown::plain(&to));
            self.console.print(&format!("Message Sent to user [{to}]."))?;
        }
        Ok(())
    }

    fn inbox(&mut self, session: &str) -> Result<(), Ended> {
        let Some(reply) = self.ask("inbox", &[("session", session)])? else {
            return Ok(());
        };
        let messages = reply.lists("messages").unwrap_or_default();
        let count: usize = messages.iter().map(|(_, items)| items.len()).sum();
        self.console.print(&format!("{count} messages incoming."))?;
        for (username, items) in messages {
            for item in items {
                self.console.print(&incoming(&username, &item))?;
            }
        }
        Ok(())
    }

    fn logout(&mut self, session: &str) -> Result<(), Ended> {
        if self.ask("logout", &[("session", session)])?.is_some() {
            self.session = None;
            self.username.lock().clear();
            self.console.print("Bye bye !")?;
        }
        Ok(())
    }

    /// Makes a request. A refusal is printed, and nothing comes of it.
    fn ask(&mut self, command: &str, fields: &[(&str, &str)]) -> Result<Option<Reply>, Ended> {
        let Some(reply) = self.live.ask(&request(command, fields))? else {
            self.error(&self.console.say(Text::ReplyUnreadable, &[]))?;
            return Ok(None);
        };
        if reply.is_ok() {
            return Ok(Some(reply));
        }
        self.error(&reply.reason())?;
        Ok(None)
    }

    fn error(&self, reason: &str) -> Result<(), Ended> {
        Ok(self.console.print(&format!("Error! {reason}"))?)
    }

    /// What was typed at a prompt, without the spaces around it.
    fn question(&mut self, prompt: &str) -> Result<String, Ended> {
        let typed = self.typed(|console| console.line(prompt))?.trim().to_owned();
        if !typed.is_empty() {
            self.console.source.remember(&typed)?;
        }
        Ok(typed)
    }

    fn secret(&mut self, prompt: &str) -> Result<String, Ended> {
        self.typed(|console| console.secret(prompt))
    }

    /// Asks until the line can be used.
    fn typed(
        &mut self,
        mut line: impl FnMut(&mut Console) -> std::io::Result<Line>,
    ) -> Result<String, Ended> {
        loop {
            match line(self.console)? {
                Line::Text(typed) => return Ok(typed),
                Line::Bad(reason) => self.error(&reason)?,
                Line::Interrupted | Line::End => return Err(Ended::ByPerson),
            }
        }
    }
}

/// A message as the inbox shows it: a file by its name, a group after the sender.
fn incoming(username: &str, item: &Reply) -> String {
    let from = item.text(&["msg_from"]).unwrap_or_else(|| username.to_owned());
    let group = item.text(&["group"]).map(|group| format!(" ({group})")).unwrap_or_default();
    let file = item.text(&["file_name"]).map(|name| format!("[{name}]"));
    let words = item.text(&["msg"]).filter(|words| !words.is_empty());
    let text: Vec<String> = file.into_iter().chain(words).collect();
    format!("from {from}{group}: {}", text.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_with_its_sender_its_group_and_its_file() {
        for (item, line) in [
            (r#"{"msg_from":"Alam","msg":"halo"}"#, "from Alam: halo"),
            (r#"{"msg":"a\u001b\nb"}"#, r"from alam: a\u001b\u000ab"),
            (r#"{"msg_from":"Alam","msg":"x","group":"kelas"}"#, "from Alam (kelas): x"),
            (r#"{"msg_from":"Alam","msg":"","file_name":"a.txt"}"#, "from Alam: [a.txt]"),
            (r#"{"msg_from":"Alam","msg":"ini","file_name":"a"}"#, "from Alam: [a] ini"),
        ] {
            assert_eq!(incoming("alam", &Reply::read(item.as_bytes()).unwrap()), line);
        }
    }
}
