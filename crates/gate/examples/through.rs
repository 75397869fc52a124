//! What the whole way of a call through one gate costs: guard, reading, signalling, judgement, writing.
//!
//! `cargo run --release -p ringfence-gate --example through [CALLS]`; with few calls also under callgrind, whose counts
//! of instructions do not depend on what else the machine does:
//! `valgrind --tool=callgrind --toggle-collect='*Bench::take*' target/release/examples/through 1000`

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use bytes::Bytes;
use ringfence_call::{
    Dialling, Directory, Hop, Inbound, Listener, NumberForm, Parts, Referrals, Registering, Side,
    Target, Tenant, Trunk,
};
use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Shard, Snapshot};
use ringfence_model::{Mode, Moment, Now, Policy, WallTime};
use ringfence_numbering::{DialPlan, Tariff};
use ringfence_sip::{Flow, Limits, Message, Name, NameAddr, Transport};
use std::sync::Arc;
use std::time::Duration;

const PBX: &str = "10.0.0.2:5060";
const CARRIER: &str = "198.51.100.9:5060";
const US: &str = "203.0.113.1:5060";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
    m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";
/// How long each call lasts, and the distance to the next one.
const LENGTH: Duration = Duration::from_secs(1);

fn main() {
    let calls = std::env::args().nth(1).map_or(20_000, |calls| calls.parse().unwrap());
    let mut bench = Bench::new();
    for call in 0..calls {
        bench.call(call);
    }
    let each = bench.spent.as_nanos() as f64 / f64::from(calls) / 1_000.0;
    println!("{calls} calls: {each:.1} us of processor time each");
}

struct Bench {
    gate: Gate,
    now: Now,
    spent: Duration,
}

impl Bench {
    fn new() -> Self {
        let policy = Policy { mode: Mode::Enforce, ..Policy::default() };
        let plan = DialPlan::default();
        let setup = Setup {
            settings: Arc::new(Settings::new(policy).unwrap()),
            tariff: Arc::new(Tariff::default_bands(plan.country)),
            dial_plan: Arc::new(plan),
        };
        let directory = Arc::new(Directory::new(parts()).unwrap());
        let snapshot = Arc::new(Snapshot { directory, ..Snapshot::of(setup) });
        let gate = Gate::of_shard(&Shard { number: 0, secret: [7; 32] }, snapshot);
        // A Tuesday at ten in Amsterdam.
        let wall = WallTime::from_secs(1_794_906_000);
        let now = Now { moment: Moment(1_000_000), wall };
        let mut bench = Self { gate, now, spent: Duration::ZERO };
        let hop = Hop { remote: CARRIER.parse().unwrap(), transport: Transport::Udp };
        bench.take(Input::Resolved { trunk: "carrier".into(), hops: vec![hop] });
        bench
    }

    /// From the INVITE to the answered BYE.
    fn call(&mut self, call: u32) {
        let out = self.say(PBX, invite(call));
        self.say(CARRIER, answer(&out, "180 Ringing", call, ""));
        let told = self.say(CARRIER, answer(&out, "200 OK", call, SDP));
        assert_eq!(told.code(), Some(200));
        let contact = NameAddr::read(told.field(Name::Contact).unwrap()).unwrap();
        let (uri, to) = (text(contact.uri), text(told.field(Name::To).unwrap()));
        self.say(PBX, inside(call, ("ACK", 102), &uri, &to));
        self.pass(LENGTH);
        let bye = self.say(PBX, inside(call, ("BYE", 103), &uri, &to));
        self.hear(CARRIER, answer(&bye, "200 OK", call, ""));
        self.pass(LENGTH);
    }

    fn pass(&mut self, time: Duration) {
        self.now = Now { moment: self.now.moment + time, wall: self.now.wall + time };
        let began = processor_time();
        self.take(Input::Tick);
        self.spent += processor_time() - began;
    }

    /// Takes in a message; gives back the last one that was sent because of it.
    fn say(&mut self, from: &str, text: String) -> Message {
        Message::parse(self.hear(from, text).unwrap(), &Limits::default()).unwrap()
    }

