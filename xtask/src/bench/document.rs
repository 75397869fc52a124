//! `docs/reference/performance.md`: the prose is `template.md` here, the figures come from the run.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use crate::eval::Set;
use crate::tidy::root;

const TEMPLATE: &str = include_str!("template.md");

/// Writes the page: the table of speeds and the table of figures.
pub fn write(data: &Path, [speeds, figures]: &[String; 2]) -> Result<()> {
    let set = Set::load(data)?;
    let stream = format!("`{}` ({} events)", set.name, set.events.len());
    let cells = [
        ("machine", machine()),
        ("day", Timestamp::now().strftime("%Y-%m-%d").to_string()),
        ("stream", stream),
        ("speeds", speeds.clone()),
        ("figures", figures.clone()),
    ];
    let mut text = TEMPLATE.to_owned();
    for (name, content) in &cells {
        let mark = format!("{{{{{name}}}}}");
        ensure!(text.contains(&mark), "template.md lacks {mark}");
        text = text.replace(&mark, content.trim_end());
    }
    let page = root()?.join("docs/reference/performance.md");
    std::fs::write(&page, text).with_context(|| format!("writing {}", page.display()))?;
    println!("wrote {}", page.display());
    Ok(())
}

/// The processor and the memory, as far as Linux tells.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cpu = read("/proc/cpuinfo");
    let model = value(&cpu, "model name").unwrap_or_else(|| "an unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = value(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    format!("{model}, {cores} cores of a virtual machine, {} GiB", kib >> 20)
}
