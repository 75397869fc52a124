//! Known numbers, the whole Dutch plan, and countries that share a calling code.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too

use ringfence_model::{Country, Destination, E164, Kind, Protected, RiskTier, Target};
use ringfence_numbering::{DialPlan, Numbering};

fn rows(text: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.records().collect::<Result<_, _>>().unwrap()
}

fn destination(number: &str) -> Destination {
    Numbering::embedded().destination(number.parse().unwrap(), Country::NL)
}

fn dialled(text: &str) -> Target {
    Numbering::embedded().classify(text, &DialPlan::default())
}

/// The classes of the vectors in our words: kind, country (`None`: the vector's own column says), valid.
fn meaning(class: &str) -> (Kind, Option<Country>, bool) {
    let world = Some(Country::WORLD);
    match class {
        "FIXED" => (Kind::Fixed, None, true),
        "MOBILE" => (Kind::Mobile, None, true),
        "FIXED_OR_MOBILE" => (Kind::FixedOrMobile, None, true),
        "PAGER" => (Kind::Pager, None, true),
        "M2M" => (Kind::M2m, None, true),
        "VOIP_NATIONAL" => (Kind::Voip, None, true),
        "COMPANY" => (Kind::Company, None, true),
        "PERSONAL" | "PERSONAL_HIGH_COST" => (Kind::Personal, None, true),
        "VPN" => (Kind::Vpn, None, true),
        "TOLL_FREE" => (Kind::Freephone, None, true),
        "SHARED_COST" => (Kind::SharedCost, None, true),
        "PREMIUM" => (Kind::Premium, None, true),
        "PREMIUM_ADULT" => (Kind::PremiumAdult, None, true),
        "PREMIUM_ENTERTAINMENT" => (Kind::PremiumEntertainment, None, true),
        "PREMIUM_DIRECTORY" => (Kind::Directory, None, true),
        "GOVERNMENT" => (Kind::Government, None, true),
        "SATELLITE" => (Kind::Satellite, world, true),
        "INTL_NETWORK" => (Kind::Network, world, true),
        "PREMIUM_INTL" => (Kind::Premium, world, true),
        "SHARED_COST_INTL" => (Kind::SharedCost, world, true),
        "TOLL_FREE_INTL" => (Kind::Freephone, world, true),
        "PERSONAL_INTL" => (Kind::Personal, world, true),
        "UNALLOCATED" | "UNALLOCATED?" => (Kind::Unallocated, None, false),
        other => panic!("class {other}"),
    }
}

