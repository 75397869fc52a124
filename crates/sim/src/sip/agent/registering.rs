//! How a telephone keeps its registration.

use super::text::{self, Request};
use super::transactions::Aim;
use super::{Account, Agent, Role, Timer};
use crate::sip::plan::Fact;
use ringfence_model::Moment;
use ringfence_sip::digest::{Algorithm, Challenge, Secret, answer, strongest};
use ringfence_sip::{Message, Name};
use std::time::Duration;

/// What a telephone remembers of its registration.
#[derive(Default)]
pub struct Registering {
    call_id: String,
    cseq: u32,
    credentials: String,
    tries: u8,
    leaving: bool,
}

impl Agent {
    /// Registers, or renews.
    pub fn register(&mut self, at: Moment) {
        let Role::Phone(account) = self.role.clone() else { return };
        if self.registering.call_id.is_empty() {
            self.registering.call_id = self.word();
        }
        self.registering.cseq += 1;
        let expires = if self.registering.leaving { 0 } else { account.expires_secs };
        let (user, domain, host) = (account.user, account.domain, self.host.clone());
        let aor = format!("<sip:{user}@{domain}>");
        let (tag, branch) = (self.word(), self.branch());
        let more = format!(
            "Contact: <sip:{user}@{host};transport={}>\r\nExpires: {expires}\r\n{}{}",
            self.transport.as_param(),
            self.product,
            self.registering.credentials
        );
        let (uri, call_id, cseq) =
            (format!("sip:{domain}"), self.registering.call_id.clone(), self.registering.cseq);
        let request = Request {
            method: "REGISTER",
            uri: &uri,
            via: (self.transport.as_str(), &host, &branch),
            from: &format!("{aor};tag={tag}"),
            to: &aor,
            call_id: &call_id,
            cseq,
            hops: 70,
            more: &more,
            body: "",
        };
        self.ask(at, &request, None, Aim::Register);
    }

    /// Takes its contact back and registers no more.
    pub fn leave(&mut self, at: Moment) {
        self.registering.leaving = true;
        self.registering.tries = 0;
        self.register(at);
    }

    pub(super) fn register_answered(&mut self, at: Moment, message: &Message) {
        let Role::Phone(account) = self.role.clone() else { return };
        match message.code().unwrap_or(0) {
            200 => {
                self.registering.tries = 0;
                // Each renewal asks for a challenge anew: nonces grow old.
                self.registering.credentials.clear();
                if self.registering.leaving {
                    return;
                }
                self.note(Fact::Registered);
                let granted = granted(message).unwrap_or(account.expires_secs);
                let next = Duration::from_millis(u64::from(granted) * 500);
                self.set(at + next, Timer::Register);
            }
            401 | 407 if self.registering.tries < 3 => {
                self.registering.tries += 1;
                let uri = format!("sip:{}", account.domain);
                let credentials = self.credentials(message, ("REGISTER", &uri), &account);
                self.registering.credentials = credentials.unwrap_or_default();
                self.register(at);
            }
            code => self.register_failed(at, code),
        }
    }

    pub(super) fn register_failed(&mut self, at: Moment, code: u16) {
        self.note(Fact::NotRegistered(code));
        self.registering.tries = 0;
        self.registering.credentials.clear();
        if !self.registering.leaving {
            let secs = self.chance.within((5, 15));
            self.set(at + Duration::from_secs(u64::from(secs)), Timer::Register);
        }
    }

    /// The header line that answers the challenge in `message`.
    pub(super) fn credentials(
        &mut self,
        message: &Message,
        (method, uri): (&str, &str),
        account: &Account,
    ) -> Option<String> {
        let (asks, answers) = if message.code() == Some(407) {
            (Name::ProxyAuthenticate, "Proxy-Authorization")
        } else {
            (Name::WwwAuthenticate, "Authorization")
        };
        let challenges: Vec<_> =
            message.lines(asks).filter_map(|line| Challenge::parse(line).ok()).collect();
        let challenge = strongest(&challenges, &[Algorithm::Sha256, Algorithm::Md5]).ok()?;
        let secret = Secret::Password(&account.password);
        let cnonce = self.word();
        let asked = (method.as_bytes(), uri.as_bytes());
        let value = answer(challenge, asked, (&account.user, secret), &cnonce, 1).ok()?;
        Some(format!("{answers}: {}\r\n", text::lossy(&value)))
    }
}

/// How long the contact holds: its own parameter, else the header field (RFC 3261 §10.2.4).
fn granted(message: &Message) -> Option<u32> {
    let contact = message.values(Name::Contact).next();
    let own = contact
        .and_then(ringfence_sip::NameAddr::read)
        .and_then(|contact| contact.params.value("expires"))
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    own.or_else(|| message.number(Name::Expires))
}
