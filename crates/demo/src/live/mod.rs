//! The provider's customers, its carrier and its attackers, now: they call through the firewall over SIP on loopback.

mod account;
mod attack;
mod house;
mod scan;
mod traffic;
mod wire;

pub use house::House;
pub use wire::Wire;

use crate::door::Door;
use crate::error::DemoError;
use crate::keys::Keys;
use crate::screen::Screen;
use attack::Attack;
use ringfence_model::{Moment, Money};
use ringfence_sim::chance::Chance;
use ringfence_sim::company::Company;
use ringfence_sim::sip::{End, Fact, Purpose, Treatment};
use ringfence_store::Store;
use scan::Scan;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use traffic::Traffic;

/// How long is waited before looking whether it is to end.
const LOOK: Duration = Duration::from_millis(100);
/// How often the status is written.
const STATUS: Duration = Duration::from_millis(500);
/// How often the records of an attack are read.
const READ: Duration = Duration::from_millis(500);
/// Attacks at once.
const ATTACKS_MAX: usize = 3;
/// Phones register one after the other.
const REGISTER: Duration = Duration::from_millis(30);

const HELP: &str =
    "  a  attack a customer: a stolen password, or somebody inside its telephone system
  s  a scanner that looks for telephone systems
  l  another link into the portal
  q  quit; Ctrl-C does the same";

/// How it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So many times faster than life are calls made and over.
    pub speed: f64,
    /// When the first attack comes by itself.
    pub attack_after: Option<Duration>,
}

/// Everybody on the wire, and what is told of them.
pub struct Live {
    wire: Wire,
    house: House,
    traffic: Traffic,
    chance: Chance,
    attacks: Vec<Attack>,
    attacked: BTreeSet<usize>,
    scan: Option<Scan>,
    first_attack: Option<Moment>,
    to_register: Vec<usize>,
    up: BTreeSet<usize>,
    made: u64,
    wrong_stops: u64,
    /// Of attacks that are over.
    prevented: Money,
    store: Store,
    door: Arc<Door>,
    screen: Screen,
}

impl Live {
    /// Begins.
    #[must_use]
    pub fn new(
        (wire, house): (Wire, House),
        (chance, companies): (&Chance, Vec<Company>),
        pace: Pace,
        (store, door): (Store, Arc<Door>),
        screen: Screen,
    ) -> Self {
        let now = wire.now();
        let mut to_register: Vec<usize> = house.phones().collect();
        to_register.reverse();
        let first_call = now + REGISTER * u32::try_from(to_register.len()).unwrap_or(0);
        Self {
            traffic: Traffic::new(chance.fork(21), companies, pace.speed, first_call),
            chance: chance.fork(22),
            first_attack: pace.attack_after.map(|after| now + after),
            attacks: Vec::new(),
            attacked: BTreeSet::new(),
            scan: None,
            to_register,
            up: BTreeSet::new(),
            made: 0,
            wrong_stops: 0,
            prevented: Money::ZERO,
            wire,
            house,
            store,
            door,
            screen,
        }
    }

