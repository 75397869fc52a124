//! Both sides of digest against each other, as a phone, a registrar and an attacker would use them.
#![allow(clippy::unwrap_used)] // helpers outside #[test] functions too

use proptest::prelude::*;
use ringfence_sip::digest::{
    Accepted, Algorithm, Authorization, Challenge, Challenged, Challenger, Ha1, Refused, Replayed,
    Replays, Secret, answer, strongest,
};
use std::time::Duration;

const NOW_US: u64 = 1_795_305_600_000_000;
const MINUTE_US: u64 = 60_000_000;
const METHOD: &[u8] = b"REGISTER";
const URI: &[u8] = b"sip:pbx.example.net";
const SOURCE: &[u8] = b"192.0.2.7:5060";
const REGISTER: Challenged<'static> = Challenged { method: METHOD, uri: URI, binding: SOURCE };

fn challenger() -> Challenger {
    Challenger::new("pbx.example.net", &[42; 32], Duration::from_secs(300)).unwrap()
}

fn bob() -> Ha1 {
    Ha1::new("bob", "pbx.example.net", "zanzibar")
}

/// What a phone sends after the given offer.
fn phone(offer: &[Algorithm], password: &str, nc: u32) -> Vec<u8> {
    let values: Vec<_> = challenger().challenge(NOW_US, SOURCE, false, offer).collect();
    let challenges: Vec<_> = values.iter().map(|v| Challenge::parse(v).unwrap()).collect();
    let chosen = strongest(&challenges, &Algorithm::PREFERRED).unwrap();
    answer(chosen, (METHOD, URI), ("bob", Secret::Password(password)), "0a4f113b", nc).unwrap()
}

fn verify_at(now_us: u64, value: &[u8]) -> Result<Accepted, Refused> {
    let credentials = Authorization::parse(value).unwrap();
    challenger().verify(now_us, REGISTER, &credentials, &bob(), &Algorithm::PREFERRED)
}

fn without_qop(value: &str) -> String {
    value.replace(", qop=\"auth\"", "")
}

#[test]
fn challenges_come_in_order_of_preference() {
    let offer = [Algorithm::Sha256, Algorithm::Md5];
    let values: Vec<_> = challenger().challenge(NOW_US, SOURCE, true, &offer).collect();
    let read: Vec<_> = values.iter().map(|v| Challenge::parse(v).unwrap()).collect();
    assert_eq!(read.iter().map(|c| c.algorithm).collect::<Vec<_>>(), offer.map(Some));
    assert!(read.iter().all(|c| c.stale && c.realm.means(b"pbx.example.net")));
    let fresh = challenger().challenge(NOW_US, SOURCE, false, &offer).next().unwrap();
    assert!(!Challenge::parse(&fresh).unwrap().stale);
}

#[test]
fn each_algorithm_is_accepted_where_it_was_offered_and_is_allowed() {
    for algorithm in Algorithm::PREFERRED {
        let value = phone(&[algorithm], "zanzibar", 3);
        let accepted = verify_at(NOW_US, &value).unwrap();
        assert_eq!((accepted.algorithm, accepted.nc), (algorithm, 3));
        assert_eq!(accepted.issued_us, NOW_US);
        let credentials = Authorization::parse(&value).unwrap();
        let others: Vec<_> =
            Algorithm::PREFERRED.into_iter().filter(|other| *other != algorithm).collect();
        let refused = challenger().verify(NOW_US, REGISTER, &credentials, &bob(), &others);
        assert_eq!(refused, Err(Refused::Algorithm));
    }
}

/// A man in the middle who turns the offer into MD5, or a client that prefers it, gets nowhere.
#[test]
fn an_algorithm_that_was_not_offered_is_refused() {
    let offer = challenger().challenge(NOW_US, SOURCE, false, &[Algorithm::Sha256]).next().unwrap();
    let weaker = String::from_utf8(offer).unwrap().replace("SHA-256", "MD5");
    let challenge = Challenge::parse(weaker.as_bytes()).unwrap();
    let who = ("bob", Secret::Password("zanzibar"));
    let value = answer(&challenge, (METHOD, URI), who, "c", 1).unwrap();
    assert_eq!(verify_at(NOW_US, &value), Err(Refused::Algorithm));
}

#[test]
fn a_nonce_ages() {
    let value = phone(&[Algorithm::Sha256], "zanzibar", 1);
    assert!(verify_at(NOW_US + 5 * MINUTE_US, &value).is_ok());
    assert_eq!(verify_at(NOW_US + 5 * MINUTE_US + 1, &value), Err(Refused::Stale));
    assert_eq!(verify_at(NOW_US - 6 * MINUTE_US, &value), Err(Refused::Stale));
}

