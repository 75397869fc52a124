//! Reading one table of a settings file field by field, so that every mistake is found and each has its place.

use super::desk::{Desk, similar};
use super::problem::At;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A table that is being read. Every field is asked for by name; [`Section::finish`] tells of those nobody asked for.
#[derive(Debug)]
pub(super) struct Section<'a> {
    desk: &'a Desk,
    /// As people would call it: `[[trunk]] "kpn"`.
    name: String,
    /// Where it begins.
    pub span: Range<usize>,
    table: DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The whole file. Faults of form are noted; what could be read is given all the same.
    pub fn root(desk: &'a Desk) -> Self {
        let (table, errors) = DeTable::parse_recoverable(desk.source().text());
        for error in errors {
            let what = error.message().lines().collect::<Vec<_>>().join(", ");
            desk.wrong(
                &error.span().unwrap_or(0..0),
                what,
                "correct the line; see https://toml.io",
            );
        }
        let span = table.span();
        Self::new(desk, "the file".to_owned(), span, table.into_inner())
    }

    const fn new(desk: &'a Desk, name: String, span: Range<usize>, table: DeTable<'a>) -> Self {
        Self { desk, name, span, table, asked: Vec::new() }
    }

    pub const fn desk(&self) -> &'a Desk {
        self.desk
    }

    /// Whether a field is there and was not read yet.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The raw value of a field.
    pub fn raw(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.remove(key)
    }

    /// A field as `T`.
    pub fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<At<T>> {
        let value = self.raw(key)?;
        self.read(key, value)
    }

    /// A field as `T`, or what holds without it.
    pub fn or<T: DeserializeOwned>(&mut self, key: &'static str, default: T) -> T {
        self.take(key).map_or(default, |at| at.value)
    }

    /// A number within bounds, or what holds without it.
    pub fn within(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        let Some(at) = self.take::<u64>(key) else { return default };
        if bounds.contains(&at.value) {
            return at.value;
        }
        let (low, high) = bounds.into_inner();
        self.desk.wrong(
            &at.span,
            format!("{key} = {} is out of range", at.value),
            format!("use a number from {low} to {high}"),
        );
        default
    }

    /// A text that `parse` makes a `T` of; `mend` says what it should look like.
    pub fn text<T, E: Display>(
        &mut self,
        key: &'static str,
        mend: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        let value = self.take::<String>(key)?;
        self.parsed(key, value, mend, &parse)
    }

    /// A list of such texts; one alone needs no brackets. `None` when the field is absent.
    pub fn texts<T, E: Display>(
        &mut self,
        key: &'static str,
        mend: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<At<T>>> {
        let value = self.raw(key)?;
        let span = value.span();
        let items = match value.into_inner() {
            DeValue::Array(items) => items.into_iter().collect(),
            alone => vec![Spanned::new(span, alone)],
        };
        let read = |item| self.parsed(key, self.read(key, item)?, mend, &parse);
        Some(items.into_iter().filter_map(read).collect())
    }

    /// A table inside this one.
    pub fn section(&mut self, key: &'static str) -> Option<Self> {
        let value = self.raw(key)?;
        self.inner(key, value)
    }

    /// Tables written `[[key]]`.
    pub fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.raw(key) else { return Vec::new() };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => {
                items.into_iter().filter_map(|item| self.inner(key, item)).collect()
            }
            DeValue::Table(_) => {
                self.desk.wrong(
                    &span,
                    format!("[{key}] stands alone"),
                    format!("write [[{key}]], there can be several"),
                );
                Vec::new()
            }
            other => {
                self.not(key, &span, other.type_str(), "a list of tables");
                Vec::new()
            }
        }
    }

    fn inner(&self, key: &'static str, value: Spanned<DeValue<'a>>) -> Option<Self> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(self.desk, format!("[{key}]"), span, table)),
            other => {
                self.not(key, &span, other.type_str(), "a table");
                None
            }
        }
    }

    fn not(&self, key: &str, span: &Range<usize>, found: &str, wanted: &str) {
        self.desk.wrong(span, format!("{key} is of type {found}"), format!("write {wanted}"));
    }

    /// A required text; its absence is noted.
    pub fn required(&mut self, key: &'static str, example: &str) -> Option<At<String>> {
        if !self.table.contains_key(key) {
            self.asked.push(key);
            self.desk.wrong(
                &self.span,
                format!("{} has no {key}", self.name),
                format!("add {key} = \"{example}\""),
            );
            return None;
        }
        let at = self.take::<String>(key)?;
        if at.value.trim().is_empty() {
            self.desk.wrong(
                &at.span,
                format!("{key} is empty"),
                format!("write such as \"{example}\""),
            );
            return None;
        }
        Some(at)
    }

    /// Reads all that was not asked for as one `T`, which refuses unknown fields itself.
    pub fn rest<T: DeserializeOwned>(mut self) -> Option<T> {
        let table = std::mem::take(&mut self.table);
        self.read("", Spanned::new(self.span.clone(), DeValue::Table(table))).map(|at| at.value)
    }

    /// Notes the fields nobody asked for.
    pub fn finish(self) {
        for (key, _) in &self.table {
            let name = key.get_ref();
            let mend = match similar(name, self.asked.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("remove it; there are: {}", self.asked.join(", ")),
            };
            self.desk.wrong(&key.span(), format!("{} has no field \"{name}\"", self.name), mend);
        }
    }

    /// A value as `T`.
    pub fn read<T: DeserializeOwned>(
        &self,
        key: &str,
        value: Spanned<DeValue<'a>>,
    ) -> Option<At<T>> {
        let span = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(At::new(value, span)),
            Err(error) => {
                let what = error.message().lines().next().unwrap_or_default();
                let field = if key.is_empty() { &self.name } else { key };
                self.desk.wrong(
                    &error.span().unwrap_or(span),
                    format!("{field}: {what}"),
                    "correct it; docs/reference/config.md has every field",
                );
                None
            }
        }
    }

    fn parsed<T, E: Display>(
        &self,
        key: &str,
        text: At<String>,
        mend: &str,
        parse: &impl Fn(&str) -> Result<T, E>,
    ) -> Option<At<T>> {
        match parse(text.value.trim()) {
            Ok(value) => Some(At::new(value, text.span)),
            Err(error) => {
                self.desk.wrong(&text.span, format!("{key}: \"{}\": {error}", text.value), mend);
                None
            }
        }
    }
}
