//! `ringfence replay` and `explain` from file to report.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

mod office;

use office::{Folder, Master};
use serde_json::Value;

fn micros(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

#[test]
fn an_attack_is_found_costed_and_reported() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    let answer = folder.run(&["replay", "--output", "json", "Master.csv"]).json();
    let totals = &answer["totals"];
    assert_eq!(totals["records"], answer["import"]["records"]);
    assert_eq!(
        micros(&totals["spent"]) + micros(&totals["prevented"]),
        micros(&totals["recorded"])
    );
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(count("passed") + count("refused") + count("cut"), count("records"));
    assert!(count("refused") > 100);
    assert_eq!(count("protected"), 25);
    let attacks: Vec<_> =
        answer["cases"].as_array().unwrap().iter().filter(|c| c["blocks"] != 0).collect();
    assert_eq!(attacks.len(), 1);
    assert!(micros(&attacks[0]["let_through"]) < 100_000_000);
    assert!(answer["headline"].as_str().unwrap().contains("1 attack"));
    assert!(folder.has("ringfence-report.html"));
    assert!(!folder.has("ringfence-rejects.txt"), "no bad rows, no file");
}

#[test]
fn a_calm_month_has_no_findings() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::office().csv());
    let run = folder.run(&["replay", "--no-report", "--fail-on-findings", "Master.csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("calm_month", run.stdout);
    assert!(!folder.has("ringfence-report.html"));
}

#[test]
fn findings_are_exit_code_3_when_asked() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    assert_eq!(folder.run(&["replay", "--no-report", "Master.csv"]).code, 0);
    let run = folder.run(&["replay", "--no-report", "--fail-on-findings", "Master.csv"]);
    assert_eq!(run.code, 3);
}

