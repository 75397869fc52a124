//! Kamailio as a carrier, a PBX or a proxy.

use crate::certificate::{Authority, Certificate};
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
        Self::start_with(place, local, "", routes)
    }

    /// The same, with TLS at another port too: shows `own` to everybody, wants a certificate of `authority` from
    /// everybody.
    pub fn start_tls(
        place: &Place,
        (local, tls): (SocketAddr, SocketAddr),
        own: &Certificate,
        authority: &Authority,
        routes: &str,
    ) -> Self {
        let (certificate, key) = (own.certificate.display(), own.key.display());
        let each = format!(
            "method = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\ncertificate = {certificate}\n\
             private_key = {key}\nca_list = {}\n",
            authority.file.display()
        );
        let domains = format!("[server:default]\n{each}\n[client:default]\n{each}\n");
        let domains = place.file(&format!("kamailio-tls-{}.cfg", local.ip()), &domains);
        let tls = format!(
            "enable_tls=yes\ntcp_source_ipv4={}\nlisten=tls:{tls}\nloadmodule \"tls.so\"\nmodparam(\"tls\", \"config\", {domains:?})\n",
            tls.ip()
        );
        Self::start_with(place, local, &tls, routes)
    }

    fn start_with(place: &Place, local: SocketAddr, more: &str, routes: &str) -> Self {
        let name = format!("kamailio-{}", local.ip());
        let config = place.file(
            &format!("{name}.cfg"),
            &format!("{HEAD}listen=udp:{local}\nlisten=tcp:{local}\n{more}{routes}"),
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
