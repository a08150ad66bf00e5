//! Parameters and columns.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use kabar_store_sql::sql::{self, Columns, Kind, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::text::{kept, meant};

type Unfit = Box<dyn Error + Send + Sync>;

/// A parameter, written as the type that the server wants there.
#[derive(Debug)]
pub(crate) struct Param<'a>(pub(crate) Value<'a>);

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Unfit> {
        match (self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => out.put_i64(number),
            (Value::Int(number), &Type::INT4) => out.put_i32(number.try_into()?),
            (Value::Int(number), &Type::INT2) => out.put_i16(number.try_into()?),
            (Value::Int(number), &Type::BOOL) => out.put_u8(u8::from(number != 0)),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR) => {
                out.put_slice(kept(text).as_bytes());
            }
            (Value::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, ty) => return Err(format!("{} where {ty} is wanted", named(value)).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn named(value: Value<'_>) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Int(_) => "a number",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
    }
}

/// Whether these parameters fit those types; what the client library refuses looks like a connection that broke.
pub(crate) fn must_fit(values: &[Value<'_>], types: &[Type]) -> sql::Result<()> {
    let refused = |what: String| Err(sql::Error::database(Kind::Failed, what));
    if values.len() != types.len() {
        return refused(format!("{} parameters, {} are wanted", values.len(), types.len()));
    }
    for (number, (value, ty)) in values.iter().zip(types).enumerate() {
        let fits = match (*value, ty) {
            (Value::Int(number), &Type::INT4) => i32::try_from(number).is_ok(),
            (Value::Int(number), &Type::INT2) => i16::try_from(number).is_ok(),
            (value, ty) => matches!(
                (value, ty),
                (Value::Null, _)
                    | (Value::Int(_), &Type::INT8 | &Type::BOOL)
                    | (Value::Text(_), &Type::TEXT | &Type::VARCHAR)
                    | (Value::Blob(_), &Type::BYTEA)
            ),
        };
        if !fits {
            let (what, number) = (named(*value), number + 1);
            return refused(format!("parameter {number} is {what} where {ty} is wanted"));
        }
    }
    Ok(())
}

/// A column.
struct Column<'a>(Value<'a>);

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Unfit> {
        Ok(Self(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT2 => Value::Int(i64::from(i16::from_sql(ty, raw)?)),
            Type::BOOL => Value::Int(i64::from(bool::from_sql(ty, raw)?)),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR => {
                Value::Text(<&str>::from_sql(ty, raw)?)
            }
            Type::BYTEA => Value::Blob(raw),
            _ => return Err(format!("{ty} is no type of the schema").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unfit> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A row, and what its texts mean where they were escaped.
#[derive(Debug)]
pub(crate) struct Found {
    row: Row,
    meant: Vec<(usize, String)>,
}

impl Found {
    pub(crate) fn new(row: Row) -> sql::Result<Self> {
        let mut found = Self { row, meant: Vec::new() };
        for column in 0..found.row.len() {
            if let Value::Text(text) = found.kept(column)?
                && let Some(meant) = meant(text)
            {
                found.meant.push((column, meant));
            }
        }
        Ok(found)
    }

    fn kept(&self, column: usize) -> sql::Result<Value<'_>> {
        match self.row.try_get::<_, Column<'_>>(column) {
            Ok(found) => Ok(found.0),
            Err(error) => Err(sql::Error::Column { column, what: error.to_string().into() }),
        }
    }
}

impl Columns for Found {
    fn value(&self, column: usize) -> sql::Result<Value<'_>> {
        match self.meant.iter().find(|(of, _)| *of == column) {
            Some((_, meant)) => Ok(Value::Text(meant)),
            None => self.kept(column),
        }
    }
}
