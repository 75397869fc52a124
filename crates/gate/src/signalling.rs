//! Messages: is the sender heard, can it be read, whose shard is it, and the talk between signalling and engine.

mod shed;

use crate::advised::Advised;
use crate::gate::{Gate, Shard};
use crate::io::Output;
use crate::snapshot::Snapshot;
use bytes::Bytes;
use ipnet::IpNet;
use ringfence_call::{CallView, Calls, Cause, Output as Said, Responder, Ruling, reply_flow};
use ringfence_fraud::explain::Voice;
use ringfence_guard::{Admission, Evidence, Guard, Load, Reaction, Sender, Settings, Standing};
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Moment, Now, Pass, Protected, Release, ReleasedBy, Target,
    Verdict, WallTime,
};
use ringfence_numbering::{DialPlan, Numbering};
use ringfence_sip::{Fault, Flow, Limits, Message, Method, Name, Transport, Via};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// In English: `Reason` header texts are for the other end's log.
pub(crate) static VOICE: LazyLock<Voice> = LazyLock::new(Voice::english);

/// The signalling side of a gate.
pub struct Signalling {
    pub calls: Calls,
    pub guard: Guard,
    pub load: Load,
    responder: Responder,
    limits: Limits,
    heard: Heard,
}

/// What became of the messages that came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// Messages in all.
    pub messages: u64,
    /// Of these not let in by the guard; its own counts say why.
    pub dropped: u64,
    /// No SIP.
    pub unreadable: u64,
    /// SIP with a fault in a field.
    pub faulty: u64,
    /// Given to another shard.
    pub handed: u64,
    /// New calls that were not taken because of overload.
    pub shed: u64,
}

impl Signalling {
    pub fn new(shard: &Shard, snapshot: &Snapshot) -> Self {
        let settings = guard_settings(snapshot);
        let seed = crate::gate::seed(&shard.secret);
        Self {
            load: Load::new(settings.load.clone(), seed),
            guard: Guard::new(settings, seed),
            calls: Calls::new(shard.number, shard.secret, Arc::clone(&snapshot.directory)),
            responder: Responder::new(&shard.secret, shard.number),
            limits: Limits::default(),
            heard: Heard::default(),
        }
    }

    pub fn adopt(&mut self, now: Now, snapshot: &Snapshot) {
        let settings = guard_settings(snapshot);
        self.load.reconfigure(settings.load.clone());
        self.guard.reconfigure(settings);
        self.calls.adopt(now, Arc::clone(&snapshot.directory));
    }

    pub fn tick(&mut self, now: Now) {
        self.calls.tick(now, &mut self.guard);
    }

    /// Ends a call.
    pub fn cut(&mut self, now: Now, call: CallId, why: &str) {
        self.calls.terminate(now, Cause { call, text: why.into() });
    }

    /// An order that finds no room is shown in the guard's counts.
    pub fn ban(&mut self, now: Now, net: IpNet, until: Option<WallTime>, by: &str) {
        let _ = self.guard.ban(now, net, until, by);
    }

    pub fn unban(&mut self, now: Now, net: IpNet) {
        self.guard.unban(now.moment, net);
    }

    /// A message with a fault: a request of somebody we know is told, others are not.
    fn fault(
        &mut self,
        now: Moment,
        flow: &Flow,
        message: &Message,
        fault: Fault,
    ) -> Option<Output> {
        self.heard.faulty += 1;
        let reaction = self.guard.observed(now, sender(flow), Evidence::Malformed);
        let asks = message.method().is_some_and(|method| method != Method::Ack);
        if !asks || reaction != Reaction::Answer {
            return None;
        }
        self.answer(flow, message, fault.code(), &[])
    }

    /// An answer that leaves nothing behind here.
    fn answer(
        &self,
        flow: &Flow,
        request: &Message,
        code: u16,
        fields: &[(Name, &[u8])],
    ) -> Option<Output> {
        let via = request.values(Name::Via).next().and_then(Via::read)?;
        let bytes = self.responder.respond(request, flow, code, fields)?;
        Some(Output::Transmit { flow: reply_flow(flow, &via), bytes, call: None })
    }
}

