//! Server transactions (RFC 3261 §17.2, RFC 6026 §7.1, RFC 3262 §3).

use crate::bench::Bench;
use ringfence_sip::Transport::{self, Tcp, Udp};

/// What brings an INVITE into a state; what each event then brings.
#[test]
fn every_state_of_invite_with_every_event() {
    let events = ["INVITE", "ACK", "ack", "CANCEL", "trying", "180", "200", "486"];
    #[rustfmt::skip]
    let table = [
        // state, how            INVITE           ACK         ack         CANCEL             trying   180    200    486
        ("silent",       "",     ["absorbed",     "no ack",   "no ack",   "cancelled 200",   "100",   "180", "200", "486"]),
        ("trying",       "trying", ["absorbed 100", "no ack", "no ack",   "cancelled 200",   "",      "180", "200", "486"]),
        ("proceeding",   "trying 180", ["absorbed 180", "no ack", "no ack", "cancelled 200", "",      "180", "200", "486"]),
        ("cancelled",    "CANCEL", ["absorbed",   "no ack",   "no ack",   "absorbed 200",    "100",   "180", "200", "486"]),
        ("accepted",     "200",  ["absorbed",     "no ack",   "ack",      "absorbed 200",    "",      "not", "not", "not"]),
        ("acknowledged", "200 ack", ["absorbed",  "no ack",   "absorbed", "absorbed 200",    "",      "not", "not", "not"]),
        ("completed",    "486",  ["absorbed 486", "absorbed", "no ack",   "absorbed 200",    "",      "not", "not", "not"]),
        ("confirmed",    "486 ACK", ["absorbed",  "absorbed", "no ack",   "absorbed 200",    "",      "not", "not", "not"]),
        ("terminated",   "486 ACK +5000", ["request", "no ack", "no ack", "stray",           "",      "not", "not", "not"]),
    ];
    for (state, how, expected) in table {
        for (event, expected) in events.into_iter().zip(expected) {
            let mut bench = Bench::new(Udp);
            bench.play(&format!("INVITE {how}"));
            assert_eq!(bench.play(event), expected, "{event} when {state}");
        }
    }
}

