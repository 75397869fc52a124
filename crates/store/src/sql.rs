//! A query that grows by what is asked for.

use crate::value::Value;

/// SQL and its values.
#[derive(Debug)]
pub(crate) struct Query {
    pub sql: String,
    pub args: Vec<Value>,
}

impl Query {
    pub fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), args: Vec::new() }
    }

    /// More of it; each `?` stands for the next of `values`.
    pub fn add(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        let mut values = values.into_iter();
        self.sql.push(' ');
        let mut parts = sql.split('?');
        self.sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.args.push(values.next().unwrap_or(Value::Null));
            self.sql.push_str(&format!("${}{part}", self.args.len()));
        }
        self
    }

    /// The same, if there is a value.
    pub fn add_some(&mut self, sql: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.add(sql, [value.into()]);
        }
        self
    }
}

/// The first text after all that begin with `prefix`, in the order of bytes; `None` when there is no end.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The order of bytes of UTF-8 is that of its characters.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}
