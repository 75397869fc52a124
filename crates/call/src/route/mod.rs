//! Where a call goes: first what it is ([`plan`]), then, when it was ruled on, by which ways ([`routes`]).

mod elsewhere;
pub mod number;
mod parties;
mod plan;
mod ways;

pub use elsewhere::{Detour, Redirection, diverted, redirected};
pub use plan::{Plan, Refusal, plan, source};
pub use ways::{LegTarget, Net, Way, flow_to, routes, sip};