#[test]
fn every_state_of_another_request_with_every_event() {
    let events = ["OPTIONS", "CANCEL", "180", "200", "404"];
    let table = [
        ("trying", "", ["absorbed", "stray", "180", "200", "404"]),
        ("proceeding", "180", ["absorbed 180", "stray", "180", "200", "404"]),
        ("completed", "200", ["absorbed 200", "stray", "not", "not", "not"]),
        ("terminated", "200 +32000", ["request", "stray", "not", "not", "not"]),
    ];
    for (state, how, expected) in table {
        for (event, expected) in events.into_iter().zip(expected) {
            let mut bench = Bench::new(Udp);
            bench.play(&format!("OPTIONS {how}"));
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

/// Timer G from T1 to T2, Timer H; Timers I, J; and L with the retransmission of the 2xx, also over streams.
#[test]
fn every_timer() {
    let finals = |code: &str| {
        let at = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
        at.map(|at| format!("{at} {code}")).join(", ")
    };
    assert_eq!(over_time(Udp, "INVITE 486"), finals("486"));
    assert_eq!(over_time(Tcp, "INVITE 486"), "");
    assert_eq!(over_time(Udp, "INVITE 200"), finals("200") + ", 32000 no ack");
    assert_eq!(over_time(Tcp, "INVITE 200"), finals("200") + ", 32000 no ack");
    assert_eq!(over_time(Udp, "INVITE 200 +1600 ack"), "");
    assert_eq!(over_time(Udp, "INVITE 180"), " (1 left)", "however long it rings");
    assert_eq!(over_time(Udp, "OPTIONS"), "32000 unanswered");
    assert_eq!(over_time(Udp, "OPTIONS 200"), "");
    for (transport, words, ends_ms) in [
        (Udp, "INVITE 486", 32_000),
        (Tcp, "INVITE 486", 32_000),
        (Udp, "INVITE 486 ACK", 5_000),
        (Tcp, "INVITE 486 ACK", 0),
        (Udp, "INVITE 200", 32_000),
        (Udp, "INVITE 200 ack", 32_000),
        (Tcp, "INVITE 200 ack", 32_000),
        (Udp, "OPTIONS 200", 32_000),
        (Tcp, "OPTIONS 200", 0),
        (Udp, "OPTIONS 180", 32_000),
        (Udp, "INVITE abandon", 0),
    ] {
        let mut bench = Bench::new(transport);
        bench.play(words);
        if ends_ms > 0 {
            bench.wait(ends_ms - 1);
            assert_eq!(bench.transactions.len(), 1, "{transport:?} {words}");
            bench.wait(1);
        }
        assert!(bench.transactions.is_empty(), "{transport:?} {words}");
    }
}

/// The interval doubles without bound, over streams too; a PRACK ends it, and so does a final response.
#[test]
fn reliable_provisional_responses() {
    let again = "500 183, 1500 183, 3500 183, 7500 183, 15500 183, 31500 183, 32000 no prack 1";
    for transport in [Udp, Tcp] {
        let mut bench = Bench::new(transport);
        bench.play("INVITE trying 183r1");
        assert_eq!(bench.play("+60000"), again);
        assert_eq!(bench.play("504"), "504", "the INVITE can still be answered");
    }
    let mut bench = Bench::new(Udp);
    assert_eq!(bench.play("INVITE 183r1 +600 prack1"), "true");
    assert_eq!(bench.play("prack1"), "false", "a second one is of nothing");
    assert_eq!(bench.play("+40000"), "");
    assert_eq!(bench.play("180r2 180r3"), "180", "two early dialogs at once");
    assert_eq!(bench.play("prack7"), "false");
    assert_eq!(bench.play("prack2 +500"), "500 180");
    assert_eq!(bench.play("INVITE"), "absorbed 180");
    assert_eq!(bench.play("200 ack +40000"), "");
    assert_eq!(bench.play("180r4"), "not");
    assert!(bench.transactions.is_empty());
}

/// Some peers put the branch of the INVITE into the ACK of a 2xx.
#[test]
fn an_ack_is_known_by_branch_or_by_dialog() {
    let acks = |branch: &str, tag: &str| {
        let mut bench = Bench::new(Udp);
        bench.play("INVITE 200");
        bench.heard(&crate::bench::request("ACK", branch, tag))
    };
    assert_eq!(acks("a", ";tag=ours"), "ack");
    assert_eq!(acks("other", ";tag=ours"), "ack");
    assert_eq!(acks("other", ";tag=another"), "no ack", "of another fork");
    assert_eq!(acks("other", ""), "no ack");
    let mut bench = Bench::new(Udp);
    bench.play("INVITE 200");
    let later = crate::bench::request("ACK", "b", ";tag=ours").replace("CSeq: 1", "CSeq: 2");
    assert_eq!(bench.heard(&later), "no ack", "of another INVITE");
}

/// A trunk of several addresses may send its ACK from another one; the user of the transaction knows the dialog.
#[test]
fn an_ack_by_another_way() {
    let mut bench = Bench::new(Udp);
    bench.play("INVITE");
    let server = bench.server.unwrap();
    assert!(!bench.transactions.acknowledged(server), "nothing was accepted");
    bench.play("200");
    assert!(bench.transactions.acknowledged(server));
    assert!(!bench.transactions.acknowledged(server));
    assert_eq!(bench.play("ack"), "absorbed");
    assert_eq!(bench.play("+40000"), "");
    assert!(bench.transactions.is_empty());
}

/// RFC 3261 §9.2: 200 to CANCEL bears the tag of the responses to the INVITE.
#[test]
fn the_answer_to_cancel() {
    let mut bench = Bench::new(Udp);
    bench.play("INVITE trying 180");
    bench.hear(&crate::bench::request("CANCEL", "a", ""));
    let answer = bench.messages().remove(0);
    let head = answer.essentials().unwrap();
    assert_eq!(head.to.tag(), Some(&b"ours"[..]));
    assert_eq!((answer.code(), head.cseq.method_text), (Some(200), &b"CANCEL"[..]));
    let mut bench = Bench::new(Udp);
    bench.play("INVITE trying");
    let tags = [0, 1].map(|_| {
        bench.hear(&crate::bench::request("CANCEL", "a", ""));
        bench.messages().remove(0).essentials().unwrap().to.tag().unwrap().to_vec()
    });
    assert_eq!(tags[0], tags[1], "a retransmission gets the same answer");
}
