//! Orders of the detector and of the operator's desk, carried out.

use anyhow::{Context, Result};

use super::course::Measure;
use super::replay::{Due, LATENCY_MS, REVIEW_DELAY_MS, Replay};
use super::reply::{Action, Level};
use super::set::Start;

impl Replay<'_> {
    pub fn obey(&mut self, action: Action, t: i64) -> Result<()> {
        if t < self.set.truth.score_from {
            return Ok(()); // nothing is enforced during warm-up
        }
        match action {
            Action::Terminate { call } => self.terminate(call, t),
            Action::Block { tenant, level, ext, kill, why } => {
                let tenant = self.tenant(&tenant)?;
                self.block(tenant, ext.clone(), level, t, &why);
                if kill {
                    self.kill(tenant, ext.as_deref(), level, t);
                }
                self.ask_review(tenant, t, Measure::Block, &why);
            }
            Action::Alert { tenant } => {
                let tenant = self.tenant(&tenant)?;
                self.tally.alerts_false += u64::from(self.attack_at(tenant, t).is_none());
                self.ask_review(tenant, t, Measure::Alert, "");
            }
            Action::Unblock { tenant, ext } => {
                let tenant = self.tenant(&tenant)?;
                self.unblock(tenant, ext);
            }
        }
        Ok(())
    }

    fn tenant(&self, name: &str) -> Result<u32> {
        let known = self.set.tenants.get(name).copied();
        let known = known.filter(|at| (*at as usize) < self.set.truth.tenants.len());
        known.with_context(|| format!("the detector named the unknown tenant {name}"))
    }

    fn terminate(&mut self, call: u64, t: i64) {
        let Some(active) = self.active.get(&call).copied() else { return };
        if let Some(attack) = self.campaign(active.start) {
            attack.detect(t, Measure::Cut, "");
        }
        self.plan(t + LATENCY_MS, Due::Cut(call));
    }

    fn block(&mut self, tenant: u32, ext: Option<String>, level: Level, t: i64, why: &str) {
        let standing = self.blocks.entry(tenant).or_default();
        let fresh = standing.is_empty();
        standing.insert(ext, level);
        if !fresh {
            return;
        }
        if self.attack_at(tenant, t).is_some() {
            self.tally.blocks_true += 1;
            return;
        }
        self.tally.blocks_false += 1;
        self.false_blocks.insert(tenant, 0);
        self.record_wrong(tenant, t, "block", why);
        let reason: String = why.chars().take(40).collect();
        *self.tally.block_reasons.entry(reason).or_default() += 1;
    }

    /// Cuts the running and ringing calls that a block forbids.
    fn kill(&mut self, tenant: u32, ext: Option<&str>, level: Level, t: i64) {
        let set = self.set;
        let calls = self.calls_where(|call| {
            let start = call.start;
            start.tenant == tenant
                && ext.is_none_or(|ext| set.extension(start.ext) == ext)
                && start.rate.is_some_and(|at| level.covers(set.deck.rate(at).class))
        });
        for call in calls {
            self.terminate(call, t);
        }
    }

    fn unblock(&mut self, tenant: u32, ext: Option<String>) {
        let Some(standing) = self.blocks.get_mut(&tenant) else { return };
        if ext.is_some() {
            standing.remove(&ext);
        } else {
            standing.clear();
        }
        if standing.is_empty() {
            self.blocks.remove(&tenant);
            self.close_false_block(tenant);
        }
    }

    /// The level of the block that refuses this outbound call; 112 always passes.
    pub fn standing_block(&self, start: Start) -> Option<Level> {
        let standing = self.blocks.get(&start.tenant)?;
        let class = self.set.deck.rate(start.rate?).class;
        let ext = self.set.extension(start.ext);
        let whole = standing.get(&None).copied();
        let own = standing.get(&Some(ext.to_owned())).copied();
        let refuses = |level: &Level| level.covers(class) && !start.emergency;
        whole.filter(refuses).or(own.filter(refuses))
    }

    fn ask_review(&mut self, tenant: u32, t: i64, measure: Measure, why: &str) {
        if let Some(at) = self.attack_at(tenant, t) {
            self.campaigns[at].detect(t, measure, why);
        }
        if self.awaiting_review.insert(tenant) {
            let attended = self.set.desk.attended(t + REVIEW_DELAY_MS);
            self.plan(attended, Due::Review(tenant));
        }
    }

    /// A person looks: closes the hole if there is one, and lifts all blocks of the tenant.
    pub fn review(&mut self, tenant: u32, t: i64) -> Result<()> {
        self.awaiting_review.remove(&tenant);
        let attack = self.attack_at(tenant, t);
        self.blocks.remove(&tenant);
        self.close_false_block(tenant);
        if let Some(at) = attack.filter(|at| self.campaigns[*at].ended.is_none()) {
            self.campaigns[at].ended = Some(t);
            self.campaigns[at].course.closed = Some(t);
            let ours = |of: Option<u16>| of.is_some_and(|of| usize::from(of) == at);
            for call in self.calls_where(|call| ours(call.start.attack)) {
                self.tear_down(call, t)?;
            }
        }
        let known = self.set.truth.tenants.get(tenant as usize);
        let name = known.map_or("?", |(name, _)| name.as_str());
        let result = if attack.is_some() { "fraud" } else { "legit" };
        let line = serde_json::json!({"ev": "review", "t": t, "tenant": name, "result": result});
        self.send(t, line.to_string().as_bytes()).map(drop)
    }

    pub fn close_false_block(&mut self, tenant: u32) {
        let harmed = self.false_blocks.remove(&tenant);
        self.tally.blocks_false_harm += u64::from(harmed.is_some_and(|calls| calls > 0));
    }

    /// Ends a call by order and tells the detector so.
    pub fn tear_down(&mut self, call: u64, t: i64) -> Result<()> {
        let Some((active, secs)) = self.finish(call, t) else { return Ok(()) };
        self.gone.insert(call);
        let start = active.start;
        if start.rate.is_some() && t >= self.set.truth.score_from {
            self.count_cut(start, t);
        }
        let code = if active.answered.is_some() { 200 } else { 487 };
        let line = serde_json::json!({
            "ev": "end", "t": t, "call": call, "code": code, "dur": secs, "by": "policy",
        });
        self.send(t, line.to_string().as_bytes()).map(drop)
    }

    fn count_cut(&mut self, start: Start, t: i64) {
        self.tally.emergency_touched += u64::from(start.emergency);
        if let Some(attack) = self.campaign(start) {
            attack.cut += 1;
        } else if self.attack_at(start.tenant, t).is_some() {
            self.tally.coll_cut += 1;
        } else {
            self.tally.cut += 1;
            self.tally.odd_hit.extend(start.odd);
            if !self.false_blocks.contains_key(&start.tenant) {
                self.wrong_refusal(start.tenant, t, "cut", "");
            }
        }
    }
}
