//! What comes before the first call: guessing a password, registering from elsewhere, setting a forward, guessing
//! PINs, luring with missed calls.

use super::{Campaign, Kind};
use crate::chance::Chance;
use crate::company::Company;
use crate::places::{dial, e164};
use crate::wish::Wish;
use crate::world::Planned;
use ringfence_model::{
    CallEvent, ConfigChange, Direction, Registration, RegistrationFailure, WallTime,
};
use std::time::Duration;

/// The prelude of `campaign`, from `at` on.
pub fn of(
    campaign: &mut Campaign,
    index: usize,
    at: WallTime,
    company: &Company,
    chance: &mut Chance,
) -> Vec<Planned> {
    match campaign.kind {
        Kind::GuessedPassword | Kind::Satellite | Kind::Spread => guessing(campaign, at, company),
        Kind::WeekendBurst | Kind::LongCalls => vec![registration(campaign, at, company)],
        Kind::ForwardHijack => vec![forward(campaign, at, company, chance)],
        Kind::Disa | Kind::Voicemail => pins(campaign, index, at, company, chance),
        Kind::Wangiri => lures(campaign, index, at, company, chance),
        _ => Vec::new(),
    }
}

fn secs(at: WallTime, secs: u64) -> WallTime {
    at + Duration::from_secs(secs)
}

fn guessing(campaign: &mut Campaign, at: WallTime, company: &Company) -> Vec<Planned> {
    let extension = campaign.next_extension(company);
    campaign.extension -= usize::from(campaign.tactics.all_extensions);
    let failures = (0..5).map(|minute| {
        let failure = RegistrationFailure {
            tenant: company.tenant.clone(),
            extension: Some(extension.clone()),
            count: 80,
            source: campaign.source.clone(),
        };
        Planned::Fact(secs(at, 60 * minute), CallEvent::RegistrationFailed(failure))
    });
    failures.chain([registration(campaign, secs(at, 301), company)]).collect()
}

fn registration(campaign: &Campaign, at: WallTime, company: &Company) -> Planned {
    let count = company.extensions.len().max(1);
    let extension = company.extensions.get(campaign.extension % count).cloned();
    let registration = Registration {
        tenant: company.tenant.clone(),
        extension: extension.unwrap_or_else(|| "201".into()),
        source: campaign.source.clone(),
    };
    Planned::Fact(at, CallEvent::Registered(registration))
}

fn forward(
    campaign: &mut Campaign,
    at: WallTime,
    company: &Company,
    chance: &mut Chance,
) -> Planned {
    let change = ConfigChange {
        tenant: company.tenant.clone(),
        extension: campaign.next_extension(company),
        forward_to: Some(dial(&campaign.number, company.outside_line, chance).into()),
        source: Some(campaign.source.clone()),
    };
    Planned::Fact(at, CallEvent::ConfigChanged(change))
}

/// Short inbound calls that try PINs.
fn pins(
    campaign: &mut Campaign,
    index: usize,
    at: WallTime,
    company: &Company,
    chance: &mut Chance,
) -> Vec<Planned> {
    let extension = campaign.next_extension(company);
    (0..10)
        .map(|n| {
            let wish = Wish::outbound(secs(at, 40 * n), index, extension.as_str(), "31201234567");
            let wish = Wish {
                company: campaign.company,
                direction: Direction::Inbound,
                a_number: e164("447911123456"),
                ring_secs: 1,
                ..wish
            };
            Planned::Call(wish.talking(chance.within((6, 20))))
        })
        .collect()
}

/// Missed calls from the numbers that should be called back.
fn lures(
    campaign: &mut Campaign,
    index: usize,
    at: WallTime,
    company: &Company,
    chance: &mut Chance,
) -> Vec<Planned> {
    let planned = (0..12)
        .map(|n| {
            let number = campaign.next_number(chance);
            campaign.tried += 1;
            let extension = company.anyone(chance);
            let wish = Wish::outbound(secs(at, 15 * n), index, extension.as_str(), "31201234567");
            Planned::Call(Wish {
                company: campaign.company,
                direction: Direction::Inbound,
                a_number: e164(&number),
                ring_secs: 1,
                talk_secs: None,
                ..wish
            })
        })
        .collect();
    // The call-backs go to the very numbers that rang.
    campaign.tried = 0;
    planned
}
