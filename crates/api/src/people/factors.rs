//! What somebody logs in with, and when that is enough.

use crate::rights::Grant;
use crate::stored;
use ringfence_store::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// A code of an authenticator app.
    Totp,
    /// A passkey; it is enough alone.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

/// How a session was begun, as the store keeps it.
pub mod strength {
    /// Password alone, or the provider with one factor: the second factor is missing, or there is none.
    pub const PASSWORD: &str = "password";
    /// With an authenticator's code.
    pub const TOTP: &str = "totp";
    /// With a passkey.
    pub const PASSKEY: &str = "passkey";
    /// With a recovery code.
    pub const RECOVERY: &str = "recovery";
    /// By the program itself, in a world that it made up.
    pub const PROGRAM: &str = "program";
    /// At the provider, with two factors there.
    pub const PROVIDER: &str = "provider";
}

/// What this person can give besides the password.
pub fn of(user: &User) -> Vec<Factor> {
    let passkeys = user.passkeys.as_array().is_some_and(|list| !list.is_empty());
    let each = [
        (Factor::Totp, has_totp(user)),
        (Factor::Passkey, passkeys),
        (Factor::RecoveryCode, !user.recovery.is_empty()),
    ];
    each.into_iter().filter(|(_, has)| *has).map(|(factor, _)| factor).collect()
}

/// Whether there is a confirmed authenticator: its secret is kept in `totp` once it is confirmed, not before.
pub const fn has_totp(user: &User) -> bool {
    user.totp.is_some()
}

/// Whether they have a factor that can be lost: recovery codes alone are none.
pub fn has_second(user: &User) -> bool {
    of(user).iter().any(|factor| *factor != Factor::RecoveryCode)
}

/// Whether roles ask for a second factor.
pub fn needs_second(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| grant.role.needs_second_factor())
}

/// Whether a session of that strength is a full one for this person as they are now.
pub fn is_full(session: &str, user: &User) -> bool {
    session != strength::PASSWORD || (!has_second(user) && !needs_second(&stored::grants(user)))
}
