//! The server of tests keeps what was committed when it is killed, and leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use kabar_testbed::{Postgres, PostgresOptions};

#[test]
fn what_was_committed_is_there_after_a_kill_on_the_same_port() {
    let server = Postgres::start_new(PostgresOptions::default());
    let port = server.port();
    server.sql("postgres", "CREATE TABLE t AS SELECT 42 AS n");
    server.kill();
    server.start();
    assert_eq!(server.sql("postgres", "SELECT n FROM t"), "42");
    assert_eq!(server.port(), port);
    let dir = server.socket_dir().to_owned();
    drop(server);
    assert!(!dir.exists());
}

#[test]
fn databases_are_apart() {
    let server = Postgres::shared();
    let name = |url: String| url.rsplit('/').next().unwrap().to_owned();
    let one = name(server.new_database());
    server.sql(&one, "CREATE TABLE t AS SELECT 7 AS n");
    let copy = name(server.copy_database(&one));
    server.sql(&copy, "INSERT INTO t VALUES (8)");
    assert_eq!(server.sql(&one, "SELECT count(*) FROM t"), "1");
    assert_eq!(server.sql(&copy, "SELECT count(*) FROM t"), "2");
}

/// Runs in a process of its own, below.
#[test]
#[ignore = "started by the test below"]
fn a_process_that_is_killed() {
    let server = Postgres::shared();
    fs::write(env::var("KABAR_TESTBED_SAYS").unwrap(), server.socket_dir().to_str().unwrap())
        .unwrap();
    std::process::abort();
}

#[test]
fn a_server_goes_with_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let says = dir.path().join("dir");
    let mut process = Command::new(env::current_exe().unwrap());
    process.args(["--ignored", "--exact", "a_process_that_is_killed"]);
    process.env("KABAR_TESTBED_SAYS", &says);
    assert!(!process.output().unwrap().status.success());
    let left = PathBuf::from(fs::read_to_string(says).unwrap());
    let started = Instant::now();
    while left.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "{} is still there", left.display());
        thread::sleep(Duration::from_millis(50));
    }
}
