//! One registration of ours at a carrier (RFC 3261 §10.2).

use super::{Standing, backoff};
use crate::Mint;
use crate::Token;
use crate::directory::{Account, Upstream};
use ringfence_model::Moment;
use ringfence_sip::digest::{Algorithm, Challenge, Secret, Unanswerable, answer, strongest};
use ringfence_sip::{Message, Name, NameAddr, Uri, trim};
use std::sync::Arc;
use std::time::Duration;

/// A carrier may ask for a longer time than ours (423), up to this one.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);
/// A carrier may tell to wait this long and no longer.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Requests in one round at one address: a challenge, a stale nonce, a longer time.
const TRIES_MAX: u32 = 4;
/// A wrong password is not shown more often than this, or the carrier locks the account.
const WRONG_PASSWORD_WAIT: Duration = Duration::from_secs(300);
/// Less than this is no time for a registration; a carrier that grants less is taken to mean this.
const GRANTED_MIN: Duration = Duration::from_secs(10);

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Send it again, to the same address.
    Again,
    /// Send it to the next address.
    OtherHop,
    /// Nothing until then.
    Wait(Moment),
}

/// A registration and its state.
#[derive(Debug)]
pub struct Registration {
    upstream: Upstream,
    account: Option<Account>,
    pub(super) call_id: Token,
    pub(super) from_tag: Token,
    pub(super) cseq: u32,
    pub(super) expires: Duration,
    /// The challenge that is answered from now on, as it came, and how often it was.
    challenge: Option<Answered>,
    tries: u32,
    failures: u32,
    standing: Standing,
}

#[derive(Debug)]
struct Answered {
    proxy: bool,
    value: Vec<u8>,
    count: u32,
}

impl Registration {
    pub fn new(upstream: &Upstream, account: Option<Account>, mint: &mut Mint) -> Self {
        Self {
            upstream: upstream.clone(),
            account,
            call_id: mint.call_id(),
            from_tag: mint.tag(),
            cseq: 0,
            expires: upstream.expires.max(GRANTED_MIN),
            challenge: None,
            tries: 0,
            failures: 0,
            standing: Standing::Trying,
        }
    }

    pub fn is_for(&self, upstream: &Upstream, account: Option<&Account>) -> bool {
        let same = |a: &Account, b: &Account| a.user == b.user && a.password == b.password;
        self.upstream == *upstream
            && match (&self.account, account) {
                (Some(a), Some(b)) => same(a, b),
                (None, None) => true,
                _ => false,
            }
    }

    /// `sip:user@domain`
    pub fn aor(&self) -> &str {
        &self.upstream.aor
    }

    pub fn standing(&self) -> Standing {
        self.standing.clone()
    }

    pub const fn has_failed(&self) -> bool {
        matches!(self.standing, Standing::Failed { .. })
    }

    /// A round begins.
    pub const fn begin(&mut self) {
        self.tries = 0;
    }

    /// The credentials of the next request, if the carrier asked for some: the field and its value. The nonce serves
    /// on with a higher count, so that a refresh needs no challenge (RFC 7616 §3.3).
    pub fn credentials(&mut self, uri: &[u8], mint: &mut Mint) -> Option<(Name, Vec<u8>)> {
        let account = self.account.as_ref()?;
        let answered = self.challenge.as_mut()?;
        answered.count += 1;
        let challenge = Challenge::parse(&answered.value).ok()?;
        let who = (account.user.as_str(), Secret::Password(&account.password));
        let cnonce = mint.tag();
        let value =
            answer(&challenge, (b"REGISTER", uri), who, cnonce.as_str(), answered.count).ok()?;
        let name = if answered.proxy { Name::ProxyAuthorization } else { Name::Authorization };
        Some((name, value))
    }

    /// A final response came. `more`: there is another address to try.
    pub fn heard(&mut self, now: Moment, message: &Message, more: bool, mint: &mut Mint) -> Next {
        self.tries += 1;
        let code = message.code().unwrap_or(0);
        let again = self.tries < TRIES_MAX;
        match code {
            200..=299 => self.granted(now, message, mint),
            401 | 407 if again => match self.take_challenge(message, code == 407) {
                Ok(()) => Next::Again,
                Err(why) => self.wrong(now, why),
            },
            401 | 407 => self.wrong(now, "challenged again and again"),
            423 if again => match self.lengthen(message) {
                Some(()) => Next::Again,
                None => self.failed(now, &said(message), None, mint),
            },
            // A redirection is not followed: nobody but settings says where our password goes.
            500..=599 | 408 if more => self.other_hop(),
            _ => self.failed(now, &said(message), retry_after(message), mint),
        }
    }

    /// No response came.
    pub fn silent(&mut self, now: Moment, more: bool, mint: &mut Mint) -> Next {
        if more { self.other_hop() } else { self.failed(now, "no answer", None, mint) }
    }

    /// Nothing can be sent for now; [`super::Trunks::resolved`] begins again.
    pub fn lost(&mut self, why: &str, now: Moment) {
        self.standing = Standing::Failed { why: why.into(), again: now };
    }

