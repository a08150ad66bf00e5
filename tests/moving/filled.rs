//! A realm with rows in every table. It makes no sense to who serves it, but every column of it holds something.

use std::sync::Arc;

use bytes::Bytes;
use kabar_blobs::DirectoryBlobs;
use kabar_engine::Blobs;
use kabar_model::ContentHash;
use kabar_store_sql::copy::TABLES;
use rusqlite::types::Value;
use sha2::{Digest, Sha256};

use super::place::Place;

/// Rows of every table.
pub(crate) const ROWS: i64 = 40;

/// Makes one with so many messages.
pub(crate) fn realm(messages: i64) -> Place {
    let place = Place::directory();
    kabar_store_sqlite::open(&place.data(), Arc::new(|what| panic!("{what}"))).unwrap().close();
    let mut db = place.sqlite();
    let step = db.transaction().unwrap();
    for table in TABLES {
        let mut types = step.prepare(&format!("PRAGMA table_info({})", table.name)).unwrap();
        let types =
            types.query_map((), |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(5)?)));
        let columns: Vec<(String, String, bool, i64)> =
            types.unwrap().map(Result::unwrap).collect();
        let names: Vec<&str> = columns.iter().map(|column| &column.0[..]).collect();
        let places = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, names.join(", "));
        let mut insert = step.prepare(&sql).unwrap();
        let rows = match table.name {
            "identity" => 1,
            "message" => messages,
            _ => ROWS,
        };
        for n in 1..=rows {
            let values = columns.iter().map(|(name, kind, is_needed, key)| {
                if !*is_needed && *key == 0 && n % 2 == 1 && table.name != "conversation" {
                    return Value::Null;
                }
                value(table.name, name, kind, *key > 0, n)
            });
            insert.execute(rusqlite::params_from_iter(values)).unwrap();
        }
    }
    step.execute("DELETE FROM session WHERE id = ?1", [ROWS]).unwrap();
    step.commit().unwrap();
    drop(db);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let blobs = DirectoryBlobs::open(&place.data().join("files")).unwrap();
        for n in 1..=ROWS {
            blobs.put(ContentHash(hash(n)), Bytes::from(contents(n))).await.unwrap();
        }
    });
    place
}

/// What stands in a column of the row of that number.
fn value(table: &str, column: &str, kind: &str, is_key: bool, n: i64) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    match (table, column, kind) {
        ("account", "role", _) => text("user"),
        ("member", "role", _) => text("member"),
        ("conversation", "kind", _) => text("group"),
        (_, "visibility", _) => text("public"),
        (_, "standing", _) => text("linked"),
        (_, "hash" | "file_hash", _) => Value::Blob(hash(n).to_vec()),
        (_, "size" | "file_size", _) => Value::Integer(contents(n).len().try_into().unwrap()),
        (_, "disabled" | "private" | "writes", _) => Value::Integer(n % 2),
        ("identity", "id", _) => Value::Integer(1),
        ("message", "sent_at", _) if n == 2 => Value::Integer(i64::MIN),
        ("message", "sent_at", _) if n == 3 => Value::Integer(i64::MAX),
        (_, _, "INTEGER") => Value::Integer(n),
        (_, _, "BLOB") => Value::Blob([&n.to_be_bytes()[..], &[0, 0xFF, b'\'']].concat()),
        // What PostgreSQL keeps in no text, and what stands in its place there.
        (_, _, _) if !is_key => text(&format!("{column} {n}\0\u{10FFFE}0é'\\")),
        (_, _, _) => text(&format!("{column}{n}")),
    }
}

fn contents(n: i64) -> Vec<u8> {
    format!("contents {n:05}").into_bytes()
}

fn hash(n: i64) -> [u8; 32] {
    Sha256::digest(contents(n)).into()
}
