//! Transfers: REFER (RFC 3515) is judged like the call it leads to, and passed on so that this call comes through us;
//! INVITE with Replaces (RFC 3891) goes to the party whose dialog is meant.

use super::Calls;
use super::incoming::{Pending, Waiting};
use crate::b2bua::{Asked, Fields, Reason, Way};
use crate::core::{Core, Place, Seat, host_of};
use crate::dialog::Dialog;
use crate::directory::{Directory, Referrals};
use crate::replaces::Replaces;
use crate::route::number;
use crate::token::Token;
use crate::{Output, Ruling};
use ringfence_model::{Attempt, CallEvent, CallId, Direction, Now, Release, ReleasedBy, TenantId};
use ringfence_sip::{Message, Name, NameAddr, Uri};
use std::sync::Arc;

/// A REFER that waits for the ruling on its target.
#[derive(Debug)]
pub struct Referral {
    seat: Seat,
    asked: Asked,
    fields: Fields,
    attempt: Box<Attempt>,
}

impl Calls {
    /// A REFER inside a call.
    pub(super) fn referred(&mut self, now: Now, seat: Seat, asked: Asked) {
        let directory = Arc::clone(&self.core.directory);
        let Some(call) = self.calls.get(seat.place) else { return };
        let tenant = call.attempt.tenant.clone();
        if directory.tenant(&tenant).is_some_and(|of| of.referrals == Referrals::Refuse) {
            return self.answer(now, &asked, 603, |_| {});
        }
        let target = asked.message.address(Name::ReferTo);
        let Some(uri) = target.and_then(|target| target.uri()) else {
            return self.answer(now, &asked, 400, |_| {});
        };
        let Some(to) = call.dialog(seat.opposite()) else {
            return self.answer(now, &asked, 481, |_| {});
        };
        let ours = self.core.ours(&to.flow);
        let replaces = Replaces::of_uri(&uri).and_then(|named| self.other_end(&named, &tenant));
        let user = match &replaces {
            Some((_, peer)) => user_of(peer),
            None => number::dialled(&uri).unwrap_or_default(),
        };
        if user.is_empty() {
            return self.answer(now, &asked, 404, |_| {});
        }
        let fields = fields(&asked.message, &user, replaces.as_ref().map(|(r, _)| r), &ours);
        if replaces.is_some() {
            // To a call that was judged when it was made.
            return self.with(now, seat.place, |call, core| {
                call.asked_with(core, now, seat, asked, fields);
            });
        }
        let attempt = self.attempt_of(now, &directory, seat.place, &user);
        let Some(attempt) = attempt else { return };
        self.core.out.push_back(Output::Judge(attempt.clone()));
        let id = attempt.call;
        let waiting = Waiting::Referral(Box::new(Referral { seat, asked, fields, attempt }));
        self.pending = Some(Pending { call: id, waiting });
    }

    /// The attempt that a referral would become.
    fn attempt_of(
        &mut self,
        now: Now,
        directory: &Directory,
        place: Place,
        user: &str,
    ) -> Option<Box<Attempt>> {
        let call = self.core.call_id(now);
        let parent = &self.calls.get(place)?.attempt;
        let inside = directory.extension(&parent.tenant, user).is_some();
        let direction = if inside { Direction::Internal } else { Direction::Outbound };
        Some(Box::new(Attempt {
            call,
            direction,
            dialled: user.into(),
            parent: Some(parent.call),
            ..(**parent).clone()
        }))
    }

    /// What was ruled about a referral. The call it leads to is an attempt of its own: this one ends here.
    pub(super) fn referral_ruled(&mut self, now: Now, referral: Referral, ruling: Ruling) {
        let Referral { seat, asked, fields, attempt } = referral;
        let code = match ruling {
            Ruling::Allow { .. } => {
                self.with(now, seat.place, |call, core| {
                    call.asked_with(core, now, seat, asked, fields);
                });
                202
            }
            Ruling::Refuse { text } => {
                let reason = Reason::of(603, &text);
                self.answer(now, &asked, 603, |builder| {
                    builder.field(Name::Reason, &[&reason.value()]);
                });
                603
            }
        };
        let by = if code == 603 { ReleasedBy::Policy } else { ReleasedBy::Parties };
        let known_as = asked_as(&self.calls, seat);
        attempt_over(&mut self.core, now, &attempt, &known_as, (code, by));
    }

