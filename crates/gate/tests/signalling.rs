//! Calls through one gate, message by message: a PBX on one side, a carrier on the other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use bytes::Bytes;
use ringfence_call::{
    Dialling, Directory, Inbound, Listener, NumberForm, Parts, Referrals, Registering, Side,
    Target, Tenant, Trunk,
};
use ringfence_fraud::Settings;
use ringfence_gate::{Command, Gate, Input, Output, Setup, Shard, Snapshot};
use ringfence_guard::Sender;
use ringfence_model::{
    Action, CallEvent, Cdr, Moment, Now, Policy, RegistrationFailure, Source, Verdict, WallTime,
};
use ringfence_numbering::{DialPlan, Tariff};
use ringfence_sip::{Flow, Transport};
use std::sync::Arc;
use std::time::Duration;

const PBX: &str = "10.0.0.2:5060";
const CARRIER: &str = "198.51.100.9:5060";
const US: &str = "203.0.113.1:5060";
/// A Tuesday at ten in Amsterdam.
const MORNING: i64 = 1_794_906_000_000_000;

struct World {
    gate: Gate,
    now: Now,
    sent: Vec<(Flow, String)>,
    verdicts: Vec<Verdict>,
    records: Vec<Cdr>,
    ended: Vec<ringfence_model::CallId>,
    failed: Vec<RegistrationFailure>,
}

impl World {
    fn new() -> Self {
        let policy = Policy { mode: ringfence_model::Mode::Enforce, ..Policy::default() };
        let setup = Setup {
            settings: Arc::new(Settings::new(policy).unwrap()),
            dial_plan: Arc::new(DialPlan::default()),
            tariff: Arc::new(Tariff::default_bands(DialPlan::default().country)),
        };
        let directory = Arc::new(Directory::new(parts()).unwrap());
        let snapshot = Arc::new(Snapshot { directory, ..Snapshot::of(setup) });
        let gate = Gate::of_shard(&Shard { number: 0, secret: [7; 32] }, snapshot);
        let now = Now { moment: Moment(1_000_000), wall: WallTime(MORNING) };
        let (sent, verdicts, records, failed) = (vec![], vec![], vec![], vec![]);
        let mut world = Self { gate, now, sent, verdicts, records, failed, ended: vec![] };
        for (trunk, address) in [("pbx", PBX), ("carrier", CARRIER)] {
            let hop =
                ringfence_call::Hop { remote: address.parse().unwrap(), transport: Transport::Udp };
            world.tell(Input::Resolved { trunk: trunk.into(), hops: vec![hop] });
        }
        world
    }

    fn tell(&mut self, input: Input<'_>) {
        self.gate.handle(self.now, input);
        self.listen();
    }

    fn listen(&mut self) {
        loop {
            match self.gate.poll() {
                Output::Sleep(_) => return,
                Output::Transmit { flow, bytes, .. } => {
                    self.sent.push((flow, String::from_utf8(bytes.to_vec()).unwrap()));
                }
                Output::Verdict(verdict) => self.verdicts.push(verdict),
                Output::Finished(cdr) => self.records.push(*cdr),
                Output::Ended { call, .. } => self.ended.push(call),
                Output::Event(CallEvent::RegistrationFailed(of)) => self.failed.push(of),
                _ => {}
            }
        }
    }

    fn hears(&mut self, from: &str, text: &str) {
        let flow = Flow {
            transport: Transport::Udp,
            local: US.parse().unwrap(),
            remote: from.parse().unwrap(),
            connection: None,
        };
        self.tell(Input::Message { flow, bytes: Bytes::copy_from_slice(text.as_bytes()) });
    }

    /// What was sent to one side since the last look, first lines only.
    fn said_to(&mut self, to: &str) -> Vec<String> {
        let to = to.parse().unwrap();
        let (own, rest) =
            std::mem::take(&mut self.sent).into_iter().partition(|(flow, _)| flow.remote == to);
        self.sent = rest;
        own.into_iter().map(|(_, text): (Flow, String)| text).collect()
    }
}

