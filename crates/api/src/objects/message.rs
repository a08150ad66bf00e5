//! Messages and files.

use kabar_engine::{MessageNews, Shown};
use kabar_model::ClientKey;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use utoipa::ToSchema;

use super::delivery::{DeliveryName, reason};
use super::{Author, time};
use crate::api::Api;
use crate::caller::Reader;
use crate::ids;
use crate::objects::EXCEPT_UNRESERVED;
use crate::problem::Answer;

/// A message as it stands now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// The conversation.
    pub(crate) conversation: String,
    /// Its number there.
    pub(crate) seq: i64,
    /// Who wrote it.
    pub(crate) author: Author,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// What it says; empty when it is deleted, or a file without a word beside it.
    pub(crate) text: String,
    /// The file.
    #[schema(required)]
    pub(crate) file: Option<File>,
    /// The message that it answers.
    #[schema(required)]
    pub(crate) reply_to: Option<i64>,
    /// When its text was last changed.
    #[schema(required, format = DateTime)]
    pub(crate) edited_at: Option<String>,
    /// Whether it is gone.
    pub(crate) deleted: bool,
    /// What others make of it.
    pub(crate) reactions: Vec<Reaction>,
    /// What one's own client called it; only in one's own messages.
    #[schema(required)]
    pub(crate) key: Option<String>,
    /// How far it has come; only in one's own messages, where people of other realms are to have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<DeliveryName>,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery_reason: Option<String>,
}

/// A file that was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct File {
    /// Its code.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) size: u64,
    /// What its contents look like.
    pub(crate) media_type: String,
    /// The width of a picture.
    #[schema(required)]
    pub(crate) width: Option<u32>,
    /// The height of a picture.
    #[schema(required)]
    pub(crate) height: Option<u32>,
    /// Where its contents are.
    pub(crate) url: String,
}

/// An emoji and those whose it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Reaction {
    /// The emoji.
    pub(crate) emoji: String,
    /// Usernames, of people of other realms `user@realm`; in the order of coming.
    pub(crate) users: Vec<String>,
}

impl Api {
    pub(crate) async fn message(&self, reader: &Reader, shown: &Shown) -> Message {
        let Shown { message, author, reactions, delivery } = shown;
        let own = author.id == reader.user();
        Message {
            conversation: ids::of_conversation(message.place.conversation),
            seq: message.place.seq.0,
            author: author.as_ref().into(),
            at: time(message.at),
            text: message.body.clone(),
            file: self.file(message.file.as_ref()).await,
            reply_to: message.reply_to.map(|seq| seq.0),
            edited_at: message.edited_at.map(time),
            deleted: message.deleted,
            reactions: reactions
                .iter()
                .map(|reaction| Reaction {
                    emoji: reaction.emoji.to_string(),
                    users: reaction.users.iter().map(|user| user.username.to_string()).collect(),
                })
                .collect(),
            key: message.key.as_ref().filter(|_| own).map(key),
            delivery: delivery.as_ref().map(DeliveryName::from),
            delivery_reason: delivery.as_ref().and_then(|delivery| reason(delivery, reader.lang)),
        }
    }

    pub(crate) async fn messages(&self, reader: &Reader, shown: &[Shown]) -> Vec<Message> {
        let mut messages = Vec::with_capacity(shown.len());
        for shown in shown {
            messages.push(self.message(reader, shown).await);
        }
        messages
    }

    /// A new message as it was told: nobody has made anything of it yet.
    pub(crate) async fn told(&self, reader: &Reader, news: &MessageNews) -> Answer<Message> {
        let own = news.from.id == reader.user();
        let sent: &[_] = if own { &[news.place] } else { &[] };
        let delivery = self.engine.deliveries(reader.user(), sent).await?.remove(&news.place);
        Ok(Message {
            conversation: ids::of_conversation(news.place.conversation),
            seq: news.place.seq.0,
            author: news.from.as_ref().into(),
            at: time(news.at),
            text: news.body.clone(),
            file: self.file(news.file.as_ref()).await,
            reply_to: news.reply_to.map(|seq| seq.0),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            key: news.key.as_ref().filter(|_| own).map(key),
            delivery: delivery.as_ref().map(DeliveryName::from),
            delivery_reason: delivery.and_then(|delivery| reason(&delivery, reader.lang)),
        })
    }

    pub(super) async fn file(&self, file: Option<&kabar_model::File>) -> Option<File> {
        let file = file?;
        let (width, height) = self.pictures.size(&self.engine, file).await.unzip();
        let name = utf8_percent_encode(file.name.as_str(), EXCEPT_UNRESERVED);
        Some(File {
            code: file.code.to_string(),
            name: file.name.to_string(),
            size: file.size,
            media_type: file.media_type.to_string(),
            width,
            height,
            url: format!("/api/v1/files/{}/{name}", file.code),
        })
    }
}

pub(super) fn key(key: &ClientKey) -> String {
    key.as_str().to_owned()
}
