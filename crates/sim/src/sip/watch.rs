//! What must hold of each thing the gate says, at the moment it says it.

use super::attack::Method;
use super::house::House;
use super::outcome::Outcome;
use super::plan::Purpose;
use super::scenario::{DENIED, Scenario};
use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use ringfence_gate::Output;
use ringfence_model::{Action, CallId, Cdr, Direction, Mode, Moment};
use ringfence_sip::{Flow, Limits, Message, Name};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;

/// What was seen of one call at the gate.
#[derive(Default, Debug)]
pub struct Call {
    /// The plan it is of.
    pub plan: Option<usize>,
    /// It was refused by a verdict that binds.
    pub refused: bool,
    /// It was ended by the engine or an operator.
    pub cut: bool,
    /// An INVITE of it went out.
    pub sent: bool,
    /// It was neither up nor over when the program stopped.
    pub lost: bool,
    /// Its record.
    pub record: Option<Cdr>,
}

/// The checkers that look at each word of the gate.
pub struct Watch {
    enforces: bool,
    residents: Vec<(SocketAddr, Vec<String>)>,
    /// Why each planned call is made, and its hops.
    purposes: Vec<(Purpose, u32)>,
    /// INVITEs of calls that go round in circles.
    rounds: BTreeMap<usize, u32>,
    carriers: BTreeSet<SocketAddr>,
    /// What was seen of each call.
    pub calls: BTreeMap<CallId, Call>,
    by_plan: BTreeMap<usize, CallId>,
    /// When the last INVITE of a plan came.
    asked: BTreeMap<usize, Moment>,
    /// The Call-IDs of INVITEs that were taken up.
    taken: BTreeSet<String>,
    /// The Via of each INVITE that went out.
    invites: BTreeSet<Vec<u8>>,
    acted: bool,
    restarted: bool,
    hash: foldhash::fast::FoldHasher<'static>,
    outcome: Outcome,
}

impl Watch {
    pub fn new(scenario: &Scenario) -> Self {
        let residents = scenario.house.residents.iter();
        let carriers = residents.clone().enumerate();
        Self {
            enforces: scenario.house.policy.mode == Mode::Enforce,
            carriers: carriers
                .filter(|(node, _)| House::is_carrier(*node))
                .map(|(_, resident)| resident.outside)
                .collect(),
            residents: residents
                .map(|r| (r.outside, vec![r.inside.ip().to_string(), r.outside.ip().to_string()]))
                .collect(),
            purposes: scenario.plans.iter().map(|plan| (plan.purpose, plan.hops)).collect(),
            rounds: BTreeMap::new(),
            calls: BTreeMap::new(),
            by_plan: BTreeMap::new(),
            asked: BTreeMap::new(),
            taken: BTreeSet::new(),
            invites: BTreeSet::new(),
            acted: false,
            restarted: false,
            hash: foldhash::fast::FixedState::with_seed(0).build_hasher(),
            outcome: Outcome::default(),
        }
    }

    /// The gate hears a message.
    pub fn heard(&mut self, at: Moment, bytes: &[u8]) {
        self.outcome.messages.0 += 1;
        let invite = Some(bytes).filter(|bytes| bytes.starts_with(b"INVITE "));
        if let Some(plan) = invite.and_then(plan) {
            self.asked.insert(plan, at);
        }
    }

