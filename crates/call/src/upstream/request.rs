//! The requests we send to trunks on our own.

use super::registration::Registration;
use crate::Owner;
use crate::directory::{Hop, Trunk};
use crate::route::flow_to;
use crate::wire::Wire;
use ringfence_model::Moment;
use ringfence_sip::{Builder, Method, Name, Uri};

/// Asks whether the trunk lives. `None` when it cannot be reached from any listener.
pub fn options(
    now: Moment,
    trunk: &Trunk,
    hop: &Hop,
    owner: Owner,
    wire: &mut Wire<'_>,
) -> Option<()> {
    let flow = flow_to(wire.directory, trunk, hop)?;
    let ours = wire.directory.listener(&flow)?.advertised.as_bytes();
    let uri = format!("sip:{}", trunk.domain());
    let (branch, tag, call_id) = (wire.mint.branch(), wire.mint.tag(), wire.mint.call_id());
    let transport = hop.transport.as_str().as_bytes();
    let mut builder = Builder::request(Method::Options, uri.as_bytes());
    builder
        .field(Name::Via, &[b"SIP/2.0/", transport, b" ", ours, b";rport;branch=", &branch])
        .number(Name::MaxForwards, 70)
        .field(Name::From, &[b"<sip:", ours, b">;tag=", &tag])
        .field(Name::To, &[b"<", uri.as_bytes(), b">"])
        .field(Name::CallId, &[&call_id])
        .cseq(1, b"OPTIONS")
        .field(Name::Contact, &[b"<sip:", ours, b">"])
        .field(Name::Accept, &[b"application/sdp"]);
    let bytes = builder.finish(b"").ok()?;
    let Wire { transactions, out, .. } = wire;
    transactions.request(now, flow, Method::Options, &branch, bytes, owner, out);
    Some(())
}

/// Registers us. `None` when it cannot be reached from any listener, or the aor cannot be written.
pub fn register(
    now: Moment,
    trunk: &Trunk,
    hop: &Hop,
    registration: &mut Registration,
    owner: Owner,
    wire: &mut Wire<'_>,
) -> Option<()> {
    let flow = flow_to(wire.directory, trunk, hop)?;
    let ours = wire.directory.listener(&flow)?.advertised.as_bytes();
    let aor = registration.aor().to_owned();
    let read = Uri::read(aor.as_bytes())?;
    let user = read.user?.to_vec();
    let uri = format!("sip:{}", trunk.domain());
    let branch = wire.mint.branch();
    registration.cseq += 1;
    let credentials = registration.credentials(uri.as_bytes(), wire.mint);
    let transport = hop.transport;
    let mut builder = Builder::request(Method::Register, uri.as_bytes());
    let via = transport.as_str().as_bytes();
    builder
        .field(Name::Via, &[b"SIP/2.0/", via, b" ", ours, b";rport;branch=", &branch])
        .number(Name::MaxForwards, 70)
        .field(Name::From, &[b"<", aor.as_bytes(), b">;tag=", &registration.from_tag])
        .field(Name::To, &[b"<", aor.as_bytes(), b">"])
        .field(Name::CallId, &[&registration.call_id])
        .cseq(registration.cseq, b"REGISTER");
    // The carrier calls this contact; over anything but UDP it must know how.
    let param = transport.as_param().as_bytes();
    let contact: [&[u8]; 7] = [b"<sip:", &user, b"@", ours, b";transport=", param, b">"];
    builder.field(Name::Contact, &contact);
    let expires = u32::try_from(registration.expires.as_secs()).unwrap_or(u32::MAX);
    builder.number(Name::Expires, expires);
    if let Some((name, value)) = &credentials {
        builder.field(*name, &[value]);
    }
    let bytes = builder.finish(b"").ok()?;
    let Wire { transactions, out, .. } = wire;
    transactions.request(now, flow, Method::Register, &branch, bytes, owner, out);
    Some(())
}