/// What the guard works by: the settings, and every trunk's networks as trusted ones.
fn guard_settings(snapshot: &Snapshot) -> Settings {
    let mut settings = Settings::clone(&snapshot.guard);
    let trunks = &snapshot.directory.parts().trunks;
    settings.trusted.extend(trunks.iter().flat_map(|trunk| trunk.networks.iter().copied()));
    settings
}

fn sender(flow: &Flow) -> Sender {
    if flow.transport == Transport::Udp {
        Sender::datagram(flow.remote)
    } else {
        Sender::stream(flow.remote)
    }
}

impl Gate {
    /// Whether a connection from there may be opened.
    pub fn connects(&mut self, now: Moment, flow: &Flow) -> bool {
        self.signalling.guard.connects(now, sender(flow)).is_ok()
    }

    /// What became of messages.
    #[must_use]
    pub const fn heard(&self) -> Heard {
        self.signalling.heard
    }

    /// The guard, to be looked at.
    #[must_use]
    pub const fn guard(&self) -> &Guard {
        &self.signalling.guard
    }

    /// The guard, to take up what it knew before a restart.
    pub const fn guard_mut(&mut self) -> &mut Guard {
        &mut self.signalling.guard
    }

    /// Calls, registrations and trunks, to be looked at.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        &self.signalling.calls
    }

    /// Calls whose signalling runs elsewhere, to be looked at.
    #[must_use]
    pub const fn advised(&self) -> &Advised {
        &self.advised
    }

    /// Calls that run or ring, here and elsewhere.
    pub fn running(&self) -> impl Iterator<Item = CallView> {
        self.calls().running().chain(self.advised.running())
    }

    /// Takes up calls and registrations from before a restart. Poll afterwards.
    pub fn take_up(&mut self, now: Now, records: impl Iterator<Item = ([u8; 16], Bytes)>) {
        let now = self.forward(now);
        let mut advised = Vec::new();
        let own = records.filter(|(key, state)| {
            let own = key.first() != Some(&Advised::RECORD_KIND);
            if !own {
                advised.push((*key, state.clone()));
            }
            own
        });
        self.signalling.calls.restore(now, own);
        for (key, state) in advised {
            if self.advised.restore(&state).is_none() {
                self.outputs.push_back(Output::Checkpoint { key, state: None });
            }
        }
        self.release_lost(now);
        self.settle(now);
    }

    /// Calls that were not taken up (they only rang, or their record came too late) are over: what is reserved for
    /// them would be reserved for ever.
    fn release_lost(&mut self, now: Now) {
        let live: HashSet<CallId> = self.signalling.calls.running().map(|view| view.call).collect();
        let is_lost = |call: &CallId| !live.contains(call) && !self.advised.runs(*call);
        let lost: Vec<CallId> = self.engine.calls().filter(is_lost).collect();
        for call in lost {
            let charged = self.engine.running(call).map(|running| running.charged(now.moment));
            let billable_ms =
                charged.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0));
            let by = ReleasedBy::Parties;
            self.event(now, &CallEvent::Released(Release { call, code: 408, billable_ms, by }));
        }
    }

    pub(crate) fn message(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        self.signalling.heard.messages += 1;
        match self.signalling.guard.admit(now.moment, sender(&flow), &bytes) {
            Admission::Pass(standing) => self.read(now, flow, bytes, standing),
            Admission::KeepAlive => {}
            Admission::Drop(_) => {
                self.signalling.heard.dropped += 1;
                if flow.connection.is_some() {
                    self.outputs.push_back(Output::Close(flow));
                }
            }
        }
    }

    fn read(&mut self, now: Now, flow: Flow, bytes: Bytes, standing: Standing) {
        let Ok(message) = Message::parse(bytes, &self.signalling.limits) else {
            self.signalling.heard.unreadable += 1;
            let seen = Evidence::Malformed;
            let reaction = self.signalling.guard.observed(now.moment, sender(&flow), seen);
            if reaction == Reaction::Banned && flow.connection.is_some() {
                self.outputs.push_back(Output::Close(flow));
            }
            return;
        };
        if let Err(fault) = message.essentials() {
            let answer = self.signalling.fault(now.moment, &flow, &message, fault);
            self.outputs.extend(answer);
            return;
        }
        let alone = self.snapshot.directory.parts().shards <= 1;
        let of = if alone { None } else { self.signalling.calls.shard_of(&flow, &message) };
        match of {
            Some(shard) if shard != self.signalling.calls.shard() => {
                self.signalling.heard.handed += 1;
                let bytes = message.bytes().clone();
                self.outputs.push_back(Output::Hand { shard, flow, bytes });
            }
            _ => self.receive(now, flow, message, standing),
        }
    }

    /// A message that another shard heard and read.
    pub(crate) fn handed(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        if let Ok(message) = Message::parse(bytes, &self.signalling.limits)
            && message.essentials().is_ok()
        {
            let standing = self.signalling.guard.standing(now.moment, sender(&flow));
            self.receive(now, flow, message, standing);
        }
    }

    fn receive(&mut self, now: Now, flow: Flow, message: Message, standing: Standing) {
        if self.is_shed(&flow, &message, standing) {
            self.signalling.heard.shed += 1;
            return;
        }
        let Signalling { calls, guard, .. } = &mut self.signalling;
        calls.receive(now, flow, message, guard);
    }

    /// Passes on what signalling says; whether it said anything.
    pub(crate) fn signal(&mut self, now: Now) -> bool {
        let mut said = false;
        while let Some(output) = self.signalling.calls.poll() {
            said = true;
            match output {
                Said::Transmit { flow, bytes, call } => {
                    self.outputs.push_back(Output::Transmit { flow, bytes, call });
                }
                Said::Judge(attempt) => {
                    self.outputs.push_back(Output::Event(CallEvent::Attempt((*attempt).clone())));
                    self.rule(now, &attempt);
                }
                Said::Event(event) => {
                    self.event(now, &event);
                    self.outputs.push_back(Output::Event(event));
                }
                Said::Finished(cdr) => self.outputs.push_back(Output::Finished(cdr)),
                Said::Checkpoint { key, state } => {
                    self.outputs.push_back(Output::Checkpoint { key, state });
                }
            }
        }
        said
    }

    fn rule(&mut self, now: Now, attempt: &Attempt) {
        let ruling = match self.judge(now, attempt) {
            Some((verdict, target)) => {
                let plan = &self.snapshot.setup(&attempt.tenant).dial_plan;
                let ruling = ruling(&verdict, &target, &attempt.dialled, plan);
                self.outputs.push_back(Output::Verdict(verdict));
                ruling
            }
            None => {
                Ruling::Allow { max_duration: None, protected: false, b_number: None, dial: None }
            }
        };
        self.signalling.calls.rule(now, attempt.call, ruling);
    }
}

