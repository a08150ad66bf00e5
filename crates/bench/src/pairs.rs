//! Mode pairs: each pair's sender keeps its window full while its receiver reads and checks.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::accounts::{self, inbox_request, no_conversation};
use crate::args::BenchArgs;
use crate::check::Checker;
use crate::connection::Connection;
use crate::inbox::{self, Body};
use crate::meter::{self, Counted, Meter, Phase};
use crate::outcome::Trouble;
use crate::report::Checked;
use crate::text::Text;
use crate::window::{Requests, keep_full};

/// What both ends of a pair know of each other.
struct Pair {
    text: Text,
    issued: Cell<u64>,
    answered: Cell<u64>,
    /// Numbers answered with an error; bounded, since the load stops after too many.
    refused: RefCell<Vec<u64>>,
    checker: RefCell<Checker>,
}

impl Pair {
    fn accepted(&self) -> u64 {
        self.answered.get() - self.refused.borrow().len() as u64
    }

    fn has_all(&self) -> bool {
        self.checker.borrow().distinct() >= self.accepted()
    }
}

struct Sender {
    pair: Rc<Pair>,
    /// `send TOKEN RECEIVER `
    prefix: Vec<u8>,
}

impl Requests for Sender {
    fn append(&mut self, out: &mut Vec<u8>) {
        let number = self.pair.issued.get();
        self.pair.issued.set(number + 1);
        out.extend_from_slice(&self.prefix);
        self.pair.text.append(number, out);
        out.extend_from_slice(b"\r\n");
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
    /// `inbox TOKEN`
    request: Vec<u8>,
}

impl Receiver {
    /// Looks again and again until all that was accepted has arrived and nothing comes after it.
    async fn receive(&mut self, poll: Duration, meter: &Meter) -> io::Result<()> {
        let pair = Rc::clone(&self.pair);
        loop {
            let draining = meter.phase() == Phase::Draining;
            let had_all = pair.has_all();
            let mut gave_up = false;
            let on_body = |body| match body {
                Body::Ours(number) => {
                    let issued = pair.issued.get();
                    gave_up |= pair.checker.borrow_mut().arrived(number, issued).is_err();
                }
                Body::Stranger => pair.checker.borrow_mut().stranger(),
            };
            let scan =
                inbox::look(&mut self.connection, &self.request, &pair.text, on_body).await?;
            if gave_up {
                return Err(io::Error::other("too many gaps in what a receiver got"));
            }
            if draining && had_all && scan.items() == 0 {
                return Ok(());
            }
            if !(scan.is_full() || draining && pair.has_all()) {
                sleep(poll).await;
            }
        }
    }
}

/// What the mode found, beside what the meter holds.
pub(crate) struct Found {
    pub(crate) counted: Counted,
    pub(crate) checked: Checked,
}

pub(crate) async fn run(args: &BenchArgs, run: u32, meter: &Rc<Meter>) -> Result<Found, Trouble> {
    let failed = |error| no_conversation(args.server, &error);
    let count = args.pairs as usize * 2;
    let ready = accounts::ready(args.server, run, count, args.accounts.as_deref()).await?;
    let mut ends = Vec::with_capacity(args.pairs as usize);
    for (number, two) in (0..).zip(ready.accounts.chunks_exact(2)) {
        let pair = Rc::new(Pair {
            text: Text::new(run, number, args.body),
            issued: Cell::new(0),
            answered: Cell::new(0),
            refused: RefCell::default(),
            checker: RefCell::default(),
        });
        let connection = Connection::open(args.server).await.map_err(failed)?;
        let request = inbox_request(&two[1].token);
        let receiver = Receiver { pair: Rc::clone(&pair), connection, request };
        let prefix = format!("send {} {} ", two[0].token, two[1].name).into_bytes();
        let connection = Connection::open(args.server).await.map_err(failed)?;
        ends.push((Sender { pair, prefix }, connection, receiver));
    }

    let (mut senders, mut receivers) = (JoinSet::new(), JoinSet::new());
    let mut pairs = Vec::with_capacity(ends.len());
    for (number, (mut sender, mut connection, mut receiver)) in (0..).zip(ends) {
        pairs.push(Rc::clone(&sender.pair));
        let (window, shared) = (args.window, Rc::clone(meter));
        senders.spawn_local(async move {
            keep_full(&mut connection, window, &shared, &mut sender).await;
        });
        let (poll, shared) = (args.poll(), Rc::clone(meter));
        // Spread over the pause, so that the receivers do not all look at the same moment.
        let delay = poll * number / args.pairs;
        receivers.spawn_local(async move {
            sleep(delay).await;
            if let Err(error) = receiver.receive(poll, &shared).await {
                shared.broke(error.to_string());
            }
        });
    }
    let counted = meter::count(args, meter, &mut senders).await;
    meter::finish(&mut senders, args.drain()).await;
    meter.enter(Phase::Draining);
    let caught_up = meter::finish(&mut receivers, args.drain()).await;

    let mut checked = Checked { left_over: ready.left_over, caught_up, ..Checked::default() };
    for pair in pairs {
        let arrivals = pair.checker.borrow();
        checked.accepted += pair.accepted();
        checked.delivered += arrivals.distinct();
        checked.faults += arrivals.verdict(pair.answered.get(), &pair.refused.borrow());
    }
    Ok(Found { counted, checked })
}
