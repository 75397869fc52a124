//! The running program as the API sees it.

use crate::config::Contact;
use crate::control::{self, TrunkLine};
use crate::running::Running;
use ipnet::IpNet;
use ringfence_api::plan::{Plan, Planned};
use ringfence_api::{
    ApproveOrder, Approver, BanOrder, BanView, BlockOrder, Fault, Node, NodeStatus,
    RegistrationView, RunningCall, SetBlock, Told, TrunkView,
};
use ringfence_call::CallView;
use ringfence_gate::Gate;
use ringfence_model::{CallId, Direction, Language, Money, TenantId};
use ringfence_store::Act;
use std::sync::Arc;

impl Node for Running {
    fn adviser_url(&self) -> Option<String> {
        self.config().adviser.as_ref().map(|adviser| adviser.url.clone())
    }

    fn status(&self) -> Told<'_, NodeStatus> {
        Box::pin(async {
            let status = Self::status(self).await?;
            Ok(NodeStatus {
                version: status.version,
                since: status.since.into(),
                settings_since: status.settings_since.into(),
                shards: status.shards.into(),
                calls: status.calls,
                registrations: status.registrations,
                blocks: status.blocks,
                bans: status.bans,
                draining: status.draining,
                listens: status.listens,
                troubles: status.troubles,
            })
        })
    }

    fn running_calls(&self) -> Told<'_, Vec<RunningCall>> {
        Box::pin(async {
            let each = self.shards.each(|gate, _| calls(gate)).await?;
            let mut all: Vec<_> = each.into_iter().flatten().collect();
            all.sort_by(|a, b| (a.started, &a.call).cmp(&(b.started, &b.call)));
            Ok(all)
        })
    }

    fn cut(&self, call: String, by: String) -> Told<'_, ()> {
        Box::pin(async move {
            let call = call.parse().map_err(|_| Fault::NotFound("call"))?;
            found(Self::cut(self, CallId(call), &by).await?, "call")
        })
    }

    fn block(&self, order: BlockOrder) -> Told<'_, SetBlock> {
        Box::pin(async move {
            let (id, block) = self.set_block(order).await?;
            Ok(SetBlock { id: self.name_of(id), since: block.since })
        })
    }

    fn lift(&self, block: String, by: String) -> Told<'_, ()> {
        Box::pin(async move {
            if let Some(block) = self.block_of(&block) {
                return found(self.lift_block(block, &by).await?, "block");
            }
            Err(Fault::Refused {
                what: format!("block {block} is one of another node"),
                mend: "lift it there".to_owned(),
            })
        })
    }

    fn approve(&self, order: ApproveOrder) -> Told<'_, ()> {
        Box::pin(async move { Ok(Self::approve(self, order).await?) })
    }

    fn approver(&self, tenant: TenantId, contact: String) -> Told<'_, Option<Approver>> {
        Box::pin(async move {
            let telling = Arc::clone(&self.config().telling);
            let named = |of: &&Contact| of.id == contact && of.tenant.as_ref() == Some(&tenant);
            let may = telling.contacts.iter().find(named).filter(|of| of.approves > Money::ZERO);
            Ok(may.map(|of| Approver { language: of.language, approves: of.approves }))
        })
    }

    fn incident_plan(&self, tenant: TenantId, language: Language) -> Told<'_, Vec<String>> {
        Box::pin(async move {
            Ok(crate::telling::plan(&self.config().telling, Some(&tenant), language))
        })
    }

    fn review(&self, tenant: TenantId, fraud: bool) -> Told<'_, ()> {
        Box::pin(async move { Ok(Self::review(self, tenant, fraud).await?) })
    }

    fn registrations(&self) -> Told<'_, Vec<RegistrationView>> {
        Box::pin(async {
            let view = |line: control::RegistrationLine| RegistrationView {
                tenant: line.tenant,
                extension: line.extension,
                contact: line.contact,
                source: line.source.to_string(),
                expires: line.until.into(),
                user_agent: line.user_agent,
            };
            Ok(Self::registrations(self).await?.into_iter().map(view).collect())
        })
    }

    fn trunks(&self) -> Told<'_, Vec<TrunkView>> {
        Box::pin(async {
            let view = |line: TrunkLine| TrunkView {
                tenant: line.tenant,
                trunk: line.trunk.as_str().to_owned(),
                side: line.side,
                up: line.alive,
                registered: line.registered,
                trouble: line.trouble,
            };
            Ok(Self::trunks(self).await?.into_iter().map(view).collect())
        })
    }

    fn bans(&self) -> Told<'_, Vec<BanView>> {
        Box::pin(async {
            let view = |line: control::BanLine| BanView {
                net: line.net.to_string(),
                until: line.until.map(Into::into),
                why: line.why,
            };
            Ok(Self::bans(self).await?.into_iter().map(view).collect())
        })
    }

    fn ban(&self, order: BanOrder) -> Told<'_, ()> {
        Box::pin(async move { Ok(Self::ban(self, order.net, order.until, &order.by).await?) })
    }

    fn lift_ban(&self, net: IpNet, by: String) -> Told<'_, ()> {
        Box::pin(async move { Ok(self.unban(net, &by).await?) })
    }

    fn check_plan(&self, plan: Plan) -> Told<'_, Planned> {
        Box::pin(Self::check_plan(self, plan))
    }

    fn adopt_plan(&self, plan: Plan, act: Act) -> Told<'_, Planned> {
        Box::pin(Self::adopt_plan(self, plan, act))
    }

    fn export_plan(&self, tenants: Option<Vec<TenantId>>, secrets: bool) -> Told<'_, String> {
        Box::pin(Self::export_plan(self, tenants, secrets))
    }
}

impl From<control::Fault> for Fault {
    fn from(fault: control::Fault) -> Self {
        Self::Refused { what: fault.what, mend: fault.mend }
    }
}

const fn found(there: bool, what: &'static str) -> Result<(), Fault> {
    if there { Ok(()) } else { Err(Fault::NotFound(what)) }
}

/// Running calls of a shard, with what the engine knows of their price.
fn calls(gate: &Gate) -> Vec<RunningCall> {
    let view = |call: CallView| {
        let priced = gate.engine().running(call.call);
        RunningCall {
            call: call.call.0.to_string(),
            tenant: call.tenant,
            extension: call.extension,
            direction: match call.direction {
                Direction::Outbound => "outbound",
                Direction::Inbound => "inbound",
                Direction::Internal => "internal",
            }
            .to_owned(),
            a_number: call.a_number.map(|number| number.full()),
            dialled: call.dialled.as_ref().to_owned(),
            country: priced.map(|of| of.destination.country.into()),
            kind: priced.and_then(|of| {
                let kind = serde_json::to_value(of.destination.kind).ok()?;
                kind.as_str().map(ToOwned::to_owned)
            }),
            started: call.began.into(),
            answered: call.answered.map(Into::into),
            exposure: priced.map_or(Money::ZERO, |of| of.settled + of.reserved).into(),
        }
    };
    gate.running().map(view).collect()
}
