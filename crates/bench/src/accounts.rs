//! The accounts a run works with: taken from a file of an earlier run, or registered.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::bytes::printable;
use crate::connection::Connection;
use crate::dialect::{Dialect, text_between};
use crate::inbox;
use crate::outcome::Trouble;

/// Form of the accounts file; another number is refused.
const FILE_SCHEMA: u32 = 1;
/// Accounts in a file: as many as the largest run can use.
const FILE_ACCOUNTS_MAX: usize = 20_000;
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// One account of the server under load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) token: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    schema: u32,
    accounts: Vec<Account>,
}

/// The accounts of a run.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Each with a live session, where sessions have tokens, and an empty inbox.
    pub(crate) accounts: Vec<Account>,
    /// Items found in the inboxes and put aside.
    pub(crate) left_over: u64,
}

/// The server under load, and what is spoken with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) server: SocketAddr,
    pub(crate) dialect: Dialect,
}

/// `count` accounts of the server; `file` is read first and kept up to date.
pub(crate) async fn ready(
    target: Target,
    run: u32,
    count: usize,
    file: Option<&Path>,
) -> Result<Ready, Trouble> {
    let mut accounts = file.map_or_else(|| Ok(Vec::new()), read)?;
    for number in accounts.len()..count {
        accounts.push(Account {
            name: format!("b{run:08x}-{number}"),
            password: random_password(),
            token: String::new(),
        });
    }
    let ready = RefCell::new(Ready { accounts, left_over: 0 });
    let (next, progress) = (Cell::new(0), Progress::new(count));
    let work = || log_in_all(target, count, &next, &ready, &progress);
    // Two at a time: hashing a password takes the server about 40 ms of one core, so that more
    // would only queue up.
    let results = tokio::join!(work(), work());
    progress.end();
    let mut ready = ready.into_inner();
    if let Some(file) = file {
        // Also after a failure: whoever has a token need not register again.
        write(file, &ready.accounts)?;
    }
    results.0.and(results.1)?;
    ready.accounts.truncate(count);
    Ok(ready)
}

async fn log_in_all(
    target: Target,
    count: usize,
    next: &Cell<usize>,
    ready: &RefCell<Ready>,
    progress: &Progress,
) -> Result<(), Trouble> {
    loop {
        let number = next.get();
        if number >= count {
            return Ok(());
        }
        next.set(number + 1);
        let account = ready.borrow().accounts[number].clone();
        let session = log_in(target, number, &account).await;
        if session.is_err() {
            next.set(count);
        }
        let (token, left_over) = session?;
        let mut ready = ready.borrow_mut();
        ready.accounts[number].token = token;
        ready.left_over += left_over;
        progress.one_more();
    }
}

/// A token for `account`, the one it has if that still works, and how much its inbox held.
async fn log_in(
    target: Target,
    number: usize,
    account: &Account,
) -> Result<(String, u64), Trouble> {
    let Target { server, dialect } = target;
    let failed = |error| no_conversation(server, &error);
    // A connection for each account, since a server may limit what one may do before its login.
    let mut connection = Connection::open(server, dialect).await.map_err(failed)?;
    let Account { name, token, .. } = account;
    if !token.is_empty() && dialect.has_tokens() {
        match inbox::empty(&mut connection, &dialect.inbox(token)).await {
            Ok(left_over) => return Ok((token.clone(), left_over)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (),
            Err(error) => return Err(failed(error)),
        }
    }
    // Registering comes first: for an account that is not there, a failed login would count
    // against this address.
    let mut words = Vec::new();
    for line in [dialect.register(account, number), dialect.log_in(account)] {
        let reply = connection.ask(&line).await.map_err(failed)?;
        if reply.starts_with(dialect.ok()) {
            if !dialect.has_tokens() && words.is_empty() {
                // Just registered: nothing is in its inbox, and it logs in where it is needed.
                return Ok((token.clone(), 0));
            }
            let found = token_of(&reply);
            if found.is_some() || !dialect.has_tokens() {
                let token = found.unwrap_or_else(|| token.clone());
                let left_over = inbox::empty(&mut connection, &dialect.inbox(&token)).await;
                return Ok((token, left_over.map_err(failed)?));
            }
        }
        words.push(printable(&reply));
    }
    Err(Trouble::unreachable(
        format!("the server at {server} gives the account {name} no session"),
        format!("to register it answered {}; to log in it answered {}", words[0], words[1]),
        "check that this port speaks the dialect and that registration is open",
    ))
}

/// A conversation with the server outside the measurement failed.
pub(crate) fn no_conversation(server: SocketAddr, error: &io::Error) -> Trouble {
    Trouble::unreachable(
        format!("cannot talk to the server at {server}"),
        error,
        "start one with `kabar serve`, or name its address with --server",
    )
}

fn token_of(reply: &[u8]) -> Option<String> {
    let token = text_between(reply, b"\"tokenid\":\"", b"\"")?;
    let token = String::from_utf8(token.to_vec()).ok()?;
    is_word(&token).then_some(token)
}

/// Whether `word` can stand in a request of every dialect as one argument.
fn is_word(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=256).contains(&word.len()) && word.bytes().all(plain)
}

