//! `ringfence judge`: verdicts over a pipe, one line in, one line out.

mod speak;

use anyhow::{Context, Result, bail};
use ringfence_connect::judge_line::{Hello, Line, Parser};
use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{CallEvent, Mode, Now, Policy, WallTime};
use ringfence_numbering::{Columns, DialPlan, ImportOptions, Tariff};
use std::sync::Arc;

/// A judge: the gate behind the line protocol.
pub struct Judge {
    parser: Parser,
    policy: Policy,
    shard: Option<Shard>,
}

/// What exists once the first line has told the tariff.
struct Shard {
    gate: Gate,
    setup: Setup,
    policy: Policy,
    /// Until then nothing is enforced; `None` when that time is over.
    warmup_until: Option<WallTime>,
}

impl Judge {
    /// A judge that works by `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { parser: Parser::default(), policy, shard: None }
    }

    /// Answers one line: appends exactly one line to `answer`.
    ///
    /// # Errors
    /// When the line cannot be read, or the first line's tariff cannot be used. The answer is then `{}`.
    pub fn line(&mut self, line: &[u8], answer: &mut Vec<u8>) -> Result<()> {
        let reply = self.answer(line);
        reply.as_ref().ok().cloned().unwrap_or_default().write_line(answer)?;
        reply.map(drop)
    }

    fn answer(&mut self, line: &[u8]) -> Result<ringfence_connect::judge_line::Reply> {
        let (wall, event) = match self.parser.parse(line)? {
            Line::Hello(hello) => {
                self.shard = Some(Shard::new(&hello, &self.policy)?);
                return Ok(Default::default());
            }
            Line::Other => return Ok(Default::default()),
            Line::Tick { t } => (t, None),
            Line::Event { t, event, blocked: _ } => (t, Some(event)),
        };
        let Some(shard) = self.shard.as_mut() else {
            bail!("the first line must be hello: it tells the rate deck");
        };
        Ok(shard.handle(wall, event.as_ref()))
    }
}

impl Shard {
    fn new(hello: &Hello, policy: &Policy) -> Result<Self> {
        let bytes = std::fs::read(&hello.rates)
            .with_context(|| format!("cannot read the rate deck {}", hello.rates))?;
        let (tariff, _) = Tariff::import(&bytes, &Columns::default(), &ImportOptions::default())
            .with_context(|| format!("cannot use the rate deck {}", hello.rates))?;
        let mut policy = policy.clone();
        if !hello.tz.is_empty() {
            policy.time_zone.clone_from(&hello.tz);
        }
        let watching = Policy { mode: Mode::Observe, ..policy.clone() };
        let setup = Setup {
            settings: Arc::new(Settings::new(watching)?),
            dial_plan: Arc::new(DialPlan::default()),
            tariff: Arc::new(tariff),
        };
        let gate = Gate::new(Arc::new(Snapshot::of(setup.clone())));
        Ok(Self { gate, setup, policy, warmup_until: Some(hello.warmup_until) })
    }

    fn handle(
        &mut self,
        wall: WallTime,
        event: Option<&CallEvent>,
    ) -> ringfence_connect::judge_line::Reply {
        let now = Now::from_wall(wall);
        if self.warmup_until.is_some_and(|until| wall >= until) {
            self.warmup_until = None;
            // The policy was checked as a whole when the judge started.
            if let Ok(settings) = Settings::new(self.policy.clone()) {
                let setup = Setup { settings: Arc::new(settings), ..self.setup.clone() };
                self.gate.handle(now, Input::Snapshot(Arc::new(Snapshot::of(setup))));
                while !matches!(self.gate.poll(), Output::Sleep(_)) {}
            }
        }
        self.gate.handle(now, event.map_or(Input::Tick, Input::Event));
        let mut reply = Default::default();
        loop {
            match self.gate.poll() {
                Output::Sleep(_) => return reply,
                output => speak::add(&mut reply, output),
            }
        }
    }
}
