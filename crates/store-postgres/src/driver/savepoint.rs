//! Savepoints: one of each request, and within it one of each thing that another realm says together with others.

/// A place to go back to.
#[derive(Debug)]
pub(super) struct Savepoint {
    pub(super) name: Name,
    /// Messages that were added before it and not sent yet.
    pub(super) pending: usize,
    pub(super) arrival: i64,
    pub(super) sent: bool,
}

/// What the rules call savepoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Of a request.
    Change,
    /// Of one of the things that another realm says together.
    Item,
}

impl Name {
    pub(super) fn set(self) -> &'static str {
        match self {
            Self::Change => "SAVEPOINT change",
            Self::Item => "SAVEPOINT item",
        }
    }

    pub(super) fn release(self) -> &'static str {
        match self {
            Self::Change => "RELEASE SAVEPOINT change",
            Self::Item => "RELEASE SAVEPOINT item",
        }
    }

    pub(super) fn roll_back_to(self) -> &'static str {
        match self {
            Self::Change => "ROLLBACK TO SAVEPOINT change",
            Self::Item => "ROLLBACK TO SAVEPOINT item",
        }
    }
}

/// What the rules say of savepoints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control {
    Savepoint(Name),
    Release(Name),
    RollBackTo(Name),
}

impl Control {
    pub(super) fn of(sql: &str) -> Option<Self> {
        match sql {
            "SAVEPOINT change" => Some(Self::Savepoint(Name::Change)),
            "RELEASE change" => Some(Self::Release(Name::Change)),
            "ROLLBACK TO change" => Some(Self::RollBackTo(Name::Change)),
            "SAVEPOINT item" => Some(Self::Savepoint(Name::Item)),
            "RELEASE item" => Some(Self::Release(Name::Item)),
            "ROLLBACK TO item" => Some(Self::RollBackTo(Name::Item)),
            _ => None,
        }
    }
}
