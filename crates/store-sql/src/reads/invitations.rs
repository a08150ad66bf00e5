//! Invitations to groups.

use kabar_engine::store::{Group, Invitation};
use kabar_model::{ConversationId, InvitationCode, Refusal, Timestamp};

use super::words::{self, GROUP, parsed};
use crate::params;
use crate::sql::{self, Connection, OptionalExtension, Row};

/// Those to a group that are good still, the newest first.
pub(crate) fn list(
    connection: &Connection,
    group: ConversationId,
    now: Timestamp,
) -> sql::Result<Vec<Invitation>> {
    let mut list = connection.prepare_cached(
        "SELECT code, expires_at, uses_left FROM invitation
         WHERE conversation_id = ?1 AND uses_left > 0 AND expires_at > ?2 ORDER BY id DESC",
    )?;
    let code = |text: &str| InvitationCode::parse(text).ok_or(Refusal::InvitationUnknown);
    let invitation = |row: &Row<'_>| {
        Ok(Invitation {
            code: parsed(row, 0, code)?,
            expires_at: Timestamp(row.get(1)?),
            uses_left: row.get(2)?,
        })
    };
    list.query_map([group.0, now.0], invitation)?.collect()
}

/// The group that an invitation leads to, while it is good.
pub(crate) fn group(
    connection: &Connection,
    code: &InvitationCode,
    now: Timestamp,
) -> sql::Result<Option<Group>> {
    let sql = format!(
        "SELECT {GROUP} FROM invitation i JOIN conversation c ON c.id = i.conversation_id
         WHERE i.code = ?1 AND i.uses_left > 0 AND i.expires_at > ?2 AND c.closed_at IS NULL"
    );
    let mut find = connection.prepare_cached(&sql)?;
    find.query_row(params![code.reveal(), now.0], words::group).optional()
}
