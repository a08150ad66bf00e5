//! `send [TOKEN] USER[,USER...] TEXT`: sends a text to people.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::{Caller, Error};
use kabar_model::limits::RECIPIENTS_MAX;
use kabar_model::{Address, Body, Field, Refusal};

use super::{Command, Run};
use crate::reply::{Complaint, Outcome, Reply};
use crate::session::LineConversation;
use crate::words::Words;

pub(super) const COMMAND: Command = Command {
    name: "send",
    usage: "send [TOKEN] USER[,USER...] TEXT",
    summary: "send a text to one person or several",
    overlaps: true,
    closes: false,
    run: Run::LoggedIn(run),
};

fn run<'a>(
    session: &'a mut LineConversation,
    caller: Caller,
    mut words: Words<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let (Some(receivers), Some(text)) = (words.take(), words.rest()) else {
            return Err(Complaint::Usage);
        };
        let body = Body::parse(text)?;
        let receivers: Vec<&str> = receivers.split(',').filter(|name| !name.is_empty()).collect();
        // Counted before any of them is looked up.
        if receivers.len() > RECIPIENTS_MAX {
            return Err(Refusal::TooMany(Field::Recipients).into());
        }
        let mut known = Vec::new();
        let mut impossible = Vec::new();
        for &receiver in &receivers {
            match Address::parse(receiver) {
                Ok(address) => known.push(address),
                // A name that no account can have is the name of no account.
                Err(_) => impossible.push(receiver.to_owned()),
            }
        }
        if !impossible.is_empty() {
            impossible.extend(session.engine.unknown_among(&known).await?);
            return Err(unknown(&receivers, impossible));
        }
        match session.engine.send(&caller, &known, body).await {
            Ok(posting) => Ok(Reply::Posting(posting)),
            Err(Error::Refused(Refusal::ReceiverUnknown(names))) => Err(unknown(&receivers, names)),
            Err(error) => Err(error.into()),
        }
    }
    .boxed()
}

/// Of several receivers, those that nobody is are named.
fn unknown(receivers: &[&str], names: Vec<String>) -> Complaint {
    if receivers.len() > 1 {
        Complaint::AmongReceivers(names)
    } else {
        Refusal::ReceiverUnknown(names).into()
    }
}
