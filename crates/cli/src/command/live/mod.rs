//! Commands to a running Ringfence, over its control socket.

pub mod audit;
pub mod bans;
pub mod blocks;
pub mod calls;
pub mod orders;
pub mod plan;
pub mod registrations;
pub mod status;
pub mod trace;
pub mod trunks;

use crate::failure::{Failure, Kind, Outcome};
use crate::output::{Form, Table, print, print_json, safe};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_model::WallTime;
use ringfence_server::config;
use ringfence_server::control::{Answer, Ask, Client, ClientError};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// An order waits for the disk; a reload for large tariffs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which running Ringfence.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// The control socket
    #[arg(long, value_name = "SOCKET", env = "RINGFENCE_CONTROL", conflicts_with = "config")]
    control: Option<PathBuf>,
    /// Settings that name the control socket
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The form of the answer.
#[derive(Args, Clone, Debug)]
pub struct Shown {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    output: Form,
    /// Short for --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

/// Who gives an order.
#[derive(Args, Clone, Debug)]
pub struct By {
    /// Who gives the order, for the record; else the user who runs this
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Where {
    pub fn connect(&self) -> Outcome<Client> {
        let path = match (&self.control, &self.config) {
            (Some(control), _) => control.clone(),
            (None, Some(file)) => config::control_of(file)?,
            (None, None) => PathBuf::from(config::DATA).join(config::CONTROL),
        };
        Client::connect(&path).map_err(failed)
    }

    pub fn ask(&self, ask: Ask) -> Outcome<Answer> {
        self.connect()?.ask(ask, PATIENCE).map_err(failed)
    }

    /// Gives an order and says what came of it.
    pub fn order(&self, ask: Ask) -> Outcome {
        let Answer::Done { what, warnings } = self.ask(ask)? else { return Err(odd()) };
        for warning in warnings {
            print(&format!("warning: {}\n", safe(&warning)))?;
        }
        print(&format!("{}\n", safe(&what)))?;
        super::done()
    }
}

impl Shown {
    /// Writes an answer: `table` for people, `value` for programs.
    pub fn show<T: Serialize>(
        &self,
        value: &T,
        table: impl FnOnce() -> Table,
        none: &str,
    ) -> Outcome {
        match self.output {
            _ if self.json => print_json(value)?,
            Form::Json => print_json(value)?,
            Form::Csv => print(&table().csv()?)?,
            Form::Table => match table() {
                table if table.is_empty() => print(&format!("{none}\n"))?,
                table => print(&table.text())?,
            },
        }
        super::done()
    }
}

impl By {
    pub fn name(&self) -> String {
        let user = || ["SUDO_USER", "USER"].iter().find_map(|name| std::env::var(name).ok());
        self.by.clone().or_else(user).unwrap_or_else(|| "operator".to_owned())
    }
}

/// What went wrong, with a way out.
fn failed(error: ClientError) -> Failure {
    let hint = match &error {
        ClientError::Unreachable { source, .. } => match source.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "run this as the user Ringfence runs as".to_owned()
            }
            _ => "is it running? name its socket with --control, or its settings with --config"
                .to_owned(),
        },
        ClientError::Refused(fault) => fault.mend.clone(),
        _ => "see its log".to_owned(),
    };
    Failure::new(Kind::Input, error.into()).hint(hint)
}

/// An answer to another question.
fn odd() -> Failure {
    Failure::new(Kind::Fault, anyhow::anyhow!("the answer is of another kind than the question"))
}

/// A time as people read it, in the zone of this machine.
fn time(at: WallTime) -> String {
    let stamp = Timestamp::from_second(at.as_secs()).unwrap_or_default();
    stamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time that may not come.
fn until(at: Option<WallTime>) -> String {
    at.map_or_else(|| "a person lifts it".to_owned(), time)
}

/// How long since then, as `h:mm:ss`.
fn since(at: WallTime) -> String {
    let secs = (Timestamp::now().as_second() - at.as_secs()).max(0);
    format!("{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

fn text<T: AsRef<str>>(of: Option<T>) -> String {
    of.map_or_else(String::new, |of| safe(of.as_ref()))
}

/// `90s`, `15m`, `8h`, `7d`.
fn secs(text: &str) -> Result<u64, String> {
    let wrong = || "write a time such as 90s, 15m, 8h or 7d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text.get(..text.len() - 1).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
    count.checked_mul(unit).filter(|secs| (1..=31_536_000).contains(secs)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_four_units() {
        assert_eq!(
            [secs("90s"), secs("15m"), secs("8h"), secs("7d")],
            [Ok(90), Ok(900), Ok(28_800), Ok(604_800)]
        );
        for wrong in ["", "5", "0s", "1w", "-1s", "366d", "99999999999999999999d", "é"] {
            assert!(secs(wrong).is_err(), "{wrong}");
        }
    }
}
