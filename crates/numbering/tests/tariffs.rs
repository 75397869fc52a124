//! Decks as operators have them.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too

use proptest::prelude::*;
use ringfence_model::{Country, Currency, Destination, E164, Money, Weekday};
use ringfence_numbering::{
    Column, Columns, Field, ImportOptions, ImportReport, Numbering, PeakHours, PriceUnit, Rate,
    Tariff, TariffError, Warning,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn import(text: &str) -> Result<(Tariff, ImportReport), TariffError> {
    Tariff::import(text.as_bytes(), &Columns::default(), &ImportOptions::default())
}

fn destination(number: &str) -> Destination {
    Numbering::embedded().destination(number.parse().unwrap(), Country::NL)
}

fn rate<'t>(tariff: &'t Tariff, number: &str) -> Option<&'t Rate> {
    tariff.rate(&destination(number), Weekday::Mon, 600)
}

fn per_minute(tariff: &Tariff, number: &str) -> Option<i64> {
    rate(tariff, number).map(|rate| rate.per_minute().0)
}

#[test]
fn the_evaluation_deck_imports_as_it_is() {
    let deck = include_bytes!("data/eval_deck.csv");
    let (tariff, report) =
        Tariff::import(deck, &Columns::default(), &ImportOptions::default()).unwrap();
    assert_eq!((report.rows, report.prefixes, report.bad_rows_total), (475, 475, 0));
    assert_eq!(report.warnings, [], "no price of it is odd");
    assert_eq!(report.columns.len(), 8, "all but iso: {:?}", report.columns);
    assert!(!tariff.is_default() && tariff.currency() == Currency::EUR);
    let adult = rate(&tariff, "+319061234567").unwrap();
    assert_eq!(adult.class.as_deref(), Some("nat_service"));
    assert_eq!((adult.minimum_secs, adult.step_secs, adult.cap), (60, 60, Some(Money::units(60))));
    // 0.05 + 2 begun minutes of 0.90.
    assert_eq!(adult.cost(Duration::from_millis(60_001)), Money(1_850_000));
    assert_eq!(adult.cost(Duration::from_secs(100_000)), Money::units(60), "capped");
    assert_eq!(rate(&tariff, "+31881234567").unwrap().name.as_deref(), Some("NL 088 company"));
}

