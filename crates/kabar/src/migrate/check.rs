//! Comparing the rows of both sides.

use std::fmt::Write;

use anyhow::Result;
use kabar_catalogue::Lang;
use kabar_store_sql::copy::{Compared, Difference, Side, TABLES, What, compare};

use super::progress::Progress;
use super::words::Text;

/// What the comparison came to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Rows of the realm.
    pub(super) rows: u64,
    /// Rows that are not the same.
    pub(super) differences: u64,
    /// A line for each table, and one for each row that is not the same.
    pub(super) said: String,
}

/// Reads all rows of both sides.
pub(super) fn rows(from: &dyn Side, to: &dyn Side, lang: Lang) -> Result<Verdict> {
    let mut all = 0;
    for table in TABLES {
        all += from.rows_about(table)?;
    }
    let mut progress = Progress::begin(Text::Comparing.say(lang, &[]), all, lang);
    let mut verdict = Verdict::default();
    let [table, rows] = [Text::Table, Text::Rows].map(|head| head.say(lang, &[]));
    let _ = writeln!(verdict.said, "{table:<18} {rows:>12}  SHA-256");
    for table in TABLES {
        let found =
            compare(table, from.connection(), to.connection(), &mut |rows| progress.add(rows))?;
        verdict.add(table.name, &found, lang);
    }
    progress.end();
    Ok(verdict)
}

impl Verdict {
    fn add(&mut self, table: &str, found: &Compared, lang: Lang) {
        let [(rows, sum), (rows_there, sum_there)] = &found.sums;
        self.rows += rows;
        let _ = writeln!(self.said, "{table:<18} {rows:>12}  {sum}");
        // Sums differ where rows do; were it otherwise, the comparison itself would be wrong.
        if found.differences == 0 && sum == sum_there {
            return;
        }
        self.differences += found.differences.max(1);
        let _ = writeln!(self.said, "{:<18} {rows_there:>12}  {sum_there}", "");
        for Difference { key, what } in &found.named {
            let (text, column) = match what {
                What::Lacking => (Text::Lacking, ""),
                What::Added => (Text::Added, ""),
                What::Column(column) => (Text::Column, *column),
            };
            let values = [("table", table), ("key", key), ("column", column)];
            let _ = writeln!(self.said, "  {}", text.say(lang, &values));
        }
        let more = found.differences.saturating_sub(found.named.len() as u64);
        if more > 0 {
            let said = Text::More.say(lang, &[("count", &more.to_string())]);
            let _ = writeln!(self.said, "  {said}");
        }
    }
}
