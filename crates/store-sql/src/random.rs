//! Numbers that nobody can guess.

use crate::sql::{self, Kind};

/// So many random bytes.
pub(crate) fn bytes<const N: usize>() -> sql::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| sql::Error::database(Kind::Failed, error))?;
    Ok(bytes)
}

/// A random number of 24 bits, as codes have.
pub(crate) fn code() -> sql::Result<u32> {
    let [a, b, c] = bytes()?;
    Ok(u32::from_be_bytes([0, a, b, c]))
}
