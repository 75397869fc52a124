//! What is seen of a message, as words that a table can hold.

use bytes::Bytes;
use ringfence_sip::{
    Fault, Frame, FrameError, Framer, Limits, Message, Name, NameAddr, Start, Uri,
};
use toml::{Table, Value};

/// Everything that is seen of `bytes` as a datagram and on a stream.
pub fn facts(bytes: &[u8]) -> Table {
    let mut facts = Table::new();
    facts.insert("stream".to_owned(), Value::from(on_stream(bytes)));
    let parsed = Message::parse(Bytes::copy_from_slice(bytes), &Limits::default());
    let verdict = match &parsed {
        Err(error) => silence(*error),
        Ok(message) => match message.essentials() {
            Ok(_) => "ok".to_owned(),
            Err(fault) => answer(message, fault),
        },
    };
    facts.insert("verdict".to_owned(), Value::from(verdict));
    if let Ok(message) = parsed {
        first_line(&message, &mut facts);
        essentials(&message, &mut facts);
        fields(&message, &mut facts);
    }
    facts
}

fn silence(error: FrameError) -> String {
    format!("no answer: {error}")
}

fn answer(message: &Message, fault: Fault) -> String {
    match message.start() {
        Start::Request(_) => format!("{}: {fault}", fault.code()),
        Start::Response(_) => format!("dropped: {fault}"),
    }
}

fn on_stream(bytes: &[u8]) -> String {
    let mut framer = Framer::new(Limits::default());
    framer.push(bytes);
    let mut said = Vec::new();
    loop {
        match framer.next() {
            Ok(Some(Frame::Message(bytes))) => {
                let message = Message::parse_framed(bytes, &Limits::default());
                said.push(message.map_or_else(
                    |error| format!("NOT A MESSAGE ({error})"),
                    |message| match message.start() {
                        Start::Request(_) => text(message.method_text()),
                        Start::Response(code) => code.to_string(),
                    },
                ));
            }
            Ok(Some(Frame::Ping | Frame::Pong)) => {}
            Ok(None) if framer.held_bytes() > 0 => said.push("waits for more".to_owned()),
            Ok(None) => return said.join(", "),
            Err(error) => said.push(format!("closed: {error}")),
        }
        if said.last().is_some_and(|last| last.starts_with("closed") || last.starts_with("waits")) {
            return said.join(", ");
        }
    }
}

fn first_line(message: &Message, facts: &mut Table) {
    let mut say = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    match message.start() {
        Start::Request(_) => {
            say("method", Value::from(text(message.method_text())));
            say("uri", uri(message.uri_text()));
        }
        Start::Response(code) => {
            say("code", Value::from(i64::from(code)));
            say("reason", Value::from(text(message.reason())));
        }
    }
    say("body_bytes", Value::from(i64::try_from(message.body().len()).unwrap()));
}

fn essentials(message: &Message, facts: &mut Table) {
    let mut say = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    for (key, name) in [("from", Name::From), ("to", Name::To)] {
        say(key, message.field(name).map_or(Value::from("missing"), address));
    }
    let Ok(essentials) = message.essentials() else { return };
    say("call_id", Value::from(text(essentials.call_id)));
    let cseq = essentials.cseq;
    say("cseq", Value::from(format!("{} {}", cseq.number, text(cseq.method_text))));
    let hops = essentials.max_forwards.map_or(-1, i64::from);
    say("max_forwards", Value::from(hops));
    let via = essentials.via;
    let mut hop = format!("{} {}", text(via.transport), text(via.host));
    if let Some(port) = via.port {
        hop.push_str(&format!(":{port}"));
    }
    if let Some(received) = via.params.value("received") {
        hop.push_str(&format!(" received {}", text(received)));
    }
    say("via", Value::from(hop));
    say("branch", Value::from(via.branch().map_or("none".to_owned(), text)));
}

fn fields(message: &Message, facts: &mut Table) {
    let mut say = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    say("fields", Value::from(i64::try_from(message.fields().count()).unwrap()));
    say("vias", Value::from(i64::try_from(message.values(Name::Via).count()).unwrap()));
    let contacts = message.values(Name::Contact).map(address);
    say("contacts", Value::from(contacts.collect::<Vec<_>>()));
    let unknown = message.fields().filter(|field| field.name == Name::Other);
    let unknown = unknown.map(|field| Value::from(text(field.written)));
    say("unknown", Value::from(unknown.collect::<Vec<_>>()));
}

fn address(value: &[u8]) -> Value {
    let Some(address) = NameAddr::read(value) else { return Value::from("unreadable") };
    let mut table = Table::new();
    let mut say = |name: &str, value: Value| table.insert(name.to_owned(), value);
    if !address.display.is_empty() {
        say("display", Value::from(text(address.display)));
    }
    if let Some(tag) = address.tag() {
        say("tag", Value::from(text(tag)));
    }
    say("uri", uri(address.uri));
    Value::from(table)
}

fn uri(value: &[u8]) -> Value {
    let Some(uri) = Uri::read(value) else {
        return Value::from(format!("not read: {}", text(value)));
    };
    let mut said = format!("{:?}", uri.scheme).to_lowercase();
    if let Some(user) = uri.user_text() {
        said.push_str(&format!(" user {}", user.escape_debug()));
    }
    if !uri.host.is_empty() {
        said.push_str(&format!(" host {}", text(uri.host)));
    }
    if let Some(port) = uri.port {
        said.push_str(&format!(" port {port}"));
    }
    if !uri.params.0.is_empty() {
        said.push_str(&format!(" params {}", text(uri.params.0)));
    }
    if !uri.headers.is_empty() {
        said.push_str(&format!(" headers {}", text(uri.headers)));
    }
    Value::from(said)
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
