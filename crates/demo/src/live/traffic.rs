//! What honest people do now: they call home and are called, call each other, and their suppliers abroad.

use super::house::House;
use crate::customers::{Access, CUSTOMERS};
use ringfence_model::{Moment, WallTime};
use ringfence_sim::chance::Chance;
use ringfence_sim::company::Company;
use ringfence_sim::places::{HOME, NEAR, dial};
use ringfence_sim::sip::{End, Plan, Purpose, Treatment};
use std::time::Duration;

/// Between two calls of all customers together, at the speed of life.
const EVERY: Duration = Duration::from_millis(3_500);
/// How long people talk, in seconds.
const TALK: u32 = 110;
/// The first calls come fast: nobody wants to watch an empty list.
const FIRST: u64 = 14;

/// Honest people.
pub struct Traffic {
    chance: Chance,
    speed: f64,
    companies: Vec<Company>,
    made: u64,
    next: Moment,
}

impl Traffic {
    /// Of these customers, so many times faster than life, from `at` on.
    #[must_use]
    pub fn new(chance: Chance, companies: Vec<Company>, speed: f64, at: Moment) -> Self {
        Self { chance, speed, companies, made: 0, next: at }
    }

    /// When the next call is made.
    #[must_use]
    pub const fn due(&self) -> Moment {
        self.next
    }

    /// The call that is due.
    pub fn call(&mut self, house: &House, (at, wall): (Moment, WallTime)) -> Option<Plan> {
        let gap = EVERY.as_secs_f64() / self.speed * (0.2 + 1.6 * self.chance.unit());
        let gap = if self.made < FIRST { gap.min(0.4) } else { gap };
        self.made += 1;
        self.next = at + Duration::from_secs_f64(gap);
        let index = self.someone();
        let customer = CUSTOMERS.get(index)?;
        let extension = self.chance.below(customer.extensions.len() as u64) as usize;
        let own = customer.extensions.get(extension)?;
        let trade = self.companies.get(index)?.trade;
        let calls_in = trade.inbound / (trade.inbound + trade.national);
        if self.chance.happens(calls_in) {
            let (place, to) = (self.chance.pick(&HOME).copied()?, customer.number(own));
            let from = place.number(&mut self.chance);
            return Some(self.plan(
                (at, house.carrier, index),
                format!("+{from}"),
                format!("+{to}"),
            ));
        }
        let caller = house.caller(index, extension)?;
        let dialled = self.whom(index, extension, wall)?;
        Some(self.plan((at, caller, index), (*own).to_owned(), dialled))
    }

    /// A customer: who calls much is seen often.
    fn someone(&mut self) -> usize {
        let busy = |company: &Company| (company.trade.national + company.trade.inbound).sqrt();
        let sum: f64 = self.companies.iter().map(busy).sum();
        let mut left = self.chance.unit() * sum;
        let all = self.companies.iter().position(|company| {
            left -= busy(company);
            left < 0.0
        });
        all.unwrap_or(0)
    }

    fn whom(&mut self, index: usize, extension: usize, wall: WallTime) -> Option<String> {
        let customer = CUSTOMERS.get(index)?;
        let company = self.companies.get_mut(index)?;
        let (trade, is_open) = (company.trade, company.is_open(wall));
        let chance = &mut self.chance;
        let colleagues = customer.extensions.iter().enumerate().filter(|(of, _)| *of != extension);
        let colleagues: Vec<_> = colleagues.map(|(_, colleague)| *colleague).collect();
        if customer.access == Access::Phones && chance.happens(0.12) {
            return chance.pick(&colleagues).map(|&colleague| colleague.to_owned());
        }
        if chance.happens(0.004) {
            // It rings at the simulated carrier like every other call.
            return Some("112".to_owned());
        }
        if is_open && chance.happens(0.14) {
            let known = company.suppliers();
            let number = match chance.pick(known) {
                Some(supplier) => Some(supplier.clone()),
                None if trade.anywhere > 0.0 => {
                    chance.pick(&NEAR).copied().map(|place| place.number(chance))
                }
                None => None,
            };
            if let Some(number) = number {
                return Some(dial(&number, "", chance));
            }
        }
        let number = chance.pick(&HOME).copied()?.number(chance);
        Some(dial(&number, "", chance))
    }

