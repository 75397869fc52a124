//! Client transactions (RFC 3261 §17.1, §9.1, RFC 6026 §7.2, RFC 3262 §4).

use crate::bench::{Bench, response};
use ringfence_sip::Method;
use ringfence_sip::Name;
use ringfence_sip::Transport::{self, Tcp, Udp};

#[test]
fn every_state_of_invite_with_every_event() {
    let events = ["<100", "<183", "<200", "<200/fork", "<486", "<503", "cancel", "broken"];
    #[rustfmt::skip]
    let table = [
        // state, how              <100        <183        <200        <200/fork   <486            <503            cancel    broken
        ("calling",    "",        ["response", "response", "last",     "last",     "last ACK",     "last ACK",     "",       ""]),
        ("proceeding", "<180",    ["response", "response", "last",     "last",     "last ACK",     "last ACK",     "CANCEL", ""]),
        ("cancelling", "<180 cancel", ["response", "response", "last", "last",     "last ACK",     "last ACK",     "",       ""]),
        ("to cancel",  "cancel",  ["response CANCEL", "response CANCEL", "last", "last", "last ACK", "last ACK",   "",       ""]),
        ("accepted",   "<200",    ["absorbed", "absorbed", "again2xx", "again2xx", "absorbed",     "absorbed",     "",       ""]),
        ("completed",  "<486",    ["absorbed", "absorbed", "again2xx", "again2xx", "absorbed ACK", "absorbed ACK", "",       ""]),
        ("terminated", "<486 +32000", ["stray", "stray",   "stray",    "stray",    "stray",        "stray",        "",       ""]),
        ("abandoned",  "abandon", ["absorbed", "absorbed", "absorbed", "absorbed", "absorbed ACK", "absorbed ACK", "",       ""]),
    ];
    for (state, how, expected) in table {
        for (event, expected) in events.into_iter().zip(expected) {
            let mut bench = Bench::new(Udp);
            bench.play(&format!(">INVITE {how}"));
            assert_eq!(bench.play(event), expected, "{event} when {state}");
        }
    }
}

#[test]
fn every_state_of_another_request_with_every_event() {
    let events = ["<100/OPTIONS", "<200/OPTIONS", "<404/OPTIONS", "<200", "cancel"];
    let table = [
        ("trying", "", ["response", "last", "last", "stray", ""]),
        ("proceeding", "<100/OPTIONS", ["response", "last", "last", "stray", ""]),
        ("completed", "<200/OPTIONS", ["absorbed", "absorbed", "absorbed", "stray", ""]),
        ("terminated", "<200/OPTIONS +5000", ["stray", "stray", "stray", "stray", ""]),
    ];
    for (state, how, expected) in table {
        for (event, expected) in events.into_iter().zip(expected) {
            let mut bench = Bench::new(Udp);
            bench.play(&format!(">OPTIONS {how}"));
            assert_eq!(bench.play(event), expected, "{event} when {state}");
        }
    }
}

fn over_time(transport: Transport, words: &str) -> String {
    let mut bench = Bench::new(transport);
    bench.play(words);
    let said = bench.play("+200000");
    assert_eq!(bench.transactions.next_timer(), None);
    let left = bench.transactions.len();
    if left == 0 { said } else { format!("{said} ({left} left)") }
}

/// Timers A and B, E and F, before and after a provisional response.
#[test]
fn every_timer() {
    let invites = [500, 1500, 3500, 7500, 15500, 31500].map(|at| format!("{at} INVITE"));
    assert_eq!(over_time(Udp, ">INVITE"), invites.join(", ") + ", 32000 timeout");
    assert_eq!(over_time(Tcp, ">INVITE"), "32000 timeout");
    assert_eq!(over_time(Udp, ">INVITE <100"), " (1 left)", "however long it rings");
    let options = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let options = options.map(|at| format!("{at} OPTIONS")).join(", ");
    assert_eq!(over_time(Udp, ">OPTIONS"), options + ", 32000 timeout");
    assert_eq!(over_time(Tcp, ">OPTIONS"), "32000 timeout");
    // Timer E runs on, then every T2.
    let slow = [500, 4500, 8500, 12500, 16500, 20500, 24500, 28500];
    let slow = slow.map(|at| format!("{at} OPTIONS")).join(", ");
    assert_eq!(over_time(Udp, ">OPTIONS <100/OPTIONS"), slow + ", 32000 timeout");
    // CANCEL is sent as any other request; 32 s after it the INVITE is given up.
    let cancels = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let cancels = cancels.map(|at| format!("{at} CANCEL")).join(", ") + ", 32000 timeout";
    assert_eq!(over_time(Udp, ">INVITE <180 +90000 cancel"), cancels);
    assert_eq!(over_time(Udp, ">INVITE <180 cancel <200/CANCEL"), "32000 timeout");
    assert_eq!(over_time(Udp, ">INVITE cancel"), invites.join(", ") + ", 32000 timeout");
    assert_eq!(over_time(Udp, ">INVITE <180 cancel <487 <200/CANCEL"), "");
    for (transport, words, ends_ms) in [
        (Udp, ">INVITE", 32_000),
        (Udp, ">INVITE <486", 32_000),
        (Tcp, ">INVITE <486", 0),
        (Udp, ">INVITE <200", 32_000),
        (Tcp, ">INVITE <200", 32_000),
        (Udp, ">OPTIONS <200/OPTIONS", 5_000),
        (Tcp, ">OPTIONS <200/OPTIONS", 0),
        (Udp, ">BYE abandon", 32_000),
    ] {
        let mut bench = Bench::new(transport);
        bench.play(words);
        if ends_ms > 0 {
            bench.wait(ends_ms - 1);
            assert_eq!(bench.transactions.len(), 1, "{transport:?} {words}");
            bench.wait(1);
        }
        assert!(bench.transactions.is_empty(), "{transport:?} {words}");
        assert_eq!(bench.transactions.clients(), 0);
    }
}

