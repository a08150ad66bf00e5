//! The loop of mode rooms: one thread waits for all sockets at once. Anything dearer would measure
//! itself.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::hearing::Hearing;
use super::member::{BUFFER_BYTES, Member};
use super::talk::Talk;
use crate::args::BenchArgs;
use crate::dialect::Dialect;
use crate::meter::{Counted, Meter, Phase, Readings};

/// Sockets looked at a time.
const EVENTS_MAX: usize = 256;
/// The longest wait while nothing is due.
const WAIT: Duration = Duration::from_millis(100);
/// The same while a socket did not take all requests.
const WAIT_UNSENT: Duration = Duration::from_millis(1);
/// How long to listen for what must not come after the last message.
const STRAGGLERS: Duration = Duration::from_millis(100);

/// All who are in the room; the first of them write.
pub(crate) struct Hub<'a> {
    dialect: Dialect,
    window: usize,
    meter: &'a Meter,
    pub(crate) members: Vec<Member>,
    pub(crate) talks: Vec<Talk>,
    /// For each who writes, the request up to its text.
    heads: Vec<Vec<u8>>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    /// Whether nothing more is said, since something broke.
    stopped: bool,
    /// Pushes of messages, and their bytes, in the part that counts.
    pub(crate) deliveries: u64,
    pub(crate) delivered_bytes: u64,
}

impl<'a> Hub<'a> {
    pub(crate) fn new(
        args: &BenchArgs,
        meter: &'a Meter,
        members: Vec<Member>,
        talks: Vec<Talk>,
        heads: Vec<Vec<u8>>,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        for (number, member) in (0..).zip(&members) {
            epoll::add(&epoll, &member.stream, EventData::new_u64(number), EventFlags::IN)?;
        }
        Ok(Self {
            dialect: args.dialect(),
            window: args.window as usize,
            meter,
            members,
            talks,
            heads,
            epoll,
            events: Vec::with_capacity(EVENTS_MAX),
            buffer: vec![0; BUFFER_BYTES],
            stopped: false,
            deliveries: 0,
            delivered_bytes: 0,
        })
    }

    /// Warm-up, the part that counts, and what is under way after it; whether all of that was done
    /// in time.
    pub(crate) fn run(&mut self, args: &BenchArgs) -> (Counted, bool) {
        self.turn(args.warmup());
        let readings = Readings::take(args);
        self.meter.enter(Phase::Counting);
        self.turn(args.duration());
        self.meter.enter(Phase::Stopping);
        let counted = readings.until_now(args);
        self.turn(args.drain());
        let caught_up = self.is_idle();
        self.meter.enter(Phase::Draining);
        self.turn(STRAGGLERS);
        let unanswered = self.talks.iter().map(|talk| talk.issued - talk.answered).sum();
        self.meter.unanswered(unanswered);
        (counted, caught_up)
    }

    /// Writes and listens so long; less if no more is to be written, and all is done.
    fn turn(&mut self, limit: Duration) {
        let until = Instant::now() + limit;
        loop {
            let (now, phase) = (Instant::now(), self.meter.phase());
            let over = match phase {
                Phase::WarmingUp | Phase::Counting => self.stopped,
                Phase::Stopping => self.is_idle(),
                Phase::Draining => false,
            };
            if over || now >= until {
                return;
            }
            let unsent = self.say(now, phase);
            let longest = if unsent { WAIT_UNSENT } else { WAIT };
            if let Err(error) = self.hear(longest.min(until - now)) {
                self.meter.broke(error.to_string());
                self.stopped = true;
            }
            self.stopped |= self.meter.has_too_many_refusals();
        }
    }

    fn is_idle(&self) -> bool {
        self.talks.iter().all(|talk| talk.under_way() == 0)
    }

    /// Fills every window while more is to be said; whether a socket did not take all of it.
    fn say(&mut self, now: Instant, phase: Phase) -> bool {
        let goes_on = matches!(phase, Phase::WarmingUp | Phase::Counting);
        let writers = self.members.iter_mut().zip(&mut self.talks).zip(&self.heads);
        let (mut unsent, mut out) = (false, Vec::new());
        for ((member, talk), head) in writers.filter(|((member, _), _)| !member.is_gone) {
            out.clear();
            while goes_on && talk.under_way() < self.window {
                out.extend_from_slice(head);
                let number = talk.issue(now);
                talk.text.append(number, &mut out);
                out.extend_from_slice(self.dialect.line_end());
            }
            if let Err(error) = member.send(&out) {
                self.meter.broke(error.to_string());
                member.is_gone = true;
                self.stopped = true;
            }
            unsent |= member.has_unsent();
        }
        unsent
    }

    /// Waits for pushes and answers at most so long, and takes what has come.
    fn hear(&mut self, limit: Duration) -> io::Result<()> {
        self.events.clear();
        let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        let mut hearing = Hearing {
            dialect: self.dialect,
            meter: self.meter,
            talks: &mut self.talks,
            deliveries: 0,
            bytes: 0,
            now: Instant::now(),
        };
        for event in &self.events {
            let at = usize::try_from(event.data.u64()).expect("a position in `members`");
            let member = &mut self.members[at];
            if let Err(error) = hearing.read(at, member, &mut self.buffer) {
                // The others still get what was accepted.
                self.meter.broke(error.to_string());
                member.is_gone = true;
                self.stopped = true;
                epoll::delete(&self.epoll, &member.stream)?;
            }
        }
        if self.meter.phase() == Phase::Counting {
            self.deliveries += hearing.deliveries;
            self.delivered_bytes += hearing.bytes;
        }
        Ok(())
    }
}
