//! Who is calling, as far as each party may know (RFC 3323, RFC 3325, RFC 5806, RFC 7044).

use super::{Crossing, Trust};
use ringfence_sip::{Builder, Message, Name, NameAddr, Scheme};

/// What we know of a caller ourselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller<'a> {
    /// The user part that stands for it: a number, or an extension.
    pub user: &'a [u8],
}

/// Whether the sender wants to stay unknown. Only a party that is believed asks for it by `Privacy`; a phone does so
/// by its From too.
#[must_use]
pub fn is_private(message: &Message) -> bool {
    let asked = message
        .lines(Name::Privacy)
        .flat_map(|value| value.split(|b| matches!(b, b';' | b',')))
        .any(|value| {
            let value = value.trim_ascii();
            [&b"id"[..], b"user", b"header"].iter().any(|ask| value.eq_ignore_ascii_case(ask))
        });
    let from = message.address(Name::From).and_then(|from| from.uri());
    asked || from.is_some_and(|uri| uri.host.eq_ignore_ascii_case(b"anonymous.invalid"))
}

/// RFC 3323 §4.1.1.3.
const ANONYMOUS: &[u8] = b"\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// The value of From towards others: the caller's own name at `host`, under `number` when it must show that.
#[must_use]
pub fn shown_as(request: &Message, number: Option<&[u8]>, host: &[u8]) -> Box<[u8]> {
    if is_private(request) {
        return ANONYMOUS.into();
    }
    let from = request.address(Name::From);
    let display = from.map(|from| from.display).unwrap_or_default();
    let said = from.and_then(|from| from.uri()).and_then(|uri| uri.user);
    let user = number.or(said).unwrap_or(b"anonymous");
    let space: &[u8] = if display.is_empty() { b"" } else { b" " };
    [display, space, b"<sip:", user, b"@", host, b">"].concat().into()
}

/// Writes the fields that say who is calling. `known` is what we assert when the sender is not believed.
pub fn identity(
    crossing: &Crossing<'_>,
    from: &Message,
    known: Option<Caller<'_>>,
    to: &mut Builder,
) {
    let private = is_private(from);
    let sees = match crossing.to {
        Trust::Trusted => true,
        Trust::Phone | Trust::PassedPhone => !private,
        Trust::Untrusted => false,
    };
    if crossing.to == Trust::Trusted && private {
        to.field(Name::Privacy, &[b"id"]);
    }
    if !sees {
        return;
    }
    match (crossing.from, known) {
        (Trust::Trusted, _) => {
            let names =
                [Name::PAssertedIdentity, Name::Diversion, Name::HistoryInfo, Name::RemotePartyId];
            for name in names {
                for value in from.values(name).filter_map(NameAddr::read) {
                    moved(crossing, name, &value, to);
                }
            }
        }
        (_, Some(known)) => {
            to.field(Name::PAssertedIdentity, &[b"<sip:", known.user, b"@", crossing.ours, b">"]);
        }
        (_, None) => {}
    }
}

/// The same address at our host: the sender's network stays its own.
fn moved(crossing: &Crossing<'_>, name: Name, value: &NameAddr<'_>, to: &mut Builder) {
    let Some(uri) = value.uri() else { return };
    let space: &[u8] = if value.display.is_empty() { b"" } else { b" " };
    let params = crossing.hidden.replaced(value.params.0, crossing.ours);
    match (uri.scheme, uri.user) {
        (Scheme::Tel, _) => to.field(name, &[value.display, space, b"<", uri.text, b">", &params]),
        (_, Some(user)) => {
            let pieces = [value.display, space, b"<sip:", user, b"@", crossing.ours, b">", &params];
            to.field(name, &pieces)
        }
        (_, None) => to,
    };
}

#[cfg(test)]
mod tests {
    use super::super::Hidden;
    use super::*;
    use bytes::Bytes;
    use ringfence_sip::Limits;

    fn said(fields: &str, from: Trust, to: Trust, known: Option<&[u8]>) -> String {
        let text = format!("INVITE sip:1@h SIP/2.0\r\n{fields}\r\n");
        let message = Message::parse(Bytes::from(text), &Limits::default()).unwrap();
        let hidden = Hidden::new("10.0.0.7".parse().unwrap(), b"");
        let crossing = Crossing { from, to, hidden: &hidden, ours: b"edge.example", without: None };
        let mut builder = Builder::response(200, b"OK");
        identity(&crossing, &message, known.map(|user| Caller { user }), &mut builder);
        let text = String::from_utf8(builder.finish(b"").unwrap().to_vec()).unwrap();
        text.replace("SIP/2.0 200 OK\r\n", "").replace("Content-Length: 0\r\n\r\n", "")
    }

    const ASSERTED: &str = "P-Asserted-Identity: \"A\" <sip:+3120@10.0.0.7;x=1>\r\nDiversion: <sip:9@pbx>;reason=busy\r\n";

    #[test]
    fn who_is_not_believed_cannot_assert() {
        let known = said(ASSERTED, Trust::Phone, Trust::Trusted, Some(b"+3170"));
        assert_eq!(known, "P-Asserted-Identity: <sip:+3170@edge.example>\r\n");
        assert_eq!(said(ASSERTED, Trust::Untrusted, Trust::Trusted, None), "");
    }

    #[test]
    fn friends_see_it_at_our_host() {
        assert_eq!(
            said(ASSERTED, Trust::Trusted, Trust::Trusted, Some(b"+3170")),
            "P-Asserted-Identity: \"A\" <sip:+3120@edge.example>\r\nDiversion: <sip:9@edge.example>;reason=busy\r\n"
        );
        assert_eq!(said(ASSERTED, Trust::Trusted, Trust::Untrusted, Some(b"+3170")), "");
    }

    #[test]
    fn privacy_is_kept() {
        let fields = format!("{ASSERTED}Privacy: id;critical\r\n");
        assert_eq!(said(&fields, Trust::Trusted, Trust::Phone, None), "");
        assert!(
            said(&fields, Trust::Trusted, Trust::Trusted, None).starts_with("Privacy: id\r\nP-A")
        );
        assert!(said(ASSERTED, Trust::Trusted, Trust::Phone, None).contains("+3120"));
    }
}
