//! Who may be heard at all, decided before a message is parsed and with bounded memory.
//!
//! Read it in the order a message meets it:
//!
//! 1. [`Guard::admit`] looks at length and first bytes, at the lists of the operator, and at who is asking:
//!    a *trusted* network (PBX, carrier), a *known* source (a phone there has proven its password within a day),
//!    or a *stranger*. Trusted and known sources have limits of their own. Strangers are stopped by bans, by a limit
//!    for each source, each network and all of them together, and by the names of attack tools. What is dropped gets
//!    no answer: an answer is a fingerprint, and on UDP it hits whoever's address was forged.
//! 2. [`Guard::observed`] takes the evidence found after parsing and tells whether to answer. Enough of it bans a
//!    stranger, for five minutes, doubling. It never bans a known or trusted source: over UDP anyone could forge the
//!    address of a good phone, and behind a proven address may stand a whole office.
//! 3. [`Guard::may_try`], [`Guard::failed`] and [`Guard::succeeded`] stand around each check of a password. A phone
//!    that succeeded before is judged by its own record only, so neither an attacker behind the same NAT nor one
//!    who tries its account from elsewhere locks it out.
//! 4. [`Load`] sheds new calls when inputs wait too long; emergency calls and running calls are never shed.
//!
//! Nothing here reads a clock or touches a socket: same inputs, same answers. A source is one IPv4 address or one
//! IPv6 /64. Every table has a cap and a keyed hash; a full table forgets the least telling entry, which can only
//! forgive.

mod address;
mod admission;
mod bans;
mod bucket;
mod counts;
mod evidence;
mod guard;
mod guessing;
mod known;
mod load;
mod nets;
mod nftables;
mod passwords;
mod scanner;
mod settings;
mod shape;
mod state;
mod table;

pub use address::{Sender, Transport};
pub use admission::{Admission, Standing, Why};
pub use bans::{Ban, Cause, Reach, TooManyBans};
pub use counts::{Counts, Sizes};
pub use evidence::{Evidence, Reaction};
pub use guard::Guard;
pub use guessing::{Aor, Focus, Guessing};
pub use load::{Load, Shed};
pub use nftables::nftables;
pub use settings::{GuessingSettings, LoadSettings, Rate, Settings};
pub use state::{KnownAccount, KnownSource, State};
