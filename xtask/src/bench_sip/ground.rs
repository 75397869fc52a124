//! Where everybody stands. `bench/*` names the same addresses.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use anyhow::{Context, Result, ensure};

use super::process::run_quietly;

/// Above the ports Linux gives away by default to listeners of tests, below those it gives to clients.
const PORT: u16 = 25_060;

/// The caller: a PBX.
pub const PBX: SocketAddr = at(1, 1);
/// Phones that register, all behind one address.
pub const PHONES: SocketAddr = at(3, 1);
/// The called side.
pub const CARRIER: SocketAddr = at(2, 1);
/// Where Kamailio listens.
pub const KAMAILIO: SocketAddr = at(0, 1);
/// Where Ringfence listens.
pub const RINGFENCE: SocketAddr = at(0, 2);

const fn at(third: u8, fourth: u8) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(127, 21, third, fourth), PORT))
}

/// Which processor does what.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Cores {
    /// The processor that the server has to itself.
    #[arg(id = "server-core", long, default_value_t = 0)]
    pub server: usize,
    /// The processor of the load.
    #[arg(id = "load-core", long, default_value_t = 1)]
    pub load: usize,
}

impl Cores {
    /// This process and all it starts runs on the core of the load, unless started on the other by name.
    pub fn settle(self) -> Result<()> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        ensure!(
            count >= 2,
            "one core for the server and one for the load are needed, there is {count}"
        );
        let (core, own) = (self.load.to_string(), std::process::id().to_string());
        run_quietly("taskset", &["--all-tasks", "--cpu-list", "--pid", &core, &own])
            .context("keeping the load on a core of its own")
    }
}

/// As many sockets as strangers need; most systems give 1,024 unless asked.
pub fn raise_open_files(count: u32) -> Result<()> {
    let (own, limit) = (std::process::id().to_string(), format!("--nofile={count}:"));
    run_quietly("prlimit", &["--pid", &own, &limit]).context("room for a socket for each stranger")
}
