//! Files.

use kabar_model::{ContentHash, Field, Refusal, UserId};

use super::{Realm, Talk};
use crate::error::Result;
use crate::store::{Content, FileKey, FileScope, Message, NewMessage, SentFile, Target};

impl Realm {
    /// Whether a message, if it is a file, may be sent.
    pub(super) fn may_send(&self, post: &NewMessage) -> Result<()> {
        let Content::File(new) = &post.content else { return Ok(()) };
        if post.targets.len() > 1 {
            return Err(Refusal::TooMany(Field::Recipients).into());
        }
        let mut all = self.conversations.values().flat_map(|talk| &talk.messages);
        let code_in_use =
            all.any(|(_, m)| m.file.as_ref().is_some_and(|file| file.code == new.file.code));
        if code_in_use {
            return Err(Refusal::Busy.into());
        }
        let taken = |receiver| {
            self.files(receiver, usize::MAX).iter().any(|sent| sent.file.name == new.file.name)
        };
        match post.targets[..] {
            [Target::Direct(receiver)] if new.sole && taken(receiver) => {
                Err(Refusal::FileTaken.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn find_file(
        &self,
        reader: UserId,
        scope: FileScope,
        key: &FileKey,
    ) -> Option<SentFile> {
        let mut found: Vec<(u64, SentFile)> = match scope {
            FileScope::Everywhere => {
                self.conversations.values().flat_map(|talk| talk.files_for(reader)).collect()
            }
            FileScope::Received => {
                self.conversations.values().flat_map(|talk| talk.received_by(reader)).collect()
            }
            FileScope::In(id) => {
                self.conversations.get(&id).map(|talk| talk.files_for(reader)).unwrap_or_default()
            }
            FileScope::Room(id) => {
                let room = self.conversations.get(&id).filter(|talk| talk.room.is_some());
                room.map(|talk| talk.messages.iter().filter_map(sent).collect()).unwrap_or_default()
            }
        };
        found.retain(|(_, sent)| match key {
            FileKey::Code(code) => sent.file.code == *code,
            FileKey::Name(name) => sent.file.name == *name,
        });
        found.into_iter().max_by_key(|(arrival, _)| *arrival).map(|(_, sent)| sent)
    }

    pub(super) fn files(&self, reader: UserId, limit: usize) -> Vec<SentFile> {
        let all = self.conversations.values().flat_map(|talk| talk.received_by(reader));
        let mut all: Vec<(u64, SentFile)> = all.collect();
        all.sort_by_key(|(arrival, _)| *arrival);
        let older = all.len().saturating_sub(limit);
        all.into_iter().skip(older).map(|(_, sent)| sent).collect()
    }

    pub(super) fn used_contents(&self, hashes: &[ContentHash]) -> Vec<ContentHash> {
        let all = self.conversations.values().flat_map(|talk| &talk.messages);
        let used: Vec<ContentHash> =
            all.filter_map(|(_, m)| m.file.as_ref().map(|file| file.hash)).collect();
        hashes.iter().copied().filter(|hash| used.contains(hash)).collect()
    }
}

impl Talk {
    /// Those of them that others sent, and in a note all.
    fn received_by(&self, reader: UserId) -> Vec<(u64, SentFile)> {
        let mut files = self.files_for(reader);
        files.retain(|(_, sent)| self.is_note() || sent.author != reader);
        files
    }

    /// The files that a member may see here, each with its number in the order of arrival.
    fn files_for(&self, reader: UserId) -> Vec<(u64, SentFile)> {
        let Some(member) = self.member(reader) else { return Vec::new() };
        let seen = self.messages.iter().filter(|(_, m)| m.place.seq > member.joined);
        seen.filter_map(sent).collect()
    }
}

fn sent((arrival, message): &(u64, Message)) -> Option<(u64, SentFile)> {
    let Message { place, author, file, at, .. } = message;
    let sent = SentFile { file: file.clone()?, place: *place, author: *author, at: *at };
    Some((*arrival, sent))
}
