//! Moments as text dialects show them.

use jiff::Timestamp;

/// RFC 3339 in UTC. A moment beyond the year 9999 is shown as the last one before.
pub fn rfc3339(at: kabar_model::Timestamp) -> String {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::MAX).to_string()
}