    /// Goes on until `stop`, or until somebody presses the key for it.
    ///
    /// # Errors
    /// When the system does not let us wait, or an attacker gets no address.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), DemoError> {
        let keys = Keys::of_terminal();
        if keys.is_some() {
            self.screen.say(HELP);
        }
        let system = |source| DemoError::System { what: "sockets", source };
        let (mut shown, mut read) = (Moment(0), Moment(0));
        let mut listening = keys.as_ref();
        while !stop.load(Ordering::Relaxed) {
            let now = self.wire.now();
            self.proceed(now).map_err(system)?;
            if now >= read {
                read = now + READ;
                self.read_accounts(now)?;
            }
            if now >= shown {
                shown = now + STATUS;
                self.show();
            }
            let source = listening.map(Keys::source);
            let (facts, is_key) = self.wire.turn(self.until(now), source).map_err(system)?;
            facts.iter().for_each(|fact| self.hear(fact));
            if let Some(keys) = listening.filter(|_| is_key) {
                match keys.read() {
                    Some('q') => break,
                    Some(key) => self.press(key).map_err(system)?,
                    None => listening = None,
                }
            }
        }
        self.screen.end();
        Ok(())
    }

    /// When something is due here.
    fn until(&self, now: Moment) -> Moment {
        let attacks = self.attacks.iter().filter(|attack| !attack.gave_up(now)).map(Attack::due);
        let each = attacks.chain(self.scan.iter().map(Scan::due)).chain([self.traffic.due()]);
        each.fold(now + LOOK, Moment::min)
    }

    fn proceed(&mut self, now: Moment) -> std::io::Result<()> {
        if let Some(phone) = self.to_register.pop() {
            self.wire.register(phone);
        }
        if now >= self.traffic.due()
            && let Some(plan) = self.traffic.call(&self.house, (now, crate::wall()))
            && self.wire.call(plan).is_some()
        {
            self.made += 1;
        }
        if self.first_attack.is_some_and(|at| now >= at) {
            self.first_attack = None;
            self.attack()?;
        }
        for attack in &mut self.attacks {
            attack.step(&mut self.wire, now);
        }
        if let Some(outcome) = self.scan.as_mut().and_then(|scan| scan.step(&self.wire, now)) {
            self.scan = None;
            self.tell("SCANNER", &format!("{outcome}; see {}/health", self.door.origin()));
        }
        Ok(())
    }

    fn press(&mut self, key: char) -> std::io::Result<()> {
        match key {
            'a' if self.attacks.len() >= ATTACKS_MAX => {
                self.screen.say("  that is enough at once: wait for the end of one");
            }
            'a' => self.attack()?,
            's' if self.scan.is_none() => {
                let chance = self.chance.fork(self.made + 1);
                self.scan = Some(Scan::begin(chance, self.wire.now())?);
                self.tell("SCANNER", "somebody looks for telephone systems here");
            }
            'l' => self.screen.say(&format!("  portal     {}", self.door.link())),
            '?' | 'h' => self.screen.say(HELP),
            _ => {}
        }
        Ok(())
    }

    fn attack(&mut self) -> std::io::Result<()> {
        self.first_attack = None;
        let chance = Chance::new(self.chance.draw());
        let (now, wall) = (self.wire.now(), crate::wall());
        let begun =
            Attack::begin((&mut self.wire, &self.house), (chance, &self.attacked), (now, wall))?;
        let Some(attack) = begun else { return Ok(()) };
        self.tell("ATTACK", &attack.headline());
        self.attacked.insert(attack.customer);
        self.attacks.push(attack);
        Ok(())
    }

    fn hear(&mut self, fact: &Fact) {
        let now = self.wire.now();
        match fact {
            Fact::Up { plan, end: End::Caller, .. } => drop(self.up.insert(*plan)),
            Fact::Over { plan, end: End::Caller, .. } => drop(self.up.remove(plan)),
            Fact::Final { plan, code: 486 | 603 } => {
                let honest = self.wire.plan(*plan).is_some_and(|of| {
                    // Who is busy says 486 too.
                    let busy = matches!(of.treatment, Treatment::Refuse { .. });
                    of.purpose != Purpose::Fraud && !busy
                });
                self.wrong_stops += u64::from(honest);
            }
            _ => {}
        }
        let (Fact::Final { plan, .. } | Fact::Over { plan, .. } | Fact::GaveUp { plan }) = fact
        else {
            return;
        };
        if let Some(attack) = self.attacks.iter_mut().find(|attack| attack.has(*plan)) {
            attack.hear(fact, now);
        }
    }

    fn read_accounts(&mut self, now: Moment) -> Result<(), DemoError> {
        let mut news = Vec::new();
        for attack in &mut self.attacks {
            attack.account.read(&self.store)?;
            let is_over = attack.is_over(now);
            let stopped = attack.is_news(now);
            if is_over || stopped {
                let word = if is_over { "OVER" } else { "STOPPED" };
                news.push((word, attack.outcome(), attack.account.case.clone()));
            }
            if is_over {
                self.prevented += attack.account.prevented;
            }
        }
        for over in self.attacks.extract_if(.., |attack| attack.is_over(now)) {
            over.leave(&mut self.wire);
        }
        for (word, outcome, case) in news {
            let origin = self.door.origin();
            let place =
                case.map_or_else(|| format!("{origin}/cases"), |id| format!("{origin}/cases/{id}"));
            self.tell(word, &format!("{outcome}; see {place}"));
        }
        Ok(())
    }

    fn show(&mut self) {
        let running = self.attacks.iter().map(|attack| attack.account.prevented);
        let prevented = running.fold(self.prevented, |sum, of| sum + of);
        let attack = match (self.attacks.len(), self.first_attack) {
            (0, Some(at)) => {
                let left = at.0.saturating_sub(self.wire.now().0) / 1_000_000;
                format!("first attack in {left} s")
            }
            (0, None) => "no attack now".to_owned(),
            (1, _) => "an attack goes on".to_owned(),
            (many, _) => format!("{many} attacks go on"),
        };
        let (up, made, wrong) = (self.up.len(), self.made, self.wrong_stops);
        self.screen.status(&format!(
            "  {up} calls up, {made} made, {wrong} honest ones refused; {attack}; €{prevented} prevented"
        ));
    }

    fn tell(&mut self, word: &str, what: &str) {
        let at = jiff::Timestamp::from_microsecond(crate::wall().0).unwrap_or_default();
        let local = at.to_zoned(jiff::tz::TimeZone::system());
        self.screen.say(&format!("{}  {word:<8} {what}", local.strftime("%H:%M:%S")));
    }
}
