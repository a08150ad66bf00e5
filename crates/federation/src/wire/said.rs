//! People, conversations, and what is said in them.

use std::sync::Arc;

use kabar_engine::store::links::Where;
use kabar_engine::store::{Content, Message, NewFile};
use kabar_model::{
    Body, Change, ContentHash, ConversationId, DisplayName, Emoji, File, FileCode, FileName,
    RealmName, Seq, Username,
};
use serde::{Deserialize, Serialize};

/// The code of what breaks a rule of its field.
pub(crate) const INVALID: &str = "invalid";

/// The longest media type that is read, in bytes.
const MEDIA_TYPE_BYTES_MAX: usize = 127;

/// Somebody, with their realm: `maya@kampus-b`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Person(pub String);

impl Person {
    /// Somebody as kept in the realm `us`.
    pub fn of(kept: &Username, us: &RealmName) -> Self {
        match kept.realm() {
            Some(_) => Self(kept.to_string()),
            None => Self(kept.at(us).to_string()),
        }
    }

    /// Their address: with their realm, whichever that is.
    pub fn address(&self) -> Result<Username, &'static str> {
        let kept = Username::parse_kept(&self.0).map_err(|_| INVALID)?;
        if kept.realm().is_some() { Ok(kept) } else { Err(INVALID) }
    }

    /// As kept in the realm `us`: those of ours without a realm.
    pub fn kept_by(&self, us: &RealmName) -> Result<Username, &'static str> {
        let address = self.address()?;
        let is_ours = address.realm().as_ref() == Some(us);
        Ok(if is_ours { address.without_realm() } else { address })
    }
}

/// A conversation, as realms name it to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum To {
    /// That of these two; the one whose realm's name sorts first is first.
    Direct(Person, Person),
    /// The group with this number at its home.
    Group(i64),
}

impl To {
    /// As the store names it.
    pub fn of(conversation: &Where) -> Self {
        match conversation {
            Where::Direct(one, other) => {
                Self::Direct(Person(one.to_string()), Person(other.to_string()))
            }
            Where::Group(id) => Self::Group(id.0),
        }
    }

    /// As the store names it.
    pub fn read(&self) -> Result<Where, &'static str> {
        Ok(match self {
            Self::Direct(one, other) => {
                let (one, other) = (one.address()?, other.address()?);
                if one.realm() >= other.realm() {
                    return Err(INVALID);
                }
                Where::Direct(one, other)
            }
            Self::Group(id) => Where::Group(ConversationId(*id)),
        })
    }
}

/// A file, without its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSaid {
    name: String,
    size: u64,
    r#type: String,
    /// SHA-256, in hexadecimal digits.
    hash: String,
}

/// What a message says. Numbers are those of the conversation's home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The text: of a message, beside a file, the new one, or the emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileSaid>,
    /// The message that gets another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit: Option<i64>,
    /// The message that goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delete: Option<i64>,
    /// The message that is reacted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    react: Option<i64>,
    /// The message whose reaction is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unreact: Option<i64>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<i64>,
    /// It was taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    /// It was a change that was taken away: nothing of it is to be seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    was_change: bool,
}

impl Said {
    /// What a message says; `about` is what it changes or answers, as its home numbers that.
    pub fn of(message: &Message, about: Option<Seq>) -> Self {
        if message.deleted {
            return Self::gone(message.change.is_some());
        }
        let about = about.map(|seq| seq.0);
        let mut said = Self::default();
        if !message.body.is_empty() {
            said.text = Some(message.body.clone());
        }
        said.file = message.file.as_ref().map(|file| FileSaid {
            name: file.name.to_string(),
            size: file.size,
            r#type: file.media_type.to_string(),
            hash: file.hash.to_string(),
        });
        match message.change {
            None => said.reply_to = about,
            Some(Change::Edit(_)) => said.edit = about,
            Some(Change::Deletion(_)) => said.delete = about,
            Some(Change::Reaction(_)) => said.react = about,
            Some(Change::ReactionEnd(_)) => said.unreact = about,
        }
        said
    }

    /// It was taken away.
    pub fn gone(was_change: bool) -> Self {
        Self { gone: true, was_change, ..Self::default() }
    }

    /// Whether it was a change that was taken away.
    pub fn was_change(&self) -> bool {
        self.gone && self.was_change
    }

    /// Whether it was taken away.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// As [`Said::read`]; where something else says what it says, nothing here.
    pub(crate) fn read_or_gone(
        &self,
        is_said_elsewhere: bool,
    ) -> Result<(Option<Content>, Option<Seq>), &'static str> {
        if is_said_elsewhere { Ok((None, None)) } else { self.read() }
    }

    /// What it says, `None` if that is gone; and what it answers.
    pub fn read(&self) -> Result<(Option<Content>, Option<Seq>), &'static str> {
        if self.gone {
            return Ok((None, None));
        }
        let text = || Body::parse(self.text.as_deref().unwrap_or_default()).map_err(|_| INVALID);
        let emoji = || Emoji::parse(self.text.as_deref().unwrap_or_default()).map_err(|_| INVALID);
        let seq = |number: i64| if number > 0 { Ok(Seq(number)) } else { Err(INVALID) };
        let content = match (&self.file, self.edit, self.delete, self.react, self.unreact) {
            (None, None, None, None, None) => Content::Text(text()?),
            (Some(file), None, None, None, None) => {
                let caption = self.text.is_some().then(text).transpose()?;
                Content::File(Box::new(NewFile { file: file.read()?, caption, sole: false }))
            }
            (None, Some(of), None, None, None) => Content::Edit { of: seq(of)?, text: text()? },
            (None, None, Some(of), None, None) => Content::Deletion { of: seq(of)? },
            (None, None, None, Some(of), None) => {
                Content::Reaction { of: seq(of)?, emoji: emoji()?, on: true }
            }
            (None, None, None, None, Some(of)) => {
                Content::Reaction { of: seq(of)?, emoji: emoji()?, on: false }
            }
            _ => return Err(INVALID),
        };
        let reply_to = self.reply_to.map(seq).transpose()?;
        Ok((Some(content), reply_to))
    }
}

impl FileSaid {
    fn read(&self) -> Result<File, &'static str> {
        let plain = |byte: u8| byte.is_ascii_graphic();
        let fits = (3..=MEDIA_TYPE_BYTES_MAX).contains(&self.r#type.len());
        if !fits || !self.r#type.bytes().all(plain) || !self.r#type.contains('/') {
            return Err(INVALID);
        }
        Ok(File {
            // The realm that keeps it gives it a code of its own.
            code: FileCode::new(0),
            name: FileName::clean(&self.name).map_err(|_| INVALID)?,
            size: self.size,
            media_type: Arc::from(self.r#type.as_str()),
            hash: ContentHash::parse(&self.hash).ok_or(INVALID)?,
        })
    }
}

/// What somebody is called.
pub(crate) fn display_name(text: &str) -> Result<DisplayName, &'static str> {
    DisplayName::parse(text).map_err(|_| INVALID)
}
