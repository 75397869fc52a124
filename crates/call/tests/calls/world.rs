//! A world of a few people around one [`Calls`], in virtual time. Every message is written down as a rung of a ladder.

use bytes::Bytes;
use ringfence_call::{
    Calls, Cause, Dialling, Directory, End, Extension, Hop, Inbound, Listener, Login, NumberForm,
    Output, Parts, Referrals, Registering, Ruling, Side, Target, Tenant, Trunk,
};
use ringfence_guard::{Guard, Settings};
use ringfence_model::{Attempt, CallEvent, Cdr, Moment, Now, WallTime};
use ringfence_sip::digest::{Algorithm, Challenge, Ha1, Secret, answer};
use ringfence_sip::{ConnectionId, Flow, Limits, Message, Name, NameAddr, Transport};
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub const US: &str = "192.0.2.1:5060";
pub const PBX: &str = "10.0.0.5:5060";
pub const CARRIER: &str = "198.51.100.7:5060";
pub const SECOND: &str = "198.51.100.8:5060";

const START: i64 = 1_790_000_000;

/// Everybody by name, and what each of them has heard and not read yet.
pub struct World {
    pub calls: Calls,
    pub guard: Guard,
    pub directory: Directory,
    pub now: Now,
    pub ladder: String,
    pub ruling: Ruling,
    pub judged: Vec<Attempt>,
    pub events: Vec<CallEvent>,
    pub cdrs: Vec<Cdr>,
    pub kept: HashMap<[u8; 16], Bytes>,
    /// Up to where numbers of calls were given.
    pub numbers: Option<([u8; 16], Bytes)>,
    pub inbox: HashMap<SocketAddr, VecDeque<Message>>,
    pub heard: Vec<(SocketAddr, Bytes)>,
    /// What is sent to these is lost.
    pub dead: Vec<SocketAddr>,
    names: HashMap<SocketAddr, &'static str>,
    transport: HashMap<SocketAddr, Transport>,
    count: u32,
}

/// A dialog as somebody outside sees it.
#[derive(Clone, Debug)]
pub struct Talk {
    pub who: &'static str,
    pub target: String,
    pub routes: Vec<String>,
    pub local: String,
    pub remote: String,
    pub call_id: String,
    pub cseq: u32,
}

pub fn trunk(id: &str, side: Side, network: &str) -> Trunk {
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
        failover_codes: vec![500, 503],
        numbers: NumberForm::AsDialled,
        trusted: true,
        dialling: None,
        adviser: None,
    }
}

pub fn tenant() -> Tenant {
    Tenant {
        id: "acme".into(),
        domains: vec!["acme.example".into()],
        carriers: vec!["carrier".into(), "second".into()],
        emergency_carriers: Vec::new(),
        inbound: Inbound::Trunk("pbx".into()),
        numbers: vec!["+31201234".parse().unwrap()],
        registering: Registering::Nobody,
        algorithms: vec![Algorithm::Sha256],
        reject_code: 603,
        ring: Duration::from_secs(60),
        referrals: Referrals::Pass,
        methods: Vec::new(),
        dialling: Dialling {
            country_code: "31".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
        },
        extension_digits_max: 4,
    }
}

pub fn parts() -> Parts {
    let listener = |transport| Listener {
        name: format!("{transport:?}"),
        transport,
        local: US.parse().unwrap(),
        advertised: "edge.example:5060".into(),
    };
    Parts {
        listeners: [Transport::Udp, Transport::Tcp].map(listener).into(),
        tenants: vec![tenant()],
        trunks: vec![
            trunk("pbx", Side::Pbx, "10.0.0.5"),
            trunk("carrier", Side::Carrier, "198.51.100.7"),
            trunk("second", Side::Carrier, "198.51.100.8"),
        ],
        extensions: Vec::new(),
        shards: 1,
    }
}

