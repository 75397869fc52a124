//! Telling people and programs what happened: the words of mails in two languages, webhooks, lines for a syslog
//! collector, and how each is delivered.
//!
//! [`News`] is what there is to tell. [`letter`], [`hook_body`] and [`Syslog::line`] make texts of it, without clock or
//! chance; [`Courier`] takes one text to one place and says whether it arrived, may have, or never will. What is tried
//! again, when, and for whom, is the caller's: see [`next`] and [`Quiet`].

mod again;
mod courier;
mod digest;
mod hook;
mod letter;
mod mail;
mod news;
mod quiet;
mod reach;
mod syslog;
mod words;

pub use again::{Next, next};
pub use courier::{Courier, Undelivered, Unfit};
pub use digest::{Called, Digest};
pub use hook::{Hook, hook_body, signature};
pub use letter::{Letter, Page, letter};
pub use mail::{MailServer, Security, check_address};
pub use news::{News, Topic, What};
pub use quiet::{Quiet, ReadQuietError};
pub use reach::may_be_reached;
pub use syslog::{Form, Syslog};
