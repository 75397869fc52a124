//! What must hold when all is quiet: every call came to its end at both ends, as was foretold where it could be.

use super::agent::{Agent, Role};
use super::fault::Fault;
use super::house::{CARRIER_A, CARRIER_C, House, PBX, PHONES};
use super::plan::{Elsewhere, End, Fact, Plan, Purpose, Treatment, Why};
use super::scenario::Scenario;
use super::watch::Watch;
use super::world::Disturbed;
use anyhow::{Context, Result, ensure};
use ringfence_fraud::running::LEASE;
use ringfence_gate::Gate;
use ringfence_model::{Direction, Mode, Moment, Money, Target, Weekday};
use ringfence_numbering::{DialPlan, Numbering, Tariff};
use std::collections::BTreeSet;
use std::time::Duration;

/// A carrier from which nothing is heard for so long is left for the next one, after its last chance.
const UNHEARD: Duration = Duration::from_secs(8);

/// Everything that was seen.
pub struct Seen<'a> {
    pub scenario: &'a Scenario,
    pub plans: &'a [Plan],
    pub agents: &'a [Agent],
    pub watch: &'a Watch,
    pub disturbed: &'a Disturbed,
}

/// Holds a finished world to all of it; how many calls ended as foretold.
pub fn at_the_end(seen: &Seen<'_>, gate: &Gate) -> Result<u64> {
    seen.nobody_complains()?;
    seen.nothing_is_left(gate)?;
    seen.records_add_up()?;
    seen.money_is_bounded()?;
    let mut foretold = 0;
    for (number, plan) in seen.plans.iter().enumerate() {
        foretold += u64::from(
            seen.one_call(number, plan).with_context(|| format!("call {number}, {plan:?}"))?,
        );
    }
    seen.registrations_stay()?;
    Ok(foretold)
}

/// Calls of a kind that somebody was asked for.
pub fn asked_for(plans: &[Plan], agents: &[Agent], kind: impl Fn(&Plan) -> bool) -> u64 {
    let asked = |number: usize| {
        agents
            .iter()
            .flat_map(|agent| &agent.facts)
            .any(|(_, fact)| matches!(fact, Fact::Asked { plan, .. } if *plan == number))
    };
    let all = plans.iter().enumerate().filter(|(_, plan)| kind(plan));
    all.filter(|(number, _)| asked(*number)).count() as u64
}