pub fn phone(id: &str) -> Extension {
    Extension {
        tenant: "acme".into(),
        id: id.into(),
        login: Some(Login { user: id.into(), ha1: Ha1::new(id, "acme.example", "secret") }),
        numbers: Vec::new(),
        caller: None,
        networks: Vec::new(),
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(parts())
    }

    pub fn with(parts: Parts) -> Self {
        let directory = Directory::new(parts).unwrap();
        let mut guard = Settings::default();
        for trunk in &directory.parts().trunks {
            guard.trusted.extend(trunk.networks.iter().copied());
        }
        let now = Now { moment: Moment(1_000_000), wall: WallTime::from_secs(START) };
        let mut world = Self {
            calls: Calls::new(0, [7; 32], Arc::new(directory.clone())),
            guard: Guard::new(guard, 7),
            directory,
            now,
            ladder: String::new(),
            ruling: Ruling::Allow {
                max_duration: None,
                protected: false,
                b_number: None,
                dial: None,
            },
            judged: Vec::new(),
            events: Vec::new(),
            cdrs: Vec::new(),
            kept: HashMap::new(),
            numbers: None,
            inbox: HashMap::new(),
            heard: Vec::new(),
            dead: Vec::new(),
            names: HashMap::new(),
            transport: HashMap::new(),
            count: 0,
        };
        for (name, addr) in [("pbx", PBX), ("carrier", CARRIER), ("second", SECOND)] {
            world.names.insert(addr.parse().unwrap(), name);
        }
        world.resolve();
        world
    }

    fn resolve(&mut self) {
        for trunk in self.directory.parts().trunks.clone() {
            let Some(target) = trunk.targets.first() else { continue };
            let remote: SocketAddr = format!("{}:5060", target.host).parse().unwrap();
            let transport = self.transport.get(&remote).copied().unwrap_or_default();
            self.calls.resolved(self.now, &trunk.id, vec![Hop { remote, transport }]);
        }
        self.drain();
    }

    /// Somebody speaks over a stream from now on.
    pub fn over(&mut self, who: &str, transport: Transport) {
        let addr = self.addr(who);
        self.transport.insert(addr, transport);
        self.resolve();
    }

    /// A name for an address.
    pub fn name(&mut self, name: &'static str, addr: &str) {
        self.names.insert(addr.parse().unwrap(), name);
    }

    pub fn addr(&self, who: &str) -> SocketAddr {
        *self.names.iter().find(|(_, name)| **name == who).unwrap().0
    }

    pub fn flow(&self, remote: SocketAddr) -> Flow {
        let transport = self.transport.get(&remote).copied().unwrap_or_default();
        let connection =
            transport.is_reliable().then(|| ConnectionId(u64::from(remote.port()) + 1));
        Flow { transport, local: US.parse().unwrap(), remote, connection }
    }

    /// Somebody says these bytes.
    pub fn say(&mut self, who: &str, text: &str) {
        let addr = self.addr(who);
        self.say_from(addr, text);
    }

    pub fn say_from(&mut self, addr: SocketAddr, text: &str) {
        let message = Message::parse(Bytes::from(text.to_owned()), &Limits::default()).unwrap();
        message.essentials().unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        self.rung(addr, "->", &message);
        let flow = self.flow(addr);
        self.calls.receive(self.now, flow, message, &mut self.guard);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.calls.poll() {
            match output {
                Output::Transmit { flow, bytes, .. } => {
                    let message = Message::parse(bytes.clone(), &Limits::default()).unwrap();
                    message.essentials().unwrap_or_else(|fault| {
                        panic!("{fault}\n{}", String::from_utf8_lossy(&bytes))
                    });
                    self.rung(flow.remote, "<-", &message);
                    self.heard.push((flow.remote, bytes));
                    if !self.dead.contains(&flow.remote) {
                        self.inbox.entry(flow.remote).or_default().push_back(message);
                    }
                }
                Output::Judge(attempt) => {
                    let id = attempt.call;
                    self.judged.push(*attempt);
                    self.calls.rule(self.now, id, self.ruling.clone());
                }
                Output::Event(event) => self.events.push(event),
                Output::Finished(cdr) => self.cdrs.push(*cdr),
                Output::Checkpoint { key, state: Some(state) } if key[0] == b'N' => {
                    self.numbers = Some((key, state));
                }
                Output::Checkpoint { key, state: Some(state) } => {
                    self.kept.insert(key, state);
                }
                Output::Checkpoint { key, state: None } => {
                    self.kept.remove(&key);
                }
            }
        }
    }

    fn rung(&mut self, addr: SocketAddr, arrow: &str, message: &Message) {
        let seconds = self.now.wall.secs_since(WallTime::from_secs(START));
        let name = self.names.get(&addr).copied().unwrap_or("?");
        let cseq = String::from_utf8_lossy(message.field(Name::CSeq).unwrap_or_default());
        let what = match message.code() {
            Some(code) => {
                format!("{code} {} ({cseq})", String::from_utf8_lossy(message.reason()))
            }
            None => {
                let uri = String::from_utf8_lossy(message.uri_text());
                let number = cseq.split(' ').next().unwrap_or_default().to_owned();
                let method = String::from_utf8_lossy(message.method_text());
                format!("{method} {} ({number})", hide_tokens(&uri))
            }
        };
        let mut extra = String::new();
        for name in [Name::Reason, Name::Require, Name::RSeq, Name::RAck, Name::ReferTo] {
            if let Some(value) = message.field(name) {
                let value = hide_tokens(&String::from_utf8_lossy(value));
                write!(extra, " {}: {value}", name.as_str()).unwrap();
            }
        }
        if !message.body().is_empty() {
            write!(extra, " [{}]", String::from_utf8_lossy(message.body()).trim()).unwrap();
        }
        writeln!(self.ladder, "{seconds:8.3} {name:>8} {arrow} {what}{extra}").unwrap();
    }

    /// Somebody's connection ends, or cannot be opened.
    pub fn close(&mut self, who: &str, end: End) {
        let flow = self.flow(self.addr(who));
        self.calls.closed(self.now, flow, end);
        self.drain();
    }

    /// Time goes by, with every timer at its moment.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now.moment + time;
        while let Some(at) = self.calls.next_timer().filter(|at| *at <= until) {
            self.at(at.max(self.now.moment));
            self.calls.tick(self.now, &mut self.guard);
            self.drain();
        }
        self.at(until);
    }

    fn at(&mut self, moment: Moment) {
        let gone = moment - self.now.moment;
        self.now = Now { moment, wall: self.now.wall + gone };
    }

    pub fn cut(&mut self, text: &str) {
        let call = self.judged.last().unwrap().call;
        self.calls.terminate(self.now, Cause { call, text: text.into() });
        self.drain();
    }

    /// The next message somebody heard.
    pub fn take(&mut self, who: &str) -> Message {
        let addr = self.addr(who);
        let next = self.inbox.get_mut(&addr).and_then(VecDeque::pop_front);
        next.unwrap_or_else(|| panic!("{who} heard nothing more\n{}", self.ladder))
    }

    /// The next message somebody heard, which must be this: a method or a code.
    pub fn hears(&mut self, who: &str, what: &str) -> Message {
        let message = self.take(who);
        let is = match message.code() {
            Some(code) => code.to_string(),
            None => String::from_utf8_lossy(message.method_text()).into_owned(),
        };
        assert_eq!(is, what, "{who}\n{}", self.ladder);
        message
    }

    /// Nobody has anything unread.
    pub fn all_read(&self) {
        for (addr, inbox) in &self.inbox {
            assert!(inbox.is_empty(), "{addr} did not read {inbox:?}\n{}", self.ladder);
        }
    }

    /// The same of one.
    pub fn all_read_by(&self, who: &str) {
        let unread = self.inbox.get(&self.addr(who)).map_or(0, VecDeque::len);
        assert_eq!(unread, 0, "{who}\n{}", self.ladder);
    }

    /// A phone registers as an extension whose password is `secret`.
    pub fn register(&mut self, who: &'static str, extension: &str) {
        self.tries(who, extension, "secret");
        self.hears(who, "200");
    }

    /// A phone asks to be registered and answers the challenge; gives what it said last.
    pub fn tries(&mut self, who: &'static str, extension: &str, password: &str) -> String {
        let aor = format!("<sip:{extension}@acme.example>");
        let talk = Talk {
            who,
            target: "sip:acme.example".into(),
            routes: Vec::new(),
            local: format!("{aor};tag={who}"),
            remote: aor,
            call_id: format!("register-{who}"),
            cseq: 1,
        };
        self.ask(&talk, "REGISTER", "", "");
        let challenge = self.hears(who, "401");
        let asked = Challenge::parse(challenge.field(Name::WwwAuthenticate).unwrap()).unwrap();
        let on = (&b"REGISTER"[..], talk.target.as_bytes());
        let value = answer(&asked, on, (extension, Secret::Password(password)), "abc", 1).unwrap();
        let field = format!("Authorization: {}\r\n", String::from_utf8(value).unwrap());
        let text = self.text(&Talk { cseq: 2, ..talk }, "REGISTER", &field, "");
        self.say(who, &text);
        text
    }

    /// A phone that is registered as an extension calls, and says its password when it is asked.
    pub fn call_of_phone(&mut self, who: &'static str, extension: &str, uri: &str) -> Talk {
        let talk = self.invite(who, uri, "", "offer");
        let challenge = self.hears(who, "407");
        let asked = Challenge::parse(challenge.field(Name::ProxyAuthenticate).unwrap()).unwrap();
        let on = (&b"INVITE"[..], uri.as_bytes());
        let value = answer(&asked, on, (extension, Secret::Password("secret")), "abc", 1).unwrap();
        let field = format!("Proxy-Authorization: {}\r\n", String::from_utf8(value).unwrap());
        let talk = Talk { cseq: 2, ..talk };
        self.ask(&talk, "INVITE", &field, "offer");
        talk
    }

    /// A caller's first INVITE.
    pub fn invite(&mut self, who: &'static str, uri: &str, extra: &str, body: &str) -> Talk {
        self.count += 1;
        let addr = self.addr(who);
        let talk = Talk {
            who,
            target: uri.into(),
            routes: Vec::new(),
            local: format!("\"{who}\" <sip:0201234567@{}>;tag={who}-{}", addr.ip(), self.count),
            remote: format!("<{uri}>"),
            call_id: format!("{who}-{}@{}", self.count, addr.ip()),
            cseq: 1,
        };
        self.ask(&talk, "INVITE", extra, body);
        talk
    }

    /// A request in a dialog, or the first one.
    pub fn ask(&mut self, talk: &Talk, method: &str, extra: &str, body: &str) {
        let text = self.text(talk, method, extra, body);
        self.say(talk.who, &text);
    }

    pub fn text(&mut self, talk: &Talk, method: &str, extra: &str, body: &str) -> String {
        self.count += 1;
        let addr = self.addr(talk.who);
        let transport = self.flow(addr).transport.as_str();
        let mut routes = String::new();
        for route in &talk.routes {
            write!(routes, "Route: {route}\r\n").unwrap();
        }
        let sdp = if body.is_empty() || extra.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        // CANCEL has the branch of its INVITE.
        let branch = match method {
            "CANCEL" | "INVITE" => format!("{}-{}", talk.call_id, talk.cseq),
            _ => self.count.to_string(),
        };
        format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/{transport} {addr};branch=z9hG4bK{branch};rport\r\n{routes}\
             Max-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n\
             Contact: <sip:{}@{addr}>\r\nUser-Agent: {} of {addr}\r\n{extra}{sdp}Content-Length: {}\r\n\r\n{body}",
            talk.target,
            talk.local,
            talk.remote,
            talk.call_id,
            talk.cseq,
            talk.who,
            talk.who,
            body.len()
        )
    }

    /// An answer to something heard; `tag` goes into To when there is none.
    pub fn answer(
        &mut self,
        who: &'static str,
        to: &Message,
        status: &str,
        tag: &str,
        extra: &str,
        body: &str,
    ) {
        let addr = self.addr(who);
        let mut text = format!("SIP/2.0 {status}\r\n");
        for via in to.lines(Name::Via) {
            write!(text, "Via: {}\r\n", String::from_utf8_lossy(via)).unwrap();
        }
        for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
            let value = String::from_utf8_lossy(to.field(name).unwrap());
            let add = name == Name::To && !value.contains(";tag=") && !status.starts_with("100");
            let tag = if add { format!(";tag={tag}") } else { String::new() };
            write!(text, "{}: {value}{tag}\r\n", name.as_str()).unwrap();
        }
        for route in to.lines(Name::RecordRoute) {
            write!(text, "Record-Route: {}\r\n", String::from_utf8_lossy(route)).unwrap();
        }
        if !extra.contains("Contact:") {
            write!(text, "Contact: <sip:{who}@{addr}>\r\n").unwrap();
        }
        if !body.is_empty() && !extra.contains("Content-Type") {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        write!(
            text,
            "Server: {who} at {addr}\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        self.say(who, &text);
    }

    /// The ACK of a 2xx.
    pub fn ack(&mut self, talk: &Talk, body: &str) {
        self.ask(talk, "ACK", "", body);
    }

    /// The process dies and comes back after `gone`, with what was kept.
    pub fn restart(&mut self, gone: Duration) {
        // The monotonic clock of another process.
        self.now = Now { moment: Moment(5_000), wall: self.now.wall + gone };
        self.calls = Calls::new(0, [7; 32], Arc::new(self.directory.clone()));
        self.resolve();
        let kept = self.kept.iter().map(|(key, state)| (*key, state.clone()));
        let kept: Vec<_> = kept.chain(self.numbers.clone()).collect();
        self.calls.restore(self.now, kept.into_iter());
        self.drain();
    }

    /// A call from the PBX to the carrier, up.
    pub fn call_up(&mut self) -> (Talk, Talk) {
        let caller = self.invite("pbx", "sip:0201112222@edge.example", "", "offer");
        self.hears("pbx", "100");
        let invite = self.hears("carrier", "INVITE");
        self.answer("carrier", &invite, "200 OK", "c1", "", "answer");
        let ok = self.hears("pbx", "200");
        let caller = caller.with(&ok);
        self.ack(&caller, "");
        self.hears("carrier", "ACK");
        (caller, Talk::called("carrier", &invite, "c1"))
    }

    /// After enough time nothing is left of anything.
    pub fn nothing_left(&mut self) {
        self.pass(Duration::from_secs(200));
        let counts = self.calls.counts();
        let all = [counts.calls, counts.transactions, counts.dialogs, counts.timers];
        assert_eq!(all, [0; 4], "{counts:?}\n{}", self.ladder);
        assert!(self.kept.is_empty(), "{:?}", self.kept);
    }

    /// No attempt that still runs has a record.
    pub fn accounted_except_running(&self) {
        let running: Vec<_> = self.calls.running().map(|call| call.call).collect();
        assert_eq!(self.cdrs.len() + running.len(), self.judged.len(), "{}", self.ladder);
    }

    /// Each attempt has one record, and one fact of its end.
    pub fn accounted(&self) {
        let mut calls: Vec<_> = self.judged.iter().map(|attempt| attempt.call).collect();
        calls.sort();
        let released = self.events.iter().filter_map(|event| match event {
            CallEvent::Released(release) => Some(release.call),
            _ => None,
        });
        let mut released: Vec<_> = released.collect();
        released.sort();
        let mut records: Vec<_> = self.cdrs.iter().map(|cdr| cdr.native_id.to_string()).collect();
        records.sort();
        assert_eq!(released, calls, "{}", self.ladder);
        assert_eq!(records, {
            let mut calls: Vec<_> = calls.iter().map(ToString::to_string).collect();
            calls.sort();
            calls
        });
    }
}

