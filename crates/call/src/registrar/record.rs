//! Registrations over a restart.
//!
//! A record says how long a contact still held when it was written, and a contact that is taken up holds for so long
//! again: never longer than was granted, and no clock is asked. One that set itself right in between (NTP after a
//! start) would end all registrations, and a phone that was forgotten cannot be called until it registers again, up to
//! an hour later; one that is kept too long only does not answer.

use super::{Binding, Party, Registrar};
use crate::{Outbox, Output};
use bytes::Bytes;
use ringfence_model::{Moment, Now};
use ringfence_sip::{Flow, Transport};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Another layout gets another number; a record of an unknown one is dropped, and the phone registers again.
const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    version: u8,
    party: Party,
    seen: Option<IpAddr>,
    #[serde(borrow)]
    bindings: Vec<Kept<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    contact: &'a [u8],
    q: u16,
    instance: Option<&'a [u8]>,
    reg_id: Option<u32>,
    path: Option<&'a [u8]>,
    /// 0 UDP, 1 TCP, 2 TLS.
    transport: u8,
    local: SocketAddr,
    remote: SocketAddr,
    call_id: &'a [u8],
    cseq: u32,
    /// Since it was registered last.
    age: Duration,
    /// Until it ends.
    left: Duration,
    user_agent: Option<&'a str>,
    token: Option<&'a [u8]>,
}

impl Registrar {
    /// Whether the record of somebody is good enough: it tells all but refreshes, and of these so little time is
    /// missing that phones, which refresh at half their time or later, would not notice over a restart.
    pub(super) fn is_kept(&self, now: Moment, party: &Party) -> bool {
        let kept = self.people.get(party).and_then(|person| Some((person, person.kept?)));
        kept.is_some_and(|(person, at)| {
            let granted = person.bindings.iter().map(|binding| binding.expires - binding.refreshed);
            granted.min().is_some_and(|granted| now - at < granted / 4)
        })
    }

    /// What is to be kept of somebody.
    pub(super) fn checkpoint(&mut self, now: Now, party: &Party) -> Output {
        let person = self.people.get_mut(party).filter(|person| !person.bindings.is_empty());
        let state = person.and_then(|person| {
            person.kept = Some(now.moment);
            let bindings = person.bindings.iter().map(|binding| kept(now, binding)).collect();
            let record =
                Record { version: VERSION, party: party.clone(), seen: person.seen, bindings };
            postcard::to_allocvec(&record).ok()
        });
        Output::Checkpoint { key: key(party), state: state.map(Bytes::from) }
    }

    /// Takes up a record of before the restart. Connections did not survive it.
    pub fn restore(&mut self, now: Now, key: [u8; 16], state: &[u8], out: &mut Outbox) {
        let read = postcard::from_bytes::<Record<'_>>(state).ok();
        let Some(record) = read.filter(|record| record.version == VERSION) else {
            return out.push_back(Output::Checkpoint { key, state: None });
        };
        let count = record.bindings.len();
        let bindings: Vec<Binding> =
            record.bindings.iter().filter_map(|kept| restored(now, kept)).collect();
        let left = bindings.len();
        self.put(now.moment, &record.party, bindings);
        if let Some(person) = self.people.get_mut(&record.party) {
            person.seen = record.seen;
        }
        if left < count {
            out.push_back(self.checkpoint(now, &record.party));
        }
    }
}

/// Nobody gains from making two of these the same: who can register is known by name. Written out, since a record
/// outlives the program that wrote it.
fn key(party: &Party) -> [u8; 16] {
    let mut hasher = SipHasher24::new();
    let words: [&str; 3] = match party {
        Party::Trunk(trunk) => ["trunk", trunk.as_str(), ""],
        Party::Phone { tenant, extension } => ["phone", tenant.as_str(), extension.as_str()],
    };
    for word in words {
        hasher.write(word.as_bytes());
        hasher.write(&[0xff]);
    }
    let mut key = hasher.finish128().as_bytes();
    if let Some(first) = key.first_mut() {
        *first = Registrar::RECORD_KIND;
    }
    key
}

fn kept(now: Now, binding: &Binding) -> Kept<'_> {
    Kept {
        contact: &binding.contact,
        q: binding.q,
        instance: binding.instance.as_deref(),
        reg_id: binding.reg_id,
        path: binding.path.as_deref(),
        transport: match binding.flow.transport {
            Transport::Udp => 0,
            Transport::Tcp => 1,
            Transport::Tls => 2,
        },
        local: binding.flow.local,
        remote: binding.flow.remote,
        call_id: &binding.call_id,
        cseq: binding.cseq,
        age: now.moment - binding.refreshed,
        left: binding.expires - now.moment,
        user_agent: binding.user_agent.as_deref(),
        token: binding.token.as_deref(),
    }
}

fn restored(now: Now, kept: &Kept<'_>) -> Option<Binding> {
    let transport = match kept.transport {
        0 => Transport::Udp,
        1 => Transport::Tcp,
        2 => Transport::Tls,
        _ => return None,
    };
    let flow = Flow { transport, local: kept.local, remote: kept.remote, connection: None };
    let mut binding = Binding {
        contact: kept.contact.into(),
        q: kept.q,
        instance: kept.instance.map(Into::into),
        reg_id: kept.reg_id,
        path: kept.path.map(Into::into),
        flow,
        call_id: kept.call_id.into(),
        cseq: kept.cseq,
        refreshed: Moment(now.moment.0.saturating_sub(micros(kept.age))),
        expires: now.moment + kept.left,
        user_agent: kept.user_agent.map(Into::into),
        token: kept.token.map(Into::into),
    };
    binding.flow = binding.without_connection()?;
    (!kept.left.is_zero()).then_some(binding)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
