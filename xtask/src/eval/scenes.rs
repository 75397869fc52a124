//! Short scenes: what a detector hears when it says something.

use super::deck::Deck;
use super::detectors::Detector;
use super::replay::Replay;
use super::set::Set;

/// Scoring starts at second 100,000; second 0 is Wednesday 26 March 2025, 09:00 in Amsterdam.
const BASE_MS: i64 = 1_742_976_000_000;
const WARM: i64 = 100_000;

/// Answers lines that contain a text, and remembers what it heard.
struct Script {
    answers: Vec<(&'static str, &'static str)>,
    heard: Vec<String>,
}

impl Detector for Script {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> anyhow::Result<()> {
        let line = String::from_utf8(line.to_vec()).unwrap();
        if let Some((_, answer)) = self.answers.iter().find(|(text, _)| line.contains(text)) {
            reply.extend(answer.bytes());
        }
        self.heard.push(line);
        Ok(())
    }
}

fn at(secs: i64) -> i64 {
    BASE_MS + secs * 1000
}

fn start(secs: i64, call: u64, b: &str, more: &str) -> String {
    let t = at(secs);
    format!(
        r#"{{"ev":"start","t":{t},"call":{call},"tenant":"t1","ext":"1","dir":"out","b":"{b}"{more}}}"#
    )
}

fn answer(secs: i64, call: u64) -> String {
    format!(r#"{{"ev":"answer","t":{},"call":{call}}}"#, at(secs))
}

fn end(secs: i64, call: u64) -> String {
    format!(r#"{{"ev":"end","t":{},"call":{call},"code":200,"dur":1}}"#, at(secs))
}

/// Plays a scene and gives what was heard after `hello`, in short: `start 1`, `tick`, `end 1`.
fn play(answers: &[(&'static str, &'static str)], events: &[String]) -> Vec<String> {
    let truth = format!(
        r#"{{"name":"scene","tz":"Europe/Amsterdam","t0":{BASE_MS},"score_from":{},"end":{},
            "holidays":[],"tenants":{{"t1":{{"type":"office","onboard":{BASE_MS}}}}},
            "attacks":[],"hard_negatives":[]}}"#,
        at(WARM),
        at(10 * WARM),
    );
    let deck = "prefix,iso,name,class,eur_min,eur_call,min_s,step_s,cap_eur\n\
                31,NL,fixed,nat_fixed,0.01,0,0,1,\n31112,NL,112,nat_free,0,0,0,1,\n\
                44,GB,fixed,intl_fixed,0.1,0,0,1,\n";
    let set = Set::new(
        "scene".into(),
        "rates.csv".into(),
        serde_json::from_str(&truth).unwrap(),
        Deck::parse(deck.as_bytes()).unwrap(),
        events.join("\n").into_bytes(),
    )
    .unwrap();
    let mut script = Script { answers: answers.to_vec(), heard: Vec::new() };
    Replay::new(&set, &mut script).run().unwrap();
    script.heard.iter().skip(1).map(|line| short(line)).collect()
}

fn short(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let call = event.get("call").map(|call| format!(" {call}")).unwrap_or_default();
    let extra = ["blocked", "by", "result"].iter().filter_map(|key| event.get(*key)?.as_str());
    let extra: String = extra.map(|text| format!(" {text}")).collect();
    format!("{}{call}{extra}", event["ev"].as_str().unwrap())
}

const BLOCK_ALL: &str = r#"{"act":[{"do":"block","tenant":"t1","level":"out"}]}"#;

#[test]
fn a_refused_call_and_its_legs_are_not_heard_of_again() {
    let heard = play(
        &[(r#""call":1,"#, r#"{"v":"deny"}"#)],
        &[
            start(WARM, 1, "+441", ""),
            start(WARM + 1, 2, "+441", r#","leg":1"#),
            answer(WARM + 2, 2),
            end(WARM + 3, 1),
            start(WARM + 4, 3, "+441", r#","leg":1"#),
        ],
    );
    assert_eq!(heard, ["start 1", "start 3"]);
}

#[test]
fn a_standing_block_is_told_and_never_stops_112() {
    let heard = play(
        &[(r#""call":1,"#, BLOCK_ALL)],
        &[
            start(WARM, 1, "+441", ""),
            start(WARM + 1, 2, "+3120", ""),
            start(WARM + 2, 3, "+31112", ""),
            end(WARM + 3, 1),
            end(WARM + 4, 3),
        ],
    );
    assert_eq!(heard, ["start 1", "start 2 out", "start 3", "end 1", "end 3"]);
}

#[test]
fn nothing_is_enforced_during_warm_up() {
    let heard = play(
        &[(r#""call":1,"#, BLOCK_ALL), (r#""call":2"#, r#"{"v":"deny"}"#)],
        &[start(1, 1, "+441", ""), start(2, 2, "+441", ""), end(3, 2), end(4, 1)],
    );
    assert_eq!(heard, ["start 1", "start 2", "end 2", "end 1"]);
}

#[test]
fn a_cut_due_with_a_tick_comes_first() {
    // Ticks fall on multiples of ten seconds; the order is given a second before one.
    let heard = play(
        &[(r#""call":3,"#, r#"{"act":[{"do":"terminate","call":1}]}"#)],
        &[
            start(WARM + 1, 1, "+441", ""),
            start(WARM + 1, 2, "+441", ""),
            answer(WARM + 2, 1),
            answer(WARM + 2, 2),
            start(WARM + 9, 3, "+441", ""),
            end(WARM + 11, 2),
            end(WARM + 12, 1),
            end(WARM + 30, 3),
        ],
    );
    let expected = [
        "start 1",
        "start 2",
        "answer 1",
        "answer 2",
        "start 3",
        "end 1 policy",
        "tick",
        "end 2",
        "end 3",
    ];
    assert_eq!(heard, expected);
}

#[test]
fn a_person_lifts_a_block_an_hour_later_in_office_hours() {
    // Second 100,000 is Thursday 12:46:40.
    let heard = play(
        &[(r#""call":1,"#, BLOCK_ALL)],
        &[
            start(WARM, 1, "+441", ""),
            start(WARM + 3599, 2, "+441", ""),
            start(WARM + 3600, 3, "+441", ""),
        ],
    );
    assert_eq!(heard, ["start 1", "start 2 out", "review legit", "start 3"]);
}
