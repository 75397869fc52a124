//! What people order of the running program: done, on the disk, and on record before it is acknowledged.

use crate::control::{BlockRef, Fault};
use crate::records::{Hurry, by};
use crate::running::Running;
use ipnet::IpNet;
use ringfence_api::{ApproveOrder, BlockOrder, Destined};
use ringfence_fraud::approved::{Approved, To};
use ringfence_gate::{Command, Input};
use ringfence_model::{
    Block, BlockId, CallEvent, CallId, Money, Review, Scope, TenantId, WallTime,
};
use ringfence_store::{About, Act, BlockRow, Store, StoreError};
use serde_json::json;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::info;

/// A disk that takes longer is in trouble.
const KEEP_PATIENCE: Duration = Duration::from_secs(10);

/// Where the writer hears of what must be on the disk.
pub(crate) type Hurries = Sender<Hurry>;

/// Done by the engine and on the disk; what the store says of it is whoever's who ordered it.
impl Running {
    /// Ends a running call; whether there is one.
    pub async fn cut(&self, call: CallId, by: &str) -> Result<bool, Fault> {
        let name: Arc<str> = by.into();
        for shard in 0..self.shards.count() {
            let by = Arc::clone(&name);
            let found = self.shards.ask(shard, move |gate, now| {
                let found = gate.running().any(|running| running.call == call);
                if found {
                    gate.handle(now, Input::Command(Command::Cut { call, by }));
                }
                found
            });
            if found.await? {
                info!(call = call.0, by = &*name, "call cut by order");
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sets a block.
    pub async fn set_block(&self, order: BlockOrder) -> Result<(BlockRef, Block), Fault> {
        let BlockOrder { tenant, extension, level, until, by } = order;
        let config = self.config();
        let directory = &config.snapshot.directory;
        if directory.tenant(&tenant).is_none() {
            return Err(Fault::new(format!("there is no tenant \"{tenant}\""), "see the settings"));
        }
        let shard = directory.shard_of(&tenant);
        let scope = match extension {
            Some(extension) => Scope::Extension(tenant, extension),
            None => Scope::Tenant(tenant),
        };
        let command = Command::Block { scope: scope.clone(), level, until, by: by.into() };
        let newest = self.shards.ask(shard, move |gate, now| {
            gate.handle(now, Input::Command(command));
            let mine = gate.engine().blocks().filter(|block| block.scope == scope);
            mine.max_by_key(|block| block.id.0).cloned()
        });
        let block = newest.await?;
        let block = block.ok_or_else(|| Fault::new("the block was not set", "see the log"))?;
        self.keep(shard).await?;
        Ok((BlockRef { shard, number: block.id.0 }, block))
    }

    /// Lifts a block; whether there is one.
    pub async fn lift_block(&self, block: BlockRef, by: &str) -> Result<bool, Fault> {
        if block.shard >= self.shards.count() {
            return Ok(false);
        }
        let (id, name): (_, Arc<str>) = (BlockId(block.number), by.into());
        let lifted = self.shards.ask(block.shard, move |gate, now| {
            let there = gate.engine().blocks().any(|of| of.id == id);
            if there {
                gate.handle(now, Input::Command(Command::Unblock { id, by: name }));
            }
            there
        });
        if !lifted.await? {
            return Ok(false);
        }
        info!(block = %block, by, "block lifted by order");
        self.keep(block.shard).await?;
        Ok(true)
    }

    /// Lets calls to a place pass today.
    pub async fn approve(&self, order: ApproveOrder) -> Result<(), Fault> {
        let ApproveOrder { tenant, to, amount, by } = order;
        let config = self.config();
        let directory = &config.snapshot.directory;
        if directory.tenant(&tenant).is_none() {
            return Err(Fault::new(format!("there is no tenant \"{tenant}\""), "see the settings"));
        }
        let shard = directory.shard_of(&tenant);
        let to = match to {
            Destined::Number(number) => To::Number(number),
            Destined::Country(country) => To::Country(country),
        };
        info!(tenant = tenant.as_str(), by, "calls approved for today");
        let until = crate::telling::end_of_day(self, &tenant, crate::wall());
        let approved = Approved { to, until, amount, promised: Money::ZERO, by: by.into() };
        let command = Command::Approve { tenant, approved };
        let told = self.shards.ask(shard, move |gate, now| {
            gate.handle(now, Input::Command(command));
        });
        told.await?;
        self.keep(shard).await
    }

    /// Does not hear a network.
    pub async fn ban(&self, net: IpNet, until: Option<WallTime>, by: &str) -> Result<(), Fault> {
        info!(%net, by, "ban by order");
        let command = Command::Ban { net, until, by: by.into() };
        self.shards.tell(Input::Command(command)).await?;
        self.keep_all().await
    }

    /// Hears a network again.
    pub async fn unban(&self, net: IpNet, by: &str) -> Result<(), Fault> {
        info!(%net, by, "ban lifted by order");
        self.shards.tell(Input::Command(Command::Unban(net))).await?;
        self.keep_all().await
    }

    /// Tells the engine what a person said of what it suspected.
    pub async fn review(&self, tenant: TenantId, fraud: bool) -> Result<(), Fault> {
        let shard = self.config().snapshot.directory.shard_of(&tenant);
        let review = CallEvent::Reviewed(Review { tenant, fraud, call: None });
        let told = self.shards.ask(shard, move |gate, now| gate.handle(now, Input::Event(&review)));
        told.await?;
        self.keep(shard).await
    }

    /// Waits until what a shard knows is on the disk: an order that was acknowledged holds after any crash.
    async fn keep(&self, shard: u8) -> Result<(), Fault> {
        let mend = "it holds now and may not after a restart: see the log";
        let (done, kept) = oneshot::channel();
        let asked = self.hurries.send(Hurry { shard, done });
        asked.map_err(|_| Fault::new("the order cannot be kept: the writer has ended", mend))?;
        match tokio::time::timeout(KEEP_PATIENCE, kept).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(why))) => Err(Fault::new(format!("the order cannot be kept: {why}"), mend)),
            Ok(Err(_)) | Err(_) => {
                Err(Fault::new("the order is not kept yet: the disk is slow", mend))
            }
        }
    }

