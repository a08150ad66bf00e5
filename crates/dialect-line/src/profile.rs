//! Whose words are used.

/// The wording of one of the systems that this dialect comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// English.
    LineEn,
    /// Indonesian.
    LineId,
    /// Indonesian, as the system with several servers words it.
    Realm,
}
