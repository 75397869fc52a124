//! What one seed makes: companies, their policies over time, campaigns, and the faults of the machine.

use crate::attack::{Campaign, Kind};
use crate::chance::Chance;
use crate::company::{Company, TRADES};
use crate::deck;
use crate::world::World;
use anyhow::Result;
use ringfence_fraud::Settings;
use ringfence_gate::{Output, Setup, Snapshot};
use ringfence_model::{
    CallEvent, ClassRule, Country, Level, Limits, ListEntry, Mode, Money, Policy, TenantId,
    TrafficClass, WallTime, When,
};
use ringfence_numbering::{DialPlan, Tariff};
use std::sync::Arc;
use std::time::Duration;

/// What happens to the firewall besides calls.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An operator blocks a tenant, or one extension of it.
    Block {
        /// Which company.
        company: usize,
        /// Only its first extension.
        one_extension: bool,
        /// How far.
        level: Level,
        /// For how long.
        hours: u64,
    },
    /// An operator lifts the newest block.
    Unblock,
    /// Another policy for one company.
    Policy(usize, Box<Policy>),
    /// The program stops, its state is stored as text, and another one takes up.
    Restart,
    /// The wall clock is stepped by so many seconds.
    ClockStep(i64),
}

/// One line of a run, for whoever looks on.
#[derive(Clone, Copy, Debug)]
pub enum Turn<'a> {
    /// A fact went in.
    Event(&'a CallEvent),
    /// Time went by.
    Tick,
    /// Something happened to the firewall.
    Fault(&'a Fault),
    /// The firewall said something.
    Said(&'a Output),
}

/// Everything a run needs.
pub struct Scenario {
    /// The seed.
    pub seed: u64,
    /// The prices.
    pub tariff: Arc<Tariff>,
    /// The companies.
    pub companies: Vec<Company>,
    /// The policy of each at first.
    pub policies: Vec<Policy>,
    /// The campaigns.
    pub campaigns: Vec<Campaign>,
    /// What happens to the firewall, in order of time.
    pub faults: Vec<(WallTime, Fault)>,
    /// Local midnight of the first day.
    pub start: WallTime,
    /// When new customers come.
    pub arrival: WallTime,
    /// When nothing new happens any more.
    pub until: WallTime,
    /// Share of days with something odd.
    pub odd: f64,
    /// The stream the world draws from.
    pub chance: Chance,
}

impl Scenario {
    /// The world of `seed`: one to three companies, some days of history, some days with campaigns and faults.
    ///
    /// # Errors
    /// When the deck or a calendar cannot be made: a fault of the simulation.
    pub fn of_seed(seed: u64) -> Result<Self> {
        let root = Chance::new(seed);
        let mut chance = root.fork(1);
        let mut scenario = Self::honest(seed, 1 + chance.below(3) as usize)?;
        scenario.policies = scenario.companies.iter().map(|_| policy(&mut chance)).collect();
        scenario.add_campaigns(&mut chance);
        scenario.add_faults(&mut chance);
        Ok(scenario)
    }

    /// A world of `count` companies under the default policy, without campaigns and faults.
    ///
    /// # Errors
    /// When the deck or a calendar cannot be made.
    pub fn honest(seed: u64, count: usize) -> Result<Self> {
        let root = Chance::new(seed);
        let mut chance = root.fork(2);
        let mut companies = Vec::new();
        for index in 0..count {
            let trade = chance.pick(&TRADES).copied().unwrap_or(TRADES[0]);
            companies.push(Company::new(trade, index, &mut chance)?);
        }
        // Some midnight of 2026: summer time, winter time, holidays.
        let day = chance.below(340);
        let mut start = WallTime::from_secs(1_767_222_000);
        if let Some(company) = companies.first_mut() {
            for _ in 0..day {
                start = company.next_midnight(start);
            }
        }
        let arrival = start + days(3 + chance.below(4));
        let until = arrival + days(2 + chance.below(3));
        Ok(Self {
            seed,
            tariff: Arc::new(deck::tariff(&deck::csv(&mut chance))?),
            policies: companies.iter().map(|_| Policy::default()).collect(),
            companies,
            campaigns: Vec::new(),
            faults: Vec::new(),
            start,
            arrival,
            until,
            odd: 0.15,
            chance: root.fork(3),
        })
    }

    /// A world in which nothing is ever suspected and several attackers who know every limit call at once: what
    /// remains are the limits.
    ///
    /// # Errors
    /// When the deck or a calendar cannot be made.
    pub fn of_greed(seed: u64) -> Result<Self> {
        let mut scenario = Self::honest(seed, 1)?;
        let mut chance = Chance::new(seed).fork(4);
        let mut policy = Policy { limits: limits(&mut chance, 200), ..Policy::default() };
        policy.extension_limits = limits(&mut chance, 100);
        policy.limits.calls_active_max = None;
        policy.limits.calls_per_minute_max = None;
        policy.extension_limits.calls_active_max = None;
        policy.extension_limits.calls_per_minute_max = None;
        policy.steering.loss_accept = Money::units(100_000);
        policy.steering.wrong_stops_accept = 0.1;
        scenario.policies = vec![policy];
        for kind in [Kind::Omniscient, Kind::PerCallPump, Kind::HighRate, Kind::LongCalls] {
            let start = scenario.arrival + Duration::from_secs(chance.below(20_000));
            scenario.campaigns.push(Campaign::new(kind, 0, start, 2 * 86_400, &mut chance));
        }
        Ok(scenario)
    }

    /// The world, ready to run.
    #[must_use]
    pub fn world(&self) -> World {
        let times = (self.start, self.arrival, self.until);
        World::new(
            self.chance.clone(),
            self.companies.clone(),
            self.campaigns.clone(),
            times,
            self.odd,
        )
    }

    /// What holds at first.
    ///
    /// # Errors
    /// When a policy cannot work.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::of(self.setup(&Policy::default(), "")?);
        for (company, policy) in self.companies.iter().zip(&self.policies) {
            let setup = self.setup(policy, company.outside_line)?;
            snapshot.tenants.insert(company.tenant.clone(), setup);
        }
        Ok(snapshot)
    }

    /// What holds for one tenant under `policy`.
    ///
    /// # Errors
    /// When the policy cannot work.
    pub fn setup(&self, policy: &Policy, outside_line: &str) -> Result<Setup> {
        let outside_line =
            if outside_line.is_empty() { vec![] } else { vec![outside_line.to_owned()] };
        Ok(Setup {
            settings: Arc::new(Settings::new(policy.clone())?),
            dial_plan: Arc::new(DialPlan { outside_line, ..DialPlan::default() }),
            tariff: Arc::clone(&self.tariff),
        })
    }

    /// Every policy a tenant has in the run.
    pub fn policies_of(&self, tenant: &TenantId) -> impl Iterator<Item = &Policy> {
        let index = self.companies.iter().position(|own| &own.tenant == tenant);
        let later = self.faults.iter().filter_map(move |(_, fault)| match fault {
            Fault::Policy(company, policy) if Some(*company) == index => Some(&**policy),
            _ => None,
        });
        index.and_then(|index| self.policies.get(index)).into_iter().chain(later)
    }

    fn add_campaigns(&mut self, chance: &mut Chance) {
        for company in 0..self.companies.len() {
            for _ in 0..chance.below(3) {
                let Some(&kind) = chance.pick(&Kind::ALL) else { continue };
                let span = (self.until - self.arrival).as_secs();
                let new = self.companies.get(company).is_some_and(|own| own.trade.is_new);
                let early =
                    if kind == Kind::PoisonedBaseline && !new { days(3) } else { Duration::ZERO };
                let start = self.arrival - early + Duration::from_secs(chance.below(span.max(1)));
                let secs = 3_600 + chance.below(3 * 86_400) + early.as_secs();
                self.campaigns.push(Campaign::new(kind, company, start, secs, chance));
            }
        }
    }

    fn add_faults(&mut self, chance: &mut Chance) {
        let span = (self.until - self.start).as_secs().max(1);
        for _ in 0..chance.below(6) {
            let company = chance.below(self.companies.len() as u64) as usize;
            let fault = match chance.below(9) {
                0..=2 => Fault::Block {
                    company,
                    one_extension: chance.happens(0.4),
                    level: level(chance),
                    hours: 1 + chance.below(40),
                },
                3 => Fault::Unblock,
                4 | 5 => Fault::Policy(company, Box::new(policy(chance))),
                6 | 7 => Fault::Restart,
                _ => Fault::ClockStep(chance.below(7_200) as i64 - 3_600),
            };
            self.faults.push((self.start + Duration::from_secs(chance.below(span)), fault));
        }
        self.faults.sort_by_key(|(at, _)| *at);
    }
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn level(chance: &mut Chance) -> Level {
    let levels =
        [Level::Guarded, Level::National, Level::Geographic, Level::Internal, Level::Suspended];
    chance.pick(&levels).copied().unwrap_or(Level::Suspended)
}

/// Some policy that people may well declare.
fn policy(chance: &mut Chance) -> Policy {
    let mut policy = Policy { block_hours: 2 + chance.below(60) as u32, ..Policy::default() };
    policy.probation_hours = chance.below(80) as u32;
    if chance.happens(0.15) {
        policy.mode = Mode::Observe;
    }
    if chance.happens(0.3) {
        // Behaviour hardly ever stops anything: what remains are the limits.
        policy.steering.loss_accept = Money::units(10_000);
        policy.steering.wrong_stops_accept = 0.1;
    }
    if chance.happens(0.5) {
        policy.limits = limits(chance, 40);
    }
    if chance.happens(0.4) {
        policy.extension_limits = limits(chance, 15);
    }
    for scope in
        [&mut policy.trunk_limits, &mut policy.destination_limits, &mut policy.source_limits]
    {
        if chance.happens(0.25) {
            *scope = limits(chance, 25);
        }
    }
    if chance.happens(0.3) {
        policy.paid_call_secs_max = 600 + chance.below(10_000) as u32;
    }
    declare(&mut policy, chance);
    policy
}

fn declare(policy: &mut Policy, chance: &mut Chance) {
    if chance.happens(0.2) {
        policy.classes.push(ClassRule {
            class: if chance.happens(0.5) {
                TrafficClass::HighRisk
            } else {
                TrafficClass::International
            },
            countries: Vec::new(),
            when: if chance.happens(0.5) { When::Closed } else { When::Always },
            allow: false,
        });
    }
    let mut entry = |prefix: &str| {
        let prefix = prefix.parse().ok()?;
        chance.happens(0.2).then(|| ListEntry { prefix, note: "by hand".into() })
    };
    policy.permit.extend(entry("49"));
    policy.deny.extend(entry("232"));
    if chance.happens(0.1) {
        policy.sources.push("192.0.2.0/24".into());
    }
    policy.office.holidays = Some(Country::NL);
}

/// Limits around `euros` an hour; each window at least as wide as the shorter ones.
fn limits(chance: &mut Chance, euros: u64) -> Limits {
    let mut amount = 1 + chance.below(euros);
    let mut next = |chance: &mut Chance| {
        amount += chance.below(amount * 2 + 1);
        chance.happens(0.7).then(|| Money::units(amount as i64))
    };
    Limits {
        per_call: next(chance),
        per_hour: next(chance),
        per_day: next(chance),
        per_week: next(chance),
        per_month: next(chance),
        calls_active_max: chance.happens(0.3).then(|| 1 + chance.below(6) as u32),
        calls_per_minute_max: chance.happens(0.3).then(|| 1 + chance.below(8) as u32),
    }
}
