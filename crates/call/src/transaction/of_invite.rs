//! What a client transaction makes of its INVITE: the ACK of a failure, and the CANCEL.

use bytes::Bytes;
use ringfence_sip::{Builder, CSeq, Limits, Message, Method, Name, split_commas};

/// The ACK of a final response other than 2xx (RFC 3261 §17.1.1.3): as the INVITE, but To as in the response.
pub fn ack(invite: &Bytes, response: &Message) -> Option<Bytes> {
    let to = response.field(Name::To)?;
    like(invite, Method::Ack, Some(to), b"")
}

/// The CANCEL (RFC 3261 §9.1), with the reason why when there is one (RFC 3326).
pub fn cancel(invite: &Bytes, reason: &[u8]) -> Option<Bytes> {
    like(invite, Method::Cancel, None, reason)
}

fn like(invite: &Bytes, method: Method, to: Option<&[u8]>, reason: &[u8]) -> Option<Bytes> {
    // We wrote it: it was within every limit when it was made, and needs none now.
    let limits = Limits {
        fields_max: usize::MAX,
        head_bytes_max: usize::MAX,
        field_bytes_max: usize::MAX,
        ..Limits::default()
    };
    let invite = Message::parse(invite.clone(), &limits).ok()?;
    let cseq = CSeq::read(invite.field(Name::CSeq)?)?;
    let mut builder = Builder::request(method, invite.uri_text());
    builder.field(Name::Via, &[split_commas(invite.field(Name::Via)?).next()?]);
    builder.number(Name::MaxForwards, 70);
    for route in invite.lines(Name::Route) {
        builder.field(Name::Route, &[route]);
    }
    builder.field(Name::From, &[invite.field(Name::From)?]);
    builder.field(Name::To, &[to.or(invite.field(Name::To))?]);
    builder.field(Name::CallId, &[invite.field(Name::CallId)?]);
    builder.cseq(cseq.number, method.as_str().as_bytes());
    if !reason.is_empty() {
        builder.field(Name::Reason, &[reason]);
    }
    builder.finish(b"").ok()
}
