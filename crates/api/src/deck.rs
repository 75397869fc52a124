//! A rate deck as it is read before it is put in force: what its columns are taken for, what it prices, and which rows
//! cannot be used.

use crate::time::Amount;
use ringfence_model::TenantId;
use serde::Serialize;
use utoipa::ToSchema;

/// A deck to be read.
#[derive(Clone, PartialEq, Debug)]
pub struct DeckAsk {
    /// Whose currency and country count.
    pub tenant: TenantId,
    /// The deck, as CSV.
    pub csv: String,
    /// Its columns, by name or position; empty: as its headings say.
    pub columns: serde_json::Map<String, serde_json::Value>,
}

/// What a rate deck comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct DeckReport {
    /// Rows below the headings.
    pub rows: u64,
    /// Prefixes that have a price.
    pub prefixes: u64,
    /// Three letters.
    pub currency: String,
    /// Which column is taken for what.
    pub columns: Vec<DeckColumn>,
    /// Some of the prices, spread over the deck.
    pub sample: Vec<DeckPrice>,
    /// Rows that cannot be used; the first 500.
    pub bad_rows: Vec<DeckRow>,
    /// All of them.
    pub bad_rows_total: u64,
    /// Rows that look odd; the first 500.
    pub doubts: Vec<DeckDoubt>,
    /// All of them.
    pub doubts_total: u64,
    /// The next day on which a price of this deck changes, as `2026-12-01`: import it again then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_change: Option<String>,
}

/// A column of a deck.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DeckColumn {
    /// What it holds, such as `prefix` or `per_minute`.
    pub field: String,
    /// Its name in the deck.
    pub column: String,
}

/// The price of a prefix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DeckPrice {
    /// As a number in full begins, such as `+3197`.
    pub prefix: String,
    /// What the deck calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Per minute.
    pub per_minute: Amount,
    /// Per call.
    pub connect: Amount,
}

/// A row that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DeckRow {
    /// Line of the deck, from 1.
    pub line: u64,
    /// Why not.
    pub why: String,
    /// The row as it stands, shortened.
    pub row: String,
}

/// Something about a deck that somebody should look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DeckDoubt {
    /// `duplicate`, `dear`, `probably_cents`, `not_yet` or `expired`.
    pub what: String,
    /// Line of the deck; absent when it is about all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// About which prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The price per minute in the deck, when that is odd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// What is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Amount>,
    /// From or until which day it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}
