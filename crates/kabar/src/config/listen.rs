//! `ADDR:PORT[/DIALECT]`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use kabar_dialect_line::Profile;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Told by the first bytes.
    Auto,
    /// Dialect line.
    Line(Profile),
    /// Dialect form.
    Form,
    /// Dialect keyword; the server speaks first.
    Keyword,
    /// HTTP alone.
    Http,
}

const NAMES: [(&str, Dialect); 7] = [
    ("auto", Dialect::Auto),
    ("line-en", Dialect::Line(Profile::LineEn)),
    ("line-id", Dialect::Line(Profile::LineId)),
    ("realm", Dialect::Line(Profile::Realm)),
    ("form", Dialect::Form),
    ("keyword", Dialect::Keyword),
    ("http", Dialect::Http),
];

impl Dialect {
    /// Its name in addresses.
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, dialect)| *dialect == self).map_or("auto", |(name, _)| name)
    }
}

/// An address to listen at, and what to speak there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// The address; port 0 takes a free one.
    pub(crate) address: SocketAddr,
    /// What is spoken.
    pub(crate) dialect: Dialect,
}

impl Listen {
    /// These, or where a server listens that was told nothing.
    pub(crate) fn or_default(told: &[Self]) -> Vec<Self> {
        let here = |port, dialect| Self { address: ([127, 0, 0, 1], port).into(), dialect };
        if told.is_empty() {
            vec![here(8889, Dialect::Auto), here(8000, Dialect::Keyword)]
        } else {
            told.to_vec()
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, name) = text.split_once('/').unwrap_or((text, "auto"));
        let address = address.parse().map_err(|_| {
            format!("{text}: an address and a port are wanted, such as 127.0.0.1:8889")
        })?;
        let known = NAMES.iter().find(|(known, _)| *known == name);
        let (_, dialect) = known.ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("{text}: no dialect {name:?}; there are {}", names.join(", "))
        })?;
        Ok(Self { address, dialect: *dialect })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dialect {
            Dialect::Auto => write!(f, "{}", self.address),
            dialect => write!(f, "{}/{}", self.address, dialect.name()),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_written() {
        for text in ["127.0.0.1:8889", "[::1]:0/line-id", "0.0.0.0:80/http", "127.0.0.1:1/realm"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        assert_eq!("127.0.0.1:1/auto".parse::<Listen>().unwrap().dialect, Dialect::Auto);
        for bad in
            ["", "8889", "localhost", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:1/", "127.0.0.1:1/x"]
        {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }
}
