//! A proxy whose signalling is copied.

use proptest::prelude::*;
use ringfence_connect::feed::sip::Watcher;
use ringfence_connect::feed::{Call, Seen, Step};
use ringfence_connect::hep::{Captured, decode};
use ringfence_model::{Moment, WallTime};
use std::net::IpAddr;

const PHONE: &str = "192.0.2.51:5060";
const PROXY: &str = "192.0.2.10:5060";
const CARRIER: &str = "198.51.100.1:5060";
const NUMBER: &str = "00252612345678";

/// A proxy and what is seen of it.
#[derive(Default)]
struct Proxy {
    watcher: Watcher,
    at: u64,
    seen: Vec<Seen>,
}

fn request(method: &str, number: u32, more: &str) -> String {
    let to = if method == "BYE" { ";tag=2" } else { "" };
    format!(
        "{method} sip:{NUMBER}@x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.51;branch=z9hG4bK{number}\r\n\
         From: <sip:205@x>;tag=1\r\nTo: <sip:{NUMBER}@x>{to}\r\nCall-ID: a@b\r\nCSeq: {number} {method}\r\n\
         User-Agent: Desk phone\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn answer(code: u16, number: u32, method: &str, more: &str) -> String {
    format!(
        "SIP/2.0 {code} Word\r\nVia: SIP/2.0/UDP 192.0.2.51;branch=z9hG4bK{number}\r\nFrom: <sip:205@x>;tag=1\r\n\
         To: <sip:{NUMBER}@x>;tag=2\r\nCall-ID: a@b\r\nCSeq: {number} {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn password(user: &str) -> String {
    let rest =
        "realm=\"x\", nonce=\"n\", uri=\"sip:x\", response=\"00000000000000000000000000000000\"";
    format!("Authorization: Digest username=\"{user}\", {rest}\r\n")
}

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"x\", nonce=\"m\"\r\n";
const STALE: &str = "WWW-Authenticate: Digest realm=\"x\", nonce=\"m\", stale=true\r\n";

impl Proxy {
    fn goes(&mut self, from: &str, to: &str, text: &str) -> &mut Self {
        self.at += 1_000;
        let captured = Captured {
            at: WallTime(0),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            stream: false,
            key: None,
            correlation: None,
            payload: text.as_bytes(),
        };
        let carrier: IpAddr = "198.51.100.1".parse().unwrap();
        let is_carrier = |ip| ip == carrier;
        self.watcher.observe(Moment(self.at), &captured, &is_carrier, &mut self.seen).unwrap();
        self
    }

    fn later(&mut self, secs: u64) -> &mut Self {
        self.at += secs * 1_000_000;
        self.watcher.tick(Moment(self.at), &mut self.seen);
        self
    }

    fn steps(&self) -> Vec<Step> {
        let step = |seen: &Seen| match seen {
            Seen::Call(call) => Some(call.step),
            Seen::Failed(_) => None,
        };
        self.seen.iter().filter_map(step).collect()
    }

    fn failed(&self) -> Vec<String> {
        let login = |seen: &Seen| match seen {
            Seen::Failed(login) => Some(format!("{} {}", login.account, login.from.ip())),
            Seen::Call(_) => None,
        };
        self.seen.iter().filter_map(login).collect()
    }
}

const OVER: Step = Step::Ended { billable_ms: None, code: Some(200) };

#[test]
fn a_call_through_a_proxy_is_followed_and_the_phone_is_known() {
    let mut at = Proxy::default();
    let invite = request("INVITE", 1, "");
    at.goes(PHONE, PROXY, &invite).goes(PROXY, CARRIER, &invite).goes(PROXY, CARRIER, &invite);
    at.goes(CARRIER, PROXY, &answer(183, 1, "INVITE", ""));
    assert_eq!(at.steps(), [Step::Began]);
    let ok = answer(200, 1, "INVITE", "");
    at.goes(CARRIER, PROXY, &ok).goes(PROXY, PHONE, &ok).goes(PHONE, PROXY, &request("ACK", 1, ""));
    at.goes(PHONE, PROXY, &request("BYE", 2, "")).goes(PROXY, CARRIER, &request("BYE", 2, ""));
    assert_eq!(
        at.steps(),
        [Step::Began, Step::Answered],
        "a BYE alone ends nothing: it may be a stranger's"
    );
    at.goes(CARRIER, PROXY, &answer(200, 2, "BYE", "")).goes(
        PROXY,
        PHONE,
        &answer(200, 2, "BYE", ""),
    );
    assert_eq!(at.later(60).steps(), [Step::Began, Step::Answered, OVER]);
    let Seen::Call(Call { known_as, parties, .. }) = &at.seen[0] else { panic!() };
    assert_eq!(
        (&**known_as, parties.to.as_str(), parties.from.as_deref()),
        ("a@b", NUMBER, Some("205"))
    );
    assert_eq!(parties.at.map(|at| at.to_string()).as_deref(), Some(PHONE));
    assert_eq!(parties.user_agent.as_deref(), Some("Desk phone"));
}

#[test]
fn what_the_pbx_refuses_by_itself_is_no_call() {
    let mut at = Proxy::default();
    at.goes(PHONE, PROXY, &request("INVITE", 1, "")).goes(
        PROXY,
        PHONE,
        &answer(403, 1, "INVITE", ""),
    );
    assert!(at.later(60).seen.is_empty());
}

#[test]
fn a_proxy_may_try_another_carrier() {
    let mut at = Proxy::default();
    let invite = request("INVITE", 1, "");
    at.goes(PROXY, CARRIER, &invite).goes(CARRIER, PROXY, &answer(503, 1, "INVITE", "")).later(1);
    at.goes(PROXY, CARRIER, &invite).goes(CARRIER, PROXY, &answer(200, 1, "INVITE", "")).later(60);
    assert_eq!(at.steps(), [Step::Began, Step::Began, Step::Answered]);
    let mut at = Proxy::default();
    at.goes(PROXY, CARRIER, &invite).goes(CARRIER, PROXY, &answer(486, 1, "INVITE", "")).later(60);
    let refused = Step::Ended { billable_ms: Some(0), code: Some(486) };
    assert_eq!(at.steps(), [Step::Began, refused]);
}

#[test]
fn a_call_tried_at_two_carriers_at_once_is_over_when_both_refused_it() {
    let (one, other) = (request("INVITE", 1, ""), request("INVITE", 1, "").replace("bK1", "bK7"));
    let refused = |code| answer(code, 1, "INVITE", "");
    let refused_too = |code| answer(code, 1, "INVITE", "").replace("bK1", "bK7");
    let mut at = Proxy::default();
    at.goes(PROXY, CARRIER, &one).goes(PROXY, CARRIER, &other);
    at.goes(CARRIER, PROXY, &refused(503)).goes(CARRIER, PROXY, &refused(503)).later(60);
    assert_eq!(at.steps(), [Step::Began]);
    at.goes(CARRIER, PROXY, &refused_too(200)).later(60);
    assert_eq!(at.steps(), [Step::Began, Step::Answered]);
    let mut at = Proxy::default();
    at.goes(PROXY, CARRIER, &one).goes(PROXY, CARRIER, &other);
    at.goes(CARRIER, PROXY, &refused(503)).goes(CARRIER, PROXY, &refused_too(486)).later(60);
    let over = Step::Ended { billable_ms: Some(0), code: Some(486) };
    assert_eq!(at.steps(), [Step::Began, over]);
}

#[test]
fn a_carrier_that_asks_for_a_password_has_refused_nothing() {
    let mut at = Proxy::default();
    at.goes(PROXY, CARRIER, &request("INVITE", 1, ""));
    at.goes(CARRIER, PROXY, &answer(401, 1, "INVITE", CHALLENGE));
    at.goes(PROXY, CARRIER, &request("INVITE", 2, &password("trunk")));
    at.goes(CARRIER, PROXY, &answer(200, 2, "INVITE", "")).later(60);
    assert_eq!(at.steps(), [Step::Began, Step::Answered]);
    assert!(at.failed().is_empty());
}

#[test]
fn a_call_from_the_carrier_is_known_as_one() {
    let mut at = Proxy::default();
    at.goes(CARRIER, PROXY, &request("INVITE", 1, "")).goes(
        PROXY,
        PHONE,
        &request("INVITE", 1, ""),
    );
    at.goes(PHONE, PROXY, &answer(200, 1, "INVITE", "")).goes(
        PROXY,
        CARRIER,
        &answer(200, 1, "INVITE", ""),
    );
    assert_eq!(at.steps(), [Step::Began, Step::Answered]);
    assert!(
        matches!(&at.seen[0], Seen::Call(call) if call.parties.inbound && call.parties.at.is_none())
    );
}

#[test]
fn passwords_that_are_wrong_are_seen_and_those_that_are_only_old_are_not() {
    let mut at = Proxy::default();
    let login = |n, user| request("REGISTER", n, &password(user));
    // Asked for one at first, as always.
    at.goes(PHONE, PROXY, &request("REGISTER", 1, "")).goes(
        PROXY,
        PHONE,
        &answer(401, 1, "REGISTER", CHALLENGE),
    );
    // Too old, said so.
    at.goes(PHONE, PROXY, &login(2, "205")).goes(PROXY, PHONE, &answer(401, 2, "REGISTER", STALE));
    // Too old, not said so, and right the next time.
    at.goes(PHONE, PROXY, &login(3, "205")).goes(
        PROXY,
        PHONE,
        &answer(401, 3, "REGISTER", CHALLENGE),
    );
    at.goes(PHONE, PROXY, &login(4, "205")).goes(PROXY, PHONE, &answer(200, 4, "REGISTER", ""));
    assert!(at.later(60).failed().is_empty());
    // Guessed, twice for one and once for another; the proxy passes them on.
    let (inside, registrar) = (PROXY, "192.0.2.11:5060");
    for (n, user) in [(5, "205"), (6, "205"), (7, "206")] {
        at.goes(PHONE, PROXY, &login(n, user)).goes(inside, registrar, &login(n, user));
        let no = answer(403, n, "REGISTER", "");
        at.goes(registrar, inside, &no).goes(PROXY, PHONE, &no);
    }
    assert_eq!(at.failed(), ["205 192.0.2.51"], "the second makes the first one");
    assert_eq!(at.later(60).failed(), ["205 192.0.2.51", "205 192.0.2.51", "206 192.0.2.51"]);
    // The PBX's own login at its carrier is not guessing.
    at.goes(PROXY, CARRIER, &login(9, "trunk")).goes(
        CARRIER,
        PROXY,
        &answer(403, 9, "REGISTER", ""),
    );
    assert_eq!(at.later(60).failed().len(), 3);
    assert!(at.steps().is_empty());
}

#[test]
fn a_call_forbidden_to_whom_the_password_is_right_is_no_failed_login() {
    let mut at = Proxy::default();
    at.goes(PHONE, PROXY, &request("INVITE", 1, &password("205")));
    at.goes(PROXY, PHONE, &answer(403, 1, "INVITE", ""));
    assert!(at.later(60).failed().is_empty());
    at.goes(PHONE, PROXY, &request("INVITE", 2, &password("205")));
    at.goes(PROXY, PHONE, &answer(407, 2, "INVITE", ""));
    assert_eq!(at.later(60).failed(), ["205 192.0.2.51"]);
}

#[test]
fn a_call_id_that_is_no_name_hides_no_call() {
    for odd in ["x".repeat(5_000), "a b".to_owned(), "\u{e9}".to_owned()] {
        let mut at = Proxy::default();
        let invite = request("INVITE", 1, "").replace("a@b", &odd);
        at.goes(PROXY, CARRIER, &invite);
        at.goes(CARRIER, PROXY, &answer(200, 1, "INVITE", "").replace("a@b", &odd));
        assert_eq!(at.steps(), [Step::Began, Step::Answered], "{odd:.9}");
        let Seen::Call(call) = &at.seen[0] else { panic!() };
        assert!(call.known_as.starts_with("odd-"));
    }
}

#[test]
fn what_kamailio_and_asterisk_send_is_read() {
    for (invite, answer) in [
        (
            include_bytes!("../data/hep3-kamailio-0.bin").as_slice(),
            include_bytes!("../data/hep3-kamailio-1.bin").as_slice(),
        ),
        (
            include_bytes!("../data/hep3-asterisk-0.bin").as_slice(),
            include_bytes!("../data/hep3-asterisk-1.bin").as_slice(),
        ),
    ] {
        let mut watcher = Watcher::default();
        let mut seen = Vec::new();
        for packet in [invite, answer] {
            let captured = decode(packet).unwrap();
            // All is on loopback there: nobody is the carrier.
            watcher.observe(Moment(1), &captured, &|_| false, &mut seen).unwrap();
        }
        assert!(seen.is_empty(), "{seen:?}");
    }
}

#[test]
fn strangers_push_out_only_what_strangers_sent() {
    let mut at = Proxy::default();
    at.goes(PROXY, CARRIER, &request("INVITE", 1, ""));
    for n in 0..30_000 {
        at.goes(PHONE, PROXY, &request("INVITE", 1, "").replace("a@b", &format!("scan-{n}")));
    }
    at.goes(CARRIER, PROXY, &answer(200, 1, "INVITE", ""));
    assert_eq!(at.steps(), [Step::Began, Step::Answered]);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes: Vec<u8>, at in 0_usize..400, to: u8, code in 100_u16..700) {
        let mut watcher = Watcher::default();
        let mut seen = Vec::new();
        let mut changed = request("INVITE", 1, &password("205")).into_bytes();
        if let Some(byte) = changed.get_mut(at) {
            *byte = to;
        }
        let answer = answer(code, 1, "INVITE", CHALLENGE).into_bytes();
        for payload in [bytes, changed, answer] {
            let (from, to) = (PROXY.parse().unwrap(), CARRIER.parse().unwrap());
            let captured = Captured {
                at: WallTime(0), from, to, stream: true, key: None, correlation: None,
                payload: &payload,
            };
            let _ = watcher.observe(Moment(1), &captured, &|ip| ip == captured.to.ip(), &mut seen);
            watcher.tick(Moment(u64::MAX), &mut seen);
        }
    }
}
