//! The shell for dialect keyword: menus, and notifications as they come. It speaks the object form, since
//! the text form can say neither a path with spaces nor a long message.

mod chat;
mod contacts;
mod files;
mod groups;
mod menu;

use serde_json::{Map, Value, json};

use super::End;
use super::connection::live::{Live, Push};
use super::connection::messages::{Cutter, Object};
use super::console::{Console, Line};
use super::reply::Reply;
use super::shown;
use super::url::Address;
use crate::text::Text;
use menu::{Command, Menu, Wish};

/// What the status of a success is.
const SUCCESS: &str = "success";

/// The shell, from the connection to its end.
pub(super) fn talk(address: &Address, console: &mut Console) -> Result<(), End> {
    let live = connect(address, console)?;
    let mut shell =
        Shell { address, console, live, menu: Menu::Auth, login: None, groups: Vec::new() };
    shell.live.greeting()?;
    match shell.run() {
        Err(Ended::By(end)) => Err(end),
        Ok(()) | Err(Ended::ByPerson) => {
            if shell.login.is_some() {
                let logout = shell.request("AUTH-LOGOUT", json!({}));
                shell.live.leave(&logout);
            }
            Ok(())
        }
    }
}

fn connect(address: &Address, console: &Console) -> Result<Live, End> {
    let to = (console.screen.clone(), console.lang);
    Ok(Live::open(address, Cutter::Objects(Object::default()), to, Box::new(notification))?)
}

/// Tells a notification from a reply.
fn notification(message: &Reply) -> Push {
    if message.text(&["FOR"]).as_deref() != Some("NOTIF") {
        return Push::No;
    }
    let from = message.text(&["from_user"]).unwrap_or_default();
    let group = message.text(&["from_group"]).map(|group| format!(" ({group})"));
    let text = message.text(&["text"]).unwrap_or_default();
    Push::Shown(format!("[New Message from {from}{}]: {text}", group.unwrap_or_default()))
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

struct Login {
    username: String,
    token: String,
}

/// A group as the last list had it.
struct Group {
    code: String,
    name: String,
}

struct Shell<'a> {
    address: &'a Address,
    console: &'a mut Console,
    live: Live,
    menu: Menu,
    login: Option<Login>,
    groups: Vec<Group>,
}

