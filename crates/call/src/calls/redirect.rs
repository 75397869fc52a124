//! A call that was sent elsewhere: followed where that is one of ours to go to, and judged where it is another number.

use super::Calls;
use super::incoming::{Pending, RING, Waiting, way};
use super::referral::attempt_over;
use crate::b2bua::{Allowed, Call, Contact, Way};
use crate::core::{Place, host_of};
use crate::directory::{Directory, Side};
use crate::rewrite::Trust;
use crate::route::{self, Detour, LegTarget, Net, Plan, Redirection, Refusal};
use crate::{Output, Ruling};
use ringfence_model::{Attempt, Now, ReleasedBy, Source};
use ringfence_sip::{Name, Uri};
use std::sync::Arc;

/// Another number, that waits for the ruling on it.
#[derive(Debug)]
pub struct Redirected {
    place: Place,
    plan: Box<Plan>,
    attempt: Box<Attempt>,
    /// Where a carrier says it is; `None` when it goes by the tenant's own ways.
    detour: Option<Detour>,
}

/// What becomes of one contact.
enum Step {
    Along(LegTarget),
    Anew(Box<Plan>, Option<Detour>),
}

impl Calls {
    /// Goes on with the next contact that may be gone to.
    pub(super) fn elsewhere(&mut self, now: Now, place: Place) {
        let directory = Arc::clone(&self.core.directory);
        while let Some(contact) = self.calls.get_mut(place).and_then(Call::next_contact) {
            match self.step(now, &directory, place, &contact) {
                Some(Step::Along(target)) => {
                    if let Some(way) = self.way_of(&directory, place, None, target) {
                        return self.with(now, place, |call, core| call.along(core, now, way));
                    }
                }
                Some(Step::Anew(plan, detour)) => {
                    return self.ask(now, place, &contact, (plan, detour));
                }
                None => {}
            }
        }
        self.with(now, place, |call, core| call.nowhere_else(core, now));
    }

    fn step(
        &self,
        now: Now,
        directory: &Directory,
        place: Place,
        contact: &Contact,
    ) -> Option<Step> {
        let call = self.calls.get(place)?;
        let (plan, uri) = (call.plan()?, Uri::read(&contact.uri)?);
        let net = Net { directory, registrar: &self.registrar, trunks: &self.trunks };
        let by = match &contact.trunk {
            Some(id) => Some(directory.trunk(id)?),
            None => None,
        };
        let (plan, detour) = match by.filter(|trunk| trunk.side == Side::Carrier) {
            Some(carrier) => match route::redirected(net, plan, carrier, &contact.asked, &uri)? {
                Redirection::Along(target) => return Some(Step::Along(target)),
                Redirection::Anew(plan, detour) => (plan, Some(detour)),
            },
            None => {
                let new = route::diverted(now.moment, net, plan, by, call.invite()?, uri).ok()?;
                (Box::new(new), None)
            }
        };
        call.may_become(&plan).then_some(Step::Anew(plan, detour))
    }

    /// Asks about the call that this one would become.
    fn ask(
        &mut self,
        now: Now,
        place: Place,
        contact: &Contact,
        (plan, detour): (Box<Plan>, Option<Detour>),
    ) {
        let id = self.core.call_id(now);
        let Some(call) = self.calls.get(place) else { return };
        let Some(invite) = call.invite() else { return };
        let before = &call.attempt;
        let attempt = Box::new(match detour {
            Some(_) => Attempt { call: id, dialled: plan.dialled.clone(), ..(**before).clone() },
            None => Attempt {
                parent: Some(before.call),
                source: Some(Source {
                    ip: contact.flow.remote.ip().to_canonical(),
                    country: None,
                    user_agent: None,
                }),
                ..plan.attempt(id, &contact.flow, invite)
            },
        });
        self.core.out.push_back(Output::Judge(attempt.clone()));
        let redirected = Redirected { place, plan, attempt, detour };
        let waiting = Waiting::Redirected(Box::new(redirected));
        self.pending = Some(Pending { call: id, waiting });
    }

    /// What was ruled about it.
    pub(super) fn redirection_ruled(&mut self, now: Now, redirected: Redirected, ruling: Ruling) {
        let Redirected { place, plan, attempt, detour } = redirected;
        let Some(before) = self.calls.get(place).filter(|call| call.plan().is_some()) else {
            return self.over(now, place, &attempt, 487, ReleasedBy::Parties);
        };
        let before = before.id;
        let directory = Arc::clone(&self.core.directory);
        let (allowed, b_number, dial) = match ruling {
            Ruling::Allow { max_duration, protected, b_number, dial } => {
                let ring = directory.tenant(&plan.tenant).map_or(RING, |of| of.ring);
                (Allowed { protected, max_duration, ring }, b_number, dial)
            }
            Ruling::Refuse { .. } => {
                self.over(now, place, &attempt, 603, ReleasedBy::Policy);
                return self.elsewhere(now, place);
            }
        };
        let way = route::Way { protected: allowed.protected, b_number, dial: dial.as_deref() };
        let net = Net { directory: &directory, registrar: &self.registrar, trunks: &self.trunks };
        let targets = match &detour {
            Some(detour) => {
                let target = detour.target(&directory, way);
                target.map(|target| vec![vec![target]]).ok_or(Refusal { code: 404 })
            }
            None => route::routes(now.moment, net, &plan, way),
        };
        let targets = match targets {
            Ok(targets) => targets,
            Err(refusal) => {
                self.over(now, place, &attempt, refusal.code, ReleasedBy::Parties);
                return self.elsewhere(now, place);
            }
        };
        let diverts = detour.is_none();
        let one = |target| {
            let mut way = self.way_of(&directory, place, Some(&plan), target)?;
            if diverts && way.trust == Trust::Trusted {
                way.fields.extend(self.diversion(place, &plan, &way));
            }
            Some(way)
        };
        let ways: Vec<Vec<Way>> =
            targets.into_iter().map(|group| group.into_iter().filter_map(one).collect()).collect();
        self.by_id.remove(&before);
        self.by_id.insert(attempt.call, place);
        self.with(now, place, |call, core| {
            call.becomes(core, now, (plan, attempt), (ways, allowed));
        });
    }

    fn way_of(
        &self,
        directory: &Directory,
        place: Place,
        plan: Option<&Plan>,
        target: LegTarget,
    ) -> Option<Way> {
        let call = self.calls.get(place)?;
        let plan = plan.or_else(|| call.plan())?;
        Some(way(&self.core, directory, plan, call.invite()?, target))
    }

    /// Who diverts the call (RFC 5806).
    fn diversion(&self, place: Place, plan: &Plan, way: &Way) -> Option<(Name, Box<[u8]>)> {
        let number = plan.shown.map(|number| number.full());
        let by = plan.forwarded_by.as_ref();
        let user = number.or_else(|| by.map(|by| by.as_str().to_owned()))?;
        let rung = self.calls.get(place)?.has_rung();
        let reason = if rung { "deflection" } else { "unconditional" };
        let ours = self.core.ours(&way.flow);
        let uri = route::sip(&user, &String::from_utf8_lossy(host_of(&ours)));
        let value = [b"<", &*uri, b">;reason=", reason.as_bytes()].concat();
        Some((Name::Diversion, value.into()))
    }

    /// An attempt that became no call is over.
    fn over(&mut self, now: Now, place: Place, attempt: &Attempt, code: u16, by: ReleasedBy) {
        let known_as = self.calls.get(place).map(|call| call.known_as.clone()).unwrap_or_default();
        attempt_over(&mut self.core, now, attempt, &known_as, (code, by));
    }
}
