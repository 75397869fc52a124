//! Figures that one clean process measures once: memory, latencies, long runs.
//!
//! Each gauge runs in a process of its own (`cargo xtask gauge NAME`), so that what one leaves behind is not in the
//! memory of the next.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// A named measurement.
pub struct Gauge {
    pub name: &'static str,
    pub measure: Box<dyn Fn() -> Result<Vec<Reading>>>,
}

/// One figure.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reading {
    pub what: String,
    pub value: f64,
    pub unit: String,
    pub must: Option<Bound>,
}

/// What a figure must keep.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    pub fn shown(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
        }
    }

    pub fn keeps(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl Gauge {
    /// Measures in this process and says it in one last line of JSON.
    pub fn tell(&self) -> Result<()> {
        let readings = (self.measure)().with_context(|| format!("measuring {}", self.name))?;
        println!("{}", serde_json::to_string(&readings)?);
        Ok(())
    }

    /// Measures in a process of its own.
    pub fn ask(&self, arguments: &[String]) -> Result<Vec<Reading>> {
        let mut child = Command::new(std::env::current_exe()?);
        child.arg("gauge").arg(self.name).args(arguments).stdin(Stdio::null());
        let output = child.stderr(Stdio::inherit()).output().context("starting a gauge")?;
        ensure!(output.status.success(), "the gauge {} failed", self.name);
        let said = String::from_utf8(output.stdout)?;
        let last = said.lines().next_back().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("the gauge {} said {last}", self.name))
    }
}

/// Bytes of this process that are in memory now, and the most there ever were.
pub fn resident_bytes() -> Result<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").context("asking Linux")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let both = field("VmRSS:").zip(field("VmHWM:")).context("/proc/self/status has no VmRSS")?;
    Ok((both.0 * 1024, both.1 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_a_direction() {
        assert!(Bound::AtMost(2.0).keeps(2.0) && !Bound::AtMost(2.0).keeps(2.1));
        assert!(Bound::AtLeast(2.0).keeps(2.0) && !Bound::AtLeast(2.0).keeps(1.9));
    }

    #[test]
    fn memory_in_use_shows() {
        let (before, _) = resident_bytes().unwrap();
        let block = vec![1_u8; 64 << 20];
        let (after, most) = resident_bytes().unwrap();
        assert!(after >= before + (48 << 20) && most >= after, "{before} {after} {most}");
        assert_eq!(block.len(), 64 << 20);
    }
}
