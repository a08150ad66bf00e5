//! Mode pairs: each pair's sender keeps its window full while its receiver reads and checks.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::accounts::{self, Account, no_conversation};
use crate::args::BenchArgs;
use crate::check::{Checker, Faults};
use crate::connection::Connection;
use crate::inbox::{self, Heard};
use crate::lines;
use crate::meter::{self, Counted, Meter, Phase};
use crate::outcome::Trouble;
use crate::report::Checked;
use crate::text::{Body, Text};
use crate::window::{Requests, keep_full};

/// What both ends of a pair know of each other.
struct Pair {
    text: Text,
    issued: Cell<u64>,
    answered: Cell<u64>,
    /// Numbers answered with an error; bounded, since the load stops after too many.
    refused: RefCell<Vec<u64>>,
    checker: RefCell<Checker>,
    /// What the receiver was told unasked, where it is told.
    told: Option<RefCell<Checker>>,
    /// Whether the server let the receiver go, since it missed what it was to be told.
    let_go: Cell<bool>,
}

impl Pair {
    fn accepted(&self) -> u64 {
        self.answered.get() - self.refused.borrow().len() as u64
    }

    fn has_all(&self) -> bool {
        let accepted = self.accepted();
        let told = self.told.as_ref().filter(|_| !self.let_go.get());
        let told_all = told.is_none_or(|told| told.borrow().distinct() >= accepted);
        told_all && self.checker.borrow().distinct() >= accepted
    }

    /// Notes what the receiver has found or was told; whether it is still worth following.
    fn heard(&self, heard: Heard) -> bool {
        let (checker, body) = match (heard, &self.told) {
            (Heard::Item(body), _) => (&self.checker, body),
            (Heard::Push(body), Some(told)) => (told, body),
            (Heard::Push(_), None) => return true,
        };
        match body {
            Body::Ours(number) => checker.borrow_mut().arrived(number, self.issued.get()).is_ok(),
            Body::Stranger => {
                checker.borrow_mut().stranger();
                true
            }
        }
    }
}

struct Sender {
    pair: Rc<Pair>,
    /// The request up to its text.
    prefix: Vec<u8>,
    line_end: &'static [u8],
}

impl Requests for Sender {
    fn append(&mut self, out: &mut Vec<u8>) {
        let number = self.pair.issued.get();
        self.pair.issued.set(number + 1);
        out.extend_from_slice(&self.prefix);
        self.pair.text.append(number, out);
        out.extend_from_slice(self.line_end);
    }

    fn answered(&mut self, ok: bool) {
        let number = self.pair.answered.get();
        self.pair.answered.set(number + 1);
        if !ok {
            self.pair.refused.borrow_mut().push(number);
        }
    }
}

struct Receiver {
    pair: Rc<Pair>,
    connection: Connection,
    /// Reads the inbox.
    request: Vec<u8>,
}

/// How often a receiver that was let go comes back.
const RETURNS_MAX: u32 = 3;
/// Logins of one return: when all come back at once, a server may be too busy for some.
const LOGINS_MAX: u32 = 100;
const LOGIN_PAUSE: Duration = Duration::from_millis(100);

