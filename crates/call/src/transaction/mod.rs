//! Transactions: a request and its responses (RFC 3261 §17 with RFC 6026).
//!
//! All retransmission, in both directions, is done and absorbed here and nowhere else: requests, responses, the 2xx to
//! INVITE until its ACK, reliable provisional responses until their PRACK. The ACK of a failure and the CANCEL are made
//! here too. What is heard from another address than the transaction's is none of its business.

mod client;
mod key;
mod lingering;
mod of_invite;
mod receive;
mod server;
mod slots;
mod timing;
mod words;

pub use words::{ClientKey, Due, End, Heard, Owner, ServerKey};

use crate::stateless::{begin, phrase};
use crate::{Output, Responder, TimerId, Timers};
use bytes::Bytes;
use client::Client;
use key::{KeyMap, Keys};
use lingering::{LINGERING_MAX, Lingering};
use receive::to_tag_of;
use ringfence_model::Moment;
use ringfence_sip::{Flow, Message, Method, Transport};
use server::{Server, ServerDue};
pub(crate) use slots::{Slot, Slots};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

/// What goes out, in order.
pub type Outbox = VecDeque<Output>;

/// All transactions of a shard.
#[derive(Debug)]
pub struct Transactions {
    keys: Keys,
    responder: Responder,
    slots: Slots<Transaction>,
    by_key: KeyMap<Slot>,
    /// INVITEs by what their ACK will have in common with them.
    invites: KeyMap<Slot>,
    /// Requests of ours that went over streams.
    streams: BTreeSet<(Transport, SocketAddr, Slot)>,
    timers: Timers<Slot>,
    unreachable: VecDeque<(ClientKey, Owner)>,
    lingering: Lingering,
    max: usize,
    clients: usize,
    /// Room that is kept when there is nothing to look after.
    spare: usize,
}

#[derive(Debug)]
enum Transaction {
    Server(Server),
    Client(Client),
}

/// Each stays for 32 s after its call: a finished call of four is to cost less than 2 kB.
const _: () = assert!(size_of::<Transaction>() <= 256);

/// Requests that wait for their end, of one shard, unless said otherwise.
const MAX: usize = 262_144;

/// Room that is kept when there is none to look after, unless more was made.
const SPARE: usize = 1_024;

/// Requests that wait for their end on a busy shard, besides what lingers.
const BUSY: usize = 65_536;

impl Transactions {
    /// None yet. Who knows the seed can make transactions collide.
    #[must_use]
    pub fn new(hash_seed: u64) -> Self {
        Self::with_max(hash_seed, MAX, LINGERING_MAX)
    }

    /// The same with other caps. At `max` new requests get no transaction; requests inside dialogs get an eighth more,
    /// so that calls can still end. Our own requests are not counted against it, nor what lingers only to absorb
    /// repetitions: of that `lingering_max` are kept.
    #[must_use]
    pub fn with_max(hash_seed: u64, max: usize, lingering_max: usize) -> Self {
        let mut secret = [0; 32];
        for (to, from) in secret.iter_mut().zip(hash_seed.to_le_bytes()) {
            *to = from;
        }
        Self {
            keys: Keys::new(hash_seed),
            responder: Responder::new(&secret, 0),
            slots: Slots::new(),
            by_key: KeyMap::default(),
            invites: KeyMap::default(),
            streams: BTreeSet::new(),
            timers: Timers::new(),
            unreachable: VecDeque::new(),
            lingering: Lingering::new(lingering_max),
            max,
            clients: 0,
            spare: SPARE,
        }
    }

    /// Makes room at once for what a busy shard has, and keeps it: a table that grows while calls come in holds them up
    /// for milliseconds. What is never used is never touched, and so costs addresses, not memory.
    pub fn make_room(&mut self) {
        let room = self.lingering.max + BUSY;
        self.spare = room;
        self.lingering.make_room();
        self.timers.make_room(room);
        self.by_key.reserve(room);
        self.invites.reserve(room);
    }

