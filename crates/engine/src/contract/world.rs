//! A small realm to test in.

use std::sync::Arc;

use kabar_model::{
    Body, ContentHash, ConversationId, File, FileCode, FileName, GroupName, Refusal, RoomName, Seq,
    SessionId, Timestamp, UserId, Username, Visibility,
};

use crate::error::Result;
use crate::store::{
    Content, Group, NewFile, NewGroup, NewMessage, NewSession, NewUser, PartMax, Place, Posted,
    Purpose, Store, Target, Ticket, TokenHash, Unread,
};

/// The store under test, shared between tasks.
pub(super) type Shared = Arc<dyn Store>;

/// So many seconds into the test's day.
pub(super) fn at(secs: i64) -> Timestamp {
    Timestamp(1_750_000_000_000_000 + secs * 1_000_000)
}

pub(super) fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

pub(super) fn new_user(username: &str) -> NewUser {
    NewUser { at: at(0), ..crate::testing::new_user(username) }
}

pub(super) async fn user(store: &dyn Store, username: &str) -> UserId {
    store.create_user(new_user(username)).await.unwrap().id
}

pub(super) async fn users<const N: usize>(store: &dyn Store, names: [&str; N]) -> [UserId; N] {
    let mut ids = [UserId(0); N];
    for (id, name) in ids.iter_mut().zip(names) {
        *id = user(store, name).await;
    }
    ids
}

pub(super) fn new_session(user: UserId, number: u8, when: Timestamp) -> NewSession {
    let token = token(number);
    NewSession { user, token, checked: None, asked_by: None, at: when, purpose: Purpose::Person }
}

/// A token's hash; equal numbers make equal hashes.
pub(super) fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

pub(super) async fn session(
    store: &dyn Store,
    user: UserId,
    number: u8,
    when: Timestamp,
) -> SessionId {
    let new = new_session(user, number, when);
    store.create_session(new).await.unwrap().session.id
}

pub(super) fn new_group(name: &str, creator: UserId) -> NewGroup {
    let name = GroupName::parse(name).unwrap();
    NewGroup { name, creator, visibility: Visibility::Public, at: at(0) }
}

pub(super) async fn group(store: &dyn Store, name: &str, creator: UserId) -> Group {
    store.create_group(new_group(name, creator)).await.unwrap()
}

/// A group of all of these; the first made it.
pub(super) async fn group_of(store: &dyn Store, name: &str, all: &[UserId]) -> ConversationId {
    let id = group(store, name, all[0]).await.id;
    for member in &all[1..] {
        store.join_group(id, *member, at(0)).await.unwrap();
    }
    id
}

/// The room of that name.
pub(super) async fn room(store: &dyn Store, name: &str) -> ConversationId {
    store.room(&RoomName::parse(name).unwrap(), at(0)).await.unwrap()
}

pub(super) fn message(author: UserId, targets: &[Target], text: &str) -> NewMessage {
    let body = Body::parse(text).unwrap();
    let content = Content::Text(body);
    NewMessage::new(author, targets.to_vec(), content, at(1))
}

/// A file of 1,000 bytes; equal numbers make equal codes and equal contents.
pub(super) fn new_file(number: u8, name: &str) -> NewFile {
    let file = File {
        code: FileCode::new(number.into()),
        name: FileName::clean(name).unwrap(),
        size: 1_000,
        media_type: "text/plain".into(),
        hash: ContentHash([number; 32]),
    };
    NewFile { file, caption: None, sole: false }
}

pub(super) fn file_message(author: UserId, target: Target, new: NewFile) -> NewMessage {
    let content = Content::File(Box::new(new));
    NewMessage::new(author, vec![target], content, at(1))
}

/// Sends a file, which must be taken.
pub(super) async fn send(
    store: &dyn Store,
    author: UserId,
    target: Target,
    number: u8,
    name: &str,
) -> Place {
    let new = file_message(author, target, new_file(number, name));
    post(store, new).await.unwrap()[0]
}

/// Hands a message over.
pub(super) async fn hand_over(
    store: &dyn Store,
    author: UserId,
    target: Target,
    text: &str,
) -> Ticket<Vec<Posted>> {
    store.post(message(author, &[target], text)).await.unwrap()
}

/// Posts and waits until the message is durable.
pub(super) async fn post(store: &dyn Store, new: NewMessage) -> Result<Vec<Place>> {
    Ok(store.post(new).await?.await?.into_iter().map(|posted| posted.place).collect())
}

/// Posts to one target, which must take it.
pub(super) async fn say(store: &dyn Store, author: UserId, target: Target, text: &str) -> Place {
    post(store, message(author, &[target], text)).await.unwrap()[0]
}

/// Posts to a group, which must refuse.
pub(super) async fn is_shut_out(store: &dyn Store, author: UserId, group: ConversationId) -> bool {
    let new = message(author, &[Target::Group(group)], "may I?");
    refused(post(store, new).await) == Refusal::NotMember
}

/// The refusal that this must be.
pub(super) fn refused<T: std::fmt::Debug>(outcome: Result<T>) -> Refusal {
    outcome.unwrap_err().refusal().expect("a refusal, not a failure").clone()
}

/// A part of an inbox, without the contents of files.
pub(super) fn up_to(messages: usize, bytes: usize) -> PartMax {
    PartMax { messages, bytes, file_bytes: 0 }
}

pub(super) async fn unread(store: &dyn Store, user: UserId) -> Unread {
    store.unread(user, up_to(1_000, 1 << 20)).await.unwrap()
}

/// The texts of what somebody has not read.
pub(super) async fn unread_texts(store: &dyn Store, user: UserId) -> Vec<String> {
    texts(&unread(store, user).await)
}

pub(super) fn texts(unread: &Unread) -> Vec<String> {
    unread.messages.iter().map(|m| m.body.clone()).collect()
}

/// Reads everything, as an inbox does.
pub(super) async fn read_all(store: &dyn Store, user: UserId) -> Vec<String> {
    let unread = unread(store, user).await;
    store.mark_read(user, &unread.positions).await.unwrap();
    texts(&unread)
}

/// The texts of a conversation.
pub(super) async fn history(store: &dyn Store, conversation: ConversationId) -> Vec<String> {
    let all = store.messages(conversation, Seq::NONE, 10_000).await.unwrap();
    all.into_iter().map(|m| m.body).collect()
}
