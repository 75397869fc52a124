//! A gate's outputs in the words of the line protocol.

use ringfence_connect::judge_line::{BlockLevel, Reply, ReplyAction};
use ringfence_fraud::explain::Voice;
use ringfence_gate::Output;
use ringfence_model::{Action, Level, Reason};
use std::sync::{Arc, LazyLock};

static VOICE: LazyLock<Voice> = LazyLock::new(Voice::english);

/// Adds one output to the reply.
pub fn add(reply: &mut Reply, output: Output) {
    match output {
        Output::Verdict(verdict) if verdict.acted && verdict.action == Action::Reject => {
            reply.deny = Some(why(&verdict.reasons));
        }
        Output::Cut { call, .. } => reply.actions.push(ReplyAction::Terminate { call }),
        Output::Blocked { block, reasons, .. } if !block.shadow => {
            reply.actions.push(ReplyAction::Block {
                tenant: block.scope.tenant().clone(),
                level: level(block.level),
                // Running calls are cut one by one, by the gate's own orders.
                kill: false,
                ext: block.scope.extension().cloned(),
                why: why(&reasons),
            });
        }
        Output::Lifted { block, .. } if !block.shadow => reply.actions.push(ReplyAction::Unblock {
            tenant: block.scope.tenant().clone(),
            ext: block.scope.extension().cloned(),
        }),
        Output::Alerted(alert) => reply
            .actions
            .push(ReplyAction::Alert { tenant: alert.tenant, why: why(&alert.reasons) }),
        // Shadows act on nothing; what else there is concerns calls that run through here.
        _ => {}
    }
}

fn why(reasons: &[Reason]) -> Arc<str> {
    VOICE.reasons(reasons).into()
}

const fn level(level: Level) -> BlockLevel {
    match level {
        Level::Open | Level::Guarded => BlockLevel::Premium,
        Level::National => BlockLevel::Intl,
        Level::Geographic | Level::Internal | Level::Suspended => BlockLevel::Out,
    }
}
