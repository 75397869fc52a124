//! `docs/reference/evaluation.md`: the prose is `template.md` here, every figure comes from the replays.

mod chart;
mod criteria;
mod lost;

use anyhow::{Context, Result, ensure};
use ringfence_model::Policy;

use super::curve::{self, Point};
use super::score::{Score, summary};
use super::set::Set;
use super::{detectors, run, table as scored};
use crate::table::table;
use crate::tidy::root;

/// The sets of the document, in the order of its columns.
pub const SETS: [&str; 3] = ["dev", "val", "calm"];

const TEMPLATE: &str = include_str!("template.md");

/// The best known rule on the same sets: its wrong interventions are counted over all three (34 in 328.5
/// customer-months); of its losses, per set as published, the milder of the two is taken.
const BEST_KNOWN: Pooled = Pooled { wrong_per_1000cm: 103.5, loss_p50: 43.07, loss_p90: 72.54 };

/// The figures of all sets together.
#[derive(Debug, Clone, Copy)]
pub struct Pooled {
    pub wrong_per_1000cm: f64,
    pub loss_p50: f64,
    pub loss_p90: f64,
}

impl Pooled {
    fn of(scores: &[Score]) -> Self {
        let attacks = summary(scores.iter().flat_map(|score| &score.per_attack));
        let wrong: u64 = scores.iter().map(|score| score.harm.wrong_episodes).sum();
        let months: f64 = scores.iter().map(|score| score.harm.customer_months).sum();
        let figures = attacks.0.as_ref();
        Self {
            wrong_per_1000cm: 1000.0 * wrong as f64 / months.max(f64::MIN_POSITIVE),
            loss_p50: figures.map_or(0.0, |figures| figures.loss_p50),
            loss_p90: figures.map_or(0.0, |figures| figures.loss_p90),
        }
    }
}

/// Writes the document and its chart about `policy`, which is one of `points`; `verified` says that the reference
/// scorer gave the same figures.
pub fn write(sets: &[Set], policy: &Policy, points: &[Point], verified: bool) -> Result<()> {
    let steering = policy.steering;
    let scores = points.iter().find(|point| point.steering == steering);
    let scores = scores.context("the grid lacks the policy")?.scores.as_slice();
    let own = Pooled::of(scores);
    let (must, aim, of) = criteria::reached(scores);
    let agreement = if verified {
        "In this run both gave the same figures, to the last digit, on all three sets."
    } else {
        "In this run the two were not compared."
    };
    let cells = [
        ("loss_accept", steering.loss_accept.to_string()),
        ("wrong_stops_accept", steering.wrong_stops_accept.to_string()),
        ("must_reached", format!("{must} of {of}")),
        ("aim_reached", format!("{aim} of {of}")),
        ("data", data(sets, scores)),
        ("criteria", criteria::against_bounds(scores)),
        ("alerts", alerts(scores)),
        ("zero", zero(scores)),
        ("unheard", unheard(sets, scores, policy)?),
        ("kinds", kinds(scores)),
        ("lost", lost::table_of(scores)),
        ("curve", curve::tables(points, &steering)),
        ("agreement", agreement.to_owned()),
    ];
    let folder = root()?.join("docs/reference");
    let document = folder.join("evaluation.md");
    std::fs::write(&document, filled(&cells)?)
        .with_context(|| format!("writing {}", document.display()))?;
    let pooled: Vec<_> = points.iter().map(|point| Pooled::of(&point.scores)).collect();
    std::fs::write(folder.join("tradeoff.svg"), chart::svg(&pooled, &own, &BEST_KNOWN))?;
    println!("wrote {} and tradeoff.svg; musts reached: {must} of {of}", document.display());
    Ok(())
}

/// The template with every `{{name}}` replaced.
fn filled(cells: &[(&str, String)]) -> Result<String> {
    let mut text = TEMPLATE.to_owned();
    for (name, content) in cells {
        let mark = format!("{{{{{name}}}}}");
        ensure!(text.contains(&mark), "template.md lacks {mark}");
        text = text.replace(&mark, content.trim_end());
    }
    ensure!(!text.contains("{{"), "template.md has a mark that nothing fills");
    Ok(text)
}