async fn return_as(args: &BenchArgs, account: &Account) -> io::Result<Connection> {
    for _ in 1..LOGINS_MAX {
        match Connection::open_as(args.receivers().server, args.dialect(), account).await {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                sleep(LOGIN_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
    Connection::open_as(args.receivers().server, args.dialect(), account).await
}

impl Receiver {
    /// Receives, and comes back when the server lets it go: what it was not told must be in its
    /// inbox.
    async fn stay(&mut self, args: &BenchArgs, account: &Account, meter: &Meter) -> io::Result<()> {
        for _ in 0..RETURNS_MAX {
            match self.receive(args.poll(), meter).await {
                Err(error) if self.pair.told.is_some() && error.kind() != io::ErrorKind::Other => {
                    meter.broke(error.to_string());
                    self.pair.let_go.set(true);
                    self.connection = return_as(args, account).await?;
                }
                outcome => return outcome,
            }
        }
        self.receive(args.poll(), meter).await
    }

    /// Looks again and again until all that was accepted has arrived and nothing comes after it.
    async fn receive(&mut self, poll: Duration, meter: &Meter) -> io::Result<()> {
        let pair = Rc::clone(&self.pair);
        let gave_up = Cell::new(false);
        let mut on_heard = |heard| gave_up.set(gave_up.get() || !pair.heard(heard));
        loop {
            let draining = meter.phase() == Phase::Draining;
            let had_all = pair.has_all();
            let (connection, text) = (&mut self.connection, &pair.text);
            let looked = inbox::look(connection, &self.request, text, &mut on_heard).await?;
            if draining && had_all && looked.items == 0 {
                return Ok(());
            }
            if !(looked.is_full || draining && pair.has_all()) {
                if pair.told.is_some() {
                    lines::listen(connection, poll, text, &mut on_heard).await?;
                } else {
                    sleep(poll).await;
                }
            }
            if gave_up.get() {
                return Err(io::Error::other("too many gaps in what a receiver got"));
            }
        }
    }
}

/// What the mode found, beside what the meter holds.
pub(crate) struct Found {
    pub(crate) counted: Counted,
    pub(crate) checked: Checked,
}

/// The senders and receivers, each sender before its receiver; and how much their inboxes held.
async fn couples(args: &BenchArgs, run: u32) -> Result<(Vec<[Account; 2]>, u64), Trouble> {
    let pairs = args.pairs as usize;
    if args.peer.is_none() {
        let ready =
            accounts::ready(args.target(), run, pairs * 2, args.accounts.as_deref()).await?;
        let twos = ready.accounts.chunks_exact(2).map(|two| [two[0].clone(), two[1].clone()]);
        return Ok((twos.collect(), ready.left_over));
    }
    let senders = accounts::ready(args.target(), run, pairs, None).await?;
    let receivers = accounts::ready(args.receivers(), run, pairs, None).await?;
    let twos = senders.accounts.into_iter().zip(receivers.accounts).map(|(one, two)| [one, two]);
    Ok((twos.collect(), senders.left_over + receivers.left_over))
}

pub(crate) async fn run(args: &BenchArgs, run: u32, meter: &Rc<Meter>) -> Result<Found, Trouble> {
    let failed = |error| no_conversation(args.server(), &error);
    let dialect = args.dialect();
    let (couples, left_over) = couples(args, run).await?;
    let mut ends = Vec::with_capacity(args.pairs as usize);
    for (number, two) in (0..).zip(couples) {
        let turn = ends.len();
        let pair = Rc::new(Pair {
            text: Text::new(run, number, args.body()),
            issued: Cell::new(0),
            answered: Cell::new(0),
            refused: RefCell::default(),
            checker: RefCell::default(),
            told: dialect.pushes_messages().then(RefCell::default),
            let_go: Cell::new(false),
        });
        // Across nodes, where there are several.
        let receivers = args.peer.unwrap_or(args.node(turn + 1));
        let connection = Connection::open_as(receivers, dialect, &two[1]).await.map_err(failed)?;
        let request = dialect.inbox(&two[1].token);
        let receiver = Receiver { pair: Rc::clone(&pair), connection, request };
        let connection =
            Connection::open_as(args.node(turn), dialect, &two[0]).await.map_err(failed)?;
        let prefix = dialect.send(&two[0].token, &args.address_of(&two[1].name));
        let sender = Sender { pair, prefix, line_end: dialect.line_end() };
        ends.push((sender, connection, receiver, two[1].clone()));
    }

    let (mut senders, mut receivers) = (JoinSet::new(), JoinSet::new());
    let mut pairs = Vec::with_capacity(ends.len());
    for (number, (mut sender, mut connection, mut receiver, account)) in (0..).zip(ends) {
        pairs.push(Rc::clone(&sender.pair));
        let (window, shared) = (args.window, Rc::clone(meter));
        senders.spawn_local(async move {
            keep_full(&mut connection, window, &shared, &mut sender).await;
        });
        let (args, shared) = (args.clone(), Rc::clone(meter));
        // Spread over the pause, so that the receivers do not all look at the same moment.
        let delay = args.poll() * number / args.pairs;
        receivers.spawn_local(async move {
            sleep(delay).await;
            if let Err(error) = receiver.stay(&args, &account, &shared).await {
                shared.broke(error.to_string());
            }
        });
    }
    let counted = meter::count(args, meter, &mut senders).await;
    meter::finish(&mut senders, args.drain()).await;
    meter.enter(Phase::Draining);
    let began = Instant::now();
    let caught_up = meter::finish(&mut receivers, args.drain()).await;
    let drained_secs = began.elapsed().as_secs_f64();

    let mut checked = Checked { left_over, caught_up, drained_secs, ..Checked::default() };
    for pair in pairs {
        let arrivals = pair.checker.borrow();
        checked.accepted += pair.accepted();
        checked.delivered += arrivals.distinct();
        let (answered, refused) = (pair.answered.get(), pair.refused.borrow());
        checked.faults += arrivals.verdict(answered, &refused);
        if let Some(told) = &pair.told {
            let faults = told.borrow().verdict(answered, &refused);
            let missed = if pair.let_go.get() { 0 } else { faults.lost };
            checked.faults += Faults { lost: missed, ..faults };
        }
    }
    Ok(Found { counted, checked })
}
