//! Why a command was not done, and how that is said.

use kabar_engine::Error;
use kabar_model::Refusal;
use kabar_wire::conversation::Worth;
use tracing::error;
use uuid::Uuid;

use crate::command::Command;
use crate::object::Flaw;
use crate::reply::{self, Form};
use crate::wording;

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Complaint {
    /// An argument is missing or surplus.
    Usage,
    /// A key of the object is missing or holds something else.
    Key { key: &'static str, flaw: Flaw },
    /// An argument of the text form is too long.
    ArgumentTooLong { number: usize },
    /// The two passwords are not the same.
    PasswordsDiffer,
    /// The file is larger than the operator allows.
    FileTooLarge { bytes_max: u64 },
    /// The engine said no, or failed.
    Error(Error),
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        Self::Error(refusal.into())
    }
}

impl Complaint {
    /// What the request was worth.
    pub(crate) fn worth(&self) -> Worth {
        match self {
            Self::Usage | Self::Key { .. } => Worth::Nonsense,
            Self::ArgumentTooLong { .. }
            | Self::PasswordsDiffer
            | Self::FileTooLarge { .. }
            | Self::Error(_) => Worth::Sense,
        }
    }

    /// The failure as it is sent. Ours are logged here.
    pub(crate) fn said(&self, form: &Form, command: &Command) -> Vec<u8> {
        let message = match self {
            Self::Usage => wording::usage(command, form),
            Self::Key { key, flaw } => wording::flawed_key(command, form, key, *flaw),
            Self::ArgumentTooLong { number } => wording::argument_too_long(*number),
            Self::PasswordsDiffer => wording::PASSWORDS_DIFFER.to_owned(),
            Self::FileTooLarge { bytes_max } => wording::file_too_large(*bytes_max),
            Self::Error(Error::Refused(refusal)) => {
                wording::refusal(refusal, &wording::usage(command, form))
            }
            Self::Error(Error::Failed(cause)) => {
                let incident = Uuid::new_v4().simple().to_string()[..8].to_owned();
                error!(%incident, command = command.name, %cause, "a request failed");
                wording::failed(&incident)
            }
        };
        reply::failure(form, &message)
    }
}
