//! A peer's own transactions, after RFC 3261 §17: repeat until answered, answer repetitions from what was said.

use super::text::{self, Request};
use super::{Agent, Deed, Timer};
use bytes::Bytes;
use ringfence_model::Moment;
use ringfence_sip::{Message, Method};
use std::time::Duration;

/// Branch and method.
pub type Key = (String, String);

/// RFC 3261 §17.1.1.1
pub const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// Timers B, F, H, J.
pub const LONG: Duration = Duration::from_secs(32);

/// A request that was sent.
pub struct Client {
    pub bytes: Bytes,
    pub call: Option<u32>,
    pub aim: Aim,
    pub stage: Stage,
    /// What acknowledged a 2xx.
    pub ack: Option<Bytes>,
    every: Duration,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    Call,
    Hold,
    Bye,
    Cancel,
    Register,
    Refer,
    Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing heard yet.
    Waiting,
    /// A provisional answer was heard.
    Proceeding,
    /// A final one was.
    Done,
}

/// A request that was heard.
pub struct Server {
    pub request: Message,
    pub answer: Option<Bytes>,
    /// A final answer to an INVITE is repeated until it is acknowledged.
    pub unacked: bool,
    pub call: Option<u32>,
    every: Duration,
}

impl Agent {
    /// Sends a request and sees to its repetition.
    pub(super) fn ask(
        &mut self,
        at: Moment,
        request: &Request<'_>,
        call: Option<u32>,
        aim: Aim,
    ) -> Key {
        let key = (request.via.2.to_owned(), request.method.to_owned());
        let bytes = request.write();
        self.send(bytes.clone());
        let client = Client { bytes, call, aim, stage: Stage::Waiting, ack: None, every: T1 };
        self.clients.insert(key.clone(), client);
        if !self.reliable() {
            self.set(at + T1, Timer::Repeat(key.clone()));
        }
        self.set(at + LONG, Timer::GiveUp(key.clone()));
        key
    }

    pub(super) fn repeat(&mut self, at: Moment, key: Key) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        let invite = key.1 == "INVITE";
        match client.stage {
            Stage::Waiting => {}
            Stage::Proceeding if !invite => {}
            _ => return,
        }
        client.every = if invite { client.every * 2 } else { (client.every * 2).min(T2) };
        let (bytes, every) = (client.bytes.clone(), client.every);
        self.send(bytes);
        self.set(at + every, Timer::Repeat(key));
    }

    /// No final answer came in time.
    pub(super) fn give_up(&mut self, at: Moment, key: &Key) {
        let Some(client) = self.clients.get(key) else { return };
        if client.stage == Stage::Done {
            self.clients.remove(key);
            return;
        }
        if key.1 == "INVITE" && client.stage == Stage::Proceeding {
            return;
        }
        let (call, aim) = (client.call, client.aim);
        self.clients.remove(key);
        self.unanswered(at, call, aim);
    }

    /// A response came.
    pub(super) fn answered(&mut self, at: Moment, message: &Message) {
        let (Some(key), Some(code)) = (text::key(message), message.code()) else { return };
        let Some(client) = self.clients.get_mut(&key) else {
            // What comes after the transaction was forgotten is late, not wrong.
            return;
        };
        let was = client.stage;
        if code < 200 {
            if was == Stage::Waiting {
                client.stage = Stage::Proceeding;
            }
            let (call, aim) = (client.call, client.aim);
            return self.provisional(at, call, aim, message);
        }
        client.stage = Stage::Done;
        let (call, aim, sent) = (client.call, client.aim, client.bytes.clone());
        if was != Stage::Done {
            self.set(at + LONG, Timer::GiveUp(key.clone()));
        }
        if key.1 == "INVITE" && code >= 300 {
            self.acknowledge_refusal(&sent, message);
        }
        self.answer_heard(at, (call, aim), message, was == Stage::Done);
    }

    /// RFC 3261 §17.1.1.3
    fn acknowledge_refusal(&mut self, sent: &Bytes, answer: &Message) {
        let Some(invite) = self.read(sent) else { return };
        let Some((branch, _)) = text::key(&invite) else { return };
        let uri = text::lossy(invite.uri_text());
        let bytes = Request {
            method: "ACK",
            uri: &uri,
            via: (self.transport.as_str(), &self.host.clone(), &branch),
            from: &text::field(&invite, ringfence_sip::Name::From),
            to: &text::field(answer, ringfence_sip::Name::To),
            call_id: &text::field(&invite, ringfence_sip::Name::CallId),
            cseq: text::cseq(&invite),
            hops: 70,
            more: "",
            body: "",
        }
        .write();
        self.send(bytes);
    }

    /// Whether a request is new; a repeated one is answered here.
    pub(super) fn is_new(&mut self, at: Moment, key: &Key, message: &Message) -> bool {
        if let Some(server) = self.servers.get(key) {
            let answer = server.answer.clone();
            answer.into_iter().for_each(|bytes| self.send(bytes));
            return false;
        }
        let server = Server {
            request: message.clone(),
            answer: None,
            unacked: false,
            call: None,
            every: T1,
        };
        self.servers.insert(key.clone(), server);
        if message.method() != Some(Method::Invite) {
            self.set(at + LONG, Timer::Forget(key.clone()));
        }
        true
    }

    /// Answers a request.
    pub(super) fn reply(
        &mut self,
        at: Moment,
        key: &Key,
        code: u16,
        tag: &str,
        more: &str,
        body: &str,
    ) {
        let Some(server) = self.servers.get_mut(key) else { return };
        let bytes = text::response(&server.request, code, tag, more, body);
        server.answer = Some(bytes.clone());
        if code >= 200 && key.1 == "INVITE" {
            server.unacked = true;
            // A 2xx is repeated on any transport (§13.3.1.4), another answer on datagrams only.
            if code < 300 || !self.transport.is_reliable() {
                self.set(at + T1, Timer::RepeatAnswer(key.clone()));
            }
            self.set(at + LONG, Timer::Forget(key.clone()));
        }
        self.send(bytes);
    }

    pub(super) fn repeat_answer(&mut self, at: Moment, key: Key) {
        let Some(server) = self.servers.get_mut(&key).filter(|server| server.unacked) else {
            return;
        };
        server.every = (server.every * 2).min(T2);
        let (answer, every) = (server.answer.clone(), server.every);
        answer.into_iter().for_each(|bytes| self.send(bytes));
        self.set(at + every, Timer::RepeatAnswer(key));
    }

    pub(super) fn forget(&mut self, at: Moment, key: &Key) {
        let Some(server) = self.servers.remove(key) else { return };
        if let Some(call) = server.call.filter(|_| server.unacked) {
            self.act(at, call, Deed::NoAck);
        }
    }
}
