//! Things going wrong, and what may not be held against whom afterwards.

use super::World;
use super::schedule::Event;
use crate::sip::fault::Fault;
use crate::sip::ladder::Line;
use crate::sip::network::Way;
use anyhow::Result;
use ringfence_gate::{Command, Input};
use ringfence_model::{Moment, Scope};

/// What nothing that happened to a node may be held against.
#[derive(Default)]
pub struct Disturbed {
    /// Nodes to which something happened.
    pub nodes: Vec<usize>,
    /// Plans an operator ended.
    pub ended: Vec<usize>,
    /// Calls were shed, or no new ones taken, at some time.
    pub shed: bool,
    /// The program was stopped, with what it said since a moment lost, at another.
    pub restart: Option<(Moment, Moment)>,
}

impl World<'_> {
    pub(super) fn fault(&mut self, fault: &Fault) -> Result<()> {
        (self.show)(self.at, Line::Fault(fault));
        self.faults += 1;
        match *fault {
            Fault::Rebind(node) | Fault::Cut(node) | Fault::Crash(node) | Fault::Break(node) => {
                self.disturbed.nodes.push(node);
            }
            Fault::End(plan) => self.disturbed.ended.push(plan),
            Fault::Load(..) | Fault::Drain | Fault::Block(..) => self.disturbed.shed = true,
            _ => {}
        }
        match fault {
            Fault::Rebind(node) => self.ways.get_mut(*node).into_iter().for_each(Way::rebind),
            Fault::Cut(node) | Fault::Mend(node) => {
                if let Some(way) = self.ways.get_mut(*node) {
                    way.cut = matches!(fault, Fault::Cut(_));
                }
                if matches!(fault, Fault::Cut(_)) {
                    self.break_connection(*node);
                }
            }
            Fault::Crash(node) => {
                let at = self.at;
                self.agents.get_mut(*node).into_iter().for_each(|agent| agent.crash(at));
                self.off.get_mut(*node).into_iter().for_each(|off| *off = true);
                self.break_connection(*node);
            }
            Fault::Boot(node) => {
                self.off.get_mut(*node).into_iter().for_each(|off| *off = false);
                self.happen(Event::Register(*node))?;
            }
            Fault::Break(node) => {
                self.break_connection(*node);
                self.happen(Event::Register(*node))?;
            }
            Fault::ClockStep(secs) => self.step_us += secs * 1_000_000,
            Fault::Block(tenant, level) => {
                self.tell(Input::Command(Command::Block {
                    scope: Scope::Tenant(tenant.clone()),
                    level: *level,
                    until: None,
                    by: "operator".into(),
                }))?;
            }
            Fault::End(plan) => {
                if let Some(call) = self.watch.call_of(*plan) {
                    self.watch.ordered(call);
                    self.tell(Input::Command(Command::Cut { call, by: "operator".into() }))?;
                }
            }
            Fault::Load(waiting, backlog) => {
                self.tell(Input::Load { waiting: *waiting, backlog: *backlog })?;
            }
            Fault::Drain => self.tell(Input::Command(Command::Drain))?,
            Fault::Stall(time) => self.store.stall(self.at, self.at + *time),
            Fault::Restart => self.restart()?,
        }
        Ok(())
    }
}
