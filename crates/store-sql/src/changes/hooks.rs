//! Hooks.

use kabar_engine::store::NewHook;
use kabar_model::limits::HOOKS_MAX;
use kabar_model::{ConversationId, Field, HookId, Refusal, UserId};

use super::sessions;
use crate::error::Outcome;
use crate::params;
use crate::reads::hooks::standing;
use crate::sql::OptionalExtension;
use crate::writer::Work;

pub(crate) fn create(work: &Work, new: &NewHook) -> Outcome<HookId> {
    let connection = &work.connection;
    let standing = standing(connection, new.conversation, new.by)?.ok_or(Refusal::NotMember)?;
    if !standing.manages() {
        return Err(Refusal::AdminOnly.into());
    }
    if let Some(session) = new.asked_by {
        sessions::must_live(connection, new.by, session)?;
    }
    let there: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM hook WHERE conversation_id = ?1")?
        .query_row([new.conversation.0], |row| row.get(0))?;
    if usize::try_from(there).is_ok_and(|there| there >= HOOKS_MAX) {
        return Err(Refusal::TooMany(Field::Hooks).into());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO hook (conversation_id, account_id, name, secret_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let row = params![new.conversation.0, new.by.0, new.name.as_str(), new.secret.0, new.at.0];
    Ok(HookId(insert.insert(row)?))
}

pub(crate) fn remove(
    work: &Work,
    conversation: ConversationId,
    by: UserId,
    id: HookId,
) -> Outcome<bool> {
    let connection = &work.connection;
    let standing = standing(connection, conversation, by)?.ok_or(Refusal::NotMember)?;
    let maker = connection
        .prepare_cached("SELECT account_id FROM hook WHERE id = ?1 AND conversation_id = ?2")?
        .query_row([id.0, conversation.0], |row| row.get(0).map(UserId))
        .optional()?;
    let Some(maker) = maker else { return Ok(false) };
    if maker != by && !standing.is_admin {
        return Err(Refusal::NotAllowed.into());
    }
    connection.prepare_cached("DELETE FROM hook WHERE id = ?1")?.execute([id.0])?;
    Ok(true)
}
