//! The servers that are measured.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::ground::{KAMAILIO, RINGFENCE};
use super::load::register::{PHONES, password};
use super::process::{Recipe, installed};
use crate::tidy::root;

/// Debian's Kamailio with the settings of `bench/kamailio.cfg`; what it says goes to `folder`.
pub fn kamailio(folder: &Path, workers: usize) -> Result<Recipe> {
    let config = root()?.join("bench/kamailio.cfg");
    let run = folder.join("run");
    std::fs::create_dir_all(&run)?;
    // The allocator that is fastest here by far, and memory enough for what is asked.
    let arguments =
        ["-DD", "-E", "-x", "tlsf", "-m", "2048", "-M", "32"].map(str::to_owned).into_iter();
    let more =
        ["-f".into(), config.display().to_string(), "-A".into(), format!("WORKERS={workers}")];
    let own = ["-Y".into(), run.display().to_string()];
    Ok(Recipe {
        name: "Kamailio",
        address: KAMAILIO,
        program: installed("kamailio", "kamailio")?,
        arguments: arguments.chain(more).chain(own).collect(),
        folder: folder.to_owned(),
    })
}

/// The settings of Ringfence, in its folder.
pub const SETTINGS: &str = "ringfence.toml";
/// Where the folder of the data stands in `bench/ringfence.toml`.
const DATA: &str = "DATA-FOLDER";

/// Ringfence with the settings of `bench/ringfence.toml` and its phones, its data in `folder`.
pub fn ringfence(folder: &Path, program: &Path) -> Result<Recipe> {
    let template = root()?.join("bench/ringfence.toml");
    let text = std::fs::read_to_string(&template)
        .with_context(|| format!("reading {}", template.display()))?;
    ensure!(text.contains(DATA), "{} does not name {DATA}", template.display());
    let mut text = text.replace(DATA, &folder.join("data").display().to_string());
    for phone in PHONES {
        let secret = password(phone);
        write!(text, "\n[[extension]]\nid = \"{phone}\"\npassword = \"{secret}\"\n")?;
    }
    let config = folder.join(SETTINGS);
    std::fs::write(&config, text).with_context(|| format!("writing {}", config.display()))?;
    Ok(Recipe {
        name: "Ringfence",
        address: RINGFENCE,
        program: program.to_owned(),
        arguments: vec!["serve".into(), "--config".into(), config.display().to_string()],
        folder: folder.to_owned(),
    })
}

/// Builds with `arguments`, on all cores, and gives the program that comes of it, found where this very program's target
/// folder has `program`.
pub fn built(arguments: &[&str], program: &str) -> Result<PathBuf> {
    eprintln!("building {program}");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let last = std::thread::available_parallelism().map_or(1, usize::from);
    // The load's core is not the place: a compiler would sit on it alone.
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &format!("0-{}", all_cores(last) - 1)]).arg(cargo);
    command.args(["build", "--quiet"]).args(arguments).current_dir(root()?);
    let status = command.stdin(Stdio::null()).status().context("starting cargo")?;
    ensure!(status.success(), "{program} does not build");
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).context("no target folder")?;
    let program = target.join(program);
    ensure!(program.is_file(), "no {}", program.display());
    Ok(program)
}

/// Those of the machine, not only those this process may use; at least `known`.
fn all_cores(known: usize) -> usize {
    let online = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    online.lines().filter(|line| line.starts_with("processor")).count().max(known)
}