    /// Says who uses a server transaction; without an owner nobody is told of its end.
    pub fn set_owner(&mut self, server: ServerKey, owner: Owner) {
        if let Some(Transaction::Server(server)) = self.slots.get_mut(server.0) {
            server.owner = Some(owner);
        }
    }

    /// Who uses a server transaction.
    #[must_use]
    pub fn owner(&self, server: ServerKey) -> Option<Owner> {
        match self.slots.get(server.0) {
            Some(Transaction::Server(server)) => server.owner,
            _ => None,
        }
    }

    /// Answers an INVITE with 100 at once.
    pub fn trying(&mut self, server: ServerKey, request: &Message, out: &mut Outbox) {
        let Some(Transaction::Server(server)) = self.slots.get_mut(server.0) else { return };
        let trying = begin(request, &server.flow, 100, phrase(100).as_bytes(), b"");
        let trying = trying.and_then(|trying| trying.finish(b"").ok());
        if let Some(bytes) = trying.filter(|_| server.is_open() && server.last().is_empty()) {
            server.provisional(bytes, out);
        }
    }

    /// Sends a finished response. Says whether it was sent: after a final response nothing is, ever.
    pub fn respond(
        &mut self,
        now: Moment,
        server: ServerKey,
        code: u16,
        bytes: Bytes,
        out: &mut Outbox,
    ) -> bool {
        let Some(Transaction::Server(transaction)) = self.slots.get_mut(server.0) else {
            return false;
        };
        if !transaction.is_open() {
            return false;
        }
        if code < 200 {
            transaction.provisional(bytes, out);
            return true;
        }
        let accepts = transaction.invite.is_some() && code < 300;
        let tag = accepts.then(|| self.keys.tag(to_tag_of(&bytes)));
        transaction.finish(now, tag, bytes, out);
        self.settle(server.0);
        true
    }

    /// Sends a finished provisional response of an INVITE, again and again until [`Transactions::pracked`]. `rseq`
    /// must be another one than those of this INVITE that wait for their PRACK.
    pub fn respond_reliably(
        &mut self,
        now: Moment,
        server: ServerKey,
        rseq: u32,
        bytes: Bytes,
        out: &mut Outbox,
    ) -> bool {
        match self.slots.get_mut(server.0) {
            Some(Transaction::Server(transaction)) if transaction.is_open() => {
                transaction.reliable(now, rseq, bytes, out);
            }
            _ => return false,
        }
        self.settle(server.0);
        true
    }

    /// A PRACK came for this response; says whether it waited for one (if not: 481, RFC 3262 §3).
    pub fn pracked(&mut self, server: ServerKey, rseq: u32) -> bool {
        let pracked = match self.slots.get_mut(server.0) {
            Some(Transaction::Server(transaction)) => transaction.pracked(rseq),
            _ => false,
        };
        self.settle(server.0);
        pracked
    }

    /// The ACK of the 2xx came by a way on which [`Transactions::receive`] does not know it, such as another address of
    /// the same trunk: the 2xx is not sent again. Says whether it was waited for.
    pub fn acknowledged(&mut self, server: ServerKey) -> bool {
        let waited = match self.slots.get_mut(server.0) {
            Some(Transaction::Server(transaction)) => transaction.acknowledged(),
            _ => false,
        };
        self.settle(server.0);
        waited
    }

    /// Sends a request of ours (not ACK, not CANCEL) whose topmost Via has this branch.
    #[allow(clippy::too_many_arguments, reason = "a request, where it goes and for whom")]
    pub fn request(
        &mut self,
        now: Moment,
        flow: Flow,
        method: Method,
        branch: &[u8],
        bytes: Bytes,
        owner: Owner,
        out: &mut Outbox,
    ) -> ClientKey {
        let key = self.keys.client(branch, method);
        let is_invite = method == Method::Invite;
        let client = Client::new(now, key, flow, is_invite, bytes.clone(), Some(owner));
        out.push_back(Output::Transmit { flow, bytes, call: owner.call() });
        ClientKey(self.add_client(client))
    }

