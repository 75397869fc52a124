//! Events of Asterisk's manager interface: calls over the carrier's channels, and logins that fail.
//!
//! The user needs `read = call,cdr,security`. Channels are named `TECHNOLOGY/ENDPOINT-NUMBER`; the endpoints that lead to
//! the carrier are named by whoever sets this up.

use super::recent::Recent;
use super::{Call, Parties, Seen, Step, security, taken_over};
use crate::cdr::{DialledChannel, dialled, sip_code};
use crate::control::ami::{self, NoMore, Packet};
use std::collections::HashSet;
use std::sync::Arc;

/// The longest name or id of a channel that is believed, in bytes.
const ID_BYTES_MAX: usize = 256;
/// Channels to the carrier that are followed at once.
const CHANNELS_MAX: usize = 100_000;
/// Channels whose record may still come.
const RECORDS_MAX: usize = 20_000;

/// Follows calls and logins in the events of one Asterisk; over reconnections too.
#[derive(Debug)]
pub struct Watcher {
    /// Endpoints of the carrier, such as `PJSIP/carrier`.
    carrier: Vec<String>,
    /// By the unique id of the channel to the carrier.
    channels: Recent<String, Followed>,
    /// Names of channels that were followed: their records say nothing new.
    known: Recent<String, ()>,
    /// Ids that a list of all channels named so far; `None` where there were too many.
    listed: Option<HashSet<String>>,
}

#[derive(Debug)]
struct Followed {
    known_as: Arc<str>,
    handle: Arc<str>,
    parties: Parties,
    is_up: bool,
}

impl Watcher {
    /// `carrier` names the endpoints of the carrier, such as `PJSIP/carrier`.
    #[must_use]
    pub fn new(carrier: &[String]) -> Self {
        Self {
            carrier: carrier.to_vec(),
            channels: Recent::new(CHANNELS_MAX),
            known: Recent::new(RECORDS_MAX),
            listed: Some(HashSet::new()),
        }
    }

    /// A connection stands: what was listed over the last one means nothing. Ask for [`ami::channels`] then.
    pub fn connected(&mut self) {
        self.listed = Some(HashSet::new());
    }

    /// Takes in one packet; what it shows goes to `seen`.
    pub fn observe(&mut self, packet: &Packet, seen: &mut Vec<Seen>) {
        match packet.event() {
            Some("DialBegin") => self.dials(packet, seen),
            Some("DialEnd") if packet.get("DialStatus") == Some("ANSWER") => {
                self.is_up(named(packet, "DestUniqueid"), seen);
            }
            Some("Newchannel") => self.comes_in(packet, seen),
            Some("Newstate") if is_up(packet) => self.is_up(named(packet, "Uniqueid"), seen),
            Some("Hangup") => {
                let cause = packet.get("Cause").and_then(|cause| cause.parse().ok());
                self.ended(named(packet, "Uniqueid").unwrap_or_default(), cause, seen);
            }
            Some("Cdr") => self.recorded(packet, seen),
            Some("CoreShowChannel") => self.lists(packet, seen),
            Some("CoreShowChannelsComplete") if ami::channel_of(packet, "") == Err(NoMore) => {
                self.listed(seen);
            }
            _ => seen.extend(security::event(packet).map(Seen::Failed)),
        }
    }

    fn is_carrier(&self, channel: &str) -> bool {
        let Some(DialledChannel { tech, peer }) = DialledChannel::parse(channel) else {
            return false;
        };
        let is = |carrier: &String| {
            carrier.split_once('/').is_some_and(|(of, endpoint)| {
                of.eq_ignore_ascii_case(tech) && endpoint.eq_ignore_ascii_case(peer)
            })
        };
        self.carrier.iter().any(is)
    }

    /// A call to the carrier is tried.
    fn dials(&mut self, packet: &Packet, seen: &mut Vec<Seen>) {
        let (Some(channel), Some(id)) =
            (named(packet, "DestChannel"), named(packet, "DestUniqueid"))
        else {
            return;
        };
        if !self.is_carrier(channel) {
            return;
        }
        // It is said without the technology, which the channel has.
        let tech = channel.split('/').next().unwrap_or_default();
        let data = format!("{tech}/{}", packet.get("DialString").unwrap_or_default());
        let exten = || said(packet.get("Exten")).or_else(|| said(packet.get("DestCallerIDNum")));
        let Some(to) = number_in(&data, channel).or_else(exten) else { return };
        let phone = named(packet, "Channel").and_then(DialledChannel::parse);
        let parties = Parties {
            from: said(packet.get("CallerIDNum")),
            to,
            phone: phone.filter(|of| !of.is_local()).and_then(|of| said(Some(of.peer))),
            ..Parties::default()
        };
        self.begins(id, channel, parties, seen);
    }

