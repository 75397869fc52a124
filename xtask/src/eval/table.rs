//! A score as people read it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{Result, Write};

use super::score::{Score, Summary};
use crate::table::table;

const HEAD: [&str; 18] = [
    "set",
    "loss p50",
    "p90",
    "p95",
    "p99",
    "max",
    "<€1",
    "<€5",
    "<€10",
    "<€40",
    "saved",
    "seen",
    "delay p50",
    "wrong/1000cm",
    "blocks/1000cm",
    "refused/10k",
    "foreign/10k",
    "cut",
];
const GROUPS: [&str; 12] = [
    "set",
    "loud p50",
    "p90",
    "p99",
    "<€10",
    "stealth p50",
    "p90",
    "p99",
    "<€10",
    "wrong/1000cm ordinary",
    "exotic",
    "odd hit",
];
const KINDS: [&str; 10] = [
    "attack kind",
    "n",
    "potential p50",
    "loss p50",
    "p90",
    "max",
    "<€5",
    "<€40",
    "seen",
    "delay p50 s",
];
const ATTACKS: [&str; 9] =
    ["kind", "id", "type", "potential", "loss", "delay s", "allowed", "refused", "cut"];

/// One row per set, then per group and per kind, then what went wrong.
pub fn print(out: &mut impl Write, scores: &[Score], per_attack: bool) -> Result<()> {
    writeln!(out, "{}", table(&HEAD, &scores.iter().map(row).collect::<Vec<_>>()))?;
    writeln!(out, "{}", table(&GROUPS, &scores.iter().map(groups).collect::<Vec<_>>()))?;
    for score in scores {
        writeln!(out, "## {}\n", score.data)?;
        if !score.per_attack.is_empty() {
            writeln!(out, "{}", kinds(score))?;
        }
        if per_attack && !score.per_attack.is_empty() {
            writeln!(out, "{}", attacks(score))?;
        }
        wrong(out, score)?;
    }
    Ok(())
}

fn row(score: &Score) -> Vec<String> {
    let harm = &score.harm;
    let mut cells = vec![score.data.clone()];
    match &score.attacks.0 {
        None => cells.extend(std::iter::repeat_n("-".to_owned(), 12)),
        Some(all) => {
            let losses = [all.loss_p50, all.loss_p90, all.loss_p95, all.loss_p99, all.loss_max];
            cells.extend(losses.map(euros));
            cells.extend([all.lt1, all.lt5, all.lt10, all.lt40].map(percent));
            let saved = all.saved.map(|saved| format!("{:.1}%", 100.0 * saved));
            cells.extend([
                or_dash(saved),
                percent(all.detected),
                or_dash(all.delay_p50.map(delay)),
            ]);
        }
    }
    cells.extend([
        harm.wrong_per_1000cm.to_string(),
        harm.false_blocks_per_1000cm.to_string(),
        harm.refused_per_10k.to_string(),
        harm.refused_foreign_per_10k.to_string(),
        harm.cut.to_string(),
    ]);
    cells
}

fn groups(score: &Score) -> Vec<String> {
    let mut cells = vec![score.data.clone()];
    for name in ["loud", "stealth"] {
        match score.by_group.get(name) {
            Some(Summary(Some(group))) => {
                cells.extend([group.loss_p50, group.loss_p90, group.loss_p99].map(euros));
                cells.push(percent(group.lt10));
            }
            _ => cells.extend(std::iter::repeat_n("-".to_owned(), 4)),
        }
    }
    let harm = &score.harm;
    cells.push(harm.wrong_per_1000cm_ordinary.to_string());
    cells.push(harm.wrong_per_1000cm_exotic.to_string());
    cells.push(format!("{} of {}", harm.odd_legit_events_hit, harm.odd_legit_events));
    cells
}

/// A row per kind of attack.
pub fn kinds(score: &Score) -> String {
    let rows = score.by_kind.iter().filter_map(|(kind, Summary(figures))| {
        let of = figures.as_ref()?;
        Some(vec![
            kind.clone(),
            of.n.to_string(),
            format!("{:.0}", of.potential_p50),
            euros(of.loss_p50),
            euros(of.loss_p90),
            euros(of.loss_max),
            percent(of.lt5),
            percent(of.lt40),
            percent(of.detected),
            or_dash(of.delay_p50),
        ])
    });
    table(&KINDS, &rows.collect::<Vec<_>>())
}

fn attacks(score: &Score) -> String {
    let rows = score.per_attack.iter().map(|of| {
        vec![
            of.kind.clone(),
            of.id.to_string(),
            of.tenant_type.clone(),
            format!("{:.2}", of.potential),
            format!("{:.2}", of.loss),
            or_dash(of.delay_s),
            of.allowed.to_string(),
            of.refused.to_string(),
            of.cut.to_string(),
        ]
    });
    table(&ATTACKS, &rows.collect::<Vec<_>>())
}

fn wrong(out: &mut impl Write, score: &Score) -> Result<()> {
    let harm = &score.harm;
    writeln!(
        out,
        "{} wrong interventions ({} blocks, {} of them refused calls; {} episodes) in {} \
         customer-months; {} customers hit; {} of {} honest calls refused, {} cut",
        harm.wrong_episodes,
        harm.false_blocks,
        harm.false_blocks_harmful,
        harm.deny_episodes,
        harm.customer_months,
        harm.customers_hit,
        harm.refused,
        harm.legit_out,
        harm.cut,
    )?;
    writeln!(
        out,
        "during attacks: {} right blocks; {} of {} honest calls refused ({} national), {} cut; \
         false alerts {}/1000cm",
        harm.true_blocks,
        harm.collateral_refused,
        harm.collateral_legit,
        harm.collateral_refused_national,
        harm.collateral_cut,
        harm.false_alerts_per_1000cm,
    )?;
    list(out, "false blocks by reason", &harm.false_block_reasons)?;
    list(out, "refused by odd event", &harm.refused_by_odd_event)?;
    for (kind, (n, months)) in &harm.wrong_by_type {
        writeln!(out, "wrong at {kind}: {n} in {months} customer-months")?;
    }
    for odd in &score.detail.odd_events_hit {
        writeln!(out, "odd event hit: {} {} of {}", odd.id, odd.kind, odd.tenant)?;
    }
    for wrong in &score.detail.wrong {
        let (what, tenant, kind) = (wrong.what, &wrong.tenant, &wrong.kind);
        writeln!(out, "wrong {what} {tenant} {kind} {} ({}): {}", wrong.at, wrong.t, wrong.why)?;
    }
    writeln!(out)?;
    Ok(())
}

fn list(out: &mut impl Write, title: &str, counts: &BTreeMap<String, u64>) -> Result<()> {
    for (name, n) in counts {
        writeln!(out, "{title}: {n} x {name}")?;
    }
    Ok(())
}

fn euros(x: f64) -> String {
    if x < 100.0 { format!("{x:.2}") } else { format!("{x:.0}") }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

fn delay(secs: f64) -> String {
    match secs {
        s if s < 600.0 => format!("{s:.0} s"),
        s if s < 36_000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.0} h", s / 3600.0),
    }
}

fn or_dash(x: Option<impl Display>) -> String {
    x.map_or_else(|| "-".to_owned(), |x| x.to_string())
}
