//! Which transaction a message is of, and what outsiders try.

use crate::bench::{Bench, OWNER, request, response};
use bytes::Bytes;
use ringfence_call::{Heard, Transactions};
use ringfence_sip::Transport::Udp;
use ringfence_sip::{Flow, Method};

fn elsewhere(bench: &Bench) -> Flow {
    Flow { remote: "203.0.113.9:5060".parse().unwrap(), ..bench.flow }
}

/// RFC 3261 §17.2.3, first form: branch, sent-by and method.
#[test]
fn requests_by_branch() {
    let invite = request("INVITE", "a", "");
    for (again, what) in [
        (invite.clone(), "absorbed"),
        (invite.replace("198.51.100.7:5060;branch", "198.51.100.7;branch"), "absorbed"),
        (invite.replace("rport", "rport;x=y"), "absorbed"),
        (request("OPTIONS", "a", ""), "request"),
        (request("CANCEL", "a", ""), "cancelled"),
        (request("CANCEL", "b", ""), "stray"),
        (invite.replace("198.51.100.7:5060;", "198.51.100.7:5070;"), "merged"),
        (request("INVITE", "b", ""), "merged"),
        (request("INVITE", "b", "").replace("CSeq: 1", "CSeq: 2"), "request"),
        (request("INVITE", "A", "").replace("Call-ID: one", "Call-ID: two"), "request"),
    ] {
        let mut bench = Bench::new(Udp);
        bench.hear(&invite);
        assert_eq!(bench.heard(&again), what, "{again}");
    }
    let named = invite.replace("198.51.100.7:5060;", "PC.a.example;");
    let mut bench = Bench::new(Udp);
    bench.hear(&named);
    assert_eq!(bench.heard(&named.replace("PC.a", "pc.A")), "absorbed");
}

/// RFC 3261 §17.2.3, second form: peers of RFC 2543 make no branch that means anything.
#[test]
fn requests_without_a_branch() {
    for via in ["", ";branch=1", ";branch=z9hG4bK"] {
        let old = |method: &str, tag: &str| {
            request(method, "a", tag).replace(";branch=z9hG4bKa;rport", via)
        };
        let invite = old("INVITE", "");
        let heard = |after: &str, text: &str| {
            let mut bench = Bench::new(Udp);
            bench.hear(&invite);
            bench.play(after);
            bench.heard(text)
        };
        assert_eq!(heard("", &invite), "absorbed");
        assert_eq!(heard("", &old("CANCEL", "")), "cancelled");
        assert_eq!(heard("486", &old("ACK", ";tag=ours")), "absorbed");
        assert_eq!(heard("200", &old("ACK", ";tag=ours")), "ack");
        assert_eq!(heard("", &old("OPTIONS", "")), "request");
        for (from, to) in [
            ("sip:bob@192.0.2.1", "sip:eve@192.0.2.1"),
            ("tag=from", "tag=other"),
            ("Call-ID: one", "Call-ID: two"),
            ("CSeq: 1", "CSeq: 2"),
            ("UDP 198.51.100.7", "UDP 198.51.100.8"),
            ("SIP/2.0/UDP", "SIP/2.0/TCP"),
        ] {
            let other = invite.replace(from, to);
            assert!(matches!(heard("", &other).as_str(), "request" | "merged"), "{other}");
            let cancel = old("CANCEL", "").replace(from, to);
            assert_eq!(heard("", &cancel), "stray", "{cancel}");
        }
        let options = old("OPTIONS", "");
        let mut bench = Bench::new(Udp);
        bench.hear(&options);
        assert_eq!(bench.heard(&options), "absorbed");
        assert_eq!(bench.heard(&old("OPTIONS", ";tag=x")), "request");
    }
}

/// RFC 3261 §8.2.2.2; after a failure the same INVITE may be tried another way.
#[test]
fn merged_requests() {
    let copy = request("INVITE", "b", "");
    for (how, heard) in [
        ("INVITE", "merged"),
        ("INVITE 180", "merged"),
        ("INVITE 200", "merged"),
        ("INVITE 503", "request"),
        ("INVITE 503 ACK", "request"),
        ("INVITE abandon", "request"),
    ] {
        let mut bench = Bench::new(Udp);
        bench.play(how);
        assert_eq!(bench.heard(&copy), heard, "{how}");
    }
    // The first one's end takes nothing from the second.
    let mut bench = Bench::new(Udp);
    bench.play("INVITE 503 ACK");
    bench.hear(&copy);
    bench.play("+5000 200");
    assert_eq!(bench.heard(&request("ACK", "c", ";tag=ours")), "ack");
}

