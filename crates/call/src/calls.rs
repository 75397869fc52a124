//! The signalling of one shard as a value: whose is this message, and who takes it from here.

mod due;
mod elsewhere;
mod hearing;
mod incoming;
mod passage;
mod redirect;
mod referral;
mod tarpit;

use crate::auth::Authority;
use crate::b2bua::{Asked, Call, KIND as CALL_KIND, Reason};
use crate::core::{Core, Place};
use crate::directory::{Directory, Hop};
use crate::identify::{Origin, identify};
use crate::ids::CallIds;
use crate::registrar::Registrar;
use crate::route::flow_to;
use crate::stateless::{Responder, reply_flow};
use crate::timers::Timers;
use crate::token::{Mint, Token, shard_of_branch, shard_of_contact, shard_of_tag};
use crate::transaction::{End, Heard, Outbox, Owner, ServerKey, Slots, Transactions};
use crate::upstream::{Health, Trunks};
use crate::{Cause, Output, Ruling};
use bytes::Bytes;
use incoming::Pending;
use ringfence_guard::Guard;
use ringfence_model::{CallId, Moment, Now, TenantId, TrunkId};
use ringfence_sip::{ConnectionId, Flow, Message, Method, Name};
use std::collections::HashMap;
use std::sync::Arc;
use tarpit::Tarpit;

/// Calls of a busy shard.
const BUSY: usize = 65_536;

/// The signalling of one shard.
pub struct Calls {
    shard: u8,
    core: Core,
    calls: Slots<Call>,
    by_id: HashMap<CallId, Place, foldhash::fast::RandomState>,
    pending: Option<Pending>,
    authority: Authority,
    tarpit: Tarpit,
    registrar: Registrar,
    trunks: Trunks,
    /// Names in the certificates that connections showed.
    certificates: HashMap<ConnectionId, Vec<String>>,
    draining: bool,
    began: bool,
}

/// How much there is of everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Calls, with those that only wait for late answers.
    pub calls: usize,
    /// Transactions, with those that only wait for retransmissions.
    pub transactions: usize,
    /// Dialogs.
    pub dialogs: usize,
    /// Timers of calls.
    pub timers: usize,
    /// Registered contacts.
    pub contacts: usize,
}

impl Calls {
    /// One that knows no call. `secret` seeds tags, branches and nonces; the same for all shards, and from run to run.
    #[must_use]
    pub fn new(shard: u8, secret: [u8; 32], directory: Arc<Directory>) -> Self {
        let seed = secret.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Self {
            shard,
            core: Core {
                directory,
                transactions: Transactions::new(seed),
                out: Outbox::new(),
                mint: Mint::new(&secret, shard),
                responder: Responder::new(&secret, shard),
                wakes: Timers::new(),
                dialogs: HashMap::default(),
                ids: CallIds::new(shard),
                marks: foldhash::fast::FixedState::with_seed(seed),
                hops: HashMap::new(),
                dead: Vec::new(),
                redirected: Vec::new(),
            },
            calls: Slots::new(),
            by_id: HashMap::default(),
            pending: None,
            authority: Authority::new(&secret, shard),
            tarpit: Tarpit::default(),
            registrar: Registrar::default(),
            trunks: Trunks::default(),
            certificates: HashMap::new(),
            draining: false,
            began: false,
        }
    }

    /// Makes room at once for what a busy shard has, see [`Transactions::make_room`].
    pub fn make_room(&mut self) {
        self.core.transactions.make_room();
        self.core.wakes.make_room(BUSY);
        self.core.dialogs.reserve(2 * BUSY);
        self.by_id.reserve(BUSY);
    }

    /// Which shard this is.
    #[must_use]
    pub const fn shard(&self) -> u8 {
        self.shard
    }

    /// Whose message this is: by a token of ours in it, else by the tenant it is about. `None` when nothing tells.
    #[must_use]
    pub fn shard_of(&self, flow: &Flow, message: &Message) -> Option<u8> {
        if message.method().is_none() {
            let via = message.values(Name::Via).next().and_then(ringfence_sip::Via::read)?;
            return shard_of_branch(via.branch()?);
        }
        let to = message.address(Name::To)?;
        let by_tag = to.tag().and_then(shard_of_tag);
        let by_contact = || shard_of_contact(message.uri()?.user?);
        by_tag.or_else(by_contact).or_else(|| {
            let tenant = self.tenant_of(flow, message)?;
            Some(self.core.directory.shard_of(tenant))
        })
    }

    /// The tenant a request is about, as far as it can be told before any password.
    #[must_use]
    pub fn tenant_of(&self, flow: &Flow, message: &Message) -> Option<&TenantId> {
        let origin = identify(&self.core.directory, flow, self.certificate(flow), message);
        origin.tenant().map(|tenant| &tenant.id)
    }

