//! What PBXs let others see: copies of signalling, events of managers, lines of logs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_connect::control::ami;
use ringfence_connect::feed::{Seen, events, security, sip};
use ringfence_connect::hep;
use ringfence_model::Moment;

fuzz_target!(|bytes: &[u8]| {
    let mut seen = Vec::new();
    let _ = hep::length(bytes);
    if let Ok(captured) = hep::decode(bytes) {
        let mut watcher = sip::Watcher::default();
        let carrier = captured.to.ip();
        let _ = watcher.observe(Moment(1), &captured, &|ip| ip == carrier, &mut seen);
        watcher.tick(Moment(u64::MAX), &mut seen);
    }
    let mut reader = ami::Reader::default();
    let mut watcher = events::Watcher::new(&["PJSIP/carrier".to_owned()]);
    if reader.push(bytes).is_ok() {
        while let Some(packet) = reader.packet() {
            watcher.observe(&packet, &mut seen);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        seen.extend(security::line(text).map(Seen::Failed));
    }
    for what in seen {
        if let Seen::Call(call) = what {
            assert!(call.known_as.len() <= 4_096 && call.parties.to.len() <= 512);
        }
    }
});