    /// The dialog at the other end of the one that is named, as its party knows it. Only of the same tenant: nobody
    /// gets into another one's calls.
    fn other_end(&self, named: &Replaces, tenant: &TenantId) -> Option<(Replaces, &Dialog)> {
        let seat = self.core.dialogs.get(&Token::read(&named.to_tag)?)?;
        let call = self.calls.get(seat.place).filter(|call| call.attempt.tenant == *tenant)?;
        let near = call.dialog(*seat)?;
        if !near.owns(&named.call_id, &named.from_tag) {
            return None;
        }
        let far = call.dialog(seat.opposite())?;
        let translated = Replaces {
            call_id: far.call_id.to_vec(),
            to_tag: far.remote_tag.to_vec(),
            from_tag: far.local_tag.to_vec(),
            early_only: named.early_only,
        };
        Some((translated, far))
    }

    /// The way to the party whose dialog an INVITE is to replace. `None` when there is no such dialog (RFC 3891 §3).
    pub(super) fn replaced(&self, message: &Message, tenant: &TenantId) -> Option<Way> {
        let named = Replaces::read(message.field(Name::Replaces)?)?;
        let seat = self.core.dialogs.get(&Token::read(&named.from_tag)?)?;
        let call = self.calls.get(seat.place).filter(|call| call.attempt.tenant == *tenant)?;
        let dialog = call.dialog(*seat)?;
        dialog.owns(&named.call_id, &named.to_tag).then(|| Way {
            trunk: dialog.trunk.clone(),
            trust: dialog.trust,
            flow: dialog.flow,
            uri: dialog.target.clone(),
            routes: dialog.routes.clone(),
            to: dialog.remote.clone(),
            from: Box::default(),
            caller: None,
            failover: Box::default(),
            fields: vec![(Name::Replaces, named.value().into())],
        })
    }
}

/// Reports the end of an attempt that became no call of its own.
pub(super) fn attempt_over(
    core: &mut Core,
    now: Now,
    attempt: &Attempt,
    known_as: &[u8],
    (code, by): (u16, ReleasedBy),
) {
    let release = Release { call: attempt.call, code, billable_ms: 0, by };
    core.out.push_back(Output::Event(CallEvent::Released(release)));
    let record = crate::record::cdr(attempt, known_as, (now.wall, None, now.wall), (0, code));
    core.out.push_back(Output::Finished(Box::new(record)));
}

/// The Call-ID a referral's record goes by: that of the call it was made in.
fn asked_as(calls: &crate::transaction::Slots<crate::b2bua::Call>, seat: Seat) -> Box<[u8]> {
    calls.get(seat.place).map(|call| call.known_as.clone()).unwrap_or_default()
}

/// The user part of the party of a dialog.
fn user_of(dialog: &Dialog) -> String {
    let address = NameAddr::read(&dialog.remote);
    address.and_then(|address| Uri::read(address.uri)?.user_text()).unwrap_or_default()
}

/// Refer-To and Referred-By as the other party gets them: everything leads back to us.
fn fields(message: &Message, user: &str, replaces: Option<&Replaces>, ours: &[u8]) -> Fields {
    let mut refer_to = [b"<sip:", user.as_bytes(), b"@", ours].concat();
    if let Some(replaces) = replaces {
        refer_to.push(b'?');
        refer_to.extend_from_slice(&replaces.escaped());
    }
    refer_to.push(b'>');
    let mut fields = vec![(Name::ReferTo, refer_to.into())];
    let by = message.address(Name::ReferredBy);
    if let Some(user) = by.and_then(|by| Uri::read(by.uri)?.user) {
        let by = [b"<sip:", user, b"@", host_of(ours), b">"].concat();
        fields.push((Name::ReferredBy, by.into()));
    }
    fields
}

impl Pending {
    /// The call that waits.
    pub const fn id(&self) -> CallId {
        self.call
    }
}