#[test]
fn a_cancel_is_a_transaction_of_its_own() {
    let mut bench = Bench::new(Udp);
    bench.play(">INVITE <180 cancel");
    assert_eq!((bench.transactions.len(), bench.transactions.clients()), (2, 2));
    assert_eq!(bench.play("<200/CANCEL +5000"), "");
    assert_eq!((bench.transactions.len(), bench.transactions.clients()), (1, 1));
}

/// A machine that slept sends one retransmission, not all that were missed.
#[test]
fn no_volley_after_a_pause() {
    let mut bench = Bench::new(Udp);
    bench.play(">OPTIONS");
    bench.now = bench.now + std::time::Duration::from_secs(20);
    assert_eq!(bench.transactions.due(bench.now, &mut bench.out), None);
    assert_eq!(bench.sent(), ["OPTIONS"]);
}

/// RFC 3261 §17.1.1.3 and §9.1, field by field.
#[test]
fn ack_and_cancel_are_made_of_the_invite() {
    let mut bench = Bench::new(Udp);
    bench.play(">INVITE");
    bench.hear(&response(180, "INVITE", "t", ""));
    let client = bench.client.unwrap();
    bench.transactions.cancel(bench.now, client, b"SIP;cause=200;text=\"x\"", &mut bench.out);
    bench.hear(&response(487, "INVITE", "t", ""));
    let said: Vec<String> = bench
        .messages()
        .iter()
        .map(|message| String::from_utf8(message.bytes().to_vec()).unwrap())
        .collect();
    let like = |method: &str, to: &str, more: &str| {
        format!(
            "{method} sip:bob@198.51.100.7 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours;rport\r\n\
             Max-Forwards: 70\r\n\
             Route: <sip:edge.example;lr>, <sip:core.example;lr>\r\n\
             From: <sip:alice@a.example>;tag=from\r\n\
             To: <sip:bob@b.example>{to}\r\n\
             Call-ID: two\r\n\
             CSeq: 5 {method}\r\n{more}\
             Content-Length: 0\r\n\r\n"
        )
    };
    let cancel = like("CANCEL", "", "Reason: SIP;cause=200;text=\"x\"\r\n");
    assert_eq!(said, [cancel, like("ACK", ";tag=t", "")]);
}

#[test]
fn reliable_provisional_responses_are_heard_once_and_in_order() {
    let mut bench = Bench::new(Udp);
    bench.ask(Method::Invite);
    let mut hear = |tag: &str, rseq: u32| {
        let more = format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
        bench.heard(&response(183, "INVITE", tag, &more))
    };
    assert_eq!(hear("a", 7), "response");
    assert_eq!(hear("a", 7), "absorbed", "sent again");
    assert_eq!(hear("a", 9), "absorbed", "one is missing before it");
    assert_eq!(hear("a", 8), "response");
    assert_eq!(hear("a", 7), "absorbed");
    assert_eq!(hear("b", 7), "response", "each early dialog counts for itself");
    let forks: Vec<String> = (0..40).map(|fork| hear(&fork.to_string(), 1)).collect();
    assert_eq!(forks.iter().filter(|heard| *heard == "response").count(), 14, "up to 16 forks");
    assert_eq!(bench.play("<180 <180"), "response", "what is not reliable passes each time");
}

#[test]
fn a_broken_connection_fails_what_was_not_heard_of() {
    let mut bench = Bench::new(Tcp);
    assert_eq!(bench.play(">OPTIONS broken"), "unreachable");
    assert!(bench.transactions.is_empty());
    assert_eq!(bench.play(">INVITE <180 broken"), "", "what rings goes on");
    let client = bench.client.unwrap();
    bench.transactions.cancel(bench.now, client, b"", &mut bench.out);
    let Some(ringfence_call::Output::Transmit { flow, call, .. }) = bench.out.pop_back() else {
        panic!("no CANCEL");
    };
    assert_eq!(flow.connection, None, "over a new connection");
    assert_eq!(call, Some(ringfence_model::CallId(7)));
    // Another connection of the same peer.
    let mut bench = Bench::new(Tcp);
    bench.play(">OPTIONS");
    let mut other = bench.flow;
    other.connection = Some(ringfence_sip::ConnectionId(2));
    bench.transactions.unreachable(&other, ringfence_call::End::Broke, &mut bench.out);
    assert_eq!(bench.transactions.len(), 1);
    bench.flow.remote.set_port(5999);
    assert_eq!(bench.play("broken"), "");
}

#[test]
fn what_is_sent_again_is_what_was_sent() {
    let mut bench = Bench::new(Udp);
    bench.ask(Method::Invite);
    bench.now = bench.now + std::time::Duration::from_millis(500);
    bench.transactions.due(bench.now, &mut bench.out);
    let [first, again] = &bench.messages()[..] else { panic!("two were sent") };
    assert_eq!(first.bytes(), again.bytes());
    assert!(first.has(Name::Route));
}
