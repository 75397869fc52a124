//! What a PBX writes: a query, a form or JSON, one set of named texts.

use axum::http::{HeaderMap, Uri, header};
use serde_json::Value;
use std::collections::HashMap;

/// Most fields, and the longest one in bytes.
const FIELDS_MAX: usize = 64;
const FIELD_BYTES_MAX: usize = 1_024;

/// Named texts.
#[derive(Debug, Default)]
pub(crate) struct Fields(HashMap<String, String>);

/// Why a request cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Neither a form nor an object of JSON.
    #[error("the {0} is neither a form nor a JSON object of texts and numbers: {1}")]
    Form(&'static str, String),
    /// Too much.
    #[error("more than {FIELDS_MAX} fields, or one longer than {FIELD_BYTES_MAX} bytes")]
    TooMuch,
    /// A field that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field that says what it cannot say.
    #[error("{name}: {what}")]
    Wrong {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A called number with more behind it than the rest of an address.
    #[error(
        "to: behind the number stands more than a host and parameters: a PBX could dial what was not asked about; give it digits alone"
    )]
    Smuggled,
}

impl Fields {
    /// These.
    pub fn of<const N: usize>(fields: [(&str, &str); N]) -> Self {
        let there = fields.into_iter().filter(|(_, value)| !value.is_empty());
        Self(there.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Those of the query and of the body, which wins.
    pub fn read(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Self::default();
        let query = uri.query().unwrap_or_default().as_bytes();
        fields.form("query", query)?;
        let text = body.trim_ascii();
        // Some platforms send JSON under the type of a form; none sends a form that begins so.
        if text.starts_with(b"{") {
            fields.json(text)?;
        } else if !text.is_empty() {
            let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            if kind.is_some_and(|kind| kind.contains("json")) {
                return Err(Unreadable::Form("body", "it is no object".to_owned()));
            }
            fields.form("body", text)?;
        }
        Ok(fields)
    }

    fn form(&mut self, what: &'static str, text: &[u8]) -> Result<(), Unreadable> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(text)
            .map_err(|error| Unreadable::Form(what, error.to_string()))?;
        pairs.into_iter().try_for_each(|(name, value)| self.add(name, value))
    }

    fn json(&mut self, text: &[u8]) -> Result<(), Unreadable> {
        let wrong = |why: String| Unreadable::Form("body", why);
        let all: HashMap<String, Value> =
            serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        for (name, value) in all {
            let value = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(is) => is.to_string(),
                Value::Array(_) | Value::Object(_) => return Err(wrong(format!("{name:?}"))),
            };
            self.add(name, value)?;
        }
        Ok(())
    }

    fn add(&mut self, name: String, value: String) -> Result<(), Unreadable> {
        if value.len() > FIELD_BYTES_MAX || self.0.len() >= FIELDS_MAX {
            return Err(Unreadable::TooMuch);
        }
        // What a platform has no value for it writes as nothing, or as <null>.
        if !value.is_empty() && value != "<null>" {
            self.0.insert(name, value);
        }
        Ok(())
    }

    /// A field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first of these that is there.
    pub fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A field that must be there.
    pub fn need(&self, name: &'static str) -> Result<&str, Unreadable> {
        self.get(name).ok_or(Unreadable::Missing(name))
    }

    /// A number.
    pub fn number(&self, name: &'static str) -> Result<Option<f64>, Unreadable> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.trim().parse::<f64>().ok();
        let sane = number.filter(|number| number.is_finite() && (0.0..1e12).contains(number));
        let wrong = || Unreadable::Wrong { name, what: format!("{text:?} is no such number") };
        sane.map(Some).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, kind: &str, body: &str) -> Result<Fields, Unreadable> {
        let uri: Uri = format!("/v1/decide?{query}").parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        Fields::read(&uri, &headers, body.as_bytes())
    }

    #[test]
    fn query_form_and_json_are_one() {
        let json = r#"{"to":"0031201234567","n":7,"yes":true,"from":null}"#;
        for (query, kind, body) in [
            ("to=0031201234567&n=7&yes=true&from=", "", ""),
            ("", "application/x-www-form-urlencoded", "to=0031201234567&n=7&yes=true"),
            ("", "application/json", json),
            ("to=1", "application/x-www-form-urlencoded", json),
        ] {
            let fields = read(query, kind, body).unwrap();
            assert_eq!(fields.get("to"), Some("0031201234567"), "{query} {body}");
            assert_eq!((fields.number("n"), fields.get("yes")), (Ok(Some(7.0)), Some("true")));
            assert_eq!(fields.get("from"), None);
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = format!("to={}", "1".repeat(FIELD_BYTES_MAX + 1));
        let many: String = (0..=FIELDS_MAX).map(|n| format!("f{n}=1&")).collect();
        for (kind, body) in [
            ("application/json", "[1]"),
            ("application/json", "to=1"),
            ("", r#"{"to":["1"]}"#),
            ("", r#"{"to":"1""#),
            ("", &long),
            ("", &many),
        ] {
            assert!(read("", kind, body).is_err(), "{body:.40}");
        }
        assert!(read("", "", "secs=-1").unwrap().number("secs").is_err());
        assert!(read("", "", "secs=nan").unwrap().number("secs").is_err());
    }
}
