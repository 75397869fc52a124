//! The same bytes read by `sipx-sip`, written by others from the same RFCs. Where the two readings differ, one is wrong
//! or the difference is on the list at the foot, with its reason.

use std::collections::BTreeMap;

use bytes::Bytes;
use ringfence_sip::{FrameError, Limits, Message, Name, Uri, trim, unfold};
use sipx_sip::error::{LimitKind, ParseError, StartLineError, UriError};

use crate::corpus::rows;
use crate::mutants::{Chance, bend};

/// Enough that every reason on the list is needed.
const MUTANTS: usize = 12_000;

/// A message, read.
#[derive(PartialEq, Eq, Debug)]
struct Reading {
    /// Full name in lower case, and value on one line.
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    version_ok: bool,
}

/// What our reader says: there is a message, of which the URI may be no good or the body short; or there is none.
#[derive(Debug)]
enum Ours {
    Read(Reading),
    BadUri,
    Short,
    Refused(FrameError),
}

type Theirs = Result<Reading, ParseError>;
type Applies = fn(&[u8], &Ours, &Theirs) -> bool;

fn ours(bytes: &[u8]) -> Ours {
    let message = match Message::parse(Bytes::copy_from_slice(bytes), &Limits::default()) {
        Ok(message) => message,
        Err(error) => return Ours::Refused(error),
    };
    let length = message.number(Name::ContentLength).map_or(0, |length| length as usize);
    let bad_uri =
        message.method().is_some() && message.uri().is_none() && !is_foreign(message.uri_text());
    match message {
        _ if bad_uri => Ours::BadUri,
        message if length > message.body().len() => Ours::Short,
        message => Ours::Read(reading(&message)),
    }
}

fn is_foreign(uri: &[u8]) -> bool {
    let scheme = uri.split(|byte| *byte == b':').next().unwrap_or_default();
    let own = ["sip", "sips", "tel"].iter().any(|own| scheme.eq_ignore_ascii_case(own.as_bytes()));
    Uri::has_scheme(uri) && !own
}

fn reading(message: &Message) -> Reading {
    let fields = message.fields().map(|field| {
        let name = match field.name {
            Name::Other => full_name(field.written),
            name => name.as_str().to_owned(),
        };
        (name.to_lowercase(), one_line(field.value))
    });
    let version_ok = message.essentials().err() != Some(ringfence_sip::Fault::Version);
    Reading { fields: fields.collect(), body: message.body().to_vec(), version_ok }
}

fn theirs(bytes: &[u8]) -> Theirs {
    let message = sipx_sip::parse_datagram(Bytes::copy_from_slice(bytes), &their_limits())?;
    let fields = message.headers().iter().map(|header| {
        let name = String::from_utf8_lossy(header.name().canonical()).to_lowercase();
        (name, one_line(header.raw_value()))
    });
    let version = match &message {
        sipx_sip::Message::Request(request) => &request.version,
        sipx_sip::Message::Response(response) => &response.version,
    };
    let version_ok = version.is_supported();
    Ok(Reading { fields: fields.collect(), body: message.body().to_vec(), version_ok })
}

/// Ours, as far as theirs have the same ones.
pub fn their_limits() -> sipx_sip::Limits {
    let own = Limits::default();
    sipx_sip::Limits {
        max_message_bytes: own.message_bytes_max,
        max_body_bytes: own.message_bytes_max,
        max_headers: own.fields_max,
        max_header_bytes: own.field_bytes_max,
        ..sipx_sip::Limits::datagram()
    }
}

fn one_line(value: &[u8]) -> Vec<u8> {
    trim(&unfold(value)).to_vec()
}

/// Compact forms that nothing here reads (RFC 3841, RFC 4474).
fn full_name(written: &[u8]) -> String {
    match written.to_ascii_lowercase().as_slice() {
        b"a" => "accept-contact".to_owned(),
        b"d" => "request-disposition".to_owned(),
        b"j" => "reject-contact".to_owned(),
        b"n" => "identity-info".to_owned(),
        other => String::from_utf8_lossy(other).into_owned(),
    }
}

/// The corpora, their mutants, and what chance comes upon too seldom.
pub fn bent() -> Vec<Vec<u8>> {
    let rows = rows();
    let mut chance = Chance(0x5151);
    let bent = (0..MUTANTS).map(|n| {
        let other = &rows[chance.below(rows.len())].bytes;
        bend(&rows[n % rows.len()].bytes, other, &mut chance)
    });
    let bent: Vec<_> = bent.collect();
    rows.iter().map(|row| row.bytes.clone()).chain(bent).chain(extremes()).collect()
}

fn extremes() -> [Vec<u8>; 6] {
    [
        format!("OPTIONS sip:h SIP/2.0\r\nl: 0\r\nX: 1{}\r\n\r\n", "\r\n 1".repeat(20)),
        format!(
            "OPTIONS sip:h SIP/2.0\r\nl: 0\r\n{}\r\n",
            format!("X: {}\r\n", "x".repeat(5_000)).repeat(4)
        ),
        "OPTIONS sip:h SIP/2.0\r\n\t\r\nl: 0\r\n\r\n".to_owned(),
        "OPTIONS sip:h SIP/2.0\r\nl: 65530\r\n\r\n".to_owned(),
        "OPTIONS x:%zz SIP/2.0\r\nl: 0\r\n\r\n".to_owned(),
        "OPTIONS sip:h?a=%zz SIP/2.0\r\nl: 0\r\n\r\n".to_owned(),
    ]
    .map(String::into_bytes)
}

