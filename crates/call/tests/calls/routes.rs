//! Several routes, several answers: failover, forks, challenges, redirections.

use crate::world::{Talk, World, parts, phone, trunk};
use ringfence_call::{Account, End, Registering, Ruling, Side};
use ringfence_model::CallEvent;
use ringfence_sip::{Name, Transport};
use std::time::Duration;

#[test]
fn the_second_carrier_is_tried_when_the_first_fails() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "503 Service Unavailable", "c1", "Retry-After: 60\r\n", "");
    w.hears("carrier", "ACK");
    let invite = w.hears("second", "INVITE");
    w.answer("second", &invite, "200 OK", "s1", "", "answer");
    w.hears("pbx", "200");
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_silent_carrier_is_left_for_the_next() {
    let mut w = World::new();
    let carrier = w.addr("carrier");
    w.dead.push(carrier);
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.pass(Duration::from_secs(7));
    let invite = w.hears("second", "INVITE");
    w.answer("second", &invite, "486 Busy Here", "s1", "", "");
    w.hears("pbx", "100");
    w.hears("pbx", "486");
    w.nothing_left();
    w.accounted();
}

#[test]
fn what_is_said_of_the_called_party_ends_the_search() {
    for code in ["404", "484", "486", "600", "603", "607"] {
        let mut parts = parts();
        // Even where somebody wants to go on.
        parts.trunks[1].failover_codes = vec![404, 484, 486, 500, 503, 600, 603, 607];
        let mut w = World::with(parts);
        w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
        let invite = w.hears("carrier", "INVITE");
        w.answer("carrier", &invite, &format!("{code} No"), "c1", "", "");
        w.hears("pbx", "100");
        w.hears("pbx", code);
        assert!(!w.inbox.contains_key(&w.addr("second")), "{code}");
        w.nothing_left();
        w.accounted();
    }
}

/// A world in which everything that is dialled is an emergency number.
fn emergency() -> World {
    let mut w = World::new();
    w.ruling = Ruling::Allow { max_duration: None, protected: true, b_number: None, dial: None };
    w
}

#[test]
fn an_emergency_call_tries_everything() {
    for code in ["302", "401", "403", "404", "484", "486", "500", "600", "603"] {
        let mut w = emergency();
        w.invite("pbx", "sip:112@edge.example", "", "offer");
        let invite = w.hears("carrier", "INVITE");
        w.answer("carrier", &invite, &format!("{code} No"), "c1", "", "");
        let invite = w.hears("second", "INVITE");
        w.answer("second", &invite, "200 OK", "s1", "", "");
        w.hears("pbx", "100");
        w.hears("pbx", "200");
    }
}

