//! `ringfence password`.

use crate::failure::Outcome;
use crate::output::print;
use ringfence_server::config::stored_password;
use std::io::Read;

/// Turn a password, read from standard input, into what settings may hold instead: `ha1`
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  printf %s 'the password' | ringfence password 201 sip.office.example"
)]
pub struct Args {
    /// The name the phone authenticates with: its extension
    user: String,
    /// The first domain of its tenant
    realm: String,
}

/// More is no password.
const BYTES_MAX: u64 = 4096;

pub fn run(args: &Args) -> Outcome {
    let mut password = String::new();
    std::io::stdin().lock().take(BYTES_MAX).read_to_string(&mut password)?;
    let password = password.strip_suffix('\n').unwrap_or(&password);
    print(&(stored_password(&args.user, &args.realm, password) + "\n"))?;
    super::done()
}
