//! What only the running node knows and does. The server implements it; tests have a double.

use crate::inquire::Inquire;
use crate::plan::{Note, Plan, Planned};
use crate::time::{Amount, Time};
use ipnet::IpNet;
use ringfence_model::{Country, E164, ExtensionId, Language, Level, Money, TenantId, WallTime};
use ringfence_store::Act;
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;
use utoipa::ToSchema;

/// What the node will say.
pub type Told<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Why the node did not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// No such call or block there.
    #[error("there is no {0} of that name")]
    NotFound(&'static str),
    /// The settings would not work; all that is wrong with them.
    #[error("the settings do not work")]
    Unfit(Vec<Note>),
    /// The settings were changed since they were looked at.
    #[error("the settings were changed meanwhile")]
    Outdated,
    /// The settings are in the boot file.
    #[error("the settings are in the boot file")]
    InFile,
    /// It was refused, or failed.
    #[error("{what}; {mend}")]
    Refused {
        /// What happened.
        what: String,
        /// What to do.
        mend: String,
    },
}

/// The running node.
pub trait Node: Inquire {
    /// Where PBXs ask over HTTP, without a slash at the end; `None`: nowhere.
    fn adviser_url(&self) -> Option<String> {
        None
    }

    /// How it is.
    fn status(&self) -> Told<'_, NodeStatus>;
    /// Calls that ring or run.
    fn running_calls(&self) -> Told<'_, Vec<RunningCall>>;
    /// Ends a call, in the name of `by`.
    fn cut(&self, call: String, by: String) -> Told<'_, ()>;
    /// Sets a block; it is on the disk when this is answered.
    fn block(&self, order: BlockOrder) -> Told<'_, SetBlock>;
    /// Lifts a block, in the name of `by`; on the disk when this is answered.
    fn lift(&self, block: String, by: String) -> Told<'_, ()>;
    /// Lets calls to a place pass today, for so much money; on the disk when this is answered.
    fn approve(&self, order: ApproveOrder) -> Told<'_, ()>;
    /// A contact of a tenant who may approve without a login; `None`: there is no such one.
    fn approver(&self, tenant: TenantId, contact: String) -> Told<'_, Option<Approver>>;
    /// What is to be done when it is fraud at a tenant, step by step, in somebody's language.
    fn incident_plan(&self, tenant: TenantId, language: Language) -> Told<'_, Vec<String>>;
    /// Tells the engine what a person said of what it suspected at a tenant.
    fn review(&self, tenant: TenantId, fraud: bool) -> Told<'_, ()>;
    /// Where phones are.
    fn registrations(&self) -> Told<'_, Vec<RegistrationView>>;
    /// How trunks are.
    fn trunks(&self) -> Told<'_, Vec<TrunkView>>;
    /// Who is not heard.
    fn bans(&self) -> Told<'_, Vec<BanView>>;
    /// Hears a network no more; it is on the disk when this is answered.
    fn ban(&self, order: BanOrder) -> Told<'_, ()>;
    /// Hears a network again, in the name of `by`; on the disk when this is answered.
    fn lift_ban(&self, net: IpNet, by: String) -> Told<'_, ()>;
    /// What a plan would change; nothing is changed.
    fn check_plan(&self, plan: Plan) -> Told<'_, Planned>;
    /// Changes settings, all of a plan or nothing: in the store and on record as `act`, then in force.
    fn adopt_plan(&self, plan: Plan, act: Act) -> Told<'_, Planned>;
    /// The settings as a plan (TOML), of these tenants or all; secrets only if they are asked for.
    fn export_plan(&self, tenants: Option<Vec<TenantId>>, secrets: bool) -> Told<'_, String>;
}

/// A block to be set.
#[derive(Clone, PartialEq, Debug)]
pub struct BlockOrder {
    /// Whose calls.
    pub tenant: TenantId,
    /// Only this extension's.
    pub extension: Option<ExtensionId>,
    /// How far it goes.
    pub level: Level,
    /// When it ends by itself.
    pub until: Option<WallTime>,
    /// In whose name.
    pub by: String,
}

/// Calls that shall pass today.
#[derive(Clone, PartialEq, Debug)]
pub struct ApproveOrder {
    /// Whose.
    pub tenant: TenantId,
    /// Where to.
    pub to: Destined,
    /// The most that may be spent on them.
    pub amount: Money,
    /// In whose name.
    pub by: String,
}

/// Where calls go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destined {
    /// To this number.
    Number(E164),
    /// To this country.
    Country(Country),
}

/// A contact who may approve without a login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approver {
    /// Spoken to in.
    pub language: Language,
    /// The most that may be spent under what they approve.
    pub approves: Money,
}

/// A block that was set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetBlock {
    /// Names it.
    pub id: String,
    /// Since when, as the engine has it.
    pub since: WallTime,
}

/// A network that shall not be heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BanOrder {
    /// Which.
    pub net: IpNet,
    /// When it ends by itself.
    pub until: Option<WallTime>,
    /// In whose name.
    pub by: String,
}

/// How the node is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NodeStatus {
    /// Of the program.
    pub version: String,
    /// Since when it runs.
    pub since: Time,
    /// Since when these settings are in force.
    pub settings_since: Time,
    /// Threads that hold tenants.
    pub shards: u16,
    /// Calls that ring or run.
    pub calls: u64,
    /// Phones that are registered.
    pub registrations: u64,
    /// Blocks in force.
    pub blocks: u64,
    /// Sources that are not heard.
    pub bans: u64,
    /// Whether it takes no new calls.
    pub draining: bool,
    /// Where it listens.
    pub listens: Vec<String>,
    /// What is not as it should be.
    pub troubles: Vec<String>,
}

/// A call that rings or runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunningCall {
    /// Names it.
    pub call: String,
    /// Whose.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Whose phone, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// `outbound`, `inbound` or `internal`.
    pub direction: String,
    /// Calling party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_number: Option<String>,
    /// The digits as they came.
    pub dialled: String,
    /// Country of the called number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Kind of line that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When the attempt began.
    pub started: Time,
    /// When it was answered; absent while it rings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Time>,
    /// Money at risk: spent and reserved.
    pub exposure: Amount,
}

/// Where a phone is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegistrationView {
    /// Whose.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Which.
    #[schema(value_type = String)]
    pub extension: ExtensionId,
    /// Where it is reached.
    pub contact: String,
    /// From where it registered.
    pub source: String,
    /// Until when.
    pub expires: Time,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// How a trunk is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrunkView {
    /// Whose; absent: everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Which.
    pub trunk: String,
    /// `pbx` or `carrier`.
    pub side: String,
    /// Whether it answers; absent when it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    /// Whether we are registered there; absent when we need not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<bool>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Who is not heard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BanView {
    /// An address or network.
    pub net: String,
    /// Until when; absent when only a person ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why.
    pub why: String,
}
