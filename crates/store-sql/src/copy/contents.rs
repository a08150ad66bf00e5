//! Which contents the rows of a realm refer to.

use crate::sql::{Connection, Result};

/// Contents that are asked for at a time.
const PAGE: i64 = 256;

/// Contents that a row refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The SHA-256 of them.
    pub hash: [u8; 32],
    /// How many bytes they are.
    pub size: u64,
    /// What somebody called them.
    pub name: String,
}

/// The contents that are to be here, each of a table once, in the order of their hashes. Those that another realm still
/// has are not among them.
#[derive(Debug, Default)]
pub struct Kept {
    after: Vec<u8>,
    table: usize,
}

/// Who refers to contents, and by which columns.
const REFER: [(&str, &str, &str, &str, &str); 2] = [
    ("file", "hash", "size", "name", "wanted_from IS NULL"),
    ("outgoing", "file_hash", "file_size", "file_name", "file_hash IS NOT NULL"),
];

impl Kept {
    /// The next ones; none: that was all.
    pub fn next(&mut self, connection: &Connection) -> Result<Vec<Contents>> {
        while let Some((table, hash, size, name, which)) = REFER.get(self.table) {
            let sql = format!(
                "SELECT {hash}, MAX({size}), MIN({name}) FROM {table}
                 WHERE {hash} > ?1 AND {which} GROUP BY {hash} ORDER BY {hash} LIMIT ?2"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let page = statement
                .query_map((&self.after, PAGE), |row| {
                    Ok(Contents { hash: row.get(0)?, size: row.get(1)?, name: row.get(2)? })
                })?
                .collect::<Result<Vec<_>>>()?;
            if let Some(last) = page.last() {
                self.after = last.hash.to_vec();
                return Ok(page);
            }
            self.after.clear();
            self.table += 1;
        }
        Ok(Vec::new())
    }
}