    fn certificate(&self, flow: &Flow) -> &[String] {
        let names = flow.connection.and_then(|id| self.certificates.get(&id));
        names.map(Vec::as_slice).unwrap_or_default()
    }

    /// The other end of this connection showed a certificate with these names.
    pub fn connection(&mut self, flow: &Flow, names: Vec<String>) {
        if let Some(id) = flow.connection.filter(|_| !names.is_empty()) {
            self.certificates.insert(id, names);
        }
    }

    /// Takes in one message whose essentials are in order and whose source was let in.
    pub fn receive(&mut self, now: Now, flow: Flow, message: Message, guard: &mut Guard) {
        self.begin(now);
        let Ok(head) = message.essentials() else { return };
        let seat = head
            .to
            .tag()
            .and_then(Token::read)
            .and_then(|tag| self.core.dialogs.get(&tag))
            .copied();
        let makes = message.method().filter(|m| !matches!(m, Method::Ack | Method::Cancel));
        let directory = Arc::clone(&self.core.directory);
        let proved = self.certificate(&flow);
        let origin = match seat {
            None if makes.is_some() => identify(&directory, &flow, proved, &message),
            _ => Origin::Stranger,
        };
        let is_heard = || match seat {
            Some(seat) => self.is_from_party(&flow, seat),
            None => self.is_heard(now, origin, (&flow, &message), guard),
        };
        if makes.is_some() && !is_heard() {
            return self.strange(now, origin, (&flow, &message), guard);
        }
        let heard = {
            let Core { transactions, out, .. } = &mut self.core;
            transactions.receive(now.moment, flow, &message, &head, out)
        };
        match heard {
            Heard::Absorbed => {}
            Heard::Stray => self.stray(now, &flow, &message, guard),
            Heard::Request(server) => {
                let asked = Asked { server, flow, message };
                match seat {
                    Some(seat) if asked.message.method() == Some(Method::Refer) => {
                        self.referred(now, seat, asked);
                    }
                    Some(seat) => self.with(now, seat.place, |call, core| {
                        call.asked(core, now, seat, asked);
                    }),
                    None => self.incoming(now, &directory, origin, asked, guard),
                }
            }
            Heard::Merged => self.refuse(&flow, &message, 482),
            Heard::Full => self.refuse(&flow, &message, 503),
            Heard::Cancelled(server) => self.cancelled(now, server, &message),
            Heard::Ack(_) => {
                if let Some(seat) = seat.filter(|seat| self.is_from_party(&flow, *seat)) {
                    self.with(now, seat.place, |call, core| call.acked(core, now, seat, &message));
                }
            }
            Heard::Response { owner, last, .. } => {
                self.response(now, owner, (&message, last), guard)
            }
            Heard::Again2xx { owner, .. } => {
                if let Some((place, relay)) = place_of(owner) {
                    self.with(now, place, |call, core| call.again(core, now, relay, &message));
                }
            }
        }
        self.due(now);
    }

    /// The answer to [`Output::Judge`].
    pub fn rule(&mut self, now: Now, call: CallId, ruling: Ruling) {
        if let Some(pending) = self.pending.take().filter(|pending| pending.id() == call) {
            self.ruled(now, pending, ruling);
        }
        self.due(now);
    }

    /// Ends a call, in whatever state it is.
    pub fn terminate(&mut self, now: Now, cause: Cause) {
        if let Some(place) = self.by_id.get(&cause.call).copied() {
            self.with(now, place, |call, core| call.cut(core, now, &cause.text));
        }
        self.due(now);
    }

    /// A connection broke, or could not be opened.
    pub fn closed(&mut self, now: Now, flow: Flow, end: End) {
        let Core { transactions, out, .. } = &mut self.core;
        transactions.unreachable(&flow, end, out);
        self.registrar.closed(now, &flow, &mut self.core.out);
        if let Some(id) = flow.connection {
            self.certificates.remove(&id);
        }
        self.due(now);
    }

    /// Where the targets of a trunk are now, best first.
    pub fn resolved(&mut self, now: Now, trunk: &TrunkId, hops: Vec<Hop>) {
        self.begin(now);
        self.trunks.resolved(now, trunk, &hops);
        let of = self.core.directory.trunk(trunk);
        let flow =
            of.and_then(|of| hops.iter().find_map(|hop| flow_to(&self.core.directory, of, hop)));
        match flow {
            Some(flow) => self.core.hops.insert(trunk.clone(), flow),
            None => self.core.hops.remove(trunk),
        };
        self.due(now);
    }

