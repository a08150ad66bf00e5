//! A whole shell against a small server that answers the way original ones do: sloppy JSON, in
//! pieces, one connection.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod support;

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use kabar_client::Lang;
use kabar_client::shell::console::Console;
use kabar_client::shell::terminal::{Plain, screen::Screen};
use kabar_client::shell::{self, Outcome};

use support::{Memory, send_in_pieces};

/// Answers each line with what `answer` makes of it, and returns the lines it got. It closes the
/// connection when there is no answer, or at the end of the lines.
fn server(answer: fn(&str) -> Option<&'static str>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut lines = vec![];
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap() == 0 {
                return lines;
            }
            lines.push(line.clone());
            let Some(reply) = answer(&line) else {
                return lines;
            };
            send_in_pieces(&mut stream, format!("{reply}\r\n\r\n").as_bytes());
        }
    });
    (port, served)
}

/// The outcome, what was printed, and the complaints.
fn run(url: &str, lang: Lang, input: impl AsRef<[u8]>) -> (Outcome, String, String) {
    let out = Memory::default();
    let mut complaints = vec![];
    let source = Plain::new(Cursor::new(input.as_ref().to_vec()));
    let screen = Screen::plain(out.clone());
    let mut console = Console::plain(Box::new(source), screen, lang, ".".as_ref());
    let outcome = shell::run_on(url, &mut console, &mut complaints);
    (outcome, out.text(), String::from_utf8(complaints).unwrap())
}

fn original(line: &str) -> Option<&'static str> {
    Some(match line.split(' ').next()? {
        "auth" => "{\"status\": \"OK\",\r\n \"tokenid\" : \"t-1\"}",
        "send" => r#"{"status": "OK" , "message": "Message Sent"}"#,
        "inbox" => {
            r#"{"status": "OK", "messages": {"messi": [], "ana": [{"msg": "  h\u00e9 \ud83d\ude00 é世\u001b[2J \r\n"}]}}"#
        }
        "logout" => r#"{ "status":"OK","message":"t-1" }"#,
        _ => r#"{"status": "ERROR", "message": "**Protocol Tidak Benar"}"#,
    })
}

