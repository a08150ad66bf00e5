//! Files: sending them, finding them, and sweeping what no message refers to.

mod fetch;
mod space;
mod sweep;
mod turns;
mod unsent;
mod upload;

use std::ops::Range;
use std::sync::Arc;

use kabar_model::limits::FILES_LISTED_MAX;
use kabar_model::{
    Address, Body, ClientKey, ConversationId, File, FileCode, FileName, Refusal, Seq, User,
};
use tokio::sync::{RwLock, RwLockReadGuard};
use tracing::error;
use uuid::Uuid;

use crate::blobs::{Blobs, Pieces};
use crate::changes::only;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::groups::stranger;
use crate::sessions::Caller;
use crate::store::{
    Content, FileKey, FileScope, NewFile, NewMessage, Place, Posted, SentFile, Target,
};

pub use fetch::Fetch;
pub use upload::Upload;

/// Codes that are tried for a new file before it is refused.
const CODE_TRIES_MAX: usize = 64;

/// Where contents are kept, and who is at it.
pub(crate) struct Files {
    blobs: Arc<dyn Blobs>,
    turns: Arc<turns::Turns>,
    space: Arc<space::Space>,
    unsent: Arc<unsent::Unsent>,
    /// Read while contents are kept and their message is not durable yet; written while some are swept.
    sweeping: RwLock<()>,
}

impl Files {
    pub(crate) fn new(blobs: Arc<dyn Blobs>) -> Self {
        let (turns, space, unsent) = Default::default();
        Self { blobs, turns, space, unsent, sweeping: RwLock::default() }
    }

    /// Until this is dropped, no contents are swept.
    async fn kept(&self) -> RwLockReadGuard<'_, ()> {
        self.sweeping.read().await
    }
}

/// Where a file goes. Somebody may send there, or could when this was made.
#[derive(Clone, Debug)]
pub struct Destination {
    target: Target,
    /// What to answer someone who is no longer in the group.
    stranger: Refusal,
}

impl Destination {
    /// A conversation of the sender's.
    pub(crate) fn of_own(target: Target) -> Self {
        Self { target, stranger: Refusal::NotMember }
    }
}

/// A file that was accepted.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The file, with its code.
    pub file: File,
    /// Where its message stands. Where the conversation's home is another realm it has no number yet.
    pub place: Place,
}

/// A file in somebody's list.
#[derive(Clone, Debug)]
pub struct ListedFile {
    /// The file.
    pub file: File,
    /// Who sent it.
    pub from: Arc<User>,
}

impl Engine {
    /// Takes the contents of a file, piece by piece. Where it is not known yet whose they are, only a small file
    /// is taken.
    pub fn upload(&self, caller: Option<&Caller>) -> Upload {
        let Files { blobs, turns, space, unsent, .. } = &self.files;
        let bytes_max = self.settings.file_bytes_max;
        // One file fits in any case.
        let all_max = space::UPLOADS_BYTES_MAX.max(bytes_max);
        let share = space::Share::none_yet(Arc::clone(space), all_max);
        let (blobs, turns, unsent) = (Arc::clone(blobs), Arc::clone(turns), Arc::clone(unsent));
        Upload::new(blobs, turns, unsent, share, caller.map(Caller::user), bytes_max)
    }

    /// Whether a file of this size would be taken; refuses `TooLong` contents.
    pub fn may_upload(&self, size: u64) -> Result<()> {
        if size > self.settings.file_bytes_max {
            return Err(Refusal::TooLong(kabar_model::Field::File).into());
        }
        Ok(())
    }

    /// A person as the receiver of a file. Refuses `ReceiverUnknown`, `RealmUnknown`.
    pub async fn to_person(&self, to: &Address) -> Result<Destination> {
        let target = Target::Direct(self.receiver(to).await?);
        Ok(Destination { target, stranger: Refusal::NotMember })
    }

    /// A group as the receiver of a file. Refuses `GroupUnknown`, `NotMember`.
    pub async fn to_group(&self, caller: &Caller, name_or_code: &str) -> Result<Destination> {
        let group = self.group(name_or_code).await?;
        let stranger = stranger(&group, name_or_code);
        if !self.is_member(caller, &group).await? {
            return Err(stranger.into());
        }
        Ok(Destination { target: Target::Group(group.id), stranger })
    }

