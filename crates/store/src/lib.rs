//! Durable state: what people set, and what happened, on SQLite or PostgreSQL.
//!
//! [`Store::open`] gives the store; its functions are grouped by file. Every query is written once for both databases
//! (`link.rs` is the only place that knows them). What a call is in the middle of stays with the shard that has it;
//! here is what is made, seen and searched by people.
//!
//! Call records and events arrive by way of files, the *spool*: the server writes lines, [`Feeder`] reads them into the
//! database and keeps its place in the same transaction. So a slow or absent database delays them and loses none.
//!
//! Times and ids are arguments. The only clock read is that of waiting for a database that does not answer.

mod approvals;
mod attachments;
mod audit;
mod backup;
mod blocks;
mod cases;
mod cdr;
mod error;
mod events;
mod feed;
mod keys;
mod link;
mod migrate;
mod notices;
mod once;
mod outbox;
mod proposals;
mod retain;
mod secret;
mod sessions;
mod settings;
mod sql;
mod store;
mod users;
mod value;

pub use approvals::{Answer, Approval, ApprovalFilter};
pub use audit::{About, Act, AuditFilter, Audited, Chain};
pub use backup::{Checked, backup, hand_over, restore};
pub use blocks::{BlockFilter, BlockRow};
pub use cases::{Case, CaseFilter, CaseNote, CaseState};
pub use cdr::{
    By, CdrFilter, CdrRef, CdrRow, Grain, Outcome, Tally, TallyBy, TallyFilter, Usage, UsageFilter,
};
pub use error::{Result, StoreError};
pub use events::{Event, EventFilter};
pub use feed::{Fed, Feeder};
pub use keys::ApiKey;
pub use notices::{Backlog, Batch, Notice, NoticeFilter, NoticeState};
pub use once::Once;
pub use outbox::Outgoing;
pub use proposals::{Proposal, Standing};
pub use retain::{Retained, Retention};
pub use sessions::Session;
pub use settings::{Change, Claim, Draft, Expected, Section, Setting, SettingFilter, SettingKey};
pub use store::{Place, Store};
pub use users::{Grant, Logins, Reach, Role, User, folded};
