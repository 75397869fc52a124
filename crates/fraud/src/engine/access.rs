//! Notes what happens around paid calls: inbound calls, registrations, forwards.

use super::{Engine, civil};
use crate::profile::{Familiar, Origin};
use crate::recent::ExtensionIndex;
use crate::tenant::{Access, AccessEvent, InboundCall, Tenant};
use ringfence_model::{
    Attempt, CallId, ConfigChange, Country, Registration, RegistrationFailure, Release, WallTime,
};

/// Inbound calls followed before those that are lost are looked for.
const INBOUND_MAX: usize = 100_000;

impl Engine {
    /// An inbound call is tried.
    pub fn inbound(&mut self, attempt: &Attempt, wall: WallTime) {
        let tenant = self.tenant(&attempt.tenant, wall);
        let civil = civil(tenant, wall);
        tenant.state.hours.note(civil.day, civil.hour_of_week());
        let extension = tenant.extension(attempt.extension.as_ref());
        tenant.note_inbound(InboundCall {
            call: attempt.call,
            at: wall,
            a_number: attempt.a_number,
            extension,
            answered: false,
            secs: 0.0,
            over: false,
        });
        if self.inbound.len() >= INBOUND_MAX {
            self.forget_lost_inbound();
        }
        self.inbound.insert(attempt.call, attempt.tenant.clone());
    }

    /// Lets go of inbound calls that no tenant remembers any more: their end was never reported.
    fn forget_lost_inbound(&mut self) {
        let tenants = &self.tenants;
        self.inbound.retain(|call, tenant| {
            tenants
                .get(tenant)
                .is_some_and(|t| t.state.inbound.iter().any(|i| i.call == *call && !i.over))
        });
    }

    pub(super) fn inbound_answered(&mut self, call: CallId) {
        if let Some(inbound) = self.inbound_mut(call) {
            inbound.answered = true;
        }
    }

    pub(super) fn inbound_released(&mut self, release: &Release) {
        if let Some(inbound) = self.inbound_mut(release.call) {
            inbound.over = true;
            inbound.secs = (release.billable_ms as f32) / 1_000.0;
        }
        self.inbound.remove(&release.call);
    }

    fn inbound_mut(&mut self, call: CallId) -> Option<&mut InboundCall> {
        let tenant = self.inbound.get(&call)?;
        let tenant = self.tenants.get_mut(tenant)?;
        tenant.state.inbound.iter_mut().rev().find(|i| i.call == call)
    }

    /// A phone registered from another address than last time.
    pub fn registered(&mut self, registration: &Registration, wall: WallTime) {
        let tenant = self.tenant(&registration.tenant, wall);
        let day = civil(tenant, wall).day;
        let extension = tenant.extension(Some(&registration.extension));
        let origin = Origin::of(&registration.source);
        let odd = tenant.oddity(extension, origin, day);
        tenant.note_access(AccessEvent {
            at: wall,
            extension,
            origin: Some(origin),
            what: Access::Registered(odd),
        });
    }

    /// Registrations failed.
    pub fn registration_failed(&mut self, failure: &RegistrationFailure, wall: WallTime) {
        let tenant = self.tenant(&failure.tenant, wall);
        // Names that are no extension are not made into one.
        let known = failure.extension.as_ref().filter(|e| tenant.state.index.contains_key(*e));
        let extension = tenant.extension(known);
        tenant.note_access(AccessEvent {
            at: wall,
            extension,
            origin: Some(Origin::of(&failure.source)),
            what: Access::Failed(failure.count),
        });
    }

    /// A forward was set or cleared; `to` is the country of its target when that is foreign or paid.
    pub fn config_changed(&mut self, change: &ConfigChange, to: Option<Country>, wall: WallTime) {
        let tenant = self.tenant(&change.tenant, wall);
        let day = civil(tenant, wall).day;
        let extension = tenant.extension(Some(&change.extension));
        if change.forward_to.is_none() {
            return;
        }
        let origin = change.source.as_ref().map(Origin::of);
        let odd = origin.map_or(0.0, |origin| tenant.oddity(extension, origin, day));
        let what = Access::Forward { to, odd };
        tenant.note_access(AccessEvent { at: wall, extension, origin, what });
    }
}

impl Tenant {
    /// How odd a source is for an extension, 0 (known, or nothing is known at all) to 1.
    fn oddity(&self, extension: ExtensionIndex, origin: Origin, day: i32) -> f32 {
        let own = self.state.extensions.get(extension as usize);
        let by_own = own.and_then(|e| e.origins.familiar(origin, day));
        let by_all = self.state.origins.familiar(origin, day);
        match (by_own, by_all) {
            (None, None) | (Some(Familiar::Network), _) | (_, Some(Familiar::Network)) => 0.0,
            (Some(Familiar::Country), _) => 0.2,
            _ if self.state.origins.knows_country(origin, day) => 0.6,
            _ => 1.0,
        }
    }
}