fn ruling(verdict: &Verdict, target: &Target, dialled: &str, plan: &DialPlan) -> Ruling {
    if verdict.acted && verdict.action == Action::Reject {
        let reasons = VOICE.reasons(&verdict.reasons);
        let asks = verdict.pass.iter().any(|pass| matches!(pass, Pass::Approval { .. }));
        let text = if asks { format!("Waits for approval: {reasons}") } else { reasons };
        return Ruling::Refuse { text: text.into() };
    }
    Ruling::Allow {
        // In observe a cap is computed and not acted on.
        max_duration: verdict.max_duration.filter(|_| verdict.acted),
        protected: matches!(target, Target::Protected(_)),
        b_number: match target {
            Target::Outside(destination) => destination.number,
            _ => None,
        },
        dial: match target {
            Target::Protected(Protected::Emergency) => Some(emergency_digits(dialled, plan).into()),
            _ => None,
        },
    }
}

/// An emergency number without what stood before it (an outside line, a country code), which no carrier knows.
fn emergency_digits<'d>(dialled: &'d str, plan: &DialPlan) -> &'d str {
    let numbering = Numbering::embedded();
    let is = |digits: &str| {
        matches!(numbering.classify(digits, plan), Target::Protected(Protected::Emergency))
    };
    let starts = dialled.char_indices().map(|(at, _)| at).rev().skip(2);
    let mut ends = starts.filter_map(|at| dialled.get(at..));
    ends.find(|digits| is(digits)).unwrap_or(dialled)
}
