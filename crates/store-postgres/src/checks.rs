//! Whether the server keeps what it says is committed.

use kabar_store_sql::sql::{Columns, Connection, Error, FromColumn, Kind, Result, Value};

use crate::error::OpenError;
use crate::session::Session;
use crate::values::Found;

/// The oldest server that will do.
const VERSION_MIN: i64 = 140_000;

/// Refuses a server that is too old or keeps no Unicode; and one that may lose what was accepted, unless `accept_unsafe`.
pub(crate) fn check(
    connection: &Connection,
    accept_unsafe: bool,
) -> std::result::Result<(), OpenError> {
    let version: i64 = setting(connection, "server_version_num")?.parse().unwrap_or(0);
    if version < VERSION_MIN {
        let found = setting(connection, "server_version")?;
        return Err(OpenError::Unfit(format!("PostgreSQL is {found}; kabar needs 14 or later")));
    }
    let encoding = setting(connection, "server_encoding")?;
    if encoding != "UTF8" {
        let what = format!("the database has the encoding {encoding}; make it anew with UTF8");
        return Err(OpenError::Unfit(what));
    }
    match findings(|name| setting(connection, name)) {
        Err(found @ OpenError::Unsafe { .. }) if accept_unsafe => {
            tracing::warn!("{found}; going on, since that was asked for");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Whether a server that has taken the place of another keeps what it says is committed; fatal if it does not.
pub(crate) fn check_again(session: &Session) -> Result<()> {
    match findings(|name| setting_of(session, name)) {
        Ok(()) => Ok(()),
        Err(OpenError::Database(error)) => Err(error),
        Err(error) => Err(Error::database(Kind::Fatal, error.to_string())),
    }
}

fn findings(setting: impl Fn(&str) -> Result<String>) -> std::result::Result<(), OpenError> {
    for (name, mend) in [
        ("fsync", "set fsync = on in postgresql.conf and restart PostgreSQL"),
        ("full_page_writes", "set full_page_writes = on in postgresql.conf and reload PostgreSQL"),
    ] {
        let found = setting(name)?;
        if found != "on" {
            return Err(OpenError::Unsafe { setting: name, found, mend });
        }
    }
    // Then a sync that failed is tried again, and says that it did not.
    let found = setting("data_sync_retry")?;
    if found != "off" {
        let mend = "set data_sync_retry = off in postgresql.conf and restart PostgreSQL";
        return Err(OpenError::Unsafe { setting: "data_sync_retry", found, mend });
    }
    let commit = setting("synchronous_commit")?;
    let standbys = setting("synchronous_standby_names")?;
    // Without standbys "local" and "remote_write" mean "on"; with them they wait for less than was asked for.
    let is_safe = match commit.as_str() {
        "on" | "remote_apply" => true,
        "local" | "remote_write" => standbys.is_empty(),
        _ => false,
    };
    if is_safe {
        return Ok(());
    }
    Err(OpenError::Unsafe {
        setting: "synchronous_commit",
        found: commit,
        mend: "set synchronous_commit = on in postgresql.conf, and for kabar's role and database",
    })
}

const SHOW: &str = "SELECT current_setting(CAST(?1 AS TEXT))";

fn setting(connection: &Connection, name: &str) -> Result<String> {
    connection.query_row(SHOW, [name], |row| row.get(0))
}

fn setting_of(session: &Session, name: &str) -> Result<String> {
    let values = [Value::Text(name)];
    let mut turn = session.turn();
    turn.run(session.prepare(SHOW)?, &values);
    let (rows, _) = turn.wait()?.into_iter().next().unwrap_or(Err(Error::NoRow))?;
    let row = Found::new(rows.into_iter().next().ok_or(Error::NoRow)?)?;
    String::from_column(row.value(0)?).ok_or(Error::NoRow)
}