#[test]
fn an_emergency_call_that_is_given_up_is_over() {
    let mut w = emergency();
    let talk = w.invite("pbx", "sip:112@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.ask(&talk, "CANCEL", "", "");
    let cancel = w.hears("carrier", "CANCEL");
    w.answer("carrier", &cancel, "200 OK", "c1", "", "");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.hears("pbx", "200");
    w.hears("pbx", "487");
    w.all_read_by("second");
    w.nothing_left();
    w.accounted();
}

#[test]
fn an_emergency_call_that_nobody_takes_goes_on_to_the_next() {
    let mut w = emergency();
    w.invite("pbx", "sip:112@edge.example", "", "offer");
    w.hears("pbx", "100");
    let first = w.hears("carrier", "INVITE");
    w.answer("carrier", &first, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.pass(Duration::from_secs(60));
    w.hears("carrier", "CANCEL");
    let second = w.hears("second", "INVITE");
    w.answer("second", &second, "180 Ringing", "s1", "", "");
    w.hears("pbx", "180");
    w.pass(Duration::from_secs(150));
    w.all_read_by("second");
    w.answer("second", &second, "200 OK", "s1", "", "");
    w.hears("pbx", "200");
}

#[test]
fn each_route_may_ring_whatever_the_one_before_it_did() {
    let mut parts = parts();
    parts.tenants[0].carriers.push("third".into());
    parts.trunks.push(trunk("third", Side::Carrier, "198.51.100.9"));
    let mut w = World::with(parts);
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    for who in ["carrier", "second"] {
        let invite = w.hears(who, "INVITE");
        w.answer(who, &invite, "183 Session Progress", "t", "", "early");
        w.hears("pbx", "183");
        w.pass(Duration::from_secs(30));
        w.answer(who, &invite, "503 Service Unavailable", "t", "", "");
        w.hears(who, "ACK");
    }
    let rings = w.events.iter().filter(|event| matches!(event, CallEvent::Ringing { .. })).count();
    assert_eq!(rings, 1, "said once");
}

#[test]
fn what_carriers_say_among_themselves_stays_there() {
    for (said, told) in [
        ("401 Unauthorized", "500"),
        ("407 Proxy Authentication Required", "500"),
        ("300 Choose", "480"),
        ("404 Not Found", "404"),
    ] {
        let mut parts = parts();
        parts.tenants[0].carriers.truncate(1);
        let mut w = World::with(parts);
        w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
        let invite = w.hears("carrier", "INVITE");
        let extra = "Contact: <sip:0900123456@203.0.113.9>\r\n\
            WWW-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n";
        w.answer("carrier", &invite, said, "c1", extra, "");
        w.hears("carrier", "ACK");
        w.hears("pbx", "100");
        let answer = w.hears("pbx", told);
        assert!(!answer.has(Name::Contact) && !answer.has(Name::WwwAuthenticate));
        w.nothing_left();
        w.accounted();
    }
}

#[test]
fn a_challenge_is_answered_with_the_account_of_the_trunk() {
    let mut parts = parts();
    parts.trunks[1].account = Some(Account { user: "acme".into(), password: "secret".into() });
    let mut w = World::with(parts);
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    let ask =
        "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";
    w.answer("carrier", &invite, "407 Proxy Authentication Required", "c1", ask, "");
    w.hears("carrier", "ACK");
    let again = w.hears("carrier", "INVITE");
    assert_eq!(again.field(Name::CallId), invite.field(Name::CallId));
    let given =
        String::from_utf8_lossy(again.field(Name::ProxyAuthorization).unwrap()).into_owned();
    assert!(given.contains("username=\"acme\"") && given.contains("nonce=\"n1\""), "{given}");
    // Stale: once more. Not stale: the password is wrong.
    let stale = ask.replace("n1", "n2").replace("qop", "stale=true, qop");
    w.answer("carrier", &again, "407 Proxy Authentication Required", "c2", &stale, "");
    w.hears("carrier", "ACK");
    let third = w.hears("carrier", "INVITE");
    assert_eq!(third.body(), b"offer");
    w.answer("carrier", &third, "407 Proxy Authentication Required", "c3", ask, "");
    w.hears("carrier", "ACK");
    w.hears("pbx", "500");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
}

#[test]
fn forks_are_seen_by_the_caller_and_one_wins() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.answer("carrier", &invite, "183 Session Progress", "c2", "", "early");
    let first = w.hears("pbx", "180");
    let second = w.hears("pbx", "183");
    assert_ne!(first.field(Name::To), second.field(Name::To), "each fork is a dialog of its own");
    w.answer("carrier", &invite, "200 OK", "c2", "", "answer");
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.field(Name::To), second.field(Name::To));
    w.ack(&talk.with(&ok), "");
    w.hears("carrier", "ACK");
    // The other one answers too.
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    let ack = w.hears("carrier", "ACK");
    let bye = w.hears("carrier", "BYE");
    for message in [&ack, &bye] {
        assert!(message.field(Name::To).unwrap().ends_with(b"tag=c1"));
    }
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    assert_eq!(w.calls.running().count(), 1);
    let mut callee = Talk::called("carrier", &invite, "c2");
    w.ask(callee.next(), "BYE", "", "");
    w.hears("pbx", "BYE");
    w.nothing_left();
    w.accounted();
}

#[test]
fn nobody_answers() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.pass(Duration::from_secs(61));
    let cancel = w.hears("carrier", "CANCEL");
    w.answer("carrier", &cancel, "200 OK", "c1", "", "");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.hears("pbx", "480");
    w.nothing_left();
    w.accounted();
}

#[test]
fn phones_of_an_extension_ring_at_once_and_one_answers() {
    let mut parts = parts();
    parts.tenants[0].registering = Registering::Here {
        contacts_max: 4,
        expires_min: Duration::from_secs(60),
        expires_max: Duration::from_secs(3600),
    };
    parts.extensions = vec![phone("201")];
    parts.extensions[0].numbers = vec!["+31201234201".parse().unwrap()];
    let mut w = World::with(parts);
    w.name("desk", "192.0.2.50:5060");
    w.name("soft", "192.0.2.51:5060");
    w.register("desk", "201");
    w.register("soft", "201");
    let talk = w.invite("carrier", "sip:+31201234201@edge.example", "", "offer");
    w.hears("carrier", "100");
    let desk = w.hears("desk", "INVITE");
    let soft = w.hears("soft", "INVITE");
    w.answer("desk", &desk, "180 Ringing", "d", "", "");
    w.answer("soft", &soft, "180 Ringing", "s", "", "");
    w.hears("carrier", "180");
    w.hears("carrier", "180");
    w.answer("soft", &soft, "200 OK", "s", "", "answer");
    let ok = w.hears("carrier", "200");
    w.ack(&talk.with(&ok), "");
    w.hears("soft", "ACK");
    let cancel = w.hears("desk", "CANCEL");
    w.answer("desk", &cancel, "200 OK", "d", "", "");
    w.answer("desk", &desk, "487 Request Terminated", "d", "", "");
    w.hears("desk", "ACK");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.accounted_except_running();
}