/// Who is not where the transaction's messages come from can neither end, answer, use up nor confirm it.
#[test]
fn what_comes_from_another_address() {
    let mut bench = Bench::new(Udp);
    bench.play("INVITE trying 180");
    let other = elsewhere(&bench);
    assert_eq!(bench.hear_from(other, &request("CANCEL", "a", "")), Heard::Stray);
    assert!(matches!(bench.hear_from(other, &request("INVITE", "a", "")), Heard::Request(_)));
    bench.out.clear();
    let mut bench = Bench::new(Udp);
    bench.play("INVITE 486");
    assert_eq!(bench.hear_from(other, &request("ACK", "a", "")), Heard::Ack(None));
    assert_eq!(bench.play("INVITE"), "absorbed 486", "486 is still sent");
    let mut bench = Bench::new(Udp);
    bench.play("INVITE 200");
    assert_eq!(bench.hear_from(other, &request("ACK", "b", ";tag=ours")), Heard::Ack(None));
    assert_eq!(bench.play("+500"), "500 200");
    let mut bench = Bench::new(Udp);
    bench.play(">INVITE");
    assert_eq!(bench.hear_from(other, &response(200, "INVITE", "t", "")), Heard::Stray);
    assert_eq!(bench.play("<180"), "response");
    // Behind an address translator the port may change.
    let mut moved = bench.flow;
    moved.remote.set_port(40_000);
    let heard = bench.hear_from(moved, &response(200, "INVITE", "t", ""));
    assert!(matches!(heard, Heard::Response { last: true, .. }));
    assert!(bench.out.iter().all(|output| matches!(
        output,
        ringfence_call::Output::Transmit { flow, .. } if flow.remote == bench.flow.remote
    )));
    // The same address as a socket for both families says it.
    let mut bench = Bench::new(Udp);
    bench.play(">INVITE");
    let mapped = Flow { remote: "[::ffff:198.51.100.7]:5060".parse().unwrap(), ..bench.flow };
    let heard = bench.hear_from(mapped, &response(180, "INVITE", "t", ""));
    assert!(matches!(heard, Heard::Response { .. }));
}

#[test]
fn responses_of_others_are_stray() {
    let good = response(200, "INVITE", "t", "");
    for text in [
        good.replace("z9hG4bKours", "z9hG4bKother"),
        good.replace("z9hG4bKours", "z9hG4bKOURS"),
        good.replace(";branch=z9hG4bKours", ""),
        good.replace("CSeq: 5 INVITE", "CSeq: 5 BYE"),
        good.replace("From:", "Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKx\r\nFrom:"),
    ] {
        let mut bench = Bench::new(Udp);
        bench.play(">INVITE");
        assert_eq!(bench.heard(&text), "stray", "{text}");
    }
    let mut bench = Bench::new(Udp);
    bench.play("INVITE 180");
    assert_eq!(bench.heard(&good.replace("z9hG4bKours", "z9hG4bKa")), "stray", "of a server's");
}

#[test]
fn keys_of_what_is_over_mean_nothing() {
    let mut bench = Bench::new(Udp);
    bench.play("INVITE");
    let old = bench.server.unwrap();
    bench.transactions.abandon_server(old);
    bench.play("INVITE");
    assert_ne!(bench.server, Some(old));
    let busy = bench.response(486);
    assert!(!bench.transactions.respond(bench.now, old, 486, busy, &mut bench.out));
    bench.transactions.abandon_server(old);
    assert!(!bench.transactions.pracked(old, 1));
    assert_eq!(bench.transactions.len(), 1);
    assert_eq!(bench.play("180"), "180");
}

/// A flood of new requests finds a cap; calls can still end, and we can still ask.
#[test]
fn the_cap() {
    let mut bench = Bench::new(Udp);
    bench.transactions = Transactions::with_max(1, 80, 80);
    let mut flood = |tag: &str| -> usize {
        (0..200)
            .filter(|n| {
                let text = request("OPTIONS", &format!("{n}x{}", tag.len()), tag);
                matches!(bench.hear(&text), Heard::Request(_))
            })
            .count()
    };
    assert_eq!((flood(""), flood(";tag=ours")), (80, 10));
    assert_eq!(bench.heard(&request("INVITE", "new", "")), "full");
    assert_eq!(bench.play(">BYE"), "BYE");
    let retransmission = request("OPTIONS", "3x0", "");
    assert_eq!(bench.heard(&retransmission), "absorbed");
    bench.wait(32_000);
    assert!(bench.transactions.is_empty());
    assert_eq!(bench.heard(&request("INVITE", "new", "")), "request");
}

/// What is answered takes no room from what is asked: when too much of it lingers, the oldest is forgotten.
#[test]
fn the_oldest_is_forgotten_first() {
    let mut bench = Bench::new(Udp);
    bench.transactions = Transactions::with_max(1, 20, 80);
    let options = |n: usize| request("OPTIONS", &format!("{n}x"), "");
    for n in 0..200 {
        assert_eq!(bench.heard(&options(n)), "request", "{n}");
        assert_eq!(bench.play("200"), "200");
    }
    assert_eq!(bench.transactions.len(), 80);
    assert_eq!(bench.heard(&options(120)), "absorbed", "the last eighty are known");
    assert_eq!(bench.heard(&options(119)), "request", "who asks as late as this asks anew");
    bench.wait(32_000);
    assert!(bench.transactions.is_empty());
}

/// The same messages under another seed: nothing in a table tells the seed, and no key depends on chance.
#[test]
fn the_same_seed_the_same_bytes() {
    let run = |seed| {
        let mut bench = Bench::new(Udp);
        bench.transactions = Transactions::new(seed);
        bench.hear(&request("INVITE", "a", ""));
        bench.hear(&request("CANCEL", "a", ""));
        let invite = Bytes::from(crate::bench::ours("INVITE"));
        let (now, flow, out) = (bench.now, bench.flow, &mut bench.out);
        let branch = b"z9hG4bKours";
        bench.transactions.request(now, flow, Method::Invite, branch, invite, OWNER, out);
        bench.messages().iter().map(|message| message.bytes().clone()).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2), "the tag of the 200 to CANCEL is secret");
}
