//! Which directories are opened, and what is said of the others.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod realm;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use kabar_store_sqlite::OpenError;
use rusqlite::Connection;

use self::realm::{open, say, texts, user};

/// A realm with one unread message, closed cleanly.
async fn closed(dir: &Path) {
    let store = open(dir).unwrap();
    let ana = user(&store, "ana").await;
    say(&store, ana, ana, "kept").await;
    store.close();
}

fn corrupt(dir: &Path) -> String {
    match open(dir) {
        Err(error @ OpenError::Corrupt { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_directory_is_for_its_owner_alone() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("some/where");
    closed(&dir).await;
    for (path, mode) in
        [(dir.clone(), 0o700), (dir.join("kabar.db"), 0o600), (dir.join("lock"), 0o600)]
    {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{path:?}");
    }
}

#[tokio::test]
async fn a_clean_close_leaves_one_whole_file() {
    let base = tempfile::tempdir().unwrap();
    closed(base.path()).await;
    let mut names: Vec<_> =
        fs::read_dir(base.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["kabar.db", "lock", "search.db"]);
    assert_eq!(fs::read_to_string(base.path().join("lock")).unwrap(), "");
    let store = open(base.path()).unwrap();
    assert_eq!(texts(&store, kabar_model::UserId(1)).await, ["kept"]);
}

#[tokio::test]
async fn a_directory_has_one_writer() {
    let base = tempfile::tempdir().unwrap();
    let first = open(base.path()).unwrap();
    match open(base.path()) {
        Err(OpenError::Locked { pid }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(first);
    open(base.path()).unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_one_line() {
    let base = tempfile::tempdir().unwrap();
    closed(base.path()).await;
    let file = Connection::open(base.path().join("kabar.db")).unwrap();
    let latest: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let error = open(base.path()).unwrap_err();
    let OpenError::Newer { found: 99, known } = error else { panic!("{error:?}") };
    assert_eq!(known, latest);
    assert!(!error.to_string().contains('\n'));
    let file = Connection::open(base.path().join("kabar.db")).unwrap();
    file.pragma_update(None, "user_version", latest).unwrap();
    drop(file);
    assert_eq!(texts(&open(base.path()).unwrap(), kabar_model::UserId(1)).await, ["kept"]);
}

#[test]
fn a_foreign_file_is_left_alone() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("kabar.db");
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE recipe (title TEXT)").unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    assert!(matches!(open(base.path()), Err(OpenError::NotOurs { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, "once upon a time there was a text file ".repeat(100)).unwrap();
    assert!(matches!(open(base.path()), Err(OpenError::NotOurs { .. })));
}

#[tokio::test]
async fn a_file_that_was_cut_is_refused() {
    let base = tempfile::tempdir().unwrap();
    closed(base.path()).await;
    let path = base.path().join("kabar.db");
    let bytes = fs::metadata(&path).unwrap().len();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes - 4_096).unwrap();
    assert!(corrupt(base.path()).contains("restore a backup"));
    OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    closed_is_not_forgotten(base.path());
}

/// A clean close leaves nothing that tells an empty file from a new one, except after a crash.
fn closed_is_not_forgotten(dir: &Path) {
    fs::write(dir.join("lock"), "1\n").unwrap();
    assert!(corrupt(dir).contains("missing"));
}

#[tokio::test]
async fn a_spoiled_page_of_a_small_file_is_found_at_the_start() {
    let base = tempfile::tempdir().unwrap();
    closed(base.path()).await;
    let path = base.path().join("kabar.db");
    let pages = fs::metadata(&path).unwrap().len() / 4_096;
    let whole = fs::read(&path).unwrap();
    for page in 1..pages {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[0xff; 64], page * 4_096).unwrap();
        assert!(matches!(open(base.path()), Err(OpenError::Corrupt { .. })), "page {page}");
        fs::write(&path, &whole).unwrap();
    }
    open(base.path()).unwrap();
}

#[tokio::test]
async fn what_is_missing_after_a_crash_is_told_and_not_made_anew() {
    for missing in ["kabar.db", "kabar.db-wal"] {
        let running = tempfile::tempdir().unwrap();
        let store = open(running.path()).unwrap();
        let ana = user(&store, "ana").await;
        say(&store, ana, ana, "kept").await;
        let crashed = tempfile::tempdir().unwrap();
        for name in ["kabar.db", "kabar.db-wal", "lock"] {
            fs::copy(running.path().join(name), crashed.path().join(name)).unwrap();
        }
        let whole = tempfile::tempdir().unwrap();
        for name in ["kabar.db", "kabar.db-wal", "lock"] {
            fs::copy(running.path().join(name), whole.path().join(name)).unwrap();
        }
        fs::remove_file(crashed.path().join(missing)).unwrap();
        assert!(corrupt(crashed.path()).contains(missing));
        assert!(!crashed.path().join(missing).exists());
        assert_eq!(texts(&open(whole.path()).unwrap(), ana).await, ["kept"]);
    }
}

#[test]
fn what_is_no_directory_is_said_to_be_none() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("file");
    File::create(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Io { .. })));
}