    /// The gate sent a message.
    pub fn sent(
        &mut self,
        at: Moment,
        flow: &Flow,
        bytes: &Bytes,
        call: Option<CallId>,
    ) -> Result<()> {
        self.outcome.messages.1 += 1;
        self.hash.write_u64(at.0);
        self.hash.write(format!("{flow:?}").as_bytes());
        self.hash.write(bytes);
        if !self.acted {
            self.outcome.trail.push(self.hash.finish());
        }
        let to = flow.remote;
        let known = self.residents.iter().any(|(at, _)| at.ip() == to.ip());
        ensure!(
            known || Method::of(&to).is_some(),
            "{to} is nobody's, and was sent {}",
            shown(bytes)
        );
        if let Some(method) = Method::of(&to) {
            ensure!(method.knows_a_name(), "a stranger at {to} was sent {}", shown(bytes));
            ensure!(bytes.starts_with(b"SIP/2.0 "), "an attacker was asked: {}", shown(bytes));
        }
        let Ok(message) = Message::parse(bytes.clone(), &Limits::default()) else {
            bail!("unreadable bytes were sent to {to}: {}", shown(bytes));
        };
        self.hides_the_other_side(to, &message)?;
        if message.code() == Some(100) && cseq(&message).ends_with(b"INVITE") {
            let id = message.field(Name::CallId).unwrap_or_default();
            self.taken.insert(String::from_utf8_lossy(id).into_owned());
        }
        let initial =
            message.field(Name::To).is_some_and(|to| !to.windows(5).any(|w| w == b";tag="));
        if message.method() == Some(ringfence_sip::Method::Invite) && initial {
            self.invited(at, to, &message, call)?;
        }
        Ok(())
    }

    /// No address of another node stands in a header field.
    fn hides_the_other_side(&self, to: SocketAddr, message: &Message) -> Result<()> {
        let bytes = message.bytes();
        let head = bytes.len() - message.body().len();
        let head = bytes.get(..head).unwrap_or_default();
        let Some((_, own)) = self.residents.iter().find(|(at, _)| at.ip() == to.ip()) else {
            return Ok(());
        };
        for (at, places) in self.residents.iter().filter(|(at, _)| at.ip() != to.ip()) {
            for place in places.iter().filter(|place| !own.contains(place)) {
                let shows = memchr::memmem::find(head, place.as_bytes()).is_some();
                ensure!(!shows, "{to} sees the address {place} of {at}: {}", shown(bytes));
            }
        }
        Ok(())
    }

    /// A call goes on to somebody.
    fn invited(
        &mut self,
        at: Moment,
        to: SocketAddr,
        message: &Message,
        call: Option<CallId>,
    ) -> Result<()> {
        let Some(id) = call else { bail!("an INVITE of no call: {}", shown(message.bytes())) };
        let via = message.field(Name::Via).unwrap_or_default().to_vec();
        if !self.invites.insert(via) {
            // Repeated until somebody answers; it cannot be taken back before (RFC 3261 §9.1).
            return Ok(());
        }
        let plan = plan(message.bytes());
        let seen = self.calls.entry(id).or_default();
        let purpose = plan.and_then(|plan| self.purposes.get(plan));
        if !seen.sent && matches!(purpose, Some((Purpose::Protected, _))) {
            let asked = plan.and_then(|plan| self.asked.get(&plan));
            ensure!(asked == Some(&at), "a protected call waited since {asked:?}");
        }
        seen.plan = seen.plan.or(plan);
        seen.sent = true;
        ensure!(!seen.refused, "call {id} was refused and sent on to {to}");
        ensure!(seen.record.is_none(), "call {id} is over and was sent on to {to}");
        if let Some(plan) = plan {
            self.by_plan.insert(plan, id);
            self.went_round(plan)?;
        }
        if self.enforces && self.carriers.contains(&to) {
            let user = message.uri().and_then(|uri| uri.user_text()).unwrap_or_default();
            let denied =
                user.starts_with(DENIED) || user.starts_with(&format!("00{}", &DENIED[1..]));
            ensure!(!denied, "a forbidden number reached a carrier: {user}");
        }
        Ok(())
    }

    /// What goes in circles ends when no hop is left, and each round takes some.
    fn went_round(&mut self, plan: usize) -> Result<()> {
        let Some((Purpose::Loop, hops)) = self.purposes.get(plan) else { return Ok(()) };
        let rounds = self.rounds.entry(plan).or_default();
        *rounds += 1;
        self.outcome.rounds += 1;
        let most = ROUNDS_PER_HOP * *hops;
        ensure!(*rounds <= most, "call {plan} had {hops} hops and went round {rounds} times");
        Ok(())
    }

