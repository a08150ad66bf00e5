//! Items that were refused, and the codes in which that is told.

use kabar_model::{LinkId, Refusal};

use crate::error::{Outcome, Trouble};
use crate::params;
use crate::sql;
use crate::writer::Work;

/// Runs what an item asks for so that a refusal undoes it alone. The code of the refusal is an answer, too.
pub(super) fn apart<T>(
    work: &mut Work,
    deed: impl FnOnce(&mut Work) -> Outcome<T>,
) -> Outcome<Result<T, &'static str>> {
    execute(work, "SAVEPOINT item")?;
    let (rows_changed, stored) = (work.connection.rows_changed(), work.stored.len());
    let hints = work.hints.len();
    let outcome = match deed(work) {
        Ok(done) => Ok(done),
        Err(trouble) => {
            let is_clean = matches!(trouble, Trouble::Refused(_));
            let code = code_of(trouble)?;
            if !is_clean || work.connection.rows_changed() != rows_changed {
                execute(work, "ROLLBACK TO item")?;
                work.known.forget();
                work.stored.truncate(stored);
            }
            work.hints.truncate(hints);
            Err(code)
        }
    };
    execute(work, "RELEASE item")?;
    Ok(outcome)
}

fn execute(work: &Work, sql: &str) -> Outcome<()> {
    work.connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}

/// What the sender is told. One item must not hold up all others for good, so what the schema does not take is
/// refused like what the rules do not take.
fn code_of(trouble: Trouble) -> Outcome<&'static str> {
    match trouble {
        Trouble::Refused(refusal) => Ok(code(&refusal)),
        Trouble::Sql(error) if error.is_constraint() => {
            tracing::error!(%error, "an item of another realm does not fit");
            Ok("invalid")
        }
        trouble @ Trouble::Sql(_) => Err(trouble),
    }
}

fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UserUnknown | Refusal::ReceiverUnknown(_) => "user_unknown",
        Refusal::GroupUnknown => "group_unknown",
        Refusal::NotMember | Refusal::NotInRoom => "not_member",
        Refusal::NotAllowed | Refusal::AdminOnly => "not_allowed",
        Refusal::MessageUnknown => "message_unknown",
        Refusal::TooMany(_) | Refusal::TooManyGroups | Refusal::LinkFull | Refusal::Busy => {
            "too_many"
        }
        Refusal::WrongPassword
        | Refusal::UsernameTaken
        | Refusal::SessionUnknown
        | Refusal::GroupTaken
        | Refusal::AlreadyMember
        | Refusal::FileUnknown
        | Refusal::FileTaken
        | Refusal::InvitationUnknown
        | Refusal::NobodyActive
        | Refusal::RealmTaken
        | Refusal::RealmUnknown
        | Refusal::RealmUnreachable
        | Refusal::RealmChanged
        | Refusal::TooManyAttempts { .. }
        | Refusal::Invalid(_)
        | Refusal::TooLong(_)
        | Refusal::PasswordTooShort { .. } => "invalid",
    }
}

/// Remembers a refusal until the sender has shown that it knows.
pub(super) fn note(work: &Work, link: LinkId, number: u64, code: &str) -> Outcome<()> {
    work.connection
        .prepare_cached("INSERT INTO link_refusal (link_id, number, code) VALUES (?1, ?2, ?3)")?
        .execute(params![link.0, column(number), code])?;
    Ok(())
}

/// Forgets the refusals of items before `first`.
pub(super) fn forget_before(work: &Work, link: LinkId, first: u64) -> Outcome<()> {
    work.connection
        .prepare_cached("DELETE FROM link_refusal WHERE link_id = ?1 AND number < ?2")?
        .execute([link.0, column(first)])?;
    Ok(())
}

/// What is remembered, in order. It is little: a batch does not go back further than uids are kept.
pub(super) fn all(work: &Work, link: LinkId) -> Outcome<Vec<(u64, String)>> {
    let mut list = work.connection.prepare_cached(
        "SELECT number, code FROM link_refusal WHERE link_id = ?1 ORDER BY number",
    )?;
    let refusal = |row: &sql::Row<'_>| Ok((row.get::<i64>(0)?.unsigned_abs(), row.get(1)?));
    Ok(list.query_map([link.0], refusal)?.collect::<Result<_, _>>()?)
}

/// A number as a column takes it.
fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
