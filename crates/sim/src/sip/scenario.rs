//! What one seed makes.

use super::attack::{Attack, Method};
use super::campaign::Campaign;
use super::fault::Fault;
use super::house::{ACME, CARRIER_A, CARRIER_C, HOSTED, House, PBX, PBX_NUMBER, PHONES, Style};
use super::network::Weather;
use super::plan::{Elsewhere, End, Plan, Purpose, Treatment};
use crate::chance::Chance;
use crate::places::{FAR, HOME, NEAR, PAYING};
use ringfence_model::{Level, Limits, ListEntry, Mode, Moment, Money, Policy};
use std::time::Duration;

/// A world before it runs.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its seed.
    pub seed: u64,
    /// Who lives there.
    pub house: House,
    /// What the ways are like.
    pub weather: Weather,
    /// The calls.
    pub plans: Vec<Plan>,
    /// The attackers.
    pub attacks: Vec<Attack>,
    /// What goes wrong, by time.
    pub faults: Vec<(Moment, Fault)>,
    /// The attacker who knows a password calls from this time to that one.
    pub cracked: Option<(Moment, Moment)>,
    /// A node that is switched off all the time.
    pub dead: Option<usize>,
    /// What is certain to be in it.
    pub campaign: Option<Campaign>,
    /// When everybody goes home.
    pub end: Moment,
}

/// When the first thing happens.
pub const START: Moment = Moment(1_000_000);
/// Telephones have registered by then.
const CALLS_FROM: u32 = 10_000;
/// Nobody begins a call later.
const CALLS_TO: u32 = 150_000;

/// What nobody may ever call.
pub const DENIED: &str = "+8816";