/// Guessing with an old or foreign nonce is a guess, not a stale nonce: else guesses would not count.
#[test]
fn a_wrong_password_is_wrong_at_any_age() {
    let value = phone(&[Algorithm::Sha256], "guess", 1);
    for now_us in [NOW_US, NOW_US + 60 * MINUTE_US] {
        assert_eq!(verify_at(now_us, &value), Err(Refused::Wrong));
    }
}

#[test]
fn a_nonce_of_another_source_is_stale() {
    let value = phone(&[Algorithm::Sha256], "zanzibar", 1);
    let credentials = Authorization::parse(&value).unwrap();
    let elsewhere = Challenged { binding: b"198.51.100.9:5060", ..REGISTER };
    let refused =
        challenger().verify(NOW_US, elsewhere, &credentials, &bob(), &Algorithm::PREFERRED);
    assert_eq!(refused, Err(Refused::Stale));
}

#[test]
fn digests_for_something_else() {
    let value = phone(&[Algorithm::Sha256], "zanzibar", 1);
    let credentials = Authorization::parse(&value).unwrap();
    let verify = |challenger: Challenger, request| {
        challenger.verify(NOW_US, request, &credentials, &bob(), &Algorithm::PREFERRED)
    };
    let invite = Challenged { method: b"INVITE", ..REGISTER };
    assert_eq!(verify(challenger(), invite), Err(Refused::Wrong));
    let premium = Challenged { uri: b"sip:+22899000000@pbx.example.net", ..REGISTER };
    assert_eq!(verify(challenger(), premium), Err(Refused::Uri));
    let case = Challenged { uri: b"SIP:PBX.example.net", ..REGISTER };
    assert!(verify(challenger(), case).is_ok());
    let other = Challenger::new("other", &[42; 32], Duration::from_secs(300)).unwrap();
    assert_eq!(verify(other, REGISTER), Err(Refused::Realm));
}

#[test]
fn the_decoy_refuses_like_a_wrong_password() {
    let value = phone(&[Algorithm::Sha256], "zanzibar", 1);
    let credentials = Authorization::parse(&value).unwrap();
    let decoy = Ha1::decoy(&[42; 32], b"bob");
    let refused =
        challenger().verify(NOW_US, REGISTER, &credentials, &decoy, &Algorithm::PREFERRED);
    assert_eq!(refused, Err(Refused::Wrong));
}

#[test]
fn without_qop_only_md5_only_by_setting_and_only_once() {
    let tolerant = challenger().accept_without_qop(true);
    for (algorithm, strict, lax) in [
        (Algorithm::Md5, Err(Refused::Qop), Ok(0)),
        (Algorithm::Sha256, Err(Refused::Qop), Err(Refused::Qop)),
    ] {
        let offer = tolerant.challenge(NOW_US, SOURCE, false, &[algorithm]).next().unwrap();
        let offer = without_qop(&String::from_utf8(offer).unwrap());
        let challenge = Challenge::parse(offer.as_bytes()).unwrap();
        let who = ("bob", Secret::Password("zanzibar"));
        let value = answer(&challenge, (METHOD, URI), who, "c", 1).unwrap();
        assert_eq!(verify_at(NOW_US, &value).map(|a| a.nc), strict);
        let credentials = Authorization::parse(&value).unwrap();
        let accepted =
            tolerant.verify(NOW_US, REGISTER, &credentials, &bob(), &Algorithm::PREFERRED);
        assert_eq!(accepted.map(|a| a.nc), lax);
        if let Ok(accepted) = accepted {
            let mut replays = Replays::new(8, Duration::from_secs(300));
            assert_eq!(replays.admit(NOW_US, &accepted), Ok(()));
            assert_eq!(replays.admit(NOW_US, &accepted), Err(Replayed));
        }
    }
}

/// Dropping nc and cnonce, or counting from zero, must not slip past the replay check.
#[test]
fn qop_needs_its_count_and_client_nonce() {
    let value = String::from_utf8(phone(&[Algorithm::Md5], "zanzibar", 1)).unwrap();
    for (from, to) in [
        (", nc=00000001", ""),
        (", cnonce=\"0a4f113b\"", ""),
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=00000000"),
    ] {
        let changed = value.replace(from, to);
        assert_ne!(changed, value);
        assert_eq!(verify_at(NOW_US, changed.as_bytes()), Err(Refused::Qop), "{from}");
    }
}

