//! What can be asked, and how it is answered.

use crate::trace::Packet;
use ipnet::IpNet;
use ringfence_model::{CallId, Direction, ExtensionId, Level, TenantId, TrunkId, WallTime};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Of the protocol. One that changes what a line means changes this.
pub const VERSION: u32 = 1;

/// A question or an order, as a line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AskLine {
    /// [`VERSION`].
    pub v: u32,
    /// What.
    #[serde(flatten)]
    pub ask: Ask,
}

/// A question or an order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// How it is.
    Status,
    /// Running calls.
    Calls {
        /// Whether numbers are shown whole.
        #[serde(default)]
        full: bool,
    },
    /// One running call.
    Call {
        /// Which.
        call: CallId,
        /// Whether numbers are shown whole.
        #[serde(default)]
        full: bool,
    },
    /// End a running call.
    Cut {
        /// Which.
        call: CallId,
        /// Who wants it.
        by: String,
    },
    /// Phones that are registered.
    Registrations,
    /// SIP links.
    Trunks,
    /// Blocks in force.
    Blocks,
    /// Set a block.
    Block {
        /// Whose.
        tenant: TenantId,
        /// Only this extension; absent: the whole tenant.
        extension: Option<ExtensionId>,
        /// How far.
        level: Level,
        /// For how long; absent: until a person lifts it.
        secs: Option<u64>,
        /// Who wants it.
        by: String,
    },
    /// Lift a block.
    Unblock {
        /// Which.
        block: BlockRef,
        /// Who wants it.
        by: String,
    },
    /// Sources that are not heard.
    Bans,
    /// Do not hear a network.
    Ban {
        /// Which.
        net: IpNet,
        /// For how long; absent: until a person lifts it.
        secs: Option<u64>,
        /// Who wants it.
        by: String,
    },
    /// Hear a network again.
    Unban {
        /// Which.
        net: IpNet,
    },
    /// The bans as rules for nftables.
    Nftables,
    /// Messages as they pass.
    Trace {
        /// Of what.
        watch: Watch,
        /// Ends after this long.
        secs: u64,
        /// Ends after so many bytes of messages.
        bytes_max: u64,
    },
    /// Change settings in the store, all or nothing.
    Apply {
        /// The rows that are wanted.
        rows: Vec<RowLine>,
        /// Whether tenants, trunks and extensions that are not among them go.
        #[serde(default)]
        prune: bool,
        /// Only say what would change.
        #[serde(default)]
        dry_run: bool,
        /// Only if the settings are at this revision.
        revision: Option<i64>,
        /// Why, for the record.
        #[serde(default)]
        why: String,
    },
    /// The settings in the store as a plan.
    Export {
        /// With passwords.
        #[serde(default)]
        secrets: bool,
    },
    /// Who changed what, newest first.
    Audit {
        /// So many rows.
        limit: u32,
        /// Below this one.
        below: Option<i64>,
    },
    /// Check the chain of the audit log.
    VerifyAudit,
    /// Take a change of settings back.
    Revert {
        /// Its row in the audit log.
        seq: i64,
        /// Only say what would change.
        #[serde(default)]
        dry_run: bool,
        /// Why, for the record.
        #[serde(default)]
        why: String,
    },
    /// Read the settings again.
    Reload,
    /// Take no new calls, wait for the running ones, end.
    Drain,
}

/// A setting as it shall be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RowLine {
    /// `tenant`, `trunk`, `extension`, `policy`, `tariff` or `reseller`.
    pub section: String,
    /// Whose.
    pub tenant: Option<TenantId>,
    /// Its name.
    pub id: String,
    /// What it says; absent: it goes.
    pub body: Option<serde_json::Value>,
    /// A rate deck, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deck: Option<String>,
}

/// A row of the audit log, without secrets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its place.
    pub seq: i64,
    /// When.
    pub at: WallTime,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// The thing.
    pub subject: String,
    /// As it was.
    pub before: Option<serde_json::Value>,
    /// As it became.
    pub after: Option<serde_json::Value>,
}

/// What a trace shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// One call.
    Call(CallId),
    /// Calls from or to a number.
    Number(String),
    /// Everything.
    All,
}

