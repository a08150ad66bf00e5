//! Hooks.

use kabar_engine::store::{Hook, TokenHash};
use kabar_model::{ConversationId, HookId, Label, UserId};

use super::words::parsed;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// What somebody is in a conversation that they are in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    is_group: bool,
    /// Whether they are an admin of the group.
    pub(crate) is_admin: bool,
}

impl Standing {
    /// Whether they may make hooks there, and see those of others.
    pub(crate) fn manages(self) -> bool {
        self.is_admin || !self.is_group
    }
}

/// What somebody is in a direct conversation or a group; `None` for a stranger.
pub(crate) fn standing(
    connection: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> sql::Result<Option<Standing>> {
    connection
        .prepare_cached(
            "SELECT role IS NOT NULL, coalesce(role = 'admin', false) FROM member
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row([conversation.0, user.0], |row| {
            Ok(Standing { is_group: row.get(0)?, is_admin: row.get(1)? })
        })
        .optional()
}

const HOOK: &str = "id, conversation_id, account_id, name";

fn hook_in(row: &Row<'_>) -> sql::Result<Hook> {
    Ok(Hook {
        id: HookId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        by: UserId(row.get(2)?),
        name: parsed(row, 3, Label::parse)?,
    })
}

/// The hooks that somebody sees; `None` for a stranger.
pub(crate) fn hooks(
    connection: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> sql::Result<Option<Vec<Hook>>> {
    let Some(standing) = standing(connection, conversation, user)? else { return Ok(None) };
    let sql = format!("SELECT {HOOK} FROM hook WHERE conversation_id = ?1 ORDER BY id");
    let mut list = connection.prepare_cached(&sql)?;
    let all = list.query_map([conversation.0], hook_in)?;
    let mut hooks = all.collect::<sql::Result<Vec<_>>>()?;
    hooks.retain(|hook| standing.manages() || hook.by == user);
    Ok(Some(hooks))
}

/// The hook with that secret.
pub(crate) fn hook(connection: &Connection, secret: TokenHash) -> sql::Result<Option<Hook>> {
    let sql = format!("SELECT {HOOK} FROM hook WHERE secret_hash = ?1");
    connection.prepare_cached(&sql)?.query_row([secret.0], hook_in).optional()
}
