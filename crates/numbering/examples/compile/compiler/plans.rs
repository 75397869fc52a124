//! From territories to automata: the world's E.164 plan, and what each country dials short.

use super::Fault;
use super::automaton::{Edges, Label, Node, Product, Table};
use super::class::Class;
use super::metadata::Territory;
use super::overlay::{Facts, Overlay};
use super::pattern::Pattern;
use ringfence_model::{Country, E164, Kind, Protected, RiskTier};
use std::collections::BTreeMap;

/// The number types in the order in which libphonenumber asks them; fixed and mobile come after.
const TYPES: [(&str, Kind); 8] = [
    ("premiumRate", Kind::Premium),
    ("tollFree", Kind::Freephone),
    ("sharedCost", Kind::SharedCost),
    ("voip", Kind::Voip),
    ("personalNumber", Kind::Personal),
    ("pager", Kind::Pager),
    ("uan", Kind::Company),
    ("voicemail", Kind::Service),
];

/// The types of short numbers, the strongest meaning first.
const SHORT_TYPES: [(&str, Class); 7] = [
    ("emergency", Class::Protected(Protected::Emergency)),
    ("expandedEmergency", Class::Protected(Protected::Helpline)),
    ("premiumRate", Class::Kind(Kind::Premium)),
    ("tollFree", Class::Kind(Kind::Freephone)),
    ("standardRate", Class::Kind(Kind::Service)),
    ("carrierSpecific", Class::Kind(Kind::Service)),
    ("shortCode", Class::Kind(Kind::Service)),
];

/// Where a country's own automata begin.
pub struct CountryRoots {
    pub short_numbers: Option<Node>,
    pub international_prefixes: Option<Node>,
}

/// The automaton of all international numbers, calling code first.
pub fn world(
    table: &mut Table,
    territories: &[Territory],
    overlay: &[Overlay],
    facts: &Facts,
) -> Result<Node, Fault> {
    let mut by_code: BTreeMap<&str, Vec<&Territory>> = BTreeMap::new();
    for territory in territories {
        by_code.entry(territory.calling_code()).or_default().push(territory);
    }
    let mut plans = BTreeMap::new();
    for (code, mut members) in by_code {
        members.sort_by_key(|t| !t.is_main());
        if let Some(root) = calling_code(table, code, &members, overlay, facts)? {
            plans.insert(code, root);
        }
    }
    Ok(join(table, &plans, "").ok_or("no plan at all")?)
}

/// Hangs the plans of all calling codes under their digits.
fn join(table: &mut Table, plans: &BTreeMap<&str, Node>, prefix: &str) -> Option<Node> {
    if let Some(&plan) = plans.get(prefix) {
        return Some(plan);
    }
    if prefix.len() >= 3 {
        return None;
    }
    let mut edges = Edges::default();
    for (digit, edge) in (0u8..).zip(&mut edges) {
        *edge = join(table, plans, &format!("{prefix}{digit}"));
    }
    edges.iter().any(Option::is_some).then(|| table.node(None, edges))
}

/// One territory's patterns as positions in the list of patterns.
struct Member {
    country: Country,
    leading: Option<usize>,
    general: usize,
    types: Vec<(usize, Kind)>,
    fixed: Option<usize>,
    mobile: Option<usize>,
    tier: RiskTier,
}

impl Member {
    fn kind(&self, matches: &[bool]) -> Option<Kind> {
        let is = |at: Option<usize>| at.is_some_and(|at| matches[at]);
        if !matches[self.general] {
            return None;
        }
        if let Some(&(_, kind)) = self.types.iter().find(|&&(at, _)| matches[at]) {
            return Some(kind);
        }
        match (is(self.fixed), is(self.mobile)) {
            (true, true) => Some(Kind::FixedOrMobile),
            (true, false) => Some(Kind::Fixed),
            (false, true) => Some(Kind::Mobile),
            (false, false) => None,
        }
    }
}

fn calling_code(
    table: &mut Table,
    code: &str,
    territories: &[&Territory],
    overlay: &[Overlay],
    facts: &Facts,
) -> Result<Option<Node>, Fault> {
    let mut patterns = Vec::new();
    let mut members = Vec::new();
    for territory in territories {
        members.push(member(territory, &mut patterns, facts)?);
    }
    let ours = own(code, overlay, &mut patterns)?;
    let judge = |matches: &[bool]| {
        // The first territory that claims the number: by its leading digits, else by having such a number.
        let claims = |m: &&Member| match m.leading {
            Some(at) => matches[at],
            None => members.len() == 1 || m.kind(matches).is_some(),
        };
        let owner = members.iter().find(claims);
        let kind = owner.and_then(|m| m.kind(matches));
        let class = ours
            .iter()
            .find(|&&(at, _, adds)| matches[at] && (adds || kind.is_some()))
            .map(|&(_, class, _)| class)
            .or(kind.map(Class::Kind))?;
        let owner = owner.or(members.first())?;
        Some(Label { class, country: owner.country, tier: tier(class, owner.tier) })
    };
    let digits_max = E164::DIGITS_MAX - code.len();
    Ok(Product { patterns: &patterns, judge, digits_max }.build(table))
}

