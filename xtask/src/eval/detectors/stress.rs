//! Gives every order that the protocol knows, by turns and without sense, so that each counter of
//! the scorer moves. `data/stress.py` is the same for the reference scorer.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Detector;

const LEVELS: [&str; 4] = ["foreign", "premium", "intl", "out"];

#[derive(Default)]
pub struct Stress {
    last_tenant: String,
    last_ext: String,
}

#[derive(Deserialize)]
struct Event {
    ev: String,
    t: u64,
    #[serde(default)]
    call: u64,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    ext: Value,
}

impl Detector for Stress {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        let event: Event = serde_json::from_slice(line)?;
        if event.ev == "start" {
            self.last_tenant.clone_from(&event.tenant);
            self.last_ext = event.ext.as_str().unwrap_or_default().to_owned();
        }
        if self.last_tenant.is_empty() {
            return Ok(());
        }
        let mixed = event.t.wrapping_mul(2_654_435_761).wrapping_add(event.call * 40_503);
        let answer = self.answer(&event, (mixed & 0xffff_ffff) >> 8);
        if answer != json!({}) {
            reply.extend(answer.to_string().bytes());
        }
        Ok(())
    }
}

impl Stress {
    fn answer(&self, event: &Event, turn: u64) -> Value {
        let every = |n: u64| turn.is_multiple_of(n);
        let mut answer = json!({});
        if event.ev == "start" && every(97) {
            answer = json!({"v": "deny", "why": "turn"});
        }
        let act = if every(211) {
            self.block(turn / 211)
        } else if every(151) {
            json!({"do": "terminate", "call": event.call.saturating_sub(turn / 151 % 4)})
        } else if every(173) {
            json!({"do": "alert", "tenant": self.last_tenant})
        } else if every(61) {
            let ext = (turn / 61).is_multiple_of(2).then_some(&self.last_ext);
            json!({"do": "unblock", "tenant": self.last_tenant, "ext": ext})
        } else {
            return answer;
        };
        answer["act"] = json!([act]);
        answer
    }

    fn block(&self, turn: u64) -> Value {
        let level = LEVELS.get((turn % 4) as usize);
        let ext = turn.is_multiple_of(3).then_some(&self.last_ext);
        let why = format!("turn {} with a reason that is longer than forty letters", turn % 5);
        json!({"do": "block", "tenant": self.last_tenant, "level": level, "ext": ext,
               "kill": turn.is_multiple_of(2), "why": why})
    }
}