    async fn keep_all(&self) -> Result<(), Fault> {
        for shard in 0..self.shards.count() {
            self.keep(shard).await?;
        }
        Ok(())
    }

    /// What a block is called among the nodes that share a store.
    pub fn name_of(&self, block: BlockRef) -> String {
        match self.config().storage.node {
            0 => block.to_string(),
            node => format!("n{node}:{block}"),
        }
    }

    /// The block of that name; `None` when it is no block of this node.
    pub fn block_of(&self, name: &str) -> Option<BlockRef> {
        let node = self.config().storage.node;
        let bare = match node {
            0 => name,
            node => name.strip_prefix(&format!("n{node}:"))?,
        };
        bare.parse().ok()
    }
}

/// Ordered on this machine, over the control socket. Gives what to say.
impl Running {
    /// Ends a running call.
    pub async fn ordered_cut(&self, call: CallId, by: String) -> Result<String, Fault> {
        if !self.cut(call, &by).await? {
            return Err(Fault::new(format!("no call {call} runs"), "see `ringfence calls list`"));
        }
        self.record(move |store| {
            let subject = format!("call {call}");
            store.record(&act("call.cut", by), about(&subject, None)).map(drop)
        })
        .await?;
        Ok(format!("call {call} is ended"))
    }

    /// Sets a block.
    pub async fn ordered_block(&self, order: BlockOrder) -> Result<String, Fault> {
        let who = order.by.clone();
        let (id, block) = self.set_block(order).await?;
        let row = row(self.name_of(id), &block);
        self.record(move |store| store.record_block(&act("block.set", who), &row)).await?;
        Ok(format!("block {id} is set"))
    }

    /// Lifts a block.
    pub async fn ordered_lift(&self, block: BlockRef, by: String) -> Result<String, Fault> {
        if !self.lift_block(block, &by).await? {
            return Err(Fault::new(
                format!("no block {block} is in force"),
                "see `ringfence blocks list`",
            ));
        }
        let id = self.name_of(block);
        self.record(move |store| {
            let act = act("block.lift", by);
            match store.record_lift(&act, &id) {
                // The engine made it a moment ago: the feeder is about to tell of both, and of who lifted it.
                Err(StoreError::NotFound(_)) => {
                    store.record(&act, about(&format!("block {id}"), None)).map(drop)
                }
                recorded => recorded,
            }
        })
        .await?;
        Ok(format!("block {block} is lifted; limits are tight for a while"))
    }

    /// Does not hear a network.
    pub async fn ordered_ban(
        &self,
        net: IpNet,
        until: Option<WallTime>,
        by: String,
    ) -> Result<String, Fault> {
        self.ban(net, until, &by).await?;
        self.record(move |store| {
            let after = json!({"until": until});
            store.record(&act("ban.set", by), about(&format!("net {net}"), Some(&after))).map(drop)
        })
        .await?;
        Ok(format!("{net} is not heard"))
    }

    /// Hears a network again.
    pub async fn ordered_unban(&self, net: IpNet, by: String) -> Result<String, Fault> {
        self.unban(net, &by).await?;
        self.record(move |store| {
            store.record(&act("ban.lift", by), about(&format!("net {net}"), None)).map(drop)
        })
        .await?;
        Ok(format!("{net} is heard again"))
    }

    /// Puts on record what was done.
    async fn record(
        &self,
        note: impl FnOnce(&Store) -> ringfence_store::Result<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let store = self.store.clone();
        let noted = tokio::task::spawn_blocking(move || note(&store)).await;
        let why = match noted {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(died) => died.to_string(),
        };
        let what = format!("it is done and holds, but the audit log has no word of it: {why}");
        Err(Fault::new(what, "mend the store; nothing is to be ordered again"))
    }
}

fn act(what: &str, who: String) -> Act {
    Act { who, what: what.to_owned(), why: String::new(), address: None, at: crate::wall() }
}

const fn about<'a>(subject: &'a str, after: Option<&'a serde_json::Value>) -> About<'a> {
    About { tenant: None, subject, before: None, after }
}

/// A person's block as the store keeps it.
fn row(id: String, block: &Block) -> BlockRow {
    BlockRow {
        id,
        tenant: block.scope.tenant().clone(),
        extension: block.scope.extension().cloned(),
        level: block.level,
        since: block.since,
        until: block.until,
        made_by: by(block).to_owned(),
        by_engine: false,
        shadow: block.shadow,
        reasons: json!([]),
        why: String::new(),
        case: None,
        lifted: None,
        lifted_by: None,
    }
}