#[test]
fn every_vector_is_what_it_should_be() {
    let rows = rows(include_str!("data/number_test_vectors.csv"));
    assert_eq!(rows.len(), 69);
    let mut wrong = Vec::new();
    for row in &rows {
        let (number, class, region) = (&row[0], &row[1], &row[4]);
        let right = match class {
            "EMERGENCY" => dialled(number) == Target::Protected(Protected::Emergency),
            "HELPLINE" => dialled(number) == Target::Protected(Protected::Helpline),
            // The list has this number down as a type that a later edition of the metadata gives it.
            "FIXED_OR_MOBILE" if number == "+18765551234" => {
                let found = destination(number);
                matches!(found.kind, Kind::FixedOrMobile | Kind::Mobile) && found.valid
            }
            _ => {
                let (kind, country, valid) = meaning(class);
                let listed = region.trim_start_matches("Some(").trim_end_matches(')');
                let country = country.unwrap_or_else(|| listed.parse().unwrap());
                let found = destination(number);
                (found.kind, found.country, found.valid) == (kind, country, valid)
            }
        };
        if !right {
            wrong.push(format!(
                "{number} {class}: {:?} {:?}",
                destination_or_none(number),
                dialled(number)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn destination_or_none(number: &str) -> Option<Destination> {
    Some(Numbering::embedded().destination(number.parse().ok()?, Country::NL))
}

#[test]
fn every_dutch_area_is_geographic() {
    let rows = rows(include_str!("data/nl_area_codes.csv"));
    assert_eq!(rows.len(), 141);
    for row in &rows {
        let area = &row[0];
        let filled = format!("{area}{}", &"5234567"[..10 - area.len()]);
        let Target::Outside(found) = dialled(&filled) else { panic!("{filled}") };
        assert_eq!((found.kind, found.valid, found.home), (Kind::Fixed, true, true), "{filled}");
    }
}

/// `nl_numbering_plan.csv`, row by row, with numbers made for each.
#[test]
fn the_dutch_plan_is_complete() {
    assert_eq!(rows(include_str!("data/nl_numbering_plan.csv")).len(), 28);
    let outside = |text: &str| match dialled(text) {
        Target::Outside(found) => (found.kind, found.valid),
        other => panic!("{text}: {other:?}"),
    };
    for (text, kind) in [
        ("1400", Kind::Government),
        ("14010", Kind::Government),
        ("14020", Kind::Government),
        ("140111", Kind::Government),
        ("1200", Kind::Service),
        ("1204", Kind::Service),
        ("1233", Kind::Service),
        ("1244", Kind::Service),
        ("1300", Kind::Service),
        ("1393", Kind::Service),
        ("1650", Kind::Service),
        ("16500447911123456", Kind::Service),
        ("1800", Kind::Directory),
        ("1888", Kind::Directory),
        ("1899", Kind::Directory),
        ("0612345678", Kind::Mobile),
        ("0652345678", Kind::Mobile),
        ("0682345678", Kind::Mobile),
        ("0662345678", Kind::Pager),
        ("0676123456", Kind::Service),
        ("08001234", Kind::Freephone),
        ("08001234567", Kind::Freephone),
        ("0821234567", Kind::Vpn),
        ("0841234567", Kind::Personal),
        ("0871234567", Kind::Personal),
        ("0851234567", Kind::Voip),
        ("0911234567", Kind::Voip),
        ("0881234567", Kind::Company),
        ("09001234", Kind::Premium),
        ("09001234567", Kind::Premium),
        ("09061234", Kind::PremiumAdult),
        ("09061234567", Kind::PremiumAdult),
        ("09091234", Kind::PremiumEntertainment),
        ("09091234567", Kind::PremiumEntertainment),
        ("097012345678", Kind::M2m),
        ("097112345678", Kind::M2m),
        ("0080012345678", Kind::Freephone),
        ("00979112345678", Kind::Premium),
        ("0088216123456", Kind::Satellite),
        ("00881612345678", Kind::Satellite),
    ] {
        assert_eq!(outside(text), (kind, true), "{text}");
    }
    for (text, found) in [
        ("112", Protected::Emergency),
        ("0112", Protected::Emergency),
        ("911", Protected::Emergency),
        ("113", Protected::Helpline),
        ("116000", Protected::Helpline),
        ("116123", Protected::Helpline),
        ("144", Protected::Helpline),
    ] {
        assert_eq!(dialled(text), Target::Protected(found), "{text}");
    }
}

#[test]
fn shared_calling_codes_are_split_into_countries() {
    for (number, country) in [
        ("+12025550123", "US"),
        ("+14165550123", "CA"),
        ("+18095551234", "DO"),
        ("+18295551234", "DO"),
        ("+12684601234", "AG"),
        ("+17872345678", "PR"),
        ("+74951234567", "RU"),
        ("+77012345678", "KZ"),
        ("+390669812345", "VA"),
        ("+390612345678", "IT"),
        ("+441481256789", "GG"),
        ("+441534456789", "JE"),
        ("+441624756789", "IM"),
        ("+442071234567", "GB"),
        ("+4779123456", "SJ"),
        ("+4721234567", "NO"),
        ("+61891621234", "CC"),
        ("+61891641234", "CX"),
        ("+61212345678", "AU"),
        ("+212520123456", "MA"),
        ("+262639012345", "YT"),
        ("+262262161234", "RE"),
        ("+2908999", "TA"),
        ("+29022158", "SH"),
        ("+35818123456", "AX"),
        ("+35813123456", "FI"),
        ("+38328012345", "XK"),
        ("+590690001234", "GP"),
        ("+5997151234", "BQ"),
        ("+59995181234", "CW"),
        ("+672312345", "NF"),
    ] {
        let found = destination(number);
        assert_eq!((found.country.as_str(), found.valid), (country, true), "{number} {found:?}");
    }
}

#[test]
fn a_number_cut_short_still_has_its_country() {
    let found = destination("+1876555");
    assert_eq!((found.country.as_str(), found.valid), ("JM", false));
    let found = destination("+31");
    assert_eq!((found.country, found.kind), (Country::NL, Kind::Unknown));
}

#[test]
fn digits_to_spare_do_not_hide_a_dear_number() {
    // Switches stop listening after the last digit they need.
    let found = destination("+31900123456789");
    assert_eq!((found.kind, found.valid), (Kind::Premium, false));
    let found = destination("+8816123456789999");
    assert_eq!((found.kind, found.valid, found.tier), (Kind::Satellite, false, RiskTier::A));
    let found = destination("+87099999");
    assert_eq!((found.kind, found.valid), (Kind::Satellite, false));
}

#[test]
fn a_trunk_prefix_kept_by_mistake_is_taken_out() {
    for (kept, meant) in [
        ("+310201234567", "+31201234567"),
        ("+4402071234567", "+442071234567"),
        ("+61491570156", "+61491570156"),
        ("+610491570156", "+61491570156"),
        ("+78495123456", "+78495123456"),
    ] {
        assert_eq!(destination(kept).number, Some(meant.parse().unwrap()), "{kept}");
    }
    // In Italy the 0 belongs to the number.
    let rome = destination("+390612345678");
    assert_eq!(rome.number, Some("+390612345678".parse().unwrap()));
    assert!(!destination("+39612345678").valid);
}

#[test]
fn ranges_are_what_decided() {
    let range = |number: &str| destination(number).range.map(E164::full);
    assert_eq!(range("+319001234"), Some("+31900".into()));
    assert_eq!(range("+881612345678"), Some("+881".into()));
    assert_eq!(range("+31672345678"), Some("+31672".into()), "where the plan ends");
    assert_eq!(range("+5352123456"), Some("+535".into()));
}

#[test]
fn risk_is_a_prior() {
    let tier = |number: &str| destination(number).tier;
    assert_eq!(tier("+31612345678"), RiskTier::D);
    assert_eq!(tier("+5352123456"), RiskTier::A);
    assert_eq!(tier("+881612345678"), RiskTier::A);
    assert_eq!(tier("+870773123456"), RiskTier::A);
    assert_eq!(tier("+883510012345678"), RiskTier::B);
    assert_eq!(tier("+80012345678"), RiskTier::D);
    let german_premium = destination("+499001234567");
    assert!(german_premium.tier <= RiskTier::B);
    let at_home =
        Numbering::embedded().destination("+5352123456".parse().unwrap(), "CU".parse().unwrap());
    assert_eq!((at_home.tier, at_home.home), (RiskTier::D, true));
}
