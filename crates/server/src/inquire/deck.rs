//! Reads a rate deck as putting it in force would, and says what it found.

use ringfence_api::{
    Amount, DeckAsk, DeckColumn, DeckDoubt, DeckPrice, DeckReport, DeckRow, Fault,
};
use ringfence_gate::Setup;
use ringfence_model::E164;
use ringfence_numbering::{Columns, ImportOptions, ImportReport, Rate, Tariff, Warning};
use serde_json::Value as Json;

/// Prices that are shown.
const SAMPLE: usize = 12;

/// Reads it in the tenant's currency and country. Takes long for a large deck.
pub fn read(setup: &Setup, ask: DeckAsk) -> Result<DeckReport, Fault> {
    let wrong = |error: &dyn std::fmt::Display| Fault::Refused {
        what: format!("this is no rate deck that can be used: {error}"),
        mend: "say which columns hold prefix and price, or correct the file".to_owned(),
    };
    let columns: Columns = serde_json::from_value(Json::Object(ask.columns))
        .map_err(|error| wrong(&format!("columns: {error}")))?;
    let currency = setup.settings.policy().currency;
    let home = setup.dial_plan.country;
    let options = ImportOptions { currency, home, ..ImportOptions::default() };
    let (tariff, report) =
        Tariff::import(ask.csv.as_bytes(), &columns, &options).map_err(|error| wrong(&error))?;
    Ok(told(report, sample(&tariff)))
}

fn sample(tariff: &Tariff) -> Vec<DeckPrice> {
    let all = tariff.prefixes();
    let step = all.len().div_ceil(SAMPLE).max(1);
    let price = |(prefix, rate): (E164, &Rate)| DeckPrice {
        prefix: prefix.to_string(),
        name: rate.name.as_deref().map(str::to_owned),
        per_minute: Amount(rate.per_minute),
        connect: Amount(rate.connect),
    };
    all.into_iter().step_by(step).map(price).collect()
}

fn told(report: ImportReport, sample: Vec<DeckPrice>) -> DeckReport {
    let column = |(field, column): (_, String)| DeckColumn { field: format!("{field}"), column };
    let columns = report.columns.into_iter().map(|(f, c)| column((f, c))).collect();
    let bad = report.bad_rows.into_iter();
    DeckReport {
        rows: report.rows as u64,
        prefixes: report.prefixes as u64,
        currency: report.currency.to_string(),
        columns,
        sample,
        bad_rows: bad
            .map(|row| DeckRow { line: row.line, why: row.reason, row: row.raw })
            .collect(),
        bad_rows_total: report.bad_rows_total as u64,
        doubts: report.warnings.into_iter().map(doubt).collect(),
        doubts_total: report.warnings_total as u64,
        next_change: report.next_change.map(|day| day.to_string()),
    }
}

fn doubt(warning: Warning) -> DeckDoubt {
    let about = |what: &str, line: Option<u64>| DeckDoubt {
        what: what.to_owned(),
        line,
        prefix: None,
        price: None,
        usual: None,
        day: None,
    };
    match warning {
        Warning::Duplicate { line, prefix } => {
            DeckDoubt { prefix: Some(prefix.to_string()), ..about("duplicate", Some(line)) }
        }
        Warning::Dear { line, prefix, price, usual } => DeckDoubt {
            prefix: Some(prefix.to_string()),
            price: Some(Amount(price)),
            usual: Some(Amount(usual)),
            ..about("dear", Some(line))
        },
        Warning::ProbablyCents => about("probably_cents", None),
        Warning::NotYet { line, from } => {
            DeckDoubt { day: Some(from.to_string()), ..about("not_yet", Some(line)) }
        }
        Warning::Expired { line, until } => {
            DeckDoubt { day: Some(until.to_string()), ..about("expired", Some(line)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn read_of(csv: &str, columns: Json) -> Result<DeckReport, Fault> {
        let columns: Map<_, _> = columns.as_object().unwrap().clone();
        let ask = DeckAsk { tenant: "t".into(), csv: csv.to_owned(), columns };
        read(&crate::inquire::setup(), ask)
    }

    #[test]
    fn what_a_deck_comes_to_is_told_before_it_counts() {
        let csv = "Prefix;Naam;Prijs per minuut\n31;Nederland;0,01\n3197;M2M;0,05\n32;België;veel\n31;Nederland;0,02\n";
        let report = read_of(csv, json!({})).unwrap();
        assert_eq!((report.rows, report.prefixes, report.bad_rows_total), (4, 2, 1), "{report:?}");
        assert_eq!(report.bad_rows[0].line, 4);
        assert!(report.bad_rows[0].row.contains("veel"), "{report:?}");
        assert_eq!(report.doubts[0].what, "duplicate");
        assert_eq!(report.doubts[0].line, Some(5));
        assert!(report.columns.iter().any(|of| of.field == "per_minute"), "{report:?}");
        assert!(report.sample.iter().any(|of| of.prefix == "+3197"), "{report:?}");
        let named = read_of("a,b\n31,0.01\n", json!({"prefix": 1, "per_minute": "b"})).unwrap();
        assert_eq!(named.prefixes, 1);
    }

    #[test]
    fn what_is_no_deck_is_refused_with_what_to_do() {
        for (csv, columns) in [
            ("nothing here", json!({})),
            ("a,b\n31,0.01\n", json!({"prefix": 1, "price": "b"})),
            ("a,b\n31,0.01\n", json!({"prefix": "z", "per_minute": "b"})),
        ] {
            let refused = read_of(csv, columns);
            assert!(matches!(refused, Err(Fault::Refused { .. })), "{refused:?}");
        }
    }
}