/// Nobody needs to guess or know it; the standard library's hash keys come from the system's
/// random numbers.
fn random_password() -> String {
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}

fn read(path: &Path) -> Result<Vec<Account>, Trouble> {
    let unusable = |why: String| {
        Trouble::usage(
            format!("cannot use the accounts in {}", path.display()),
            why,
            "remove the file to begin with new accounts, or name another",
        )
    };
    let text = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(error.to_string())),
        Ok(data) if data.len() > FILE_BYTES_MAX => return Err(unusable("too large".to_owned())),
        Ok(_) => fs::read(path).map_err(|error| unusable(error.to_string()))?,
    };
    let file: File = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
    if file.schema != FILE_SCHEMA {
        return Err(unusable(format!("its form is {}, not {FILE_SCHEMA}", file.schema)));
    }
    if file.accounts.len() > FILE_ACCOUNTS_MAX {
        return Err(unusable(format!("more than {FILE_ACCOUNTS_MAX} accounts")));
    }
    let mut names = HashSet::new();
    for Account { name, password, token } in &file.accounts {
        let words = is_word(name) && is_word(password) && (token.is_empty() || is_word(token));
        if !words || !names.insert(name) {
            return Err(unusable(
                "an account in it is not plain, or stands there twice".to_owned(),
            ));
        }
    }
    Ok(file.accounts)
}

fn write(path: &Path, accounts: &[Account]) -> Result<(), Trouble> {
    let file = File { schema: FILE_SCHEMA, accounts: accounts.to_vec() };
    let save = || -> io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // A new file is readable by its owner alone, and replaces the old one whole.
        let mut new = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
        serde_json::to_writer_pretty(&mut new, &file)?;
        new.write_all(b"\n")?;
        new.persist(path)?;
        Ok(())
    };
    save().map_err(|error| {
        Trouble::usage(
            format!("cannot save the accounts to {}", path.display()),
            error,
            "name a file in a directory you can write to",
        )
    })
}

/// Shows on a terminal how many accounts are ready.
struct Progress {
    shown: bool,
    count: usize,
    done: Cell<usize>,
}

impl Progress {
    fn new(count: usize) -> Self {
        let shown = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { shown, count, done: Cell::new(0) }
    }

    fn one_more(&self) {
        self.done.set(self.done.get() + 1);
        if self.shown {
            eprint!("\raccounts {}/{}", self.done.get(), self.count);
        }
    }

