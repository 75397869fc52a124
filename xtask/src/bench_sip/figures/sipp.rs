//! The same calls made by SIPp, so that the figures do not hang on a load generator of our own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Reading, at_most, told};
use crate::bench_sip::ground::{CARRIER, PBX};
use crate::bench_sip::process::{Server, installed, run_quietly};
use crate::bench_sip::stand::{Stand, Who, costed, short_calls};
use crate::tidy::root;

/// Well within what SIPp makes on one core, both sides of it.
const RATE: u64 = 1_000;
const SECS: u64 = 10;

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    for who in Who::BOTH {
        // Each server has the address to itself.
        let own = {
            let server = stand.start(who)?;
            costed(&server, short_calls(Some(&server), RATE as f64, 5))?.1
        };
        let server = stand.start(who)?;
        let folder = stand.fresh_folder()?;
        let before = server.cpu()?;
        let counts = calls(&server, &folder)?;
        let used = server.cpu()? - before;
        let name = who.name();
        let cost = used.as_secs_f64() * 1e6 / counts.completed.max(1) as f64;
        readings.push(told(format!("CPU a call at {RATE}/s made by SIPp, {name}"), cost, "µs"));
        readings.push(told(
            format!("the same made by our load, {name}"),
            own.as_secs_f64() * 1e6,
            "µs",
        ));
        if who == Who::Ringfence {
            let bad = counts.failed + counts.begun.saturating_sub(counts.completed);
            let what = format!("of {} calls of SIPp failed", counts.begun);
            readings.push(at_most(what, bad as f64, "", 0.0));
            readings.push(at_most("messages SIPp sent again", counts.resent as f64, "", 0.0));
        }
    }
    Ok(readings)
}

/// What SIPp counted.
#[derive(Debug, PartialEq)]
struct Counts {
    begun: u64,
    completed: u64,
    failed: u64,
    resent: u64,
}

fn calls(server: &Server, folder: &Path) -> Result<Counts> {
    let scenes = root()?.join("bench/sipp");
    let sipp = installed("sipp", "sip-tester")?;
    let start = |scene: &str, at: std::net::SocketAddr| {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(&sipp).arg(server.address.to_string());
        command.arg("-sf").arg(scenes.join(scene)).arg("-inf").arg(scenes.join("numbers.csv"));
        command.args(["-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-nostdin"]);
        command.args(["-buff_size", "4194304", "-trace_stat", "-fd", "1"]).arg("-stf");
        command.arg(folder.join(scene).with_extension("csv"));
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let mut called = Ended(start("called.xml", CARRIER).spawn().context("starting SIPp")?);
    let mut caller = start("caller.xml", PBX);
    caller.args(["-r", &RATE.to_string(), "-m", &(RATE * SECS).to_string()]);
    // All calls are over within the time RFC 3261 gives to a transaction, or never.
    caller.args(["-timeout", &format!("{}s", SECS + 34), "-timeout_error"]);
    let mut caller = Ended(caller.spawn().context("starting SIPp")?);
    caller.0.wait()?;
    called.stop()?;
    let table =
        std::fs::read_to_string(folder.join("caller.csv")).context("SIPp left no statistics")?;
    Counts::read(&table).with_context(|| format!("SIPp said:\n{table}"))
}

impl Counts {
    /// The last line of `-trace_stat`.
    fn read(table: &str) -> Option<Self> {
        let mut lines = table.lines();
        let head: Vec<&str> = lines.next()?.split(';').collect();
        let last: Vec<&str> = lines.next_back()?.split(';').collect();
        let cell = |name: &str| {
            let at = head.iter().position(|cell| *cell == name)?;
            last.get(at)?.parse().ok()
        };
        Some(Self {
            begun: cell("TotalCallCreated")?,
            completed: cell("SuccessfulCall(C)")?,
            failed: cell("FailedCall(C)")?,
            resent: cell("Retransmissions(C)")?,
        })
    }
}

/// A child that does not outlive its use.
struct Ended(Child);

impl Ended {
    fn stop(&mut self) -> Result<()> {
        if self.0.try_wait()?.is_none() {
            run_quietly("kill", &["-TERM", &self.0.id().to_string()])?;
        }
        let begin = std::time::Instant::now();
        while self.0.try_wait()?.is_none() {
            ensure!(begin.elapsed() < Duration::from_secs(5), "SIPp does not stop");
            crate::bench_sip::process::pause(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_the_statistics_counts() {
        let table = "StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(C);Retransmissions(C)\n\
            a;1;1;1;0;0\nb;300;2;298;2;5\n";
        let expected = Counts { begun: 300, completed: 298, failed: 2, resent: 5 };
        assert_eq!(Counts::read(table), Some(expected));
        assert_eq!(Counts::read("x;y\n1;2\n"), None);
    }
}
