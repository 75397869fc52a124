//! `[[extension]]`: internal users.

use super::guard::{MEND as NETWORK, network};
use super::number;
use super::problem::At;
use super::section::Section;
use super::tenant::values;
use super::trunk::tenant_of;
use ringfence_call::{Extension, Login, Tenant};
use ringfence_model::{ExtensionId, TenantId};
use ringfence_sip::digest::Ha1;

/// Shorter ones are guessed.
const PASSWORD_CHARS_MIN: usize = 10;

/// Reads the extensions of `tenants`; where there is one tenant, they need not name it.
pub(super) fn read(root: &mut Section<'_>, tenants: &[&Tenant]) -> Vec<Extension> {
    root.sections("extension")
        .into_iter()
        .filter_map(|section| extension(section, tenants))
        .collect()
}

fn extension(mut section: Section<'_>, tenants: &[&Tenant]) -> Option<Extension> {
    let id = section.required("id", "201");
    let tenant = whose(&mut section, tenants);
    if let (Some(id), Some(tenant)) = (&id, &tenant) {
        // The same name at two tenants is two extensions.
        let name = format!("{} of {}", id.value, tenant.as_str());
        section.desk().declare("extension", &At::new(name, id.span.clone()));
    }
    let realm =
        tenants.iter().find(|t| Some(&t.id) == tenant.as_ref()).and_then(|t| t.domains.first());
    let id = id.map(|id| id.value).unwrap_or_default();
    let extension = Extension {
        login: login(&mut section, &id, realm.map_or("", String::as_str)),
        numbers: number::own_alone(&mut section),
        caller: section.text("caller", number::MEND, number::read).map(|at| at.value),
        networks: section.texts("networks", NETWORK, network).map(values).unwrap_or_default(),
        tenant: tenant.unwrap_or_else(|| TenantId::new("")),
        id: ExtensionId::new(&id),
    };
    section.finish();
    (!id.is_empty() && !extension.tenant.as_str().is_empty()).then_some(extension)
}

/// Whose extension or trunk it is: the tenant it names, or the only one.
fn whose(section: &mut Section<'_>, tenants: &[&Tenant]) -> Option<TenantId> {
    match (tenant_of(section), tenants) {
        (Some(named), _) => Some(named),
        (None, [only]) => Some(only.id.clone()),
        (None, _) => {
            let mend = "add tenant = \"...\"";
            section.desk().wrong(
                &section.span,
                "there are several tenants and this extension names none",
                mend,
            );
            None
        }
    }
}

fn login(section: &mut Section<'_>, id: &str, realm: &str) -> Option<Login> {
    let password = section.secret("password");
    let hashed = section.secret("ha1");
    let made_for = section.take::<String>("realm");
    let login = |ha1| Some(Login { user: id.to_owned(), ha1 });
    match (password, hashed) {
        (Some(password), None) => {
            warn_if_weak(section, &password, id);
            login(Ha1::new(id, realm, &password.value))
        }
        (None, Some(hashed)) if made_for.as_ref().is_some_and(|of| of.value != realm) => {
            let made_for = made_for.map(|of| of.value).unwrap_or_default();
            section.desk().wrong(
                &hashed.span,
                format!("ha1: it was made for the domain \"{made_for}\" and the first one is now \"{realm}\""),
                format!("set a new password, or give its tenant domains = [\"{made_for}\"]"),
            );
            None
        }
        (None, Some(hashed)) => match unhex(&hashed.value) {
            Some(bytes) => login(Ha1::from_bytes(&bytes)),
            None => {
                section.desk().wrong(
                    &hashed.span,
                    "ha1 is not 160 hexadecimal digits",
                    format!("make it with `ringfence password {id} {realm}`"),
                );
                None
            }
        },
        (Some(_), Some(hashed)) => {
            section.desk().wrong(&hashed.span, "password and ha1 are both there", "keep one");
            None
        }
        (None, None) => None,
    }
}

fn warn_if_weak(section: &Section<'_>, password: &At<String>, id: &str) {
    let chars = password.value.chars().count();
    let what = if password.value == id {
        format!("the password of extension \"{id}\" is its name")
    } else if password.value.bytes().all(|b| b.is_ascii_digit()) && chars < 20 {
        format!("the password of extension \"{id}\" is digits only")
    } else if chars < PASSWORD_CHARS_MIN {
        format!("the password of extension \"{id}\" has {chars} characters")
    } else {
        return;
    };
    section.desk().doubt(
        &password.span,
        what,
        "use 16 random characters: guessing is the common way in",
    );
}

/// What `ha1` may hold instead of a password: the hashes of [`Ha1`] one after another, in hexadecimal.
#[must_use]
pub fn stored_password(user: &str, realm: &str, password: &str) -> String {
    Ha1::new(user, realm, password).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The stored form of a password: the hashes of [`Ha1`] one after another, in hexadecimal.
pub(super) fn unhex(text: &str) -> Option<[u8; Ha1::BYTES]> {
    let mut bytes = [0; Ha1::BYTES];
    if text.len() != bytes.len() * 2 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
