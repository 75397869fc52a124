//! Reads what each record is and costs, before anything is judged.

use super::findings::{Judged, Place};
use crate::{Setup, Snapshot};
use ringfence_fraud::calendar::{Calendar, Civil};
use ringfence_model::{Cdr, Destination, Direction, ExtensionId, Money, Target, TenantId};
use ringfence_numbering::{Numbering, Rate, Tariff};
use std::collections::HashMap;
use std::time::Duration;

/// What is known of the records before the first is judged.
pub struct Survey {
    pub tenants: Vec<TenantId>,
    pub calls: Vec<Judged>,
    pub protected: u64,
    pub default_tariff: bool,
    /// The shipped prices, for what a deck does not price.
    pub bands: Tariff,
}

/// Prices every record. `order` is that of time, so that each calendar moves forward only.
pub fn survey(cdrs: &[Cdr], order: &[u32], snapshot: &Snapshot, nobody: &TenantId) -> Survey {
    let mut tenants: Vec<TenantId> = Vec::new();
    let mut known: HashMap<TenantId, (u32, Calendar), foldhash::fast::FixedState> =
        HashMap::default();
    let mut calls = vec![Judged::default(); cdrs.len()];
    let mut survey = Survey {
        tenants: Vec::new(),
        calls: Vec::new(),
        protected: 0,
        default_tariff: false,
        bands: Tariff::default_bands(snapshot.default.dial_plan.country),
    };
    for &index in order {
        let Some(cdr) = cdrs.get(index as usize) else { continue };
        let Some(judged) = calls.get_mut(index as usize) else { continue };
        let tenant = cdr.tenant.as_ref().unwrap_or(nobody);
        let setup = snapshot.setup(tenant);
        if !known.contains_key(tenant) {
            let at = u32::try_from(tenants.len()).unwrap_or(u32::MAX);
            tenants.push(tenant.clone());
            known.insert(tenant.clone(), (at, setup.settings.calendar()));
        }
        let Some((at, calendar)) = known.get_mut(tenant) else { continue };
        let civil = calendar.civil(cdr.started);
        judged.tenant = *at;
        judged.day = civil.day;
        judged.hour = (u16::from(civil.weekday) * 24 + civil.minute / 60) as u8;
        if cdr.direction != Direction::Outbound {
            continue;
        }
        match target(cdr, setup) {
            Target::Protected(_) => survey.protected += 1,
            Target::Internal(_) => {}
            Target::Outside(to) => {
                let class = to.class();
                judged.to = Some(Place { country: to.country, kind: to.kind, class });
                judged.number = to.number.filter(|_| class.is_paid());
                let (recorded, default_tariff) = cost(cdr, setup, &survey.bands, &to, &civil);
                judged.recorded = recorded;
                judged.spent = recorded;
                survey.default_tariff |= default_tariff;
            }
        }
    }
    Survey { tenants, calls, ..survey }
}

/// Where a record's call went.
pub fn target(cdr: &Cdr, setup: &Setup) -> Target {
    Numbering::embedded().classify(&cdr.dialled, &setup.dial_plan)
}

fn cost(
    cdr: &Cdr,
    setup: &Setup,
    bands: &Tariff,
    to: &Destination,
    civil: &Civil,
) -> (Money, bool) {
    let charged = Duration::from_millis(cdr.billable_ms);
    price(setup, bands, to, civil).map_or((Money::ZERO, false), |(rate, default)| {
        (rate.cost(charged), default && rate.per_minute > Money::ZERO)
    })
}

/// The price of a call at that time, and whether it is of the default tariff. `bands` fill the gaps of a deck in the
/// same currency.
pub fn price<'a>(
    setup: &'a Setup,
    bands: &'a Tariff,
    to: &Destination,
    civil: &Civil,
) -> Option<(&'a Rate, bool)> {
    let own = setup.tariff.rate(to, civil.weekday(), civil.minute);
    let own = own.map(|rate| (rate, setup.tariff.is_default()));
    let filled = || bands.rate(to, civil.weekday(), civil.minute).map(|rate| (rate, true));
    own.or_else(|| filled().filter(|_| setup.tariff.currency() == bands.currency()))
}

/// The extension a diversion names, when it names one.
pub fn diverting(cdr: &Cdr, setup: &Setup) -> Option<ExtensionId> {
    let by = cdr.c_number.as_deref()?;
    match Numbering::embedded().classify(by, &setup.dial_plan) {
        Target::Internal(extension) => Some(extension),
        _ => None,
    }
}
