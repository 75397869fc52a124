//! `ringfence trace`.

use super::{Where, failed, odd, secs};
use crate::failure::{Failure, Kind, Outcome};
use crate::output::{print, safe};
use anyhow::{Context, anyhow};
use ringfence_connect::hep;
use ringfence_model::CallId;
use ringfence_server::control::{Answer, Ask, Watch};
use ringfence_server::trace::{Packet, pcap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Show the messages of a call as they pass: into a capture file or to a capture server
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    to: To,
    /// How long to watch
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = secs)]
    secs: u64,
    /// How many bytes of messages to take at most
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    bytes: u64,
    #[command(flatten)]
    at: Where,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct What {
    /// Of this running call
    #[arg(long)]
    call: Option<u64>,
    /// Of calls from or to this number
    #[arg(long)]
    number: Option<String>,
    /// Everything
    #[arg(long)]
    all: bool,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
struct To {
    /// Into this capture file
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// To this capture server, by HEP3
    #[arg(long, value_name = "HOST:PORT")]
    hep: Option<String>,
}

const EXAMPLES: &str = "\
What TLS hid is readable in a trace, and whole numbers and names are: handle the file accordingly.

Examples:
  ringfence trace --number 0201234567 --pcap call.pcap --for 5m
  ringfence trace --call 4611686018427387905 --hep homer.example:9060";

/// Our number at the capture server.
const AGENT: u32 = 5060;

pub fn run(args: &Args) -> Outcome {
    let mut sinks = Sinks::open(&args.to)?;
    let watch = match (&args.what.call, &args.what.number) {
        (Some(call), _) => Watch::Call(CallId(*call)),
        (None, Some(number)) => Watch::Number(number.clone()),
        (None, None) => Watch::All,
    };
    let mut client = args.at.connect()?;
    client.say(Ask::Trace { watch, secs: args.secs, bytes_max: args.bytes }).map_err(failed)?;
    let patience = Duration::from_secs(args.secs + 10);
    let mut count = 0_u64;
    loop {
        match client.next(patience).map_err(failed)? {
            Answer::Message(packet) => {
                sinks.take(&packet)?;
                count += 1;
            }
            Answer::Traced { end, missed } => {
                let missed = if missed > 0 { format!(", {missed} missed") } else { String::new() };
                print(&format!("{count} messages{missed}; {}\n", safe(&end)))?;
                return crate::command::done();
            }
            _ => return Err(odd()),
        }
    }
}

/// Where messages go.
struct Sinks {
    file: Option<BufWriter<File>>,
    server: Option<(UdpSocket, SocketAddr)>,
}

impl Sinks {
    fn open(to: &To) -> Outcome<Self> {
        let file = match &to.pcap {
            Some(path) => {
                let mut options = File::options();
                let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
                let mut file = BufWriter::new(
                    file.with_context(|| format!("cannot write {}", path.display()))?,
                );
                pcap::begin(&mut file)?;
                file.flush()?;
                Some(file)
            }
            None => None,
        };
        let server = match &to.hep {
            Some(name) => {
                let found = name.to_socket_addrs().ok().and_then(|mut found| found.next());
                let address = found.ok_or_else(|| {
                    Failure::new(Kind::Input, anyhow!("{name} leads to no address"))
                        .hint("write host:port, such as homer.example:9060")
                })?;
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                Some((UdpSocket::bind(any)?, address))
            }
            None => None,
        };
        Ok(Self { file, server })
    }

    /// Each message is in the file at once: whoever watches it grow, or stops us, has it.
    fn take(&mut self, packet: &Packet) -> Outcome<()> {
        if let Some(file) = &mut self.file {
            pcap::add(file, packet)?;
            file.flush()?;
        }
        if let Some((socket, server)) = &self.server {
            socket.send_to(&hep::encode(&packet.captured(), AGENT), server)?;
        }
        Ok(())
    }
}
