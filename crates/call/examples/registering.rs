//! What a registration costs: REGISTER, challenge, REGISTER with the digest, 200; of phones that are registered already
//! and share one address, as behind a proxy.
//!
//! `cargo run --release -p ringfence-call --example registering`; under callgrind with
//! `--toggle-collect='*Bench::hear*'` and a small number as argument for what the load of the machine cannot change.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use bytes::Bytes;
use ringfence_call::{
    Calls, Dialling, Directory, Extension, Inbound, Listener, Login, Output, Parts, Referrals,
    Registering, Tenant,
};
use ringfence_guard::{Admission, Guard, Sender, Settings};
use ringfence_model::{Moment, Now, WallTime};
use ringfence_sip::digest::{Algorithm, Challenge, Ha1, Secret, answer};
use ringfence_sip::{Flow, Limits, Message, Name, Transport};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PHONES: u64 = 10_000;
const PROXY: &str = "203.0.113.9:5060";
const REALM: &str = "acme.example";

fn main() {
    let refreshes = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200_000);
    let mut bench = Bench::new();
    for phone in 0..PHONES {
        bench.register(phone);
    }
    bench.spent = Duration::ZERO;
    for number in 0..refreshes {
        bench.register(number * 7 % PHONES);
    }
    let each = bench.spent.as_nanos() as f64 / refreshes as f64 / 1_000.0;
    println!("{refreshes} registrations of {PHONES} phones: {each:.2} us each, client not counted");
    println!(
        "{:.2} checkpoints each, {:?}",
        bench.checkpoints as f64 / (refreshes + PHONES) as f64,
        bench.calls.counts()
    );
}

struct Bench {
    calls: Calls,
    guard: Guard,
    now: Now,
    spent: Duration,
    checkpoints: u64,
    number: u64,
}

impl Bench {
    fn new() -> Self {
        let calls = Calls::new(0, [7; 32], Arc::new(Directory::new(parts()).unwrap()));
        let settings =
            Settings { trusted: vec!["203.0.113.9/32".parse().unwrap()], ..Settings::default() };
        Self {
            calls,
            guard: Guard::new(settings, 1),
            now: Now { moment: Moment(1), wall: WallTime::from_secs(1_790_000_000) },
            spent: Duration::ZERO,
            checkpoints: 0,
            number: 0,
        }
    }

    fn register(&mut self, phone: u64) {
        self.number += 1;
        let bare = register(phone, self.number, 1, "");
        let told = self.said(bare);
        let told = Message::parse(told, &Limits::default()).unwrap();
        let challenge = Challenge::parse(told.field(Name::WwwAuthenticate).unwrap()).unwrap();
        let (user, password) = (phone.to_string(), password(phone));
        let request = (&b"REGISTER"[..], format!("sip:{REALM}"));
        let request = (request.0, request.1.as_bytes());
        let proof = answer(&challenge, request, (&user, Secret::Password(&password)), "0a4f", 1);
        let proof = String::from_utf8(proof.unwrap()).unwrap();
        let told =
            self.said(register(phone, self.number, 2, &format!("Authorization: {proof}\r\n")));
        assert!(told.starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&told));
    }

    fn said(&mut self, text: String) -> Bytes {
        self.pass(Duration::from_micros(50));
        let bytes = Bytes::from(text);
        let began = Instant::now();
        let said = self.hear(bytes);
        self.spent += began.elapsed();
        said.unwrap()
    }

    #[inline(never)]
    fn hear(&mut self, bytes: Bytes) -> Option<Bytes> {
        let flow = Flow {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: PROXY.parse().unwrap(),
            connection: None,
        };
        let sender = Sender::datagram(flow.remote);
        let admitted = self.guard.admit(self.now.moment, sender, &bytes);
        assert!(matches!(admitted, Admission::Pass(_)));
        let message = Message::parse(bytes, &Limits::default()).ok()?;
        self.calls.shard_of(&flow, &message)?;
        self.calls.receive(self.now, flow, message, &mut self.guard);
        let mut last = None;
        while let Some(output) = self.calls.poll() {
            match output {
                Output::Transmit { bytes, .. } => last = Some(bytes),
                Output::Checkpoint { .. } => self.checkpoints += 1,
                _ => {}
            }
        }
        last
    }

    fn pass(&mut self, time: Duration) {
        self.now = Now { moment: self.now.moment + time, wall: self.now.wall + time };
        if self.calls.next_timer().is_some_and(|at| at <= self.now.moment) {
            self.calls.tick(self.now, &mut self.guard);
            while self.calls.poll().is_some() {}
        }
    }
}

fn register(phone: u64, number: u64, cseq: u8, proof: &str) -> String {
    format!(
        "REGISTER sip:{REALM} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {PROXY};branch=z9hG4bK{number}r{cseq};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{phone}@{REALM}>;tag=c{number}\r\nTo: <sip:{phone}@{REALM}>\r\n\
         Call-ID: {number}.{phone}@{PROXY}\r\nCSeq: {cseq} REGISTER\r\n\
         Contact: <sip:{phone}@{PROXY};transport=udp>\r\nExpires: 600\r\n\
         User-Agent: Yealink SIP-T46U 108.86.0.75\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK\r\n\
         {proof}Content-Length: 0\r\n\r\n"
    )
}

fn password(phone: u64) -> String {
    format!("correct horse {phone}")
}

fn parts() -> Parts {
    let extension = |phone: u64| {
        let user = phone.to_string();
        let ha1 = Ha1::new(&user, REALM, &password(phone));
        Extension {
            tenant: "acme".into(),
            id: user.as_str().into(),
            login: Some(Login { user, ha1 }),
            numbers: Vec::new(),
            caller: None,
            networks: Vec::new(),
        }
    };
    Parts {
        listeners: vec![Listener {
            name: "udp".into(),
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            advertised: "edge.example:5060".into(),
        }],
        tenants: vec![Tenant {
            id: "acme".into(),
            domains: vec![REALM.into()],
            carriers: Vec::new(),
            emergency_carriers: Vec::new(),
            inbound: Inbound::Nowhere,
            numbers: Vec::new(),
            registering: Registering::Here {
                contacts_max: 4,
                expires_min: Duration::from_secs(60),
                expires_max: Duration::from_secs(3_600),
            },
            algorithms: vec![Algorithm::Md5],
            reject_code: 603,
            ring: Duration::from_secs(60),
            referrals: Referrals::Pass,
            methods: Vec::new(),
            dialling: Dialling::default(),
            extension_digits_max: 4,
        }],
        trunks: Vec::new(),
        extensions: (0..PHONES).map(extension).collect(),
        shards: 1,
    }
}
