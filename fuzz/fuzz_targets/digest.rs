//! Challenges and answers to them: read; none is believed that was made by chance.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ringfence_sip::digest::{
    Algorithm, Authorization, Challenge, Challenged, Challenger, Ha1, Secret, answer,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(challenge) = Challenge::parse(bytes) {
        let secret = Secret::Password("secret");
        let credentials = answer(&challenge, (b"REGISTER", b"sip:h"), ("alice", secret), "c", 1);
        if let Ok(credentials) = credentials {
            Authorization::parse(&credentials).expect("what was written can be read");
        }
    }
    if let Ok(credentials) = Authorization::parse(bytes) {
        let challenger = Challenger::new("h", &[7; 32], Duration::from_secs(60)).expect("a realm");
        let request = Challenged { method: b"REGISTER", uri: b"sip:h", binding: b"192.0.2.1" };
        let ha1 = Ha1::new("alice", "h", "secret");
        let verdict = challenger.verify(0, request, &credentials, &ha1, &Algorithm::PREFERRED);
        assert!(verdict.is_err());
    }
});
