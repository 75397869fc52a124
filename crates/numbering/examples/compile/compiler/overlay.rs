//! Our own tables: what libphonenumber does not know, country names, risk, default prices.

use super::Fault;
use super::class::Class;
use ringfence_model::{Country, Kind, Money, Protected, RiskTier};
use std::collections::BTreeMap;

/// One row of `overlay.csv`.
pub struct Overlay {
    /// A calling code or a country.
    pub plan: String,
    pub pattern: String,
    pub class: Class,
    /// Whether numbers the metadata lacks exist too.
    pub adds: bool,
}

/// What we know about countries, and about calling codes that belong to none.
pub struct Facts {
    pub names: BTreeMap<Country, (String, String)>,
    pub tiers: BTreeMap<Country, RiskTier>,
    pub world_tiers: BTreeMap<String, RiskTier>,
    /// Price per minute to fixed and mobile lines.
    pub prices: BTreeMap<Country, (Money, Money)>,
}

pub fn read(text: &str) -> Result<Vec<Overlay>, Fault> {
    let row = |r: csv::StringRecord| {
        Ok(Overlay {
            plan: cell(&r, 0)?.to_owned(),
            pattern: cell(&r, 1)?.to_owned(),
            class: class(cell(&r, 2)?)?,
            adds: match cell(&r, 3)? {
                "add" => true,
                "relabel" => false,
                other => return Err(format!("overlay mode {other:?}").into()),
            },
        })
    };
    rows(text)?.into_iter().map(row).collect()
}

pub fn facts(names: &str, risk: &str, rates: &str) -> Result<Facts, Fault> {
    let mut facts = Facts {
        names: BTreeMap::new(),
        tiers: BTreeMap::new(),
        world_tiers: BTreeMap::new(),
        prices: BTreeMap::new(),
    };
    for row in rows(names)? {
        let both = (cell(&row, 1)?.to_owned(), cell(&row, 2)?.to_owned());
        facts.names.insert(cell(&row, 0)?.parse()?, both);
    }
    for row in rows(risk)? {
        let tier = match cell(&row, 3)? {
            "A" => RiskTier::A,
            "B" => RiskTier::B,
            "C" => RiskTier::C,
            "D" => RiskTier::D,
            other => return Err(format!("tier {other:?}").into()),
        };
        let country: Country = cell(&row, 0)?.parse()?;
        if country == Country::WORLD {
            facts.world_tiers.insert(cell(&row, 1)?.to_owned(), tier);
        } else {
            facts.tiers.insert(country, tier);
        }
    }
    for row in rows(rates)? {
        let prices = (cell(&row, 3)?.parse()?, cell(&row, 4)?.parse()?);
        facts.prices.insert(cell(&row, 0)?.parse()?, prices);
    }
    Ok(facts)
}

fn rows(text: &str) -> Result<Vec<csv::StringRecord>, Fault> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    Ok(reader.records().collect::<Result<_, _>>()?)
}

fn cell(row: &csv::StringRecord, at: usize) -> Result<&str, Fault> {
    row.get(at).ok_or_else(|| format!("no column {at} in {row:?}").into())
}

fn class(name: &str) -> Result<Class, Fault> {
    Ok(Class::Kind(match name {
        "directory" => Kind::Directory,
        "government" => Kind::Government,
        "helpline" => return Ok(Class::Protected(Protected::Helpline)),
        "m2m" => Kind::M2m,
        "network" => Kind::Network,
        "personal" => Kind::Personal,
        "premium_adult" => Kind::PremiumAdult,
        "premium_entertainment" => Kind::PremiumEntertainment,
        "satellite" => Kind::Satellite,
        "service" => Kind::Service,
        "vpn" => Kind::Vpn,
        other => return Err(format!("overlay kind {other:?}").into()),
    }))
}