    fn hear(&mut self, from: &str, text: String) -> Option<Bytes> {
        let flow = Flow {
            transport: Transport::Udp,
            local: US.parse().unwrap(),
            remote: from.parse().unwrap(),
            connection: None,
        };
        let bytes = Bytes::from(text);
        let began = processor_time();
        let said = self.take(Input::Message { flow, bytes });
        self.spent += processor_time() - began;
        said
    }

    /// What is measured.
    #[inline(never)]
    fn take(&mut self, input: Input<'_>) -> Option<Bytes> {
        self.gate.handle(self.now, input);
        let mut last = None;
        loop {
            match self.gate.poll() {
                Output::Sleep(_) => return last,
                Output::Transmit { bytes, .. } => last = Some(bytes),
                _ => {}
            }
        }
    }
}

fn invite(call: u32) -> String {
    let number = format!("0201{:06}", call % 1_000_000);
    format!(
        "INVITE sip:{number}@{US} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {PBX};branch=z9hG4bK{call}i;rport\r\nMax-Forwards: 70\r\n\
         From: \"Alice\" <sip:101@10.0.0.2>;tag=as{call}\r\nTo: <sip:{number}@{US}>\r\n\
         Contact: <sip:101@{PBX}>\r\nCall-ID: {call}-45a6b7@{PBX}\r\nCSeq: 102 INVITE\r\n\
         User-Agent: Asterisk PBX\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE\r\n\
         Supported: replaces, timer\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

fn inside(call: u32, (method, cseq): (&str, u32), uri: &str, to: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {PBX};branch=z9hG4bK{call}{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Alice\" <sip:101@10.0.0.2>;tag=as{call}\r\nTo: {to}\r\n\
         Call-ID: {call}-45a6b7@{PBX}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

fn answer(to: &Message, status: &str, call: u32, body: &str) -> String {
    let field = |name| text(to.field(name).unwrap());
    let said = field(Name::To);
    let tag = if said.contains(";tag=") { String::new() } else { format!(";tag=c{call}") };
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {said}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:0201112222@{CARRIER}>\r\nContent-Type: application/sdp\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, PRACK\r\nContent-Length: {}\r\n\r\n{body}",
        field(Name::Via),
        field(Name::From),
        field(Name::CallId),
        field(Name::CSeq),
        body.len()
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Of this process; the clock on the wall counts the neighbours too.
fn processor_time() -> Duration {
    let spent = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = spent.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

fn parts() -> Parts {
    let trunk = |id: &str, side, address: &str| Trunk {
        id: id.into(),
        tenant: Some("acme".into()),
        side,
        networks: vec![format!("{}/32", address.split(':').next().unwrap()).parse().unwrap()],
        certificate: None,
        login: None,
        targets: vec![Target { host: address.into(), port: None, transport: None }],
        listener: None,
        account: None,
        upstream: None,
        probe: None,
        reject_code: 486,
        failover_codes: vec![503],
        numbers: NumberForm::AsDialled,
        dialling: None,
        trusted: true,
        adviser: None,
    };
    Parts {
        listeners: vec![Listener {
            name: "wan".into(),
            transport: Transport::Udp,
            local: US.parse().unwrap(),
            advertised: US.into(),
        }],
        tenants: vec![Tenant {
            id: "acme".into(),
            domains: vec!["acme.example".into()],
            carriers: vec!["carrier".into()],
            emergency_carriers: Vec::new(),
            inbound: Inbound::Trunk("pbx".into()),
            numbers: vec!["+31201234567".parse().unwrap()],
            registering: Registering::Nobody,
            algorithms: Vec::new(),
            reject_code: 603,
            ring: Duration::from_secs(60),
            referrals: Referrals::Pass,
            methods: Vec::new(),
            dialling: Dialling::default(),
            extension_digits_max: 4,
        }],
        trunks: vec![trunk("pbx", Side::Pbx, PBX), trunk("carrier", Side::Carrier, CARRIER)],
        extensions: Vec::new(),
        shards: 1,
    }
}
