//! Compiles the number plans of `data/` into the table the crate embeds.
//!
//! `cargo run -p ringfence-numbering --example compile` writes `data/table/*.bin` and
//! `src/table/countries.rs`; a test proves that what is committed is what this program makes.

#![allow(clippy::disallowed_methods)] // a tool: it writes the files it makes

mod compiler;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, bytes) in compiler::compile(root)? {
        std::fs::write(root.join(path), bytes)?;
    }
    Ok(())
}