    fn end(&self) {
        if self.shown {
            eprintln!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, Plant};

    fn target(server: &Fake, dialect: Dialect) -> Target {
        Target { server: server.address, dialect }
    }

    fn account(name: &str) -> Account {
        Account { name: name.to_owned(), password: "p".to_owned(), token: "t".to_owned() }
    }

    #[tokio::test]
    async fn accounts_are_registered_once_and_found_again() {
        for dialect in [Dialect::Line, Dialect::Form] {
            let (server, directory) = (Fake::start(Plant::Nothing), tempfile::tempdir().unwrap());
            let (to, file) = (target(&server, dialect), directory.path().join("accounts.json"));
            let first = ready(to, 1, 3, Some(&file)).await.unwrap().accounts;
            assert_eq!(first[2].name, "b00000001-2");
            assert!(!first[2].token.is_empty());
            let again = ready(to, 2, 2, Some(&file)).await.unwrap().accounts;
            assert_eq!(again, first[..2]);
            assert_eq!(read(&file).unwrap(), first);
            let more = ready(to, 2, 4, Some(&file)).await.unwrap().accounts;
            assert_eq!((&more[..3], more[3].name.as_str()), (&first[..], "b00000002-3"));
        }
    }

    #[tokio::test]
    async fn where_sessions_have_no_tokens_the_password_is_enough() {
        let (server, directory) = (Fake::start(Plant::Nothing), tempfile::tempdir().unwrap());
        let (to, file) = (target(&server, Dialect::Keyword), directory.path().join("a.json"));
        let first = ready(to, 1, 2, Some(&file)).await.unwrap().accounts;
        assert_eq!(first[0].token, "");
        assert_eq!(ready(to, 2, 2, Some(&file)).await.unwrap().accounts, first);
        let wrong = Account { password: "wrong".to_owned(), ..first[0].clone() };
        assert!(Connection::open_as(to.server, to.dialect, &first[0]).await.is_ok());
        let refused = Connection::open_as(to.server, to.dialect, &wrong).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn an_ended_session_or_another_server_means_logging_in_or_registering_again() {
        let (server, directory) = (Fake::start(Plant::Nothing), tempfile::tempdir().unwrap());
        let (to, file) = (target(&server, Dialect::Line), directory.path().join("accounts.json"));
        let mut accounts = ready(to, 1, 2, Some(&file)).await.unwrap().accounts;
        accounts[0].token = "00000000-0000-4000-8000-ffffffffffff".to_owned();
        write(&file, &accounts).unwrap();
        let again = ready(to, 2, 2, Some(&file)).await.unwrap().accounts;
        assert_eq!(again[0].password, accounts[0].password);
        assert_ne!(again[0].token, accounts[0].token);
        assert_eq!(again[1], accounts[1]);

        let other = Fake::start(Plant::Nothing);
        let to = target(&other, Dialect::Line);
        let moved = ready(to, 3, 2, Some(&file)).await.unwrap().accounts;
        assert_eq!(moved[1].name, accounts[1].name);
    }

    #[tokio::test]
    async fn a_server_that_refuses_everything_is_quoted() {
        let server = Fake::start(Plant::RefuseAll);
        for dialect in [Dialect::Line, Dialect::Form, Dialect::Keyword] {
            let trouble = ready(target(&server, dialect), 1, 2, None).await.unwrap_err();
            assert!(trouble.to_string().contains("Not allowed"), "{trouble}");
        }
    }

    #[test]
    fn a_file_that_is_not_one_of_ours_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accounts.json");
        assert_eq!(read(&path).unwrap(), []);
        write(&path, &[account("a"), account("b")]).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        for bad in [vec![account("a"), account("a")], vec![account("a b")], vec![account("a&b")]] {
            write(&path, &bad).unwrap();
            assert!(read(&path).is_err(), "{bad:?}");
        }
        for bad in ["", "[]", "{\"schema\":2,\"accounts\":[]}"] {
            fs::write(&path, bad).unwrap();
            assert!(read(&path).is_err(), "{bad}");
        }
        assert!(write(&directory.path().join("absent/file"), &[]).is_err());
    }

    #[test]
    fn the_file_with_passwords_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accounts.json");
        write(&path, &[account("a")]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    }

    #[test]
    fn passwords_differ() {
        assert_ne!(random_password(), random_password());
    }
}
