//! Thinking rooms ban clocks, sockets and chance. A crate's `clippy.toml` replaces the root one
//! without a word, so it must repeat the root's rules.

use toml::{Table, Value};

use super::{Findings, Package, TextFile, rooms};

const METHODS: [&str; 8] = [
    "std::env::var",
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::thread::sleep",
    "std::thread::spawn",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
];
const TYPES: [&str; 4] =
    ["std::fs::File", "std::net::TcpListener", "std::net::TcpStream", "std::net::UdpSocket"];
/// Libraries with a clock of their own, of use to a thinking room for what else they know.
const CLOCKS: [(&str, &[&str]); 1] = [("jiff", &["jiff::Timestamp::now", "jiff::Zoned::now"])];

pub fn check(files: &[TextFile], packages: &[Package]) -> Findings {
    let mut findings = Findings::new();
    let root = table(files, "clippy.toml").unwrap_or_default();
    for package in packages {
        let Some(room) = package.room() else { continue };
        let path = format!("crates/{room}/clippy.toml");
        let pure = rooms::pure_rooms().any(|name| name == room);
        match table(files, &path) {
            Some(own) => {
                findings.extend(repeats(&path, &root, &own));
                if pure {
                    findings.extend(bans(&path, &own, package));
                }
            }
            None if pure => findings.push(format!(
                "{path} is missing or no TOML: copy crates/model/clippy.toml, {room} may touch \
                 no clock, file or socket"
            )),
            None => {}
        }
    }
    findings
}

fn table(files: &[TextFile], path: &str) -> Option<Table> {
    files.iter().find(|file| file.path == path)?.text.parse().ok()
}

fn repeats(path: &str, root: &Table, own: &Table) -> Findings {
    let lost = root.iter().filter(|(key, value)| !own.get(*key).is_some_and(|v| keeps(v, value)));
    lost.map(|(key, value)| format!("{path}: repeat the root's rule {key} = {value}")).collect()
}

/// A list may grow; anything else must be equal.
fn keeps(own: &Value, root: &Value) -> bool {
    match (own, root) {
        (Value::Array(own), Value::Array(root)) => root.iter().all(|rule| own.contains(rule)),
        (own, root) => own == root,
    }
}

fn bans(path: &str, own: &Table, package: &Package) -> Findings {
    let used = |name: &str| {
        package.dependencies.iter().any(|of| of.name == name && of.kind.as_deref() != Some("dev"))
    };
    let clocks = CLOCKS.iter().filter(|(name, _)| used(name)).flat_map(|(_, paths)| *paths);
    let methods = METHODS.iter().chain(clocks).map(|of| ("disallowed-methods", *of));
    let types = TYPES.iter().map(|of| ("disallowed-types", *of));
    let missing = methods.chain(types).filter(|(key, banned)| !lists(own, key, banned));
    missing.map(|(key, banned)| format!("{path}: add {banned} to {key}")).collect()
}

fn lists(table: &Table, key: &str, banned: &str) -> bool {
    let entries = table.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut paths = entries.map(|entry| entry.get("path").unwrap_or(entry).as_str());
    paths.any(|path| path == Some(banned))
}

#[cfg(test)]
mod tests {
    use super::super::{file, package};
    use super::*;

    fn complete() -> String {
        let quoted = |list: &[&str]| format!("{list:?}");
        format!(
            "allow-unwrap-in-tests = true\ndisallowed-methods = {}\ndisallowed-types = {}\n",
            quoted(&METHODS),
            quoted(&TYPES)
        )
    }

    fn findings(own: &str, dependencies: &[(&str, Option<&str>)]) -> Findings {
        let root = file("clippy.toml", "allow-unwrap-in-tests = true\n");
        let files = [root, file("crates/fraud/clippy.toml", own)];
        check(&files, &[package("fraud", dependencies)])
    }

    #[test]
    fn a_complete_list_passes_and_a_missing_ban_is_found() {
        assert_eq!(findings(&complete(), &[]), Findings::new());
        assert_eq!(findings(&complete().replace("std::fs::File", "x"), &[]).len(), 1);
        let named = complete().replace("\"std::fs::File\"", "{ path = \"std::fs::File\" }");
        assert_eq!(findings(&named, &[]), Findings::new());
    }

    #[test]
    fn a_rule_of_the_root_that_is_not_repeated_is_found() {
        assert_eq!(findings(&complete().replace("= true", "= false"), &[]).len(), 1);
        assert_eq!(findings(&complete().replace("allow-unwrap", "allow-expect"), &[]).len(), 1);
    }

    #[test]
    fn a_thinking_room_without_a_list_is_found() {
        assert_eq!(check(&[], &[package("fraud", &[])]).len(), 1);
        assert!(check(&[], &[package("edge", &[])]).is_empty());
    }

    #[test]
    fn the_clock_of_a_library_must_be_banned_with_its_use() {
        assert_eq!(findings(&complete(), &[("jiff", None)]).len(), 2);
        assert!(findings(&complete(), &[("jiff", Some("dev"))]).is_empty());
    }
}
