//! Writes the table as bytes and the countries as Rust.

use super::automaton::{Node, Table};
use super::metadata::Territory;
use super::overlay::Facts;
use super::plans::CountryRoots;
use ringfence_model::Country;
use std::collections::BTreeMap;
use std::fmt::Write;

pub fn files(
    table: &Table,
    root: Node,
    roots: &BTreeMap<Country, CountryRoots>,
    territories: &[Territory],
    facts: &Facts,
) -> Vec<(&'static str, Vec<u8>)> {
    let (nodes, edges) = nodes(table);
    vec![
        ("data/table/nodes.bin", nodes),
        ("data/table/edges.bin", edges),
        ("data/table/labels.bin", labels(table)),
        ("src/table/countries.rs", countries(root, roots, territories, facts).into_bytes()),
    ]
}

/// Per node, little endian: digits that lead on (bit set, u16), label of a number that ends here (u16), label
/// the subtree agrees on (u16), where its edges begin (u32). Edges are node indexes (u16) in digit order.
fn nodes(table: &Table) -> (Vec<u8>, Vec<u8>) {
    let (mut nodes, mut all_edges) = (Vec::new(), Vec::new());
    for (ends, decided, edges) in &table.nodes {
        let mask = (0..10).filter(|&d| edges[d].is_some()).fold(0u16, |mask, d| mask | 1 << d);
        nodes.extend(mask.to_le_bytes());
        nodes.extend(ends.to_le_bytes());
        nodes.extend(decided.to_le_bytes());
        nodes.extend(((all_edges.len() / 2) as u32).to_le_bytes());
        all_edges.extend(edges.iter().flatten().flat_map(|edge| edge.to_le_bytes()));
    }
    (nodes, all_edges)
}

/// Per label: two letters of the country, the code of the class, the risk tier (0 = A).
fn labels(table: &Table) -> Vec<u8> {
    let bytes = |label: &super::automaton::Label| {
        let mut bytes = label.country.as_str().as_bytes().to_vec();
        bytes.extend([label.class.code(), label.tier as u8]);
        bytes
    };
    table.labels.iter().flat_map(bytes).collect()
}

fn countries(
    root: Node,
    roots: &BTreeMap<Country, CountryRoots>,
    territories: &[Territory],
    facts: &Facts,
) -> String {
    let mut text = String::from(
        "//! Made by `cargo run -p ringfence-numbering --example compile`; do not edit.\n\n\
         use super::country::{CallingCode, CountryPlan};\n\
         use ringfence_model::{Country, Money, RiskTier};\n\n",
    );
    let _ = writeln!(text, "/// Where international numbers begin in the table.");
    let _ = writeln!(text, "pub const WORLD_ROOT: u16 = {root};\n");
    let _ = writeln!(text, "/// By country code.\n#[rustfmt::skip]");
    let _ = writeln!(text, "pub static COUNTRIES: [CountryPlan; {}] = [", roots.len());
    for (country, roots) in roots {
        let territory = territories.iter().find(|t| t.id == country.as_str());
        let attribute = |name| territory.map_or("", |t| t.attribute(name));
        let (en, nl) = &facts.names[country];
        let (fixed, mobile) = facts.prices[country];
        let _ = writeln!(
            text,
            "    CountryPlan {{ country: Country::from_bytes(*b\"{country}\"), name_en: {en:?}, name_nl: {nl:?}, \
             calling_code: {}, trunk_prefix: {:?}, tier: RiskTier::{:?}, fixed: Money({}), mobile: Money({}), \
             short_numbers: {:?}, international_prefixes: {:?} }},",
            attribute("countryCode"),
            attribute("nationalPrefix"),
            facts.tiers[country],
            fixed.0,
            mobile.0,
            roots.short_numbers,
            roots.international_prefixes,
        );
    }
    text.push_str("];\n\n/// By calling code.\n#[rustfmt::skip]\n");
    let codes = calling_codes(territories);
    let _ = writeln!(text, "pub static CALLING_CODES: [CallingCode; {}] = [", codes.len());
    for (code, territory) in codes {
        let country: Country = territory.id.parse().unwrap_or(Country::WORLD);
        let _ = writeln!(
            text,
            "    CallingCode {{ code: {code}, main: Country::from_bytes(*b\"{country}\"), trunk_prefix: {:?} }},",
            territory.attribute("nationalPrefix"),
        );
    }
    text.push_str("];\n");
    text
}

fn calling_codes(territories: &[Territory]) -> BTreeMap<u16, &Territory> {
    let mut codes: BTreeMap<u16, &Territory> = BTreeMap::new();
    for territory in territories {
        let Ok(code) = territory.calling_code().parse() else { continue };
        let entry = codes.entry(code).or_insert(territory);
        if territory.is_main() {
            *entry = territory;
        }
    }
    codes
}