#[test]
fn datagrams_are_read_alike_or_the_difference_is_known() {
    let mut tally = Tally::default();
    for bytes in bent() {
        let (ours, theirs) = (ours(&bytes), theirs(&bytes));
        let alike = match (&ours, &theirs) {
            (Ours::Read(ours), Ok(theirs)) => ours == theirs,
            (Ours::Read(_), Err(_)) | (_, Ok(_)) => false,
            _ => true,
        };
        let reason = REASONS.iter().find(|(_, applies)| applies(&bytes, &ours, &theirs));
        tally.count(alike, reason.map(|(reason, _)| *reason), || {
            format!("{}\n  {ours:?}\n  {theirs:?}", bytes.escape_ascii())
        });
    }
    tally.check(REASONS.map(|(reason, _)| reason).as_slice());
}

/// Why the two may differ, and how to know such a case.
const REASONS: [(&str, Applies); 11] = [
    ("a NUL ends what peers written in C read, so it is refused", |_, ours, theirs| {
        matches!((ours, theirs), (Ours::Refused(FrameError::Nul(_)), Ok(_)))
    }),
    ("a version is digits, dot, digits; anything else is no start line", |_, ours, theirs| {
        let unsupported = theirs.as_ref().is_ok_and(|theirs| !theirs.version_ok);
        matches!(ours, Ours::Refused(FrameError::StartLine)) && unsupported
    }),
    ("a Content-Length of more than ten digits is no length", |_, ours, theirs| {
        matches!((ours, theirs), (Ours::Refused(FrameError::ContentLength), Ok(_)))
    }),
    (
        "line breaks before a message are ignored in datagrams too (RFC 3261 §7.5)",
        |bytes, ours, theirs| {
            let empty = matches!(theirs, Err(ParseError::StartLine(StartLineError::Empty)));
            bytes.starts_with(b"\r\n") && matches!(ours, Ours::Read(_)) && empty
        },
    ),
    ("phones send user parts that are not escaped", |_, ours, theirs| {
        let user = matches!(
            theirs,
            Err(ParseError::StartLine(StartLineError::Uri(
                UriError::IllegalCharacter | UriError::User
            )))
        );
        matches!(ours, Ours::Read(_)) && user
    }),
    ("the header as a whole has a limit here", |_, ours, theirs| {
        matches!(
            (ours, theirs),
            (Ours::Refused(FrameError::TooBig { what: "the header", .. }), Ok(_))
        )
    }),
    ("a field has a limit of bytes here, not of folds", |_, ours, theirs| {
        let folds = matches!(theirs, Err(ParseError::Limit { limit: LimitKind::FoldingLines, .. }));
        matches!(ours, Ours::Read(_)) && folds
    }),
    ("a scheme begins with a letter (RFC 3986 §3.1)", |bytes, ours, theirs| {
        let letter = request_uri(bytes).first().is_some_and(u8::is_ascii_alphabetic);
        !letter && matches!((ours, theirs), (Ours::BadUri, Ok(_)))
    }),
    ("a second `@` in a URI leaves in doubt where its host is", |bytes, ours, theirs| {
        let ats = request_uri(bytes).iter().filter(|byte| **byte == b'@').count();
        ats > 0 && matches!((ours, theirs), (Ours::BadUri, Ok(_)))
    }),
    (
        "a first line is not continued on the next (RFC 3261 §7.3.1 folds header fields)",
        |bytes, ours, theirs| {
            folds_first(bytes)
                && matches!((ours, theirs), (Ours::Refused(FrameError::Field(_)), Ok(_)))
        },
    ),
    (
        "parameters and headers of a URI, and URIs of other schemes, are read where they are used",
        |_, ours, theirs| {
            let bad = matches!(
                theirs,
                Err(ParseError::StartLine(StartLineError::Uri(
                    UriError::PercentEscape
                        | UriError::EmptyParameterName
                        | UriError::DuplicateParameterName
                )))
            );
            matches!(ours, Ours::Read(_)) && bad
        },
    ),
];

fn folds_first(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\r\n")
        .and_then(|at| bytes.get(at + 2))
        .is_some_and(|next| matches!(next, b' ' | b'\t'))
}

fn request_uri(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b' ').nth(1).unwrap_or_default()
}

/// Cases alike, cases with a reason, and the others.
#[derive(Default)]
pub struct Tally {
    alike: usize,
    reasons: BTreeMap<&'static str, usize>,
    unknown: Vec<String>,
}

impl Tally {
    pub fn count(&mut self, alike: bool, reason: Option<&'static str>, show: impl Fn() -> String) {
        match reason {
            _ if alike => self.alike += 1,
            Some(reason) => *self.reasons.entry(reason).or_default() += 1,
            None => self.unknown.push(show()),
        }
    }

    pub fn check(&self, reasons: &[&str]) {
        println!("{} alike; {:#?}", self.alike, self.reasons);
        let some = self.unknown.get(..5).unwrap_or(&self.unknown);
        assert!(some.is_empty(), "{} unknown, as\n{}", self.unknown.len(), some.join("\n"));
        let all = self.alike + self.reasons.values().sum::<usize>();
        assert!(self.alike * 100 > all * 90, "only {} of {all} alike", self.alike);
        let unused: Vec<_> = reasons.iter().filter(|r| !self.reasons.contains_key(**r)).collect();
        assert!(unused.is_empty(), "no message needs {unused:?} any more");
    }
}
