//! Whole runs against the small server of `fake`, honest or with one planted fault.

use std::net::SocketAddr;

use super::*;
use crate::args::tests::parse;
use crate::check::Faults;
use crate::fake::{FAULT_AT, Fake, Plant};

fn args(server: SocketAddr, words: &[&str]) -> BenchArgs {
    let mut line = vec!["--duration=1", "--warmup=0", "--drain=1", "--poll-ms=5"];
    let server = format!("--server={server}");
    line.push(&server);
    line.extend(words);
    parse(&line).unwrap()
}

fn pairs(plant: Plant, words: &[&str]) -> Report {
    let server = Fake::start(plant);
    let words: Vec<_> = ["--pairs=2", "--window=3"].iter().chain(words).copied().collect();
    measure(&args(server.address, &words)).unwrap()
}

#[test]
fn an_honest_server_passes_and_everything_is_measured() {
    let own = format!("--server-pid={}", std::process::id());
    let report = pairs(Plant::Nothing, &[&own, "--measure-disk"]);
    assert!(report.passed, "{report}");
    let (load, check) = (report.load.as_ref().unwrap(), report.check.as_ref().unwrap());
    assert!(load.succeeded > 0 && check.accepted >= load.succeeded, "{report}");
    assert_eq!((check.delivered, check.faults), (check.accepted, Faults::default()));
    assert!(load.server_cpu_us_each.is_some() && load.server_resident_kib.is_some());

    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!((&json["mode"], &json["passed"]), (&"pairs".into(), &true.into()));
    assert_eq!(json["check"]["lost"], 0);
    assert!(
        json["load"]["latency_us"]["p99.9"].as_u64() >= json["load"]["latency_us"]["p50"].as_u64()
    );
    assert!(json["latency_p50_per_fdatasync_p50"].as_f64() > Some(0.0));
    let table = report.to_string();
    for row in ["accepted", "latency", "server", "generator", "delivered", "disk", "passed"] {
        assert!(table.contains(row), "{row} in\n{table}");
    }
}

#[test]
fn each_planted_fault_is_reported_and_fails_the_run() {
    let none = Faults::default();
    let runs = [
        (Plant::Lose, Faults { lost: 1, ..none }, "messages lost: 1"),
        (Plant::Double, Faults { doubled: 1, ..none }, "arrived again: 1"),
        (Plant::Reorder, Faults { reordered: 1, ..none }, "after a later one"),
        (Plant::Ghost, Faults { never_sent: 1, ..none }, "never sent"),
        (Plant::Alter, Faults { lost: 1, never_sent: 1, ..none }, "never sent"),
        (Plant::Refuse, none, "requests refused: 1"),
        (
            Plant::RefuseYetDeliver,
            Faults { refused_yet_delivered: 1, ..none },
            "refused and yet delivered",
        ),
    ]
    .map(|(plant, faults, words)| {
        (std::thread::spawn(move || pairs(plant, &[])), plant, faults, words)
    });
    for (run, plant, faults, words) in runs {
        let report = run.join().unwrap();
        let check = report.check.as_ref().unwrap();
        assert!(!report.passed, "{plant:?}: {report}");
        assert_eq!(check.faults, faults, "{plant:?}: {report}");
        assert!(report.problems.join("; ").contains(words), "{plant:?}: {report}");
        assert!(check.accepted > FAULT_AT, "{plant:?}: {report}");
    }
}

#[test]
fn every_dialect_is_loaded_and_checked() {
    let none = Faults::default();
    let lost = Faults { lost: 1, ..none };
    // What is lost on every way is missed twice: in the inbox, and unasked.
    let lost_twice = Faults { lost: 2, ..none };
    let runs = [
        ("form", Plant::Nothing, none),
        ("form", Plant::Lose, lost),
        ("form", Plant::Reorder, Faults { reordered: 1, ..none }),
        ("keyword", Plant::Nothing, none),
        ("keyword", Plant::Lose, lost_twice),
        ("keyword", Plant::LosePush, lost),
        ("keyword", Plant::LetGo, none),
        ("keyword", Plant::Double, Faults { doubled: 2, ..none }),
    ]
    .map(|(dialect, plant, faults)| {
        let dialect = format!("--dialect={dialect}");
        (std::thread::spawn(move || pairs(plant, &[&dialect])), plant, faults)
    });
    for (run, plant, faults) in runs {
        let report = run.join().unwrap();
        let check = report.check.as_ref().unwrap();
        assert_eq!(report.passed, plant == Plant::Nothing, "{plant:?}: {report}");
        assert_eq!(check.faults, faults, "{plant:?}: {report}");
        if plant == Plant::LetGo {
            assert_eq!(check.delivered, check.accepted, "{report}");
            assert!(report.problems.join("; ").contains("too slow"), "{report}");
        }
        assert!(check.accepted > FAULT_AT, "{plant:?}: {report}");
    }
}

