//! Files in the line shells.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kabar_client::shell::Outcome;
use parking_lot::Mutex;

use support::{contents, line, run, send_in_pieces, serve};

/// Larger than any buffer on the way.
const SIZE: usize = 3_000_001;

/// A server that keeps what it is sent in `lines` and gives out `contents(SIZE)`.
fn server(lines: Arc<Mutex<Vec<String>>>) -> u16 {
    serve(move |mut stream: TcpStream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 0 {
            lines.lock().push(line.clone());
            let words: Vec<&str> = line.split_whitespace().collect();
            let code = words.get(2).copied();
            match (words[0], code) {
                ("auth", _) => reply(&mut stream, r#"{"status":"OK","tokenid":"t"}"#),
                ("getfile", Some("empty")) => reply(
                    &mut stream,
                    r#"{"status":"OK","file_name":"../e","file_size":0,"file_content":""}"#,
                ),
                ("getfile", Some("short")) => reply(
                    &mut stream,
                    r#"{"status":"OK","file_name":"s","file_size":9,"file_content":"aGFsbw=="}"#,
                ),
                ("getfile", Some("none")) => {
                    reply(&mut stream, r#"{"status":"ERROR","message":"File is not found"}"#);
                }
                ("getfile", _) => {
                    let start = r#"{"status":"OK","file_name":"my file.bin","file_content":""#;
                    send_in_pieces(&mut stream, start.as_bytes());
                    stream.write_all(STANDARD.encode(contents(SIZE)).as_bytes()).unwrap();
                    reply(&mut stream, &format!(r#"","file_size":{SIZE}}}"#));
                }
                ("sendgroupfile", _) => {
                    reply(&mut stream, r#"{"status":"ERROR","message":"Not a member"}"#);
                }
                _ => reply(&mut stream, r#"{"status":"OK","message":"File sent"}"#),
            }
            line.clear();
        }
    })
}

fn reply(stream: &mut TcpStream, reply: &str) {
    send_in_pieces(stream, format!("{reply}\r\n\r\n").as_bytes());
}

#[test]
fn a_file_goes_out_under_one_word_and_comes_back_under_a_safe_name() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("my  file.bin"), contents(SIZE)).unwrap();
    fs::write(place.join("nothing"), "").unwrap();
    let lines = Arc::default();
    let port = server(Arc::clone(&lines));
    let (outcome, out) = run(
        &format!("realm://127.0.0.1:{port}"),
        place,
        [
            ("Command :", line("getfile x")),
            ("Error, not authorized\nCommand :", line("auth a b")),
            ("token t\nCommand t:", line("sendfile budi my  file.bin")),
            ("file sent to budi\nCommand t:", line("sendfile cici nothing")),
            ("file sent to cici\nCommand t:", line("sendgroupfile g nothing")),
            ("Error, Not a member\nCommand t:", line("sendfile budi no such")),
            ("Error, no such cannot be read: ", line("sendfile budi .")),
            ("Error, . is not a file\n", line("getfile a1")),
            ("my file.bin\nCommand t:", line("getfile a1")),
            ("my file (1).bin\nCommand t:", line("getfile empty")),
            ("e\nCommand t:", line("getfile short")),
            ("Error, the server did not send the whole file", line("getfile none")),
            ("Error, File is not found\nCommand t:", line("exit")),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    for name in ["my file.bin", "my file (1).bin"] {
        assert!(fs::read(place.join(name)).unwrap() == contents(SIZE), "{name}");
    }
    assert_eq!(fs::read(place.join("e")).unwrap(), b"");
    let lines = lines.lock();
    let sent = format!("sendfile t budi my__file.bin {} \r\n", STANDARD.encode(contents(SIZE)));
    assert!(lines[1] == sent, "{}", &lines[1][..40]);
    assert_eq!(lines[2], "sendfile t cici nothing  \r\n");
    assert_eq!(lines[4], "getfile t a1 \r\n");
    let names = fs::read_dir(place).unwrap().count();
    assert_eq!(names, 5, "nothing half done is left");
}

#[test]
fn a_server_that_ends_in_the_middle_of_a_file_leaves_nothing_and_the_shell_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let port = serve(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 0 {
            if line.starts_with("getfile") {
                stream.write_all(br#"{"status":"OK","file_content":"aGFsbw"#).unwrap();
                return;
            }
            reply(&mut stream, r#"{"status":"OK","tokenid":"t","message":"hi"}"#);
            line.clear();
        }
    });
    let (outcome, out) = run(
        &format!("line-en://127.0.0.1:{port}"),
        directory.path(),
        [
            ("Command :", line("auth a b")),
            ("token t\nCommand t:", line("getfile x")),
            ("is lost. The server or the network closed it.\nCommand t:", line("list")),
        ],
    );
    assert_eq!(outcome, Outcome::Done, "{out}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
