//! Connections over real sockets on loopback: framing, bounds, and peers that behave badly.

#![allow(clippy::panic, clippy::unwrap_used)] // a test may

mod rim;

use rim::{PATIENCE, Plan, Rim, carrier, options, until};
use ringfence_edge::StreamSettings;
use ringfence_sip::Transport;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn tcp(change: impl FnOnce(&mut StreamSettings)) -> Rim {
    let mut plan = Plan::on(Transport::Tcp, "127.0.0.1:0");
    change(&mut plan.settings.streams);
    plan.start()
}

fn connect(rim: &Rim) -> TcpStream {
    let stream = TcpStream::connect(rim.at(0)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One message without a body, or whatever came before the end.
fn hear(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

/// The connection was closed, without a word.
#[track_caller]
fn closed(stream: &mut TcpStream) {
    match stream.read(&mut [0; 9]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_are_cut_and_answered_on_their_connection_however_they_arrive() {
    let rim = tcp(|_| {});
    let mut peer = connect(&rim);
    for byte in options(1, "TCP").bytes() {
        peer.write_all(&[byte]).unwrap();
    }
    assert!(hear(&mut peer).contains("Call-ID: c1\r\n"));
    let together: String = (2..5).map(|number| options(number, "TCP")).collect();
    peer.write_all(together.as_bytes()).unwrap();
    for number in 2..5 {
        let text = hear(&mut peer);
        assert!(
            text.starts_with("SIP/2.0 200") && text.contains(&format!("Call-ID: c{number}\r\n"))
        );
    }
    assert_eq!(rim.edge.counters(0).unwrap().connections.get(), 1);
    drop(peer);
    until("the shard hears of the end", || rim.edge.counters(0).unwrap().connections.get() == 0);
    until("its place is free", || rim.edge.stream_counters().open.get() == 0);
}

#[test]
fn keep_alives_are_answered() {
    let rim = tcp(|_| {});
    let mut peer = connect(&rim);
    peer.write_all(b"\r\n\r\n").unwrap();
    let mut pong = [0; 2];
    peer.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\r\n");
}

#[test]
fn what_is_no_sip_is_closed_at_once() {
    let rim = tcp(|_| {});
    for junk in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00", b"OPTIONS sip:x SIP/2.0\r\n\r\n"]
    {
        let mut peer = connect(&rim);
        peer.write_all(junk).unwrap();
        closed(&mut peer);
    }
    until("all are counted", || rim.edge.stream_counters().closed_framing.get() == 3);
}

#[test]
fn an_unfinished_message_is_not_waited_for() {
    let rim = tcp(|settings| {
        settings.message_time = Duration::from_millis(50);
        settings.first_message_time = Duration::from_millis(50);
    });
    let mut silent = connect(&rim);
    let mut slow = connect(&rim);
    slow.write_all(options(1, "TCP").as_bytes()).unwrap();
    assert!(hear(&mut slow).starts_with("SIP/2.0 200"));
    let mut steady = connect(&rim);
    steady.write_all(options(2, "TCP").as_bytes()).unwrap();
    assert!(hear(&mut steady).starts_with("SIP/2.0 200"));
    // A byte now and then is no progress.
    slow.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let dripped = options(3, "TCP").bytes().all(|byte| {
        slow.write_all(&[byte]).is_ok()
            && slow.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    });
    assert!(!dripped, "closed before the message was whole");
    closed(&mut silent);
    until("both are counted", || rim.edge.stream_counters().closed_stalled.get() == 2);
    steady.write_all(options(4, "TCP").as_bytes()).unwrap();
    assert!(hear(&mut steady).contains("Call-ID: c4\r\n"), "who finishes may be quiet in between");
}

#[test]
fn silence_ends_a_connection() {
    let rim = tcp(|settings| settings.idle_time = Duration::from_millis(50));
    let mut peer = connect(&rim);
    peer.write_all(options(1, "TCP").as_bytes()).unwrap();
    assert!(hear(&mut peer).starts_with("SIP/2.0 200"));
    closed(&mut peer);
    until("it is counted", || rim.edge.stream_counters().closed_idle.get() == 1);
}

#[test]
fn who_does_not_read_is_closed_and_stalls_nobody() {
    let rim = tcp(|settings| settings.queue_bytes_max = 20_000);
    let slow = || rim.edge.counters(0).unwrap().closed_slow_readers.get();
    let mut deaf = connect(&rim);
    deaf.set_write_timeout(Some(PATIENCE)).unwrap();
    let mut good = connect(&rim);
    let flood: String = (0..100).map(|number| options(number, "TCP")).collect();
    std::thread::scope(|scope| {
        // Fails once the connection is closed. On a thread of its own: how fast a connection nobody reads takes more is
        // the kernel's affair.
        let flooding = scope.spawn(move || while deaf.write_all(flood.as_bytes()).is_ok() {});
        let mut rounds = 0;
        while slow() == 0 && !flooding.is_finished() {
            rounds += 1;
            good.write_all(options(rounds, "TCP").as_bytes()).unwrap();
            assert!(hear(&mut good).contains(&format!("Call-ID: c{rounds}\r\n")));
        }
    });
    until("it is closed", || slow() == 1);
    until("only the good one is left", || rim.edge.counters(0).unwrap().connections.get() == 1);
}

#[test]
fn each_source_has_its_share_of_connections() {
    let rim = tcp(|settings| settings.per_source_max = 2);
    let mut peers: Vec<_> = (0..2).map(|_| connect(&rim)).collect();
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.write_all(options(number, "TCP").as_bytes()).unwrap();
        assert!(hear(peer).starts_with("SIP/2.0 200"));
    }
    closed(&mut connect(&rim));
    drop(peers);
    until("their places are free", || rim.edge.stream_counters().open.get() == 0);
    let mut peer = connect(&rim);
    peer.write_all(options(9, "TCP").as_bytes()).unwrap();
    assert!(hear(&mut peer).starts_with("SIP/2.0 200"));
}

#[test]
fn strangers_are_not_answered_on_connections_either() {
    let mut plan = Plan::on(Transport::Tcp, "127.0.0.1:0");
    plan.trunks[0].networks = vec!["192.0.2.1/32".parse().unwrap()];
    let rim = plan.start();
    let mut peer = connect(&rim);
    peer.write_all(options(1, "TCP").as_bytes()).unwrap();
    until("it is heard", || rim.edge.counters(0).unwrap().stream_messages_received.get() == 1);
    peer.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    assert!(!matches!(peer.read(&mut [0; 9]), Ok(1..)));
    assert_eq!(rim.edge.counters(0).unwrap().stream_messages_sent.get(), 0);
}

/// The connection is held by the shard of its address, the tenant by one of them.
#[test]
fn an_answer_finds_the_shard_that_holds_the_connection() {
    let mut plan = Plan { shards: 2, ..Plan::on(Transport::Tcp, "127.0.0.1:0") };
    plan.trunks[0].networks = vec!["127.0.0.0/24".parse().unwrap()];
    let rim = plan.start();
    for host in 1..20u8 {
        let from: std::net::SocketAddr = ([127, 0, 0, host], 0).into();
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&from.into()).unwrap();
        socket.connect(&rim.at(0).into()).unwrap();
        let mut peer = TcpStream::from(socket);
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer.write_all(options(usize::from(host), "TCP").as_bytes()).unwrap();
        assert!(hear(&mut peer).contains(&format!("Call-ID: c{host}\r\n")));
    }
    let counters = [rim.edge.counters(0).unwrap(), rim.edge.counters(1).unwrap()];
    let heard = counters.map(|of| of.stream_messages_received.get());
    assert!(heard.iter().all(|heard| *heard > 0), "both shards hold some: {heard:?}");
    // A request goes over, its answer comes back, and so does word of each connection's end, as all are dropped.
    let over = || counters.map(|of| of.handed_over.get());
    until("twice as many go as come", || {
        let [one, other] = over();
        let (more, less) = (one.max(other), one.min(other));
        less > 0 && more == 2 * less
    });
}

#[test]
fn a_connection_is_opened_once_and_used_again() {
    let carrier_side = TcpListener::bind("127.0.0.9:0").unwrap();
    let port = carrier_side.local_addr().unwrap().port();
    let mut plan = Plan::on(Transport::Tcp, "127.0.0.1:0");
    plan.trunks.push(carrier("127.0.0.9", Some(port), Some(Transport::Tcp)));
    let rim = plan.start();
    let (mut stream, from) = carrier_side.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(from.ip(), rim.at(0).ip(), "peers know us by the address we listen on");
    let register = hear(&mut stream);
    assert!(register.starts_with("REGISTER "), "{register}");
    let line = |name: &str| register.lines().find(|line| line.starts_with(name)).unwrap();
    let challenge = format!(
        "SIP/2.0 423 Interval Too Brief\r\n{}\r\n{}\r\n{};tag=x\r\n{}\r\n{}\r\nMin-Expires: 900\r\nContent-Length: 0\r\n\r\n",
        line("Via:"),
        line("From:"),
        line("To:"),
        line("Call-ID:"),
        line("CSeq:")
    );
    stream.write_all(challenge.as_bytes()).unwrap();
    let again = hear(&mut stream);
    assert!(again.starts_with("REGISTER ") && again.contains("900"), "{again}");
    assert_eq!(rim.edge.stream_counters().dialled.get(), 1);
}

#[test]
fn a_peer_that_is_not_there_is_known_to_be_gone() {
    // Bound and let go: nobody listens there now.
    let port = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap().port();
    let mut plan = Plan::on(Transport::Tcp, "127.0.0.1:0");
    plan.trunks.push(carrier("127.0.0.9", Some(port), Some(Transport::Tcp)));
    let rim = plan.start();
    until("the dial failed", || rim.edge.stream_counters().dials_failed.get() > 0);
    until("nothing is left of it", || rim.edge.counters(0).unwrap().connections.get() == 0);
}
