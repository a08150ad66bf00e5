//! What leaves: answers in their order, pushes between them, contents piece by piece.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use kabar_wire::conversation::Unasked;
use tokio::time::Instant;

use super::apart::Apart;
use super::{End, OUTPUT_BYTES_MAX, READ_BYTES_MIN, TextLoop, UNREAD_SECS_MAX};
use crate::net::deadline::reached;

impl TextLoop {
    /// Waits for all answers that wait.
    pub(super) async fn settle(&mut self) {
        while !self.waiting.is_empty() {
            let answer = next(&mut self.waiting).await;
            self.say(answer);
        }
    }

    /// Says something unasked, and with it what else is to be said by now: it leaves in one write.
    pub(super) fn say_unasked(&mut self, first: Unasked) -> Option<End> {
        let mut next = Some(first);
        while let Some(unasked) = next {
            match unasked {
                Unasked::Say(bytes) => self.say_later(bytes),
                Unasked::Close(last_words) => {
                    self.say_later(last_words);
                    return Some(End::Goodbye);
                }
            }
            let has_room = self.unsaid_bytes() < OUTPUT_BYTES_MAX;
            next = if has_room { self.conversation.unasked().now_or_never() } else { None };
        }
        None
    }

    /// Hands something over that nobody waits for.
    fn say_later(&mut self, bytes: Vec<u8>) {
        self.add(bytes, Apart::push);
    }

    /// Hands an output over to be written.
    pub(in crate::net) fn say(&mut self, bytes: Vec<u8>) {
        self.add(bytes, Apart::answer);
    }

    fn add(&mut self, bytes: Vec<u8>, add_apart: fn(&mut Apart, Vec<u8>)) {
        if self.has_said_all() {
            self.read_last = Instant::now();
        }
        if self.conversation.pause_between_outputs().is_some() {
            add_apart(&mut self.apart, bytes);
        } else {
            self.output.extend_from_slice(&bytes);
        }
    }

    /// Writes an output piece by piece, each once the one before has been read.
    pub(super) async fn say_pieces(
        &mut self,
        mut pieces: BoxStream<'static, io::Result<Vec<u8>>>,
    ) -> io::Result<()> {
        self.apart.hold_pushes(true);
        self.settle().await;
        self.flush_answers().await?;
        if self.conversation.pause_between_outputs().is_some() {
            tokio::time::sleep_until(self.apart.at()).await;
        }
        let stop = self.stop.clone();
        while let Some(piece) = pieces.next().await {
            self.output.extend_from_slice(&piece?);
            self.read_last = Instant::now();
            tokio::select! {
                outcome = self.flush_answers() => outcome?,
                // Half of an answer is no answer, so nothing is gained by waiting for a slow reader.
                () = stop.cancelled() => return Err(io::ErrorKind::Interrupted.into()),
            }
        }
        self.apart.hold_pushes(self.conversation.says_nothing_unasked());
        Ok(())
    }

    pub(super) fn unsaid_bytes(&self) -> usize {
        self.unread_answers() + self.apart.push_bytes()
    }

    /// As [`TextLoop::unsaid_bytes`], but for what may wait behind the answers.
    pub(super) fn unread_answers(&self) -> usize {
        self.output.len() + self.apart.answer_bytes()
    }

    pub(super) fn has_said_all(&self) -> bool {
        self.output.is_empty() && self.apart.is_empty()
    }

    /// When the next of the outputs that must be written apart may be written.
    pub(super) fn apart_at(&self) -> Option<Instant> {
        (self.output.is_empty() && !self.apart.is_empty()).then(|| self.apart.at())
    }

    /// Takes the answers at the front that have come meanwhile, so that they leave in one write.
    pub(super) fn collect_ready(&mut self) {
        while let Some(answer) = self.waiting.front_mut().and_then(FutureExt::now_or_never) {
            self.waiting.pop_front();
            self.say(answer);
        }
    }

    pub(super) fn write_some(&mut self) -> io::Result<()> {
        if self.output.is_empty() && self.apart_at().is_some_and(|at| at <= Instant::now()) {
            let next = self.apart.next();
            self.output.extend(next);
        }
        if self.output.is_empty() {
            return Ok(());
        }
        match self.stream.try_write(&self.output[self.sent..]) {
            Ok(count) => {
                self.sent += count;
                if self.sent >= self.sent_then + READ_BYTES_MIN || self.sent == self.output.len() {
                    self.sent_then = self.sent;
                    self.read_last = Instant::now();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.sent == self.output.len() {
            self.output.clear();
            (self.sent, self.sent_then) = (0, 0);
            if let Some(pause) = self.conversation.pause_between_outputs() {
                self.apart.wait(pause);
            }
        }
        Ok(())
    }

    /// Writes all there is, or gives up on a client that reads nothing for too long.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.flush_until(Self::has_said_all).await
    }

    /// As [`TextLoop::flush`], but what may wait behind the answers stays.
    pub(super) async fn flush_answers(&mut self) -> io::Result<()> {
        self.flush_until(|this| this.unread_answers() == 0).await
    }

    async fn flush_until(&mut self, is_enough: fn(&Self) -> bool) -> io::Result<()> {
        while !is_enough(self) {
            self.write_some()?;
            if is_enough(self) {
                break;
            }
            if let Some(at) = self.apart_at() {
                tokio::time::sleep_until(at).await;
                continue;
            }
            let deadline = self.read_last + Duration::from_secs(UNREAD_SECS_MAX);
            tokio::select! {
                ready = self.stream.writable() => ready?,
                () = reached(Some(deadline)) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        Ok(())
    }
}

/// The next answer in order. Nothing is lost when this is dropped before it is done.
pub(super) async fn next(waiting: &mut VecDeque<BoxFuture<'static, Vec<u8>>>) -> Vec<u8> {
    let Some(front) = waiting.front_mut() else { return std::future::pending().await };
    let answer = front.await;
    waiting.pop_front();
    answer
}
