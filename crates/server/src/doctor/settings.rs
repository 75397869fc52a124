//! The boot file: is it right, and does it keep its secrets.

use super::Finding;
use crate::config::{self, Config};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const CHECK: &str = "settings";

/// The settings, when they can be used.
pub fn look(file: &Path, all: &mut Vec<Finding>) -> Option<Config> {
    let config = match config::load(file) {
        Ok(config) => config,
        Err(problems) => {
            let wrong = |problem: &config::Problem| {
                let what = format!("{}: {}", problem.place, problem.what);
                Finding::fail(CHECK, what, problem.mend.clone())
            };
            all.extend(problems.0.iter().map(wrong));
            return None;
        }
    };
    let doubt = |problem: &config::Problem| {
        Finding::warn(CHECK, format!("{}: {}", problem.place, problem.what), &*problem.mend)
    };
    all.extend(config.warnings.iter().map(doubt));
    if config.warnings.is_empty() {
        let parts = config.snapshot.directory.parts();
        let (tenants, trunks) = (parts.tenants.len(), parts.trunks.len());
        let what = format!("{} is valid: {tenants} tenants, {trunks} trunks", file.display());
        all.push(Finding::ok(CHECK, what));
    }
    all.extend(exposed(file));
    Some(config)
}

/// A file with passwords in it that everybody can read.
fn exposed(file: &Path) -> Option<Finding> {
    let text = std::fs::read_to_string(file).ok()?;
    let telling = |line: &str| {
        let words = ["password", "ha1", "secret", "://"];
        !line.trim_start().starts_with('#') && words.iter().any(|word| line.contains(word))
    };
    let holds = text.lines().any(telling);
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    // A folder that nobody else may enter hides what is in it.
    let hidden = file.parent().and_then(|folder| std::fs::metadata(folder).ok());
    let hidden = hidden.is_some_and(|folder| folder.permissions().mode() & 0o001 == 0);
    (holds && mode & 0o004 != 0 && !hidden).then(|| {
        let path = file.display();
        let what = format!("everybody can read {path}, and it seems to hold passwords");
        let mend = format!("chown root:ringfence {path} && chmod 640 {path}");
        Finding::warn(CHECK, what, mend)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    #[test]
    fn passwords_for_everybody_are_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ringfence.toml");
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        std::fs::write(&file, "password = \"x\"").unwrap();
        set(folder.path(), 0o755);
        set(&file, 0o644);
        assert_eq!(exposed(&file).unwrap().health, Health::Warn);
        set(&file, 0o640);
        assert_eq!(exposed(&file), None);
        set(&file, 0o644);
        set(folder.path(), 0o750);
        assert_eq!(exposed(&file), None);
        set(folder.path(), 0o755);
        std::fs::write(&file, "data = \"x\"\n# password: none\n").unwrap();
        assert_eq!(exposed(&file), None);
    }
}
