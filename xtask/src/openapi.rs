//! `docs/reference/openapi.json`, made from the table of routes.

use anyhow::Context;

const FILE: &str = "docs/reference/openapi.json";

/// Writes the reference; a test of `ringfence-api` checks that it is current.
pub fn command() -> anyhow::Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let file = std::path::Path::new(root).join(FILE);
    std::fs::write(&file, ringfence_api::reference())
        .with_context(|| format!("cannot write {FILE}"))?;
    println!("{FILE} is written");
    Ok(())
}
