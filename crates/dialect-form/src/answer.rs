//! From what came of a request to what is written.

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use kabar_engine::{Error, Posting};
use kabar_model::FileName;
use kabar_wire::conversation::{Answer, Output, Worth};
use tracing::error;
use uuid::Uuid;

use crate::command::Command;
use crate::form::Form;
use crate::reply::{self, Complaint, Outcome, Reply};
use crate::session::FormConversation;
use crate::wording::{self, Subject};

impl FormConversation {
    /// What a request is answered that names no command.
    pub(crate) fn unknown(&self) -> Answer {
        let bytes = self.cutter.framing().seal(reply::error(wording::UNKNOWN_COMMAND));
        Answer { worth: Worth::Nonsense, ..Answer::now(bytes) }
    }

    /// What a request is answered that came out so.
    pub(crate) fn answer_to(
        &self,
        command: &'static Command,
        form: Form<'_>,
        outcome: Outcome,
    ) -> Answer {
        let framing = self.cutter.framing();
        match outcome {
            Ok(Reply::Ready(object)) => Answer::now(framing.seal(object)),
            Ok(Reply::Inbox(object, receipt)) => Answer {
                written: receipt.map(|receipt| self.engine.confirmation(receipt)),
                ..Answer::now(framing.seal(object))
            },
            Ok(Reply::Posting(posting, object)) => {
                let subject = self.subject(form);
                let durable =
                    async move { framing.seal(accepted(posting, object, command, &subject).await) };
                Answer { output: Output::Later(durable.boxed()), ..Answer::now(Vec::new()) }
            }
            Ok(Reply::File(name, contents)) => {
                let (before, after) = reply::around_contents(&name);
                let contents =
                    contents.inspect_err(|cause| error!(%cause, "a file was sent in part")).boxed();
                let pieces = framing.seal_contents(before, contents, after);
                Answer { output: Output::Pieces(pieces), ..Answer::now(Vec::new()) }
            }
            Err(complaint) => {
                let object = complain(command, &self.subject(form), &complaint);
                Answer { worth: worth(&complaint), ..Answer::now(framing.seal(object)) }
            }
        }
    }

    /// What a request speaks of, for the wording of its refusal.
    fn subject(&self, form: Form<'_>) -> Subject {
        let text = |key| form.text(key).ok().flatten();
        let file = text("filename").unwrap_or_default();
        Subject {
            username: text("username").unwrap_or_default(),
            session: text("session").or_else(|| self.own_token()).unwrap_or_default(),
            file: FileName::clean(&file).map_or(file, |name| name.to_string()),
            file_bytes_max: self.engine.settings().file_bytes_max,
        }
    }
}

/// The success once it is one.
async fn accepted(
    posting: Posting,
    success: Vec<u8>,
    command: &Command,
    subject: &Subject,
) -> Vec<u8> {
    match posting.durable().await {
        Ok(_) => success,
        Err(error) => complain(command, subject, &error.into()),
    }
}

fn worth(complaint: &Complaint) -> Worth {
    match complaint {
        Complaint::MissingKey(_) | Complaint::NotUtf8(_) => Worth::Nonsense,
        Complaint::NotBase64 | Complaint::Error(_) => Worth::Sense,
    }
}

fn complain(command: &Command, subject: &Subject, complaint: &Complaint) -> Vec<u8> {
    let reason = match complaint {
        Complaint::MissingKey(key) => wording::missing_key(key),
        Complaint::NotUtf8(key) => wording::not_utf8(key),
        Complaint::NotBase64 => wording::NOT_BASE64.to_owned(),
        Complaint::Error(Error::Refused(refusal)) => wording::refusal(refusal, subject),
        Complaint::Error(Error::Failed(cause)) => {
            let incident = Uuid::new_v4().simple().to_string()[..8].to_owned();
            error!(%incident, command = command.name, %cause, "a request failed");
            wording::failed(&incident)
        }
    };
    reply::error(&reason)
}
