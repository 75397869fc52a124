//! Challenges of carriers are answered here, with the account of the trunk; the caller never sees one.

use super::{Call, owner_of};
use crate::core::Core;
use crate::rewrite::Trust;
use ringfence_model::{Now, TrunkId};
use ringfence_sip::digest::{Algorithm, Challenge, Secret, answer, strongest};
use ringfence_sip::{Message, Name};

/// A second challenge is answered only when it says that the nonce was too old (RFC 7616 §3.3).
const ANSWERS_MAX: u8 = 2;

/// The field that answers a challenge; `None` when there is no account, or no answer would help.
fn credentials(
    core: &mut Core,
    trunk: Option<&TrunkId>,
    (answers, code): (u8, u16),
    (method, uri): (&[u8], &[u8]),
    message: &Message,
) -> Option<(Name, Vec<u8>)> {
    let (asks, gives) = match code {
        401 => (Name::WwwAuthenticate, Name::Authorization),
        407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        _ => return None,
    };
    let directory = std::sync::Arc::clone(&core.directory);
    let account = directory.trunk(trunk?)?.account.as_ref()?;
    let challenges: Vec<_> =
        message.lines(asks).filter_map(|value| Challenge::parse(value).ok()).collect();
    let challenge = strongest(&challenges, &Algorithm::PREFERRED).ok()?;
    if answers >= ANSWERS_MAX || (answers > 0 && !challenge.stale) {
        return None;
    }
    let cnonce = core.mint.tag();
    let secret = Secret::Password(&account.password);
    let value =
        answer(challenge, (method, uri), (&account.user, secret), cnonce.as_str(), 1).ok()?;
    Some((gives, value))
}

impl Call {
    /// Answers the challenge to a branch's INVITE; `None` when it is a failure like any other.
    pub(super) fn challenged(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        code: u16,
        message: &Message,
    ) -> Option<()> {
        // A PBX that keeps the registration asks the phone itself.
        self.setup.as_ref().filter(|setup| setup.caller.trust != Trust::PassedPhone)?;
        let branch = self.branches.get_mut(at)?;
        if branch.state != super::branch::BranchState::Open {
            return None;
        }
        let tried = (branch.answers, code);
        let on = (&b"INVITE"[..], &*branch.dialog.target);
        let given = credentials(core, branch.way.trunk.as_ref(), tried, on, message)?;
        branch.credentials = Some(given);
        branch.answers += 1;
        self.branch_again(core, now, at)
    }

    /// The same for a request inside the call.
    pub(super) fn relay_challenged(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        code: u16,
        message: &Message,
    ) -> Option<()> {
        let (call, place) = (self.id, self.place);
        let relay = self.relays.get_mut(at)?;
        let to = relay.purpose.of();
        let dialog = match self.strays.iter().find(|stray| stray.bye == relay.id) {
            Some(stray) => &stray.dialog,
            None => self.pairs.iter().find(|pair| pair.id == relay.pair)?.side(to),
        };
        let tried = (relay.answers, code);
        let on = (&*relay.method, &*dialog.target);
        let given = credentials(core, dialog.trunk.as_ref(), tried, on, message)?;
        relay.answers += 1;
        relay.credentials = Some(given);
        let owner = owner_of(call, place, relay.id);
        match self.strays.iter_mut().find(|stray| stray.bye == relay.id) {
            Some(stray) => relay.send_own(core, now, &mut stray.dialog, owner),
            None => {
                let pair = self.pairs.iter_mut().find(|pair| pair.id == relay.pair)?;
                relay.send(core, now, pair, owner)
            }
        }
    }
}
