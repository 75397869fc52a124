//! One side of a dialog (RFC 3261 §12): what is needed to send in it and to know what belongs to it.

use crate::rewrite::{Hidden, Trust};
use crate::token::Token;
use ringfence_model::TrunkId;
use ringfence_sip::{Builder, Essentials, Flow, Message, Name, NameAddr};

/// A dialog with one party.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// Where its messages go.
    pub flow: Flow,
    /// How far the party is believed.
    pub trust: Trust,
    /// The trunk it is on.
    pub trunk: Option<TrunkId>,
    /// Call-ID on this side.
    pub call_id: Box<[u8]>,
    /// Our address here, without tag.
    pub local: Box<[u8]>,
    /// Our tag.
    pub local_tag: Token,
    /// The party's address, without tag.
    pub remote: Box<[u8]>,
    /// Its tag; empty until it is known, or when it has none (RFC 2543).
    pub remote_tag: Box<[u8]>,
    /// Its Contact: the request URI of what is sent to it.
    pub target: Box<[u8]>,
    /// The way there, as the value of a Route field; empty when it is direct.
    pub routes: Box<[u8]>,
    /// Number of our last request.
    pub local_cseq: u32,
    /// Number of its last request.
    pub remote_cseq: Option<u32>,
}

/// What a request of ours is written with.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Host and port others reach us by here.
    pub ours: &'a [u8],
    /// The transaction's branch.
    pub branch: &'a [u8],
    /// Hops that are left.
    pub max_forwards: u32,
}

impl Dialog {
    /// With who sent this INVITE; `tag` will be ours in To.
    #[must_use]
    pub fn called(
        invite: &Message,
        head: &Essentials<'_>,
        flow: Flow,
        (trust, trunk): (Trust, Option<TrunkId>),
        tag: Token,
    ) -> Self {
        Self {
            flow,
            trust,
            trunk,
            call_id: head.call_id.into(),
            local: address(&head.to),
            local_tag: tag,
            remote: address(&head.from),
            remote_tag: head.from.tag().unwrap_or_default().into(),
            target: contact_of(invite).unwrap_or(head.from.uri).into(),
            routes: join(invite.values(Name::RecordRoute)),
            local_cseq: 0,
            remote_cseq: Some(head.cseq.number),
        }
    }

    /// Takes in what a response to our INVITE says of the party: its tag, Contact and way.
    pub fn hear(&mut self, response: &Message, to: &NameAddr<'_>) {
        self.remote = address(to);
        self.remote_tag = to.tag().unwrap_or_default().into();
        self.refresh(response);
        if response.has(Name::RecordRoute) {
            let mut ways: Vec<_> = response.values(Name::RecordRoute).collect();
            ways.reverse();
            self.routes = join(ways.into_iter());
        }
    }

    /// A target refresh (RFC 3261 §12.2); says whether the target is another one now.
    pub fn refresh(&mut self, message: &Message) -> bool {
        let new = contact_of(message).filter(|new| **new != *self.target);
        if let Some(contact) = new {
            self.target = contact.into();
        }
        new.is_some()
    }

    /// The party speaks from here now: another connection, or another port of its address translator. A trunk over
    /// datagrams is reached where it says.
    pub fn follow(&mut self, flow: &Flow) {
        let same_host = self.flow.remote.ip() == flow.remote.ip();
        let streams = flow.transport.is_reliable() && self.flow.transport == flow.transport;
        let phone = self.trunk.is_none() && self.flow.transport == flow.transport;
        if same_host && self.routes.is_empty() && (streams || phone) {
            self.flow = *flow;
        }
    }

    /// Whether a message with these ids is of this dialog. Our own tag was what it was found by; while the party has
    /// none yet, any is its.
    #[must_use]
    pub fn owns(&self, call_id: &[u8], remote_tag: &[u8]) -> bool {
        let same = *self.remote_tag == *remote_tag || self.remote_tag.is_empty();
        same && *self.call_id == *call_id
    }

    /// What names the party's network.
    #[must_use]
    pub fn hidden(&self) -> Hidden {
        Hidden::new(self.flow.remote.ip().to_canonical(), &self.target)
    }

    /// The number of the next request.
    pub const fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// A request in this dialog up to CSeq.
    #[must_use]
    pub fn request(&self, method: &[u8], cseq: u32, stamp: &Stamp<'_>) -> Builder {
        let routes: Vec<_> = ringfence_sip::split_commas(&self.routes).collect();
        let strict = routes.first().and_then(|first| strict_router(first));
        let mut request = Builder::request_text(method, strict.unwrap_or(&self.target));
        via(&mut request, &self.flow, stamp);
        for route in routes.iter().skip(usize::from(strict.is_some())) {
            request.field(Name::Route, &[route]);
        }
        if strict.is_some() {
            request.field(Name::Route, &[b"<", &self.target, b">"]);
        }
        request.number(Name::MaxForwards, stamp.max_forwards);
        request.field(Name::From, &[&self.local, b";tag=", &self.local_tag]);
        if self.remote_tag.is_empty() {
            request.field(Name::To, &[&self.remote]);
        } else {
            request.field(Name::To, &[&self.remote, b";tag=", &self.remote_tag]);
        }
        request.field(Name::CallId, &[&self.call_id]);
        request.cseq(cseq, method);
        request
    }
}

/// The URI of a hop that is no loose router: it gets the request for itself, and the target comes last
/// (RFC 3261 §12.2.1.1).
fn strict_router(route: &[u8]) -> Option<&[u8]> {
    let route = NameAddr::read(route)?;
    let loose = route.uri()?.params.get("lr").is_some();
    (!loose && fits(route.uri)).then_some(route.uri)
}

/// The topmost Via of a request of ours.
pub fn via(request: &mut Builder, flow: &Flow, stamp: &Stamp<'_>) {
    let transport = flow.transport.as_str().as_bytes();
    let pieces: [&[u8]; 6] =
        [b"SIP/2.0/", transport, b" ", stamp.ours, b";rport;branch=", stamp.branch];
    request.field(Name::Via, &pieces);
}

/// A Contact of ours.
pub fn contact(to: &mut Builder, flow: &Flow, ours: &[u8], user: &[u8]) {
    let transport = flow.transport.as_param().as_bytes();
    match flow.transport.is_reliable() {
        true => {
            let pieces: [&[u8]; 7] = [b"<sip:", user, b"@", ours, b";transport=", transport, b">"];
            to.field(Name::Contact, &pieces)
        }
        false => to.field(Name::Contact, &[b"<sip:", user, b"@", ours, b">"]),
    };
}

/// The URI of the first Contact, if it can stand in a request.
fn contact_of(message: &Message) -> Option<&[u8]> {
    let contact = message.values(Name::Contact).next().and_then(NameAddr::read)?;
    contact.uri().filter(|uri| uri.headers.is_empty() && fits(uri.text)).map(|uri| uri.text)
}

fn fits(uri: &[u8]) -> bool {
    !uri.iter().any(|byte| *byte <= b' ' || matches!(byte, b'<' | b'>' | 0x7f))
}

/// `"Name" <uri>` without parameters of the field.
fn address(of: &NameAddr<'_>) -> Box<[u8]> {
    let space: &[u8] = if of.display.is_empty() { b"" } else { b" " };
    [of.display, space, b"<", of.uri, b">"].concat().into()
}

fn join<'m>(routes: impl Iterator<Item = &'m [u8]>) -> Box<[u8]> {
    let mut joined = Vec::new();
    for route in routes {
        if !joined.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(route);
    }
    joined.into()
}
