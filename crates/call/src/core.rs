//! What every call of a shard works with: the directory, the transactions, the outputs, chance and timers.

use crate::directory::Directory;
use crate::ids::CallIds;
use crate::rewrite::{Crossing, Hidden, Trust};
use crate::stateless::{self, Responder};
use crate::timers::Timers;
use crate::token::{Mint, Token, shard_of_branch};
use crate::transaction::{ClientKey, Outbox, Owner, ServerKey, Transactions};
use crate::{Output, Wire, b2bua::Party, dialog::Dialog, dialog::Stamp};
use bytes::Bytes;
use ringfence_model::{CallId, Now, TrunkId};
use ringfence_sip::{
    BadText, Builder, Flow, Host, Message, Method, Name, NameAddr, Transport, Uri, Via,
};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where a call is kept, and which of the calls that were there.
pub(crate) use crate::transaction::Slot as Place;

/// Whose dialog a tag of ours is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The call.
    pub place: Place,
    /// Its pair of dialogs.
    pub pair: u32,
    /// Which of the two.
    pub party: Party,
}

impl Seat {
    /// That of the other party.
    #[must_use]
    pub const fn opposite(self) -> Self {
        Self { party: self.party.other(), ..self }
    }
}

/// What every call works with.
pub struct Core {
    pub directory: Arc<Directory>,
    pub transactions: Transactions,
    pub out: Outbox,
    pub mint: Mint,
    pub responder: Responder,
    pub wakes: Timers<Place>,
    pub dialogs: HashMap<Token, Seat, foldhash::fast::RandomState>,
    pub ids: CallIds,
    /// Makes marks.
    pub marks: foldhash::fast::FixedState,
    /// Where each trunk is reached best.
    pub hops: HashMap<TrunkId, Flow>,
    /// Addresses of trunks that said nothing.
    pub dead: Vec<(TrunkId, Flow)>,
    /// Calls that were sent elsewhere.
    pub redirected: Vec<Place>,
}

/// A response in the making: whose request, and what the code says.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    pub server: ServerKey,
    pub request: &'a Message,
    pub flow: &'a Flow,
    pub code: u16,
    pub reason: &'a [u8],
    pub tag: &'a Token,
}

/// A request in the making.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    pub method: &'a [u8],
    pub max_forwards: u32,
    pub owner: Owner,
    /// What shows that it came back, see [`Core::mark`].
    pub mark: Option<u32>,
}

impl Core {
    /// What tells an INVITE from others when it comes back to us (RFC 5393 §4.2): whom it is for, from whom it is, and
    /// who brought it, as that decides where it goes. A phone's call that its PBX, a proxy, brings to us once more is no
    /// loop.
    pub fn mark(&self, invite: &Message, brought_by: Option<&TrunkId>) -> u32 {
        let mut hash = self.marks.build_hasher();
        brought_by.map(TrunkId::as_str).hash(&mut hash);
        invite.uri_text().hash(&mut hash);
        let from = invite.address(Name::From);
        from.and_then(|from| from.uri()).map(|uri| (uri.user, uri.host)).hash(&mut hash);
        hash.finish() as u32
    }

    /// Whether we sent this very INVITE on before, and only proxies were in between.
    pub fn is_loop(&self, invite: &Message, brought_by: Option<&TrunkId>) -> bool {
        our_branches(invite).any(|branch| {
            let dot = memchr::memrchr(b'.', branch);
            let mark = dot.and_then(|dot| std::str::from_utf8(branch.get(dot + 1..)?).ok());
            mark.and_then(|mark| u32::from_str_radix(mark, 16).ok())
                == Some(self.mark(invite, brought_by))
        })
    }

    /// Whether we sent it on before, for whomever it was then: a loop, or a spiral (RFC 3261 §6).
    pub fn came_round(&self, invite: &Message) -> bool {
        our_branches(invite).next().is_some()
    }

    /// A name for a new call.
    pub fn call_id(&mut self, now: Now) -> CallId {
        let (id, keep) = self.ids.next(now.wall);
        self.out.extend(keep);
        id
    }

    /// What other parts of the signalling need to say something.
    pub fn wire<'a>(&'a mut self, directory: &'a Directory) -> Wire<'a> {
        let Self { transactions, mint, responder, out, .. } = self;
        Wire { directory, transactions, mint, responder, out }
    }

    /// Host and port of ours that a party on this flow knows.
    pub fn ours(&self, flow: &Flow) -> Box<[u8]> {
        match self.directory.listener(flow) {
            Some(listener) => listener.advertised.as_bytes().into(),
            None => flow.local.to_string().as_bytes().into(),
        }
    }

