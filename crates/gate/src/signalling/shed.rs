//! Overload: which new calls are not taken.

use super::Signalling;
use crate::gate::Gate;
use crate::snapshot::Snapshot;
use ringfence_call::Calls;
use ringfence_guard::{Shed, Standing};
use ringfence_model::Target;
use ringfence_numbering::Numbering;
use ringfence_sip::{Flow, Message, Method, Name};

impl Gate {
    /// Whether this is a new call that is not taken now. Everything inside a dialog goes on, and emergency calls.
    pub(super) fn is_shed(&mut self, flow: &Flow, message: &Message, standing: Standing) -> bool {
        if self.signalling.load.share() <= 0.0 || !begins_a_call(message) {
            return false;
        }
        let Self { signalling: Signalling { load, calls, .. }, snapshot, .. } = self;
        match load.accepts_new_call(|| is_emergency(calls, snapshot, flow, message)) {
            Shed::No => false,
            // A stranger is not told that anybody is here.
            Shed::Answer503 { retry_after_secs } if standing != Standing::Stranger => {
                let wait = retry_after_secs.to_string();
                let fields = [(Name::RetryAfter, wait.as_bytes())];
                let answer = self.signalling.answer(flow, message, 503, &fields);
                self.outputs.extend(answer);
                true
            }
            Shed::Answer503 { .. } | Shed::Drop => true,
        }
    }
}

fn is_emergency(calls: &Calls, snapshot: &Snapshot, flow: &Flow, message: &Message) -> bool {
    let Some(dialled) = message.uri().and_then(|uri| uri.user_text()) else { return false };
    let tenant = calls.tenant_of(flow, message);
    let setup = tenant.map_or(&snapshot.default, |tenant| snapshot.setup(tenant));
    let target = Numbering::embedded().classify(&dialled, &setup.dial_plan);
    matches!(target, Target::Protected(_))
}

fn begins_a_call(message: &Message) -> bool {
    message.method() == Some(Method::Invite)
        && message.address(Name::To).is_some_and(|to| to.tag().is_none())
}
