//! Dialled strings under tenants' plans.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too

use proptest::prelude::*;
use ringfence_model::{Country, Destination, E164, Kind, Target};
use ringfence_numbering::{Bare, DialPlan, Numbering, PrefixRule};

fn classify(text: &str, plan: &DialPlan) -> Target {
    Numbering::embedded().classify(text, plan)
}

fn outside(text: &str, plan: &DialPlan) -> Destination {
    match classify(text, plan) {
        Target::Outside(found) => found,
        other => panic!("{text:?} is {other:?}"),
    }
}

fn number(text: &str, plan: &DialPlan) -> String {
    outside(text, plan).number.map_or_else(|| "none".into(), E164::full)
}

fn country(code: &str) -> DialPlan {
    DialPlan::of(code.parse().unwrap())
}

#[test]
fn dutch_forms_of_one_number() {
    let plan = DialPlan::default();
    for text in [
        "0201234567",
        "+31201234567",
        "0031201234567",
        "201234567",
        "31201234567",
        "+31 (0)20-123 45 67",
        "00310201234567",
        "tel:+31-20-1234567",
        "sip:0201234567@pbx.example;user=phone",
        "020 123.45/67",
        "011 31 20 1234567",
        "9011 31 20 1234567",
        "900 31 20 1234567",
        "*31#0201234567",
        "0201234567#",
        "tel:1234567;phone-context=+3120",
        "tel:0201234567;phone-context=+31",
        "*670201234567",
    ] {
        assert_eq!(number(text, &plan), "+31201234567", "{text:?}");
        assert!(outside(text, &plan).valid && outside(text, &plan).home, "{text:?}");
    }
}

#[test]
fn dialling_from_other_countries() {
    for (from, text, expected) in [
        ("US", "2025550123", "+12025550123"),
        ("US", "1 (202) 555-0123", "+12025550123"),
        ("US", "011442071234567", "+442071234567"),
        ("US", "00442071234567", "+442071234567"),
        ("US", "18095551234", "+18095551234"),
        ("GB", "02071234567", "+442071234567"),
        ("GB", "0031201234567", "+31201234567"),
        ("IT", "0612345678", "+390612345678"),
        ("ES", "910123456", "+34910123456"),
        ("DK", "32123456", "+4532123456"),
        ("RU", "84951234567", "+74951234567"),
        ("RU", "81031201234567", "+31201234567"),
        ("AU", "001131201234567", "+31201234567"),
        ("JP", "01031201234567", "+31201234567"),
        ("HU", "0612345678", "+3612345678"),
    ] {
        assert_eq!(number(text, &country(from)), expected, "{from} {text:?}");
    }
}

#[test]
fn outside_lines_and_tenant_prefixes() {
    let nine = DialPlan { outside_line: vec!["9".into()], ..DialPlan::default() };
    assert_eq!(number("90201234567", &nine), "+31201234567");
    assert_eq!(number("90031201234567", &nine), "+31201234567");
    assert_eq!(number("0201234567", &nine), "+31201234567", "the PBX took the 9 off already");
    let zero = DialPlan { outside_line: vec!["0".into()], ..DialPlan::default() };
    assert_eq!(number("00201234567", &zero), "+31201234567");
    assert_eq!(number("0201234567", &zero), "+31201234567");
    assert_eq!(number("00031201234567", &zero), "+31201234567");
    assert_eq!(number("0031201234567", &zero), "+31201234567");
    assert_eq!(outside("01888", &zero).kind, Kind::Directory);
    let rules = DialPlan {
        prefixes: vec![
            PrefixRule { strip: "1234#".into(), replace: String::new() },
            PrefixRule { strip: "55".into(), replace: "+".into() },
            PrefixRule { strip: "+999".into(), replace: "0".into() },
        ],
        ..DialPlan::default()
    };
    assert_eq!(number("1234#0201234567", &rules), "+31201234567");
    assert_eq!(number("55442071234567", &rules), "+442071234567");
    assert_eq!(number("+999201234567", &rules), "+31201234567");
}

#[test]
fn extensions_and_short_numbers() {
    let plan = DialPlan::default();
    let internal =
        |text: &str, plan: &DialPlan| matches!(classify(text, plan), Target::Internal(_));
    for text in ["20", "205", "2050", "sip:205@pbx.example"] {
        assert!(internal(text, &plan), "{text:?}");
    }
    for text in ["1888", "1400", "020", "0205", "20501", "+205"] {
        assert!(!internal(text, &plan), "{text:?}");
    }
    let named = DialPlan {
        extensions: vec!["1880-1899".parse().unwrap(), "61000000".parse().unwrap()],
        extension_lengths: vec![],
        ..DialPlan::default()
    };
    assert!(internal("1888", &named) && internal("61000000", &named) && !internal("205", &named));
    let directory = outside("1850", &plan);
    assert_eq!((directory.kind, directory.home), (Kind::Directory, true));
    assert_eq!(directory.number, Some("+311850".parse().unwrap()));
}

