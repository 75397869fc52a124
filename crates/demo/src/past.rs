//! Weeks of calls before the demo begins, lived through in virtual time: the people and attackers of `ringfence-sim`, the
//! engine of the firewall, and its own writer of records.

use crate::customers::{Access, CUSTOMERS, Customer};
use crate::door;
use crate::error::DemoError;
use crate::settings::{BOOT, CARRIER_TRUNK, PLAN};
use ringfence_model::{Attempt, CallEvent, Direction, E164, TenantStart, TrunkId, WallTime};
use ringfence_server::past::Past;
use ringfence_sim::World;
use ringfence_sim::attack::{Campaign, Kind};
use ringfence_sim::chance::Chance;
use ringfence_sim::company::{Company, TRADES};
use ringfence_store::Act;
use std::path::Path;
use std::time::Duration;

const DAY: u64 = 86_400;
/// On so many days of a customer something odd but honest happens.
const ODD: f64 = 0.01;
/// What happened to whom: how many days ago, at what hour, and for how long. Those older than a block lasts are over.
const ATTACKS: [(Kind, &str, u64, u64, u64); 7] = [
    (Kind::National0900, "garage-de-vries", 20, 20, 3),
    (Kind::ProbeThenBurst, "van-leeuwen-import", 16, 13, 9),
    (Kind::SlowDrip, "noordkade-architecten", 13, 8, 30),
    (Kind::Wangiri, "praktijk-linde", 11, 11, 2),
    (Kind::PrefixSpray, "webwinkel-vlinder", 5, 22, 1),
    (Kind::GuessedPassword, "notaris-hofman", 3, 1, 4),
    (Kind::WeekendBurst, "bakkerij-jansen", 1, 2, 5),
];

/// Whether a block of those days may still stand for a customer.
#[must_use]
pub fn is_blocked(id: &str) -> bool {
    ATTACKS.iter().any(|(_, whom, ago, ..)| *whom == id && *ago <= 8)
}

/// The customers as they call.
///
/// # Errors
/// When a calendar cannot be made.
pub fn companies(chance: &mut Chance) -> Result<Vec<Company>, DemoError> {
    let company = |(index, customer): (usize, &Customer)| {
        let trade = TRADES.iter().find(|trade| trade.name == customer.trade);
        let trade = trade.copied().unwrap_or(TRADES[0]);
        let mut company = Company::new(trade, index, chance).map_err(DemoError::Calendar)?;
        company.tenant = customer.id.into();
        company.extensions = customer.extensions.iter().map(|&id| id.into()).collect();
        company.source.ip = Customer::address(index).into();
        company.source.country = None;
        company.source.user_agent = Some(customer.product().into());
        company.outside_line = "";
        Ok(company)
    };
    CUSTOMERS.iter().enumerate().map(company).collect()
}

/// Fills the data folder with so many days, up to `now`. Each day is told to `day`, which may end it by saying no; gives
/// how many calls there were.
///
/// # Errors
/// When settings or folder cannot be used.
pub fn live_through(
    folder: &Path,
    (chance, companies): (&Chance, Vec<Company>),
    (days, now): (u64, WallTime),
    day: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, DemoError> {
    let start = begin(&companies, days, now);
    let act = Act {
        who: "demo".to_owned(),
        what: "settings.apply".to_owned(),
        why: "twenty customers that are made up".to_owned(),
        address: None,
        at: now,
    };
    let files = (folder.join(BOOT), folder.join(PLAN));
    let mut past = Past::begin((&files.0, &files.1), &act, door::make_person)?;
    let mut chance = chance.fork(11);
    let campaigns = campaigns(start, now, &mut chance);
    let arrival = start + Duration::from_secs(days * DAY * 2 / 3);
    let mut world = World::new(chance, companies, campaigns, (start, arrival, now), ODD);
    let (mut calls, mut told) = (0, 0);
    while let Some(due) = world.due().filter(|due| *due < now) {
        let (at, said) = match past.asked().filter(|asked| *asked <= due) {
            Some(asked) => (asked, past.tick(asked)),
            None => {
                let Some(event) = world.step() else { continue };
                let event = as_seen(event);
                calls += u64::from(matches!(event, CallEvent::Attempt(_)));
                (due, past.happens(due, &event))
            }
        };
        said.iter().for_each(|output| world.hear(at, output));
        let lived = (at - start).as_secs() / DAY;
        if lived > told {
            told = lived;
            if !day(lived) {
                return Err(DemoError::Stopped);
            }
        }
    }
    past.end(now)?;
    Ok(calls)
}

/// A midnight where the customers are.
fn begin(companies: &[Company], days: u64, now: WallTime) -> WallTime {
    let before = now - Duration::from_secs((days + 1) * DAY);
    companies.first().cloned().map_or(before, |mut company| {
        let minutes = u64::from(company.civil(before).minute);
        company.next_midnight(before - Duration::from_secs(minutes * 60))
    })
}

fn campaigns(start: WallTime, now: WallTime, chance: &mut Chance) -> Vec<Campaign> {
    let campaign = |(kind, whom, ago, hour, hours): &(Kind, &str, u64, u64, u64)| {
        let company = CUSTOMERS.iter().position(|customer| customer.id == *whom)?;
        let today = WallTime::from_secs(now.as_secs().div_euclid(DAY as i64) * DAY as i64);
        let at = today - Duration::from_secs(ago * DAY) + Duration::from_secs(hour * 3_600);
        // A customer must be known before somebody can be told from them.
        let known = at > start + Duration::from_secs(2 * DAY);
        known.then(|| Campaign::new(*kind, company, at, hours * 3_600, chance))
    };
    ATTACKS.iter().filter_map(campaign).collect()
}

/// A fact of the virtual world with the names and numbers that the same call has on the wire here.
fn as_seen(event: CallEvent) -> CallEvent {
    match event {
        CallEvent::Attempt(attempt) => CallEvent::Attempt(seen(attempt)),
        CallEvent::Tenant(start) => {
            let customer = CUSTOMERS.iter().find(|of| of.id == start.tenant.as_str());
            let own_pbx = customer.is_some_and(|of| of.access == Access::Pbx);
            let trunks = if own_pbx { start.trunks } else { Vec::new() };
            CallEvent::Tenant(TenantStart { trunks, own_pbx, ..start })
        }
        event => event,
    }
}

fn seen(attempt: Attempt) -> Attempt {
    let Some(customer) = CUSTOMERS.iter().find(|of| of.id == attempt.tenant.as_str()) else {
        return attempt;
    };
    let extension = attempt.extension.as_ref().map(|extension| extension.as_str());
    let own = extension.map(|extension| customer.number(extension));
    let number = || own.as_ref().and_then(|own| own.parse::<E164>().ok());
    match attempt.direction {
        Direction::Inbound => Attempt {
            trunk: Some(TrunkId::new(CARRIER_TRUNK)),
            dialled: own.as_ref().map_or(attempt.dialled, |own| format!("+{own}").into()),
            ..attempt
        },
        _ => Attempt {
            trunk: attempt.trunk.filter(|_| customer.access == Access::Pbx),
            a_number: number(),
            ..attempt
        },
    }
}
