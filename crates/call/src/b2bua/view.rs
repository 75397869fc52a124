//! A call as operators see it.

use super::{Call, Stage};
use crate::view::{CallView, Phase};

impl Call {
    /// Whether it is no call, only requests that pass.
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// The call as operators see it.
    pub fn view(&self) -> CallView {
        let attempt = &self.attempt;
        let caller = self.pairs.first().map(|pair| &pair.caller);
        let asking = self.setup.as_ref().map(|setup| &setup.caller);
        let callee = self.pairs.first().map(|pair| &pair.callee);
        let asked = || self.branches.last().map(|branch| &branch.dialog);
        CallView {
            call: self.id,
            known_as: String::from_utf8_lossy(&self.known_as).into_owned(),
            tenant: attempt.tenant.clone(),
            trunk: attempt.trunk.clone(),
            extension: attempt.extension.clone(),
            direction: attempt.direction,
            a_number: attempt.a_number,
            dialled: attempt.dialled.clone(),
            phase: match self.stage {
                Stage::Judged => Phase::Trying,
                Stage::Trying if self.rang => Phase::Ringing,
                Stage::Trying => Phase::Trying,
                Stage::Up => Phase::Up,
                Stage::Over => Phase::Over,
            },
            began: self.began.wall,
            answered: self.answered.map(|answered| answered.wall),
            caller: caller.or(asking).map(|dialog| dialog.flow),
            callee: callee.or_else(asked).map(|dialog| (dialog.flow, dialog.trunk.clone())),
        }
    }
}
