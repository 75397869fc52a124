//! Who is at the other end of the control socket.

use std::io::{BufRead, BufReader};
use tokio::net::UnixStream;

/// How the audit log names who gives orders on this machine: by the user the system says they are.
pub(super) fn name(stream: &UnixStream) -> String {
    match stream.peer_cred() {
        Ok(peer) => format!("os:{}", user(peer.uid()).unwrap_or_else(|| peer.uid().to_string())),
        Err(_) => "os:unknown".to_owned(),
    }
}

/// The name of a local user (passwd(5)); others are known by their number.
fn user(uid: u32) -> Option<String> {
    let users = BufReader::new(std::fs::File::open("/etc/passwd").ok()?);
    users.lines().map_while(Result::ok).find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_known_by_name() {
        assert_eq!(user(0).as_deref(), Some("root"));
        assert_eq!(user(u32::MAX), None);
    }
}
