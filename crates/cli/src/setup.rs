//! Policy, dial plan and tariff from files.

use crate::failure::{Failure, Kind, Outcome};
use anyhow::{Context, anyhow};
use clap::Args;
use ringfence_fraud::{Settings, SettingsError};
use ringfence_gate::Setup;
use ringfence_model::{Country, Policy};
use ringfence_numbering::{
    Column, Columns, DialPlan, Field, ImportOptions, ImportReport, Tariff, TariffError,
    calling_code,
};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The options that say how calls are judged and priced.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How calls are judged and priced")]
pub struct SetupArgs {
    /// The policy, as TOML; without it the default one (see `ringfence policy example`)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Your operator's prices, as CSV; without it the default tariff, which is an estimate
    #[arg(long, value_name = "FILE")]
    pub tariff: Option<PathBuf>,
    /// A column of the tariff, as FIELD=NAME or FIELD=NUMBER (prefix=1, per_minute="Price"); repeatable
    #[arg(long = "tariff-column", value_name = "FIELD=COLUMN", value_parser = column)]
    pub tariff_columns: Vec<(Field, Column)>,
    /// The country whose national numbers are dialled
    #[arg(long, value_name = "CC", default_value = "NL", value_parser = country)]
    pub country: Country,
    /// How people dial, as TOML: outside line, area code, extensions, prefixes; its country replaces --country
    #[arg(long, value_name = "FILE")]
    pub dial_plan: Option<PathBuf>,
    /// The time zone of the company and of records without one, as Europe/Amsterdam; without it that of the policy
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

impl SetupArgs {
    /// Everything compiled.
    pub fn load(&self) -> Outcome<Setup> {
        let mut policy = self.policy.as_deref().map(policy).transpose()?.unwrap_or_default();
        if let Some(zone) = &self.time_zone {
            policy.time_zone.clone_from(zone);
        }
        let settings = compiled(policy, self.policy.as_deref())?;
        let plan = self.dial_plan()?;
        let tariff = match &self.tariff {
            Some(file) => {
                let columns = Columns(self.tariff_columns.iter().cloned().collect());
                let options = ImportOptions {
                    currency: settings.policy().currency,
                    home: plan.country,
                    ..ImportOptions::default()
                };
                tariff(file, &columns, &options)?.0
            }
            None => Tariff::default_bands(plan.country),
        };
        Ok(Setup {
            settings: Arc::new(settings),
            dial_plan: Arc::new(plan),
            tariff: Arc::new(tariff),
        })
    }

    /// The dial plan of the file, else the plain one of the country.
    pub fn dial_plan(&self) -> Outcome<DialPlan> {
        self.dial_plan.as_deref().map_or_else(|| Ok(DialPlan::of(self.country)), read_toml)
    }
}

/// Reads a policy file.
pub fn policy(file: &Path) -> Outcome<Policy> {
    read_toml(file)
}

/// Compiles a policy, which `file` may name.
pub fn compiled(policy: Policy, file: Option<&Path>) -> Outcome<Settings> {
    Settings::new(policy).map_err(|error| {
        let whose = file.map_or_else(|| "the policy".to_owned(), |file| file.display().to_string());
        let hint = match &error {
            SettingsError::LimitOrder { .. } => "raise the longer limit or lower the shorter one",
            SettingsError::Calendar(_) => {
                "see [office] and time_zone in `ringfence policy example`"
            }
            _ => "see `ringfence policy example` for what each field may be",
        };
        Failure::new(Kind::Input, anyhow::Error::new(error).context(whose)).hint(hint)
    })
}

/// Reads a tariff file.
pub fn tariff(
    file: &Path,
    columns: &Columns,
    options: &ImportOptions,
) -> Outcome<(Tariff, ImportReport)> {
    let bytes = read(file)?;
    Tariff::import(&bytes, columns, options).map_err(|error| {
        let hint = match &error {
            TariffError::NoHeader(_) | TariffError::NoColumn { .. } => {
                "name the columns, such as --tariff-column prefix=1 --tariff-column per_minute=3"
            }
            TariffError::OtherCurrency { .. } => "set `currency` in the policy to that of the deck",
            _ => "a tariff is CSV with a prefix and a price per minute; check it with `ringfence tariff check`",
        };
        let error = anyhow::Error::new(error).context(format!("cannot use {}", file.display()));
        Failure::new(Kind::Input, error).hint(hint)
    })
}

/// Reads a file whole.
pub fn read(file: &Path) -> Outcome<Vec<u8>> {
    Ok(std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?)
}

/// Reads a TOML file; an error says line and column.
pub fn read_toml<T: DeserializeOwned>(file: &Path) -> Outcome<T> {
    let bytes = read(file)?;
    let text =
        String::from_utf8(bytes).map_err(|_| anyhow!("{} is not UTF-8 text", file.display()))?;
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or_else(String::new, |span| position(&text, span.start));
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        let failure = Failure::new(Kind::Input, anyhow!("{}{at}: {message}", file.display()));
        match error.message() {
            m if m.contains("unknown field") => failure.hint("remove it or correct its name"),
            m if m.contains("duplicate key") => failure.hint("keep one of the two"),
            _ => failure
                .hint("`ringfence policy example` shows every field of a policy in its right form"),
        }
    })
}

/// `:line:column`, from 1.
fn position(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(":{line}:{column}")
}

/// A country a numbering plan is known of.
pub fn country(text: &str) -> Result<Country, String> {
    let country: Country = text.parse().map_err(|error| format!("{error}"))?;
    match calling_code(country) {
        Some(_) => Ok(country),
        None => Err(format!("no numbering plan is known for {country}")),
    }
}

pub fn column(text: &str) -> Result<(Field, Column), String> {
    use serde::Deserialize as _;
    let (field, column) = text.split_once('=').ok_or("write it as FIELD=COLUMN")?;
    let field: value::StrDeserializer<'_, value::Error> = field.trim().into_deserializer();
    let field = Field::deserialize(field).map_err(|error| error.to_string())?;
    let column = column.trim();
    let position = column.parse().ok().filter(|&number: &usize| number > 0);
    Ok((field, position.map_or_else(|| Column::Name(column.to_owned()), Column::Position)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one() {
        assert_eq!(position("a = 1\nbé = x", 10), ":2:4");
        assert_eq!(position("", 0), ":1:1");
        assert_eq!(position("a", 99), ":1:2");
    }

    #[test]
    fn columns_are_named_or_numbered() {
        assert_eq!(column("prefix=2"), Ok((Field::Prefix, Column::Position(2))));
        let named = (Field::PerMinute, Column::Name("Price".into()));
        assert_eq!(column("per_minute=Price"), Ok(named));
        assert!(column("cost=3").unwrap_err().contains("unknown variant"));
        assert!(column("prefix").is_err());
    }
}