    fn plan(
        &mut self,
        (at, caller, customer): (Moment, usize, usize),
        identity: String,
        dialled: String,
    ) -> Plan {
        let (speed, chance) = (self.speed, &mut self.chance);
        let faster = |secs: f64| Duration::from_secs_f64((secs / speed).max(0.5));
        let ring = faster(f64::from(chance.within((2, 14))));
        let treatment = match chance.below(20) {
            0 => Treatment::Refuse { ring, code: 486 },
            1 | 2 => Treatment::Ring,
            _ => Treatment::Answer { ring, forks: 1 },
        };
        let talk = faster(f64::from(chance.talk_secs(TALK))).max(Duration::from_secs(2));
        let hangs_up = if chance.happens(0.5) { End::Caller } else { End::Called };
        let tenant = CUSTOMERS.get(customer).map_or("", |customer| customer.id).into();
        let purpose = if dialled == "112" { Purpose::Protected } else { Purpose::Honest };
        Plan {
            at,
            caller,
            tenant,
            identity,
            dialled,
            purpose,
            treatment,
            patience: faster(30.0),
            talk,
            hangs_up,
            hold: None,
            transfer: None,
            late_offer: false,
            hops: 70,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::past::companies;
    use crate::settings::Passwords;

    /// A Tuesday at ten in Amsterdam, and the Sunday before at three in the night.
    const MORNING: WallTime = WallTime(1_794_906_000_000_000);
    const NIGHT: WallTime = WallTime(1_794_708_000_000_000);

    /// So many calls at that hour, and how long they took to be made.
    fn calls(seed: u64, speed: f64, wall: WallTime) -> (Vec<Plan>, Duration) {
        let chance = Chance::new(seed);
        let companies = companies(&mut chance.fork(3)).unwrap();
        let customers = CUSTOMERS.iter().map(|of| vec![1; of.extensions.len()]).collect();
        let house = House { carrier: 0, customers, passwords: Passwords::of_world(&chance) };
        let mut traffic = Traffic::new(chance, companies, speed, Moment(0));
        let made = (0..1_000).filter_map(|_| {
            let due = traffic.due();
            traffic.call(&house, (due, wall))
        });
        (made.collect(), traffic.due() - Moment(0))
    }

    fn abroad(plan: &Plan) -> bool {
        let digits = plan.dialled.trim_start_matches('+');
        plan.caller != 0
            && (digits.starts_with("00") || plan.dialled.starts_with('+'))
            && !digits.trim_start_matches("00").starts_with("31")
    }

    #[test]
    fn an_office_day_has_calls_in_and_out_and_abroad_and_a_night_has_hardly_any_abroad() {
        let (day, _) = calls(1, 1.0, MORNING);
        let (night, _) = calls(1, 1.0, NIGHT);
        let count = |of: &[Plan], which: fn(&Plan) -> bool| of.iter().filter(|p| which(p)).count();
        assert!(day.len() > 990);
        assert!((200..700).contains(&count(&day, |plan| plan.caller == 0)), "calls in");
        assert!((30..200).contains(&count(&day, abroad)), "{}", count(&day, abroad));
        assert!(count(&night, abroad) * 3 < count(&day, abroad));
        let all = day.iter().map(|plan| plan.tenant.as_str());
        assert_eq!(all.collect::<std::collections::BTreeSet<_>>().len(), CUSTOMERS.len());
    }

    #[test]
    fn speed_makes_more_calls_and_shorter_ones_and_a_seed_makes_the_same() {
        let ((slow, long), (fast, short)) = (calls(2, 1.0, MORNING), calls(2, 10.0, MORNING));
        assert!(long > short * 7 && long < short * 12, "{long:?} {short:?}");
        let talked = |of: &[Plan]| of.iter().map(|plan| plan.talk).sum::<Duration>();
        assert!(talked(&slow) > talked(&fast) * 5);
        let dialled = |of: &[Plan]| of.iter().map(|plan| plan.dialled.clone()).collect::<Vec<_>>();
        assert_eq!(dialled(&fast), dialled(&calls(2, 10.0, MORNING).0));
        assert_ne!(dialled(&fast), dialled(&calls(3, 10.0, MORNING).0));
    }
}