    /// Another directory holds from now on. Calls go on with what they know.
    pub fn adopt(&mut self, now: Now, directory: Arc<Directory>) {
        self.begin(now);
        self.core.directory = Arc::clone(&directory);
        self.registrar.adopt(now, &directory, &mut self.core.out);
        self.trunks.adopt(now, self.shard, &mut self.core.wire(&directory));
        self.due(now);
    }

    /// Time went by.
    pub fn tick(&mut self, now: Now, _guard: &mut Guard) {
        self.begin(now);
        self.due(now);
    }

    /// Takes up what was kept before a restart. Records that are of no use are dropped.
    pub fn restore(&mut self, now: Now, records: impl Iterator<Item = ([u8; 16], Bytes)>) {
        self.begin(now);
        for (key, state) in records {
            if key.first() == Some(&Registrar::RECORD_KIND) {
                self.registrar.restore(now, key, &state, &mut self.core.out);
                continue;
            }
            if key.first() == Some(&CallIds::KIND) {
                self.core.ids.restore(&state);
                continue;
            }
            let core = &mut self.core;
            let made = self.calls.insert_with(|place| match key.first() {
                Some(&CALL_KIND) => Call::restore(core, now, place, &state),
                _ => None,
            });
            let Some(place) = made else {
                self.core.out.push_back(Output::Checkpoint { key, state: None });
                continue;
            };
            if let Some(call) = self.calls.get(place) {
                self.by_id.insert(call.id, place);
            }
            self.with(now, place, |_, _| {});
        }
        self.due(now);
    }

    /// What there is to say, in order.
    pub fn poll(&mut self) -> Option<Output> {
        self.core.out.pop_front()
    }

    /// When [`Calls::tick`] has something to do.
    #[must_use]
    pub fn next_timer(&self) -> Option<Moment> {
        if !self.began {
            return Some(Moment(0));
        }
        let timers = [
            self.core.transactions.next_timer(),
            self.core.wakes.next(),
            self.authority.next_timer(),
            self.tarpit.next_timer(),
            self.registrar.next_timer(),
            self.trunks.next_timer(),
        ];
        timers.into_iter().flatten().min()
    }

    /// Takes no new calls but protected ones.
    pub const fn drain(&mut self) {
        self.draining = true;
    }

    /// How much there is of everything.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.len(),
            transactions: self.core.transactions.len(),
            dialogs: self.core.dialogs.len(),
            timers: self.core.wakes.len(),
            contacts: self.registrar.len(),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().map(|(_, call)| call)
    }

    pub(crate) const fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.core.directory
    }

    pub(crate) fn health(&self, trunk: &TrunkId) -> Option<Health> {
        self.trunks.health(trunk)
    }

    /// The first input tells this run's tokens from those of the last one.
    fn begin(&mut self, now: Now) {
        if !std::mem::replace(&mut self.began, true) {
            self.core.mint.began(now.wall);
            let directory = Arc::clone(&self.core.directory);
            self.trunks.adopt(now, self.shard, &mut self.core.wire(&directory));
        }
    }

    fn refuse(&mut self, flow: &Flow, message: &Message, code: u16) {
        let Ok(head) = message.essentials() else { return };
        if let Some(bytes) = self.core.responder.respond(message, flow, code, &[]) {
            let flow = reply_flow(flow, &head.via);
            self.core.out.push_back(Output::Transmit { flow, bytes, call: None });
        }
    }

    fn cancelled(&mut self, now: Now, server: ServerKey, message: &Message) {
        let owner = self.core.transactions.owner(server);
        if let Some((place, relay)) = owner.and_then(place_of) {
            let reason = Reason::from(message);
            self.with(now, place, |call, core| call.taken_back(core, now, relay, reason));
        }
    }

    fn response(
        &mut self,
        now: Now,
        owner: Owner,
        (message, last): (&Message, bool),
        guard: &mut Guard,
    ) {
        let directory = Arc::clone(&self.core.directory);
        match owner {
            Owner::Call { slot: place, generation, relay, .. } => {
                let place = Place { place, generation };
                self.with(now, place, |call, core| call.heard(core, now, relay, message, last));
            }
            Owner::Upstream(_) | Owner::Probe(_) => {
                self.trunks.response(now, &mut self.core.wire(&directory), owner, message);
            }
            Owner::Passed(id) => {
                let desk = (&mut self.authority, guard);
                let wire = &mut self.core.wire(&directory);
                self.registrar.response(now, wire, id, message, desk);
            }
        }
    }
}

/// The call a transaction is of, and what of it.
const fn place_of(owner: Owner) -> Option<(Place, u32)> {
    match owner {
        Owner::Call { slot, generation, relay, .. } => {
            Some((Place { place: slot, generation }, relay))
        }
        _ => None,
    }
}