impl Shell<'_> {
    fn run(&mut self) -> Result<(), Ended> {
        loop {
            let username = self.login.as_ref().map_or("", |login| &login.username);
            match self.console.line(&self.menu.prompt(username))? {
                Line::Text(typed) => self.obey(typed.trim())?,
                Line::Bad(reason) => self.failed(&reason)?,
                Line::Interrupted | Line::End => return Err(Ended::ByPerson),
            }
        }
    }

    fn obey(&mut self, typed: &str) -> Result<(), Ended> {
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let command = self.menu.command(&word.to_lowercase());
        if !command.is_some_and(Command::holds_password) {
            self.console.source.remember(typed)?;
        }
        let rest = rest.trim();
        let words: Vec<&str> = rest.split_whitespace().collect();
        match command {
            _ if word.is_empty() => Ok(()),
            Some(command) if !command.takes(words.len()) => {
                let usage = self.console.say(Text::Usage, &[("usage", command.usage)]);
                self.failed(&usage)
            }
            Some(command) => self.carry_out(command.wish, rest, &words),
            None => {
                self.failed(&self.console.say(Text::CommandUnknownOf, &[]))?;
                Ok(self.console.print(&self.menu.help())?)
            }
        }
    }

    fn carry_out(&mut self, wish: Wish, rest: &str, words: &[&str]) -> Result<(), Ended> {
        match wish {
            Wish::Help => Ok(self.console.print(&self.menu.help())?),
            Wish::Exit => Err(Ended::ByPerson),
            Wish::Back => {
                self.menu = self.menu.above(self.login.is_some());
                Ok(())
            }
            Wish::Login => self.log_in(words[0], words[1]),
            Wish::Register => {
                let [username, password, again] = [words[0], words[1], words[2]];
                self.tell(
                    "AUTH-REGISTER",
                    json!({"username": username, "password": password, "password-confirm": again}),
                )
            }
            Wish::Logout => self.log_out(),
            Wish::Contacts => {
                self.menu = Menu::Contacts;
                Ok(())
            }
            Wish::Groups => {
                self.menu = Menu::Groups;
                Ok(())
            }
            Wish::News => self.news(),
            Wish::ContactList => self.contacts(),
            Wish::AddContacts => self.tell("CONTACT-ADD", json!({"contact_list": words})),
            Wish::DeleteContacts => self.tell("CONTACT-DELETE", json!({"contact_list": words})),
            Wish::ChatWith => self.open_private(words[0]),
            Wish::CreateGroup => self.create_group(rest),
            Wish::GroupList => self.list_groups(),
            Wish::JoinGroup => self.tell("GROUP-JOIN", json!({"code": words[0]})),
            Wish::Invite => {
                let users = &words[1..];
                self.tell("GROUP-INVITE", json!({"code": words[0], "user_list": users}))
            }
            Wish::LeaveGroup => self.tell("GROUP-EXIT", json!({"code": words[0]})),
            Wish::ChatInGroup => self.open_group(words[0]),
            Wish::Send => self.say(rest),
            Wish::SendFile => self.send_file(rest),
            Wish::GetFile => self.get_file(words[0]),
        }
    }

    fn log_in(&mut self, username: &str, password: &str) -> Result<(), Ended> {
        let fields = json!({"username": username, "password": password});
        let Some(reply) = self.ask("AUTH-LOGIN", fields)? else {
            return Ok(());
        };
        let Some(token) = reply.plain_text(&["token"]).filter(|token| !token.is_empty()) else {
            return self.failed(&self.console.say(Text::ReplyWithoutToken, &[]));
        };
        self.login = Some(Login { username: username.to_owned(), token });
        self.menu = Menu::Main;
        self.groups.clear();
        self.print_message(&reply)
    }

    fn log_out(&mut self) -> Result<(), Ended> {
        let Some(reply) = self.ask("AUTH-LOGOUT", json!({}))? else {
            return Ok(());
        };
        self.login = None;
        self.menu = Menu::Auth;
        self.groups.clear();
        self.print_message(&reply)
    }

    /// Makes a request and prints what the server says to it.
    fn tell(&mut self, command: &str, fields: Value) -> Result<(), Ended> {
        match self.ask(command, fields)? {
            Some(reply) => self.print_message(&reply),
            None => Ok(()),
        }
    }

    /// Makes a request. A failure is printed, and nothing comes of it.
    fn ask(&mut self, command: &str, fields: Value) -> Result<Option<Reply>, Ended> {
        let request = self.request(command, fields);
        let reply = self.live.ask(&request)?;
        self.successful(reply, SUCCESS)
    }

    /// The reply, if it has that status; else its reason is printed.
    fn successful(&mut self, reply: Option<Reply>, status: &str) -> Result<Option<Reply>, Ended> {
        let Some(reply) = reply else {
            self.failed(&self.console.say(Text::ReplyUnreadable, &[]))?;
            return Ok(None);
        };
        if reply.has_status(status) {
            return Ok(Some(reply));
        }
        self.failed(&reply.reason())?;
        Ok(None)
    }

    /// One object with the command and the token in it.
    fn request(&self, command: &str, fields: Value) -> Vec<u8> {
        let Value::Object(mut fields) = fields else {
            return self.request(command, Value::Object(Map::new()));
        };
        let token = self.login.as_ref().map(|login| login.token.as_str());
        fields.insert("COMMAND".to_owned(), command.into());
        fields.insert("token".to_owned(), token.into());
        Value::Object(fields).to_string().into_bytes()
    }

    fn print_message(&self, reply: &Reply) -> Result<(), Ended> {
        let message = reply.text(&["message"]).unwrap_or_else(|| SUCCESS.to_owned());
        Ok(self.console.print(&message)?)
    }

    fn failed(&self, reason: &str) -> Result<(), Ended> {
        Ok(self.console.print(&format!("failed {reason}"))?)
    }
}

/// A message of a list, as a line.
fn spoken(item: &Reply) -> String {
    let from = item.text(&["from_user"]).unwrap_or_default();
    let group = item.text(&["from_group"]).map(|group| format!(" ({group})")).unwrap_or_default();
    format!("{from}{group}: {}", item.text(&["text"]).unwrap_or_default())
}

/// What a person typed, made harmless for a prompt.
fn in_prompt(typed: &str) -> String {
    shown::plain(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_told_from_a_reply_and_cannot_steer_the_terminal() {
        let heard = |message: &str| match notification(&Reply::read(message.as_bytes()).unwrap()) {
            Push::No | Push::Silent => "no push".to_owned(),
            Push::Shown(line) => line,
        };
        for (message, line) in [
            (r#"{"FOR":"NOTIF","from_user":"budi","text":"hai"}"#, "[New Message from budi]: hai"),
            (
                r#"{"FOR":"NOTIF","from_user":"budi","text":"a\u001b","from_group":"k\n"}"#,
                r"[New Message from budi (k\u000a)]: a\u001b",
            ),
            (r#"{"FOR":"CONTACT-GET","status":"success","message":"NOTIF"}"#, "no push"),
            (r#"{"FOR":null,"status":"failed"}"#, "no push"),
        ] {
            assert_eq!(heard(message), line);
        }
    }
}