fn parts() -> Parts {
    let tenant = Tenant {
        id: "acme".into(),
        domains: vec!["acme.example".into()],
        carriers: vec!["carrier".into()],
        emergency_carriers: vec![],
        inbound: Inbound::Trunk("pbx".into()),
        numbers: vec!["+31201234567".parse().unwrap()],
        registering: Registering::Nobody,
        algorithms: vec![],
        reject_code: 603,
        ring: Duration::from_secs(60),
        referrals: Referrals::Pass,
        methods: vec![],
        extension_digits_max: 5,
        dialling: Dialling::default(),
    };
    let trunk = |id: &str, side, address: &str, tenant: Option<&str>| Trunk {
        id: id.into(),
        tenant: tenant.map(Into::into),
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
        tenants: vec![tenant],
        trunks: vec![
            trunk("pbx", Side::Pbx, PBX, Some("acme")),
            trunk("carrier", Side::Carrier, CARRIER, Some("acme")),
        ],
        extensions: vec![],
        shards: 1,
    }
}

fn invite(number: &str) -> String {
    format!(
        "INVITE sip:{number}@203.0.113.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKx{number}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:101@10.0.0.2>;tag=f{number}\r\nTo: <sip:{number}@203.0.113.1>\r\n\
         Call-ID: c{number}@10.0.0.2\r\nCSeq: 1 INVITE\r\nContact: <sip:101@10.0.0.2:5060>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

fn line<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// A response of the other side to a request it was sent.
fn response(request: &str, code: u16, tag: &str) -> String {
    let contact = "Contact: <sip:x@198.51.100.9:5060>";
    format!(
        "SIP/2.0 {code} X\r\n{}\r\n{}\r\n{};tag={tag}\r\n{}\r\n{}\r\n{contact}\r\nContent-Length: 0\r\n\r\n",
        line(request, "Via:"),
        line(request, "From:"),
        line(request, "To:"),
        line(request, "Call-ID:"),
        line(request, "CSeq:")
    )
}

fn ack(answer: &str) -> String {
    let contact = line(answer, "Contact:").split(['<', '>']).nth(1).unwrap();
    format!(
        "ACK {contact} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKack\r\nMax-Forwards: 70\r\n\
         {}\r\n{}\r\n{}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
        line(answer, "From:"),
        line(answer, "To:"),
        line(answer, "Call-ID:"),
    )
}

#[test]
fn a_judged_call_is_put_through_and_its_cut_reaches_both_sides() {
    let mut world = World::new();
    world.hears(PBX, &invite("0201112233"));
    assert_eq!(world.verdicts.len(), 1, "judged before it went on");
    assert!(world.said_to(PBX)[0].starts_with("SIP/2.0 100"));
    let out = world.said_to(CARRIER);
    assert!(out[0].starts_with("INVITE sip:0201112233@"), "{out:?}");
    assert!(!out[0].contains("10.0.0.2"), "the PBX's address stays here: {}", out[0]);
    world.hears(CARRIER, &response(&out[0], 200, "b"));
    let answer = world.said_to(PBX);
    assert!(answer[0].starts_with("SIP/2.0 200"), "{answer:?}");
    assert!(!answer[0].contains("198.51.100.9"), "{}", answer[0]);
    world.hears(PBX, &ack(&answer[0]));
    assert!(world.said_to(CARRIER)[0].starts_with("ACK "));

    let call = world.verdicts[0].call;
    world.tell(Input::Command(Command::Cut { call, by: "the operator".into() }));
    let to_carrier = world.said_to(CARRIER);
    assert!(to_carrier.iter().any(|text| text.starts_with("BYE ")), "{to_carrier:?}");
    let to_pbx = world.said_to(PBX);
    assert!(to_pbx.iter().any(|text| text.starts_with("BYE ")), "{to_pbx:?}");
    let bye = to_pbx.iter().find(|text| text.starts_with("BYE ")).unwrap();
    assert!(line(bye, "Reason:").contains("the operator"));
    assert_eq!(world.records.len(), 1);
    assert_eq!(world.ended, [call]);
    // Once it is over there is nothing to end.
    world.tell(Input::Command(Command::Cut { call, by: "the operator".into() }));
    assert_eq!(world.ended, [call]);
}

#[test]
fn a_number_that_only_costs_money_is_refused_before_it_rings() {
    let mut world = World::new();
    world.hears(PBX, &invite("0900123456789"));
    world.hears(PBX, &invite("00881612345678"));
    assert!(
        world.verdicts.iter().any(|verdict| verdict.action == Action::Reject),
        "{:?}",
        world.verdicts
    );
    let to_pbx = world.said_to(PBX);
    assert!(
        to_pbx.iter().any(|text| text.starts_with("SIP/2.0 486") && text.contains("\r\nReason: ")),
        "{to_pbx:?}"
    );
}

#[test]
fn emergency_calls_ask_nobody() {
    let mut world = World::new();
    world.hears(PBX, &invite("112"));
    assert!(world.said_to(CARRIER)[0].starts_with("INVITE sip:112@"));
    // A carrier knows no outside line and no country code before it.
    for dialled in ["0112", "+31112", "0031112"] {
        world.hears(PBX, &invite(dialled));
        assert!(world.said_to(CARRIER)[0].starts_with("INVITE sip:112@"), "{dialled}");
    }
}

#[test]
fn strangers_hear_nothing() {
    let mut world = World::new();
    for request in [invite("0201112233"), invite("112"), "OPTIONS sip:x SIP/2.0\r\n\r\n".into()] {
        world.hears("192.0.2.66:5060", &request);
    }
    assert!(world.sent.is_empty(), "{:?}", world.sent);
    assert!(world.verdicts.is_empty());
}

/// Records stay in order, and no nonce is given out twice: a clock that was set back is not followed. It runs at half
/// speed here until the true time has caught up.
#[test]
fn a_clock_that_was_set_back_goes_on_slowly() {
    const SECOND: i64 = 1_000_000;
    let mut world = World::new();
    let mut count = 0;
    let mut told = |world: &mut World, moment_secs: u64, wall_secs: i64| {
        world.now = Now {
            moment: Moment(1_000_000 + moment_secs * 1_000_000),
            wall: WallTime(MORNING + wall_secs * SECOND),
        };
        count += 1;
        world.hears(PBX, &invite(&format!("0088161234567{count}")));
        let started = world.records.last().expect("a record of the refusal").started;
        assert_eq!(world.records.len(), count, "each call is refused");
        (started.0 - MORNING) / SECOND
    };
    assert_eq!(told(&mut world, 0, 0), 0);
    assert_eq!(told(&mut world, 10, -3_600), 5, "an hour back");
    assert_eq!(told(&mut world, 20, -3_590), 10);
    assert_eq!(told(&mut world, 3_620, 10), 1_810, "half as fast");
    assert_eq!(told(&mut world, 7_220, 3_610), 3_610, "caught up");
    assert_eq!(told(&mut world, 7_230, 3_620), 3_620);
}

#[test]
fn who_guesses_at_a_pbx_is_told_of_and_shut_out() {
    let mut world = World::new();
    let ip = "192.0.2.66".parse().unwrap();
    let fail = |world: &mut World, account: &str, tenant: &str| {
        let sender = Sender::datagram("192.0.2.66:5060".parse().unwrap());
        let source = Source { ip, country: None, user_agent: None };
        let extension = (account == "205").then(|| account.into());
        let failure = RegistrationFailure { tenant: tenant.into(), extension, count: 1, source };
        world.gate.login_failed(world.now, (sender, account), failure);
        world.listen();
    };
    let a_minute = |world: &mut World| {
        let gone = Duration::from_secs(61);
        world.now = Now { moment: world.now.moment + gone, wall: world.now.wall + gone };
        world.tell(Input::Tick);
        std::mem::take(&mut world.failed)
    };
    (0..7).for_each(|_| fail(&mut world, "205", "acme"));
    assert!(world.failed.is_empty(), "gathered for a minute");
    let told = a_minute(&mut world);
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((one.extension.as_ref().map(|of| of.as_str()), one.count), (Some("205"), 7));
    assert!(world.gate.guard().bans(world.now).is_empty(), "a phone with a wrong password");
    // Somebody tries one name after the other.
    (0..200).for_each(|n| fail(&mut world, &format!("x{n}"), "acme"));
    let bans = world.gate.guard().bans(world.now);
    assert_eq!(bans.len(), 1, "{bans:?}");
    let told = a_minute(&mut world);
    assert_eq!(told.iter().map(|of| of.count).collect::<Vec<_>>(), [200]);
    // Of a tenant that is none nothing is kept.
    fail(&mut world, "205", "nobody");
    assert!(a_minute(&mut world).is_empty());
}
