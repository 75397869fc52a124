//! The named fields of one row, whatever its file format.

use foldhash::fast::RandomState;
use serde_json::Value;
use std::collections::HashMap;

/// Looks a field up by name; an absent one is empty.
pub(crate) trait Fields {
    fn get(&self, name: &str) -> &str;

    /// The first of several names that has a value.
    fn any(&self, names: &[&str]) -> &str {
        names.iter().map(|name| self.get(name)).find(|value| !value.is_empty()).unwrap_or("")
    }
}

/// The values of one row of separated text.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Columns<'a> {
    pub(crate) fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Self { text, ends }
    }

    pub(crate) fn count(self) -> usize {
        self.ends.len()
    }

    pub(crate) fn at(self, index: usize) -> &'a str {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(index)) {
            (Some(start), Some(&end)) => self.text.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.count()).map(move |index| self.at(index))
    }
}

/// Which column has which name. Names are compared without case and punctuation: `time-start` is `Time_Start`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    index: HashMap<String, usize, RandomState>,
    count: usize,
}

impl Header {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut header = Self::default();
        for name in names {
            // The first of two equal names counts.
            header.index.entry(plain(name)).or_insert(header.count);
            header.count += 1;
        }
        header
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(&plain(name)).copied()
    }

    pub(crate) fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.position(name).is_some())
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A row under a header.
pub(crate) struct Named<'a> {
    pub header: &'a Header,
    pub columns: Columns<'a>,
}

impl Fields for Named<'_> {
    fn get(&self, name: &str) -> &str {
        let value = self.header.position(name).map_or("", |index| self.columns.at(index)).trim();
        // How database clients write an absent value.
        if matches!(value, "NULL" | "\\N" | "null") { "" } else { value }
    }
}

/// A JSON object with its nested objects laid flat: `variables.uuid`. Lists are left out.
pub(crate) struct Object {
    values: HashMap<String, String, RandomState>,
}

/// Deeper objects are left out.
const DEPTH_MAX: usize = 4;

impl Object {
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        let object: serde_json::Map<String, Value> = serde_json::from_str(text)?;
        let mut values = HashMap::default();
        for (name, value) in object {
            flatten(name, value, DEPTH_MAX, &mut values);
        }
        Ok(Self { values })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Applies `decode` to each value.
    pub(crate) fn decode(&mut self, decode: impl Fn(&str) -> Option<String>) {
        for value in self.values.values_mut() {
            if let Some(decoded) = decode(value) {
                *value = decoded;
            }
        }
    }
}

fn flatten(
    name: String,
    value: Value,
    depth: usize,
    into: &mut HashMap<String, String, RandomState>,
) {
    match value {
        Value::String(text) => drop(into.insert(name, text)),
        Value::Number(number) => drop(into.insert(name, number.to_string())),
        Value::Bool(flag) => drop(into.insert(name, flag.to_string())),
        Value::Object(object) if depth > 0 => {
            for (inner, value) in object {
                flatten(format!("{name}.{inner}"), value, depth - 1, into);
            }
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {}
    }
}

impl Fields for Object {
    fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_end_where_they_say() {
        let columns = Columns::new("abcd", &[1, 1, 4]);
        assert_eq!(columns.iter().collect::<Vec<_>>(), ["a", "", "bcd"]);
        assert_eq!(columns.at(3), "");
    }

    #[test]
    fn header_names_ignore_case_and_punctuation() {
        let header = Header::new(["time-start", "From_No", "time start"]);
        let named = Named { header: &header, columns: Columns::new("xNULLz", &[1, 5, 6]) };
        assert_eq!(named.get("TimeStart"), "x");
        assert_eq!(named.get("from-no"), "", "NULL is absent");
        assert_eq!(named.any(&["none", "time_start"]), "x");
    }

    #[test]
    fn objects_are_laid_flat_to_a_depth() {
        let object =
            Object::read(r#"{"a":1,"b":{"c":"x","d":{"e":{"f":{"g":1,"h":{}}}}},"l":[1]}"#)
                .unwrap();
        assert_eq!((object.get("a"), object.get("b.c"), object.get("l")), ("1", "x", ""));
        assert_eq!(object.get("b.d.e.f.g"), "1");
    }
}
