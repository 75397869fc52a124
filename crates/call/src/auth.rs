//! May they? Passwords of phones and trunks.

use crate::directory::{Extension, Tenant, Trunk};
use ringfence_model::ExtensionId;

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub enum Caller<'d> {
    /// A trunk.
    Trunk {
        /// Which.
        trunk: &'d Trunk,
        /// Whose call it is, when that could be told.
        tenant: Option<&'d Tenant>,
    },
    /// A phone that proved to be an extension.
    Extension {
        /// Whose.
        tenant: &'d Tenant,
        /// Which.
        extension: &'d Extension,
    },
    /// A phone whose registration a PBX keeps; the PBX asks for the password.
    Passed {
        /// Whose.
        tenant: &'d Tenant,
        /// The PBX.
        trunk: &'d Trunk,
        /// As which it is registered.
        extension: ExtensionId,
    },
}
