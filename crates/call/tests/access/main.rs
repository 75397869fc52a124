//! Who may, who is registered, where it goes: phones, attackers, PBXs and carriers in virtual time.

mod guessing;
mod hostile;
mod identifying;
mod office;
mod passing;
mod peer;
mod registering;
mod restarting;
mod routing;
mod upstream;
mod world;
