//! What becomes of each header field.

use ringfence_sip::{Field, Name};

/// What becomes of a field on its way through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Goes on to the letter.
    Pass,
    /// A list of options or methods: what we can pass on stays in it.
    Options,
    /// Names a host.
    Warning,
    /// Passwords: only between a PBX and the phones it asks itself.
    Credentials,
    /// Goes on between trunks that are trusted.
    Trusted,
    /// Belongs to the hop, or is written new.
    Stays,
}

/// Fields without a [`Name`] that belong to a hop, and ...
const STAY: [&[u8]; 7] = [
    b"Flow-Timer",
    b"Max-Breadth",
    b"P-Associated-URI",
    b"Proxy-Authentication-Info",
    b"Security-Client",
    b"Security-Server",
    b"Security-Verify",
];

/// ... those of networks that trust each other (RFC 7315).
const TRUSTED: [&[u8]; 5] = [
    b"P-Access-Network-Info",
    b"P-Asserted-Service",
    b"P-Charging-Function-Addresses",
    b"P-Charging-Vector",
    b"P-Visited-Network-ID",
];

/// What becomes of a field. Identity, dialog ids and reliability (`RSeq`, `RAck`) stay here: they are written new.
pub fn fate(field: &Field<'_>) -> Fate {
    match field.name {
        Name::Allow | Name::Supported | Name::Require | Name::ProxyRequire => Fate::Options,
        Name::Warning => Fate::Warning,
        Name::Authorization
        | Name::ProxyAuthorization
        | Name::WwwAuthenticate
        | Name::ProxyAuthenticate
        | Name::AuthenticationInfo => Fate::Credentials,
        Name::Via
        | Name::From
        | Name::To
        | Name::CallId
        | Name::CSeq
        | Name::MaxForwards
        | Name::Contact
        | Name::Route
        | Name::RecordRoute
        | Name::Path
        | Name::ServiceRoute
        | Name::ContentLength
        | Name::UserAgent
        | Name::Server
        | Name::Timestamp
        | Name::PAssertedIdentity
        | Name::PPreferredIdentity
        | Name::RemotePartyId
        | Name::Diversion
        | Name::HistoryInfo
        | Name::Privacy
        | Name::RSeq
        | Name::RAck
        | Name::Replaces
        | Name::Join
        | Name::TargetDialog
        | Name::ReferTo
        | Name::ReferredBy => Fate::Stays,
        Name::Other if is_one_of(&STAY, field.written) => Fate::Stays,
        Name::Other if is_one_of(&TRUSTED, field.written) => Fate::Trusted,
        _ => Fate::Pass,
    }
}

fn is_one_of(names: &[&[u8]], written: &[u8]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(written))
}
