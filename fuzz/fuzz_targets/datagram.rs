//! A datagram: read, looked at in every way, copied line by line, read again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ringfence_sip::{Builder, Limits, Message, Name, NameAddr, Via, unfold, unquote};

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(Bytes::copy_from_slice(bytes), &Limits::default()) else {
        return;
    };
    look(&message);
    let mut builder = match message.code() {
        Some(code) => Builder::response(code, b"copied"),
        None => Builder::request_text(message.method_text(), message.uri_text()),
    };
    for field in message.fields() {
        builder.copy(field);
    }
    let copy = builder.finish(message.body()).expect("what was read can be written");
    let Ok(copy) = Message::parse_framed(copy, &lifted()) else {
        panic!("what was written can be read")
    };
    let fields = |message: &Message| {
        let fields = message.fields().filter(|field| field.name != Name::ContentLength);
        fields
            .map(|field| (field.name, field.line.to_vec(), field.value.to_vec()))
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&message), fields(&copy));
    assert_eq!(message.body(), copy.body());
    assert_eq!(message.uri_text(), copy.uri_text());
});

/// The copy has a Content-Length more than what came, which may be at a limit.
fn lifted() -> Limits {
    let limits = Limits::default();
    Limits {
        message_bytes_max: 2 * limits.message_bytes_max,
        head_bytes_max: 2 * limits.head_bytes_max,
        fields_max: limits.fields_max + 1,
        ..limits
    }
}

fn look(message: &Message) {
    if let Ok(essentials) = message.essentials() {
        assert!(!essentials.call_id.is_empty());
        let _ = (essentials.via.branch(), essentials.via.rport(), essentials.to.tag());
    }
    let _ = (message.number(Name::Expires), message.lists(Name::Supported, "timer"));
    for name in [Name::Contact, Name::Route, Name::RecordRoute, Name::PAssertedIdentity] {
        for value in message.values(name) {
            let address = NameAddr::read(value);
            let _ = address.and_then(|address| address.uri()).and_then(|uri| uri.user_text());
        }
    }
    message.values(Name::Via).for_each(|value| drop(Via::read(value).map(|via| via.rport())));
    for field in message.fields() {
        assert!(field.line.ends_with(b"\r\n"));
        let _ = (unfold(field.value), unquote(field.value));
    }
}
