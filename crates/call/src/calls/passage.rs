//! Requests outside of calls that a tenant lets pass.

use super::Calls;
use super::incoming::{caller_of, way};
use crate::auth::Caller as Asker;
use crate::b2bua::{Asked, Call};
use crate::directory::Directory;
use crate::route::{self, Net};
use ringfence_model::Now;
use ringfence_sip::Name;

/// Subscriptions and messages under way at once in one shard. More are put off: they must never crowd out calls.
const PASSAGES_MAX: usize = 65_536;

impl Calls {
    /// Sends a request on between the tenant's own people. Carriers are not for that: messages to the outside cost
    /// money, and nobody judges them.
    pub(super) fn pass(
        &mut self,
        now: Now,
        directory: &Directory,
        asker: &Asker<'_>,
        asked: Asked,
    ) {
        let plan = route::plan(now.moment, directory, &self.registrar, asker, &asked.message);
        let plan = match plan {
            Ok(plan) if !plan.goes_outside() => plan,
            Ok(_) => return self.answer(now, &asked, 403, |_| {}),
            Err(refusal) => return self.answer(now, &asked, refusal.code, |_| {}),
        };
        let hops = asked.message.number(Name::MaxForwards);
        if hops == Some(0) {
            return self.answer(now, &asked, 483, |_| {});
        }
        let net = Net { directory, registrar: &self.registrar, trunks: &self.trunks };
        let ways = match route::routes(now.moment, net, &plan, route::Way::default()) {
            Ok(ways) => ways,
            Err(refusal) => return self.answer(now, &asked, refusal.code, |_| {}),
        };
        // One place only: two answers to one request could not both be given.
        let Some(target) = ways.into_iter().flatten().next() else { return };
        if self.calls.len() - self.by_id.len() >= PASSAGES_MAX {
            return self.answer(now, &asked, 503, |builder| {
                builder.number(Name::RetryAfter, 30);
            });
        }
        let id = self.core.call_id(now);
        let attempt = Box::new(plan.attempt(id, &asked.flow, &asked.message));
        let way = way(&self.core, directory, &plan, &asked.message, target);
        let (trust, trunk, _) = caller_of(asker);
        let core = &mut self.core;
        let (server, message, flow) = (asked.server, asked.message.clone(), asked.flow);
        let made = self.calls.insert_with(|place| {
            Call::passing(core, now, (place, attempt), (trust, trunk), asked, &way)
        });
        match made {
            Some(place) => self.with(now, place, |_, _| {}),
            None => self.answer(now, &Asked { server, flow, message }, 400, |_| {}),
        }
    }
}
