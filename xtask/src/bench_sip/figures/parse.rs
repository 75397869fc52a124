//! Reading an INVITE and what a server must know of it before it can do anything.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Reading, at_most, told};
use crate::bench_sip::peers::built;
use crate::bench_sip::stand::{Stand, median};

/// Measured by a program of its own, whose allocator counts.
pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    // Without optimisation across crates, which the release has: it is no slower than this.
    let example = ["--profile", "replay", "--package", "xtask", "--example", "read_invite"];
    let program = built(&example, "replay/examples/read_invite")?;
    let mut runs = Vec::new();
    for _ in 0..stand.runs {
        let mut command = Command::new(&program);
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = command.output().context("starting read_invite")?;
        ensure!(output.status.success(), "read_invite failed");
        runs.push(Told::read(&String::from_utf8(output.stdout)?)?);
    }
    let middle = |field: fn(&Told) -> f64| median(runs.iter().map(field).collect());
    let bytes = middle(|told| told.bytes);
    Ok(vec![
        told(format!("parsing an INVITE of {bytes} bytes"), middle(|told| told.parse), "µs"),
        at_most(
            "the same, with what identifies its transaction",
            middle(|told| told.ids),
            "µs",
            2.0,
        ),
        at_most("allocations then", middle(|told| told.allocations), "", 2.0),
    ])
}

/// What `read_invite` prints.
struct Told {
    bytes: f64,
    parse: f64,
    ids: f64,
    allocations: f64,
}

impl Told {
    fn read(line: &str) -> Result<Self> {
        let numbers: Vec<f64> =
            line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [bytes, parse, ids, allocations] = numbers[..] else {
            anyhow::bail!("read_invite said {line:?}");
        };
        Ok(Self { bytes, parse, ids, allocations })
    }
}
