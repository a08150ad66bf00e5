//! What lies between a node and its database: it can lose a commit's answer, or the commit.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::thread;

/// What becomes of the next commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They arrive, and so do the answers.
    Pass = 0,
    /// One arrives, and the connection breaks before the answer.
    AnswerLost = 1,
    /// One never arrives: the connection breaks before.
    CommitLost = 2,
    /// One arrives, and the answer is an error in its place, after which the connection ends.
    AnswerFatal = 3,
    /// As that one, with an error that ends nothing by itself.
    AnswerError = 4,
    /// Not of a commit: the connection breaks where others' last numbers are asked for.
    LastLost = 5,
}

const FATES: [Fate; 6] = [
    Fate::Pass,
    Fate::AnswerLost,
    Fate::CommitLost,
    Fate::AnswerFatal,
    Fate::AnswerError,
    Fate::LastLost,
];

/// What is looked for when others' last numbers are asked for.
const LAST: &[u8] = b"max(seq) FROM message WHERE id >";

/// A proxy on a port of its own. It ends with the process.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    fate: Arc<AtomicU8>,
    cut: Arc<AtomicUsize>,
    commits: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fate, cut) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
        let commits = Arc::new(AtomicUsize::new(0));
        let proxy = Self {
            port,
            fate: Arc::clone(&fate),
            cut: Arc::clone(&cut),
            commits: Arc::clone(&commits),
        };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(database) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                client.set_nodelay(true).unwrap();
                database.set_nodelay(true).unwrap();
                let (back_from, back_to) =
                    (database.try_clone().unwrap(), client.try_clone().unwrap());
                let (fate, cut) = (Arc::clone(&fate), Arc::clone(&cut));
                let commits = Arc::clone(&commits);
                let is_mute = Arc::new(AtomicBool::new(false));
                let mute = Arc::clone(&is_mute);
                thread::spawn(move || {
                    carry(back_from, back_to, &is_mute, |_| Fate::Pass);
                });
                thread::spawn(move || {
                    carry(client, database, &mute, |bytes| {
                        let asks_last = fate.load(Ordering::SeqCst) == Fate::LastLost as u8;
                        let sought = if asks_last { LAST } else { b"COMMIT\0" };
                        if !bytes.windows(sought.len()).any(|window| window == sought) {
                            return Fate::Pass;
                        }
                        commits.fetch_add(usize::from(!asks_last), Ordering::SeqCst);
                        let was = fate.swap(Fate::Pass as u8, Ordering::SeqCst);
                        cut.fetch_add(usize::from(was != 0), Ordering::SeqCst);
                        FATES[usize::from(was)]
                    });
                });
            }
        });
        proxy
    }

    /// What becomes of the next commit.
    pub(crate) fn next(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::SeqCst);
    }

    /// How many commits there were.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// How many connections were broken.
    pub(crate) fn cut(&self) -> usize {
        self.cut.load(Ordering::SeqCst)
    }
}

/// Carries what is said until one side ends; what comes while it is mute is dropped.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    mute: &AtomicBool,
    mut fate: impl FnMut(&[u8]) -> Fate,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        match fate(&buffer[..bytes]) {
            Fate::Pass if mute.load(Ordering::SeqCst) => {}
            Fate::Pass if to.write_all(&buffer[..bytes]).is_err() => break,
            Fate::Pass => {}
            Fate::AnswerLost => {
                // Nobody hears the answer, and the server has all the time to commit.
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.write_all(&buffer[..bytes]);
                thread::sleep(std::time::Duration::from_millis(100));
                break;
            }
            Fate::CommitLost | Fate::LastLost => break,
            fate @ (Fate::AnswerFatal | Fate::AnswerError) => {
                // The commit is the last of what is sent together: a letter, a length and its text.
                let (before, commit) = buffer[..bytes].split_at(bytes - 12);
                assert_eq!(commit, b"Q\0\0\0\x0bCOMMIT\0");
                let _ = to.write_all(before);
                thread::sleep(std::time::Duration::from_millis(100));
                mute.store(true, Ordering::SeqCst);
                let _ = to.write_all(commit);
                thread::sleep(std::time::Duration::from_millis(100));
                let severity = if fate == Fate::AnswerFatal { "FATAL" } else { "ERROR" };
                let fields = format!("S{severity}\0V{severity}\0C58030\0Mbroken\0\0");
                let length = u32::try_from(fields.len() + 4).unwrap();
                let _ =
                    from.write_all(&[b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat());
                thread::sleep(std::time::Duration::from_millis(100));
                break;
            }
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
