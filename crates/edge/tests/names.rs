//! Where trunks are: asked of a small name server on loopback.

#![allow(clippy::panic, clippy::unwrap_used)] // a test may

mod rim;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use rim::{PATIENCE, Plan, Rim, carrier, until};
use ringfence_call::{Target, Trunk};
use ringfence_sip::Transport;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Zone = HashMap<(String, RecordType), Vec<RData>>;

/// What the server says; none: it fails.
#[derive(Clone, Default)]
struct Dns {
    zone: Arc<Mutex<Option<Zone>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    fn start(records: &[(&str, RData)]) -> (Self, SocketAddr) {
        let dns = Self::default();
        dns.says(records);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        let server = dns.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                socket.send_to(&server.answer(&question).to_vec().unwrap(), from).unwrap();
            }
        });
        (dns, at)
    }

    fn says(&self, records: &[(&str, RData)]) {
        let mut zone = Zone::new();
        for (name, data) in records {
            let key = (format!("{name}."), data.record_type());
            zone.entry(key).or_default().push(data.clone());
        }
        *self.zone.lock().unwrap() = Some(zone);
    }

    fn fails(&self) {
        *self.zone.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, question: &Message) -> Message {
        let query = question.queries[0].clone();
        let name = query.name().to_ascii().to_lowercase();
        self.asked.lock().unwrap().push(format!("{name} {}", query.query_type()));
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match &*self.zone.lock().unwrap() {
            None => answer.metadata.response_code = ResponseCode::ServFail,
            Some(zone) => {
                for data in zone.get(&(name, query.query_type())).into_iter().flatten() {
                    answer.add_answer(Record::from_rdata(query.name().clone(), 0, data.clone()));
                }
            }
        }
        answer
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

fn a(host: u8) -> RData {
    RData::A(A(Ipv4Addr::new(127, 0, 0, host)))
}

fn srv(priority: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, 0, port, name(target)))
}

fn naptr(order: u16, service: &str, replacement: &str) -> RData {
    let text = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
    RData::NAPTR(NAPTR::new(order, 10, text("s"), text(service), text(""), name(replacement)))
}

fn start(dns: SocketAddr, trunk: Trunk, also: &[Transport]) -> Rim {
    let mut plan = Plan::on(Transport::Udp, "127.0.0.1:0");
    plan.listeners.extend(also.iter().map(|transport| (*transport, "127.0.0.1:0")));
    plan.settings.names.servers = vec![dns];
    plan.settings.names.fresh_min = Duration::from_millis(20);
    plan.settings.names.pause_min = Duration::from_millis(20);
    plan.settings.names.pause_max = Duration::from_millis(20);
    plan.trunks.push(trunk);
    plan.start()
}

/// A carrier that tells whether somebody registers.
fn carrier_side() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.9:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[track_caller]
fn is_registered_at(socket: &UdpSocket) {
    let mut buffer = [0; 4_096];
    let (length, _) = socket.recv_from(&mut buffer).unwrap();
    assert!(buffer[..length].starts_with(b"REGISTER "));
}

#[test]
fn naptr_leads_to_srv_leads_to_an_address() {
    let carrier_listens = TcpListener::bind("127.0.0.9:0").unwrap();
    let port = carrier_listens.local_addr().unwrap().port();
    let (_dns, at) = Dns::start(&[
        ("carrier.example", naptr(20, "SIP+D2U", "_sip._udp.carrier.example")),
        ("carrier.example", naptr(10, "SIP+D2T", "_sip._tcp.elsewhere.example")),
        ("carrier.example", naptr(5, "SIPS+D2T", "_sips._tcp.carrier.example")),
        ("_sip._tcp.elsewhere.example", srv(10, port, "one.example")),
        ("one.example", a(9)),
    ]);
    // No listener speaks TLS, so TCP is the best there is.
    let _rim = start(at, carrier("carrier.example", None, None), &[Transport::Tcp]);
    carrier_listens.accept().unwrap();
}