#[test]
fn a_silent_or_closing_server_ends_the_run_in_bounded_time_with_a_reason() {
    let silent = std::thread::spawn(|| pairs(Plant::StopAnswering, &[]));
    let closing = pairs(Plant::Close, &[]);
    let problems = closing.problems.join("; ");
    assert!(!closing.passed && problems.contains("closed the connection"), "{closing}");
    let silent = silent.join().unwrap();
    let problems = silent.problems.join("; ");
    assert!(!silent.passed && problems.contains("never answered"), "{silent}");
}

#[test]
fn messages_of_an_earlier_run_are_put_aside() {
    let (server, directory) = (Fake::start(Plant::Nothing), tempfile::tempdir().unwrap());
    let file = format!("--accounts={}", directory.path().join("accounts.json").display());
    let words = ["--pairs=1", file.as_str()];
    assert!(measure(&args(server.address, &words)).unwrap().passed);
    server.leave_in_every_inbox("old \\\"msg\\\":\\\" news", 1500);
    let report = measure(&args(server.address, &words)).unwrap();
    assert!(report.passed, "{report}");
    assert_eq!(report.check.unwrap().left_over, 1500);
}

#[test]
fn bodies_larger_than_a_buffer_arrive_whole() {
    let report = pairs(Plant::Nothing, &["--body=60000"]);
    assert!(report.passed, "{report}");
}

#[test]
fn logins_and_resumes_count_successes_and_report_refusals() {
    for mode in ["--mode=logins", "--mode=resumes"] {
        let server = Fake::start(Plant::Nothing);
        let words = [mode, "--connections=3", "--window=2"];
        let report = measure(&args(server.address, &words)).unwrap();
        assert!(report.passed && report.load.unwrap().succeeded > 0);
    }
    for words in [
        ["--mode=logins", "--dialect=keyword"],
        ["--mode=logins", "--dialect=form"],
        ["--mode=resumes", "--dialect=form"],
    ] {
        let server = Fake::start(Plant::Nothing);
        let report = measure(&args(server.address, &words)).unwrap();
        assert!(report.passed && report.load.unwrap().succeeded > 0, "{words:?}");
    }
    let server = Fake::start(Plant::RefuseLogins);
    let report = measure(&args(server.address, &["--mode=logins"])).unwrap();
    let problems = report.problems.join("; ");
    assert!(!report.passed && problems.contains("Wrong password"), "{problems}");
    assert!(problems.contains("nothing succeeded"), "{problems}");
}

#[test]
fn idle_connections_stay_open_and_one_that_is_closed_is_noticed() {
    let own = format!("--server-pid={}", std::process::id());
    let words = ["--mode=idle", "--connections=20", own.as_str()];
    let server = Fake::start(Plant::Nothing);
    let report = measure(&args(server.address, &words)).unwrap();
    assert!(report.passed, "{report}");
    assert!(report.idle.as_ref().unwrap().kib_each.is_some());
    assert!(report.to_string().contains("20 of 20 connections stayed open"));

    let server = Fake::start(Plant::CloseAfterInbox);
    let report = measure(&args(server.address, &words)).unwrap();
    assert!(!report.passed, "{report}");
    assert_eq!(report.idle.unwrap().disturbed, 20);
}

fn room(plant: Plant, words: &[&str]) -> Report {
    let server = Fake::start(plant);
    let words: Vec<_> =
        ["--mode=rooms", "--people=5", "--window=3"].iter().chain(words).copied().collect();
    measure(&args(server.address, &words)).unwrap()
}