#[test]
fn a_captured_request_is_not_accepted_twice() {
    let mut replays = Replays::new(8, Duration::from_secs(300));
    let first = verify_at(NOW_US, &phone(&[Algorithm::Sha256], "zanzibar", 1)).unwrap();
    let second = verify_at(NOW_US, &phone(&[Algorithm::Sha256], "zanzibar", 2)).unwrap();
    assert_eq!(replays.admit(NOW_US, &first), Ok(()));
    assert_eq!(replays.admit(NOW_US, &second), Ok(()));
    assert_eq!(replays.admit(NOW_US, &first), Err(Replayed));
    assert_eq!(replays.admit(NOW_US, &second), Err(Replayed));
    assert_eq!(replays.len(), 1);
}

fn printable(len: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[ -~]{{{},{}}}", len.start, len.end)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_answered_is_accepted(
        user in printable(1..40),
        password in "\\PC{0,40}",
        uri in "sips?:[a-zA-Z0-9+._-]{0,20}@[a-z0-9.-]{1,30}(;[a-z=0-9]{1,9})?",
        method in "[A-Z]{1,12}",
        cnonce in "[a-zA-Z0-9/+=]{1,64}",
        nc in 1..u32::MAX,
        realm in "[a-z0-9. -]{1,30}",
        age_us in 0..300_000_000u64,
        offer in prop::sample::subsequence(Algorithm::PREFERRED.to_vec(), 1..=3),
    ) {
        let challenger = Challenger::new(&realm, &[9; 32], Duration::from_secs(300)).unwrap();
        let request =
            Challenged { method: method.as_bytes(), uri: uri.as_bytes(), binding: SOURCE };
        let values: Vec<_> = challenger.challenge(NOW_US, SOURCE, false, &offer).collect();
        let challenges: Vec<_> = values.iter().map(|v| Challenge::parse(v).unwrap()).collect();
        let chosen = strongest(&challenges, &Algorithm::PREFERRED).unwrap();
        let who = (user.as_str(), Secret::Password(&password));
        let value = answer(chosen, (request.method, request.uri), who, &cnonce, nc).unwrap();
        let credentials = Authorization::parse(&value).unwrap();
        prop_assert!(credentials.username.means(user.as_bytes()));
        let ha1 = Ha1::new(&user, &realm, &password);
        let accepted =
            challenger.verify(NOW_US + age_us, request, &credentials, &ha1, &offer).unwrap();
        prop_assert_eq!((accepted.nc, Some(accepted.algorithm)), (nc, chosen.algorithm));
    }

    /// One byte changed anywhere in what the digest covers, and it is refused. The user name is covered
    /// through the look-up: another name is another HA1.
    #[test]
    fn one_changed_byte_is_refused(
        part in 0..6usize,
        at in any::<prop::sample::Index>(),
        flip in 1..=255u8,
        algorithm in prop::sample::select(&Algorithm::PREFERRED),
    ) {
        let value = phone(&[algorithm], "zanzibar", 1);
        let mut credentials = Authorization::parse(&value).unwrap();
        let change = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let index = at.index(bytes.len());
            bytes[index] ^= flip;
            bytes
        };
        let response = change(credentials.response);
        let nonce = change(credentials.nonce);
        let cnonce = change(credentials.cnonce.unwrap());
        let uri = change(credentials.uri);
        let method = change(METHOD);
        let mut request = REGISTER;
        let mut ha1 = bob();
        match part {
            0 => credentials.response = &response,
            1 => credentials.nonce = &nonce,
            2 => credentials.cnonce = Some(&cnonce),
            // Both, as a forger would: else the comparison with the Request-URI refuses already.
            3 => { credentials.uri = &uri; request.uri = &uri; }
            4 => request.method = &method,
            _ => {
                let other = String::from_utf8_lossy(&change(b"bob")).into_owned();
                ha1 = Ha1::new(&other, "pbx.example.net", "zanzibar");
            }
        }
        let refused =
            challenger().verify(NOW_US, request, &credentials, &ha1, &Algorithm::PREFERRED);
        prop_assert_eq!(refused, Err(Refused::Wrong));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(
        noise in prop::collection::vec(any::<u8>(), 0..300),
        list in "Digest ([a-z]{1,8}=(\"[ -~]{0,9}\"?|[!-~]{0,9}),? ?){0,12}",
    ) {
        for value in [noise.as_slice(), list.as_bytes()] {
            let _ = Challenge::parse(value);
            if let Ok(credentials) = Authorization::parse(value) {
                let verified = challenger()
                    .verify(NOW_US, REGISTER, &credentials, &bob(), &Algorithm::PREFERRED);
                prop_assert!(verified.is_err());
            }
        }
    }
}