    /// A call from the carrier: channels to it begin without an extension.
    fn comes_in(&mut self, packet: &Packet, seen: &mut Vec<Seen>) {
        let (Some(channel), Some(id)) = (named(packet, "Channel"), named(packet, "Uniqueid"))
        else {
            return;
        };
        let Some(to) = said(packet.get("Exten")).filter(|_| self.is_carrier(channel)) else {
            return;
        };
        let from = said(packet.get("CallerIDNum"));
        self.begins(id, channel, Parties { inbound: true, from, to, ..Parties::default() }, seen);
    }

    fn begins(&mut self, id: &str, channel: &str, parties: Parties, seen: &mut Vec<Seen>) {
        if self.channels.get(id).is_some() {
            return;
        }
        let followed =
            Followed { known_as: id.into(), handle: channel.into(), parties, is_up: false };
        seen.push(followed.step(Step::Began));
        self.known.insert(channel.to_owned(), ());
        self.channels.insert(id.to_owned(), followed);
    }

    fn is_up(&mut self, id: Option<&str>, seen: &mut Vec<Seen>) {
        if let Some(of) = id.and_then(|id| self.channels.get_mut(id))
            && !std::mem::replace(&mut of.is_up, true)
        {
            seen.push(of.step(Step::Answered));
        }
    }

    fn ended(&mut self, id: &str, cause: Option<u16>, seen: &mut Vec<Seen>) {
        let Some(of) = self.channels.remove(id) else { return };
        let billable_ms = (!of.is_up).then_some(0);
        let code = cause.map(|cause| sip_code(cause, of.is_up));
        seen.push(of.step(Step::Ended { billable_ms, code }));
    }

    /// A record of a call whose events were not seen: the connection was down.
    fn recorded(&mut self, packet: &Packet, seen: &mut Vec<Seen>) {
        let (Some(channel), Some(id)) =
            (named(packet, "DestinationChannel"), named(packet, "UniqueID"))
        else {
            return;
        };
        if !self.is_carrier(channel) || self.known.get(channel).is_some() {
            return;
        }
        let secs: Option<u64> = packet.get("BillableSeconds").and_then(|secs| secs.parse().ok());
        let answered = packet.get("Disposition") == Some("ANSWERED");
        let to = packet.get("LastData").and_then(|data| number_in(data, channel));
        let to = to.or_else(|| said(packet.get("Destination")));
        let (Some(to), Some(secs)) = (to, secs) else { return };
        let parties = Parties { from: said(packet.get("Source")), to, ..Parties::default() };
        let billable_ms = Some(if answered { secs.saturating_mul(1_000) } else { 0 });
        let step = Step::Ended { billable_ms, code: answered.then_some(200) };
        let (known_as, handle) = (Arc::from(id), None);
        seen.push(Seen::Call(Call { known_as, step, parties, handle }));
    }

    /// One of all channels. One to the carrier that is not known began while nobody was connected.
    fn lists(&mut self, packet: &Packet, seen: &mut Vec<Seen>) {
        let (Some(channel), Some(id)) = (named(packet, "Channel"), named(packet, "Uniqueid"))
        else {
            return;
        };
        if let Some(listed) = &mut self.listed {
            listed.insert(id.to_owned());
            if listed.len() > CHANNELS_MAX {
                self.listed = None;
            }
        }
        if !self.is_carrier(channel) || self.channels.get(id).is_some() {
            return;
        }
        // One that leads out has no extension of its own, and shows the far end as its caller.
        let (caller, other) =
            (said(packet.get("CallerIDNum")), said(packet.get("ConnectedLineNum")));
        let inbound =
            said(packet.get("Exten")).is_some() && packet.get("Application") != Some("AppDial");
        let (from, to) =
            if inbound { (caller, said(packet.get("Exten"))) } else { (other, caller) };
        let Some(to) = to else { return };
        self.begins(id, channel, Parties { inbound, from, to, ..Parties::default() }, seen);
        if is_up(packet) {
            self.is_up(Some(id), seen);
        }
    }

    /// All channels were listed: what is not among them ended while nobody was connected.
    fn listed(&mut self, seen: &mut Vec<Seen>) {
        let Some(listed) = self.listed.take() else { return };
        let over: Vec<String> =
            self.channels.keys().filter(|id| !listed.contains(*id)).cloned().collect();
        for id in over {
            self.ended(&id, None, seen);
        }
    }
}

impl Followed {
    fn step(&self, step: Step) -> Seen {
        Seen::Call(Call {
            known_as: Arc::clone(&self.known_as),
            step,
            parties: self.parties.clone(),
            handle: Some(Arc::clone(&self.handle)),
        })
    }
}

/// The name or id of a channel.
fn named<'p>(packet: &'p Packet, name: &str) -> Option<&'p str> {
    packet.get(name).filter(|id| id.len() <= ID_BYTES_MAX)
}

fn is_up(packet: &Packet) -> bool {
    packet.get("ChannelState") == Some("6")
}

/// What is written, where something is.
fn said(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty() && *text != "<unknown>" && *text != "s")
        .map(|text| taken_over(text.as_bytes()))
}

/// The number in the data of a `Dial` that became this channel.
fn number_in(data: &str, channel: &str) -> Option<String> {
    said(dialled(data, DialledChannel::parse(channel))?.number)
}
