//! What a shard holds, as operators see it.

use crate::control::{BanLine, BlockLine, BlockRef, CallLine, RegistrationLine, TrunkLine};
use crate::records::by;
use ringfence_call::{
    CallView, Directory, Hop, Party, Phase, RegistrationView, Side, Standing, TrunkView,
};
use ringfence_gate::Gate;
use ringfence_guard::{Cause, Reach};
use ringfence_model::{Attempt, Block, Masked, Now, Via};

/// Blocks in force, with the number of the shard they are numbered in.
pub(crate) fn blocks(gate: &Gate, now: Now) -> Vec<BlockLine> {
    let shard = gate.calls().shard();
    let line = |block: &Block| BlockLine {
        block: BlockRef { shard, number: block.id.0 },
        tenant: block.scope.tenant().clone(),
        extension: block.scope.extension().cloned(),
        level: block.level,
        since: block.since,
        until: block.until,
        by: by(block).to_owned(),
        shadow: block.shadow,
    };
    // One that ended is swept at the next look at its tenant.
    let in_force = |block: &&Block| block.until.is_none_or(|until| until > now.wall);
    gate.engine().blocks().filter(in_force).map(line).collect()
}

/// Running calls; numbers are masked unless `full`.
pub(crate) fn calls(gate: &Gate, full: bool) -> Vec<CallLine> {
    let shown = |text: &str| if full { text.to_owned() } else { Masked(text).to_string() };
    let line = |call: CallView| CallLine {
        call: call.call,
        known_as: call.known_as,
        tenant: call.tenant,
        extension: call.extension,
        trunk: call.trunk,
        to_trunk: call.callee.as_ref().and_then(|(_, trunk)| trunk.clone()),
        direction: call.direction,
        state: match call.phase {
            Phase::Trying => "calling",
            Phase::Ringing => "ringing",
            Phase::Up => "up",
            Phase::Over => "ending",
        }
        .to_owned(),
        a_number: call.a_number.map_or_else(String::new, |number| shown(&number.full())),
        dialled: shown(&call.dialled),
        started: call.began,
        answered: call.answered,
        caller: call.caller.map(|flow| flow.remote),
        callee: call.callee.map(|(flow, _)| flow.remote),
    };
    gate.running().map(line).collect()
}

/// What is known of the attempt of a call that was taken up after a restart.
pub(crate) fn attempt(call: CallView) -> Attempt {
    Attempt {
        call: call.call,
        tenant: call.tenant,
        trunk: call.trunk,
        extension: call.extension,
        direction: call.direction,
        a_number: call.a_number,
        dialled: call.dialled,
        forwarded_by: None,
        via: Via::Unknown,
        source: None,
        parent: None,
    }
}

/// Phones that are registered.
pub(crate) fn registrations(gate: &Gate, now: Now) -> Vec<RegistrationLine> {
    let line = |of: RegistrationView| {
        let Party::Phone { tenant, extension } = of.party else { return None };
        Some(RegistrationLine {
            tenant,
            extension,
            contact: String::from_utf8_lossy(&of.binding.contact).into_owned(),
            source: of.binding.flow.remote,
            transport: of.binding.flow.transport.as_str().to_owned(),
            user_agent: of.binding.user_agent.as_deref().map(ToOwned::to_owned),
            until: now.wall + (of.binding.expires - now.moment),
        })
    };
    gate.calls().registrations().filter_map(line).collect()
}

/// SIP links as this shard sees them.
pub(crate) fn trunks(gate: &Gate, directory: &Directory) -> Vec<TrunkLine> {
    let line = |view: TrunkView| {
        let of = directory.trunk(&view.trunk)?;
        let TrunkView { trunk, health } = view;
        let standing = health.registration.as_ref();
        let nowhere = health.hops.is_empty() && !of.targets.is_empty();
        Some(TrunkLine {
            tenant: of.tenant.clone(),
            side: match of.side {
                Side::Pbx => "pbx",
                Side::Carrier => "carrier",
            }
            .to_owned(),
            alive: of.probe.map(|_| health.alive && !nowhere),
            registered: standing.map(|it| matches!(it, Standing::Registered { .. })),
            hops: health.hops.iter().map(hop).collect(),
            trouble: match standing {
                Some(Standing::Failed { why, .. }) => Some(why.to_string()),
                _ if nowhere => Some("its name leads to no address".to_owned()),
                _ => None,
            },
            trunk,
        })
    };
    gate.calls().trunks().filter_map(line).collect()
}

fn hop((hop, alive): &(Hop, bool)) -> String {
    let dead = if *alive { "" } else { " (dead)" };
    format!("{} {}{dead}", hop.transport.as_str(), hop.remote)
}

/// Sources that are not heard.
pub(crate) fn bans(gate: &Gate, now: Now) -> Vec<BanLine> {
    let why = |cause: &Cause| match cause {
        Cause::Evidence(evidence) => format!("{evidence:?}"),
        Cause::Order(by) => format!("by {by}"),
    };
    let line = |ban: &ringfence_guard::Ban| BanLine {
        net: ban.net,
        datagrams_only: ban.reach == Reach::Datagrams,
        why: why(&ban.cause),
        until: ban.until,
    };
    gate.guard().bans(now).iter().map(line).collect()
}
