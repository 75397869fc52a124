//! Who calls, and whose diversion it is, as the request says it.

use super::number;
use crate::directory::{Dialling, Directory, Tenant};
use crate::identify::address;
use ringfence_model::{E164, ExtensionId};
use ringfence_sip::{Message, Name, NameAddr, Uri};

/// The calling side of a request.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Calling {
    /// Its number.
    pub number: Option<E164>,
    /// Which internal user it is, as far as the request names one.
    pub extension: Option<ExtensionId>,
    /// Whether the call was diverted.
    pub is_diverted: bool,
    /// By whom of the tenant.
    pub forwarded_by: Option<ExtensionId>,
}

/// Reads From, P-Asserted-Identity, Diversion (RFC 5806) and History-Info (RFC 4244).
pub fn calling(
    directory: &Directory,
    dialling: &Dialling,
    tenant: &Tenant,
    message: &Message,
) -> Calling {
    let from = address(message, Name::From);
    let asserted = || address(message, Name::PAssertedIdentity);
    let number = |uri: &Uri<'_>| number::calling(uri, dialling);
    let user = |uri: &Uri<'_>| internal(directory, dialling, tenant, uri);
    let diverting = diverting(message);
    Calling {
        number: asserted().as_ref().and_then(number).or_else(|| from.as_ref().and_then(number)),
        extension: from.as_ref().and_then(user).or_else(|| asserted().as_ref().and_then(user)),
        is_diverted: diverting.is_some(),
        forwarded_by: diverting.as_ref().and_then(user),
    }
}

/// The internal user a URI names: an extension, the owner of a number, or, behind a PBX that is not described in
/// full, whatever is as short as its extensions are.
fn internal(
    directory: &Directory,
    dialling: &Dialling,
    tenant: &Tenant,
    uri: &Uri<'_>,
) -> Option<ExtensionId> {
    let text = number::dialled(uri)?;
    if let Some(known) = directory.extension(&tenant.id, &text) {
        return Some(known.id.clone());
    }
    if let Some(owned) = number::owner(directory, uri, dialling) {
        let own = owned.extension.filter(|_| owned.tenant.id == tenant.id)?;
        return Some(own.id.clone());
    }
    let short = text.len() <= usize::from(tenant.extension_digits_max)
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit());
    short.then(|| ExtensionId::new(&text))
}

/// The party whose diversion led here: the last one to divert stands first in Diversion; in History-Info it is the
/// last entry whose URI carries the cause of leaving it.
fn diverting(message: &Message) -> Option<Uri<'_>> {
    let uri = |text| NameAddr::read(text).and_then(|address| address.uri());
    if let Some(first) = message.values(Name::Diversion).next() {
        return uri(first);
    }
    let left = |uri: &Uri<'_>| {
        let lower = uri.headers.to_ascii_lowercase();
        lower.windows(6).any(|part| part == b"reason")
    };
    message.values(Name::HistoryInfo).filter_map(uri).filter(left).last()
}