    /// The gate said something else.
    pub fn said(&mut self, at: Moment, output: &Output) -> Result<()> {
        self.hash.write_u64(at.0);
        match output {
            Output::Verdict(verdict) => {
                let refused = verdict.acted && verdict.action == Action::Reject;
                self.acted |= refused;
                self.outcome.rejected += u64::from(refused);
                let call = self.calls.entry(verdict.call).or_default();
                call.refused = refused;
                self.last_verdict(
                    verdict.call,
                    format!("{:?} {:?}", verdict.action, verdict.reasons),
                );
            }
            Output::Cut { call, .. } => {
                self.acted = true;
                self.ordered(*call);
                let purpose = self.calls.get(call).and_then(|c| self.purposes.get(c.plan?));
                let protected = matches!(purpose, Some((Purpose::Protected, _)));
                ensure!(!protected, "a protected call was cut");
            }
            Output::Finished(cdr) => {
                self.hash.write(format!("{cdr:?}").as_bytes());
                let id = CallId(cdr.native_id.parse()?);
                let call = self.calls.entry(id).or_default();
                ensure!(call.record.is_none(), "call {id} has a second record");
                call.record = Some((**cdr).clone());
                self.outcome.attempts += 1;
                self.outcome.answered += u64::from(cdr.answered.is_some());
                ensure!(
                    cdr.answered.is_some() == (cdr.code < 300) || cdr.code == REFERRED,
                    "call {id}: code {} and answered {:?}",
                    cdr.code,
                    cdr.answered
                );
                ensure!(
                    cdr.answered.is_some() || cdr.billable_ms == 0,
                    "call {id} costs unanswered"
                );
                let outside = cdr.direction == Direction::Inbound || call.refused || call.sent;
                ensure!(
                    outside || cdr.code >= 300 || cdr.code == REFERRED,
                    "call {id} ended with {} and went nowhere",
                    cdr.code
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn last_verdict(&mut self, call: CallId, text: String) {
        self.outcome.verdicts.insert(call.0 as usize, text);
    }

    /// The program was started again and took up these calls.
    pub fn restarted(&mut self, running: &BTreeSet<CallId>) {
        self.restarted = true;
        for (id, call) in &mut self.calls {
            call.lost |= call.record.is_none() && !running.contains(id);
            // What the last second lost may be told again, under the same name.
            if running.contains(id) {
                call.record = None;
            }
        }
    }

    /// A call is ended from here.
    pub fn ordered(&mut self, call: CallId) {
        self.outcome.cut += 1;
        self.calls.entry(call).or_default().cut = true;
    }

    /// The call of a plan.
    pub fn call_of(&self, plan: usize) -> Option<CallId> {
        self.by_plan.get(&plan).copied()
    }

    /// Whether the program was started again.
    pub const fn was_restarted(&self) -> bool {
        self.restarted
    }

    /// The Call-IDs of INVITEs that were taken up.
    pub const fn taken(&self) -> &BTreeSet<String> {
        &self.taken
    }

    pub fn outcome(&self) -> Outcome {
        let by_plan = self.calls.iter().filter_map(|(id, call)| {
            let text = self.outcome.verdicts.get(&(id.0 as usize))?;
            Some((call.plan?, text.clone()))
        });
        Outcome { hash: self.hash.finish(), verdicts: by_plan.collect(), ..self.outcome.clone() }
    }
}

/// A circle without a fault goes round once in two hops. Each failure at its end, when no line is left, and each message
/// that got lost is asked of the second carrier too, at each place of the circle, while its caller has patience.
const ROUNDS_PER_HOP: u32 = 10;

/// The record of a referral that was passed on.
const REFERRED: u16 = 202;

/// The number of the plan a message belongs to.
fn plan(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"X-World: ";
    let value = bytes.get(memchr::memmem::find(bytes, NAME)? + NAME.len()..)?;
    let line = value.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

fn cseq(message: &Message) -> &[u8] {
    message.field(Name::CSeq).unwrap_or_default()
}

fn shown(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
