//! Numbers of a mirror: as its home counts, and as they are counted here.

use kabar_model::{ConversationId, Seq};
use rusqlite::{Connection, OptionalExtension};

/// What stands here for the home's number, whether there is such a message yet or not. The other way goes
/// [`home_seq`](super::carried::home_seq).
pub(crate) fn here(
    connection: &Connection,
    mirror: ConversationId,
    there: Seq,
) -> rusqlite::Result<Seq> {
    let mut find = connection.prepare_cached(
        "SELECT shift FROM mirror_shift WHERE conversation_id = ?1 AND home_from <= ?2
         ORDER BY home_from DESC LIMIT 1",
    )?;
    let shift = find.query_row([mirror.0, there.0], |row| row.get::<_, i64>(0)).optional()?;
    Ok(Seq(there.0.saturating_add(shift.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::carried::home_seq;

    #[test]
    fn what_the_home_lost_has_no_number_there() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE mirror_shift (conversation_id, home_from, shift);
             INSERT INTO mirror_shift VALUES (1, 8, 3), (1, 10, 6), (1, 40, -20), (2, 1, 100);",
        )
        .unwrap();
        // Here stand the home's 1–7, 8–10 lost, 8–9, 13–15 lost, 10–13; what was not shown of 14–39 is not here.
        let numbers = [(7, 7), (8, 11), (9, 12), (10, 16), (13, 19), (40, 20), (41, 21)];
        for (home, expected) in numbers {
            assert_eq!(here(&db, ConversationId(1), Seq(home)), Ok(Seq(expected)));
            assert_eq!(home_seq(&db, ConversationId(1), Seq(expected)), Ok(Some(Seq(home))));
        }
        for lost in [8, 10, 13, 15] {
            assert_eq!(home_seq(&db, ConversationId(1), Seq(lost)), Ok(None), "{lost}");
        }
        assert_eq!(home_seq(&db, ConversationId(3), Seq(5)), Ok(Some(Seq(5))));
    }
}
