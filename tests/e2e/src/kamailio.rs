//! Kamailio as a carrier, a PBX or a proxy.

use crate::place::{Place, listens};
use crate::program::Program;
use std::net::SocketAddr;
use std::process::Command;

/// A running Kamailio.
#[derive(Debug)]
pub struct Kamailio(Program);

const HEAD: &str = r#"
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
dns=no
rev_dns=no
dns_try_naptr=no
auto_aliases=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules:/usr/lib/aarch64-linux-gnu/kamailio/modules:/usr/lib/kamailio/modules"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("rr", "enable_full_lr", 1)
"#;

impl Kamailio {
    /// Starts it at an address (UDP and TCP) with routing blocks.
    ///
    /// # Panics
    /// When it does not listen within five seconds.
    pub fn start(place: &Place, local: SocketAddr, routes: &str) -> Self {
        let name = format!("kamailio-{}", local.ip());
        let config = place.file(
            &format!("{name}.cfg"),
            &format!("{HEAD}listen=udp:{local}\nlisten=tcp:{local}\n{routes}"),
        );
        let mut command = Command::new("kamailio");
        command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(config);
        command.arg("-Y").arg(place.folder()).arg("-w").arg(place.folder());
        command.arg("-P").arg(place.folder().join(format!("{name}.pid")));
        // It ends its own children, when it is asked to end.
        let program = Program::start(place, &name, &mut command).ends_by_itself();
        listens("udp", local);
        Self(program)
    }

    /// What it logged, `xlog` included.
    pub fn said(&self) -> String {
        self.0.said()
    }
}
