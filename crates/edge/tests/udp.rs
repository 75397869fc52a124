//! Datagrams, orders and records, over real sockets on loopback.

mod rim;

use rim::{PATIENCE, gate, listener, started, udp, until};
use ringfence_edge::{Refused, Settings, StartError, Way, records};
use ringfence_gate::{Command, Input, Output};
use ringfence_model::{Level, Scope, TenantId};
use ringfence_sip::Transport;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

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
fn junk_is_heard_and_never_answered() {
    let (edge, address) = udp(1);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut sent = 0;
    let mut seed = 7u64;
    for length in (0..1_500).step_by(7).chain([9_000, 65_507]) {
        let junk: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) as u8
            })
            .collect();
        stranger.send_to(&junk, address).unwrap();
        sent += 1;
        until("the datagram is taken", || {
            edge.counters(0).unwrap().datagrams_received.get() == sent
        });
    }
    stranger.send_to(b"\r\n\r\n", address).unwrap();
    until("the keep-alive is known", || edge.counters(0).unwrap().keep_alives.get() == 2);
    let counters = edge.counters(0).unwrap();
    assert_eq!((counters.faults.get(), counters.datagrams_sent.get()), (0, 0));
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 9]).is_err());
    assert_eq!(edge.stop().into_iter().flatten().count(), 1);
}

#[test]
fn a_datagram_of_any_size_is_heard_whole() {
    let (edge, address) = udp(1);
    let copies = edge.watch(9);
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in [1, 1_100, 6_000, 65_507] {
        let bytes: Vec<u8> = (0..length).map(|at| b'A' + (at % 26) as u8).collect();
        peer.send_to(&bytes, address).unwrap();
        let copy = copies.recv_timeout(PATIENCE).unwrap();
        assert_eq!((copy.way, copy.flow.remote), (Way::In, peer.local_addr().unwrap()));
        assert!(copy.bytes == bytes, "{length} bytes");
    }
}

#[test]
fn orders_reach_their_shard_and_what_it_says_reaches_the_records() {
    let (records, reader) = records(10, []);
    let listeners = [listener(Transport::Udp, "[::1]:0")];
    let (edge, _) = started(Settings::default(), &listeners, 2, records);
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
    let (edge, _) = udp(1);
    edge.ask(0, |_, _| panic!("on purpose")).unwrap();
    until("the fault is counted", || edge.counters(0).unwrap().faults.get() == 1);
    let (answer, answered) = std::sync::mpsc::channel();
    edge.ask(0, move |_, now| answer.send(now).unwrap()).unwrap();
    assert!(answered.recv_timeout(PATIENCE).is_ok());
}

#[test]
fn a_port_that_is_taken_is_said_even_when_both_would_share_it() {
    let (_edge, address) = udp(2);
    let listeners = [listener(Transport::Udp, &address.to_string())];
    let (records, _reader) = records(1, []);
    let gates = vec![gate()];
    let error =
        ringfence_edge::start(Settings::default(), &listeners, gates, records).err().unwrap();
    assert!(matches!(error, StartError::Socket { .. }));
    let text = error.to_string();
    let port = address.port().to_string();
    assert!(text.contains("in use") && text.contains(&port) && text.contains("ss -lnp"), "{text}");
}

#[test]
fn an_address_of_another_machine_is_said() {
    let listeners = [listener(Transport::Udp, "192.0.2.1:25060")];
    let error = ringfence_edge::open(Settings::default(), &listeners, 1).err().unwrap().to_string();
    assert!(error.contains("192.0.2.1:25060") && error.contains("no such address"), "{error}");
}

#[test]
fn every_shard_needs_its_gate() {
    let sockets = ringfence_edge::open(Settings::default(), &[], 2).unwrap();
    let (records, reader) = records(1, []);
    assert!(matches!(sockets.start(vec![gate()], records), Err(StartError::Shards { .. })));
    assert!(reader.take(Duration::ZERO).is_none());
}

#[test]
fn buffers_are_as_large_as_the_system_grants() {
    let (edge, _) = udp(1);
    let address = &edge.local_addresses()[0];
    assert!(address.receive_buffer_bytes >= 200 << 10, "{address:?}");
}