/// Satellite is dear and a favourite of revenue share wherever it lands.
fn tier(class: Class, of_country: RiskTier) -> RiskTier {
    if class == Class::Kind(Kind::Satellite) { RiskTier::A } else { of_country }
}

fn member(
    territory: &Territory,
    patterns: &mut Vec<Pattern>,
    facts: &Facts,
) -> Result<Member, Fault> {
    let mut add = |name: &str| -> Result<Option<usize>, Fault> {
        let Some(number_type) = territory.number_type(name) else { return Ok(None) };
        patterns.push(Pattern::new(&number_type.pattern, number_type.lengths)?);
        Ok(Some(patterns.len() - 1))
    };
    let general = add("generalDesc")?.ok_or("a territory without a general pattern")?;
    let (fixed, mobile) = (add("fixedLine")?, add("mobile")?);
    let mut types = Vec::new();
    for (name, kind) in TYPES {
        types.extend(add(name)?.map(|at| (at, kind)));
    }
    let leading = match territory.attribute("leadingDigits") {
        "" => None,
        digits => {
            patterns.push(Pattern::new(&format!("(?:{digits})[0-9]*"), 0)?);
            Some(patterns.len() - 1)
        }
    };
    let country: Country = territory.id.parse()?;
    let tier = match country {
        Country::WORLD => facts.world_tiers.get(territory.calling_code()),
        _ => facts.tiers.get(&country),
    };
    let tier = *tier.ok_or_else(|| format!("no risk tier for {}", territory.id))?;
    Ok(Member { country, leading, general, types, fixed, mobile, tier })
}

/// The overlay's rows of one plan: position of the pattern, class, whether it adds numbers.
fn own(
    plan: &str,
    overlay: &[Overlay],
    patterns: &mut Vec<Pattern>,
) -> Result<Vec<(usize, Class, bool)>, Fault> {
    let mut found = Vec::new();
    for row in overlay.iter().filter(|row| row.plan == plan) {
        patterns.push(Pattern::new(&row.pattern, 0)?);
        found.push((patterns.len() - 1, row.class, row.adds));
    }
    Ok(found)
}

/// Short numbers and international prefixes per country.
pub fn countries(
    table: &mut Table,
    territories: &[Territory],
    shorts: &[Territory],
    overlay: &[Overlay],
) -> Result<BTreeMap<Country, CountryRoots>, Fault> {
    let mut found = BTreeMap::new();
    for territory in territories.iter().filter(|t| t.id != "001") {
        let short = shorts.iter().find(|short| short.id == territory.id);
        let roots = CountryRoots {
            short_numbers: short_numbers(table, &territory.id, short, overlay)?,
            international_prefixes: international_prefixes(table, territory)?,
        };
        found.insert(territory.id.parse()?, roots);
    }
    Ok(found)
}

fn short_numbers(
    table: &mut Table,
    id: &str,
    territory: Option<&Territory>,
    overlay: &[Overlay],
) -> Result<Option<Node>, Fault> {
    let mut patterns = Vec::new();
    // Protected numbers first, then ours, then the rest of the metadata.
    let mut classes = Vec::new();
    for (name, class) in SHORT_TYPES {
        if let Some(number_type) = territory.and_then(|t| t.number_type(name)) {
            patterns.push(Pattern::new(&number_type.pattern, number_type.lengths)?);
            classes.push((patterns.len() - 1, class));
        }
    }
    let ours = own(id, overlay, &mut patterns)?;
    let protected = classes.iter().filter(|c| matches!(c.1, Class::Protected(_))).count();
    classes.splice(protected..protected, ours.iter().map(|&(at, class, _)| (at, class)));
    let judge = |matches: &[bool]| {
        let class = classes.iter().find(|&&(at, _)| matches[at])?.1;
        // The country is the one whose plan is asked: leaving it out lets countries share nodes.
        Some(Label { class, country: Country::WORLD, tier: RiskTier::D })
    };
    Ok(Product { patterns: &patterns, judge, digits_max: 29 }.build(table))
}

fn international_prefixes(table: &mut Table, of: &Territory) -> Result<Option<Node>, Fault> {
    // `~` marks where one waits for a second dial tone (Russia's 8~10).
    let texts = [of.attribute("internationalPrefix"), of.attribute("preferredInternationalPrefix")];
    let texts: Vec<String> =
        texts.iter().filter(|t| !t.is_empty()).map(|t| t.replace('~', "")).collect();
    let patterns: Vec<Pattern> =
        texts.iter().map(|t| Pattern::new(t, 0)).collect::<Result<_, _>>()?;
    let judge = |matches: &[bool]| {
        let label = Label { class: Class::Prefix, country: Country::WORLD, tier: RiskTier::D };
        matches.contains(&true).then_some(label)
    };
    Ok(Product { patterns: &patterns, judge, digits_max: 8 }.build(table))
}
