//! One INVITE towards somebody who may answer.

use super::setup::Setup;
use super::{Call, Fields, owner_of, session};
use crate::core::{Core, Sending, crossing};
use crate::dialog::{self, Dialog};
use crate::rewrite::{self, Trust};
use crate::transaction::{ClientKey, Owner};
use ringfence_model::{Now, TrunkId};
use ringfence_sip::{BadText, Flow, Message, Name};

/// One place a call may be put through to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// The trunk it is on; `None` for a phone.
    pub trunk: Option<TrunkId>,
    /// How far it is believed.
    pub trust: Trust,
    /// Where the INVITE is sent.
    pub flow: Flow,
    /// Its request URI.
    pub uri: Box<[u8]>,
    /// Value of Route: the Path of a registration (RFC 3327); empty when it is direct.
    pub routes: Box<[u8]>,
    /// Value of To.
    pub to: Box<[u8]>,
    /// Value of From.
    pub from: Box<[u8]>,
    /// The user part that stands for the caller where it is asserted.
    pub caller: Option<Box<[u8]>>,
    /// Final answers of it that make the next route be tried.
    pub failover: Box<[u16]>,
    /// Fields besides those of the caller's INVITE.
    pub fields: Fields,
}

impl Way {
    /// The dialog as it will be, before the party has spoken.
    pub fn dialog(&self, core: &mut Core) -> Dialog {
        let (call_id, tag) = (core.mint.call_id(), core.mint.tag());
        Dialog {
            flow: self.flow,
            trust: self.trust,
            trunk: self.trunk.clone(),
            call_id: call_id.as_bytes().into(),
            local: self.from.clone(),
            local_tag: tag,
            remote: self.to.clone(),
            remote_tag: Box::default(),
            target: self.uri.clone(),
            routes: self.routes.clone(),
            local_cseq: 0,
            remote_cseq: None,
        }
    }
}

/// One INVITE that was sent on.
#[derive(Debug)]
pub struct Branch {
    pub id: u32,
    pub client: ClientKey,
    /// The dialog as it will be, before the party has spoken.
    pub dialog: Dialog,
    pub way: Way,
    pub state: BranchState,
    /// How often its challenge was answered.
    pub answers: u8,
    /// CSeq of the INVITE.
    pub cseq: u32,
    /// Credentials, when it challenged: the field and its value.
    pub credentials: Option<(Name, Vec<u8>)>,
    /// It demands reliable provisional responses, which the caller does not know.
    pub demands_100rel: bool,
    /// The session timer it demands, when ours was too short.
    pub session: Option<u32>,
}

/// How far a branch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BranchState {
    /// Nothing heard, or only provisional responses.
    Open,
    /// We do not want it any more.
    Cancelled,
    /// It has its final response.
    Done,
}

impl Branch {
    pub fn is_done(&self) -> bool {
        self.state == BranchState::Done
    }
}

impl Call {
    /// Sends the caller's INVITE along a way.
    pub(super) fn branch_out(&mut self, core: &mut Core, now: Now, way: Way) -> Option<()> {
        let id = self.next_id();
        let owner = self.owner(id);
        let setup = self.setup.as_ref()?;
        let mut dialog = way.dialog(core);
        let (client, cseq) = send(core, now, setup, &mut dialog, &way, Demands::of(owner)).ok()?;
        self.branches.push(Branch {
            id,
            client,
            dialog,
            way,
            state: BranchState::Open,
            answers: 0,
            cseq,
            credentials: None,
            demands_100rel: false,
            session: None,
        });
        Some(())
    }

    /// Sends the INVITE of a branch once more, with its credentials.
    pub(super) fn branch_again(&mut self, core: &mut Core, now: Now, at: usize) -> Option<()> {
        let setup = self.setup.as_ref()?;
        let (call, place) = (self.id, self.place);
        let branch = self.branches.get_mut(at)?;
        let owner = owner_of(call, place, branch.id);
        let credentials =
            branch.credentials.as_ref().map(|(name, value)| (*name, value.as_slice()));
        let reliable = branch.demands_100rel;
        let with = Demands { owner, credentials, reliable, session: branch.session };
        let sent = send(core, now, setup, &mut branch.dialog, &branch.way, with);
        (branch.client, branch.cseq) = sent.ok()?;
        branch.state = BranchState::Open;
        Some(())
    }
}

/// What an INVITE carries because the party asked for it.
struct Demands<'a> {
    owner: Owner,
    credentials: Option<(Name, &'a [u8])>,
    reliable: bool,
    session: Option<u32>,
}

impl Demands<'_> {
    const fn of(owner: Owner) -> Self {
        Self { owner, credentials: None, reliable: false, session: None }
    }
}

fn send(
    core: &mut Core,
    now: Now,
    setup: &Setup,
    dialog: &mut Dialog,
    way: &Way,
    Demands { owner, credentials, reliable, session }: Demands<'_>,
) -> Result<(ClientKey, u32), BadText> {
    let invite: &Message = &setup.invite;
    let hidden = setup.caller.hidden();
    let (flow, tag) = (dialog.flow, dialog.local_tag);
    let parties = (setup.caller.trust, dialog.trust);
    core.request(
        now,
        dialog,
        Sending { method: b"INVITE", max_forwards: setup.hops_left, owner, mark: Some(setup.mark) },
        |builder, ours| {
            dialog::contact(builder, &flow, ours, &tag);
            if let Some((name, value)) = credentials {
                builder.field(name, &[value]);
            }
            for (name, value) in &way.fields {
                builder.field(*name, &[value]);
            }
            if let Some(secs) = session::asked(invite, session) {
                builder.number(Name::SessionExpires, secs);
            }
            if reliable {
                builder.field(Name::Supported, &[b"100rel"]);
            }
            let crossing = crossing(parties, &hidden, ours);
            crossing.copy(invite, builder);
            let known = way.caller.as_deref().map(|user| rewrite::Caller { user });
            rewrite::identity(&crossing, invite, known, builder);
        },
        invite.body(),
    )
}
