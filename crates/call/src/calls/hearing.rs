//! Who is listened to. A scanner must not learn that anybody is here, so of strangers only that is heard which a phone
//! cannot do without.

use super::Calls;
use crate::Origin;
use crate::auth::sender;
use crate::core::Seat;
use crate::directory::{Directory, Tenant};
use crate::identify::{address, identify};
use ringfence_guard::{Evidence, Guard, Standing};
use ringfence_model::Now;
use ringfence_sip::{Flow, Host, Message, Method, Name};

impl Calls {
    /// Whether a request outside of dialogs is listened to.
    pub(super) fn is_heard(
        &self,
        now: Now,
        origin: Origin<'_>,
        came: (&Flow, &Message),
        guard: &Guard,
    ) -> bool {
        match origin {
            Origin::Stranger => false,
            // By what it claims to be: that can be tried out.
            Origin::Trunk { trunk, .. }
                if trunk.networks.is_empty() && trunk.certificate.is_none() =>
            {
                self.may_ask(now, came, guard)
            }
            Origin::Trunk { .. } => true,
            Origin::Phone { .. } => self.may_ask(now, came, guard),
        }
    }

    /// Whether somebody who has proved nothing yet is asked for a password. To register, anybody: a phone has to begin
    /// somehow. To call, whoever is registered or says From which domain it is: an address anybody has who scans, a
    /// name is known to those who belong there. All else is for phones that are registered.
    fn may_ask(&self, now: Now, (flow, message): (&Flow, &Message), guard: &Guard) -> bool {
        let known = || {
            self.registrar.is_anybody_at(flow)
                || guard.standing(now.moment, sender(flow)) != Standing::Stranger
        };
        match message.method() {
            Some(Method::Register) => true,
            Some(Method::Invite | Method::Cancel) => {
                knows_the_name(&self.core.directory, message) || known()
            }
            _ => known(),
        }
    }

    /// Whether a message comes from where the party of a dialog is: its address, or one of its trunk's.
    pub(super) fn is_from_party(&self, flow: &Flow, seat: Seat) -> bool {
        let Some(dialog) = self.calls.get(seat.place).and_then(|call| call.dialog(seat)) else {
            return false;
        };
        let ip = flow.remote.ip().to_canonical();
        let trunk = dialog.trunk.as_ref().and_then(|id| self.core.directory.trunk(id));
        dialog.flow.remote.ip().to_canonical() == ip
            || trunk.is_some_and(|trunk| trunk.networks.iter().any(|net| net.contains(&ip)))
    }

    /// What is not listened to is noted, unless it is of a phone of ours that does things in another order than we want.
    pub(super) fn strange(
        &self,
        now: Now,
        origin: Origin<'_>,
        (flow, message): (&Flow, &Message),
        guard: &mut Guard,
    ) {
        let seen = match (message.method(), origin.tenant()) {
            (_, Some(tenant)) if is_of_ours(&self.core.directory, tenant, message) => return,
            (Some(Method::Invite), _) | (_, None) => Evidence::UnauthorisedInvite,
            _ => Evidence::UnknownAor,
        };
        guard.observed(now.moment, sender(flow), seen);
    }

    /// A CANCEL of nothing we know, from somebody we know.
    pub(super) fn stray(&mut self, now: Now, flow: &Flow, message: &Message, guard: &Guard) {
        if message.method() != Some(Method::Cancel) {
            return;
        }
        let origin = identify(&self.core.directory, flow, self.certificate(flow), message);
        if self.is_heard(now, origin, (flow, message), guard) {
            self.refuse(flow, message, 481);
        }
    }
}

/// Whether From is in a domain of a tenant that is no bare address.
fn knows_the_name(directory: &Directory, message: &Message) -> bool {
    address(message, Name::From).is_some_and(|from| {
        !matches!(from.host(), Host::Ip(_)) && directory.tenant_of_domain(from.host).is_some()
    })
}

/// Whether From names an extension of the tenant.
fn is_of_ours(directory: &Directory, tenant: &Tenant, message: &Message) -> bool {
    let user = address(message, Name::From).and_then(|from| from.user_text());
    user.is_some_and(|user| {
        directory.extension(&tenant.id, &user).is_some()
            || directory.extension_of_login(&tenant.id, &user).is_some()
    })
}