/// The formula of the deck's documentation, in whole milliseconds and micro-units.
#[test]
fn every_row_of_the_evaluation_deck_costs_what_it_says() {
    let text = include_str!("data/eval_deck.csv");
    let (tariff, _) = import(text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let prefixes: BTreeMap<String, &Rate> =
        tariff.prefixes().into_iter().map(|(p, rate)| (p.full(), rate)).collect();
    for row in reader.records() {
        let row = row.unwrap();
        let rate = prefixes[&format!("+{}", &row[0])];
        let float = |at: usize| row[at].parse::<f64>().unwrap_or(0.0);
        let (min, call, min_s, step) = (float(4), float(5), float(6), float(7));
        for d in [0.001, 0.999, 1.0, 59.999, 60.0, 60.001, 61.5, 600.0, 3_599.999, 36_000.0] {
            let steps = (f64::max(d, min_s) / step).ceil();
            let full = call + min / 60.0 * step * steps;
            let expected = row[8].parse::<f64>().map_or(full, |cap| full.min(cap));
            let found = rate.cost(Duration::from_micros((d * 1e6).round() as u64)).as_f64();
            assert!((found - expected).abs() < 1e-6, "{row:?} {d}: {found} {expected}");
        }
        assert_eq!(rate.cost(Duration::ZERO), Money::ZERO);
    }
}

#[test]
fn a_dutch_spreadsheet() {
    let text = "\u{FEFF}Tarieven per 1 november;;;\r\n\r\n\
        Kengetal;Bestemming;\"Tarief per minuut (€)\";Starttarief;Ingangsdatum\r\n\
        \"31\";Nederland;\"0,0150\";0,05;01-11-2026\r\n\
        316;Nederland mobiel;€ 0,045;;01-11-2026\r\n\
        +32-4;\"België; mobiel\";0,10;0;1-11-2026\r\n";
    let (tariff, report) = import(text).unwrap();
    assert_eq!((report.rows, report.bad_rows_total), (3, 0), "{report:?}");
    assert_eq!(per_minute(&tariff, "+31201234567"), Some(15_000));
    assert_eq!(rate(&tariff, "+31201234567").unwrap().connect, Money(50_000));
    assert_eq!(per_minute(&tariff, "+31612345678"), Some(45_000));
    assert_eq!(rate(&tariff, "+32475123456").unwrap().name.as_deref(), Some("België; mobiel"));
    assert_eq!(per_minute(&tariff, "+442071234567"), None, "no guess");
}

#[test]
fn other_layouts() {
    for text in [
        "Dial Code\tDestination\tRate (EUR)\tBilling Increment\n316\tNL\t0.05\t30/6\n",
        "destination|code|price per minute|increments\nNL|316|0.05|30/6\n",
        "Country Code,Area Code,Rate,Initial increment,Next increment\n31,\"6, 97\",0.05,30,6\n",
        "naam;prefix;cent per minuut;eerste interval;vervolginterval\nNL;316;5;30;6\n",
        "code,rate,interval_1,interval_n\n\"310, 315-317\",0.05,30,6\n",
    ] {
        let (tariff, report) = import(text).unwrap();
        let rate = rate(&tariff, "+31612345678").unwrap();
        assert_eq!(rate.per_minute(), Money(50_000), "{text}");
        assert_eq!((rate.first_secs, rate.step_secs), (30, 6), "{text}");
        assert_eq!(report.bad_rows_total, 0, "{text}");
    }
}

#[test]
fn columns_named_by_a_person() {
    let columns = Columns::default()
        .with(Field::Prefix, Column::Name("Reeks A".into()))
        .with(Field::PerMinute, Column::Position(3));
    let text = "Reeks A;prefix;X\n316;1;0,05\n";
    let (tariff, _) = Tariff::import(text.as_bytes(), &columns, &ImportOptions::default()).unwrap();
    assert_eq!(per_minute(&tariff, "+31612345678"), Some(50_000));
    let fault = Tariff::import(b"prefix;rate\n31;1\n", &columns, &ImportOptions::default());
    assert!(matches!(fault, Err(TariffError::NoColumn { field: Field::Prefix, .. })), "{fault:?}");

    let positions = Columns::default()
        .with(Field::Prefix, Column::Position(1))
        .with(Field::PerMinute, Column::Position(2));
    let (tariff, report) =
        Tariff::import(b"31,0.01\n316,0.05\n", &positions, &ImportOptions::default()).unwrap();
    assert_eq!((tariff.len(), report.rows), (2, 2), "no header at all");
}

#[test]
fn bad_rows_are_left_out_and_named() {
    let text = "prefix,rate,step,from\n\
        31,0.01,1,\n\
        abc,0.02,1,\n\
        32,-1,1,\n\
        33,,1,\n\
        34,0.03,0,\n\
        35,0.03 USD,1,\n\
        36,\"0.04\",1,\n\
        37\n\n";
    let options = ImportOptions::default();
    let text = text.replace("from", "valid from");
    let (tariff, report) = Tariff::import(text.as_bytes(), &Columns::default(), &options)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(tariff.len(), 2);
    assert_eq!((report.rows, report.bad_rows_total), (8, 6));
    let lines: Vec<u64> = report.bad_rows.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 9]);
    assert!(
        report.bad_rows[0].reason.contains("\"abc\" is not a prefix"),
        "{:?}",
        report.bad_rows[0]
    );
    assert_eq!(report.bad_rows[1].raw, "32;-1;1;");
}

#[test]
fn whole_files_that_are_no_deck() {
    let fault = |bytes: &[u8]| {
        Tariff::import(bytes, &Columns::default(), &ImportOptions::default()).unwrap_err()
    };
    assert!(matches!(fault(b""), TariffError::NoHeader(_)));
    assert!(matches!(fault(b"hello\nworld\n"), TariffError::NoHeader(_)));
    assert!(matches!(fault(b"P\0K\0"), TariffError::NotText));
    assert!(matches!(fault(b"prefix,rate\n"), TariffError::NoPrices(_)));
    assert!(matches!(fault(b"prefix,rate\nx,1\n"), TariffError::NoPrices(_)));
    assert!(matches!(fault(b"prefix,rate\n31,$1\n"), TariffError::OtherCurrency { .. }));
    assert!(matches!(fault(b"prefix,usd/min\n31,1\n"), TariffError::OtherCurrency { .. }));
    assert!(matches!(
        fault(b"prefix,rate,currency\n31,1,GBP\n"),
        TariffError::OtherCurrency { .. }
    ));
    assert!(matches!(fault(&vec![b' '; (64 << 20) + 1]), TariffError::TooLarge(..)));
}

#[test]
fn dates_decide_which_price_counts() {
    let text = "prefix,rate,valid from,valid until\n\
        31,0.01,2026-01-01,\n\
        31,0.02,2026-11-01,\n\
        31,0.03,2026-12-01,\n\
        32,0.04,2026-12-15,\n\
        33,0.05,,2026-06-30\n";
    let on = |day: Option<&str>| {
        let on = day.map(|day| day.parse().unwrap());
        Tariff::import(
            text.as_bytes(),
            &Columns::default(),
            &ImportOptions { on, ..ImportOptions::default() },
        )
        .unwrap()
    };
    let (tariff, report) = on(Some("2026-11-22"));
    assert_eq!(per_minute(&tariff, "+31201234567"), Some(20_000));
    assert_eq!(tariff.len(), 1);
    assert_eq!(report.next_change, Some("2026-12-01".parse().unwrap()));
    assert_eq!(report.warnings.len(), 3);
    assert!(matches!(report.warnings[2], Warning::Expired { line: 6, .. }));
    assert_eq!(per_minute(&on(Some("2026-12-20")).0, "+31201234567"), Some(30_000));
    assert_eq!(per_minute(&on(None).0, "+31201234567"), Some(30_000));
}

