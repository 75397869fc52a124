//! `cargo xtask tidy`: the rules of the house that no compiler checks.
//!
//! Each rule is a pure function from what the tree says to findings; reading the tree is here.

mod architecture;
mod clippy_bans;
mod lints;
mod names;
mod rooms;
mod signals;
mod sizes;
mod sleeps;
mod words;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// A breach: where, what, and what to do about it.
type Findings = Vec<String>;

/// A file of the tree that holds text.
struct TextFile {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// Checks every rule; fails if one is broken.
pub fn command() -> Result<()> {
    let root = root()?;
    let files = text_files(&root)?;
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let packages = packages(&root)?;
    let text = |path: &str| {
        let found = files.iter().find(|file| file.path == path);
        found.map(|file| file.text.as_str())
    };

    let mut findings = Findings::new();
    findings.extend(rooms::check(&packages));
    findings.extend(lints::check_root(text("Cargo.toml").unwrap_or_default()));
    findings.extend(lints::check_members(&files));
    findings.extend(clippy_bans::check(&files, &packages));
    findings.extend(names::check(&paths));
    findings.extend(sleeps::check(&files));
    findings.extend(words::check(&files));
    findings.extend(signals::check(&files));
    let rooms: Vec<&str> = packages.iter().filter_map(Package::room).collect();
    findings.extend(architecture::check(text("ARCHITECTURE.md"), &rooms));
    let sizes = sizes::check(&files);
    findings.extend(sizes.findings);

    println!("the ten largest source files:\n{}", sizes.largest);
    sizes.warnings.iter().for_each(|warning| println!("warning: {warning}"));
    findings.iter().for_each(|finding| println!("error: {finding}"));
    ensure!(findings.is_empty(), "the rules of the house are broken in {} places", findings.len());
    println!("tidy: {} files, {} packages", files.len(), packages.len());
    Ok(())
}

/// The workspace root: this package is one level below it.
pub fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_owned).context("xtask has no parent folder")
}

/// Tracked files, and new ones that git does not ignore: a rule must fail before the commit.
fn text_files(root: &Path) -> Result<Vec<TextFile>> {
    let list = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("starting git")?;
    if !list.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&list.stderr));
    }
    let listed = String::from_utf8(list.stdout).context("a file name is not UTF-8")?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // Deleted but not yet committed files are listed too; binary files have no words.
        let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

/// What `cargo metadata` says of one package.
#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build` or nothing.
    kind: Option<String>,
    /// Set for packages of this workspace.
    path: Option<PathBuf>,
}

impl Package {
    /// The folder below `crates/`, which is the room's name in the architecture.
    fn room(&self) -> Option<&str> {
        room_of(self.manifest_path.parent()?)
    }
}

impl Dependency {
    fn room(&self) -> Option<&str> {
        room_of(self.path.as_deref()?)
    }
}

fn room_of(folder: &Path) -> Option<&str> {
    let within = folder.parent()?.file_name()? == "crates";
    within.then(|| folder.file_name()?.to_str()).flatten()
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("starting cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(metadata.packages)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
fn package(room: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
    let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
        name: (*name).to_owned(),
        kind: kind.map(str::to_owned),
        path: name.strip_prefix("ringfence-").map(|room| format!("/x/crates/{room}").into()),
    };
    Package {
        name: format!("ringfence-{room}"),
        manifest_path: format!("/x/crates/{room}/Cargo.toml").into(),
        dependencies: dependencies.iter().map(dependency).collect(),
    }
}
