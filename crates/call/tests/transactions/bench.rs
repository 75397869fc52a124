//! A peer, a clock, and transactions between them; what happens is said in words.

use bytes::Bytes;
use ringfence_call::{
    ClientKey, Due, End, Heard, Outbox, Output, Owner, ServerKey, Transactions, begin, phrase,
};
use ringfence_model::{CallId, Moment};
use ringfence_sip::{ConnectionId, Flow, Limits, Message, Method, Start, Transport};
use std::time::Duration;

pub const OWNER: Owner = Owner::Call { call: CallId(7), slot: 0, generation: 0, relay: 0 };

pub fn flow(transport: Transport) -> Flow {
    Flow {
        transport,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "198.51.100.7:5060".parse().unwrap(),
        connection: transport.is_reliable().then_some(ConnectionId(1)),
    }
}

pub struct Bench {
    pub transactions: Transactions,
    pub now: Moment,
    pub flow: Flow,
    pub out: Outbox,
    pub server: Option<ServerKey>,
    pub client: Option<ClientKey>,
    /// The request that `server` is of.
    request: Option<Message>,
}

impl Bench {
    pub fn new(transport: Transport) -> Self {
        Self {
            transactions: Transactions::new(1),
            now: Moment(1_000_000),
            flow: flow(transport),
            out: Outbox::new(),
            server: None,
            client: None,
            request: None,
        }
    }

    /// Does all of `words`, says what the last one brought.
    pub fn play(&mut self, words: &str) -> String {
        words.split_whitespace().map(|word| self.act(word)).last().unwrap_or_default()
    }

    /// What the peer sends: a method, `ack` (of a 2xx, its own branch), a response `<180` or `<200/fork` with a To tag,
    /// or `<200/OPTIONS` with a method. What we do: a response `180` `200`, reliably `183r1`, `prack1`, a request
    /// `>INVITE`, `cancel`, `abandon`, `broken`. And time, `+500` in milliseconds.
    fn act(&mut self, word: &str) -> String {
        let did = match word.split_at(1) {
            ("<", code) => {
                let (code, rest) = code.split_once('/').unwrap_or((code, "t"));
                let method = if rest == "CANCEL" { "CANCEL" } else { "INVITE" };
                let cseq = if rest == "OPTIONS" { rest } else { method };
                let text = response(code.parse().unwrap(), cseq, rest, "");
                self.heard(&text)
            }
            (">", method) => {
                self.ask(Method::read(method.as_bytes()));
                String::new()
            }
            ("+", ms) => self.wait(ms.parse().unwrap()).join(", "),
            _ => match word {
                "INVITE" | "OPTIONS" | "ACK" | "CANCEL" => self.heard(&request(word, "a", "")),
                "ack" => self.heard(&request("ACK", "b", ";tag=ours")),
                "trying" => self.trying(),
                "cancel" => {
                    let client = self.client.unwrap();
                    self.transactions.cancel(self.now, client, b"SIP;cause=200", &mut self.out);
                    String::new()
                }
                "abandon" => {
                    if let Some(client) = self.client {
                        self.transactions.abandon_client(client);
                    }
                    if let Some(server) = self.server {
                        self.transactions.abandon_server(server);
                    }
                    String::new()
                }
                "broken" => {
                    self.transactions.unreachable(&self.flow, End::Broke, &mut self.out);
                    self.due().join(", ")
                }
                _ => self.answer(word),
            },
        };
        let mut said: Vec<String> = Some(did).filter(|did| !did.is_empty()).into_iter().collect();
        said.extend(self.sent());
        said.join(" ")
    }

    fn trying(&mut self) -> String {
        let (server, request) = (self.server.unwrap(), self.request.clone().unwrap());
        self.transactions.trying(server, &request, &mut self.out);
        String::new()
    }

    fn answer(&mut self, word: &str) -> String {
        let server = self.server.unwrap();
        if let Some(rseq) = word.strip_prefix("prack") {
            return self.transactions.pracked(server, rseq.parse().unwrap()).to_string();
        }
        let (code, rseq) = word.split_once('r').map_or((word, None), |(c, r)| (c, Some(r)));
        let code: u16 = code.parse().unwrap();
        let bytes = self.response(code);
        let sent = match rseq.map(|rseq| rseq.parse().unwrap()) {
            Some(rseq) => {
                let out = &mut self.out;
                self.transactions.respond_reliably(self.now, server, rseq, bytes, out)
            }
            None => self.transactions.respond(self.now, server, code, bytes, &mut self.out),
        };
        if sent { String::new() } else { "not".into() }
    }