impl Scenario {
    /// The world of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let chance = Chance::new(seed ^ 0x51b0_51b0);
        let mut draw = chance.fork(1);
        let style = Style {
            phones: draw.within((3, 5)) as usize,
            carrier_tcp: draw.happens(0.3),
            phone_tcp: draw.happens(0.4),
            one_nat: draw.happens(0.3),
            first_carrier: draw.happens(0.2).then_some(503),
            expires_secs: draw.within((60, 120)),
        };
        let mut scenario = Self {
            seed,
            house: House::new(style, policy()),
            weather: weather(&mut draw),
            plans: Vec::new(),
            attacks: Vec::new(),
            faults: Vec::new(),
            cracked: None,
            dead: None,
            campaign: None,
            end: START + Duration::from_secs(260),
        };
        scenario.add_calls(&mut chance.fork(2));
        scenario.add_attacks(&mut chance.fork(3));
        scenario.add_faults(&mut chance.fork(4));
        scenario
    }

    /// How to run it again.
    #[must_use]
    pub fn replay(&self) -> String {
        let campaign = self.campaign.map(|c| format!("--campaign {} ", c.name()));
        format!("{}--seed {}", campaign.unwrap_or_default(), self.seed)
    }

    /// The same world without faults and without those who only take others' time.
    #[must_use]
    pub fn without_strangers(mut self) -> Self {
        self.attacks.clear();
        self.faults.clear();
        self
    }

    /// The same world in which only one tenant calls. Plans keep their numbers.
    #[must_use]
    pub fn only(mut self, tenant: &str) -> Self {
        for plan in self.plans.iter_mut().filter(|plan| plan.tenant.as_str() != tenant) {
            plan.at = Moment(u64::MAX);
        }
        self.cracked = self.cracked.filter(|_| tenant == HOSTED);
        self
    }

    /// The same world with another mode.
    #[must_use]
    pub const fn in_mode(mut self, mode: Mode) -> Self {
        self.house.policy.mode = mode;
        self
    }

    fn add_calls(&mut self, chance: &mut Chance) {
        for _ in 0..chance.within((6, 16)) {
            let plan = self.honest(chance);
            self.plans.push(plan);
        }
        for _ in 0..chance.below(3) {
            let mut plan = self.outbound(chance);
            plan.purpose = Purpose::Protected;
            plan.dialled = chance.pick(&["112", "113", "116123"]).copied().unwrap_or("112").into();
            self.plans.push(plan);
        }
        for _ in 0..chance.below(3) {
            let mut plan = self.outbound(chance);
            plan.purpose = Purpose::Denied;
            plan.dialled = format!("00{}{:06}", &DENIED[1..], chance.below(1_000_000));
            self.plans.push(plan);
        }
        if chance.happens(0.2) {
            self.add_loop(chance);
        }
        if chance.happens(0.4) {
            self.add_transfer(chance);
        }
    }

    pub(super) fn add_loop(&mut self, chance: &mut Chance) {
        let mut plan = self.inbound(chance, CARRIER_A);
        plan.purpose = Purpose::Loop;
        plan.treatment = Treatment::Return;
        plan.dialled = "0201112233".into();
        plan.hops = chance.within((5, 70));
        self.plans.push(plan);
    }

    fn add_transfer(&mut self, chance: &mut Chance) {
        let mut first = self.internal(chance, (PHONES, PHONES + 1));
        first.treatment = Treatment::Answer { ring: Duration::from_secs(2), forks: 1 };
        first.patience = Duration::from_secs(30);
        first.talk = Duration::from_secs(40);
        first.hold = None;
        first.transfer = Some((Duration::from_secs(5), "1003".into()));
        let mut second = self.internal(chance, (PHONES + 1, PHONES + 2));
        second.at = Moment(u64::MAX);
        self.plans.extend([first, second]);
    }

    fn honest(&mut self, chance: &mut Chance) -> Plan {
        let phones = self.house.phones as u64;
        match chance.below(5) {
            0 => self.inbound(chance, CARRIER_A),
            1 => self.inbound(chance, CARRIER_C),
            2 => {
                let caller = chance.below(phones);
                let called = (caller + 1 + chance.below(phones - 1)) % phones;
                let (caller, called) = (PHONES + caller as usize, PHONES + called as usize);
                self.internal(chance, (caller, called))
            }
            _ => self.outbound(chance),
        }
    }

    fn outbound(&self, chance: &mut Chance) -> Plan {
        let place = if chance.happens(0.8) { chance.pick(&HOME) } else { chance.pick(&NEAR) };
        let number = place.map(|place| place.number(chance)).unwrap_or_default();
        let dialled =
            number.strip_prefix("31").map_or_else(|| format!("00{number}"), |n| format!("0{n}"));
        if chance.happens(0.5) {
            let identity = chance.within((201, 209)).to_string();
            return plan(chance, (PBX, ACME), (identity, dialled));
        }
        let phone = chance.below(self.house.phones as u64) as usize;
        let identity = (1001 + phone).to_string();
        let mut plan = plan(chance, (PHONES + phone, HOSTED), (identity, dialled));
        if let Treatment::Answer { forks, .. } = &mut plan.treatment
            && chance.happens(0.2)
        {
            *forks = 2;
        }
        plan
    }

    fn inbound(&self, chance: &mut Chance, carrier: usize) -> Plan {
        let place = chance.pick(&FAR).map(|place| place.number(chance)).unwrap_or_default();
        if carrier == CARRIER_A {
            return plan(chance, (CARRIER_A, ACME), (format!("+{place}"), PBX_NUMBER.into()));
        }
        let phone = chance.below(self.house.phones as u64);
        let number = format!("+3130555{}", 1001 + phone);
        plan(chance, (CARRIER_C, HOSTED), (format!("+{place}"), number))
    }

    fn internal(&self, chance: &mut Chance, (caller, called): (usize, usize)) -> Plan {
        let [caller_name, called_name] =
            [caller, called].map(|node| (1001 + node - PHONES).to_string());
        plan(chance, (caller, HOSTED), (caller_name, called_name))
    }

    fn add_attacks(&mut self, chance: &mut Chance) {
        for method in Method::ALL {
            if !chance.happens(0.35) {
                continue;
            }
            let start = START + Duration::from_millis(u64::from(chance.within((0, 60_000))));
            let every = Duration::from_millis(u64::from(chance.within((5, 400))));
            let count = chance.within((50, 400));
            self.attacks.push(Attack { method, start, every, count });
        }
        if chance.happens(0.3) {
            self.crack(chance);
        }
    }

    /// Somebody knows the password of an extension.
    pub(super) fn crack(&mut self, chance: &mut Chance) {
        let from = START + Duration::from_millis(u64::from(chance.within((15_000, 60_000))));
        self.cracked = Some((from, from + Duration::from_secs(1_200)));
        self.end = self.end.max(from + Duration::from_secs(1_800));
    }

    fn add_faults(&mut self, chance: &mut Chance) {
        for _ in 0..chance.below(4) {
            let at = START + Duration::from_millis(u64::from(chance.within((20_000, 150_000))));
            let later = at + Duration::from_secs(u64::from(chance.within((5, 60))));
            let phone = PHONES + chance.below(self.house.phones as u64) as usize;
            let node = if chance.happens(0.5) { phone } else { chance.below(4) as usize };
            match chance.below(10) {
                0 => self.fault(at, Fault::Rebind(phone)),
                1 | 2 => {
                    self.fault(at, Fault::Cut(node));
                    self.fault(later, Fault::Mend(node));
                }
                3 => {
                    self.fault(at, Fault::Crash(node));
                    self.fault(later, Fault::Boot(node));
                }
                4 => self.fault(at, Fault::Break(node)),
                5 => {
                    let secs = i64::from(chance.within((0, 7_200))) - 3_600;
                    self.fault(at, Fault::ClockStep(secs));
                }
                6 => {
                    let tenant = if chance.happens(0.5) { ACME } else { HOSTED };
                    self.fault(at, Fault::Block(tenant.into(), Level::Suspended));
                }
                7 => {
                    let plan = chance.below(self.plans.len() as u64) as usize;
                    let when =
                        self.plans.get(plan).map(|plan| plan.at).filter(|at| at.0 < u64::MAX);
                    let into = Duration::from_millis(u64::from(chance.within((1, 20_000))));
                    self.fault(when.unwrap_or(at) + into, Fault::End(plan));
                }
                8 => {
                    let wait = Duration::from_millis(u64::from(chance.within((11, 400))));
                    let steps = (later - at).as_millis() / 20;
                    for step in 0..steps {
                        self.fault(
                            at + Duration::from_millis(20 * step as u64),
                            Fault::Load(wait, 500),
                        );
                    }
                    self.fault(later, Fault::Load(Duration::ZERO, 0));
                }
                _ => self.fault(at + Duration::from_secs(60), Fault::Drain),
            }
        }
        if chance.happens(0.25) {
            let stalled = chance.happens(0.3);
            self.add_restart(chance, stalled);
        }
        self.faults.sort_by_key(|(at, _)| *at);
    }

    /// The program is started again, perhaps after the disk stalled.
    pub(super) fn add_restart(&mut self, chance: &mut Chance, stalled: bool) {
        let at = START + Duration::from_millis(u64::from(chance.within((40_000, 170_000))));
        self.fault(at, Fault::Restart);
        if stalled {
            let since = Duration::from_millis(u64::from(chance.within((1_000, 20_000))));
            self.fault(Moment(at.0 - since.as_micros() as u64), Fault::Stall(since * 2));
        }
    }

    pub(super) fn fault(&mut self, at: Moment, fault: Fault) {
        self.faults.push((at, fault));
    }

    /// A number somebody earns from.
    #[must_use]
    pub fn paying(chance: &mut Chance) -> String {
        let place = chance.pick(&PAYING).copied();
        format!("00{}", place.map(|place| place.number(chance)).unwrap_or_default())
    }
}