#[test]
fn of_two_prices_the_dearer_counts() {
    let (tariff, report) = import("prefix,rate\n316,0.05\n316,0.09\n316,0.04\n").unwrap();
    assert_eq!(per_minute(&tariff, "+31612345678"), Some(90_000));
    assert_eq!(report.warnings_total, 2);
    assert!(matches!(report.warnings[0], Warning::Duplicate { line: 3, .. }));
}

#[test]
fn cents_taken_for_euros_are_noticed() {
    let text = "prefix,rate\n31,1.5\n316,4.5\n32,3\n44,3\n49,3\n";
    let (_, report) = import(text).unwrap();
    assert_eq!(report.warnings[0], Warning::ProbablyCents);
    assert!(
        report.warnings.iter().any(|w| matches!(w, Warning::Dear { line: 3, .. })),
        "{report:?}"
    );
    let cents = ImportOptions { unit: PriceUnit::Cents, ..ImportOptions::default() };
    let (tariff, report) = Tariff::import(text.as_bytes(), &Columns::default(), &cents).unwrap();
    assert_eq!(report.warnings_total, 0);
    assert_eq!(per_minute(&tariff, "+31612345678"), Some(45_000));
}

#[test]
fn peak_and_off_peak() {
    let text = "prefix,peak,off-peak\n31,0.05,0.02\n32,0.10,\n";
    let (tariff, _) = import(text).unwrap();
    let at = |day, minute| {
        tariff.rate(&destination("+31201234567"), day, minute).unwrap().per_minute().0
    };
    assert_eq!(at(Weekday::Mon, 8 * 60), 50_000);
    assert_eq!(at(Weekday::Mon, 8 * 60 - 1), 20_000);
    assert_eq!(at(Weekday::Fri, 20 * 60), 20_000);
    assert_eq!(at(Weekday::Sat, 12 * 60), 20_000);
    let belgium = tariff.rate(&destination("+3221234567"), Weekday::Sun, 0).unwrap();
    assert_eq!(belgium.per_minute(), Money(100_000), "one price for all hours");
    let weekend = PeakHours::new(&[Weekday::Sun], 0, 1_440);
    let options = ImportOptions { peak: weekend, ..ImportOptions::default() };
    let (tariff, _) = Tariff::import(text.as_bytes(), &Columns::default(), &options).unwrap();
    let sunday = tariff.rate(&destination("+31201234567"), Weekday::Sun, 700).unwrap();
    assert_eq!(sunday.per_minute(), Money(50_000));
}

#[test]
fn default_bands_say_that_they_are() {
    let tariff = Tariff::default_bands(Country::NL);
    assert!(tariff.is_default() && tariff.is_empty());
    assert_eq!(per_minute(&tariff, "+31201234567"), Some(20_000));
    assert_eq!(per_minute(&tariff, "+319001234"), Some(900_000));
}

proptest! {
    /// The longest prefix that fits, found by asking them all.
    #[test]
    fn a_look_up_is_a_scan(prefixes in prop::collection::vec("[1-3]{1,6}", 1..40), number in "[1-3]{5,9}") {
        let rows: String =
            prefixes.iter().enumerate().map(|(at, prefix)| format!("{prefix},0.{:04}\n", at + 1)).collect();
        let (tariff, _) = import(&format!("prefix,rate\n{rows}")).unwrap();
        let mut expected: Option<(usize, i64)> = None;
        for (at, prefix) in prefixes.iter().enumerate().filter(|(_, p)| number.starts_with(p.as_str())) {
            // A prefix that comes twice keeps its dearer price, here the later one.
            expected = expected.max(Some((prefix.len(), (at as i64 + 1) * 100)));
        }
        let number: E164 = number.parse().unwrap();
        let whole = Destination { number: Some(number), ..destination("+31201234567") };
        let found = tariff.rate(&whole, Weekday::Mon, 0).map(|rate| rate.per_minute().0);
        prop_assert_eq!(found, expected.map(|(_, price)| price));
    }

    #[test]
    fn no_file_breaks_an_import(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Tariff::import(&bytes, &Columns::default(), &ImportOptions::default());
    }

    #[test]
    fn no_table_breaks_an_import(rows in prop::collection::vec("[0-9a-z+.,;\"€ -]{0,30}", 0..20)) {
        let text = format!("prefix,rate,step,valid from,cap\n{}", rows.join("\n"));
        let _ = import(&text);
    }
}
