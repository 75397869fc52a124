//! A stream: however it is cut it gives the same frames, and each of them is one message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_sip::{Frame, Framer, Limits, Message};

// The last byte says how long the pieces are: seeds are streams as they are.
fuzz_target!(|input: &[u8]| {
    let Some((cut, bytes)) = input.split_last() else { return };
    let whole = frames(std::iter::once(bytes));
    assert_eq!(frames(bytes.chunks(usize::from(*cut) + 1)), whole);
    assert_eq!(frames(bytes.chunks(1)), whole);
});

fn frames<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<Frame>, bool) {
    let limits = Limits::default();
    let mut framer = Framer::new(limits);
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(bytes))) => {
                    let message = Message::parse_framed(bytes.clone(), &limits);
                    assert!(message.is_ok_and(|message| message.bytes().len() == bytes.len()));
                    frames.push(Frame::Message(bytes));
                }
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
        assert!(framer.held_bytes() <= limits.message_bytes_max);
    }
    (frames, false)
}
