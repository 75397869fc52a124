//! Emergency numbers and helplines: in every form people dial them, and nothing else.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too

use proptest::prelude::*;
use ringfence_model::{Country, Protected, Target};
use ringfence_numbering::{Bare, DialPlan, Numbering, PrefixRule, calling_code};

fn protected(text: &str, plan: &DialPlan) -> Option<Protected> {
    match Numbering::embedded().classify(text, plan) {
        Target::Protected(found) => Some(found),
        _ => None,
    }
}

fn emergency(text: &str, plan: &DialPlan) -> bool {
    protected(text, plan) == Some(Protected::Emergency)
}

#[test]
fn emergency_in_every_form_people_dial() {
    let plan = DialPlan::default();
    for text in [
        "112",
        "911",
        "0112",
        "9112",
        "0911",
        "9911",
        "00112",
        "90112",
        "1-1-2",
        " 112 ",
        "112#",
        "1 12",
        "+31112",
        "+310112",
        "0031112",
        "00310112",
        "00031112",
        "90031112",
        "+112",
        "+911",
        "tel:112",
        "tel:+31112",
        "tel:112;phone-context=+31",
        "tel:112;phone-context=example.com",
        "sip:112@example.com",
        "sips:112@example.com;transport=tls",
        "sip:0112@10.0.0.1:5060;user=phone",
        "<sip:112@example.com>",
        "\"help\" <sip:112@example.com>;tag=x",
        "112@example.com",
        "sip:%31%31%32@example.com",
        "１１２",
        "urn:service:sos",
        "urn:service:sos.fire",
        "URN:SERVICE:SOS.Ambulance",
        "urn:service:test.sos",
        "*31#112",
        "#31#112",
        "*67112",
        "*67911",
        "sip:+31112@example.com",
    ] {
        assert!(emergency(text, &plan), "{text:?}");
    }
}

#[test]
fn helplines_in_the_usual_forms() {
    let plan = DialPlan::default();
    for text in [
        "113",
        "144",
        "116000",
        "116006",
        "116111",
        "116117",
        "116123",
        "0113",
        "0144",
        "0116123",
        "+31113",
        "+31116123",
        "0031116123",
        "0031144",
        "tel:113",
        "sip:116123@example.com",
        "urn:service:counseling",
        "urn:service:counseling.suicide",
    ] {
        assert_eq!(protected(text, &plan), Some(Protected::Helpline), "{text:?}");
    }
}

#[test]
fn ordinary_numbers_that_look_alike_stay_ordinary() {
    let plan = DialPlan::default();
    for text in [
        "1121",
        "1120",
        "11234",
        "112112",
        "0112123456",
        "0113123456",
        "01121234567",
        "+311121234",
        "+3111",
        "11",
        "12",
        "91",
        "+1121",
        "+11234567890",
        "00112123",
        "0911234567",
        "+31911234567",
        "+4911234567",
        "112a",
        "112,0900",
        "sip:1121@example.com",
        "tel:1120900",
        "urn:service:sosx",
        "urn:service:fire",
        "*112",
        "*21*112#",
        "112*",
        "1160001",
        "11600",
        "+32112",
        "999",
        "110",
        "",
        "+",
    ] {
        assert_eq!(protected(text, &plan), None, "{text:?}");
    }
    // Eight digits make a Danish number; seven an Estonian one.
    let denmark = DialPlan::of("DK".parse().unwrap());
    assert_eq!(protected("11234567", &denmark), None);
    assert!(emergency("112", &denmark));
}

#[test]
fn it_wins_over_every_other_rule() {
    let plan = DialPlan {
        outside_line: vec!["8".into()],
        prefixes: vec![
            PrefixRule { strip: "77".into(), replace: String::new() },
            PrefixRule { strip: "1".into(), replace: "0031".into() },
            PrefixRule { strip: "#99#".into(), replace: String::new() },
        ],
        extensions: vec!["100-199".parse().unwrap()],
        extension_lengths: vec![3, 4, 5],
        bare: Bare::International,
        ..DialPlan::default()
    };
    for text in ["112", "8112", "88112", "77112", "#99#112", "0112", "9112", "80112", "8+112"] {
        let expected = text != "8+112";
        assert_eq!(emergency(text, &plan), expected, "{text:?}");
    }
    // A named extension is stronger than an outside line nobody configured.
    let named = DialPlan { extensions: vec!["9100-9199".parse().unwrap()], ..DialPlan::default() };
    assert_eq!(protected("9112", &named), None);
    assert!(emergency("112", &named) && emergency("0112", &named));
}

#[test]
fn every_country_has_its_own() {
    let text = include_str!("data/emergency_numbers.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let (mut numbers, mut regions) = (0, 0);
    for row in reader.records() {
        let row = row.unwrap();
        let country: Country = row[0].parse().unwrap();
        let plan = DialPlan::of(country);
        regions += 1;
        for number in row[2].split(' ').filter(|n| !n.starts_with("regex:")) {
            numbers += 1;
            let found = protected(number, &plan);
            if &row[1] == "emergency" {
                assert_eq!(found, Some(Protected::Emergency), "{country} {number}");
                let code = calling_code(country).unwrap();
                let international = format!("+{code}{number}");
                let lines = found == protected(&international, &plan);
                assert!(lines || is_a_number(&international), "{country} {international}");
            } else {
                assert!(found.is_some(), "{country} {number}");
            }
        }
    }
    assert_eq!(regions, 341);
    assert!(numbers > 1_000, "{numbers}");
}

/// A few micro-states' short numbers make a valid subscriber number behind the calling code.
fn is_a_number(international: &str) -> bool {
    Numbering::embedded().destination(international.parse().unwrap(), Country::WORLD).valid
}

#[test]
fn two_digit_numbers_are_not_found_behind_guessed_lines() {
    let france = DialPlan::of("FR".parse().unwrap());
    assert!(emergency("15", &france) && emergency("112", &france) && emergency("+3315", &france));
    assert!(!emergency("915", &france) && !emergency("015", &france));
    let configured = DialPlan { outside_line: vec!["9".into()], ..france };
    assert!(emergency("915", &configured));
}

#[test]
fn american_offices_dial_nine_first() {
    let plan = DialPlan::of("US".parse().unwrap());
    for text in ["911", "9911", "+1911", "011 1911", "*67911", "tel:911;phone-context=+1"] {
        assert!(emergency(text, &plan), "{text:?}");
    }
    for text in ["9115550123", "19115550123", "411", "9411"] {
        assert!(!emergency(text, &plan), "{text:?}");
    }
}

proptest! {
    /// Protection is for numbers of a few digits: nothing that can reach a paid number is ever protected.
    #[test]
    fn nothing_long_is_protected(text in "[+]?[0-9]{13,20}") {
        prop_assert_eq!(protected(&text, &DialPlan::default()), None);
    }

    #[test]
    fn no_valid_number_is_protected(text in "0[1-9][0-9]{8}") {
        let plan = DialPlan::default();
        prop_assert_eq!(protected(&text, &plan), None);
    }
}
