//! How long running calls go on once there is a reason to end them.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Reading, at_most, told};
use crate::bench_sip::capacity::why;
use crate::bench_sip::load::{Beside, Plan, Tally, run};
use crate::bench_sip::peers::SETTINGS;
use crate::bench_sip::process::Server;
use crate::bench_sip::stand::{Stand, Who, median, short_calls};

/// Calls that are up when their customer is blocked.
const CALLS: u64 = 500;
/// When the order is given.
const ORDER: Duration = Duration::from_secs(3);

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let (mut first, mut all) = (Vec::new(), Vec::new());
    for _ in 0..stand.runs {
        let (one, last) = cut(stand)?;
        first.push(one);
        all.push(last);
    }
    Ok(vec![
        told("from `ringfence blocks add` to the first call cut", median(first), "ms"),
        at_most(format!("the same, to both BYEs of all {CALLS} calls"), median(all), "ms", 1_000.0),
    ])
}

/// Milliseconds until the first and until the last call was cut.
fn cut(stand: &Stand) -> Result<(f64, f64)> {
    let server = stand.start(Who::Ringfence)?;
    let plan =
        Plan { talk: Duration::from_secs(20), ..short_calls(Some(&server), CALLS as f64, 1) };
    let mut cutter = Cutter { stand, server: &server, order: None, first: None, all: None };
    let outcome = run(plan, &mut cutter)?;
    let times = cutter.first.zip(cutter.all);
    let (first, all) = times.with_context(|| {
        let tally = &outcome.tally;
        let cut = format!("{} callers and {} called were told", tally.cut, tally.hung_up);
        format!("calls were not cut: {cut}; {}\n{}", why(&outcome), server.said())
    })?;
    cutter.obeyed()?;
    Ok((first.as_secs_f64() * 1e3, all.as_secs_f64() * 1e3))
}

/// Blocks the customer and watches the calls end.
struct Cutter<'s> {
    stand: &'s Stand,
    server: &'s Server,
    /// The command, and when it was started.
    order: Option<(Child, Duration)>,
    first: Option<Duration>,
    all: Option<Duration>,
}

impl Beside for Cutter<'_> {
    fn turn(&mut self, elapsed: Duration, tally: &Tally) -> Result<()> {
        let Some((_, given)) = &self.order else {
            if elapsed >= ORDER {
                ensure!(tally.answered == CALLS, "{} of {CALLS} calls are up", tally.answered);
                self.order = Some((self.give()?, elapsed));
            }
            return Ok(());
        };
        let since = elapsed.saturating_sub(*given);
        if tally.cut > 0 {
            self.first.get_or_insert(since);
        }
        if tally.cut >= CALLS && tally.hung_up >= CALLS {
            self.all.get_or_insert(since);
        }
        Ok(())
    }
}

impl Cutter<'_> {
    /// As an operator does; the time the command itself takes counts.
    fn give(&self) -> Result<Child> {
        let mut command = Command::new(self.stand.program()?);
        command.args(["blocks", "add", "company", "--level", "suspended", "--by", "bench"]);
        command.arg("--config").arg(self.server.folder.join(SETTINGS));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().context("starting `ringfence blocks add`")
    }

    fn obeyed(self) -> Result<()> {
        let (child, _) = self.order.context("no order was given")?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`ringfence blocks add`: {}", said.trim());
        Ok(())
    }
}
