//! The product: what `ringfence judge` answers over the pipe, in process; and the same with nobody to hear it.

use anyhow::{Context, Result};
use ringfence_cli::judge::Judge;
use ringfence_model::Policy;
use serde_json::Value;

use super::Detector;

pub struct Ringfence(Judge);

impl Ringfence {
    pub fn new(policy: &Policy) -> Self {
        Self(Judge::new(policy.clone()))
    }
}

impl Detector for Ringfence {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        self.0.line(line, reply)
    }
}

/// The product where nobody answers alerts: people look at blocks alone.
pub struct Unheard(Judge);

impl Unheard {
    pub fn new(policy: &Policy) -> Self {
        Self(Judge::new(policy.clone()))
    }
}

impl Detector for Unheard {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        self.0.line(line, reply)?;
        if reply.len() <= b"{}\n".len() {
            return Ok(());
        }
        let mut said: Value = serde_json::from_slice(reply).context("a reply of the judge")?;
        if let Some(actions) = said.get_mut("act").and_then(Value::as_array_mut) {
            actions.retain(|action| action.get("do").is_none_or(|what| what != "alert"));
        }
        reply.clear();
        Ok(serde_json::to_writer(reply, &said)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Set, run, small};

    #[test]
    fn unheard_alerts_reach_nobody_and_the_rest_stays() {
        let set = Set::load(&small()).unwrap();
        let heard = run(&set, &mut Ringfence::new(&Policy::default())).unwrap();
        let unheard = run(&set, &mut Unheard::new(&Policy::default())).unwrap();
        assert!(heard.harm.false_alerts_per_1000cm > 0.0);
        assert_eq!(unheard.harm.false_alerts_per_1000cm, 0.0);
        assert!(unheard.harm.true_blocks > 0);
    }
}