#[test]
fn reliable_connections_carry_calls_too() {
    let mut w = World::new();
    w.over("carrier", Transport::Tcp);
    w.call_up();
    let invite = w.heard.iter().find(|(to, _)| *to == w.addr("carrier")).unwrap().1.clone();
    let text = String::from_utf8_lossy(&invite).into_owned();
    assert!(text.contains("Via: SIP/2.0/TCP edge.example:5060;rport;branch="), "{text}");
    assert!(text.contains("@edge.example:5060;transport=tcp>"), "{text}");
    w.cut("enough");
    w.hears("carrier", "BYE");
    w.hears("pbx", "BYE");
    w.nothing_left();
}

#[test]
fn what_a_breaking_connection_lost_is_sent_once_more() {
    let mut w = World::new();
    w.over("carrier", Transport::Tcp);
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let first = w.hears("carrier", "INVITE");
    w.close("carrier", End::Broke);
    let again = w.hears("carrier", "INVITE");
    assert_eq!(again.bytes(), first.bytes(), "the same request");
    w.answer("carrier", &again, "200 OK", "c1", "", "answer");
    let ok = w.hears("pbx", "200");
    w.ack(&talk.with(&ok), "");
    w.hears("carrier", "ACK");
    // What was heard of is not sent again.
    w.close("carrier", End::Broke);
    w.all_read();
    // A request in the dialog has its one more try as well.
    w.cut("enough");
    w.hears("carrier", "BYE");
    w.close("carrier", End::Broke);
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn what_breaks_twice_or_cannot_be_opened_has_failed() {
    for ends in [&[End::Broke, End::Broke][..], &[End::Unopened], &[End::Broke, End::Unopened]] {
        let mut w = World::new();
        w.over("carrier", Transport::Tcp);
        w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
        for end in ends {
            w.hears("carrier", "INVITE");
            w.all_read_by("second");
            w.close("carrier", *end);
        }
        w.hears("second", "INVITE");
        w.all_read_by("carrier");
    }
}

/// Who looks for the called end is given time: a second carrier would ring it twice.
#[test]
fn a_carrier_that_is_looking_gets_twenty_seconds() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.pass(Duration::from_millis(400));
    w.answer("carrier", &invite, "100 Trying", "", "", "");
    w.pass(Duration::from_millis(19_900));
    w.all_read();
    w.pass(Duration::from_millis(200));
    w.hears("carrier", "CANCEL");
    w.hears("second", "INVITE");
    // It rings in the last moment: now it has all its time.
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "100 Trying", "", "", "");
    w.pass(Duration::from_millis(19_900));
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.pass(Duration::from_secs(50));
    w.all_read();
}

#[test]
fn an_emergency_call_does_not_wait_for_who_is_looking() {
    let mut w = emergency();
    w.invite("pbx", "sip:112@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "100 Trying", "", "", "");
    w.pass(Duration::from_secs(6));
    w.hears("carrier", "CANCEL");
    w.hears("second", "INVITE");
}

/// A carrier's proxy that sends what it gets back to us, for another number: were each round that fails tried with two
/// carriers, each would be twice as many calls as the one before.
#[test]
fn what_comes_round_is_not_tried_another_way() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "");
    w.hears("pbx", "100");
    let first = w.hears("carrier", "INVITE");
    let text = String::from_utf8_lossy(first.bytes()).into_owned();
    let via = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKproxy\r\nVia";
    let round = text.replacen("Via", via, 1);
    let target = round.split(' ').nth(1).unwrap().to_owned();
    w.say("pbx", &round.replacen(&target, "sip:0203334444@edge.example", 1));
    w.hears("pbx", "100");
    let second = w.hears("carrier", "INVITE");
    w.answer("carrier", &second, "503 Service Unavailable", "c2", "", "");
    w.hears("carrier", "ACK");
    let refused = w.take("pbx").code().unwrap();
    assert!(refused >= 500 && !w.inbox.contains_key(&w.addr("second")), "{}", w.ladder);
    w.answer("carrier", &first, "503 Service Unavailable", "c1", "", "");
    w.hears("carrier", "ACK");
    w.hears("second", "INVITE");
}