/// An answer, as a line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// [`VERSION`].
    pub v: u32,
    /// The answer, or why there is none.
    #[serde(flatten)]
    pub result: ReplyResult,
}

/// The answer, or why there is none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyResult {
    /// The answer.
    Answer(Answer),
    /// Why there is none.
    Fault(Fault),
}

/// Why an order was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
}

/// An answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Ask::Status`].
    Status(Status),
    /// To [`Ask::Calls`] and [`Ask::Call`].
    Calls(Vec<CallLine>),
    /// To [`Ask::Registrations`].
    Registrations(Vec<RegistrationLine>),
    /// To [`Ask::Trunks`].
    Trunks(Vec<TrunkLine>),
    /// To [`Ask::Blocks`].
    Blocks(Vec<BlockLine>),
    /// To [`Ask::Bans`].
    Bans(Vec<BanLine>),
    /// To [`Ask::Nftables`].
    Nftables(String),
    /// A message, of [`Ask::Trace`].
    Message(Packet),
    /// A trace is over: why, and how many messages were missed.
    Traced {
        /// Why it is over.
        end: String,
        /// Messages that could not be shown.
        missed: u64,
    },
    /// To [`Ask::Apply`] and [`Ask::Revert`]: what changes, or was changed.
    Planned(ringfence_api::plan::PlannedView),
    /// To [`Ask::Export`].
    Plan(String),
    /// To [`Ask::Audit`].
    Audit(Vec<AuditLine>),
    /// To [`Ask::VerifyAudit`].
    Chain {
        /// Rows that were checked; the first wrong one when it is broken.
        rows: i64,
        /// The hash of the last, in hexadecimal.
        head: String,
        /// How it is broken.
        broken: Option<String>,
    },
    /// An order was carried out: in words, and what is to be said besides.
    Done {
        /// In words.
        what: String,
        /// What works and is probably not meant.
        warnings: Vec<String>,
    },
}

/// How it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Since when it runs.
    pub since: WallTime,
    /// Since when these settings are in force.
    pub settings_since: WallTime,
    /// Shards, each a thread.
    pub shards: u8,
    /// Running calls.
    pub calls: u64,
    /// Registered contacts.
    pub registrations: u64,
    /// Blocks in force.
    pub blocks: u64,
    /// Sources that are not heard.
    pub bans: u64,
    /// Whether it takes no new calls and waits for the last ones.
    pub draining: bool,
    /// Where it listens.
    pub listens: Vec<String>,
    /// What PBXs let it see, and whether that is heard.
    #[serde(default)]
    pub feeds: Vec<String>,
    /// What is wrong at the moment.
    pub troubles: Vec<String>,
}

/// A running call.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CallLine {
    /// Which.
    pub call: CallId,
    /// The caller's Call-ID.
    pub known_as: String,
    /// Whose.
    pub tenant: TenantId,
    /// Of which extension.
    pub extension: Option<ExtensionId>,
    /// Over which trunk it came.
    pub trunk: Option<TrunkId>,
    /// Over which trunk it goes.
    pub to_trunk: Option<TrunkId>,
    /// From the tenant's side.
    pub direction: Direction,
    /// `calling`, `ringing`, `up` or `ending`.
    pub state: String,
    /// The calling number.
    pub a_number: String,
    /// What was dialled.
    pub dialled: String,
    /// When it began.
    pub started: WallTime,
    /// When it was answered.
    pub answered: Option<WallTime>,
    /// Where the caller is.
    pub caller: Option<SocketAddr>,
    /// Where the called party is.
    pub callee: Option<SocketAddr>,
}

/// A registered contact of a phone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RegistrationLine {
    /// Whose.
    pub tenant: TenantId,
    /// Which extension.
    pub extension: ExtensionId,
    /// Where it wants to be called.
    pub contact: String,
    /// Where it really is.
    pub source: SocketAddr,
    /// `UDP`, `TCP` or `TLS`.
    pub transport: String,
    /// What the phone says it is.
    pub user_agent: Option<String>,
    /// When it ends unless renewed.
    pub until: WallTime,
}

