//! The databases of a move: which they are, and opening them.

use std::path::Path;

use anyhow::{Error, anyhow};
use kabar_catalogue::Lang;
use kabar_store_sql::copy::Side;
use {kabar_store_postgres as postgres, kabar_store_sqlite as sqlite};

use super::words::Text;
use crate::config::Config;
use crate::realm;

type Opened = Result<Box<dyn Side>, Error>;

/// Whether both settings name one database.
pub(super) fn is_same(from: &Config, to: &Config) -> bool {
    match (from.storage.is_shared(), to.storage.is_shared()) {
        (true, true) => from.storage.postgres == to.storage.postgres,
        (false, false) => is_same_directory(&from.server.data, &to.server.data),
        _ => false,
    }
}

/// Whether both paths lead to one directory.
pub(super) fn is_same_directory(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    whole(one) == whole(other)
}

/// Where the rows of a realm are, for people: without a password.
pub(super) fn place(config: &Config) -> String {
    if config.storage.is_shared() {
        format!("{:?}", config.storage.postgres)
    } else {
        config.server.data.display().to_string()
    }
}

/// What a server or a command that finds a move that has not ended says; `None`: the reason is another.
pub(crate) fn unfinished(config: &Config, reason: &Error, lang: Lang) -> Option<String> {
    let is_unfinished = matches!(reason.downcast_ref(), Some(sqlite::OpenError::Unfinished))
        || matches!(reason.downcast_ref(), Some(postgres::OpenError::Unfinished));
    is_unfinished.then(|| Text::Unfinished.say(lang, &[("place", &place(config))]))
}

/// Opens the realm as it is. Nothing is written to it, and nobody else can write to it meanwhile.
pub(super) fn open_from(config: &Config, lang: Lang) -> Opened {
    if config.storage.is_shared() {
        return postgres::move_from(&settings(config))
            .map_err(|why| of_postgres(config, why, lang));
    }
    sqlite::move_from(&config.server.data).map_err(|why| of_sqlite(config, why, lang))
}

/// Opens the database that the realm shall be in.
pub(super) fn open_to(config: &Config, lang: Lang) -> Opened {
    if config.storage.is_shared() {
        return postgres::move_to(&settings(config)).map_err(|why| of_postgres(config, why, lang));
    }
    sqlite::move_to(&config.server.data).map_err(|why| of_sqlite(config, why, lang))
}

fn settings(config: &Config) -> postgres::Settings {
    postgres::Settings {
        url: config.storage.postgres.as_str().to_owned(),
        accept_unsafe: config.storage.postgres_unsafe,
    }
}

fn of_sqlite(config: &Config, why: sqlite::OpenError, lang: Lang) -> Error {
    use sqlite::OpenError::{Locked, NoRealm, Older};
    let text = match why {
        Locked { .. } => Text::InUse,
        NoRealm => Text::NoRealm,
        Older { .. } => Text::Older,
        other => return anyhow!(realm::cannot_open(config, &other.into(), lang)),
    };
    anyhow!(text.say(lang, &[("place", &place(config))]))
}

fn of_postgres(config: &Config, why: postgres::OpenError, lang: Lang) -> Error {
    use postgres::OpenError::{InUse, NoRealm, Older};
    let text = match why {
        InUse => Text::InUse,
        NoRealm => Text::NoRealm,
        Older { .. } => Text::Older,
        other => return anyhow!(realm::cannot_open(config, &other.into(), lang)),
    };
    anyhow!(text.say(lang, &[("place", &place(config))]))
}