    /// There is no listener for it, or its text cannot be written.
    pub fn unsendable(&mut self, now: Moment, mint: &mut Mint) -> Moment {
        let why = "no listener reaches it, or its address of record cannot be written";
        match self.failed(now, why, None, mint) {
            Next::Wait(until) => until,
            Next::Again | Next::OtherHop => now,
        }
    }

    const fn other_hop(&mut self) -> Next {
        self.tries = 0;
        Next::OtherHop
    }

    fn granted(&mut self, now: Moment, message: &Message, mint: &mut Mint) -> Next {
        let granted = self.lifetime(message).clamp(GRANTED_MIN, EXPIRES_MAX);
        self.failures = 0;
        self.standing = Standing::Registered { until: now + granted };
        // Half of a short time, ten minutes before the end of a long one (3GPP TS 24.229 §5.1.1.4.1); up to a tenth
        // earlier, so that many do not refresh together.
        let long = Duration::from_secs(1_200);
        let refresh = if granted > long { granted - Duration::from_secs(600) } else { granted / 2 };
        Next::Wait(now + (refresh - mint.within(refresh / 10)))
    }

    /// What the answer says of our contact, or of all of them.
    fn lifetime(&self, message: &Message) -> Duration {
        let secs = |secs: u32| Duration::from_secs(secs.into());
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        let user = Uri::read(self.upstream.aor.as_bytes()).and_then(|aor| aor.user);
        let ours = message
            .values(Name::Contact)
            .filter_map(NameAddr::read)
            .filter(|contact| contact.uri().is_some_and(|uri| uri.user == user))
            .filter_map(|contact| contact.params.value("expires").and_then(number))
            .max();
        ours.or_else(|| message.number(Name::Expires)).map_or(self.expires, secs)
    }

    /// Takes up a challenge, unless the answer just given to one like it was refused.
    fn take_challenge(&mut self, message: &Message, proxy: bool) -> Result<(), &'static str> {
        if self.account.is_none() {
            return Err("it asks for a password and the trunk has no account");
        }
        let name = if proxy { Name::ProxyAuthenticate } else { Name::WwwAuthenticate };
        let lines: Vec<&[u8]> = message.lines(name).map(trim).collect();
        let read: Vec<(&[u8], Challenge<'_>)> =
            lines.iter().filter_map(|line| Some((*line, Challenge::parse(line).ok()?))).collect();
        let challenges: Vec<Challenge<'_>> = read.iter().map(|(_, challenge)| *challenge).collect();
        let chosen = strongest(&challenges, &Algorithm::PREFERRED).map_err(|why| match why {
            Unanswerable::Qop => "its challenge offers no qop=auth",
            _ => "its challenge uses no algorithm known here",
        })?;
        // The last request carried an answer and the carrier does not call its nonce too old: the password is wrong.
        let fresh = self.challenge.as_ref().is_none_or(|old| old.count == 0);
        if self.tries > 1 && !fresh && !chosen.stale {
            return Err("user or password is wrong");
        }
        let line = read
            .iter()
            .find(|(_, c)| c.nonce.raw() == chosen.nonce.raw() && c.algorithm == chosen.algorithm);
        let value =
            line.map(|(line, _)| ringfence_sip::unfold(line).into_owned()).unwrap_or_default();
        self.challenge = Some(Answered { proxy, value, count: 0 });
        Ok(())
    }

    /// RFC 3261 §10.2.8.
    fn lengthen(&mut self, message: &Message) -> Option<()> {
        let least = Duration::from_secs(message.number(Name::MinExpires)?.into());
        if least <= self.expires || least > EXPIRES_MAX {
            return None;
        }
        self.expires = least;
        Some(())
    }

    fn wrong(&mut self, now: Moment, why: &str) -> Next {
        self.challenge = None;
        self.failures = self.failures.saturating_add(1);
        let wait = WRONG_PASSWORD_WAIT.saturating_mul(self.failures.min(6));
        self.wait(now, why, wait)
    }

    fn failed(&mut self, now: Moment, why: &str, told: Option<Duration>, mint: &mut Mint) -> Next {
        let wait = backoff::wait(self.failures, mint);
        self.failures = self.failures.saturating_add(1);
        // Told to wait, everybody else was told the same: a tenth more or less each.
        let told = told.map(|told| told + mint.within(told / 10 + Duration::from_secs(1)));
        self.wait(now, why, told.unwrap_or(wait))
    }

    fn wait(&mut self, now: Moment, why: &str, wait: Duration) -> Next {
        let again = now + wait;
        self.standing = match &self.standing {
            // A refresh that failed ends nothing yet.
            Standing::Registered { until } if *until > again => self.standing.clone(),
            _ => Standing::Failed { why: Arc::from(why), again },
        };
        Next::Wait(again)
    }
}

fn retry_after(message: &Message) -> Option<Duration> {
    let secs = message.number(Name::RetryAfter)?;
    Some(Duration::from_secs(secs.into()).clamp(Duration::from_secs(1), RETRY_AFTER_MAX))
}

/// The answer in words.
fn said(message: &Message) -> String {
    let reason: String = String::from_utf8_lossy(message.reason()).chars().take(60).collect();
    format!("answered {} {reason}", message.code().unwrap_or(0))
}
