//! Asterisk: `cdr_csv`, `cdr_custom` JSON, and database exports such as that of FreePBX.
//!
//! Columns of `cdr_csv` by `cdr/cdr_csv.c`: sixteen, then by settings `uniqueid`, `userfield`, and together
//! `peeraccount, linkedid, sequence`.

use super::asterisk_dial::{Channel, Target, dialled};
use super::cause;
use super::fields::{Columns, Fields};
use super::leg::{Draft, Role};
use super::options::Sides;
use super::row::{RowError, fingerprint};
use super::sides::End;
use super::time::{Clock, duration_ms};
use ringfence_model::Via;
use std::borrow::Cow;
use std::fmt::Write;

/// The fields this importer uses, in the words of Asterisk.
#[derive(Default, Clone, Copy)]
struct Row<'a> {
    account: &'a str,
    src: &'a str,
    dst: &'a str,
    context: &'a str,
    clid: &'a str,
    channel: &'a str,
    dstchannel: &'a str,
    app: &'a str,
    data: &'a str,
    start: &'a str,
    answer: &'a str,
    end: &'a str,
    duration: &'a str,
    billsec: &'a str,
    disposition: &'a str,
    cause: &'a str,
    uniqueid: &'a str,
    linkedid: &'a str,
    sequence: &'a str,
    extension: &'a str,
}

/// How many columns a row of `cdr_csv` can have.
pub(crate) const COLUMNS: std::ops::RangeInclusive<usize> = 16..=21;

/// A row of `cdr_csv`.
pub(crate) fn from_csv<'a>(
    c: Columns<'a>,
    raw: &str,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let count = c.count();
    if !COLUMNS.contains(&count) {
        return Err(RowError::Columns { found: count, expected: "16 to 21" });
    }
    let with_linkedid = count >= 19;
    let (uniqueid, linkedid, sequence) = match count {
        16 => ("", "", ""),
        // Either of two settings adds the seventeenth.
        17 | 20 if !is_unique_id(c.at(16)) => ("", c.at(count - 2), c.at(count - 1)),
        17 | 18 => (c.at(16), "", ""),
        19 => ("", c.at(17), c.at(18)),
        _ => (c.at(16), c.at(count - 2), c.at(count - 1)),
    };
    let (linkedid, sequence) = if with_linkedid { (linkedid, sequence) } else { ("", "") };
    let row = Row {
        account: c.at(0),
        src: c.at(1),
        dst: c.at(2),
        context: c.at(3),
        clid: c.at(4),
        channel: c.at(5),
        dstchannel: c.at(6),
        app: c.at(7),
        data: c.at(8),
        start: c.at(9),
        answer: c.at(10),
        end: c.at(11),
        duration: c.at(12),
        billsec: c.at(13),
        disposition: c.at(14),
        cause: "",
        uniqueid,
        linkedid,
        sequence,
        extension: "",
    };
    row.draft(raw, sides, clock)
}

/// A row with names: JSON of `cdr_custom`, `cdr_adaptive_odbc` and FreePBX table exports.
pub(crate) fn from_fields<'a>(
    f: &'a dyn Fields,
    raw: &str,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    Row {
        account: f.get("accountcode"),
        src: f.any(&["src", "cnum"]),
        dst: f.get("dst"),
        context: f.get("dcontext"),
        clid: f.get("clid"),
        channel: f.get("channel"),
        dstchannel: f.get("dstchannel"),
        app: f.get("lastapp"),
        data: f.get("lastdata"),
        start: f.any(&["start", "calldate"]),
        answer: f.any(&["answer", "answerdate"]),
        end: f.any(&["end", "hangupdate"]),
        duration: f.get("duration"),
        billsec: f.get("billsec"),
        disposition: f.get("disposition"),
        cause: f.get("hangupcause"),
        uniqueid: f.get("uniqueid"),
        linkedid: f.get("linkedid"),
        sequence: f.get("sequence"),
        // FreePBX writes the caller's extension here, whatever caller id it shows.
        extension: f.get("cnum"),
    }
    .draft(raw, sides, clock)
}

