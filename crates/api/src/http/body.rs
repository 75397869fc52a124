//! Bodies: JSON in which every name of a table is there once.
//!
//! RFC 8259 §4 leaves it open which of two is meant: a proxy that looks at one and a program that takes the other would
//! not speak of the same request.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use std::collections::HashSet;
use std::fmt;

/// Reads a body.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Once.deserialize(&mut reader)?;
    reader.end()?;
    serde_json::from_slice(bytes)
}

/// Any value without a name that is there twice.
#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if names.contains(&name) {
                let name: String = name.chars().take(60).collect();
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            names.insert(name);
            fields.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_name_is_there_once_in_each_table() {
        let all = json!({"a": {"x": 1, "y": [{"x": null}, {"x": 2.5}]}, "b": [true, -1, "x"]});
        assert_eq!(read::<Value>(all.to_string().as_bytes()).unwrap(), all);
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"b":{"c":[{"a":1,"a":2}]}}"#,
            // The same name, written in another way.
            r#"{"a":1,"\u0061":2}"#,
        ] {
            let error = read::<Value>(twice.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("duplicate field `a`"), "{error}");
        }
        assert!(read::<Value>(b"{} {}").is_err() && read::<Value>(b"").is_err());
    }
}
