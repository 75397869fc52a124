//! Datagrams, orders and records, over real sockets on loopback.

#![allow(clippy::panic, clippy::unwrap_used)] // a test may

mod rim;

use rim::{PATIENCE, Plan, Rim, carrier, gate, listener, options, snapshot, until};
use ringfence_call::{Parts, Target};
use ringfence_edge::{Refused, Settings, StartError, Way, records};
use ringfence_gate::{Command, Input, Output};
use ringfence_model::{Level, Scope, TenantId};
use ringfence_sip::Transport;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

fn udp(shards: u8) -> Rim {
    Plan { shards, ..Plan::on(Transport::Udp, "127.0.0.1:0") }.start()
}

fn peer(at: &str) -> UdpSocket {
    let socket = UdpSocket::bind(at).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn hear(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut buffer = [0; 65_535];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    (String::from_utf8(buffer[..length].to_vec()).unwrap(), from)
}

fn block() -> Input<'static> {
    let scope = Scope::Tenant(TenantId::new("t1"));
    Input::Command(Command::Block {
        scope,
        level: Level::National,
        until: None,
        by: Arc::from("test"),
    })
}

#[test]
fn junk_and_strangers_are_heard_and_never_answered() {
    let rim = udp(1);
    let counters = || rim.edge.counters(0).unwrap();
    let friend = peer("127.0.0.1:0");
    let stranger = peer("127.0.0.66:0");
    let mut sent = 0;
    let mut seed = 7u64;
    let mut junk: Vec<Vec<u8>> = (0..1_500)
        .step_by(7)
        .chain([9_000, 65_507])
        .map(|length| {
            (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (seed >> 33) as u8
                })
                .collect()
        })
        .collect();
    junk.push(options(1, "UDP").into_bytes());
    junk.push(b"\r\n\r\n".to_vec());
    for bytes in &junk {
        for from in [&stranger, &friend] {
            if from.local_addr().unwrap() == friend.local_addr().unwrap()
                && bytes.starts_with(b"OPT")
            {
                continue;
            }
            from.send_to(bytes, rim.at(0)).unwrap();
            sent += 1;
            until("the datagram is taken", || counters().datagrams_received.get() == sent);
        }
    }
    until("keep-alives are known", || counters().keep_alives.get() == 4);
    assert_eq!((counters().faults.get(), counters().datagrams_sent.get()), (0, 0));
    friend.send_to(options(2, "UDP").as_bytes(), rim.at(0)).unwrap();
    assert!(hear(&friend).0.starts_with("SIP/2.0 200"), "who is known is answered");
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 9]).is_err());
    assert_eq!(rim.edge.stop().into_iter().flatten().count(), 1);
}

#[test]
fn a_datagram_of_any_size_is_heard_whole() {
    let rim = udp(1);
    let copies = rim.edge.watch(9);
    let peer = peer("127.0.0.1:0");
    for length in [1, 1_100, 6_000, 65_507] {
        let bytes: Vec<u8> = (0..length).map(|at| b'A' + (at % 26) as u8).collect();
        peer.send_to(&bytes, rim.at(0)).unwrap();
        let copy = copies.recv_timeout(PATIENCE).unwrap();
        assert_eq!((copy.way, copy.flow.remote), (Way::In, peer.local_addr().unwrap()));
        assert!(copy.bytes == bytes, "{length} bytes");
    }
}

