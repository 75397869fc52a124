//! Calls and logins whose signalling runs elsewhere.

use super::Calls;
use ringfence_guard::{Guard, Sender};
use ringfence_model::{CallId, Now, RegistrationFailure};
use std::sync::Arc;

impl Calls {
    /// A name for a call whose signalling runs elsewhere.
    pub fn name_call(&mut self, now: Now) -> CallId {
        self.core.call_id(now)
    }

    /// A login as `account` failed at a PBX that lets others see it: the guard holds it against its sender as if it had
    /// failed here.
    pub fn login_failed(
        &mut self,
        now: Now,
        (sender, account): (Sender, &str),
        failure: RegistrationFailure,
        guard: &mut Guard,
    ) {
        let directory = Arc::clone(&self.core.directory);
        let Some(tenant) = directory.tenant(&failure.tenant) else { return };
        guard.failed(now.moment, sender, self.authority.aor(tenant, account));
        self.authority.failed_elsewhere(now.moment, tenant, failure.extension, failure.source);
    }
}
