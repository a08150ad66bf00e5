//! Mode rooms: what some say, all have to get, each message once and in the order of its author.

mod hearing;
mod hub;
mod member;
mod talk;
mod template;

use std::io;

use serde::Serialize;

use self::hub::Hub;
use self::member::Member;
use self::talk::Talk;
use crate::accounts::{self, Account, no_conversation};
use crate::args::BenchArgs;
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::meter::{Counted, Meter};
use crate::outcome::Trouble;
use crate::report::Checked;
use crate::text::Text;

/// What reached how many. Processor times are user and system together.
#[derive(Debug, Serialize)]
pub(crate) struct Fanout {
    pub(crate) people: u32,
    pub(crate) senders: u32,
    /// Pushes of messages in the part that counts.
    pub(crate) deliveries: u64,
    pub(crate) deliveries_per_sec: f64,
    pub(crate) delivered_bytes: u64,
    pub(crate) server_cpu_us_per_delivery: Option<f64>,
    pub(crate) generator_cpu_us_per_delivery: Option<f64>,
}

/// What the mode found, beside what the meter holds.
pub(crate) struct Found {
    pub(crate) counted: Counted,
    pub(crate) checked: Checked,
    pub(crate) fanout: Fanout,
}

pub(crate) async fn run(args: &BenchArgs, run: u32, meter: &Meter) -> Result<Found, Trouble> {
    let failed = |error| no_conversation(args.server(), &error);
    let count = args.people as usize;
    let ready = accounts::ready(args.target(), run, count, args.accounts.as_deref()).await?;
    let connections = gather(args, run, &ready.accounts).await.map_err(failed)?;
    let Gathered { connections, heads } = connections;
    let hearers = if args.dialect().echoes() { args.people } else { args.people - 1 };
    let talks =
        (0..args.senders).map(|author| Talk::new(Text::new(run, author, args.body()), hearers));
    let talks: Vec<_> = talks.collect();
    let mut members = Vec::with_capacity(count);
    for connection in connections {
        let (stream, rest) = connection.into_parts().map_err(failed)?;
        members.push(Member::new(stream, rest, talks.len()));
    }
    let mut hub = Hub::new(args, meter, members, talks, heads).map_err(failed)?;
    let (counted, caught_up) = hub.run(args);
    let checked = Checked { left_over: ready.left_over, caught_up, ..verdict(&hub, args) };
    let fanout = Fanout::new(args, &hub, &counted);
    Ok(Found { counted, checked, fanout })
}

struct Gathered {
    connections: Vec<Connection>,
    /// For each who writes, the request up to its text.
    heads: Vec<Vec<u8>>,
}

/// Everybody comes into one room, or one group.
async fn gather(args: &BenchArgs, run: u32, accounts: &[Account]) -> io::Result<Gathered> {
    let dialect = args.dialect();
    let mut gathered = Gathered { connections: Vec::new(), heads: Vec::new() };
    let mut code = String::new();
    for (turn, account) in accounts.iter().enumerate() {
        let mut connection = Connection::open_as(args.node(turn), dialect, account).await?;
        let token = &account.token;
        if dialect == Dialect::Form {
            let join = format!("room_join session={token}&roomname=bench-{run:08x}\n");
            connection.demand(join.as_bytes()).await?;
        } else if code.is_empty() {
            let create = format!("GROUP-CREATE bench {run:08x}\r\n");
            code = group_code(&connection.demand(create.as_bytes()).await?)?;
        } else {
            connection.demand(format!("GROUP-JOIN {code}\r\n").as_bytes()).await?;
        }
        if gathered.heads.len() < args.senders as usize {
            let head = match dialect {
                Dialect::Form => format!("room_chat session={token}&message="),
                Dialect::Line | Dialect::Keyword => format!("CHAT-GROUP-SEND {code} "),
            };
            gathered.heads.push(head.into_bytes());
        }
        gathered.connections.push(connection);
    }
    Ok(gathered)
}

/// The first field of the first data line.
fn group_code(reply: &[u8]) -> io::Result<String> {
    let reply = String::from_utf8_lossy(reply);
    let code = reply.lines().nth(1).and_then(|line| line.split('\t').next());
    let code = code.filter(|code| !code.is_empty() && code.chars().all(char::is_alphanumeric));
    code.map(str::to_owned).ok_or_else(|| io::Error::other("a new group has no code"))
}

fn verdict(hub: &Hub<'_>, args: &BenchArgs) -> Checked {
    let mut checked = Checked::default();
    for (author, talk) in hub.talks.iter().enumerate() {
        let accepted = talk.answered - talk.refused.len() as u64;
        for (number, member) in hub.members.iter().enumerate() {
            if member.is_gone || number == author && !args.dialect().echoes() {
                continue;
            }
            let heard = &member.heard[author];
            checked.accepted += accepted;
            checked.delivered += heard.distinct();
            checked.faults += heard.verdict(talk.answered, &talk.refused);
        }
    }
    checked
}

impl Fanout {
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour are far below 2^52")]
    fn new(args: &BenchArgs, hub: &Hub<'_>, counted: &Counted) -> Self {
        let count = hub.deliveries;
        Self {
            people: args.people,
            senders: args.senders,
            deliveries: count,
            deliveries_per_sec: if counted.secs > 0.0 { count as f64 / counted.secs } else { 0.0 },
            delivered_bytes: hub.delivered_bytes,
            server_cpu_us_per_delivery: counted.server_cpu_us_each(count),
            generator_cpu_us_per_delivery: counted.generator_cpu_us_each(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::group_code;

    #[test]
    fn a_new_group_tells_its_code() {
        let reply = b"success group has been created\r\n0a1b2c\tbench 00000001\r\n\r\n";
        assert_eq!(group_code(reply).unwrap(), "0a1b2c");
        assert!(group_code(b"success group has been created\r\n\r\n").is_err());
        assert!(group_code(b"success x\r\na b\tname\r\n\r\n").is_err());
    }
}