#[test]
fn what_is_said_among_many_reaches_each_of_them_once() {
    let own = format!("--server-pid={}", std::process::id());
    for (dialect, senders, hearers) in [("form", 1, 5), ("form", 3, 5), ("keyword", 2, 4)] {
        let words = [&format!("--dialect={dialect}"), &format!("--senders={senders}"), &own];
        let report = room(Plant::Nothing, &words.map(String::as_str));
        assert!(report.passed, "{report}");
        let (load, check) = (report.load.as_ref().unwrap(), report.check.as_ref().unwrap());
        let fanout = report.fanout.as_ref().unwrap();
        assert!(load.succeeded > 0, "{report}");
        assert_eq!((check.delivered, check.accepted % hearers), (check.accepted, 0), "{report}");
        // Counted as they come, so some belong to messages done before or after.
        assert!(fanout.deliveries.abs_diff(load.succeeded * hearers) < 100, "{report}");
        assert!(fanout.delivered_bytes > fanout.deliveries * 100, "{report}");
        assert!(fanout.server_cpu_us_per_delivery.is_some());
        assert!(report.to_string().contains("deliveries/s"), "{report}");
    }
}

#[test]
fn each_fault_among_many_is_reported() {
    let none = Faults::default();
    let runs = [
        ("form", Plant::Lose, Faults { lost: 1, ..none }, "messages lost: 1"),
        ("keyword", Plant::Lose, Faults { lost: 1, ..none }, "messages lost: 1"),
        ("form", Plant::Double, Faults { doubled: 1, ..none }, "arrived again: 1"),
        ("form", Plant::Reorder, Faults { reordered: 1, ..none }, "after a later one"),
        ("keyword", Plant::Reorder, Faults { reordered: 1, ..none }, "after a later one"),
        ("form", Plant::Ghost, Faults { never_sent: 1, ..none }, "never sent"),
        ("form", Plant::Alter, Faults { lost: 1, never_sent: 1, ..none }, "never sent"),
        ("form", Plant::Refuse, none, "requests refused: 1"),
        (
            "form",
            Plant::RefuseYetDeliver,
            Faults { refused_yet_delivered: 1, ..none },
            "refused and yet delivered",
        ),
        ("form", Plant::StopAnswering, none, "never answered"),
        ("form", Plant::Close, none, "closed the connection"),
    ]
    .map(|(dialect, plant, faults, words)| {
        let dialect = format!("--dialect={dialect}");
        (std::thread::spawn(move || room(plant, &[&dialect])), plant, faults, words)
    });
    for (run, plant, faults, words) in runs {
        let report = run.join().unwrap();
        assert!(!report.passed, "{plant:?}: {report}");
        assert_eq!(report.check.as_ref().unwrap().faults, faults, "{plant:?}: {report}");
        assert!(report.problems.join("; ").contains(words), "{plant:?}: {report}");
    }
}

#[test]
fn files_come_back_as_they_went_and_another_byte_is_noticed() {
    let own = format!("--server-pid={}", std::process::id());
    for dialect in ["line", "form", "keyword"] {
        let dialect = format!("--dialect={dialect}");
        let words = ["--mode=files", "--files=3", "--connections=2", "--size=300001", &dialect];
        let server = Fake::start(Plant::Nothing);
        let with_pid: Vec<_> = words.iter().copied().chain([own.as_str()]).collect();
        let report = measure(&args(server.address, &with_pid)).unwrap();
        assert!(report.passed, "{report}");
        let files = report.files.as_ref().unwrap();
        assert_eq!((files.up.done, files.down.done, files.count), (6, 6, 6));
        assert!(files.up.mb_per_sec > 0.0 && files.resident_kib_peak >= files.resident_kib_before);
        let table = report.to_string();
        assert!(table.contains("up ") && table.contains("down ") && table.contains("KiB more"));

        for (plant, problem) in
            [(Plant::CorruptFiles, "is not what was sent"), (Plant::RefuseFiles, "disk full")]
        {
            let server = Fake::start(plant);
            let report = measure(&args(server.address, &words)).unwrap();
            assert!(!report.passed, "{report}");
            let problems = report.problems.join("; ");
            assert!(problems.contains(problem), "{problems}");
            assert!(problems.contains("files not fetched whole: 6"), "{problems}");
        }
    }
}

#[test]
fn a_load_that_cannot_be_is_refused_before_anything_is_sent() {
    let nowhere = "127.0.0.1:1".parse().unwrap();
    assert_eq!(run(&args(nowhere, &["--mode=rooms", "--dialect=line"])), Outcome::Usage);
}

#[test]
fn no_server_is_unreachable_and_a_wrong_process_is_usage() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(run(&args(free, &[])), Outcome::Unreachable);
    let pid = format!("--server-pid={}", u32::MAX);
    assert_eq!(run(&args(free, &[&pid])), Outcome::Usage);
    assert_eq!(run(&args(free, &["--measure-disk", "--disk=/nowhere"])), Outcome::Usage);
}
