//! Proof that this port is faithful: the reference scorer over the real pipe gives equal figures.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::score::Score;

/// Figures of one side only: run times, and what only the port reports.
const NOT_COMPARED: [&str; 3] = ["wall_s", "runtime", "detail"];

/// Runs `score.py` of the data folder on one set and fails unless it agrees with `ours`.
pub fn check(data: &Path, set: &str, command: Option<&str>, ours: &Score) -> Result<()> {
    let theirs = run(data, set, command)?;
    let differences = differences(&serde_json::to_value(ours)?, &theirs);
    ensure!(
        differences.is_empty(),
        "{set}: the port and the reference scorer differ:\n{}",
        differences.join("\n")
    );
    println!("{set}: equal to the reference scorer");
    if let Some(runtime) = theirs.get("runtime") {
        println!("{set}: over the pipe {runtime}");
    }
    Ok(())
}

fn run(data: &Path, set: &str, command: Option<&str>) -> Result<Value> {
    let out = tempfile::NamedTempFile::new()?;
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(data);
    python.args(["score.py", if command.is_some() { "run" } else { "null" }, set, "-q"]);
    python.arg("--json").arg(out.path());
    if let Some(command) = command {
        python.args(["--cmd", command]);
    }
    let output = python.output().context("starting python3 score.py")?;
    ensure!(
        output.status.success(),
        "score.py on {set} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = std::fs::read(out.path())?;
    serde_json::from_slice(&bytes).context("reading the figures of score.py")
}

/// Every path where two trees of figures disagree.
pub fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", ours, theirs, &mut found);
    found
}

fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys.into_iter().filter(|key| !NOT_COMPARED.contains(&key.as_str())) {
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned();
                let (a, b) = (of(a).unwrap_or_default(), of(b).unwrap_or_default());
                compare(&format!("{path}/{key}"), &a, &b, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}/{at}"), a, b, found);
            }
        }
        // The reference scorer writes an absent summary as `{}` and some zeros as integers.
        (Value::Null, Value::Object(empty)) if empty.is_empty() => {}
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => found.push(format!("  {path}: {a} here, {b} there")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::differences;

    #[test]
    fn names_each_differing_figure_and_ignores_run_times() {
        let ours = json!({"a": 1.0, "b": [1, 2], "detail": 1, "attacks": null});
        let same = json!({"a": 1, "b": [1, 2], "wall_s": 3.2, "attacks": {}});
        assert!(differences(&ours, &same).is_empty());
        let other = json!({"a": 1.01, "b": [1], "attacks": {"n": 1}});
        assert_eq!(differences(&ours, &other).len(), 3);
    }
}
