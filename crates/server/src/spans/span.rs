//! A span, and how it goes to a collector: OTLP/HTTP 1.x in its JSON form, in which ids are hexadecimal and 64-bit integers
//! are texts (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).

use ringfence_model::WallTime;
use serde_json::{Value as Json, json};

/// Something that took time.
#[derive(Clone, PartialEq, Debug)]
pub struct Span {
    /// What it is part of.
    pub trace: [u8; 16],
    /// Its own id.
    pub id: [u8; 8],
    /// The id of what it is done for, when that is known.
    pub parent: Option<[u8; 8]>,
    /// What it is.
    pub name: String,
    /// Of which sort.
    pub kind: Kind,
    /// When it began.
    pub start: WallTime,
    /// When it ended.
    pub end: WallTime,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What happened in between.
    pub events: Vec<(&'static str, WallTime)>,
    /// Whether it failed by a fault of ours.
    pub failed: bool,
}

/// Sorts of spans, with their numbers in `trace.proto`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Inside this program.
    Internal = 1,
    /// Somebody asked for it.
    Server = 2,
}

/// What an attribute says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// The body of a request to a collector.
pub(super) fn body(spans: &[Span], node: u16) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        attribute("service.name", &"ringfence".into()),
        attribute("service.version", &version.into()),
        attribute("service.instance.id", &node.to_string().into()),
    ];
    let spans: Vec<Json> = spans.iter().map(Span::json).collect();
    let scope = json!({"scope": {"name": "ringfence", "version": version}, "spans": spans});
    let all =
        json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]});
    all.to_string().into_bytes()
}

impl Span {
    fn json(&self) -> Json {
        let attributes: Vec<Json> =
            self.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        let event =
            |(name, at): &(&str, WallTime)| json!({"name": name, "timeUnixNano": nanos(*at)});
        let events: Vec<Json> = self.events.iter().map(event).collect();
        // Unset, or an error.
        let code = if self.failed { 2 } else { 0 };
        json!({
            "traceId": hex(&self.trace),
            "spanId": hex(&self.id),
            "parentSpanId": self.parent.map_or_else(String::new, |id| hex(&id)),
            "name": self.name,
            "kind": self.kind as u8,
            "startTimeUnixNano": nanos(self.start),
            "endTimeUnixNano": nanos(self.end.max(self.start)),
            "attributes": attributes,
            "events": events,
            "status": {"code": code},
        })
    }
}

fn attribute(name: &str, value: &Value) -> Json {
    let value = match value {
        Value::Text(text) => json!({"stringValue": text}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
    };
    json!({"key": name, "value": value})
}

fn nanos(at: WallTime) -> String {
    (i128::from(at.0) * 1000).max(0).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