    /// Cancels an INVITE of ours (RFC 3261 §9.1): at once when anything was heard, else as soon as it is. `reason` is
    /// the value of a `Reason` field, or nothing. The transaction then ends with a response or, after 32 s, with
    /// [`Due::Timeout`]; a 2xx may still come.
    pub fn cancel(&mut self, now: Moment, client: ClientKey, reason: &[u8], out: &mut Outbox) {
        if let Some(Transaction::Client(client)) = self.slots.get_mut(client.0) {
            client.want_cancel(reason);
        }
        self.send_cancel(now, client.0, out);
        self.settle(client.0);
    }

    fn send_cancel(&mut self, now: Moment, slot: Slot, out: &mut Outbox) {
        let Some(Transaction::Client(invite)) = self.slots.get_mut(slot) else { return };
        let Some(bytes) = invite.take_cancel(now) else { return };
        let (key, flow) = (invite.key.of_cancel(), invite.flow);
        let call = invite.owner.and_then(Owner::call);
        self.add_client(Client::new(now, key, flow, false, bytes.clone(), None));
        out.push_back(Output::Transmit { flow, bytes, call });
    }

    fn add_client(&mut self, client: Client) -> Slot {
        let (key, flow) = (client.key, client.flow);
        let slot = self.slots.insert(Transaction::Client(client));
        self.by_key.insert(key, slot);
        self.clients += 1;
        if flow.transport.is_reliable() {
            self.streams.insert((flow.transport, flow.remote, slot));
        }
        self.settle(slot);
        slot
    }

    /// Nobody will answer this request here: it is forgotten, and comes as new if it comes again.
    pub fn abandon_server(&mut self, server: ServerKey) {
        if matches!(self.slots.get(server.0), Some(Transaction::Server(_))) {
            self.remove(server.0);
        }
    }

    /// Nobody wants to know the answer. The request is still sent until it is answered, as a BYE must be. Not for an
    /// INVITE, unless nobody minds that a 2xx stays without ACK.
    pub fn abandon_client(&mut self, client: ClientKey) {
        if let Some(Transaction::Client(client)) = self.slots.get_mut(client.0) {
            client.owner = None;
        }
    }

    /// A connection broke, or could not be opened: what was sent over it and not heard of has failed; the next
    /// [`Transactions::due`] says so. But one that stood and broke may have lost what was just written to it: that is
    /// sent once more, over another one (RFC 3261 §18.4 leaves it to us; the same branch makes it the same request).
    /// What rings goes on, and opens a connection when it has something to send. Datagrams do not break: what is said
    /// of them in ICMP can be forged.
    pub fn unreachable(&mut self, flow: &Flow, end: End, out: &mut Outbox) {
        let low = Slot { place: 0, generation: 0 };
        let high = Slot { place: u32::MAX, generation: u32::MAX };
        let peer = |slot| (flow.transport, flow.remote, slot);
        let slots: Vec<Slot> =
            self.streams.range(peer(low)..=peer(high)).map(|(_, _, slot)| *slot).collect();
        for slot in slots {
            let Some(Transaction::Client(client)) = self.slots.get_mut(slot) else { continue };
            if client.flow.connection.is_some() && client.flow.connection != flow.connection {
                continue;
            }
            if !client.is_unheard() {
                client.flow.connection = None;
            } else if end == End::Unopened || !client.send_anew(out) {
                self.unreachable.extend(client.owner.map(|owner| (ClientKey(slot), owner)));
                self.remove(slot);
            }
        }
    }

