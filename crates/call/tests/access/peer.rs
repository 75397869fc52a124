//! A user agent: it registers, answers challenges and invites.

use crate::world::{World, udp};
use bytes::Bytes;
use ringfence_sip::digest::{Algorithm, Challenge, Secret, answer, strongest};
use ringfence_sip::{Builder, Flow, Message, Method, Name};

#[derive(Clone)]
pub struct Phone {
    pub flow: Flow,
    pub domain: String,
    pub aor: String,
    pub user: String,
    pub password: String,
    pub contact: String,
    pub call_id: String,
    pub cseq: u32,
    pub expires: Option<u32>,
    /// Further lines, each with its line end.
    pub extra: Vec<(Name, String)>,
    branch: u32,
}

impl Phone {
    /// As an extension of `domain`, behind address translation when `remote` is not 10.0.0.0/8.
    pub fn new(domain: &str, extension: &str, remote: &str) -> Self {
        Self {
            flow: udp(remote),
            domain: domain.into(),
            aor: extension.into(),
            user: format!("user{extension}"),
            password: format!("secret{extension}"),
            contact: format!("<sip:{extension}@10.0.0.5:5060>"),
            call_id: format!("reg-{extension}-{remote}"),
            cseq: 0,
            expires: Some(600),
            extra: Vec::new(),
            branch: 0,
        }
    }

    pub fn contact(self, contact: &str) -> Self {
        Self { contact: contact.into(), ..self }
    }

    /// Registers, answering a challenge; the last response.
    pub fn register(&mut self, world: &mut World) -> Message {
        let first = self.ask(world, Method::Register, None).pop().expect("an answer");
        if first.code() != Some(401) {
            return first;
        }
        self.answer(world, Method::Register, &first)
    }

    /// The same for INVITE, without what comes after the challenge.
    pub fn invite(&mut self, world: &mut World) -> Option<Message> {
        let first = self.ask(world, Method::Invite, None).pop()?;
        let credentials = self.credentials(Method::Invite, &first);
        self.ask(world, Method::Invite, Some(credentials)).pop()
    }

    pub fn answer(&mut self, world: &mut World, method: Method, challenge: &Message) -> Message {
        let credentials = self.credentials(method, challenge);
        self.ask(world, method, Some(credentials)).pop().expect("an answer")
    }

    pub fn credentials(&self, method: Method, challenge: &Message) -> (Name, Vec<u8>) {
        let (from, to) = match challenge.code() {
            Some(401) => (Name::WwwAuthenticate, Name::Authorization),
            _ => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        };
        let offered: Vec<_> =
            challenge.lines(from).map(|line| Challenge::parse(line).unwrap()).collect();
        let chosen = strongest(&offered, &Algorithm::PREFERRED).unwrap();
        let uri = self.uri(method);
        let who = (self.user.as_str(), Secret::Password(&self.password));
        let value =
            answer(chosen, (method.as_str().as_bytes(), uri.as_bytes()), who, "c", 1).unwrap();
        (to, value)
    }

    /// Sends one request; the responses to it.
    pub fn ask(
        &mut self,
        world: &mut World,
        method: Method,
        credentials: Option<(Name, Vec<u8>)>,
    ) -> Vec<Message> {
        let bytes = self.request(method, credentials);
        world.hear(&self.flow, bytes);
        world.sent_to(self.flow.remote)
    }

    pub fn request(&mut self, method: Method, credentials: Option<(Name, Vec<u8>)>) -> Bytes {
        self.cseq += 1;
        self.branch += 1;
        let uri = self.uri(method);
        let aor = format!("<sip:{}@{}>", self.aor, self.domain);
        let branch = format!("z9hG4bK-{}-{}", self.call_id, self.branch);
        let via = format!("SIP/2.0/{} 10.0.0.5", self.flow.transport.as_str());
        let mut builder = Builder::request(method, uri.as_bytes());
        builder
            .field(Name::Via, &[via.as_bytes(), b";rport;branch=", branch.as_bytes()])
            .number(Name::MaxForwards, 70)
            .field(Name::From, &[aor.as_bytes(), b";tag=t"])
            .field(Name::To, &[aor.as_bytes()])
            .field(Name::CallId, &[self.call_id.as_bytes()])
            .cseq(self.cseq, method.as_str().as_bytes())
            .field(Name::UserAgent, &[b"Phone 1.0"]);
        if !self.contact.is_empty() {
            builder.field(Name::Contact, &[self.contact.as_bytes()]);
        }
        if let Some(expires) = self.expires.filter(|_| method == Method::Register) {
            builder.number(Name::Expires, expires);
        }
        for (name, value) in &self.extra {
            builder.field(*name, &[value.as_bytes()]);
        }
        if let Some((name, value)) = credentials {
            builder.field(name, &[&value]);
        }
        builder.finish(b"").unwrap()
    }

    fn uri(&self, method: Method) -> String {
        match method {
            Method::Register => format!("sip:{}", self.domain),
            _ => format!("sip:0201234567@{}", self.domain),
        }
    }
}

pub fn contacts(message: &Message) -> Vec<String> {
    message.values(Name::Contact).map(|c| String::from_utf8(c.to_vec()).unwrap()).collect()
}
