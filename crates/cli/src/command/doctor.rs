//! `ringfence doctor`.

use crate::failure::{FOUND, Outcome};
use crate::output::{print, print_json, safe};
use ringfence_server::doctor::{Finding, Health, Reach, examine};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look for what is wrong: settings, data folder, ports, kernel, clock, service, certificate, trunks
#[derive(clap::Args, Debug)]
#[command(after_help = HELP)]
pub struct Args {
    /// The settings of `serve`
    #[arg(long, value_name = "FILE", default_value = "/etc/ringfence/ringfence.toml")]
    config: PathBuf,
    /// Send nothing: trunks are neither looked up nor asked
    #[arg(long)]
    offline: bool,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
It changes nothing and does not disturb a running Ringfence. Run it as root: others see less.
Exit codes: 0 nothing fails, 3 something does.

Example:
  ringfence doctor --config /etc/ringfence/ringfence.toml";

pub fn run(args: &Args) -> Outcome {
    let reach = if args.offline { Reach::Here } else { Reach::Trunks };
    let found = examine(&args.config, reach);
    if args.json {
        print_json(&found)?;
    } else {
        print(&text(&found))?;
    }
    let fails = found.iter().any(|of| of.health == Health::Fail);
    Ok(if fails { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// One line per finding, and one below it for what to do.
fn text(found: &[Finding]) -> String {
    let width = found.iter().map(|of| of.check.len()).max().unwrap_or(0);
    let mut text = String::new();
    for of in found {
        let health = match of.health {
            Health::Ok => "ok  ",
            Health::Warn => "warn",
            Health::Fail => "FAIL",
        };
        let _ = writeln!(text, "{health}  {:width$}  {}", of.check, safe(&of.what));
        if let Some(mend) = &of.mend {
            let _ = writeln!(text, "      {:width$}  -> {}", "", safe(mend));
        }
    }
    let count = |health| found.iter().filter(|of| of.health == health).count();
    let (warnings, failures) = (count(Health::Warn), count(Health::Fail));
    let _ = writeln!(text, "{} looked at: {failures} fail, {warnings} to look at", found.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_remedy_the_next() {
        let finding = |check, health, mend: Option<&str>| Finding {
            check,
            health,
            what: "so".into(),
            mend: mend.map(ToOwned::to_owned),
        };
        let found = [
            finding("ports", Health::Ok, None),
            finding("data folder", Health::Fail, Some("this")),
        ];
        let expected = "ok    ports        so\nFAIL  data folder  so\n                   -> this\n\
                        2 looked at: 1 fail, 0 to look at\n";
        assert_eq!(text(&found), expected);
    }
}
