//! The map of the house shows every room.

use super::Findings;

/// `map` is ARCHITECTURE.md, if there is one.
pub fn check(map: Option<&str>, rooms: &[&str]) -> Findings {
    let Some(map) = map else { return Findings::new() };
    let shown = |room: &str| {
        [format!("crates/{room}"), format!("`{room}`"), format!("{room}/")]
            .iter()
            .any(|form| map.contains(form.as_str()))
    };
    let hidden = rooms.iter().filter(|room| !shown(room));
    hidden.map(|room| format!("ARCHITECTURE.md: say what crates/{room} is for")).collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_room_that_the_map_does_not_show_is_found() {
        assert!(check(None, &["model"]).is_empty());
        let map = "- `model`: the vocabulary\n- crates/gate: the meeting point\n";
        assert!(check(Some(map), &["model", "gate"]).is_empty());
        assert_eq!(check(Some(map), &["model", "fraud"]).len(), 1);
    }
}
