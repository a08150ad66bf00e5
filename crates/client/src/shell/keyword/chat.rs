//! An opened chat, with somebody or in a group.

use serde_json::{Map, Value};

use super::menu::Menu;
use super::{Ended, Shell, spoken};

impl Menu {
    /// The end of the keywords of this chat, and the key and the value that name it. `None` outside.
    fn chat(&self) -> Option<(&'static str, &'static str, &str)> {
        match self {
            Self::Private(username) => Some(("PRIVATE", "p_username", username)),
            Self::Group { code, .. } => Some(("GROUP", "code", code)),
            Self::Auth | Self::Main | Self::Contacts | Self::Groups => None,
        }
    }

    /// The kind of this chat, and a request's fields with the chat named in them.
    pub(super) fn in_chat(&self, fields: Value) -> Option<(&'static str, Value)> {
        let (kind, key, value) = self.chat()?;
        let Value::Object(mut fields) = fields else {
            return None;
        };
        fields.insert(key.to_owned(), value.into());
        Some((kind, Value::Object(fields)))
    }
}

impl Shell<'_> {
    pub(super) fn open_private(&mut self, username: &str) -> Result<(), Ended> {
        self.open(Menu::Private(username.to_owned()))
    }

    pub(super) fn open_group(&mut self, typed: &str) -> Result<(), Ended> {
        match self.group(typed)? {
            Some(group) => self.open(Menu::Group { code: group.code, name: group.name }),
            None => Ok(()),
        }
    }

    /// Shows what was said there, and enters, unless the server refuses.
    fn open(&mut self, chat: Menu) -> Result<(), Ended> {
        let Some((kind, fields)) = chat.in_chat(Value::Object(Map::new())) else {
            return Ok(());
        };
        let Some(reply) = self.ask(&format!("CHAT-{kind}-GET"), fields)? else {
            return Ok(());
        };
        for item in reply.objects("messages").unwrap_or_default() {
            self.console.print(&spoken(&item))?;
        }
        self.menu = chat;
        Ok(())
    }

    pub(super) fn say(&mut self, text: &str) -> Result<(), Ended> {
        match self.menu.in_chat(serde_json::json!({"message": text})) {
            Some((kind, fields)) => self.tell(&format!("CHAT-{kind}-SEND"), fields),
            None => Ok(()),
        }
    }
}
