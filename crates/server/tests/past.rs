//! A past that was told and not heard: what a server finds when it starts on it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

use ringfence_gate::Output;
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Direction, Release, ReleasedBy, Source, Via, WallTime,
};
use ringfence_server::ServeError;
use ringfence_server::journal::Journal;
use ringfence_server::past::Past;
use ringfence_store::{Act, Place, Section, SettingFilter, Store};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A Tuesday at ten in Amsterdam.
const MORNING: WallTime = WallTime(1_794_906_000_000_000);
const PLAN: &str = r#"
[[tenant]]
id = "office"
country = "NL"
policy = { deny = [{ prefix = "+5352", note = "no" }] }
"#;

fn begin(folder: &Path, plan: &str) -> Result<Past, ServeError> {
    let (file, rows) = (folder.join("ringfence.toml"), folder.join("plan.toml"));
    std::fs::write(&file, "data = \"data\"\nshards = 1\n[[listen]]\nudp = \"127.0.0.1:5060\"\n")
        .unwrap();
    std::fs::write(&rows, plan).unwrap();
    let text = |of: &str| of.to_owned();
    let act = Act {
        who: text("ada"),
        what: text("settings.apply"),
        why: text(""),
        address: None,
        at: MORNING,
    };
    Past::begin((&file, &rows), &act, |store| {
        assert_eq!(store.settings_revision()?, 0, "nothing is there yet");
        Ok(())
    })
}

fn attempt(call: u64, dialled: &str) -> CallEvent {
    CallEvent::Attempt(Attempt {
        call: CallId(call),
        tenant: "office".into(),
        trunk: None,
        extension: Some("201".into()),
        direction: Direction::Outbound,
        a_number: "31201234567".parse().ok(),
        dialled: dialled.into(),
        forwarded_by: None,
        via: Via::Phone,
        source: Some(Source { ip: [192, 0, 2, 1].into(), country: None, user_agent: None }),
        parent: None,
    })
}

fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("data").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn calls_are_judged_and_written_and_what_was_learned_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut past = begin(folder.path(), PLAN).unwrap();
    let at = |secs: u64| MORNING + Duration::from_secs(secs);
    assert_eq!(past.asked(), None, "no call, no look");
    past.happens(at(0), &attempt(1, "004930123456"));
    past.happens(at(5), &CallEvent::Answered { call: CallId(1) });
    let asked = past.asked().unwrap();
    assert!(asked > at(5) && asked <= at(15));
    past.tick(asked);
    let release =
        Release { call: CallId(1), code: 200, billable_ms: 60_000, by: ReleasedBy::Parties };
    past.happens(at(65), &CallEvent::Released(release));
    let said = past.happens(at(70), &attempt(2, "005352123456"));
    assert!(said.iter().any(|of| matches!(of, Output::Verdict(v) if v.action == Action::Reject)));
    // One that is still up at the end is over then.
    past.happens(at(80), &attempt(3, "004930123456"));
    past.happens(at(90), &CallEvent::Answered { call: CallId(3) });
    past.end(at(120)).unwrap();

    let cdrs = lines(folder.path(), "cdr-2026-11-17.jsonl");
    let of = |field: &str| cdrs.iter().map(|cdr| cdr[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["ok", "refused", "ok"]);
    assert_eq!(of("billable_ms"), [60_000, 0, 30_000]);
    assert!(cdrs[0]["cost"].as_i64() > Some(0) && cdrs[1]["prevented"].as_i64() > Some(0));
    let events = lines(folder.path(), "events-2026-11-17.jsonl");
    assert!(events.iter().any(|event| event["kind"] == "verdict"), "{events:?}");
    let (_, left) = Journal::open(&folder.path().join("data"), 0).unwrap();
    assert!(left.complaints.is_empty() && left.events.is_empty(), "all is in the snapshot");
    assert_eq!(left.known.unwrap().engine.wall, at(120));
    let store = Store::open(Place::File(folder.path().join("data/ringfence.db")), at(120)).unwrap();
    let rows = store.settings(&SettingFilter::default(), 9).unwrap();
    assert!(rows.iter().any(|row| row.key.section == Section::Tenant && row.key.id == "office"));
}

#[test]
fn a_plan_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let wrong =
        begin(folder.path(), "[[tenant]]\nid = \"office\"\ncountry = \"XX\"\n").err().unwrap();
    assert!(wrong.to_string().contains("country"), "{wrong}");
}
