//! Settings in the store: plans people write, what they change, and how they become what the shards run with.
//!
//! A row of the store is a section of the boot file without its names. All rows together are written as one text behind
//! the boot file and read by [`crate::config::parse`], the one judge of settings; what it says of a line is told of the
//! row and field that made the line.

mod read;
mod render;
mod settle;
mod shared;
mod stored;
mod write;

pub use read::{read, without_files};
pub(crate) use settle::failed;
pub use settle::{Ready, check};
pub use stored::{export, with_stored};

use ringfence_store::{Section, SettingKey};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Settings by name, as they are or shall be.
pub(crate) type Rows = BTreeMap<SettingKey, Row>;

/// A setting.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row {
    /// What it says.
    pub body: Json,
    /// 0 for one that is not stored yet.
    pub version: i64,
}

/// The key of the one policy or tariff of a tenant.
fn own(section: Section, tenant: &str) -> SettingKey {
    SettingKey::new(section, Some(&tenant.into()), section.as_str())
}
