//! Why a change did not happen.

use kabar_engine::Error;
use kabar_model::Refusal;

use crate::sql;

/// Why a change did not happen.
#[derive(Debug)]
pub enum Trouble {
    /// The wish was denied.
    Refused(Refusal),
    /// The database could not.
    Sql(sql::Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sql::Error> for Trouble {
    fn from(error: sql::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Self::Refused(refusal),
            Trouble::Sql(error) => Self::failed(error),
        }
    }
}

/// The outcome of a change.
pub type Outcome<T> = Result<T, Trouble>;