#[test]
fn a_burst_larger_than_a_batch_is_answered_whole_and_what_waited_is_known() {
    let rim = udp(1);
    let peer = peer("127.0.0.1:0");
    // Held up, so that the burst waits together.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    rim.edge.ask(0, move |_, _| wait.recv().unwrap()).unwrap();
    let count = 150;
    for number in 0..count {
        peer.send_to(options(number, "UDP").as_bytes(), rim.at(0)).unwrap();
    }
    go.send(()).unwrap();
    let mut answered: Vec<_> = (0..count)
        .map(|_| {
            let (text, _) = hear(&peer);
            text.lines()
                .find_map(|line| line.strip_prefix("Call-ID: c"))
                .unwrap()
                .parse::<usize>()
                .unwrap()
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, (0..count).collect::<Vec<_>>());
    let batches: u64 = rim.edge.lag(0).unwrap().buckets().map(|(_, count)| count).sum();
    assert!(batches > 0 && batches < count as u64 * 2, "{batches} turns");
}

/// An INVITE too large for one packet on Ethernet, which leaves by other fragments than it came in.
#[test]
fn a_large_invite_passes_from_pbx_to_carrier() {
    let carrier_side = peer("127.0.0.9:0");
    let port = carrier_side.local_addr().unwrap().port();
    let mut plan = Plan::on(Transport::Udp, "127.0.0.1:0");
    plan.trunks.push(carrier("127.0.0.9", Some(port), None));
    let rim = plan.start();
    let pbx = peer("127.0.0.1:0");
    assert!(hear(&carrier_side).0.starts_with("REGISTER "), "its address is known");
    let body = "x".repeat(6_000);
    let from = pbx.local_addr().unwrap();
    let invite = format!(
        "INVITE sip:0201112233@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKbig\r\n\
         Max-Forwards: 70\r\nFrom: <sip:101@acme.example>;tag=f\r\nTo: <sip:0201112233@acme.example>\r\n\
         Call-ID: big\r\nCSeq: 1 INVITE\r\nContact: <sip:101@{from}>\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    pbx.send_to(invite.as_bytes(), rim.at(0)).unwrap();
    assert!(hear(&pbx).0.starts_with("SIP/2.0 100"));
    let out = std::iter::repeat_with(|| hear(&carrier_side).0);
    let out = out.take(20).find(|text| text.starts_with("INVITE ")).unwrap();
    assert!(out.ends_with(&body), "{out}");
}

/// The kernel gives a peer's datagrams to a shard by its port; the tenant is at home on one of them.
#[test]
fn a_message_reaches_its_shard_and_the_answer_its_sender() {
    let mut plan = Plan { shards: 2, ..Plan::on(Transport::Udp, "127.0.0.1:0") };
    plan.trunks.push(ringfence_call::Trunk {
        upstream: None,
        targets: vec![Target { host: "127.0.0.9".into(), port: Some(9), transport: None }],
        ..carrier("x", None, None)
    });
    let rim = plan.start();
    for number in 0..40 {
        let pbx = peer("127.0.0.1:0");
        pbx.send_to(options(number, "UDP").as_bytes(), rim.at(0)).unwrap();
        let (text, from) = hear(&pbx);
        assert!(text.starts_with("SIP/2.0 200") && from == rim.at(0), "{text}");
    }
    let counters = [rim.edge.counters(0).unwrap(), rim.edge.counters(1).unwrap()];
    let heard = counters.map(|of| of.datagrams_received.get());
    assert!(heard.iter().all(|heard| *heard > 0), "both shards hear: {heard:?}");
    let over = || counters.map(|of| of.handed_over.get());
    let [one, two] = counters.map(|of| of.taken_over.get());
    assert!(one + two > 0, "some are handed over");
    // Counted after the neighbour may have answered already.
    until("as many are given as taken", || over() == [two, one]);
}

#[test]
fn orders_reach_their_shard_and_what_it_says_reaches_the_records() {
    let Rim { edge, reader, .. } =
        Plan { shards: 2, ..Plan::on(Transport::Udp, "[::1]:0") }.start();
    edge.input(1, block()).unwrap();
    let record = loop {
        let batch = reader.take(PATIENCE).unwrap();
        if let Some(record) = batch.records.into_iter().next() {
            break record;
        }
    };
    assert_eq!(record.shard, 1);
    assert!(matches!(record.what, Output::Blocked { .. }), "{record:?}");

    let (answer, answered) = std::sync::mpsc::channel();
    edge.ask(1, move |gate, _| answer.send(gate.state().wall).unwrap()).unwrap();
    assert!(answered.recv_timeout(PATIENCE).unwrap() >= record.at);
    assert_eq!(edge.input(2, Input::Tick), Err(Refused::Gone(2)));

    assert_eq!(edge.stop().into_iter().flatten().count(), 2);
    while reader.take(PATIENCE).is_some() {}
}

#[test]
fn an_order_that_panics_costs_only_itself() {
    let edge = udp(1).edge;
    edge.ask(0, |_, _| panic!("on purpose")).unwrap();
    until("the fault is counted", || edge.counters(0).unwrap().faults.get() == 1);
    let (answer, answered) = std::sync::mpsc::channel();
    edge.ask(0, move |_, now| answer.send(now).unwrap()).unwrap();
    assert!(answered.recv_timeout(PATIENCE).is_ok());
}

#[test]
fn a_port_that_is_taken_is_said_even_when_both_would_share_it() {
    let rim = udp(2);
    let address = rim.at(0);
    let listeners = [listener("wan", Transport::Udp, &address.to_string())];
    let error = ringfence_edge::open(Settings::default(), &listeners, 1).err().unwrap();
    assert!(matches!(error, StartError::Socket { .. }));
    let text = error.to_string();
    let port = address.port().to_string();
    assert!(text.contains("in use") && text.contains(&port) && text.contains("ss -lnp"), "{text}");
}

#[test]
fn an_address_of_another_machine_is_said() {
    let listeners = [listener("wan", Transport::Udp, "192.0.2.1:25060")];
    let error = ringfence_edge::open(Settings::default(), &listeners, 1).err().unwrap().to_string();
    assert!(error.contains("192.0.2.1:25060") && error.contains("no such address"), "{error}");
}

#[test]
fn every_shard_needs_its_gate() {
    let sockets = ringfence_edge::open(Settings::default(), &[], 2).unwrap();
    let (records, reader) = records(1, []);
    let nothing = snapshot(Parts::default());
    let started = sockets.start(&nothing.directory, vec![gate(0, &nothing)], records);
    assert!(matches!(started, Err(StartError::Shards { .. })));
    assert!(reader.take(Duration::ZERO).is_none());
}

#[test]
fn buffers_are_as_large_as_the_system_grants() {
    let edge = udp(1).edge;
    let address = &edge.local_addresses()[0];
    assert!(address.receive_buffer_bytes >= 200 << 10, "{address:?}");
}
