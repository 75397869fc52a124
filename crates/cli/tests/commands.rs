//! The program as people meet it: help, answers, errors and exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

mod office;

use office::{Folder, Run};

#[test]
fn help_says_what_each_command_is_for() {
    let folder = Folder::new();
    insta::assert_snapshot!("help", folder.run(&["--help"]).stdout);
    insta::assert_snapshot!("replay_help", folder.run(&["replay", "--help"]).stdout);
    insta::assert_snapshot!("judge_help", folder.run(&["judge", "--help"]).stdout);
    for command in [
        &["explain"][..],
        &["number", "inspect"],
        &["tariff", "check"],
        &["policy", "check"],
        &["policy", "example"],
    ] {
        let Run { stdout, code, .. } = folder.run(&[command, &["--help"]].concat());
        assert_eq!(code, 0);
        assert!(stdout.contains("Example"), "{command:?} has no example");
    }
}

#[test]
fn every_command_has_a_manual_page_and_is_completed() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["man", "pages"]).code, 0);
    let page = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
    assert!(page("pages/ringfence.1").contains("Stops toll fraud"));
    assert!(page("pages/ringfence-support-dump.1").contains("tar"));
    for shell in ["bash", "zsh", "fish"] {
        let run = folder.run(&["completion", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("check-config"), "{shell}");
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let folder = Folder::new();
    for wrong in [
        &[][..],
        &["replay"],
        &["replay", "--bogus", "x"],
        &["replay", "--format", "nothing", "x"],
        &["replay", "--lang", "de", "x"],
        &["replay", "--country", "XX", "x"],
        &["tariff", "check", "--tariff-column", "price", "x"],
    ] {
        let run = folder.run(wrong);
        assert_eq!(run.code, 2, "{wrong:?}");
        assert!(run.stdout.is_empty(), "{wrong:?}");
    }
}

#[test]
fn an_unknown_format_shows_what_was_seen_and_how_to_map_it() {
    let folder = Folder::new();
    folder.write("odd.csv", "when;who;whom\n1;2;3\n");
    let run = folder.run(&["replay", "odd.csv"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("unknown_format", run.stderr);
    // The skeleton, cut out as the hint says and corrected, is a mapping.
    let skeleton: String =
        run.stderr.lines().skip_while(|l| !l.starts_with("name =")).collect::<Vec<_>>().join("\n");
    let skeleton = skeleton.split("\nhint:").next().unwrap();
    let mapping = skeleton
        .replace("# started = ", "started = \"when\"")
        .replace("# dialled = ", "dialled = \"whom\"")
        .replace("# a_number = ", "a_number = \"who\"");
    folder.write("mapping.toml", &mapping);
    folder.write("odd.csv", "when;who;whom\n2026-09-01T10:00:00Z;205;0201234567\n");
    let run = folder.run(&["replay", "--no-report", "--mapping", "mapping.toml", "odd.csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn bad_files_are_told_with_a_way_out() {
    let folder = Folder::new();
    folder.write("empty.csv", "");
    folder.write_bytes("binary.csv", &[0x7f, 0x45, 0x4c, 0x46, 0x02, 0x01, 0xff, 0xfe, 0x00, 0x9b]);
    for (file, expected) in [
        ("absent.csv", "absent.csv: No such file"),
        ("empty.csv", "the file holds no rows"),
        ("binary.csv", "the file is not text"),
    ] {
        let run = folder.run(&["replay", file]);
        assert_eq!(run.code, 1, "{file}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'));
    }
    assert!(!folder.has("ringfence-report.html"), "nothing is written when nothing is found");
}

#[test]
fn a_policy_error_names_line_and_column() {
    let folder = Folder::new();
    for (policy, expected) in [
        ("mode = \"enforce\"\n[limits]\nper_hours = 3\n", "p.toml:3:1: unknown field `per_hours`"),
        ("[limits]\nper_hour = \"x\"\n", "p.toml:2:12: \"x\" is not an amount"),
        ("mode = enforce\n", "p.toml:1:8:"),
        ("time_zone = \"Mars/Base\"\n", "Mars/Base"),
        ("[limits]\nper_hour = 9000\nper_day = 1\n", "can never bind"),
        ("sources = [\"192.0.2\"]\n", "192.0.2"),
    ] {
        folder.write("p.toml", policy);
        let run = folder.run(&["policy", "check", "p.toml"]);
        assert_eq!(run.code, 1, "{policy}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
    }
}

#[test]
fn the_example_policy_checks_and_bounds_the_loss() {
    let folder = Folder::new();
    folder.write("p.toml", &folder.run(&["policy", "example"]).stdout);
    insta::assert_snapshot!("policy_check", folder.run(&["policy", "check", "p.toml"]).stdout);
    let answer = folder.run(&["policy", "check", "--output", "json", "p.toml"]).json();
    assert_eq!(answer["max_loss"]["hour"], 250_000_000);
    assert_eq!(answer["policy"]["limits"]["per_hour"], "250.00");
    assert_eq!(answer["ladder"].as_array().unwrap().len(), 6);
}

#[test]
fn numbers_are_inspected() {
    let folder = Folder::new();
    let numbers = ["0201234567", "+5352123456", "112", "201", "00881622123456", "=1+1"];
    let run = folder.run(&[&["number", "inspect"], &numbers[..]].concat());
    insta::assert_snapshot!("number_inspect", run.stdout);
    let all = [&["number", "inspect", "--output", "json"], &numbers[..]].concat();
    let answer = folder.run(&all).json();
    let read: Vec<_> = answer.as_array().unwrap().iter().map(|n| n["read_as"].clone()).collect();
    assert_eq!(read, ["outside", "outside", "emergency", "internal", "outside", "outside"]);
    assert_eq!(answer[0]["number"], "+31201234567");
    assert_eq!(answer[0]["default_tariff"], true);
    let belgian =
        folder.run(&["number", "inspect", "--country", "BE", "--output", "json", "0470123456"]);
    assert_eq!(belgian.json()[0]["country"], "BE");
}

#[test]
fn a_tariff_is_checked_and_used() {
    let folder = Folder::new();
    folder.write("t.csv", "prefix,name,price per minute\n31,Home,0.01\n53,Cuba,0.90\nxx,bad,1\n");
    let run = folder.run(&["tariff", "check", "t.csv"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("tariff_check", run.stdout);
    assert_eq!(folder.run(&["tariff", "check", "--fail-on-findings", "t.csv"]).code, 3);
    let answer = folder.run(&["tariff", "check", "--output", "json", "t.csv"]).json();
    assert_eq!((&answer["prefixes"], &answer["bad_rows_total"]), (&2.into(), &1.into()));
    let priced = ["number", "inspect", "--tariff", "t.csv", "--output", "json", "+5352123456"];
    let priced = folder.run(&priced).json();
    assert_eq!(priced[0]["per_minute"], 0.9);
    assert_eq!(priced[0]["default_tariff"], false);
    folder.write("odd.csv", "a;b\nc;d\n");
    let run = folder.run(&["tariff", "check", "odd.csv"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("--tariff-column"), "{}", run.stderr);
}

#[test]
fn the_judge_answers_each_line_once() {
    let folder = Folder::new();
    folder.write("r.csv", "prefix,name,price per minute\n53,Cuba,0.90\n");
    let lines = [
        r#"{"ev":"hello","rates":"r.csv","tz":"Europe/Amsterdam","tick_ms":10000,"latency_ms":0,"warmup_until":0}"#,
        "not json",
        r#"{"ev":"start","t":1795423449000,"call":7,"tenant":"a","ext":"205","dir":"out","b":"+31112"}"#,
        r#"{"ev":"end","t":1795423460000,"call":7,"code":480,"dur":0}"#,
        "last line without an end",
    ];
    let run = folder.run_with(&["judge"], &lines.join("\n"));
    assert_eq!(run.code, 0);
    assert_eq!(run.stdout, "{}\n".repeat(5));
    assert!(run.stderr.contains("error: line 2: "), "{}", run.stderr);
    assert!(run.stderr.contains("error: line 5: "), "{}", run.stderr);
}