fn data(sets: &[Set], scores: &[Score]) -> String {
    let head = [
        "set",
        "customers",
        "days scored",
        "honest calls out",
        "attacks",
        "odd but honest",
        "customer-months",
    ];
    let rows: Vec<_> = sets
        .iter()
        .zip(scores)
        .map(|(set, score)| {
            let days = (set.truth.end - set.truth.score_from) / super::truth::DAY_MS;
            vec![
                set.name.clone(),
                set.truth.tenants.len().to_string(),
                days.to_string(),
                score.harm.legit_out.to_string(),
                score.per_attack.len().to_string(),
                score.harm.odd_legit_events.to_string(),
                score.harm.customer_months.to_string(),
            ]
        })
        .collect();
    table(&head, &rows)
}

fn alerts(scores: &[Score]) -> String {
    let head = [
        "set",
        "false alerts/1000cm",
        "false blocks/1000cm",
        "other wrong episodes",
        "calls cut",
        "wrong/1000cm at ordinary customers",
        "at exotic ones",
        "odd events hit",
    ];
    let rows: Vec<_> = scores
        .iter()
        .map(|score| {
            let harm = &score.harm;
            vec![
                score.data.clone(),
                harm.false_alerts_per_1000cm.to_string(),
                harm.false_blocks_per_1000cm.to_string(),
                harm.deny_episodes.to_string(),
                harm.cut.to_string(),
                harm.wrong_per_1000cm_ordinary.to_string(),
                harm.wrong_per_1000cm_exotic.to_string(),
                format!("{} of {}", harm.odd_legit_events_hit, harm.odd_legit_events),
            ]
        })
        .collect();
    table(&head, &rows)
}

/// Why so many attacks cost nothing.
fn zero(scores: &[Score]) -> String {
    let attacks = scores.iter().flat_map(|score| &score.per_attack);
    let costless: Vec<_> = attacks.clone().filter(|attack| attack.loss == 0.0).collect();
    let early = |t: Option<i64>, first| t.is_some_and(|t| t <= first);
    let by_person = costless.iter().filter(|attack| early(attack.course.closed, attack.t_first));
    let refused = costless.iter().filter(|attack| {
        let stop = attack.course.stopped.as_ref().map(|stop| stop.t);
        early(stop, attack.t_first) && !early(attack.course.closed, attack.t_first)
    });
    format!(
        "Of {} attacks {} cost nothing: at {} the first call was refused, at {} a person had closed the hole before it \
         because of an alert, \
         at the others no call that went through was charged.",
        attacks.count(),
        costless.len(),
        refused.count(),
        by_person.count(),
    )
}

/// The same policy where nobody answers alerts.
fn unheard(sets: &[Set], scores: &[Score], policy: &Policy) -> Result<String> {
    let head = ["set", "alerts", "loss p50", "p90", "max", "stealth p50", "p90", "wrong/1000cm"];
    let mut rows = Vec::new();
    for (set, heard) in sets.iter().zip(scores).filter(|(_, heard)| !heard.per_attack.is_empty()) {
        let mut detector = detectors::by_name("unheard", set, policy)?;
        let unheard = run(set, detector.as_mut())?;
        for (how, score) in [("answered", heard), ("unanswered", &unheard)] {
            let (Some(all), Some(stealth)) = (
                score.attacks.0.as_ref(),
                score.by_group.get("stealth").and_then(|group| group.0.as_ref()),
            ) else {
                continue;
            };
            let losses =
                [all.loss_p50, all.loss_p90, all.loss_max, stealth.loss_p50, stealth.loss_p90];
            let mut row = vec![score.data.clone(), how.to_owned()];
            row.extend(losses.map(|eur| format!("{eur:.2}")));
            row.push(score.harm.wrong_per_1000cm.to_string());
            rows.push(row);
        }
    }
    Ok(table(&head, &rows))
}

fn kinds(scores: &[Score]) -> String {
    let attacked = scores.iter().filter(|score| !score.per_attack.is_empty());
    let parts = attacked.map(|score| format!("### {}\n\n{}", score.data, scored::kinds(score)));
    parts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_figures_weigh_attacks_and_months_alike() {
        let mut score = Score::default();
        score.harm.wrong_episodes = 2;
        score.harm.customer_months = 50.0;
        let pooled = Pooled::of(&[score, Score::default()]);
        assert_eq!(pooled.wrong_per_1000cm, 40.0);
        assert_eq!(pooled.loss_p50, 0.0);
    }
}
