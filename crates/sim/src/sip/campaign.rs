//! Attacks and faults by name: worlds in which one is certain, and strong.

use super::attack::{Attack, Method};
use super::fault::Fault;
use super::house::{CARRIER_A, PBX, PHONES};
use super::network::Weather;
use super::plan::{Purpose, Treatment};
use super::scenario::{START, Scenario, elsewhere};
use crate::chance::Chance;
use ringfence_model::Moment;
use std::time::Duration;

/// What is certain to happen in a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Campaign {
    /// Somebody who knows a password calls paying numbers, and adapts.
    CrackedExtension,
    /// Many addresses look for telephone systems.
    Scanner,
    /// Passwords are guessed, from one address and from many.
    BruteForce,
    /// New calls without a password, from many addresses.
    InviteFlood,
    /// BYE and CANCEL with overheard ids.
    Spoof,
    /// What was overheard, once more.
    Replay,
    /// Calls that go round in circles.
    Loops,
    /// Messages that are nearly right.
    MalformedStorm,
    /// The first carrier is silent all the time.
    DeadCarrier,
    /// Who is called sends the caller elsewhere: to paying and forbidden numbers and to strange hosts.
    Redirects,
    /// Every seventh datagram is lost.
    Loss,
    /// Every second datagram arrives twice.
    Duplication,
    /// Datagrams overtake each other.
    Reordering,
    /// Address translators forget their telephones.
    NatRebinding,
    /// The PBX and a telephone vanish, one of them for good.
    DeadPeer,
    /// The program is started again after nothing reached the disk for a while.
    StalledStore,
    /// The clock is set, several times, perhaps with a restart in between.
    ClockStep,
    /// The program is started again.
    Restart,
}

impl Campaign {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::CrackedExtension,
        Self::Scanner,
        Self::BruteForce,
        Self::InviteFlood,
        Self::Spoof,
        Self::Replay,
        Self::Loops,
        Self::MalformedStorm,
        Self::DeadCarrier,
        Self::Redirects,
        Self::Loss,
        Self::Duplication,
        Self::Reordering,
        Self::NatRebinding,
        Self::DeadPeer,
        Self::StalledStore,
        Self::ClockStep,
        Self::Restart,
    ];

    /// Its name in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrackedExtension => "cracked-extension",
            Self::Scanner => "scanner",
            Self::BruteForce => "brute-force",
            Self::InviteFlood => "invite-flood",
            Self::Spoof => "spoof",
            Self::Replay => "replay",
            Self::Loops => "loops",
            Self::MalformedStorm => "malformed-storm",
            Self::DeadCarrier => "dead-carrier",
            Self::Redirects => "redirects",
            Self::Loss => "loss",
            Self::Duplication => "duplication",
            Self::Reordering => "reordering",
            Self::NatRebinding => "nat-rebinding",
            Self::DeadPeer => "dead-peer",
            Self::StalledStore => "stalled-store",
            Self::ClockStep => "clock-step",
            Self::Restart => "restart",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|campaign| campaign.name() == name)
    }
}

impl Scenario {
    /// The world of a seed, in which a campaign is certain.
    #[must_use]
    pub fn of_campaign(campaign: Campaign, seed: u64) -> Self {
        let mut world = Self::of_seed(seed);
        world.campaign = Some(campaign);
        let chance = &mut Chance::new(seed ^ 0xca4f_a160);
        let air = |delay_us, loss, twice| Weather { delay_us, loss, twice };
        match campaign {
            Campaign::CrackedExtension => world.crack(chance),
            Campaign::Scanner => world.attacked(Method::Scan, 50, 1_000),
            Campaign::BruteForce => world.attacked(Method::Guess, 50, 1_000),
            Campaign::InviteFlood => world.attacked(Method::Flood, 5, 2_000),
            Campaign::Spoof => world.attacked(Method::Spoof, 50, 2_000),
            Campaign::Replay => world.attacked(Method::Replay, 50, 2_000),
            Campaign::MalformedStorm => world.attacked(Method::Storm, 10, 2_000),
            Campaign::Loops => (0..4).for_each(|_| world.add_loop(chance)),
            Campaign::DeadCarrier => world.without_first_carrier(),
            Campaign::Redirects => world.redirected(chance),
            Campaign::Loss => world.weather = air((500, 80_000), 0.15, 0.0),
            Campaign::Duplication => world.weather = air((500, 80_000), 0.0, 0.5),
            Campaign::Reordering => world.weather = air((500, 450_000), 0.0, 0.0),
            Campaign::NatRebinding => {
                let phones = PHONES..world.house.cracked();
                for phone in phones.clone().chain(phones) {
                    world.fault(moment(chance), Fault::Rebind(phone));
                }
            }
            Campaign::DeadPeer => {
                let (phone, at) = (PHONES + chance.below(3) as usize, moment(chance));
                world.fault(at, Fault::Crash(phone));
                world.fault(moment(chance), Fault::Cut(PBX));
            }
            Campaign::StalledStore | Campaign::Restart => {
                world.faults.retain(|(_, f)| !matches!(f, Fault::Restart | Fault::Stall(_)));
                world.add_restart(chance, campaign == Campaign::StalledStore);
            }
            Campaign::ClockStep => {
                for _ in 0..4 {
                    let secs = i64::from(chance.within((0, 7_200))) - 3_600;
                    world.fault(moment(chance), Fault::ClockStep(secs));
                }
                if chance.happens(0.5) {
                    world.faults.retain(|(_, f)| !matches!(f, Fault::Restart | Fault::Stall(_)));
                    world.add_restart(chance, false);
                }
            }
        }
        world.faults.sort_by_key(|(at, _)| *at);
        world
    }

    fn attacked(&mut self, method: Method, every_ms: u64, count: u32) {
        let (start, every) = (START + Duration::from_secs(12), Duration::from_millis(every_ms));
        self.attacks.push(Attack { method, start, every, count });
    }

    /// It is dead before anybody calls, so everybody else's calls must come to their ends as foretold.
    fn without_first_carrier(&mut self) {
        self.dead = Some(CARRIER_A);
        for plan in self.plans.iter_mut().filter(|plan| plan.caller == CARRIER_A) {
            plan.at = Moment(u64::MAX);
        }
        let alive = |fault: &Fault| !matches!(fault, Fault::Boot(CARRIER_A));
        self.faults.retain(|(_, fault)| alive(fault));
    }

    fn redirected(&mut self, chance: &mut Chance) {
        let may = |plan: &&mut super::plan::Plan| {
            plan.purpose == Purpose::Honest && plan.at.0 < u64::MAX && plan.transfer.is_none()
        };
        for plan in self.plans.iter_mut().filter(may) {
            plan.treatment = Treatment::Redirect(elsewhere(chance));
        }
    }
}

fn moment(chance: &mut Chance) -> Moment {
    START + Duration::from_millis(u64::from(chance.within((20_000, 150_000))))
}
