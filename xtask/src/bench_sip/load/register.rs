//! Phones that register: REGISTER, challenge, REGISTER with the digest, 200. Closed loop: so many at once, as fast as the
//! server goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ringfence_sip::digest::{Challenge, Ha1, Secret, answer};

use super::heard::{Heard, Kind, digits, read};
use super::wording::{REALM, Voice};
use super::{BATCH, fresh_number, socket};

/// Phones are named by these numbers; `bench/kamailio.cfg` and the settings of Ringfence know them too.
pub const PHONES: std::ops::Range<u64> = 20_000..30_000;

/// What a phone proves itself with.
pub fn password(phone: u64) -> String {
    format!("correct horse {phone}")
}

/// What registering comes to.
#[derive(Debug, Default)]
pub struct Registered {
    /// Accepted, each after its challenge.
    pub accepted: u64,
    /// Answered with anything else than 401 and 200, by code; a second 401 is here too.
    pub refused: BTreeMap<u16, u64>,
    /// Requests not answered in [`PATIENCE`].
    pub lost: u64,
    /// From the first to the last acceptance that counts.
    pub took: Duration,
}

/// As many registrations at once as phones of a provider after a short loss of power.
const AT_ONCE: usize = 64;
/// T1 of RFC 3261: a phone would ask again.
const PATIENCE: Duration = Duration::from_millis(500);

/// One registration under way.
struct Attempt {
    number: u64,
    phone: u64,
    sent: Instant,
}

/// Registers for `lasting`; `mark` is called when it begins and when it ends, at full load.
pub fn run(
    voice: Voice,
    lasting: Duration,
    mark: &mut dyn FnMut() -> Result<()>,
) -> Result<Registered> {
    let secrets: Vec<Ha1> =
        PHONES.map(|phone| Ha1::new(&phone.to_string(), REALM, &password(phone))).collect();
    let socket = socket::bound(voice.caller)?;
    let (mut bytes, mut out) = (vec![0; 65_536], Vec::new());
    let mut next = fresh_number();
    let mut attempts = Vec::new();
    for _ in 0..AT_ONCE {
        attempts.push(begin(&voice, &socket, &mut out, &mut next)?);
    }
    let mut done = Registered::default();
    let begin_at = Instant::now();
    mark()?;
    while begin_at.elapsed() < lasting {
        for _ in 0..BATCH {
            let Some((message, _)) = socket::receive(&socket, &mut bytes)? else { break };
            let Some(heard) = read(message) else { continue };
            let Some(number) = digits(heard.call_id) else { continue };
            let Some(attempt) = attempts.iter_mut().find(|attempt| attempt.number == number) else {
                continue;
            };
            match heard.kind {
                Kind::Response(401) if heard.cseq.starts_with(b"1 ") => {
                    let place = usize::try_from(attempt.phone - PHONES.start)?;
                    let secret = secrets.get(place).context("a phone without a secret")?;
                    let proof = prove(&heard, attempt.phone, secret)?;
                    voice.register(&mut out, attempt.phone, number, Some(&proof));
                    attempt.sent = Instant::now();
                    socket::send(&socket, &out, voice.server)?;
                }
                Kind::Response(100..=199) => {}
                Kind::Response(code) => {
                    if code == 200 {
                        done.accepted += 1;
                    } else {
                        *done.refused.entry(code).or_default() += 1;
                    }
                    *attempt = begin(&voice, &socket, &mut out, &mut next)?;
                }
                _ => {}
            }
        }
        for attempt in &mut attempts {
            if attempt.sent.elapsed() > PATIENCE {
                done.lost += 1;
                *attempt = begin(&voice, &socket, &mut out, &mut next)?;
            }
        }
    }
    done.took = begin_at.elapsed();
    mark()?;
    ensure!(
        done.accepted > 0,
        "nobody could register; refused {:?}, lost {}",
        done.refused,
        done.lost
    );
    Ok(done)
}

fn begin(
    voice: &Voice,
    socket: &std::net::UdpSocket,
    out: &mut Vec<u8>,
    next: &mut u64,
) -> Result<Attempt> {
    let number = *next;
    *next += 1;
    let phone = PHONES.start + number % (PHONES.end - PHONES.start);
    voice.register(out, phone, number, None);
    socket::send(socket, out, voice.server)?;
    Ok(Attempt { number, phone, sent: Instant::now() })
}

fn prove(heard: &Heard<'_>, phone: u64, secret: &Ha1) -> Result<String> {
    let challenge = Challenge::parse(heard.challenge).context("reading the challenge")?;
    let uri = format!("sip:{REALM}");
    let whom = (phone.to_string(), Secret::Ha1(secret));
    let request = (&b"REGISTER"[..], uri.as_bytes());
    let value = answer(&challenge, request, (&whom.0, whom.1), "0a4f113b", 1)?;
    Ok(String::from_utf8(value)?)
}
