//! Option tags and methods that work through us.

use ringfence_sip::{Message, Name, split_commas};

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

/// The elements of a list field that go on.
pub fn kept(name: Name, value: &[u8], without: Option<&[u8]>) -> Vec<u8> {
    let kept = |element: &&[u8]| match name {
        Name::Allow => split_commas(ALLOW).any(|known| known == *element),
        _ => passes(element) && without != Some(*element),
    };
    listed(split_commas(value).filter(kept))
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
