//! `docs/reference/performance-sip.md`: the prose is `template.md` here, the figures come from the run.

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use crate::bench::document::machine;
use crate::bench::{Reading, figures};
use crate::tidy::root;

const TEMPLATE: &str = include_str!("template.md");

pub fn write(readings: &[Reading]) -> Result<()> {
    let cells = [
        ("machine", machine()),
        ("day", Timestamp::now().strftime("%Y-%m-%d").to_string()),
        ("figures", figures(readings)),
    ];
    let mut text = TEMPLATE.to_owned();
    for (name, content) in &cells {
        let mark = format!("{{{{{name}}}}}");
        ensure!(text.contains(&mark), "template.md lacks {mark}");
        text = text.replace(&mark, content.trim_end());
    }
    let page = root()?.join("docs/reference/performance-sip.md");
    std::fs::write(&page, text).with_context(|| format!("writing {}", page.display()))?;
    println!("wrote {}", page.display());
    Ok(())
}