    /// The room that the session is in as the receiver of a file. Refuses `NotInRoom`.
    pub fn to_room(&self, caller: &Caller) -> Result<Destination> {
        let target = Target::Room(self.room_id_of(caller)?);
        Ok(Destination { target, stranger: Refusal::NotInRoom })
    }

    /// Sends a file once all of it has been uploaded; it is accepted when this returns. With `sole`, refuses
    /// `FileTaken` when the person it goes to has a file of that name already. Also refuses `SessionUnknown`
    /// when the session has ended meanwhile, `NotMember`, and `Busy` when no code is free. Contents that were
    /// refused are not kept.
    pub async fn send_file(
        &self,
        caller: &Caller,
        to: &Destination,
        name: FileName,
        mut upload: Upload,
        caption: Option<Body>,
        sole: bool,
    ) -> Result<Sent> {
        let named = (name, &mut upload);
        let sent = self.send_upload(caller, to, named, caption, sole, (None, None)).await;
        drop(upload);
        self.sweep_refused().await;
        let (file, posted) = sent?;
        if posted.outgoing.is_some() {
            self.signals.delivery(caller.user(), posted.place.conversation);
        }
        Ok(Sent { file, place: posted.place })
    }

    /// Sends a file that may answer another message and may have a key. After a refusal the upload may be sent
    /// again.
    pub(crate) async fn send_upload(
        &self,
        caller: &Caller,
        to: &Destination,
        (name, upload): (FileName, &mut Upload),
        caption: Option<Body>,
        sole: bool,
        answers: (Option<Seq>, Option<ClientKey>),
    ) -> Result<(File, Posted)> {
        caller.may_write()?;
        self.still(caller)?;
        let kept = self.files.kept().await;
        let contents = upload.finish().await?;
        let new = NewFile {
            file: File {
                code: random_code(),
                name,
                size: contents.size,
                media_type: contents.media_type,
                hash: contents.hash,
            },
            caption,
            sole,
        };
        let sent = self.send_contents(caller, to, new, answers).await;
        upload.was_sent(&sent);
        drop(kept);
        sent
    }

