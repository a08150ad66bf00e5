//! Where a realm is kept in a test: its settings, a server on it, and moving it.

use std::path::PathBuf;

use kabar_testbed::{Objects, Postgres};
use rusqlite::OpenFlags;
use rusqlite::types::Value;
use tempfile::TempDir;

use crate::support::{Server, Told, kabar_with};

/// A directory with the settings of a realm, and its data directory.
pub(crate) struct Place {
    directory: TempDir,
    url: Option<String>,
}

impl Place {
    /// SQLite and a directory.
    pub(crate) fn directory() -> Self {
        Self::with(None, "")
    }

    /// A database of its own, and a directory for files.
    pub(crate) fn postgres() -> Self {
        Self::with(Some(Postgres::shared().new_database()), "")
    }

    /// A database of its own and an object store.
    pub(crate) fn postgres_and(objects: &Objects) -> Self {
        Self::with(Some(Postgres::shared().new_database()), &stored_in(objects))
    }

    /// SQLite in the data directory of that place, and an object store.
    pub(crate) fn directory_of(other: &Self, objects: &Objects) -> Self {
        let place = Self::with(None, &stored_in(objects));
        let settings = std::fs::read_to_string(place.settings()).unwrap();
        let [own, others] = [&place, other].map(|place| place.data().display().to_string());
        std::fs::write(place.settings(), settings.replace(&own, &others)).unwrap();
        place
    }

    fn with(url: Option<String>, storage: &str) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap(), url };
        let credentials = place.directory.path().join("credentials");
        let (key, secret) = (Objects::KEY, Objects::SECRET);
        let lines =
            format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
        std::fs::write(&credentials, lines).unwrap();
        let credentials = credentials.display();
        let data = place.data();
        let data = data.display();
        let postgres = place.url.as_deref().unwrap_or_default();
        let settings = format!(
            "[server]\nrealm = \"kota\"\ndata = \"{data}\"\n[realms]\naccept = \"open\"\nprivate = true\n\
             [storage]\npostgres = \"{postgres}\"\nfiles_credentials = \"{credentials}\"\n{storage}",
        );
        std::fs::write(place.settings(), settings).unwrap();
        place
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.directory.path().join("kabar.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Runs statements in its database on PostgreSQL.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let name = self.url.as_deref().unwrap().rsplit('/').next().unwrap();
        Postgres::shared().sql(name, statements)
    }

    /// Its database on SQLite.
    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data().join("kabar.db")).unwrap()
    }

    /// All rows of all tables of its database on SQLite, each table in the order of its key.
    pub(crate) fn rows(&self) -> Vec<(String, Vec<Vec<Value>>)> {
        // One that may write would fold the log in when it closes.
        let path = self.data().join("kabar.db");
        let db = rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let db = db.unwrap();
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut names = db.prepare(names).unwrap();
        let names = names.query_map((), |row| row.get::<_, String>(0)).unwrap();
        let all = names.map(|name| {
            let name = name.unwrap();
            let mut rows = db.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).unwrap();
            let columns = rows.column_count();
            let rows = rows.query_map((), |row| (0..columns).map(|n| row.get(n)).collect());
            let rows = rows.unwrap().map(Result::unwrap).collect();
            (name, rows)
        });
        all.collect()
    }

    /// A server on it.
    pub(crate) fn serve(&self) -> Server {
        let settings = self.settings();
        Server::with(&["--config", settings.to_str().unwrap(), "--listen", "127.0.0.1:0"], &[])
    }

    /// The words of a move from here to there.
    pub(crate) fn words(&self, to: &Self) -> Vec<String> {
        let settings = [self, to].map(|place| place.settings().to_str().unwrap().to_owned());
        let [from, to] = settings;
        ["migrate", "--config", &from, "--to", &to].map(str::to_owned).to_vec()
    }

    /// Moves the realm from here to there, in a language.
    pub(crate) fn move_in(&self, lang: &str, to: &Self, more: &[&str]) -> Told {
        let words = self.words(to);
        let words: Vec<&str> =
            words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        kabar_with(&words, &[("KABAR_LANG", lang)], "")
    }

    /// Moves the realm from here to there; what is said.
    #[track_caller]
    pub(crate) fn moves(&self, to: &Self, more: &[&str]) -> String {
        let told = self.move_in("en", to, more);
        assert_eq!(told.code, Some(0), "{told:?}");
        told.out
    }

    /// A move that is refused; why.
    #[track_caller]
    pub(crate) fn refused(&self, to: &Self, more: &[&str]) -> String {
        let told = self.move_in("en", to, more);
        assert_eq!(told.code, Some(1), "{told:?}");
        told.err
    }
}

fn stored_in(objects: &Objects) -> String {
    let (bucket, endpoint) = (Objects::BUCKET, objects.endpoint());
    format!(
        "files = \"s3://{bucket}/kota\"\nfiles_endpoint = \"{endpoint}\"\nfiles_allow_http = true\n"
    )
}
