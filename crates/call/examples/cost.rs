//! What a call costs: processor time for its whole signalling, and memory while it is up.
//!
//! `cargo run --release -p ringfence-call --example cost [CALLS]`; with few calls also under callgrind, whose counts of
//! instructions do not depend on what else the machine does:
//! `valgrind --tool=callgrind --toggle-collect='*Bench::take*' target/release/examples/cost 2000`

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use bytes::Bytes;
use ringfence_call::{
    Calls, Dialling, Directory, Hop, Inbound, Listener, NumberForm, Output, Parts, Referrals,
    Registering, Ruling, Side, Target, Tenant, Trunk,
};
use ringfence_guard::{Guard, Settings};
use ringfence_model::{Moment, Now, WallTime};
use ringfence_sip::{Flow, Limits, Message, Name, NameAddr, Transport};
use std::sync::Arc;
use std::time::Duration;

const PBX: &str = "10.0.0.5:5060";
const CARRIER: &str = "198.51.100.7:5060";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n\
    m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

fn main() {
    let asked: Vec<u32> = std::env::args().skip(1).map(|calls| calls.parse().unwrap()).collect();
    for calls in if asked.is_empty() { vec![20_000, 50_000] } else { asked } {
        let mut bench = Bench::new();
        let before = resident();
        let all: Vec<u32> = (0..calls).collect();
        for some in all.chunks(500) {
            bench.set_up(some);
        }
        let spent = bench.spent;
        let young = resident().saturating_sub(before) as f64 / f64::from(calls);
        bench.pass(Duration::from_secs(40));
        let kept = resident().saturating_sub(before) as f64 / f64::from(calls);
        let each = micros(spent, calls);
        println!("{calls} calls: {each:.1} us each to set up");
        println!("  {young:.0} bytes each in their first 32 s, {kept:.0} bytes each later");
        for some in all.chunks(500) {
            bench.hang_up(some);
        }
        let each = micros(bench.spent - spent, calls);
        println!("  {each:.1} us each to end; processor time, reading messages is not counted");
        bench.pass(Duration::from_secs(200));
        println!("  after quiet: {:?}", bench.calls.counts());
    }
}

fn micros(spent: Duration, calls: u32) -> f64 {
    spent.as_nanos() as f64 / f64::from(calls) / 1_000.0
}

struct Bench {
    calls: Calls,
    guard: Guard,
    now: Now,
    spent: Duration,
    /// Request URI and To of each call.
    dialogs: Vec<(Box<str>, Box<str>)>,
}

impl Bench {
    fn new() -> Self {
        let mut calls = Calls::new(0, [7; 32], Arc::new(Directory::new(parts()).unwrap()));
        let now = Now { moment: Moment(1), wall: WallTime::from_secs(1_790_000_000) };
        let hop = Hop { remote: CARRIER.parse().unwrap(), transport: Transport::Udp };
        calls.resolved(now, &"carrier".into(), vec![hop]);
        let guard = Guard::new(Settings::default(), 1);
        let dialogs = Vec::with_capacity(50_000);
        Self { calls, guard, now, spent: Duration::ZERO, dialogs }
    }

    /// Takes in one message per call; gives back the last thing said about each.
    fn say(&mut self, from: &str, texts: impl Iterator<Item = String>) -> Vec<Message> {
        let read = |text: String| Message::parse(Bytes::from(text), &Limits::default()).unwrap();
        let messages: Vec<Message> = texts.map(read).collect();
        let flow = Flow {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: from.parse().unwrap(),
            connection: None,
        };
        let began = processor_time();
        let said = self.take(flow, messages);
        self.spent += processor_time() - began;
        let read = |bytes| Message::parse(bytes, &Limits::default()).unwrap();
        said.into_iter().map(read).collect()
    }

    /// What is measured.
    #[inline(never)]
    fn take(&mut self, flow: Flow, messages: Vec<Message>) -> Vec<Bytes> {
        let mut said = Vec::with_capacity(messages.len());
        for message in messages {
            self.calls.receive(self.now, flow, message, &mut self.guard);
            let mut last = None;
            while let Some(output) = self.calls.poll() {
                match output {
                    Output::Transmit { bytes, .. } => last = Some(bytes),
                    Output::Judge(attempt) => {
                        let ruling = Ruling::Allow {
                            max_duration: Some(Duration::from_secs(7_200)),
                            protected: false,
                            b_number: None,
                            dial: None,
                        };
                        self.calls.rule(self.now, attempt.call, ruling);
                    }
                    _ => {}
                }
            }
            said.extend(last);
        }
        said
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now.moment + time;
        while let Some(at) = self.calls.next_timer().filter(|at| *at <= until) {
            self.now = Now { moment: at.max(self.now.moment), ..self.now };
            self.calls.tick(self.now, &mut self.guard);
            while self.calls.poll().is_some() {}
        }
        self.now = Now { moment: until, wall: self.now.wall + time };
    }