#[test]
fn the_report_needs_nothing_and_hides_numbers() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    // Calls to a number that is called every day are stopped by a rule: they are listed, with the number.
    folder.write("p.toml", "deny = [{ prefix = \"+4930\" }]\n");
    for language in ["en", "nl"] {
        let arguments = ["replay", "--policy", "p.toml", "--lang", language, "Master.csv"];
        assert_eq!(folder.run(&arguments).code, 0);
        let page = folder.read("ringfence-report.html");
        assert!(page.contains(&format!("<html lang=\"{language}\">")));
        for outside in
            ["http://", "https://", "//cdn", "src=", "@import", "url(", "<script", "<link"]
        {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("00493*****56") && !page.contains("4930123456"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert!(page.contains("role=\"img\"") && page.contains("aria-label="));
        assert!(page.matches("<details").count() >= 4, "each chart has a table");
    }
    folder.run(&["replay", "--policy", "p.toml", "--full-numbers", "Master.csv"]);
    assert!(folder.read("ringfence-report.html").contains("004930123456"));
}

#[test]
fn the_report_speaks_one_language() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    folder.run(&["replay", "--lang", "nl", "Master.csv"]);
    let page = folder.read("ringfence-report.html");
    assert!(page.contains("Aanval: toestel 203") && page.contains("Kosten per dag"));
    for english in [" would ", "Possibly", "refused", "evidence", "The most"] {
        assert!(!page.contains(english), "{english}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let folder = Folder::new();
    let evil = "<script>alert(1)</script>";
    let mut csv = Master::attacked().csv();
    csv = csv
        .replace("\"203\"", &format!("\"{evil}\""))
        .replace("PJSIP/203-1", &format!("PJSIP/{evil}-1"));
    csv = csv.replace("003221234567", "'\"><img src=x onerror=alert(1)>");
    folder.write("Master.csv", &csv);
    let tenant = "</title><script>alert(2)</script>";
    let run = folder.run(&["replay", "--full-numbers", "--tenant-name", tenant, "Master.csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let page = folder.read("ringfence-report.html");
    assert!(!page.contains("<script"), "nothing runs");
    assert!(!page.contains("<img"), "nothing loads");
    assert_eq!(page.matches("</title>").count(), page.matches("<title>").count());
    let named = format!("{evil}.csv").replace('/', "_");
    folder.write(&named, &Master::office().csv());
    folder.run(&["replay", &named]);
    assert!(!folder.read("ringfence-report.html").contains("<script"));
}

#[test]
fn stopped_calls_are_a_list() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    let run = folder.run(&["replay", "--no-report", "--output", "csv", "Master.csv"]);
    let answer = folder.run(&["replay", "--no-report", "--output", "json", "Master.csv"]).json();
    let stopped =
        answer["totals"]["refused"].as_u64().unwrap() + answer["totals"]["cut"].as_u64().unwrap();
    assert_eq!(run.stdout.lines().count() as u64, stopped + 1);
    assert!(run.stdout.starts_with("started,tenant,extension,dialled,country,fate,"));
}

#[test]
fn a_stopped_call_is_explained_in_both_languages() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    let list = folder.run(&["replay", "--no-report", "--output", "csv", "Master.csv"]).stdout;
    let refused = list.lines().find(|line| line.contains(",refused,")).unwrap();
    let id = refused.rsplit(',').next().unwrap().to_owned();
    let english = folder.run(&["explain", "Master.csv", "--call", &id]).stdout;
    assert!(english.contains("Refused: ") && english.contains("What would have made it pass:"));
    assert!(english.contains("60 minutes: ") && english.contains("(default tariff)"));
    let uniqueid = id.split('/').next().unwrap();
    assert_eq!(folder.run(&["explain", "Master.csv", "--call", uniqueid]).stdout, english);
    let dutch = folder.run(&["explain", "Master.csv", "--call", &id, "--lang", "nl"]).stdout;
    assert!(dutch.contains("Wat het had doorgelaten:"), "{dutch}");
    let answer = folder.run(&["explain", "Master.csv", "--call", &id, "--output", "json"]).json();
    assert_eq!(answer["fate"], "refused");
    assert_eq!(answer["verdict"]["action"], "reject");
    assert_eq!(answer["spent"], 0);
    let run = folder.run(&["explain", "Master.csv", "--call", "nobody"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("hint: ids here look like"), "{}", run.stderr);
}

#[test]
fn an_emergency_call_is_explained_as_never_judged() {
    let folder = Folder::new();
    let csv = Master::attacked().csv();
    folder.write("Master.csv", &csv);
    let preview = folder.run(&["replay", "--dry-run", "--output", "json", "Master.csv"]).json();
    let records = preview["records"].as_array().unwrap();
    let emergency = records.iter().find(|cdr| cdr["dialled"] == "112").unwrap();
    let id = emergency["native_id"].as_str().unwrap();
    let told = folder.run(&["explain", "Master.csv", "--call", id]).stdout;
    assert!(told.contains("never judged"), "{told}");
}

#[test]
fn bad_rows_go_to_the_rejects() {
    let folder = Folder::new();
    let csv = Master::attacked().csv() + "\"half a row\",\"205\n";
    folder.write("Master.csv", &csv);
    let answer = folder.run(&["replay", "--output", "json", "Master.csv"]).json();
    assert_eq!(answer["import"]["rejected"], 1);
    let rejects = folder.read("ringfence-rejects.txt");
    assert!(rejects.starts_with("# Master.csv:") && rejects.contains("half a row"), "{rejects}");
    let elsewhere = ["replay", "--no-report", "--rejects", "bad.txt", "Master.csv"];
    assert_eq!(folder.run(&elsewhere).code, 0);
    assert!(folder.has("bad.txt"));
}

#[test]
fn own_prices_replace_the_default_ones() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::office().csv());
    folder.write("t.csv", "prefix,price per minute\n31,0.01\n49,0.02\n32,0.02\n");
    let run = folder.run(&["replay", "--tariff", "t.csv", "--output", "json", "Master.csv"]).json();
    assert_eq!(run["default_tariff"], false);
    assert!(!folder.read("ringfence-report.html").contains("default tariff"));
    folder.write("gap.csv", "prefix,price per minute\n31,0.01\n49,0.02\n");
    let run =
        folder.run(&["replay", "--tariff", "gap.csv", "--output", "json", "Master.csv"]).json();
    assert_eq!(run["default_tariff"], true, "gaps are filled and labelled");
}

#[test]
fn learning_can_be_prolonged() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    let all =
        ["replay", "--no-report", "--output", "json", "--learn-until", "2027-01-01", "Master.csv"];
    let answer = folder.run(&all).json();
    assert_eq!(answer["totals"]["prevented"], 0);
    assert!(answer["cases"].as_array().unwrap().iter().all(|case| case["learning"] == true));
}

#[test]
fn a_preview_reads_only_the_beginning() {
    let folder = Folder::new();
    folder.write("Master.csv", &Master::attacked().csv());
    let run = folder.run(&["replay", "--dry-run", "Master.csv"]);
    assert!(run.stdout.contains("read as asterisk-csv") && run.stdout.contains("first 200 rows"));
    assert!(!folder.has("ringfence-report.html"));
}