fn plan(
    chance: &mut Chance,
    (caller, tenant): (usize, &str),
    (identity, dialled): (String, String),
) -> Plan {
    let ms =
        |chance: &mut Chance, from, to| Duration::from_millis(u64::from(chance.within((from, to))));
    let at = START + ms(chance, CALLS_FROM, CALLS_TO);
    let ring = ms(chance, 500, 12_000);
    let treatment = match chance.below(20) {
        0..12 => Treatment::Answer { ring, forks: 1 },
        12..16 => {
            let code = chance.pick(&[486, 480, 404, 603, 488]).copied().unwrap_or(486);
            Treatment::Refuse { ring, code }
        }
        16 => Treatment::Redirect(elsewhere(chance)),
        17 => Treatment::Silent,
        _ => Treatment::Ring,
    };
    Plan {
        at,
        caller,
        tenant: tenant.into(),
        identity,
        dialled,
        purpose: Purpose::Honest,
        treatment,
        patience: if chance.happens(0.15) { ring / 2 } else { ms(chance, 20_000, 50_000) },
        talk: ms(chance, 1_000, 40_000),
        hangs_up: if chance.happens(0.5) { End::Caller } else { End::Called },
        hold: chance.happens(0.2).then(|| ms(chance, 500, 4_000)),
        transfer: None,
        late_offer: chance.happens(0.1),
        hops: chance.within((60, 70)),
    }
}

/// Where somebody sends a caller who may not want to go there.
pub(super) fn elsewhere(chance: &mut Chance) -> Elsewhere {
    let home = chance.pick(&HOME).map(|place| place.number(chance)).unwrap_or_default();
    match chance.below(5) {
        0 => Elsewhere::Host,
        1 => Elsewhere::Number(Scenario::paying(chance)),
        2 => Elsewhere::Number(format!("00{}{:06}", &DENIED[1..], chance.below(1_000_000))),
        3 => Elsewhere::Number("1001".into()),
        _ => Elsewhere::Number(format!("00{home}")),
    }
}

fn weather(chance: &mut Chance) -> Weather {
    match chance.below(3) {
        0 => Weather { delay_us: (500, 20_000), loss: 0.0, twice: 0.0 },
        1 => Weather { delay_us: (500, 80_000), loss: 0.03, twice: 0.03 },
        _ => Weather { delay_us: (2_000, 300_000), loss: 0.10, twice: 0.05 },
    }
}

/// What both companies declared.
fn policy() -> Policy {
    Policy {
        mode: Mode::Enforce,
        deny: DENIED
            .parse()
            .map(|prefix| ListEntry { prefix, note: "satellite".into() })
            .into_iter()
            .collect(),
        limits: Limits { per_hour: Some(Money::units(20)), ..Policy::default().limits },
        ..Policy::default()
    }
}
