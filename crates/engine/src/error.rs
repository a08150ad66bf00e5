//! What an engine method answers when it does not answer with success.

use std::sync::Arc;

use kabar_model::Refusal;

/// The outcome of a wish.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal is an answer; a failure is ours.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The wish was understood and denied. Safe to show.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk, the database or a bug. Opaque to the person; logged where it is caught.
    #[error("failed: {0}")]
    Failed(Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A failure with this cause.
    pub fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(Arc::from(cause.into()))
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Failed(_) => None,
        }
    }
}
