//! URIs, addresses, Vias and lists by themselves, where the fuzzer reaches deeper than through whole messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_sip::{CSeq, NameAddr, Params, RAck, Uri, Via, split_commas, trim, unfold, unquote};

fuzz_target!(|bytes: &[u8]| {
    for text in split_commas(bytes) {
        if let Some(uri) = Uri::read(text) {
            assert!(Uri::has_scheme(text));
            assert_eq!(uri.text, text);
            let _ = (uri.host(), uri.user_text());
            params(uri.params, text);
        }
        if let Some(address) = NameAddr::read(text) {
            let _ = (address.tag(), address.uri(), unquote(address.display));
            params(address.params, text);
        }
        if let Some(via) = Via::read(text) {
            let _ = (via.branch(), via.rport(), via.wants_rport());
            params(via.params, text);
        }
        let _ = (CSeq::read(text), RAck::read(text));
    }
    assert!(!unfold(bytes).contains(&b'\n'));
    assert_eq!(trim(trim(bytes)), trim(bytes));
});

fn params(params: Params<'_>, text: &[u8]) {
    let bytes: usize = params.iter().map(|p| p.name.len() + p.value.map_or(0, <[u8]>::len)).sum();
    assert!(bytes <= text.len());
}
