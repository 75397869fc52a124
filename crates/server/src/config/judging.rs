//! How a tenant's calls are read, judged and priced: dial plan, policy, tariff.

use super::decks::Rows;
use super::problem::{At, Source};
use super::section::Section;
use ringfence_fraud::{Settings, SettingsError};
use ringfence_gate::Setup;
use ringfence_model::{Country, Currency, Mode, Policy};
use ringfence_numbering::{Columns, DialPlan, ImportOptions, Tariff, calling_code};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;
use toml::de::DeValue;

/// Reads `country`, `dial_plan`, `policy`, `mode`, `tariff` and `tariff_columns` of a tenant. Of what is wrong, and
/// noted, nothing is kept.
pub(super) fn read(section: &mut Section<'_>) -> (Country, Option<Setup>) {
    let dial_plan = dial_plan(section);
    let country = dial_plan.country;
    let settings = policy(section);
    let currency = settings.as_ref().map_or(Currency::EUR, |settings| settings.policy().currency);
    let tariff = tariff(section, country, currency);
    let setup = settings.map(|settings| Setup {
        settings: Arc::new(settings),
        dial_plan: Arc::new(dial_plan),
        tariff,
    });
    (country, setup)
}

fn dial_plan(section: &mut Section<'_>) -> DialPlan {
    let country = section.text("country", "write two letters such as \"NL\"", |text| {
        let country = text.parse::<Country>().map_err(|error| error.to_string())?;
        match calling_code(country) {
            Some(_) => Ok(country),
            None => Err("no numbering plan is known for it".to_owned()),
        }
    });
    let country = country.map(|at| at.value);
    let plan = file_or_table::<DialPlan>(section, "dial_plan").map(|at| at.value);
    match (plan, country) {
        (Some(plan), None) => plan,
        (Some(plan), Some(country)) => DialPlan { country, ..plan },
        (None, country) => DialPlan::of(country.unwrap_or(Country::NL)),
    }
}

fn policy(section: &mut Section<'_>) -> Option<Settings> {
    let desk = section.desk();
    let written = file_or_table::<Policy>(section, "policy");
    let span = written.as_ref().map_or_else(|| section.span.clone(), |at| at.span.clone());
    let mut policy = written.map(|at| at.value).unwrap_or_default();
    if let Some(mode) = section.take::<Mode>("mode") {
        policy.mode = mode.value;
    }
    if policy.mode == Mode::Observe {
        desk.doubt(
            &span,
            "this tenant is only watched: nothing is stopped",
            "set mode = \"enforce\" when what it says is right",
        );
    }
    Settings::new(policy)
        .map_err(|error| {
            desk.wrong(&span, format!("policy: {error}"), "see `ringfence policy example`");
        })
        .ok()
}

/// What holds for a tenant nobody declared.
pub(super) fn default_setup() -> Result<Setup, SettingsError> {
    Ok(Setup {
        settings: Arc::new(Settings::new(Policy::default())?),
        dial_plan: Arc::default(),
        tariff: Arc::new(Tariff::default_bands(Country::NL)),
    })
}

fn tariff(section: &mut Section<'_>, home: Country, currency: Currency) -> Arc<Tariff> {
    let desk = section.desk();
    let file = section.take::<String>("tariff");
    let columns = section.take::<Columns>("tariff_columns").map(|at| at.value).unwrap_or_default();
    let default = || Arc::new(Tariff::default_bands(home));
    let Some(file) = file else {
        desk.doubt(
            &section.span,
            "prices are those of the default tariff, an estimate",
            "set tariff = \"rates.csv\" with your operator's prices",
        );
        return default();
    };
    let path = desk.source().beside(&file.value);
    match imported(desk.source(), &file, &columns, (currency, home)) {
        Ok((tariff, rows)) => {
            if rows.bad > 0 {
                desk.doubt(
                    &file.span,
                    format!("{} of {} rows of the tariff cannot be used", rows.bad, rows.all),
                    format!("see `ringfence tariff check {}`", path.display()),
                );
            }
            tariff
        }
        Err(error) => {
            desk.wrong(
                &file.span,
                format!("cannot use the tariff {}: {error}", path.display()),
                "see `ringfence tariff check`; columns are named with tariff_columns",
            );
            default()
        }
    }
}

/// The tariff of a deck. One that was read before, in the same way, is not read again.
fn imported(
    source: &Source,
    file: &At<String>,
    columns: &Columns,
    (currency, home): (Currency, Country),
) -> Result<(Arc<Tariff>, Rows), String> {
    let at = file.span.start;
    let (sha256, deck) = source.deck(at, &file.value).map_err(|error| error.to_string())?;
    let name = format!("{sha256} {columns:?} {currency:?} {home:?}");
    source.imported().get_or(name, || {
        let deck = deck.map_or_else(|| source.read_whole(at, &file.value), Ok);
        let deck = deck.map_err(|error| error.to_string())?;
        let options = ImportOptions { currency, home, ..ImportOptions::default() };
        let (tariff, report) =
            Tariff::import(&deck, columns, &options).map_err(|error| error.to_string())?;
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        Ok((tariff, Rows { all: count(report.rows), bad: count(report.bad_rows_total) }))
    })
}

/// `key = "file.toml"`, or a table in place.
fn file_or_table<T: DeserializeOwned>(
    section: &mut Section<'_>,
    key: &'static str,
) -> Option<At<T>> {
    let value = section.raw(key)?;
    let span = value.span();
    match value.get_ref() {
        DeValue::String(path) => {
            let value = from_file(section, key, path, &span)?;
            Some(At::new(value, span))
        }
        _ => section.read(key, value),
    }
}

fn from_file<T: DeserializeOwned>(
    section: &Section<'_>,
    key: &str,
    path: &str,
    span: &Range<usize>,
) -> Option<T> {
    let desk = section.desk();
    let read = desk.source().read_text(span.start, path);
    let path = desk.source().beside(path);
    let text = match read {
        Ok(text) => text,
        Err(error) => {
            let what = format!("{key}: cannot read {}: {error}", path.display());
            desk.wrong(span, what, "correct the path or its permissions");
            return None;
        }
    };
    match toml::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let what = error.message().lines().next().unwrap_or_default().to_owned();
            let at = error.span().map_or(0, |span| span.start);
            desk.wrong_in(&Source::new(path, text), at, what, "correct the line");
            None
        }
    }
}
