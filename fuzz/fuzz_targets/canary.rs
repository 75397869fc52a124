//! A bug on purpose: it claims that no field is ever folded. A fuzzer that does not find one within seconds finds nothing
//! elsewhere either.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ringfence_sip::{Limits, Message};

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(Bytes::copy_from_slice(bytes), &Limits::default()) else {
        return;
    };
    assert!(!message.fields().any(|field| field.value.contains(&b'\n')), "the canary sings");
});