    fn set_up(&mut self, calls: &[u32]) {
        let out = self.say(PBX, calls.iter().map(|call| invite(*call)));
        let answers = |status: &str, body: &str| -> Vec<String> {
            calls.iter().zip(&out).map(|(call, out)| answer(out, status, *call, body)).collect()
        };
        self.say(CARRIER, answers("180 Ringing", "").into_iter());
        for told in self.say(CARRIER, answers("200 OK", SDP).into_iter()) {
            let contact = NameAddr::read(told.field(Name::Contact).unwrap()).unwrap();
            let dialog = (text(contact.uri).into(), text(told.field(Name::To).unwrap()).into());
            self.dialogs.push(dialog);
        }
        let acks: Vec<_> = calls.iter().map(|call| self.inside(*call, "ACK")).collect();
        self.say(PBX, acks.into_iter());
    }

    fn hang_up(&mut self, calls: &[u32]) {
        let byes: Vec<_> = calls.iter().map(|call| self.inside(*call, "BYE")).collect();
        let out = self.say(PBX, byes.into_iter());
        let answers = calls.iter().zip(&out).map(|(call, bye)| answer(bye, "200 OK", *call, ""));
        self.say(CARRIER, answers);
    }

    fn inside(&self, call: u32, method: &str) -> String {
        let (uri, to) = self.dialogs.get(call as usize).unwrap();
        let number = if method == "ACK" { 102 } else { 103 };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {PBX};branch=z9hG4bK{call}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: \"Alice\" <sip:0201234567@10.0.0.5>;tag=as{call}\r\nTo: {to}\r\n\
             Call-ID: {call}-45a6b7@10.0.0.5:5060\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        )
    }
}

fn invite(call: u32) -> String {
    format!(
        "INVITE sip:0201112222@edge.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP {PBX};branch=z9hG4bK{call}i;rport\r\nMax-Forwards: 70\r\n\
         From: \"Alice\" <sip:0201234567@10.0.0.5>;tag=as{call}\r\nTo: <sip:0201112222@edge.example>\r\n\
         Contact: <sip:0201234567@{PBX}>\r\nCall-ID: {call}-45a6b7@10.0.0.5:5060\r\nCSeq: 102 INVITE\r\n\
         User-Agent: Asterisk PBX\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE\r\n\
         Supported: replaces, timer\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn answer(to: &Message, status: &str, call: u32, body: &str) -> String {
    let field = |name| text(to.field(name).unwrap());
    let said = field(Name::To);
    let tag = if said.contains(";tag=") { String::new() } else { format!(";tag=c{call}") };
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {said}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:0201112222@{CARRIER}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        field(Name::Via),
        field(Name::From),
        field(Name::CallId),
        field(Name::CSeq),
        body.len()
    )
}

/// Of this process; the clock on the wall counts the neighbours too.
fn processor_time() -> Duration {
    let spent = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = spent.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn trunk(id: &str, side: Side, network: &str) -> Trunk {
    Trunk {
        id: id.into(),
        tenant: Some("acme".into()),
        side,
        networks: vec![format!("{network}/32").parse().unwrap()],
        certificate: None,
        login: None,
        targets: vec![Target { host: network.into(), port: None, transport: None }],
        listener: None,
        account: None,
        upstream: None,
        probe: None,
        reject_code: 486,
        failover_codes: vec![503],
        numbers: NumberForm::AsDialled,
        trusted: true,
        dialling: None,
        adviser: None,
    }
}

fn parts() -> Parts {
    Parts {
        listeners: vec![Listener {
            name: "udp".into(),
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            advertised: "edge.example:5060".into(),
        }],
        tenants: vec![Tenant {
            id: "acme".into(),
            domains: vec!["acme.example".into()],
            carriers: vec!["carrier".into()],
            emergency_carriers: Vec::new(),
            inbound: Inbound::Trunk("pbx".into()),
            numbers: Vec::new(),
            registering: Registering::Nobody,
            algorithms: Vec::new(),
            reject_code: 603,
            ring: Duration::from_secs(60),
            referrals: Referrals::Pass,
            methods: Vec::new(),
            dialling: Dialling::default(),
            extension_digits_max: 4,
        }],
        trunks: vec![
            trunk("pbx", Side::Pbx, "10.0.0.5"),
            trunk("carrier", Side::Carrier, "198.51.100.7"),
        ],
        extensions: Vec::new(),
        shards: 1,
    }
}