#[test]
fn a_conversation_with_an_original_server() {
    let (port, served) = server(original);
    let input = "inbox\r\nauth henderson surabaya\r\nsend messi hello gimana kabarnya\r\n\
                 inbox\r\n\r\ntari kecak\r\nlogout\r\nlist\r\nauth henderson surabaya\r\nexit\r\n\
                 never read\r\n";
    let (outcome, out, complaints) = run(&format!("line-id://127.0.0.1:{port}"), Lang::Id, input);
    let expected = "Command :Error, not authorized
Command :username henderson logged in, token t-1
Command t-1:message sent to messi
Command t-1:{\"messi\":[],\"ana\":[{\"msg\":\"  hé 😀 é世\\u001b[2J \\u000d\\u000a\"}]}
Command t-1:Command t-1:Error, **Protocol Tidak Benar
Command t-1:\"t-1\"
Command :Error, not authorized
Command :username henderson logged in, token t-1
Command t-1:Exit from program
";
    assert_eq!((outcome, out.as_str(), complaints.as_str()), (Outcome::Done, expected, ""));
    let lines = [
        "auth henderson surabaya \r\n",
        "send t-1 messi  hello gimana kabarnya \r\n",
        "inbox t-1 \r\n",
        "tari kecak \r\n",
        "logout t-1 \r\n",
        "auth henderson surabaya \r\n",
        "logout t-1 \r\n",
    ];
    assert_eq!(served.join().unwrap(), lines);
}

#[test]
fn the_end_of_the_input_ends_the_session_and_the_last_line_needs_no_line_end() {
    let (port, served) = server(original);
    let (outcome, out, complaints) =
        run(&format!("realm://127.0.0.1:{port}/"), Lang::En, "auth a b\nsend c d");
    assert_eq!(outcome.code(), 0);
    let expected =
        "Command :username a logged in, token t-1\nCommand t-1:message sent to c\nCommand t-1:\n";
    assert_eq!((out.as_str(), complaints.as_str()), (expected, ""));
    let lines = ["auth a b \r\n", "send t-1 c  d \r\n", "logout t-1 \r\n"];
    assert_eq!(served.join().unwrap(), lines);
}

#[test]
fn a_refused_connection_says_what_happened_why_and_what_to_do() {
    // The port of a client is taken, so that nobody else gets it, and accepts nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    let url = format!("line-en://127.0.0.1:{port}");
    for (lang, why) in [(Lang::En, "(connection refused)"), (Lang::Id, "(koneksi ditolak)")] {
        let (outcome, out, complaints) = run(&url, lang, "inbox\n");
        assert_eq!((outcome.code(), out.as_str()), (3, ""));
        assert_eq!(complaints.lines().count(), 3, "{complaints}");
        assert!(complaints.contains(&format!("127.0.0.1:{port}")), "{complaints}");
        assert!(complaints.contains(why) && complaints.contains("kabar serve"), "{complaints}");
    }
}

#[test]
fn a_lost_connection_ends_the_shell_with_its_reason() {
    let (port, served) =
        server(|line| line.starts_with("auth").then_some(r#"{"status":"OK","tokenid":"t"}"#));
    let input = "auth a b\nsend c d\ninbox\n";
    let (outcome, out, complaints) = run(&format!("line-en://127.0.0.1:{port}"), Lang::En, input);
    assert_eq!(outcome.code(), 3);
    assert_eq!(out, "Command :username a logged in, token t\nCommand t:");
    assert!(complaints.contains("is lost") && complaints.contains("may not"), "{complaints}");
    assert_eq!(served.join().unwrap().len(), 2);
}

#[test]
fn exit_ends_the_shell_even_when_the_server_does_not_answer_it() {
    let (port, served) =
        server(|line| line.starts_with("auth").then_some(r#"{"status":"OK","tokenid":"t"}"#));
    let (outcome, out, complaints) =
        run(&format!("line-en://127.0.0.1:{port}"), Lang::En, "auth a b\nquit\n");
    assert_eq!((outcome.code(), complaints.as_str()), (0, ""));
    assert!(out.ends_with("Command t:Exit from program\n"), "{out}");
    assert_eq!(served.join().unwrap()[1], "logout t \r\n");
}

#[test]
fn a_line_that_is_no_text_is_refused_and_the_next_one_is_read() {
    let (port, served) = server(original);
    let url = format!("line-en://127.0.0.1:{port}");
    let (outcome, out, _) = run(&url, Lang::En, b"auth a \xff\nauth a b\n");
    assert_eq!(outcome, Outcome::Done);
    assert!(
        out.starts_with("Command :Error, the line is not UTF-8 text; nothing was sent\n"),
        "{out}"
    );
    assert_eq!(served.join().unwrap(), ["auth a b \r\n", "logout t-1 \r\n"]);
}

#[test]
fn a_bad_url_is_a_usage_error_and_connects_nowhere() {
    for url in ["", "localhost", "http://localhost", "line-en://::1", "realm://h:0"] {
        let (outcome, out, complaints) = run(url, Lang::En, "inbox\n");
        assert_eq!((outcome.code(), out.as_str()), (2, ""), "{url}");
        assert!(complaints.contains("Write line-en://HOST:PORT"), "{complaints}");
    }
}

/// A pipe that nobody reads, or a full disk.
struct Broken(ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody_reading_on_is_no_failure_and_a_full_disk_is_one() {
    for (kind, code, complained) in
        [(ErrorKind::BrokenPipe, 0, false), (ErrorKind::StorageFull, 1, true)]
    {
        let (port, served) = server(original);
        let mut complaints = vec![];
        let source = Plain::new(&b"auth a b\n"[..]);
        let screen = Screen::plain(Broken(kind));
        let mut console = Console::plain(Box::new(source), screen, Lang::En, ".".as_ref());
        let url = format!("line-en://127.0.0.1:{port}");
        let outcome = shell::run_on(&url, &mut console, &mut complaints);
        assert_eq!((outcome.code(), !complaints.is_empty()), (code, complained));
        assert!(served.join().unwrap().is_empty());
    }
}