impl Seen<'_> {
    fn nobody_complains(&self) -> Result<()> {
        for agent in self.agents {
            for (at, fact) in &agent.facts {
                if let Fact::Wrong(what) = fact {
                    anyhow::bail!("at {} ms a {} says: {what}", at.0 / 1_000, name(agent));
                }
            }
        }
        Ok(())
    }

    fn nothing_is_left(&self, gate: &Gate) -> Result<()> {
        // Who was cut off or forgot its calls may not know that they are over.
        let sound = self.agents.iter().enumerate();
        for (_, agent) in sound.filter(|(node, _)| !self.disturbed.nodes.contains(node)) {
            // A call whose record came in the last second before a stop is lost, and one end may never hear of it.
            let restart = self.disturbed.restart;
            let lost = |number: &usize| {
                let plan = self.plans.get(*number);
                plan.zip(restart).is_some_and(|(plan, at)| !self.is_apart(*number, plan, at))
            };
            let up: Vec<_> = agent.calls_up().filter(|number| !lost(number)).collect();
            ensure!(up.is_empty(), "a {} still has calls {up:?}", name(agent));
        }
        let counts = gate.calls().counts();
        ensure!(
            (counts.calls, counts.transactions, counts.dialogs, counts.timers, counts.contacts)
                == (0, 0, 0, 0, 0),
            "after quiet there are {counts:?}"
        );
        crate::check::quiet(&gate.state())
    }

    /// Each INVITE that was taken up has one record.
    fn records_add_up(&self) -> Result<()> {
        let calls = &self.watch.calls;
        let open: Vec<_> =
            calls.iter().filter(|(_, call)| call.record.is_none() && !call.lost).collect();
        ensure!(open.is_empty(), "no record of {open:?}");
        // A referral is judged and recorded like a call, under the Call-ID of the call it was made in.
        let records =
            calls.values().filter_map(|call| call.record.as_ref()?.correlation_id.clone());
        let records: BTreeSet<String> = records.map(|id| id.to_string()).collect();
        ensure!(
            *self.watch.taken() == records || self.watch.was_restarted(),
            "taken up, but without a record, or the other way round: {:?}",
            self.watch.taken().symmetric_difference(&records).collect::<Vec<_>>()
        );
        Ok(())
    }

    /// What the records say was spent stays within the limit per hour and one reservation. Worlds end within the hour
    /// in which their calls cost money.
    fn money_is_bounded(&self) -> Result<()> {
        let policy = &self.scenario.house.policy;
        let steps = self.scenario.faults.iter().any(|(_, f)| matches!(f, Fault::ClockStep(_)));
        let Some(limit) = policy.limits.per_hour.filter(|_| policy.mode == Mode::Enforce && !steps)
        else {
            return Ok(());
        };
        let plan = DialPlan { extension_lengths: vec![4], ..DialPlan::default() };
        let tariff = Tariff::default_bands(plan.country);
        for tenant in [super::house::ACME, super::house::HOSTED] {
            let (mut spent, mut reservation) = (Money::ZERO, Money::ZERO);
            for record in self.watch.calls.values().filter_map(|call| call.record.as_ref()) {
                let outbound = record.direction == Direction::Outbound
                    && record.tenant.as_ref().is_some_and(|own| own.as_str() == tenant);
                let target = Numbering::embedded().classify(&record.dialled, &plan);
                let Target::Outside(to) = target else { continue };
                let rate = tariff.rate(&to, Weekday::Tue, 600).filter(|_| outbound);
                let Some(rate) = rate.filter(|_| record.answered.is_some()) else { continue };
                spent += rate.cost(Duration::from_millis(record.billable_ms));
                reservation = reservation.max(rate.cost(LEASE));
            }
            ensure!(
                spent <= limit + reservation,
                "{tenant} spent {spent:?}, the limit is {limit:?}, one reservation {reservation:?}"
            );
        }
        Ok(())
    }

    fn facts(&self, number: usize) -> impl Iterator<Item = (usize, Moment, &Fact)> {
        let about = move |fact: &Fact| match fact {
            Fact::Final { plan, .. }
            | Fact::GaveUp { plan }
            | Fact::Asked { plan, .. }
            | Fact::Said200 { plan }
            | Fact::Up { plan, .. }
            | Fact::Over { plan, .. } => *plan == number,
            _ => false,
        };
        self.agents.iter().enumerate().flat_map(move |(node, agent)| {
            let own = agent.facts.iter().filter(move |(_, fact)| about(fact));
            own.map(move |(at, fact)| (node, *at, fact))
        })
    }

    /// Whether the end of this call was foretold, and so it was.
    fn one_call(&self, number: usize, plan: &Plan) -> Result<bool> {
        let finals: Vec<u16> = self
            .facts(number)
            .filter_map(|(node, _, fact)| match fact {
                Fact::Final { code, .. } if node == plan.caller => Some(*code),
                _ => None,
            })
            .collect();
        if plan.purpose != Purpose::Loop {
            ensure!(finals.len() <= 1, "its caller has final answers {finals:?}");
        }
        for code in &finals {
            ensure!(!(300..400).contains(code), "its caller was redirected: {code}");
        }
        let gave_up = self.facts(number).any(|(_, _, fact)| matches!(fact, Fact::GaveUp { .. }));
        if self.is_disturbed(plan, number) || plan.at.0 == u64::MAX {
            return Ok(false);
        }
        ensure!(!gave_up, "its caller gave up");
        ensure!(!finals.is_empty(), "its caller has no final answer");
        let code = finals.first().copied().unwrap_or(0);
        let refused =
            self.watch.calls.values().any(|call| call.plan == Some(number) && call.refused);
        match plan.purpose {
            Purpose::Loop | Purpose::Fraud => return Ok(false),
            Purpose::Denied if self.scenario.house.policy.mode == Mode::Observe => {
                return Ok(false);
            }
            Purpose::Denied => {
                ensure!(code == 603 || code == 486, "it ended with {code}");
                return Ok(true);
            }
            Purpose::Protected => ensure!(!refused, "it was refused"),
            Purpose::Honest if self.is_cut(number) => return Ok(false),
            Purpose::Honest => {}
        }
        self.as_planned(number, plan, code)
    }

    fn as_planned(&self, number: usize, plan: &Plan, code: u16) -> Result<bool> {
        let asked = self.facts(number).any(|(_, _, fact)| matches!(fact, Fact::Asked { .. }));
        if !asked && plan.purpose == Purpose::Honest && matches!(code, 486 | 603) {
            // A verdict: it says so itself, and others check that it may.
            return Ok(false);
        }
        // Before another carrier is tried, the first one has its time.
        let dead = self.scenario.dead.is_some_and(|dead| self.called(plan).contains(&dead));
        let more = if dead { UNHEARD } else { Duration::ZERO };
        if !asked && code == 487 && plan.patience < more {
            return Ok(true);
        }
        ensure!(asked, "nobody was asked, and it ended with {code}");
        let early = |ring: &Duration| plan.patience < *ring + more;
        match &plan.treatment {
            // It crossed the CANCEL, which may have been lost some times.
            Treatment::Answer { ring, .. } if early(ring) && code == 200 => {
                ensure!(self.scenario.weather.is_lossy(), "it was taken back and ended with 200");
                return Ok(false);
            }
            Treatment::Refuse { ring, code: said } if early(ring) && code == *said => {
                ensure!(
                    self.scenario.weather.is_lossy(),
                    "it was taken back and ended with {code}"
                );
                return Ok(false);
            }
            Treatment::Answer { ring, .. } if !early(ring) => {
                ensure!(code == 200, "it was to be answered and ended with {code}");
                self.both_talked(number, plan)?;
            }
            // Every route is tried for them, whatever the first one says.
            Treatment::Refuse { ring, code: said } if plan.purpose == Purpose::Protected => {
                let taken_back = code == 487 && plan.patience < *ring * 2 + Duration::from_secs(2);
                ensure!(
                    taken_back || code == *said,
                    "the answer was {said}, the caller got {code}"
                );
            }
            Treatment::Refuse { ring, code: said } if !early(ring) => {
                ensure!(code == *said, "the answer was {said}, the caller got {code}");
            }
            // Where it is sent it is judged like any call, or it ends.
            Treatment::Redirect(to) => {
                let followed = self.facts(number).any(|(_, _, fact)| {
                    matches!((fact, to), (Fact::Asked { dialled, .. }, Elsewhere::Number(to))
                        if dialled.ends_with(to.trim_start_matches(['0', '+'])))
                });
                let over = code >= 400 || (code == 200 && followed);
                ensure!(over, "it was sent to {to:?} and ended with {code}");
            }
            Treatment::Return => {}
            _ => ensure!(code == 487, "it was taken back and ended with {code}"),
        }
        Ok(true)
    }

    fn both_talked(&self, number: usize, plan: &Plan) -> Result<()> {
        for end in [End::Caller, End::Called] {
            let up = self.facts(number).find_map(|(_, at, fact)| match fact {
                Fact::Up { end: of, body, .. } if *of == end => Some((at, body.clone())),
                _ => None,
            });
            if up.is_none() && end == End::Called && self.scenario.weather.is_lossy() {
                // The ACK got lost, and the BYE came first.
                continue;
            }
            let Some((since, body)) = up else { anyhow::bail!("the {end:?} never had it") };
            let over = self.facts(number).find_map(|(_, at, fact)| match fact {
                Fact::Over { end: of, why, .. } if *of == end => Some((at, *why)),
                _ => None,
            });
            let Some((until, why)) = over else { anyhow::bail!("the {end:?} never lost it") };
            let late = end == End::Called && plan.late_offer;
            let forks = matches!(plan.treatment, Treatment::Answer { forks: 2.., .. });
            // The ACK with it got lost, and that of a change of the call came first.
            let other_ack = late && plan.hold.is_some() && self.scenario.weather.is_lossy();
            let has_body = !body.is_empty();
            ensure!(
                forks || other_ack || has_body == (end == End::Caller || late),
                "the {end:?} has a description of {} bytes",
                body.len()
            );
            let own = plan.hangs_up == end;
            let expected = if own { Why::Own } else { Why::Bye };
            if forks || plan.transfer.is_some() {
                continue;
            }
            // The BYE got lost, and a change of the call found nothing any more.
            let found_out = why == Why::Gone && plan.hold.is_some();
            if found_out && !own && self.scenario.weather.is_lossy() {
                continue;
            }
            ensure!(why == expected, "the {end:?} lost it by {why:?}");
            if own {
                let talked = until - since;
                ensure!(talked >= plan.talk, "the {end:?} had it for {talked:?} only");
            }
        }
        Ok(())
    }

    fn is_cut(&self, number: usize) -> bool {
        self.watch.calls.values().any(|call| call.plan == Some(number) && call.cut)
    }

    fn is_disturbed(&self, plan: &Plan, number: usize) -> bool {
        let Disturbed { nodes, ended, shed, restart } = self.disturbed;
        let touched = |node: &usize| nodes.contains(node);
        let restarted = restart.is_some_and(|at| !self.is_apart(number, plan, at));
        // An answer or two got lost, and another carrier was tried.
        let asked: BTreeSet<_> = self
            .facts(number)
            .filter_map(|(node, _, fact)| matches!(fact, Fact::Asked { .. }).then_some(node))
            .collect();
        let tried = asked.len() > 1 && self.scenario.weather.is_lossy();
        let spared = plan.purpose == Purpose::Protected;
        touched(&plan.caller)
            || self.called(plan).iter().any(touched)
            || ended.contains(&number)
            || restarted
            || tried && plan.purpose != Purpose::Loop
            || (*shed && !spared)
    }

    /// Who may be asked: it follows from who calls and what is dialled.
    fn called(&self, plan: &Plan) -> Vec<usize> {
        let house = &self.scenario.house;
        let phone = |text: &str| {
            let digits = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
            let at = digits.parse::<usize>().ok()?.checked_sub(1001)?;
            (at < house.phones).then_some(PHONES + at)
        };
        match plan.caller {
            CARRIER_A => vec![PBX],
            PBX => vec![CARRIER_A, CARRIER_A + 1],
            CARRIER_C => phone(&plan.dialled).into_iter().collect(),
            _ if plan.dialled.len() == 4 => phone(&plan.dialled).into_iter().collect(),
            _ => vec![CARRIER_C],
        }
    }

    /// Whether a restart at `at`, with what was said since `lost` forgotten, is none of this call's business: it begins
    /// well after, is over before, or stood.
    fn is_apart(&self, number: usize, plan: &Plan, (lost, at): (Moment, Moment)) -> bool {
        let margin = Duration::from_secs(3);
        let since = |wanted: fn(&Fact) -> bool| {
            let found = self.facts(number).filter(|(_, _, fact)| wanted(fact));
            found.map(|(_, at, _)| at).collect::<Vec<_>>()
        };
        let up = since(|fact| matches!(fact, Fact::Up { .. }));
        let over = since(|fact| matches!(fact, Fact::Over { .. }));
        let stood = up.len() >= 2 && up.iter().all(|up| *up + margin < lost);
        // What is said while nobody listens is said again, but not for ever; a BYE that got lost is not said again
        // after a restart.
        let told = if self.scenario.weather.is_lossy() { Duration::from_secs(32) } else { margin };
        let talks = over.iter().all(|over| *over > at + margin * 2 || *over + told < lost);
        let after = plan.at > at + margin * 3 && plan.at.0 < u64::MAX;
        after || (stood && talks && plan.hold.is_none())
    }

    /// Telephones to which nothing happened are registered all the time.
    fn registrations_stay(&self) -> Result<()> {
        for (node, agent) in self.agents.iter().enumerate() {
            let phone =
                matches!(agent.role, Role::Phone(_)) && node < self.scenario.house.cracked();
            if !phone || House::is_carrier(node) || self.disturbed.nodes.contains(&node) {
                continue;
            }
            let registered = agent.facts.iter().any(|(_, fact)| matches!(fact, Fact::Registered));
            ensure!(registered, "telephone {node} never registered");
            let failed = agent.facts.iter().find_map(|(at, fact)| match fact {
                Fact::NotRegistered(code) => Some((at.0 / 1_000, *code)),
                _ => None,
            });
            ensure!(failed.is_none(), "telephone {node} lost its registration: {failed:?}");
        }
        Ok(())
    }
}

const fn name(agent: &Agent) -> &'static str {
    match agent.role {
        Role::Phone(_) => "telephone",
        Role::Pbx => "PBX",
        Role::Carrier { .. } => "carrier",
    }
}