impl Talk {
    /// The dialog of who called, after this response.
    pub fn with(mut self, response: &Message) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.remote = text(response.field(Name::To).unwrap());
        if let Some(contact) = response.field(Name::Contact).and_then(NameAddr::read) {
            self.target = text(contact.uri);
        }
        self.routes = response.lines(Name::RecordRoute).map(text).collect();
        self.routes.reverse();
        self
    }

    /// The dialog of who was called with this INVITE and answered with this tag.
    pub fn called(who: &'static str, invite: &Message, tag: &str) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let contact = invite.field(Name::Contact).and_then(NameAddr::read).unwrap();
        Self {
            who,
            target: text(contact.uri),
            routes: invite.lines(Name::RecordRoute).map(text).collect(),
            local: format!("{};tag={tag}", text(invite.field(Name::To).unwrap())),
            remote: text(invite.field(Name::From).unwrap()),
            call_id: text(invite.field(Name::CallId).unwrap()),
            cseq: 100,
        }
    }

    pub fn next(&mut self) -> &Self {
        self.cseq += 1;
        self
    }
}

/// Tokens of ours are chance; a ladder reads better without.
fn hide_tokens(text: &str) -> String {
    let mut shown = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let ours = word.len() == 22 && word.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7'));
        shown.push_str(if ours { "~" } else { &word });
        word.clear();
        if c != '\0' {
            shown.push(c);
        }
    }
    shown
}
