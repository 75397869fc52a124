//! What a shard holds, as operators see it.

use crate::control::{BanLine, BlockLine, BlockRef, CallLine, RegistrationLine, TrunkLine};
use crate::records::by;
use ringfence_call::{CallView, Side, TrunkView};
use ringfence_gate::Gate;
use ringfence_guard::{Cause, Reach};
use ringfence_model::{Block, Masked, Now};

/// Blocks in force, with the number of the shard they are numbered in.
pub(crate) fn blocks(gate: &Gate) -> Vec<BlockLine> {
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
    gate.engine().blocks().map(line).collect()
}

/// Running calls; numbers are masked unless `full`.
pub(crate) fn calls(gate: &Gate, full: bool) -> Vec<CallLine> {
    let shown = |text: &str| if full { text.to_owned() } else { Masked(text).to_string() };
    let line = |call: CallView| CallLine {
        call: call.call,
        tenant: call.tenant,
        extension: call.extension,
        trunk: call.trunk,
        direction: call.direction,
        state: call.state.as_str().to_owned(),
        a_number: shown(&call.a_number),
        dialled: shown(&call.dialled),
        started: call.started,
        answered: call.answered,
    };
    gate.calls().running().map(line).collect()
}

/// Phones that are registered.
pub(crate) fn registrations(gate: &Gate, now: Now) -> Vec<RegistrationLine> {
    gate.calls()
        .registrations(now)
        .map(|of| RegistrationLine {
            tenant: of.tenant,
            extension: of.extension,
            contact: of.contact,
            source: of.flow.remote,
            transport: of.flow.transport.as_str().to_owned(),
            until: of.until,
        })
        .collect()
}

/// SIP links as this shard sees them.
pub(crate) fn trunks(gate: &Gate) -> Vec<TrunkLine> {
    let line = |of: TrunkView| TrunkLine {
        trunk: of.trunk,
        tenant: of.tenant,
        side: match of.side {
            Side::Pbx => "pbx",
            Side::Carrier => "carrier",
        }
        .to_owned(),
        alive: of.alive,
        registered: of.registered,
        hops: of.hops,
        trouble: of.trouble,
    };
    gate.calls().trunks().map(line).collect()
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
