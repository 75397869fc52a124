//! baresip as a phone: its menu commands and events over TCP, a sine wave for a voice.

use crate::attempt::within;
use crate::place::{Place, listens};
use crate::program::Program;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A running phone.
#[derive(Debug)]
pub struct Baresip {
    program: Program,
    control: TcpStream,
    heard: Vec<u8>,
    /// Everything it told, oldest first.
    pub events: Vec<Value>,
}

impl Baresip {
    /// Starts a phone at an address with one account line; `settings` are lines for its configuration.
    pub fn start(place: &Place, local: SocketAddr, account: &str, settings: &str) -> Self {
        let folder = format!("baresip-{}", local.ip());
        let control = SocketAddr::new(local.ip(), place.port());
        let modules = "/usr/lib/baresip/modules";
        let config = format!(
            "poll_method epoll\nsip_listen {local}\nnet_interface {}\ncall_max_calls 4\n\
             audio_source ausine,440\nausrc_srate 48000\nausrc_channels 2\naudio_player aubridge,sink\naudio_alert aubridge,alert\n\
             module_path {modules}\nmodule g711.so\nmodule ausine.so\nmodule aubridge.so\n\
             module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
             ctrl_tcp_listen {control}\n{settings}\n",
            local.ip()
        );
        let config = place.file(&format!("{folder}/config"), &config);
        place.file(&format!("{folder}/accounts"), &format!("{account}\n"));
        place.file(&format!("{folder}/contacts"), "");
        let mut command = Command::new("baresip");
        command.arg("-v").arg("-f").arg(config.parent().expect("its folder"));
        let program = Program::start(place, &folder, &mut command);
        listens("tcp", control);
        let stream = TcpStream::connect(control).expect("its control port");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a limit");
        Self { program, control: stream, heard: Vec::new(), events: Vec::new() }
    }

    /// Gives it a command of its menu.
    pub fn command(&mut self, name: &str, parameters: &str) {
        let text = json!({ "command": name, "params": parameters, "token": name }).to_string();
        let netstring = format!("{}:{text},", text.len());
        self.control.write_all(netstring.as_bytes()).expect("its control port");
    }

    /// Waits until it says that its registration was taken. No event tells when that was before the control port was
    /// opened.
    ///
    /// # Panics
    /// When it does not within ten seconds.
    pub fn registers(&mut self) {
        self.program.says("200 OK");
    }

    /// Waits for an event such as `CALL_RINGING` or `CALL_ESTABLISHED`, not counting those before `self.events[after]`.
    ///
    /// # Panics
    /// When it does not come within ten seconds.
    pub fn waits_for(&mut self, sort: &str, after: usize) -> Value {
        let found = within(Duration::from_secs(10), || {
            self.listen();
            self.events.iter().skip(after).find(|event| event["type"] == sort).cloned()
        });
        found.unwrap_or_else(|| panic!("no {sort}; it told {:#?}", self.events))
    }

    /// What it printed.
    pub fn said(&self) -> String {
        self.program.said()
    }

    fn listen(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = self.control.read(&mut buffer) {
            self.heard.extend_from_slice(&buffer[..n]);
        }
        while let Some((message, rest)) = netstring(&self.heard) {
            self.events.extend(serde_json::from_slice::<Value>(message));
            self.heard = rest.to_vec();
        }
    }
}

/// `5:hello,` and what follows.
fn netstring(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().position(|b| *b == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    let (message, rest) = bytes.get(colon + 1..)?.split_at_checked(length)?;
    Some((message, rest.strip_prefix(b",")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netstrings_may_arrive_in_pieces() {
        assert_eq!(netstring(b"2:{},3:[1]"), Some((&b"{}"[..], &b"3:[1]"[..])));
        assert_eq!(netstring(b"12:{}"), None);
        assert_eq!(netstring(b"2:{}"), None);
    }
}
