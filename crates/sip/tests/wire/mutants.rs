//! Messages bent by chance, the same ones on every run.

/// SplitMix64 (Steele, Lea, Flood 2014): chance from a seed.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }
}

/// What a stranger would put somewhere.
const PIECES: [&[u8]; 34] = [
    b"\r\n",
    b"\r",
    b"\n",
    b"\r\n ",
    b"\r\n\t",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"@",
    b"=",
    b"%",
    b"[",
    b"]",
    b"\0",
    b"\x7f",
    b"\xff",
    b"\xc3\xa9",
    b"SIP/2.0",
    b"sip:",
    b"Content-Length: 5\r\n",
    b"l:0\r\n",
    b"Content-Length : 9\r\n",
    b"X: y\r\n",
    b"Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n",
    b"INVITE sip:h SIP/2.0\r\n",
    b"4294967296",
    b"-1",
];

/// `bytes` after one to four changes.
pub fn bend(bytes: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    for _ in 0..=chance.below(4) {
        // The header is where it hurts.
        let head = memchr::memmem::find(&bent, b"\r\n\r\n").map_or(bent.len(), |at| at + 4);
        let at =
            if chance.below(4) == 0 { chance.below(bent.len() + 1) } else { chance.below(head) };
        let at = at.min(bent.len());
        let to = (at + 1 + chance.below(12)).min(bent.len());
        match chance.below(7) {
            0 if at < bent.len() => bent[at] ^= 1 << chance.below(8),
            1 => drop(bent.drain(at..to)),
            2 => drop(bent.splice(at..at, bent[at..to].to_vec())),
            3 => drop(bent.splice(at..to, chance.pick(&PIECES).iter().copied())),
            4 => {
                let from = chance.below(other.len());
                let end = (from + chance.below(60)).min(other.len());
                drop(bent.splice(at..at, other[from..end].iter().copied()));
            }
            5 => bent.truncate(bent.len() - chance.below(bent.len() / 8 + 1)),
            _ => drop(bent.splice(at..at, chance.pick(&PIECES).iter().copied())),
        }
    }
    bent
}