    /// Sends what follows in a dialog to the address its party gives, when that is a trunk's and lies in its networks;
    /// everybody else is reached where its messages come from.
    pub fn reach(&self, dialog: &mut Dialog) {
        let first = ringfence_sip::split_commas(&dialog.routes).next().and_then(NameAddr::read);
        let uri = first.map_or(&*dialog.target, |route| route.uri);
        let Some(uri) = Uri::read(uri) else { return };
        let Host::Ip(ip) = uri.host() else { return };
        let trunk = dialog.trunk.as_ref().and_then(|id| self.directory.trunk(id));
        if !trunk.is_some_and(|trunk| trunk.networks.iter().any(|net| net.contains(&ip))) {
            return;
        }
        let flow = &mut dialog.flow;
        let streams = flow.transport != Transport::Udp;
        if ip.is_ipv4() != flow.local.is_ipv4() || streams && ip == flow.remote.ip() {
            return;
        }
        let port = uri.port.unwrap_or(flow.transport.default_port());
        flow.remote = SocketAddr::new(ip, port);
        flow.connection = None;
    }

    /// Sends a response that is ours alone: no dialog, no body.
    pub fn refuse(&mut self, now: Now, reply: Reply<'_>, fill: impl FnOnce(&mut Builder)) {
        let Some(mut builder) = begin(&reply) else { return };
        fill(&mut builder);
        if let Ok(bytes) = builder.finish(b"") {
            self.respond(now, reply.server, reply.code, bytes);
        }
    }

    /// Sends finished bytes as the response of a transaction.
    pub fn respond(&mut self, now: Now, server: ServerKey, code: u16, bytes: Bytes) {
        self.transactions.respond(now.moment, server, code, bytes, &mut self.out);
    }

    /// Sends a request in a dialog, with the fields `fill` writes.
    ///
    /// # Errors
    /// When something that came from a message cannot be written.
    pub fn request(
        &mut self,
        now: Now,
        dialog: &mut Dialog,
        sending: Sending<'_>,
        fill: impl FnOnce(&mut Builder, &[u8]),
        body: &[u8],
    ) -> Result<(ClientKey, u32), BadText> {
        let cseq = dialog.next_cseq();
        let Sending { method, max_forwards, owner, mark } = sending;
        let token = self.mint.branch();
        let marked = mark.map(|mark| format!("{token}.{mark:08x}"));
        let branch = marked.as_ref().map_or(token.as_bytes(), String::as_bytes);
        let ours = self.ours(&dialog.flow);
        let stamp = Stamp { ours: &ours, branch, max_forwards };
        let mut builder = dialog.request(method, cseq, &stamp);
        fill(&mut builder, &ours);
        let bytes = builder.finish(body)?;
        let method = Method::read(method);
        let flow = dialog.flow;
        let key = self.transactions.request(
            now.moment,
            flow,
            method,
            branch,
            bytes,
            owner,
            &mut self.out,
        );
        Ok((key, cseq))
    }

    /// The ACK for a 2xx, which is no transaction.
    pub fn ack(
        &mut self,
        call: CallId,
        dialog: &Dialog,
        cseq: u32,
        fill: impl FnOnce(&mut Builder),
        body: &[u8],
    ) -> Option<Bytes> {
        let branch = self.mint.branch();
        let ours = self.ours(&dialog.flow);
        let stamp = Stamp { ours: &ours, branch: &branch, max_forwards: 70 };
        let mut builder = dialog.request(b"ACK", cseq, &stamp);
        fill(&mut builder);
        let bytes = builder.finish(body).ok()?;
        self.send(call, dialog.flow, bytes.clone());
        Some(bytes)
    }

    /// Sends what is no transaction.
    pub fn send(&mut self, call: CallId, flow: Flow, bytes: Bytes) {
        self.out.push_back(Output::Transmit { flow, bytes, call: Some(call) });
    }
}

/// The beginning of a response that makes or is in a dialog.
pub fn begin(reply: &Reply<'_>) -> Option<Builder> {
    stateless::begin(reply.request, reply.flow, reply.code, reply.reason, reply.tag)
}

/// Copies the way back of the request that makes a dialog (RFC 3261 §12.1.1).
pub fn record_route(to: &mut Builder, request: &Message) {
    for route in request.lines(Name::RecordRoute) {
        to.field(Name::RecordRoute, &[route]);
    }
}

/// How fields cross from one party to another.
pub fn crossing<'a>(
    (from, to): (Trust, Trust),
    hidden: &'a Hidden,
    ours: &'a [u8],
) -> Crossing<'a> {
    Crossing { from, to, hidden, ours: host_of(ours), without: None }
}

/// The branches of ours among a request's Via.
fn our_branches(request: &Message) -> impl Iterator<Item = &[u8]> {
    let vias = request.values(Name::Via).filter_map(Via::read);
    vias.filter_map(|via| via.branch()).filter(|branch| shard_of_branch(branch).is_some())
}

/// The host of `host:port`.
pub fn host_of(advertised: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', advertised) {
        Some(at) if !advertised.get(at..).is_some_and(|rest| rest.contains(&b']')) => {
            advertised.get(..at).unwrap_or(advertised)
        }
        _ => advertised,
    }
}
