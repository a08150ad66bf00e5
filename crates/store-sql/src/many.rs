//! Many rows named in one statement, of which only a few are to be kept ready.

use crate::sql::{self, Connection, Row};

/// Rows that are asked for with one statement.
const ASKED_FOR_AT_A_TIME: usize = 250;

/// The rows with these numbers, each once, in any order. `select` makes the statement from the list of its parameters.
pub(crate) fn numbered<T>(
    connection: &Connection,
    numbers: impl Iterator<Item = i64>,
    select: impl Fn(&str) -> String,
    read: impl Fn(&Row<'_>) -> sql::Result<T>,
) -> sql::Result<Vec<T>> {
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut found = Vec::with_capacity(numbers.len());
    for part in numbers.chunks(ASKED_FOR_AT_A_TIME) {
        let mut part = part.to_vec();
        fill_up(&mut part);
        let mut find = connection.prepare_cached(&select(&marks(part.len())))?;
        for row in find.query_map(part.as_slice(), &read)? {
            found.push(row?);
        }
    }
    Ok(found)
}

/// Names the last row again and again, up to a power of two: so there are few lengths of lists.
pub(crate) fn fill_up<T: Copy>(rows: &mut Vec<T>) {
    if let Some(last) = rows.last().copied() {
        rows.resize(rows.len().next_power_of_two(), last);
    }
}

/// So many parameters, `?1, ?2`.
pub(crate) fn marks(count: usize) -> String {
    (1..=count).map(|nth| format!("?{nth}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::sql::{Columns, Driver, NextRow, Prepared, Since, Value};

    /// A database without rows. It keeps how many parameters each query had.
    #[derive(Clone, Debug, Default)]
    struct Queries(Arc<Mutex<Vec<usize>>>);

    impl Driver for Queries {
        fn prepare<'c>(&'c self, _: &str) -> sql::Result<Box<dyn Prepared + 'c>> {
            Ok(Box::new(self.clone()))
        }

        fn begin(&self) -> sql::Result<Since> {
            Ok(Since::Own)
        }

        fn commit(&self) -> sql::Result<()> {
            Ok(())
        }

        fn roll_back(&self) -> sql::Result<()> {
            Ok(())
        }

        fn is_in_transaction(&self) -> bool {
            false
        }

        fn rows_changed(&self) -> u64 {
            0
        }
    }

    impl Prepared for Queries {
        fn execute(&mut self, _: &[Value<'_>]) -> sql::Result<usize> {
            Ok(0)
        }

        fn insert(&mut self, _: &[Value<'_>]) -> sql::Result<i64> {
            Ok(0)
        }

        fn query<'s>(&'s mut self, values: &[Value<'_>]) -> sql::Result<Box<dyn NextRow + 's>> {
            self.0.lock().expect("nobody panicked with it").push(values.len());
            Ok(Box::new(NoRow))
        }
    }

    struct NoRow;

    impl NextRow for NoRow {
        fn next(&mut self) -> sql::Result<Option<&dyn Columns>> {
            Ok(None)
        }
    }

    #[test]
    fn people_conversations_and_sessions_are_asked_for_many_at_a_time() {
        use kabar_model::{ConversationId, SessionId, UserId};

        use crate::reads::{accounts, groups};

        let queries = Queries::default();
        let connection = Connection::new(queries.clone());
        let asked = || std::mem::take(&mut *queries.0.lock().expect("nobody panicked with it"));
        let users: Vec<UserId> = (1..=510).map(UserId).collect();
        accounts::users(&connection, &users).expect("no rows");
        assert_eq!(asked(), [256, 256, 16]);
        accounts::users(&connection, &[UserId(1), UserId(2), UserId(1)]).expect("no rows");
        assert_eq!(asked(), [2]);
        let conversations: Vec<ConversationId> = (1..=500).map(ConversationId).collect();
        groups::conversations(&connection, &conversations).expect("no rows");
        assert_eq!(asked(), [256, 256]);
        let sessions: Vec<SessionId> = (1..=250).map(SessionId).collect();
        accounts::living_sessions(&connection, &sessions).expect("no rows");
        assert_eq!(asked(), [256]);
    }

    #[test]
    fn the_last_row_is_named_again() {
        for (rows, filled) in [
            (vec![], vec![]),
            (vec![5], vec![5]),
            (vec![5, 6, 7], vec![5, 6, 7, 7]),
            (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5, 5, 5, 5]),
        ] {
            let mut named = rows.clone();
            fill_up(&mut named);
            assert_eq!(named, filled, "{rows:?}");
        }
        assert_eq!((marks(0).as_str(), marks(3).as_str()), ("", "?1, ?2, ?3"));
    }
}