#[test]
fn srv_is_asked_for_without_naptr_and_priority_decides() {
    let (socket, port) = carrier_side();
    let (_dns, at) = Dns::start(&[
        ("_sip._udp.carrier.example", srv(20, 9, "two.example")),
        ("_sip._udp.carrier.example", srv(10, port, "one.example")),
        ("one.example", a(9)),
        ("two.example", a(8)),
    ]);
    let _rim = start(at, carrier("carrier.example", None, None), &[]);
    is_registered_at(&socket);
}

#[test]
fn a_port_leaves_only_the_address_to_ask_for() {
    let (socket, port) = carrier_side();
    let (dns, at) = Dns::start(&[("carrier.example", a(9))]);
    let _rim = start(at, carrier("carrier.example", Some(port), None), &[]);
    is_registered_at(&socket);
    let asked = dns.asked.lock().unwrap();
    assert!(asked.iter().all(|question| !question.contains("SRV") && !question.contains("NAPTR")));
}

#[test]
fn an_answer_that_ages_is_asked_for_again_and_a_change_is_followed() {
    let (one, port_one) = carrier_side();
    let (two, port_two) = carrier_side();
    let records =
        |port| [("_sip._udp.carrier.example", srv(1, port, "one.example")), ("one.example", a(9))];
    let (dns, at) = Dns::start(&records(port_one));
    let rim = start(at, carrier("carrier.example", None, None), &[]);
    is_registered_at(&one);
    dns.says(&records(port_two));
    let before = dns.asked();
    until("it is asked for again", || dns.asked() > before + 6);
    rim.edge.adopt(&rim.snapshot).unwrap();
    // The trunk stays registered where it was; a new one of the same name shows where it is now.
    let mut plan_trunk = carrier("carrier.example", None, None);
    plan_trunk.upstream.as_mut().unwrap().expires = Duration::from_secs(700);
    let mut parts = rim.snapshot.directory.parts().clone();
    parts.trunks[1] = plan_trunk;
    rim.edge.adopt(&rim::snapshot(parts)).unwrap();
    is_registered_at(&two);
}

#[test]
fn what_was_known_holds_while_the_server_fails() {
    let (socket, port) = carrier_side();
    let (dns, at) = Dns::start(&[("carrier.example", a(9))]);
    let rim = start(at, carrier("carrier.example", Some(port), None), &[]);
    is_registered_at(&socket);
    dns.fails();
    let before = dns.asked();
    until("it failed a few times", || dns.asked() > before + 8);
    let mut parts = rim.snapshot.directory.parts().clone();
    parts.trunks[1].upstream.as_mut().unwrap().expires = Duration::from_secs(700);
    rim.edge.adopt(&rim::snapshot(parts)).unwrap();
    let mut buffer = [0; 4_096];
    let registers_again = (0..20).any(|_| {
        let (length, _) = socket.recv_from(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).contains("700")
    });
    assert!(registers_again);
}

#[test]
fn each_target_counts_for_itself() {
    let (socket, port) = carrier_side();
    let (_dns, at) = Dns::start(&[("good.example", a(9))]);
    let mut trunk = carrier("nowhere.example", Some(port), None);
    trunk.targets.push(Target { host: "good.example".into(), port: Some(port), transport: None });
    let _rim = start(at, trunk, &[]);
    is_registered_at(&socket);
}

#[test]
fn an_address_that_was_given_is_known_before_anything_is_asked() {
    let (dns, at) = Dns::start(&[]);
    let rim = start(at, carrier("127.0.0.9", Some(5_070), None), &[]);
    let (tell, told) = std::sync::mpsc::channel();
    let ask = move |gate: &mut ringfence_gate::Gate, _| {
        let hops = |view: ringfence_call::TrunkView| view.health.hops.len();
        let carrier = gate.calls().trunks().find(|view| view.trunk.as_str() == "carrier");
        tell.send(carrier.map(hops)).unwrap();
    };
    rim.edge.ask(0, ask).unwrap();
    assert_eq!((told.recv_timeout(PATIENCE).unwrap(), dns.asked()), (Some(1), 0));
}
