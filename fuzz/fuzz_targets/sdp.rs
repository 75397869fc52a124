//! A session description: read, looked at, moved, read again.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use ringfence_sip::sdp::Session;

fuzz_target!(|bytes: &[u8]| {
    let Ok(session) = Session::parse(bytes) else { return };
    let _ = (session.origin(), session.connection(), session.is_hold());
    for media in session.media() {
        let _ = (media.connection(), media.direction(), media.is_hold(), media.rtcp());
        let _ = (media.has_crypto(), media.has_ice(), media.telephone_event(), media.ptime_ms());
        let _ = (media.formats().count(), media.rtpmaps().count());
    }
    assert_eq!(session.rewrite(|_| None), bytes);
    let moved = session.rewrite(|_| Some((IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40_000)));
    let again = Session::parse(&moved).expect("what was written can be read");
    assert_eq!(again.media().len(), session.media().len());
});
