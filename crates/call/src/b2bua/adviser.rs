//! Trunks that only ask: a call that may be made is answered with a redirect or with the code that lets it go on, and
//! nobody will tell how long it is.

use super::setup::Allowed;
use super::{Call, Stage};
use crate::Output;
use crate::core::{Core, Reply, begin, host_of};
use crate::directory::Adviser;
use crate::stateless::phrase;
use ringfence_model::{CallEvent, Now, ReleasedBy};
use ringfence_sip::Name;

impl Call {
    /// The call may be made.
    pub fn advise(&mut self, core: &mut Core, now: Now, adviser: Adviser, ruling: Allowed) {
        let Some(setup) = self.setup.take() else { return };
        let reply = Reply {
            server: setup.server,
            request: &setup.invite,
            flow: &setup.caller.flow,
            code: adviser.allow_code,
            reason: phrase(adviser.allow_code).as_bytes(),
            tag: &setup.caller.local_tag,
        };
        if let Some(mut builder) = begin(&reply) {
            if (300..400).contains(&adviser.allow_code) {
                let user = setup.invite.uri().and_then(|uri| uri.user).unwrap_or_default();
                // Back to who asked, which knows the way.
                let asked = setup.invite.uri().map(|uri| uri.host).unwrap_or_default();
                let ours = core.ours(&setup.caller.flow);
                let host = if asked.is_empty() { host_of(&ours) } else { asked };
                builder.field(Name::Contact, &[b"<sip:", user, b"@", host, b">"]);
            }
            if let Ok(bytes) = builder.finish(b"") {
                core.respond(now, setup.server, adviser.allow_code, bytes);
            }
        }
        self.stage = Stage::Up;
        self.assumed = true;
        self.answered = Some(now);
        let max = ruling.max_duration.unwrap_or(adviser.assumed).min(adviser.assumed);
        self.cut_at = Some(now.moment + max);
        core.out.push_back(Output::Event(CallEvent::Answered { call: self.id }));
        self.keep(core, now, true);
    }

    /// The time is over that was assumed for it.
    pub(super) fn assumed_over(&mut self, core: &mut Core, now: Now) {
        self.end(core, now, ReleasedBy::Parties, 200, None, None);
    }
}
