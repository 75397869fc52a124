//! Names that say nothing of what is inside collect everything.

use super::Findings;

const EMPTY: [&str; 13] = [
    "common", "handler", "handlers", "helper", "helpers", "manager", "managers", "misc", "stuff",
    "type", "types", "util", "utils",
];
/// The same as the last word of a longer name.
const EMPTY_ENDINGS: [&str; 7] =
    ["_handler", "_helper", "_helpers", "_manager", "_misc", "_util", "_utils"];

pub fn check(paths: &[&str]) -> Findings {
    let sources = paths.iter().filter(|path| path.ends_with(".rs") || path.ends_with(".toml"));
    let bad =
        sources.filter_map(|path| Some((path, path.split('/').find(|part| says_nothing(part))?)));
    bad.map(|(path, part)| format!("{path}: the name {part} says nothing; name what is inside"))
        .collect()
}

fn says_nothing(part: &str) -> bool {
    let name = part.split('.').next().unwrap_or(part).replace('-', "_");
    EMPTY.contains(&name.as_str()) || EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        assert!(check(&["crates/model/src/money.rs", "docs/common.md"]).is_empty());
        assert_eq!(check(&["crates/model/src/utils.rs"]).len(), 1);
        assert_eq!(check(&["crates/common/Cargo.toml"]).len(), 1);
        assert_eq!(check(&["crates/sip/tests/helpers/mod.rs"]).len(), 1);
        assert_eq!(check(&["crates/call/src/call_manager.rs"]).len(), 1);
    }
}
