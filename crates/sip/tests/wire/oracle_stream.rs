//! As `oracle`, for streams: whether they are cut into the same messages.

use bytes::Bytes;
use ringfence_sip::{Frame, FrameError, Framer, Limits};
use sipx_sip::StreamParser;
use sipx_sip::error::{LimitKind, ParseError, StartLineError};

use crate::oracle::{Tally, bent, their_limits};

#[test]
fn streams_are_cut_alike_or_the_difference_is_known() {
    let mut tally = Tally::default();
    for bytes in bent() {
        let (ours, theirs) = (our_frames(&bytes), their_frames(&bytes));
        let reason = REASONS.iter().find(|(_, applies)| applies(&ours, &theirs));
        tally.count(
            ours.0 == theirs.0 && ours.1.is_some() == theirs.1.is_some(),
            reason.map(|(reason, _)| *reason),
            || format!("{}\n  {ours:?}\n  {theirs:?}", bytes.escape_ascii()),
        );
    }
    tally.check(REASONS.map(|(reason, _)| reason).as_slice());
}

type Frames<E> = (Vec<Bytes>, Option<E>);
type Applies = fn(&Frames<FrameError>, &Frames<ParseError>) -> bool;

fn our_frames(bytes: &[u8]) -> Frames<FrameError> {
    let mut framer = Framer::new(Limits::default());
    framer.push(bytes);
    let mut frames = Vec::new();
    loop {
        match framer.next() {
            Ok(Some(Frame::Message(bytes))) => frames.push(bytes),
            Ok(Some(Frame::Ping | Frame::Pong)) => {}
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

/// One byte at a time, since a push that fails keeps back the messages before.
fn their_frames(bytes: &[u8]) -> Frames<ParseError> {
    let mut parser = StreamParser::new(their_limits());
    let mut frames = Vec::new();
    for byte in bytes.chunks(1) {
        match parser.push(byte) {
            Ok(messages) => frames.extend(messages.iter().map(sipx_sip::Message::to_bytes)),
            Err(error) => return (frames, Some(error)),
        }
    }
    (frames, None)
}

/// Why the two may differ. Whatever the reason, what one cut is what the other cut, as far as both went.
const REASONS: [(&str, Applies); 8] = [
    ("a URI that is no good is answered; the stream stays in step", |ours, theirs| {
        matches!(theirs.1, Some(ParseError::StartLine(StartLineError::Uri(_))))
            && ours.0.starts_with(&theirs.0)
    }),
    ("what cannot begin a message is not waited for", |ours, theirs| {
        let first = matches!(ours.1, Some(FrameError::StartLine | FrameError::BareLineBreak(0)));
        first && theirs.0.starts_with(&ours.0)
    }),
    (
        "a first line is not continued on the next (RFC 3261 §7.3.1 folds header fields)",
        |ours, theirs| {
            matches!(ours.1, Some(FrameError::Field(_))) && theirs.0.starts_with(&ours.0)
        },
    ),
    ("a NUL ends what peers written in C read, so it is refused", |ours, theirs| {
        matches!(ours.1, Some(FrameError::Nul(_))) && theirs.0.starts_with(&ours.0)
    }),
    ("a Content-Length of more than ten digits is no length", |ours, theirs| {
        matches!(ours.1, Some(FrameError::ContentLength)) && theirs.0.starts_with(&ours.0)
    }),
    ("the header as a whole has a limit here", |ours, theirs| {
        let big = matches!(ours.1, Some(FrameError::TooBig { what: "the header", .. }));
        big && theirs.0.starts_with(&ours.0)
    }),
    ("header and body have one limit together", |ours, theirs| {
        let big = matches!(ours.1, Some(FrameError::TooBig { what: "the message", .. }));
        big && theirs.0.starts_with(&ours.0)
    }),
    ("a field has a limit of bytes here, not of folds", |ours, theirs| {
        let folds =
            matches!(theirs.1, Some(ParseError::Limit { limit: LimitKind::FoldingLines, .. }));
        folds && ours.0.starts_with(&theirs.0)
    }),
];
