//! A look at trunks: who answers, who does not, who is somebody else.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)] // a test may

mod rim;

use ringfence_call::{Directory, Listener, Parts, Trunk};
use ringfence_edge::{Silence, Tls, visit};
use ringfence_model::TrunkId;
use ringfence_sip::Transport;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn each_trunk_is_asked_in_its_own_way() {
    let answering = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp_port = answering.local_addr().unwrap().port();
    let nobody = {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().port()
    };
    let directory = directory(&[
        ("answers", Transport::Udp, udp_port),
        ("silent", Transport::Udp, silent.local_addr().unwrap().port()),
        ("stream", Transport::Tcp, stream.local_addr().unwrap().port()),
        ("nobody", Transport::Tcp, nobody),
        ("no-tls", Transport::Tls, nobody),
    ]);
    let answer = std::thread::spawn(move || {
        let mut heard = [0; 2048];
        let (length, from) = answering.recv_from(&mut heard).unwrap();
        let text = String::from_utf8_lossy(&heard[..length]).into_owned();
        let reply = text.replacen(text.lines().next().unwrap(), "SIP/2.0 404 Not here", 1);
        answering.send_to(b"noise", from).unwrap();
        answering.send_to(reply.as_bytes(), from).unwrap();
        (text, answering)
    });
    let seen = visit(&directory, &Tls::default(), Duration::from_millis(700)).unwrap();
    assert!(answer.join().unwrap().0.starts_with("OPTIONS sip:127.0.0.1 SIP/2.0\r\n"));
    let of = |name: &str| {
        let seen = seen.iter().find(|of| of.trunk.as_str() == name).unwrap();
        seen.found.as_ref().map(|all| all[0].answer.clone())
    };
    assert_eq!(of("answers"), Ok(Ok("answers 404 Not here".to_owned())));
    assert_eq!(of("silent"), Ok(Err(Silence::Quiet)));
    assert_eq!(of("stream"), Ok(Ok("connects".to_owned())));
    assert!(matches!(of("nobody"), Ok(Err(Silence::Failed(why))) if why.contains("refused")));
    assert_eq!(of("no-tls"), Err(&"no listener of ours can send there".to_owned()));
}

fn directory(trunks: &[(&str, Transport, u16)]) -> Arc<Directory> {
    let listener = |name: &str, transport| Listener {
        name: name.to_owned(),
        transport,
        local: "127.0.0.1:5060".parse().unwrap(),
        advertised: "127.0.0.1".to_owned(),
    };
    let trunk = |(name, transport, port): &(&str, Transport, u16)| {
        let of = rim::carrier("127.0.0.1", Some(*port), Some(*transport));
        Trunk { id: TrunkId::new(name), tenant: None, ..of }
    };
    let parts = Parts {
        listeners: vec![listener("udp", Transport::Udp), listener("tcp", Transport::Tcp)],
        tenants: Vec::new(),
        trunks: trunks.iter().map(trunk).collect(),
        extensions: Vec::new(),
        shards: 1,
    };
    Arc::new(Directory::new(parts).unwrap())
}
