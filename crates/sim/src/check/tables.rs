//! What is left after quiet, and how large tables are, read from the stored form of the state: the form that must
//! be right when a process is killed.

use anyhow::{Context, Result, ensure};
use ringfence_fraud::EngineState;
use serde_json::Value;

/// The most entries each table may have.
const CAPS: [(&str, usize); 14] = [
    ("/recent/calls", 256),
    ("/inbound", 256),
    ("/access", 64),
    ("/closed_ranges", 64),
    ("/blocks", 256),
    ("/destinations/habits", 96),
    ("/numbers/habits", 512),
    ("/ways/habits", 8),
    ("/origins/seen", 32),
    ("/extensions", 65_536),
    ("/extension_spend/spends", 4_096),
    ("/trunk_spend/spends", 4_096),
    ("/destination_spend/spends", 4_096),
    ("/source_spend/spends", 4_096),
];

/// Nothing is running, ringing or reserved any more.
///
/// # Errors
/// What is left.
pub fn quiet(state: &EngineState) -> Result<()> {
    let state = serde_json::to_value(state)?;
    for table in ["/running", "/inbound", "/ordinary"] {
        let left = size(&state, table)?;
        ensure!(left == 0, "{left} entries are left in {table}");
    }
    for tenant in tenants(&state)? {
        ensure!(size(tenant, "/1/active")? == 0, "calls are left at {tenant}");
    }
    nothing_held(&state)
}

/// Every table of every tenant keeps its cap.
///
/// # Errors
/// The table that does not.
pub fn within_caps(state: &EngineState) -> Result<()> {
    let state = serde_json::to_value(state)?;
    for tenant in tenants(&state)? {
        for (table, cap) in CAPS {
            let entries = size(tenant, &format!("/1{table}"))?;
            ensure!(entries <= cap, "{table} has {entries} entries, its cap is {cap}");
        }
    }
    Ok(())
}

fn tenants(state: &Value) -> Result<&Vec<Value>> {
    state.pointer("/tenants").and_then(Value::as_array).context("no tenants in the state")
}

fn size(of: &Value, table: &str) -> Result<usize> {
    match of.pointer(table) {
        Some(Value::Array(entries)) => Ok(entries.len()),
        Some(Value::Object(entries)) => Ok(entries.len()),
        other => anyhow::bail!("{table} is no table: {other:?}"),
    }
}

/// In every scope of every tenant.
fn nothing_held(value: &Value) -> Result<()> {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_count = field.is_number() && matches!(name.as_str(), "reserved" | "active");
                let in_a_spend = fields.contains_key("touched");
                ensure!(
                    !(is_count && in_a_spend) || field.as_i64() == Some(0),
                    "{name} is {field}"
                );
                nothing_held(field)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(nothing_held),
        _ => Ok(()),
    }
}