impl<'a> Row<'a> {
    fn draft(self, raw: &str, sides: &Sides, clock: &mut Clock) -> Result<Draft<'a>, RowError> {
        let Some(started) = clock.read(self.start)? else { return Err(RowError::NoStart) };
        let caller = Channel::parse(self.channel);
        let called = Channel::parse(self.dstchannel);
        let target = if is_dial(self.app) { dialled(self.data, called) } else { None };
        // `cdr_custom` may leave lastdata out; the called channel still names the trunk.
        let to_peer = match (called, target) {
            (Some(channel), _) if !channel.is_local() => channel.peer,
            (_, Some(target)) if !target.tech.eq_ignore_ascii_case("Local") => target.peer,
            _ => "",
        };
        let from_peer =
            caller.filter(|channel| !channel.is_local()).map_or("", |channel| channel.peer);
        let from = self.caller_end(sides, from_peer);
        let to = to_end(sides, to_peer, target, from, self.dst);
        // A named peer that brings an outside caller to a phone is a trunk.
        let brings_outside = from == End::Unknown && to == End::Phone && !from_peer.is_empty();
        let from = if brings_outside && sides.is_outside(self.src) { End::Carrier } else { from };
        let code = cause::of_disposition(self.disposition);
        let answered = code == Some(200);
        let inside = called.is_some_and(Channel::is_local);
        // For a caller from outside, what a `Local` channel goes on to is not what was dialled.
        let is_sent = |target: &Target<'_>| {
            from != End::Carrier || !target.tech.eq_ignore_ascii_case("Local")
        };
        let sent = target
            .filter(is_sent)
            .and_then(|target| target.number)
            .filter(|number| !number.is_empty());
        Ok(Draft {
            native_id: self.native_id(raw),
            correlation: if self.linkedid.is_empty() { self.uniqueid } else { self.linkedid }
                .into(),
            tenant: self.account,
            trunk: trunk(from, from_peer, to, to_peer).into(),
            extension: self.extension(sides, from, from_peer, to, to_peer),
            direction: None,
            from,
            to,
            context: self.context,
            a_number: if self.src.is_empty() { number_of(self.clid) } else { self.src }.into(),
            dialled: sent.unwrap_or(self.dst).into(),
            c_number: if from == End::Carrier && to == End::Carrier { self.dst } else { "" }.into(),
            via: self.via(),
            started: Some(started),
            answered: if answered { clock.read(self.answer)? } else { None },
            ended: clock.read(self.end)?,
            duration_ms: duration_ms(self.duration)?,
            billable_ms: if answered { duration_ms(self.billsec)? } else { Some(0) },
            code: self
                .refusal()
                .or_else(|| cause::of_text(self.cause, answered))
                .filter(|_| !answered)
                .or(code),
            role: match to {
                _ if inside => Role::Inside,
                End::Guard => Role::Guard,
                _ => Role::Party,
            },
            caller_inside: caller.is_some_and(Channel::is_local),
            ..Draft::default()
        })
    }

    fn caller_end(&self, sides: &Sides, peer: &str) -> End {
        match sides.end_of(peer) {
            // A guard that calls us is a carrier side like any other.
            End::Guard => End::Carrier,
            End::Unknown if sides.is_carrier_context(self.context) => End::Carrier,
            known => known,
        }
    }

    fn extension(
        &self,
        sides: &Sides,
        from: End,
        from_peer: &'a str,
        to: End,
        to_peer: &'a str,
    ) -> &'a str {
        if sides.is_extension(self.extension) && from != End::Carrier {
            return self.extension;
        }
        match (from, to) {
            (End::Carrier, End::Phone | End::Unknown) => to_peer,
            (End::Carrier, _) => "",
            // A call handed on inside, to a phone, for an outside caller.
            (End::Unknown, End::Phone) if from_peer.is_empty() && !sides.is_extension(self.src) => {
                to_peer
            }
            _ if !from_peer.is_empty() => from_peer,
            _ if sides.is_extension(self.src) => self.src,
            _ => "",
        }
    }

    /// The key that is the same each time this row is read.
    fn native_id(&self, raw: &str) -> Cow<'a, str> {
        if self.uniqueid.is_empty() {
            return Cow::Borrowed("");
        }
        let mut id = String::with_capacity(40);
        if self.sequence.is_empty() {
            // Several rows of one channel share its uniqueid.
            let _ = write!(id, "{}/{}", self.uniqueid, fingerprint(raw));
        } else {
            id.push_str(self.uniqueid);
            id.push('/');
            id.push_str(self.sequence);
        }
        Cow::Owned(id)
    }

    fn via(&self) -> Via {
        let is = |word: &str| {
            self.app.eq_ignore_ascii_case(word) || self.context.eq_ignore_ascii_case(word)
        };
        if is("DISA") {
            Via::Disa
        } else if is("VoiceMail") || is("VoiceMailMain") {
            Via::Voicemail
        } else {
            Via::Unknown
        }
    }

    /// A refusal by the dialplan: `PJSIPHangup(603)`, `Hangup(21)`, `Busy`, `Congestion`.
    fn refusal(&self) -> Option<u16> {
        match self.app {
            "PJSIPHangup" | "Hangup" => {
                cause::of_text(self.data, false).filter(|code| *code != 487)
            }
            "Busy" => Some(486),
            "Congestion" => Some(503),
            _ => None,
        }
    }
}

fn to_end(sides: &Sides, peer: &str, target: Option<Target<'_>>, from: End, dst: &str) -> End {
    match sides.end_of(peer) {
        End::Unknown if peer.is_empty() => End::Unknown,
        // A number sent to a named peer: that peer is a trunk.
        End::Unknown if target.is_some_and(|target| target.number.is_some_and(|n| n != peer)) => {
            End::Carrier
        }
        // Without lastdata: an outside number went to a peer that is no extension.
        End::Unknown
            if target.is_none()
                && from != End::Carrier
                && dst.len() > *sides.extension_digits.end() =>
        {
            End::Carrier
        }
        End::Unknown => End::Phone,
        known => known,
    }
}

fn trunk<'a>(from: End, from_peer: &'a str, to: End, to_peer: &'a str) -> &'a str {
    match (from, to) {
        (_, End::Carrier | End::Guard) => to_peer,
        (End::Carrier, _) => from_peer,
        _ => "",
    }
}

fn is_dial(app: &str) -> bool {
    // `AppDial` is what the called side of a Dial shows; it has no resources of its own.
    app.eq_ignore_ascii_case("Dial")
}

/// `1795301423.0`, or with a system name in front.
pub(crate) fn is_unique_id(text: &str) -> bool {
    let id = text.rsplit_once('-').map_or(text, |(_, id)| id);
    id.split_once('.').is_some_and(|(secs, count)| {
        secs.len() >= 9
            && !count.is_empty()
            && secs.bytes().chain(count.bytes()).all(|b| b.is_ascii_digit())
    })
}

/// The number in `"name" <number>`.
fn number_of(clid: &str) -> &str {
    clid.rsplit_once('<').and_then(|(_, rest)| rest.split('>').next()).unwrap_or("")
}
