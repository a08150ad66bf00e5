//! The sending side of a connection: so many requests are always under way.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use crate::connection::Connection;
use crate::meter::{Meter, Phase};

/// Requests are written in pieces of about this size, so that the buffer stays small.
const WRITE_BYTES: usize = 64 * 1024;

/// The requests of one connection, and what becomes of each; replies come in their order.
pub(crate) trait Requests {
    /// Appends the next request, a line with its end, to `out`.
    fn append(&mut self, out: &mut Vec<u8>);
    /// The oldest request without an answer has one.
    fn answered(&mut self, ok: bool);
}

/// Keeps `window` requests under way until the run stops, then awaits the last replies.
pub(crate) async fn keep_full(
    connection: &mut Connection,
    window: u32,
    meter: &Meter,
    requests: &mut impl Requests,
) {
    let mut under_way = UnderWay { sent: VecDeque::with_capacity(window as usize), meter };
    let sent = &mut under_way.sent;
    if let Err(error) = turn(connection, window as usize, meter, requests, sent).await {
        meter.broke(error.to_string());
    }
}

/// When each request without an answer was sent, oldest first.
struct UnderWay<'a> {
    sent: VecDeque<Instant>,
    meter: &'a Meter,
}

impl Drop for UnderWay<'_> {
    /// On drop, because a task that waits too long for its replies is ended from outside.
    fn drop(&mut self) {
        self.meter.unanswered(self.sent.len() as u64);
    }
}

async fn turn(
    connection: &mut Connection,
    window: usize,
    meter: &Meter,
    requests: &mut impl Requests,
    under_way: &mut VecDeque<Instant>,
) -> io::Result<()> {
    let mut out = Vec::new();
    loop {
        if matches!(meter.phase(), Phase::WarmingUp | Phase::Counting) {
            while under_way.len() < window {
                out.clear();
                let now = Instant::now();
                while under_way.len() < window && out.len() < WRITE_BYTES {
                    requests.append(&mut out);
                    under_way.push_back(now);
                }
                connection.write(&out).await?;
            }
        }
        if under_way.is_empty() {
            return Ok(());
        }
        connection.fill().await?;
        let (now, dialect) = (Instant::now(), connection.dialect());
        while let Some(reply) = connection.reply() {
            if dialect.is_push(reply) {
                continue;
            }
            let sent = under_way.pop_front();
            let sent = sent.ok_or_else(|| io::Error::other("a reply that nobody asked for"))?;
            let ok = reply.starts_with(dialect.ok());
            if ok {
                meter.accepted(now - sent);
            } else {
                meter.refused(reply);
            }
            requests.answered(ok);
        }
        if meter.has_too_many_refusals() {
            return Err(io::Error::other("stopped after too many refusals"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[derive(Default)]
    struct Numbered {
        written: u64,
        answers: Vec<bool>,
    }

    impl Requests for Numbered {
        fn append(&mut self, out: &mut Vec<u8>) {
            out.extend_from_slice(b"x\r\n");
            self.written += 1;
        }

        fn answered(&mut self, ok: bool) {
            self.answers.push(ok);
        }
    }

    #[tokio::test]
    async fn replies_open_the_window_and_at_the_end_the_rest_is_awaited() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near =
            Connection::open(listener.local_addr().unwrap(), Dialect::Line).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        let (meter, mut requests) = (Meter::new(), Numbered::default());
        let script = async {
            let mut lines = vec![0; 4 * 3];
            far.read_exact(&mut lines).await.unwrap();
            far.write_all(b"{\"status\":\"OK\"}\r\n\r\n{\"status\":\"ERROR\"}\r\n\r\n")
                .await
                .unwrap();
            // Two replies let exactly two more requests out, in one piece.
            assert_eq!(far.read(&mut lines).await.unwrap(), 2 * 3);
            meter.enter(Phase::Stopping);
            for _ in 0..4 {
                far.write_all(b"{\"status\":\"OK\"}\r\n\r\n").await.unwrap();
            }
        };
        tokio::join!(keep_full(&mut near, 4, &meter, &mut requests), script);
        assert_eq!(requests.answers, [true, false, true, true, true, true]);
        assert_eq!((requests.written, meter.refusals(), meter.without_answer()), (6, 1, 0));
    }

    #[tokio::test]
    async fn what_a_closed_connection_leaves_open_is_unanswered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near =
            Connection::open(listener.local_addr().unwrap(), Dialect::Line).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        let (meter, mut requests) = (Meter::new(), Numbered::default());
        let script = async move {
            far.read_exact(&mut [0; 4 * 3]).await.unwrap();
            far.write_all(b"{\"status\":\"OK\"}\r\n\r\n").await.unwrap();
            far.read_exact(&mut [0; 3]).await.unwrap();
        };
        tokio::join!(keep_full(&mut near, 4, &meter, &mut requests), script);
        assert_eq!((requests.answers.len(), meter.without_answer()), (1, 4));
        assert!(meter.problems().join(" ").contains("closed the connection"));
    }

    #[tokio::test]
    async fn a_reply_too_many_breaks_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near =
            Connection::open(listener.local_addr().unwrap(), Dialect::Line).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        far.write_all(b"{\"status\":\"OK\"}\r\n\r\n{\"status\":\"OK\"}\r\n\r\n").await.unwrap();
        let (meter, mut requests) = (Meter::new(), Numbered::default());
        keep_full(&mut near, 1, &meter, &mut requests).await;
        assert!(meter.problems().join(" ").contains("nobody asked for"));
    }
}
