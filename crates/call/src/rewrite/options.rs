//! Option tags and methods that work through us.

use ringfence_sip::{Message, Method, Name, split_commas};
use std::borrow::Cow;

/// What we pass in a dialog.
pub const ALLOW: &[u8] =
    b"INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER, SUBSCRIBE, NOTIFY";

/// Options both parties can use through a B2BUA that leaves bodies and dialogs' order alone (IANA registry of option
/// tags). Not among them: those of registrars (`path`, `gruu`, `outbound`), and those that need fields we do not pass
/// (`tdialog`, `join`, `from-change`, `sec-agree`).
const PASS: [&[u8]; 18] = [
    b"100rel",
    b"timer",
    b"replaces",
    b"norefersub",
    b"nosub",
    b"early-session",
    b"precondition",
    b"resource-priority",
    b"histinfo",
    b"privacy",
    b"answermode",
    b"sdp-anat",
    b"uui",
    b"199",
    b"eventlist",
    b"recipient-list-invite",
    b"recipient-list-message",
    b"trickle-ice",
];

/// Whether an option works through us.
#[must_use]
pub fn passes(option: &[u8]) -> bool {
    PASS.iter().any(|known| known.eq_ignore_ascii_case(option))
}

/// What is asked for and does not work through us, for `Unsupported` (RFC 3261 §8.2.2.3); empty when all does.
#[must_use]
pub fn unsupported(message: &Message) -> Vec<u8> {
    let asked = message.values(Name::Require).chain(message.values(Name::ProxyRequire));
    listed(asked.filter(|option| !passes(option)))
}

/// The elements of a list field that go on: mostly all of them.
pub fn kept<'m>(name: Name, value: &'m [u8], without: Option<&[u8]>) -> Cow<'m, [u8]> {
    let goes_on = |element: &[u8]| match name {
        Name::Allow => allows(element),
        _ => passes(element) && without != Some(element),
    };
    let mut elements = split_commas(value).peekable();
    if elements.peek().is_some() && elements.all(goes_on) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(listed(split_commas(value).filter(|element| goes_on(element))))
}

/// Whether a method is one of [`ALLOW`].
fn allows(method: &[u8]) -> bool {
    !matches!(Method::read(method), Method::Register | Method::Publish | Method::Other)
}

fn listed<'a>(elements: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut list = Vec::new();
    for element in elements {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(element);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_what_passes() {
        assert!(split_commas(ALLOW).all(allows));
        let other = [&b"PUBLISH"[..], b"REGISTER", b"invite", b"X-OWN", b""];
        assert!(!other.into_iter().any(allows));
        assert_eq!(split_commas(ALLOW).count(), 12);
    }

    #[test]
    fn only_what_does_not_pass_falls_out() {
        let kept = |name, value: &str| {
            String::from_utf8(kept(name, value.as_bytes(), Some(b"100rel")).into_owned()).unwrap()
        };
        assert_eq!(kept(Name::Allow, "INVITE,ACK , BYE"), "INVITE,ACK , BYE");
        assert_eq!(kept(Name::Allow, "INVITE,PUBLISH,BYE"), "INVITE, BYE");
        assert_eq!(kept(Name::Supported, "timer, Replaces"), "timer, Replaces");
        assert_eq!(kept(Name::Supported, "path,timer,100rel"), "timer");
        assert_eq!(kept(Name::Require, "path"), "");
        assert_eq!(kept(Name::Require, " , "), "");
    }
}