    async fn send_contents(
        &self,
        caller: &Caller,
        to: &Destination,
        mut new: NewFile,
        (reply_to, key): (Option<Seq>, Option<ClientKey>),
    ) -> Result<(File, Posted)> {
        for _ in 0..CODE_TRIES_MAX {
            let message = NewMessage {
                author: caller.user(),
                targets: vec![to.target],
                content: Content::File(Box::new(new.clone())),
                at: self.clock.now(),
                session: Some(caller.session()),
                reply_to,
                key: key.clone(),
            };
            match self.store.post(message).await?.await {
                Ok(posted) => return Ok((new.file, only(&posted)?)),
                Err(Error::Refused(Refusal::Busy)) => new.file.code = random_code(),
                Err(Error::Refused(Refusal::NotMember)) => return Err(to.stranger.clone().into()),
                Err(error) => return Err(error),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// The files that others sent to somebody or to their groups, or they to themselves: the newest ones, in
    /// the order of arrival.
    pub async fn files(&self, caller: &Caller) -> Result<Vec<ListedFile>> {
        let sent = self.store.files(caller.user(), FILES_LISTED_MAX).await?;
        let mut authors: Vec<_> = sent.iter().map(|sent| sent.author).collect();
        authors.sort_unstable();
        authors.dedup();
        let people = self.directory.users(&authors).await?;
        let listed = sent.into_iter().map(|SentFile { file, author, .. }| {
            let from = people.get(&author).cloned();
            let from = from.ok_or_else(|| Error::failed("a file without a sender"))?;
            Ok(ListedFile { file, from })
        });
        listed.collect()
    }

    /// A file in any of one's direct conversations and groups, by code or by name (then the newest). Refuses
    /// `FileUnknown`.
    pub async fn file(&self, caller: &Caller, code_or_name: &str) -> Result<File> {
        self.find(caller, FileScope::Everywhere, code_or_name).await
    }

    /// A file that somebody received, by name or code; else one in any of their conversations. Refuses
    /// `FileUnknown`.
    pub async fn file_received(&self, caller: &Caller, code_or_name: &str) -> Result<File> {
        if let Ok(name) = FileName::clean(code_or_name) {
            let (scope, key) = (FileScope::Received, FileKey::Name(name));
            if let Some(sent) = self.store.find_file(caller.user(), scope, &key).await? {
                return Ok(sent.file);
            }
        }
        self.file(caller, code_or_name).await
    }

    /// A file that was found before, if it may still be read. Refuses `SessionUnknown`, `FileUnknown`.
    pub async fn still_readable(&self, caller: &Caller, file: &File) -> Result<()> {
        self.still(caller)?;
        let key = FileKey::Code(file.code);
        let found = self.store.find_file(caller.user(), FileScope::Everywhere, &key).await?;
        if found.is_some() { Ok(()) } else { Err(Refusal::FileUnknown.into()) }
    }

    /// A file between two people. Refuses `ReceiverUnknown`, `RealmUnknown`, `FileUnknown`.
    pub async fn file_with(
        &self,
        caller: &Caller,
        other: &Address,
        code_or_name: &str,
    ) -> Result<File> {
        let conversation = self.direct_with(caller, other).await?;
        self.find_in(caller, conversation, code_or_name).await
    }

    /// A file in a group. Refuses `GroupUnknown`, `NotMember`, `FileUnknown`.
    pub async fn file_in_group(
        &self,
        caller: &Caller,
        group: &str,
        code_or_name: &str,
    ) -> Result<File> {
        let id = self.group_of(caller, group).await?;
        self.find_in(caller, Some(id), code_or_name).await
    }

    /// A file in the room that the session is in. Refuses `NotInRoom`, `FileUnknown`.
    pub async fn file_in_room(&self, caller: &Caller, code_or_name: &str) -> Result<File> {
        let room = self.room_id_of(caller)?;
        self.find(caller, FileScope::Room(room), code_or_name).await
    }

    async fn group_of(&self, caller: &Caller, name_or_code: &str) -> Result<ConversationId> {
        match self.to_group(caller, name_or_code).await?.target {
            Target::Group(id) => Ok(id),
            Target::Direct(_) | Target::Room(_) | Target::Own(_) => {
                Err(Refusal::GroupUnknown.into())
            }
        }
    }

    async fn find_in(
        &self,
        caller: &Caller,
        conversation: Option<ConversationId>,
        code_or_name: &str,
    ) -> Result<File> {
        let conversation = conversation.ok_or(Refusal::FileUnknown)?;
        self.find(caller, FileScope::In(conversation), code_or_name).await
    }

    async fn find(&self, caller: &Caller, scope: FileScope, code_or_name: &str) -> Result<File> {
        let code = FileCode::parse(code_or_name.trim()).map(FileKey::Code);
        // What is no name is the name of no file.
        let name = FileName::clean(code_or_name).ok().map(FileKey::Name);
        for key in [code, name].into_iter().flatten() {
            if let Some(sent) = self.store.find_file(caller.user(), scope, &key).await? {
                return Ok(sent.file);
            }
        }
        Err(Refusal::FileUnknown.into())
    }

    /// The contents of a file.
    pub async fn contents(&self, file: &File) -> Result<Pieces> {
        self.contents_in(file, 0..file.size).await
    }

    /// A range of the contents of a file, cut to what there is. Refuses `Busy` while they are on their way from another
    /// realm.
    pub async fn contents_in(&self, file: &File, range: Range<u64>) -> Result<Pieces> {
        let end = range.end.min(file.size);
        let pieces = self.files.blobs.open(file.hash, range.start.min(end)..end).await?;
        if let Some(pieces) = pieces {
            return Ok(pieces);
        }
        if self.are_coming(file.hash).await? {
            return Err(Refusal::Busy.into());
        }
        error!(hash = %file.hash, "the contents of a file are gone");
        Err(Error::failed("the contents of a file are gone"))
    }
}

fn random_code() -> FileCode {
    let (number, ..) = Uuid::new_v4().as_fields();
    FileCode::new(number)
}