#[test]
fn bare_digits_by_setting() {
    let with = |bare| DialPlan { bare, ..DialPlan::default() };
    let (national, international, auto) =
        (with(Bare::National), with(Bare::International), with(Bare::Auto));
    // 9 digits that are a Dutch number; as an international one they would be Greenland.
    assert_eq!(number("299123456", &auto), "+31299123456");
    assert_eq!(number("299123456", &national), "+31299123456");
    assert_eq!(number("299123456", &international), "+299123456");
    assert_eq!(number("442071234567", &auto), "+442071234567");
    assert_eq!(number("881612345678", &auto), "+881612345678");
    assert_eq!(number("31672345678", &auto), "+31672345678", "unallocated, yet plainly Dutch");
    for plan in [&national, &international, &auto] {
        assert_eq!(number("0201234567", plan), "+31201234567");
        assert_eq!(number("0031201234567", plan), "+31201234567");
        assert_eq!(number("+31201234567", plan), "+31201234567");
    }
}

#[test]
fn local_numbers_with_an_area_code() {
    let plan = DialPlan { area_code: "020".into(), ..DialPlan::default() };
    assert_eq!(number("6234567", &plan), "+31206234567");
    assert_eq!(number("0301234567", &plan), "+31301234567");
    assert_eq!(number("6234567", &DialPlan::default()), "none");
}

#[test]
fn feature_codes_are_services() {
    let plan = DialPlan::default();
    for text in ["*97", "*21*0612345678#", "#21#", "*#06#", "**", "#", "*", "*1234"] {
        let found = outside(text, &plan);
        assert_eq!((found.kind, found.home, found.number), (Kind::Service, true, None), "{text:?}");
    }
    // The number behind a code is what is called: hiding one's own number hides no destination.
    assert_eq!(outside("*31#09061234", &plan).kind, Kind::PremiumAdult);
    assert_eq!(outside("#31#00881612345678", &plan).kind, Kind::Satellite);
    assert_eq!(outside("*31#0023222123456", &plan).kind, Kind::Unallocated);
    assert_eq!(outside("*6719005551234", &country("US")).kind, Kind::Premium);
}

#[test]
fn what_is_no_number_is_unknown() {
    let plan = DialPlan::default();
    let huge = "0".repeat(5_000);
    for text in [
        "",
        "alice",
        "0800-FLOWERS",
        "sip:@",
        "+",
        "12345678901234567890123456789012345",
        &huge,
        "½",
    ] {
        let found = outside(text, &plan);
        assert_eq!((found.kind, found.number), (Kind::Unknown, None), "{text:?}");
        assert_eq!((found.home, found.country), (false, Country::WORLD), "{text:?}");
    }
}

#[test]
fn overlong_numbers_keep_what_switches_hear() {
    let found = outside("00881612345678999999999", &DialPlan::default());
    assert_eq!((found.kind, found.valid), (Kind::Satellite, false));
}

#[test]
fn a_country_without_a_plan_still_reads_international_numbers() {
    let plan = DialPlan::of(Country::WORLD);
    assert_eq!(number("+31201234567", &plan), "+31201234567");
    assert_eq!(number("0031201234567", &plan), "+31201234567");
    assert!(!outside("+31201234567", &plan).home);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,40}", outside_line in "[0-9]{0,2}", strip in "[+*#0-9]{0,4}") {
        let plan = DialPlan {
            outside_line: vec![outside_line],
            prefixes: vec![PrefixRule { strip, replace: "+".into() }],
            ..DialPlan::default()
        };
        let _ = classify(&text, &plan);
    }

    #[test]
    fn no_dial_string_breaks_it(text in "(tel:|sip:|<sip:)?[+*#0-9 %;@()-]{0,40}", at in 0usize..245) {
        let country = ringfence_numbering::countries().nth(at).unwrap();
        for bare in [Bare::Auto, Bare::National, Bare::International] {
            let _ = classify(&text, &DialPlan { bare, ..DialPlan::of(country) });
        }
    }

    /// An existing number is the same number whether it is dialled nationally or from abroad.
    #[test]
    fn forms_agree(digits in "[1-9][0-9]{8}") {
        let plan = DialPlan::default();
        let international = outside(&format!("+31{digits}"), &plan);
        if international.valid {
            for form in [format!("0{digits}"), format!("0031{digits}"), format!("31{digits}")] {
                prop_assert_eq!(outside(&form, &plan), international, "{}", form);
            }
        }
    }
}