    /// Sends again what is due to be sent again, and says what is over. Ask until there is nothing.
    pub fn due(&mut self, now: Moment, out: &mut Outbox) -> Option<Due> {
        if let Some((client, owner)) = self.unreachable.pop_front() {
            return Some(Due::Unreachable { client, owner });
        }
        while let Some(slot) = self.timers.due(now) {
            let due = self.due_of(slot, now, out);
            self.settle(slot);
            if due.is_some() {
                return due;
            }
        }
        None
    }

    fn due_of(&mut self, slot: Slot, now: Moment, out: &mut Outbox) -> Option<Due> {
        match self.slots.get_mut(slot)? {
            Transaction::Client(client) => {
                let timed_out = client.due(now, out);
                let owner = client.owner.filter(|_| timed_out)?;
                Some(Due::Timeout { client: ClientKey(slot), owner })
            }
            Transaction::Server(transaction) => {
                let due = transaction.due(now, out)?;
                let (server, owner) = (ServerKey(slot), transaction.owner?);
                Some(match due {
                    ServerDue::NoAck => Due::NoAck { server, owner },
                    ServerDue::NoPrack(rseq) => Due::NoPrack { server, owner, rseq },
                    ServerDue::Unanswered => Due::Unanswered { server, owner },
                })
            }
        }
    }

    /// When [`Transactions::due`] has something to do.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        if self.unreachable.is_empty() { self.timers.next() } else { Some(Moment(0)) }
    }

    /// How many there are, with those that only wait for retransmissions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none, and nothing of one either: no key, no timer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
            && self.by_key.is_empty()
            && self.invites.is_empty()
            && self.streams.is_empty()
            && self.timers.is_empty()
            && self.unreachable.is_empty()
    }

    /// How many are of requests of ours.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.clients
    }

    /// After something happened to a transaction: its timer, or its end.
    fn settle(&mut self, slot: Slot) {
        let (over, next, timer, lingers): (bool, Option<Moment>, &mut Option<TimerId>, bool) =
            match self.slots.get_mut(slot) {
                Some(Transaction::Server(s)) => {
                    let lingers = s.lingers() && !std::mem::replace(&mut s.lingering, true);
                    self.lingering.servers += usize::from(lingers);
                    (s.is_over(), s.next(), &mut s.timer, lingers)
                }
                Some(Transaction::Client(c)) => {
                    let lingers = c.lingers() && !std::mem::replace(&mut c.lingering, true);
                    (c.is_over(), c.next(), &mut c.timer, lingers)
                }
                None => return,
            };
        match (next, *timer) {
            _ if over => self.remove(slot),
            (Some(at), Some(set)) if self.timers.reset(set, at) => {}
            (Some(at), _) => *timer = Some(self.timers.set(at, slot)),
            (None, Some(set)) => {
                self.timers.cancel(set);
                *timer = None;
            }
            (None, None) => {}
        }
        if lingers {
            self.make_room_for(slot);
        }
    }

    fn remove(&mut self, slot: Slot) {
        let Some(gone) = self.slots.remove(slot) else { return };
        let (key, timer) = match gone {
            Transaction::Server(server) => {
                self.lingering.servers -= usize::from(server.lingering);
                // A later INVITE may have taken its place there.
                if let Some(invite) = server.invite
                    && self.invites.get(&invite) == Some(&slot)
                {
                    self.invites.remove(&invite);
                }
                (server.key, server.timer)
            }
            Transaction::Client(client) => {
                self.clients -= 1;
                if client.flow.transport.is_reliable() {
                    self.streams.remove(&(client.flow.transport, client.flow.remote, slot));
                }
                (client.key, client.timer)
            }
        };
        if self.by_key.get(&key) == Some(&slot) {
            self.by_key.remove(&key);
        }
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
        if self.slots.len() == 0 {
            self.give_back();
        }
    }

    /// What a burst took, when all is quiet again.
    fn give_back(&mut self) {
        self.slots.give_back(SPARE);
        self.lingering.forget(self.spare);
        self.timers.give_back(self.spare);
        self.by_key.shrink_to(self.spare);
        self.invites.shrink_to(self.spare);
    }
}