/// A SIP link.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TrunkLine {
    /// Which.
    pub trunk: TrunkId,
    /// Whose; absent: everybody's.
    pub tenant: Option<TenantId>,
    /// `pbx` or `carrier`.
    pub side: String,
    /// Whether it answers; absent: it is not asked.
    pub alive: Option<bool>,
    /// Whether we are registered there; absent: we need not be.
    pub registered: Option<bool>,
    /// Where requests to it go.
    pub hops: Vec<String>,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

/// A block's number in the program: blocks are numbered per shard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockRef {
    /// The shard.
    pub shard: u8,
    /// The number there.
    pub number: u64,
}

impl FromStr for BlockRef {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (shard, number) = text.split_once('-').ok_or("a block is written as 0-17")?;
        match (shard.parse(), number.parse()) {
            (Ok(shard), Ok(number)) => Ok(Self { shard, number }),
            _ => Err("a block is written as 0-17"),
        }
    }
}

impl TryFrom<String> for BlockRef {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BlockRef> for String {
    fn from(block: BlockRef) -> Self {
        block.to_string()
    }
}

impl std::fmt::Display for BlockRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.shard, self.number)
    }
}

/// A block in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BlockLine {
    /// Which.
    pub block: BlockRef,
    /// Whose.
    pub tenant: TenantId,
    /// Only this extension.
    pub extension: Option<ExtensionId>,
    /// How far it goes.
    pub level: Level,
    /// Since when.
    pub since: WallTime,
    /// When it ends by itself.
    pub until: Option<WallTime>,
    /// Who made it.
    pub by: String,
    /// Whether it only says what would have been blocked.
    pub shadow: bool,
}

/// A source that is not heard.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BanLine {
    /// Which.
    pub net: IpNet,
    /// Whether only its datagrams are ignored.
    pub datagrams_only: bool,
    /// Why.
    pub why: String,
    /// When it ends by itself.
    pub until: Option<WallTime>,
}

impl AskLine {
    /// With this program's version.
    #[must_use]
    pub const fn new(ask: Ask) -> Self {
        Self { v: VERSION, ask }
    }
}

impl Reply {
    /// With this program's version.
    #[must_use]
    pub fn new(result: Result<Answer, Fault>) -> Self {
        let result = match result {
            Ok(answer) => ReplyResult::Answer(answer),
            Err(fault) => ReplyResult::Fault(fault),
        };
        Self { v: VERSION, result }
    }
}

impl Fault {
    /// What is wrong, and what to do.
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into() }
    }
}

/// An address or a range, as people write it.
///
/// # Errors
/// When it is neither.
pub fn network(text: &str) -> Result<IpNet, &'static str> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| "write an address or a range, such as 192.0.2.0/24")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_flat_json_with_a_version() {
        let line =
            serde_json::to_string(&AskLine::new(Ask::Cut { call: CallId(7), by: "jan".into() }));
        assert_eq!(line.unwrap(), r#"{"v":1,"ask":"cut","call":7,"by":"jan"}"#);
        let ask: AskLine = serde_json::from_str(r#"{"v":1,"ask":"calls"}"#).unwrap();
        assert_eq!(ask.ask, Ask::Calls { full: false });
        let reply = Reply::new(Ok(Answer::Nftables("x".into())));
        let line = serde_json::to_string(&reply).unwrap();
        assert_eq!(line, r#"{"v":1,"answer":{"nftables":"x"}}"#);
        assert_eq!(serde_json::from_str::<Reply>(&line).unwrap(), reply);
        let fault = Reply::new(Err(Fault::new("a", "b")));
        let line = serde_json::to_string(&fault).unwrap();
        assert_eq!(line, r#"{"v":1,"fault":{"what":"a","mend":"b"}}"#);
    }

    #[test]
    fn blocks_are_named_by_shard_and_number() {
        let block: BlockRef = "3-17".parse().unwrap();
        assert_eq!((block.shard, block.number, block.to_string().as_str()), (3, 17, "3-17"));
        for wrong in ["", "3", "-1", "3-", "256-1", "a-b"] {
            assert!(wrong.parse::<BlockRef>().is_err(), "{wrong}");
        }
    }
}
