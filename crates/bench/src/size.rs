//! A file's size on the command line.

use std::fmt;

use serde::Serialize;

const BYTES_MAX: u64 = 1 << 30;
const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Bytes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Size(pub(crate) u64);

pub(crate) fn size(text: &str) -> Result<Size, String> {
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((text.strip_suffix(name)?, bytes)));
    let (number, unit) = unit.unwrap_or((text, &1));
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*unit));
    let bytes = bytes.ok_or_else(|| "expected bytes, such as 4096, 64KiB or 100MiB".to_owned())?;
    if !(1..=BYTES_MAX).contains(&bytes) {
        return Err("expected 1 byte to 1 GiB".to_owned());
    }
    Ok(Size(bytes))
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{} {name}", self.0 / unit),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_bounds() {
        for (text, bytes) in
            [("1", 1), ("64KiB", 65_536), ("100MiB", 104_857_600), ("1GiB", 1 << 30)]
        {
            assert_eq!(size(text), Ok(Size(bytes)), "{text}");
        }
        for bad in ["", "0", "0MiB", "2GiB", "1073741825", "1 MiB", "-1", "18446744073709551615KiB"]
        {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_said_in_the_largest_unit_that_is_exact() {
        for (bytes, words) in [(1, "1 bytes"), (1536, "1536 bytes"), (3 << 20, "3 MiB")] {
            assert_eq!(Size(bytes).to_string(), words);
        }
    }
}
