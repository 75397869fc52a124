//! Values of rows, the same for both databases: integers, texts and bytes.

use crate::{Result, StoreError};
use ringfence_model::{Money, TenantId, WallTime};
use std::net::IpAddr;

/// A value given to a query or found in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row(pub Vec<Value>);

impl Row {
    /// Its values, to be taken in the order of the columns.
    pub fn cells(self) -> Cells {
        Cells(self.0.into_iter())
    }

    /// The one value of a row that has one.
    pub fn only<T: Column>(self) -> Result<T> {
        self.cells().take()
    }
}

/// The values of a row that were not taken yet.
pub(crate) struct Cells(std::vec::IntoIter<Value>);

impl Cells {
    /// The next one.
    pub fn take<T: Column>(&mut self) -> Result<T> {
        let value = self.0.next().ok_or_else(|| StoreError::Fault("too few columns".into()))?;
        T::of(value)
    }

    /// The next one, which is JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        Ok(serde_json::from_str(&self.take::<String>()?)?)
    }

    /// The next one, made of a text.
    pub fn parse<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let text: String = self.take()?;
        read(&text).ok_or_else(|| StoreError::Corrupt(format!("\"{text}\" means nothing")))
    }
}

/// What a column is read as.
pub(crate) trait Column: Sized {
    fn of(value: Value) -> Result<Self>;
}

fn wrong<T>(wanted: &str, found: &Value) -> Result<T> {
    Err(StoreError::Corrupt(format!("{wanted} is expected where {found:?} is")))
}

impl Column for i64 {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::Int(number) => Ok(number),
            other => wrong("a number", &other),
        }
    }
}

impl Column for u64 {
    fn of(value: Value) -> Result<Self> {
        let number = i64::of(value)?;
        Self::try_from(number).or_else(|_| wrong("a count", &Value::Int(number)))
    }
}

impl Column for u32 {
    fn of(value: Value) -> Result<Self> {
        let number = i64::of(value)?;
        Self::try_from(number).or_else(|_| wrong("a count", &Value::Int(number)))
    }
}

impl Column for u16 {
    fn of(value: Value) -> Result<Self> {
        let number = i64::of(value)?;
        Self::try_from(number).or_else(|_| wrong("a code", &Value::Int(number)))
    }
}

impl Column for bool {
    fn of(value: Value) -> Result<Self> {
        Ok(i64::of(value)? != 0)
    }
}

impl Column for String {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::Text(text) => Ok(text),
            other => wrong("a text", &other),
        }
    }
}

impl Column for Vec<u8> {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => wrong("bytes", &other),
        }
    }
}

impl Column for [u8; 32] {
    fn of(value: Value) -> Result<Self> {
        let bytes = Vec::<u8>::of(value)?;
        let count = bytes.len();
        bytes
            .try_into()
            .map_err(|_| StoreError::Corrupt(format!("32 bytes are expected where {count} are")))
    }
}

impl Column for WallTime {
    fn of(value: Value) -> Result<Self> {
        i64::of(value).map(Self)
    }
}

impl Column for Money {
    fn of(value: Value) -> Result<Self> {
        i64::of(value).map(Self)
    }
}

impl Column for TenantId {
    fn of(value: Value) -> Result<Self> {
        String::of(value).map(|text| Self::new(&text))
    }
}

impl Column for IpAddr {
    fn of(value: Value) -> Result<Self> {
        let text = String::of(value)?;
        text.parse().map_err(|_| StoreError::Corrupt(format!("\"{text}\" is no address")))
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::of(value).map(Some),
        }
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $made
            }
        })*
    };
}
from! {
    i64 => |value| Self::Int(value);
    u64 => |value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX));
    u32 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    usize => |value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX));
    bool => |value| Self::Int(value.into());
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    Vec<u8> => |value| Self::Bytes(value);
    &[u8] => |value| Self::Bytes(value.to_vec());
    [u8; 32] => |value| Self::Bytes(value.to_vec());
    &[u8; 32] => |value| Self::Bytes(value.to_vec());
    WallTime => |value| Self::Int(value.0);
    Money => |value| Self::Int(value.0);
    &TenantId => |value| Self::Text(value.as_str().to_owned());
    IpAddr => |value| Self::Text(value.to_string());
    &serde_json::Value => |value| Self::Text(value.to_string());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The values of a query.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::value::Value::from($value)),*][..]
    };
}
pub(crate) use args;

/// The values of a row that is kept for a while.
macro_rules! row {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::value::Value::from($value)),*]
    };
}
pub(crate) use row;

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<rusqlite::types::ValueRef<'_>> for Value {
    fn from(value: rusqlite::types::ValueRef<'_>) -> Self {
        use rusqlite::types::ValueRef;
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Int(number),
            // No column and no query of ours makes a float.
            #[allow(clippy::cast_possible_truncation)]
            ValueRef::Real(number) => Self::Int(number as i64),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

mod pg {
    use super::Value;
    use postgres::types::private::BytesMut;
    use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
    use std::error::Error;

    type Outcome<T> = Result<T, Box<dyn Error + Sync + Send>>;

    impl ToSql for Value {
        fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
            match self {
                Self::Null => Ok(IsNull::Yes),
                Self::Int(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
                Self::Int(number) if *of == Type::INT8 => number.to_sql(of, out),
                Self::Text(text) if <&str as ToSql>::accepts(of) => text.to_sql(of, out),
                Self::Bytes(bytes) if *of == Type::BYTEA => bytes.to_sql(of, out),
                other => Err(format!("{other:?} is not a {of}").into()),
            }
        }

        fn accepts(_: &Type) -> bool {
            true
        }

        to_sql_checked!();
    }

    impl<'a> FromSql<'a> for Value {
        fn from_sql(of: &Type, raw: &'a [u8]) -> Outcome<Self> {
            Ok(match *of {
                Type::INT8 => Self::Int(i64::from_sql(of, raw)?),
                Type::INT4 => Self::Int(i32::from_sql(of, raw)?.into()),
                Type::BOOL => Self::Int(bool::from_sql(of, raw)?.into()),
                Type::BYTEA => Self::Bytes(raw.to_vec()),
                _ if <&str as FromSql>::accepts(of) => Self::Text(String::from_sql(of, raw)?),
                _ => return Err(format!("a column of {of}").into()),
            })
        }

        fn from_sql_null(_: &Type) -> Outcome<Self> {
            Ok(Self::Null)
        }

        fn accepts(_: &Type) -> bool {
            true
        }
    }
}
