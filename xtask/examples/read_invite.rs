//! How long it takes to read an INVITE, and how often memory is asked for: the bench `parse` of `cargo xtask bench-sip`
//! runs this in a process of its own, because counting allocations needs an allocator of its own.
#![allow(clippy::print_stdout, reason = "a command: its output is text")]

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use bytes::Bytes;
use ringfence_sip::{Limits, Message};

/// A PBX to its trunk.
const INVITE: &[u8] = include_bytes!("../../bench/invite.sip");
const TIMES: u32 = 100_000;

fn main() {
    let bytes = Bytes::from_static(INVITE);
    let limits = Limits::default();
    let read = || Message::parse(bytes.clone(), &limits);
    let parse = micros(|| read().is_ok());
    let ids = micros(|| identified(&read()));
    let counted = measure(|| {
        black_box(identified(&read()));
    });
    println!("{} {parse} {ids} {}", INVITE.len(), counted.count_total);
}

/// Everything a transaction is found by.
fn identified<E>(message: &Result<Message, E>) -> bool {
    let Some(essentials) = message.as_ref().ok().and_then(|message| message.essentials().ok())
    else {
        return false;
    };
    let [from, to] = [essentials.from.tag(), essentials.to.tag()];
    let found = black_box((
        essentials.via.branch(),
        essentials.via.host,
        from,
        to,
        essentials.call_id,
        essentials.cseq,
    ));
    found.0.is_some() && found.2.is_some()
}

/// The best of several rounds: everything else is the machine's doing.
fn micros(mut work: impl FnMut() -> bool) -> f64 {
    let round = |_| {
        let clock = Instant::now();
        let good = (0..TIMES).filter(|_| black_box(work())).count();
        assert_eq!(good, TIMES as usize, "the INVITE is not read");
        clock.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
    };
    (0..7).map(round).fold(f64::INFINITY, f64::min)
}
