//! Anything in any order: what holds whatever peers and users of the transactions do.

use crate::bench::{Bench, OWNER, ours, request, response};
use bytes::Bytes;
use proptest::prelude::*;
use ringfence_call::{ClientKey, Due, End, Heard, Output, ServerKey};
use ringfence_sip::Transport::{Tcp, Udp};
use ringfence_sip::{Limits, Message, Method, Name, Transport};
use std::collections::HashMap;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    /// The peer sends a request with one of a few branches, and with it what belongs to it.
    Hear {
        method: &'static str,
        branch: u8,
        to_tag: bool,
    },
    /// The peer answers one of our requests.
    Answered {
        client: usize,
        code: u16,
        tag: u8,
        of_cancel: bool,
        rseq: u32,
    },
    Respond {
        server: usize,
        code: u16,
    },
    Reliably {
        server: usize,
        rseq: u32,
    },
    Prack {
        server: usize,
        rseq: u32,
    },
    Ask {
        invite: bool,
    },
    Cancel {
        client: usize,
    },
    Abandon {
        client: usize,
    },
    Forget {
        server: usize,
    },
    Broken,
    Wait {
        ms: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let methods = ["INVITE", "INVITE", "OPTIONS", "ACK", "ACK", "CANCEL", "BYE"];
    let codes = [100, 180, 183, 200, 200, 202, 302, 404, 486, 487, 503, 603];
    let codes = move || proptest::sample::select(codes.to_vec());
    prop_oneof![
        8 => (proptest::sample::select(methods.to_vec()), 0..4_u8, any::<bool>())
            .prop_map(|(method, branch, to_tag)| Step::Hear { method, branch, to_tag }),
        6 => (0..8_usize, codes(), 0..3_u8, any::<bool>(), 0..4_u32).prop_map(
            |(client, code, tag, of_cancel, rseq)| Step::Answered {
                client, code, tag, of_cancel, rseq
            }
        ),
        5 => (0..8_usize, codes()).prop_map(|(server, code)| Step::Respond { server, code }),
        1 => (0..8_usize, 1..4_u32).prop_map(|(server, rseq)| Step::Reliably { server, rseq }),
        1 => (0..8_usize, 1..4_u32).prop_map(|(server, rseq)| Step::Prack { server, rseq }),
        3 => any::<bool>().prop_map(|invite| Step::Ask { invite }),
        1 => (0..8_usize).prop_map(|client| Step::Cancel { client }),
        1 => (0..8_usize).prop_map(|client| Step::Abandon { client }),
        1 => (0..8_usize).prop_map(|server| Step::Forget { server }),
        1 => Just(Step::Broken),
        6 => prop_oneof![0..700_u64, 0..40_000_u64].prop_map(|ms| Step::Wait { ms }),
    ]
}

/// A run, and what it has to account for.
struct Run {
    bench: Bench,
    servers: Vec<(ServerKey, Message)>,
    clients: Vec<(ClientKey, Method)>,
    /// How often each request of ours was said to be over.
    ended: HashMap<ClientKey, u32>,
    abandoned: Vec<ClientKey>,
    /// Final responses that were accepted for sending, per transaction.
    finals: HashMap<ServerKey, u32>,
    /// The number each response bears in `Subject`, and those that were accepted.
    responses: u32,
    accepted: Vec<u32>,
    /// Messages that may be sent at most.
    allowed: usize,
    sent: usize,
}

/// Retransmissions of one message by time: the most is every T2 for 32 s.
const AGAIN: usize = 10;

impl Run {
    fn new(transport: Transport) -> Self {
        Self {
            bench: Bench::new(transport),
            servers: Vec::new(),
            clients: Vec::new(),
            ended: HashMap::new(),
            abandoned: Vec::new(),
            finals: HashMap::new(),
            responses: 0,
            accepted: Vec::new(),
            allowed: 0,
            sent: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Hear { method, branch, to_tag } => self.hear(method, branch, to_tag),
            Step::Answered { client, code, tag, of_cancel, rseq } => {
                self.answered(client, code, tag, of_cancel, rseq);
            }
            Step::Respond { server, code } => self.respond(server, code, None),
            Step::Reliably { server, rseq } => self.respond(server, 183, Some(rseq)),
            Step::Prack { server, rseq } => {
                if let Some((server, _)) = nth(&self.servers, server) {
                    self.bench.transactions.pracked(server, rseq);
                }
            }
            Step::Ask { invite } => self.ask(invite),
            Step::Cancel { client } => {
                if let Some((client, _)) = nth(&self.clients, client) {
                    let (now, out) = (self.bench.now, &mut self.bench.out);
                    self.bench.transactions.cancel(now, client, b"", out);
                    self.allowed += 1 + AGAIN;
                }
            }
            Step::Abandon { client } => {
                if let Some((client, _)) = nth(&self.clients, client) {
                    self.bench.transactions.abandon_client(client);
                    self.abandoned.push(client);
                }
            }
            Step::Forget { server } => {
                if let Some((server, _)) = nth(&self.servers, server) {
                    self.bench.transactions.abandon_server(server);
                }
            }
            Step::Broken => {
                let flow = self.bench.flow;
                let Bench { transactions, out, .. } = &mut self.bench;
                transactions.unreachable(&flow, End::Broke, out);
            }
            Step::Wait { ms } => self.wait(ms),
        }
        self.check_sent();
    }

