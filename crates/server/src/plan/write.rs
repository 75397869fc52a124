//! Settings as TOML: JSON values in it, on one line or as tables.

use ringfence_api::plan::is_kept;
use serde_json::{Map, Value as Json};
use std::fmt::Write;

/// A value on one line. What TOML has no form for is refused, in words.
pub(super) fn inline(value: &Json) -> Result<String, &'static str> {
    Ok(match value {
        Json::Null => return Err("null is no value; leave the field out"),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) if number.is_u64() && !number.is_i64() => {
            return Err("the number is too large");
        }
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect::<Result<_, _>>()?;
            format!("[{}]", items.join(", "))
        }
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| {
                Ok::<_, &str>(format!("{} = {}", key(name), inline(value)?))
            };
            let fields: Vec<String> = fields.iter().map(field).collect::<Result<_, _>>()?;
            format!("{{ {} }}", fields.join(", "))
        }
    })
}

/// A basic string (TOML 1.0 §String): its escapes are those of JSON, and it also escapes DEL.
fn quoted(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// The name of a field.
pub(super) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// The fields of a table, those that are tables themselves below it under `path`.
pub(super) fn table(into: &mut String, path: &str, fields: &Map<String, Json>) {
    let is_table = |value: &Json| value.is_object() && !is_kept(value);
    for (name, value) in fields.iter().filter(|(_, value)| !is_table(value)) {
        let _ = writeln!(into, "{} = {}", key(name), lines(value));
    }
    for (name, value) in fields {
        if let (true, Some(inner)) = (is_table(value), value.as_object()) {
            let path = format!("{path}.{}", key(name));
            let _ = writeln!(into, "\n[{path}]");
            table(into, &path, inner);
        }
    }
}

/// A list of tables has one on each line. What TOML has no form for was refused before it was stored.
fn lines(value: &Json) -> String {
    match value.as_array() {
        Some(items) if items.iter().any(Json::is_object) => {
            let items = items.iter().filter_map(|item| inline(item).ok());
            format!("[\n{}]", items.map(|item| format!("    {item},\n")).collect::<String>())
        }
        _ => inline(value).unwrap_or_else(|_| "\"\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_reads_as_it_was_and_stays_on_its_line() {
        let value = json!({"a b": "line\nbreak \u{7f}\u{1} \"quoted\" é \\", "n": [-1, 2.5, 1e30, true],
            "t": {"x": {"y": []}, "": "empty"}});
        let text = inline(&value).unwrap();
        assert!(!text.contains('\n'), "{text}");
        let read: toml::Table = toml::from_str(&format!("v = {text}")).unwrap();
        assert_eq!(serde_json::to_value(&read["v"]).unwrap(), value);
        assert!(inline(&json!([null])).is_err() && inline(&json!(u64::MAX)).is_err());
    }

    #[test]
    fn tables_read_as_they_were() {
        let value = json!({"id": "office", "policy": {"mode": "observe", "limits": {"per_day": "5.00"},
            "classes": [{"class": "premium", "allow": false}], "extensions": {"2 1": {"sources": []}}}});
        let mut text = "[[tenant]]\n".to_owned();
        table(&mut text, "tenant", value.as_object().unwrap());
        let read: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(&read["tenant"][0]).unwrap(), value, "{text}");
    }
}
