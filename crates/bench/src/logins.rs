//! Modes logins and resumes: each connection repeats one kind of request over shared accounts.

use std::rc::Rc;

use tokio::task::JoinSet;

use crate::accounts::{self, Account, no_conversation};
use crate::args::{BenchArgs, Mode};
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::meter::{self, Counted, Meter};
use crate::outcome::Trouble;
use crate::window::{Requests, keep_full};

/// Accounts that the connections share: enough that none is always the last one seen.
const ACCOUNTS_MAX: u32 = 64;

/// The same requests again and again, each connection beginning at another.
struct Cycle {
    lines: Rc<[Vec<u8>]>,
    at: usize,
}

impl Requests for Cycle {
    fn append(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lines[self.at]);
        self.at = (self.at + 1) % self.lines.len();
    }

    fn answered(&mut self, _ok: bool) {}
}

/// The request that logs in, or presents a session again. For the latter an inbox is read: that of
/// an account without messages costs the server the least, however much else it holds.
fn request(mode: Mode, dialect: Dialect, account: &Account) -> Vec<u8> {
    match mode {
        Mode::Logins => dialect.log_in(account),
        Mode::Resumes | Mode::Idle | Mode::Events | Mode::Pairs | Mode::Rooms | Mode::Files => {
            dialect.inbox(&account.token)
        }
    }
}

pub(crate) async fn run(args: &BenchArgs, run: u32, meter: &Rc<Meter>) -> Result<Counted, Trouble> {
    let failed = |error| no_conversation(args.server(), &error);
    let count = args.connections().min(ACCOUNTS_MAX) as usize;
    let dialect = args.dialect();
    let ready = accounts::ready(args.target(), run, count, args.accounts.as_deref()).await?;
    let requests = ready.accounts.iter().map(|account| request(args.mode, dialect, account));
    let lines: Rc<[_]> = requests.collect();
    let mut connections = Vec::with_capacity(args.connections() as usize);
    for _ in 0..args.connections() {
        connections.push(Connection::open(args.server(), dialect).await.map_err(failed)?);
    }
    let mut tasks = JoinSet::new();
    for (number, mut connection) in connections.into_iter().enumerate() {
        let mut requests = Cycle { lines: Rc::clone(&lines), at: number % lines.len() };
        let (window, shared) = (args.window, Rc::clone(meter));
        tasks.spawn_local(async move {
            keep_full(&mut connection, window, &shared, &mut requests).await;
        });
    }
    let counted = meter::count(args, meter, &mut tasks).await;
    meter::finish(&mut tasks, args.drain()).await;
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_round_from_where_the_connection_begins() {
        let lines: Rc<[_]> = [b"a".to_vec(), b"b".to_vec(), b"c".to_vec()].into();
        let (mut cycle, mut out) = (Cycle { lines, at: 2 }, Vec::new());
        (0..4).for_each(|_| cycle.append(&mut out));
        assert_eq!(out, b"cabc");
    }

    #[test]
    fn a_login_shows_the_password_and_a_resumed_session_the_token_alone() {
        let [name, password, token] = ["n", "p", "t"].map(str::to_owned);
        let account = Account { name, password, token };
        for (mode, dialect, expected) in [
            (Mode::Logins, Dialect::Line, "auth n p\r\n"),
            (Mode::Logins, Dialect::Form, "auth username=n&password=p\n"),
            (Mode::Logins, Dialect::Keyword, "AUTH-LOGIN n p\r\n"),
            (Mode::Resumes, Dialect::Line, "inbox t\r\n"),
            (Mode::Resumes, Dialect::Form, "inbox session=t\n"),
        ] {
            assert_eq!(request(mode, dialect, &account), expected.as_bytes());
        }
    }
}
