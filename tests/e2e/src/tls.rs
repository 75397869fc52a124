//! TLS around peers that have none: OpenSSL by way of socat.

use crate::certificate::{Authority, Certificate};
use crate::place::{Place, listens};
use crate::program::Program;
use std::net::SocketAddr;
use std::process::Command;

/// Takes TCP at `local` and speaks TLS to `remote`, whose certificate must be of the authority; shows `own` when asked.
pub fn tls_into(
    place: &Place,
    local: SocketAddr,
    remote: SocketAddr,
    authority: &Authority,
    own: Option<&Certificate>,
) -> Program {
    let file = authority.file.display();
    let shown = own.map_or_else(String::new, |own| {
        format!(",cert={},key={}", own.certificate.display(), own.key.display())
    });
    let bound = local.ip();
    let towards = format!("OPENSSL:{remote},bind={bound},cafile={file},verify=1{shown}");
    bridge(place, local, "TCP-LISTEN", "", &towards)
}

/// Takes TLS at `local` with that certificate, and speaks TCP to `remote`.
pub fn tls_out_of(
    place: &Place,
    local: SocketAddr,
    remote: SocketAddr,
    certificate: &Certificate,
) -> Program {
    let (chain, key) = (certificate.certificate.display(), certificate.key.display());
    let options = format!(",cert={chain},key={key},verify=0");
    bridge(place, local, "OPENSSL-LISTEN", &options, &format!("TCP:{remote}"))
}

fn bridge(place: &Place, local: SocketAddr, sort: &str, options: &str, towards: &str) -> Program {
    let listen = format!("{sort}:{},bind={},reuseaddr,fork{options}", local.port(), local.ip());
    let program = Program::start(place, "socat", Command::new("socat").args([&listen, towards]));
    listens("tcp", local);
    program
}