    fn hear(&mut self, method: &str, branch: u8, to_tag: bool) {
        let tag = if to_tag { ";tag=ours" } else { "" };
        // An ACK of a 2xx has a branch of its own.
        let its = if method == "ACK" && to_tag { branch + 100 } else { branch };
        let text = request(method, &its.to_string(), tag).replace("one@", &branch.to_string());
        self.allowed += 1;
        if let Heard::Request(server) = self.bench.hear(&text) {
            let bytes = Bytes::from(text);
            self.servers.push((server, Message::parse(bytes, &Limits::default()).unwrap()));
        }
    }

    fn ask(&mut self, invite: bool) {
        let method = if invite { Method::Invite } else { Method::Bye };
        let branch = format!("z9hG4bKours{}", self.clients.len());
        let text = ours(method.as_str()).replace("z9hG4bKours", &branch);
        let (now, flow, out) = (self.bench.now, self.bench.flow, &mut self.bench.out);
        let client = self.bench.transactions.request(
            now,
            flow,
            method,
            branch.as_bytes(),
            Bytes::from(text),
            OWNER,
            out,
        );
        self.clients.push((client, method));
        self.allowed += 1 + AGAIN;
    }

    fn answered(&mut self, client: usize, code: u16, tag: u8, of_cancel: bool, rseq: u32) {
        let Some((_, method)) = nth(&self.clients, client) else { return };
        let number = client % self.clients.len();
        let method = if of_cancel { "CANCEL" } else { method.as_str() };
        let reliable = format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
        let more = if rseq > 0 && code < 200 { reliable.as_str() } else { "" };
        let text = response(code, method, &tag.to_string(), more)
            .replace("z9hG4bKours", &format!("z9hG4bKours{number}"));
        self.allowed += 1;
        match self.bench.hear(&text) {
            Heard::Response { client, last, .. } => {
                assert_eq!(last, code >= 200);
                *self.ended.entry(client).or_default() += u32::from(last);
            }
            // A CANCEL that waited for this.
            Heard::Absorbed | Heard::Again2xx { .. } | Heard::Stray => {}
            heard => panic!("{heard:?}"),
        }
    }

    fn respond(&mut self, server: usize, code: u16, rseq: Option<u32>) {
        let Some((server, request)) = nth(&self.servers, server) else { return };
        self.responses += 1;
        let number = self.responses;
        let built = ringfence_call::begin(&request, &self.bench.flow, code, b"x", b"ours");
        let mut built = built.unwrap();
        built.number(Name::Subject, number);
        let bytes = built.finish(b"").unwrap();
        let (now, out) = (self.bench.now, &mut self.bench.out);
        let transactions = &mut self.bench.transactions;
        let sent = match rseq {
            Some(rseq) => transactions.respond_reliably(now, server, rseq, bytes, out),
            None => transactions.respond(now, server, code, bytes, out),
        };
        if sent {
            self.accepted.push(number);
            self.allowed += 1 + AGAIN;
            let finals = self.finals.entry(server).or_default();
            *finals += u32::from(code >= 200);
            assert!(*finals <= 1, "a second final response");
        }
    }

    fn wait(&mut self, ms: u64) {
        let end = self.bench.now + Duration::from_millis(ms);
        let mut turns = 0;
        while let Some(next) = self.bench.transactions.next_timer().filter(|next| *next <= end) {
            self.bench.now = self.bench.now.max(next);
            while let Some(due) = self.bench.transactions.due(self.bench.now, &mut self.bench.out) {
                if let Due::Timeout { client, .. } | Due::Unreachable { client, .. } = due {
                    *self.ended.entry(client).or_default() += 1;
                }
            }
            turns += 1;
            assert!(turns < 10_000, "time stands still");
        }
        self.bench.now = end;
    }

    fn check_sent(&mut self) {
        for output in self.bench.out.drain(..) {
            let Output::Transmit { bytes, .. } = output else { panic!("{output:?}") };
            let message = Message::parse(bytes, &Limits::default()).unwrap();
            message.essentials().unwrap();
            if let Some(number) = message.number(Name::Subject) {
                assert!(self.accepted.contains(&number), "a response that was refused was sent");
            }
            self.sent += 1;
        }
    }

    /// Every INVITE is answered and every one of ours cancelled; then nothing is left, and each of our requests came
    /// to exactly one end.
    fn quiet(mut self) {
        for server in 0..self.servers.len() {
            self.respond(server, 487, None);
        }
        for client in 0..self.clients.len() {
            self.take(&Step::Cancel { client });
        }
        // 32 s for what waits for CANCEL's end, 32 s for what ends then.
        self.wait(64_000);
        self.check_sent();
        let transactions = &self.bench.transactions;
        assert_eq!((transactions.len(), transactions.clients()), (0, 0));
        assert!(transactions.is_empty());
        assert_eq!(transactions.next_timer(), None);
        for (client, _) in &self.clients {
            let ended = self.ended.get(client).copied().unwrap_or_default();
            assert!(ended == 1 || ended == 0 && self.abandoned.contains(client), "{ended} ends");
        }
        assert!(self.sent <= self.allowed, "{} sent, {} allowed", self.sent, self.allowed);
    }
}

fn nth<T: Clone>(all: &[T], at: usize) -> Option<T> {
    all.get(at.checked_rem(all.len())?).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn whatever_happens(steps in proptest::collection::vec(step(), 1..120), stream: bool) {
        let mut run = Run::new(if stream { Tcp } else { Udp });
        for step in &steps {
            run.take(step);
        }
        run.quiet();
    }
}
