//! Values of columns and parameters, from and to those of the language.

use std::borrow::Cow;
use std::sync::Arc;

use super::Value;

/// What can be read from a column.
pub trait FromColumn: Sized {
    /// `None` when the column holds something else.
    fn from_column(value: Value<'_>) -> Option<Self>;
}

macro_rules! from_int {
    ($($t:ty)*) => {$(
        impl FromColumn for $t {
            fn from_column(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Int(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}
from_int!(i64 i32 u32 u64 u16 u8 usize);

impl FromColumn for bool {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Int(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromColumn for String {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromColumn for Arc<str> {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into()),
            _ => None,
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_column(value).map(Some),
        }
    }
}

/// What can be a parameter.
pub trait ToValue {
    /// As the database takes it.
    fn value(&self) -> Value<'_>;
}

macro_rules! to_int {
    ($($t:ty)*) => {$(
        impl ToValue for $t {
            fn value(&self) -> Value<'_> {
                Value::Int(i64::from(*self))
            }
        }
    )*};
}
to_int!(i64 i32 u32 u16 u8 bool);

impl ToValue for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for Arc<str> {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl ToValue for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: ToValue + ToOwned + ?Sized> ToValue for Cow<'_, T> {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

/// The parameters of a statement: `()`, an array, a slice, a tuple, or [`params!`](crate::params).
pub trait Params {
    /// Hands them over, the first as `?1`.
    fn bind<R>(self, run: impl FnOnce(&[Value<'_>]) -> R) -> R;
}

impl Params for () {
    fn bind<R>(self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        run(&[])
    }
}

impl<T: ToValue, const N: usize> Params for [T; N] {
    fn bind<R>(self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        run(&self.each_ref().map(ToValue::value))
    }
}

impl<T: ToValue> Params for &[T] {
    fn bind<R>(self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        let values: Vec<Value<'_>> = self.iter().map(ToValue::value).collect();
        run(&values)
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: ToValue),+> Params for ($($name,)+) {
            #[allow(non_snake_case, reason = "a value has the name of its type")]
            fn bind<R>(self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
                let ($($name,)+) = self;
                run(&[$($name.value()),+])
            }
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
tuple!(A B C D E F G H I);
tuple!(A B C D E F G H I J);
tuple!(A B C D E F G H I J K);
tuple!(A B C D E F G H I J K L);

/// The parameters of a statement, of any types.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::sql::ToValue),*] as &[&dyn $crate::sql::ToValue]
    };
}