    pub fn response(&self, code: u16) -> Bytes {
        let request = self.request.as_ref().unwrap();
        let built = begin(request, &self.flow, code, phrase(code).as_bytes(), b"ours");
        built.unwrap().finish(b"").unwrap()
    }

    /// Sends a request of ours.
    pub fn ask(&mut self, method: Method) {
        let bytes = Bytes::from(ours(method.as_str()));
        let branch = b"z9hG4bKours";
        let out = &mut self.out;
        let client =
            self.transactions.request(self.now, self.flow, method, branch, bytes, OWNER, out);
        self.client = Some(client);
    }

    pub fn hear(&mut self, text: &str) -> Heard {
        self.hear_from(self.flow, text)
    }

    pub fn hear_from(&mut self, flow: Flow, text: &str) -> Heard {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let message = Message::parse(bytes, &Limits::default()).unwrap();
        let essentials = message.essentials().unwrap();
        let out = &mut self.out;
        let heard = self.transactions.receive(self.now, flow, &message, &essentials, out);
        if let Heard::Request(server) = heard {
            self.transactions.set_owner(server, OWNER);
            self.server = Some(server);
            self.request = Some(message);
        }
        heard
    }

    pub fn heard(&mut self, text: &str) -> String {
        match self.hear(text) {
            Heard::Response { last: true, .. } => "last".into(),
            Heard::Response { .. } => "response".into(),
            Heard::Ack(None) => "no ack".into(),
            heard => {
                let text = format!("{heard:?}").to_lowercase();
                text.split(['(', ' ']).next().unwrap_or_default().into()
            }
        }
    }

    /// What was sent since, in words: the method or the code.
    pub fn sent(&mut self) -> Vec<String> {
        self.messages().iter().map(word).collect()
    }

    pub fn messages(&mut self) -> Vec<Message> {
        let parse = |output| match output {
            Output::Transmit { flow, bytes, .. } => {
                assert_eq!(flow.remote.ip(), self.flow.remote.ip());
                Message::parse(bytes, &Limits::default()).unwrap()
            }
            other => panic!("{other:?}"),
        };
        self.out.drain(..).map(parse).collect()
    }

    /// Lets time pass and says what it brought, with the milliseconds since the beginning of the wait.
    pub fn wait(&mut self, ms: u64) -> Vec<String> {
        let (begin, end) = (self.now, self.now + Duration::from_millis(ms));
        let mut said = Vec::new();
        while let Some(next) = self.transactions.next_timer().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            let due = self.due();
            let at = (self.now - begin).as_millis();
            said.extend(self.sent().into_iter().chain(due).map(|what| format!("{at} {what}")));
        }
        self.now = end;
        said
    }

    fn due(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(due) = self.transactions.due(self.now, &mut self.out) {
            said.push(match due {
                Due::Timeout { .. } => "timeout".into(),
                Due::Unreachable { .. } => "unreachable".into(),
                Due::NoAck { .. } => "no ack".into(),
                Due::NoPrack { rseq, .. } => format!("no prack {rseq}"),
                Due::Unanswered { .. } => "unanswered".into(),
            });
        }
        said
    }
}

fn word(message: &Message) -> String {
    match message.start() {
        Start::Request(_) => String::from_utf8(message.method_text().to_vec()).unwrap(),
        Start::Response(code) => code.to_string(),
    }
}

/// A request of the peer.
pub fn request(method: &str, branch: &str, to_tag: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK{branch};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:alice@a.example>;tag=from\r\n\
         To: <sip:bob@b.example>{to_tag}\r\n\
         Call-ID: one@198.51.100.7\r\n\
         CSeq: 1 {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// A request of ours.
pub fn ours(method: &str) -> String {
    format!(
        "{method} sip:bob@198.51.100.7 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours;rport\r\n\
         Max-Forwards: 70\r\n\
         Route: <sip:edge.example;lr>, <sip:core.example;lr>\r\n\
         From: <sip:alice@a.example>;tag=from\r\n\
         To: <sip:bob@b.example>\r\n\
         Call-ID: two\r\n\
         CSeq: 5 {method}\r\n\
         Content-Length: 4\r\n\r\nbody"
    )
}

/// A response of the peer to it.
pub fn response(code: u16, method: &str, tag: &str, more: &str) -> String {
    format!(
        "SIP/2.0 {code} x\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours;rport=5060;received=192.0.2.1\r\n\
         From: <sip:alice@a.example>;tag=from\r\n\
         To: <sip:bob@b.example>;tag={tag}\r\n\
         Call-ID: two\r\n\
         CSeq: 5 {method}\r\n{more}\
         Content-Length: 0\r\n\r\n"
    )
}
