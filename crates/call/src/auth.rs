//! May they? Passwords of phones and trunks, asked for and checked without keeping anything of strangers.

mod challenge;
mod desk;
mod failures;

use crate::directory::{Directory, Extension, Tenant, Trunk};
use crate::identify::Origin;
use crate::registrar::Registrar;
use bytes::Bytes;
use challenge::Challengers;
use desk::Desk;
use failures::Failures;
use ringfence_guard::{Aor, Guard, Sender};
use ringfence_model::{CallEvent, ExtensionId, Moment, Now, Source};
use ringfence_sip::{Flow, Message, Transport};
use siphasher::sip::SipHasher24;
use std::hash::{Hash, Hasher};

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub enum Caller<'d> {
    /// A trunk.
    Trunk {
        /// Which.
        trunk: &'d Trunk,
        /// Whose call it is, when that could be told.
        tenant: Option<&'d Tenant>,
    },
    /// A phone that proved to be an extension.
    Extension {
        /// Whose.
        tenant: &'d Tenant,
        /// Which.
        extension: &'d Extension,
    },
    /// A phone whose registration a PBX keeps; the PBX asks for the password.
    Passed {
        /// Whose.
        tenant: &'d Tenant,
        /// The PBX.
        trunk: &'d Trunk,
        /// As which it registers, or is registered.
        extension: ExtensionId,
    },
}

/// What becomes of a request outside of dialogs.
#[derive(Clone, Debug)]
pub enum Entry<'d> {
    /// It is heard.
    Caller(Caller<'d>),
    /// It gets this answer, and nothing is kept of it.
    Answer(Bytes),
    /// It gets this answer after the guard's tarpit.
    Late(Bytes),
    /// It gets none.
    Silence,
}

/// Checks passwords.
#[derive(Debug)]
pub struct Authority {
    challengers: Challengers,
    /// Keys the names of accounts in the guard's tables.
    names: SipHasher24,
    failures: Failures,
}

impl Authority {
    /// `secret` signs what is given out; with the same one after a restart, phones go on with their nonces.
    #[must_use]
    pub fn new(secret: &[u8; 32], shard: u8) -> Self {
        let (key, rest) =
            secret.split_last_chunk::<16>().map_or((&[0; 16], &[][..]), |(a, b)| (b, a));
        let mut names = SipHasher24::new_with_key(key);
        names.write(b"aor");
        names.write(rest);
        Self { challengers: Challengers::new(secret, shard), names, failures: Failures::default() }
    }

    /// Whether a request outside of dialogs is heard. Not for ACK and CANCEL, which cannot be challenged
    /// (RFC 3261 §22.1).
    #[allow(clippy::too_many_arguments, reason = "the request, and all that is asked about it")]
    pub fn admit<'d>(
        &mut self,
        now: Now,
        directory: &'d Directory,
        registrar: &Registrar,
        origin: Origin<'d>,
        flow: &Flow,
        message: &Message,
        guard: &mut Guard,
    ) -> Entry<'d> {
        let mut desk = Desk { authority: self, now, directory, registrar, flow, message, guard };
        match origin {
            Origin::Trunk { trunk, tenant } => desk.trunk(trunk, tenant),
            Origin::Phone { tenant } => desk.phone(tenant),
            Origin::Stranger => desk.stranger(),
        }
    }

    /// The next report of failed registrations that is due: each a minute after the first of its failures.
    pub fn due(&mut self, now: Moment) -> Option<CallEvent> {
        self.failures.due(now).map(CallEvent::RegistrationFailed)
    }

    /// When [`Authority::due`] wants to be asked.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        self.failures.next()
    }

    /// The name of an account in the guard's tables.
    pub(crate) fn aor(&self, tenant: &Tenant, user: &str) -> Aor {
        let mut hasher = self.names;
        (tenant.id.as_str(), user).hash(&mut hasher);
        Aor(hasher.finish())
    }

    /// A registration failed at the PBX that keeps it.
    pub(crate) fn failed_elsewhere(
        &mut self,
        now: Moment,
        tenant: &Tenant,
        extension: Option<ExtensionId>,
        source: Source,
    ) {
        self.failures.count(now, &tenant.id, extension, source);
    }
}

/// The guard's view of a flow.
#[must_use]
pub fn sender(flow: &Flow) -> Sender {
    match flow.transport {
        Transport::Udp => Sender::datagram(flow.remote),
        Transport::Tcp | Transport::Tls => Sender::stream(flow.remote),
    }
}
