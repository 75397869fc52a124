//! Numbers in URIs: what was dialled, and whose number it is.

use crate::directory::{Dialling, Directory, Extension, Tenant};
use ringfence_model::E164;
use ringfence_sip::{Scheme, Uri};

/// A number that belongs to somebody here.
#[derive(Clone, Copy, Debug)]
pub struct Owned<'d> {
    /// Whose.
    pub tenant: &'d Tenant,
    /// The extension, when it has the number to itself.
    pub extension: Option<&'d Extension>,
    /// The number.
    pub number: E164,
}

impl Dialling {
    /// Only `+` is read.
    pub(crate) const NONE: &'static Self = &Self {
        country_code: String::new(),
        national_prefix: String::new(),
        international_prefix: String::new(),
    };
}

/// The user part as dialled: escapes undone, parameters cut off, and the separators people write taken out of
/// numbers (RFC 3966 §5.1.1).
pub fn dialled(uri: &Uri<'_>) -> Option<String> {
    let text = uri.user_text()?;
    let is_number = uri.scheme == Scheme::Tel
        || uri.params.value("user").is_some_and(|user| user.eq_ignore_ascii_case(b"phone"));
    let separated = |byte: u8| matches!(byte, b'-' | b'.' | b'(' | b')' | b' ');
    let plain = || text.bytes().all(|byte| is_dialled(byte) || separated(byte));
    if is_number && text.bytes().any(separated) && plain() {
        return Some(text.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' ')).collect());
    }
    Some(text)
}

/// Whether `text` can be dialled on a keypad.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_dialled)
}

const fn is_dialled(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'*' | b'#')
}

/// Whose the number in `uri` is.
pub fn owner<'d>(
    directory: &'d Directory,
    uri: &Uri<'_>,
    dialling: &Dialling,
) -> Option<Owned<'d>> {
    readings(&dialled(uri)?, dialling).into_iter().flatten().find_map(|number| {
        let (tenant, extension) = directory.owner_of(number)?;
        Some(Owned { tenant, extension, number })
    })
}

/// The number a calling party gave, when only one reading of it makes sense.
pub fn calling(uri: &Uri<'_>, dialling: &Dialling) -> Option<E164> {
    let text = dialled(uri)?;
    let [first, whole, national] = readings(&text, dialling);
    let country = dialling.country_code.as_bytes();
    let long = |number: &E164| number.len() >= ABROAD_DIGITS_MIN;
    let at_home = |number: &E164| {
        let (digits, len) = number.digits();
        digits.get(..len).is_some_and(|digits| !country.is_empty() && digits.starts_with(country))
    };
    first.or_else(|| whole.filter(|n| at_home(n) && long(n))).or_else(|| {
        // North America writes its numbers as ten digits without any prefix.
        national.filter(|_| country == b"1" && text.len() == 10).or(whole.filter(long))
    })
}

/// Digits without any prefix are taken for an international number from this length on; national ones are shorter in
/// nearly all plans, and those that are not are written with their prefix.
const ABROAD_DIGITS_MIN: usize = 11;

/// What `text` may mean: the reading its prefix demands; without a prefix, as an international number, then as a
/// national one.
fn readings(text: &str, dialling: &Dialling) -> [Option<E164>; 3] {
    let read = |digits: &str| E164::from_digits(digits.as_bytes()).ok();
    let at_home = |digits: &str| {
        let Dialling { country_code, .. } = dialling;
        if country_code.is_empty() { None } else { read(&format!("{country_code}{digits}")) }
    };
    let behind = |prefix: &str| text.strip_prefix(prefix).filter(|_| !prefix.is_empty());
    if let Some(digits) = text.strip_prefix('+').or_else(|| behind(&dialling.international_prefix))
    {
        return [read(digits), None, None];
    }
    if let Some(digits) = behind(&dialling.national_prefix) {
        // Where the prefix is the country code itself (`1` in North America) both readings are one.
        return [at_home(digits), None, None];
    }
    [None, read(text), at_home(text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dutch() -> Dialling {
        Dialling {
            country_code: "31".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
        }
    }

    fn uri(text: &str) -> Uri<'_> {
        Uri::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_was_dialled() {
        for (text, said) in [
            ("sip:+31201234567@h", "+31201234567"),
            ("sip:020-1234567@h;user=phone", "0201234567"),
            ("tel:+31-20-123.45.67", "+31201234567"),
            ("tel:0201234567;phone-context=+31", "0201234567"),
            ("sip:0201234567;phone-context=example.org@h;user=phone", "0201234567"),
            ("sip:%2B31201234567@h", "+31201234567"),
            ("sip:*21*%23@h", "*21*#"),
            ("sip:anna-maria@h", "anna-maria"),
        ] {
            assert_eq!(dialled(&uri(text)).as_deref(), Some(said), "{text}");
        }
        assert_eq!(dialled(&uri("sip:h")), None);
    }

    #[test]
    fn a_calling_number() {
        let reads = |text: &str, dialling: &Dialling| {
            calling(&uri(&format!("sip:{text}@h")), dialling).map(E164::full)
        };
        let dutch = dutch();
        for text in ["+31201234567", "0031201234567", "31201234567", "0201234567"] {
            assert_eq!(reads(text, &dutch).as_deref(), Some("+31201234567"), "{text}");
        }
        assert_eq!(reads("37061234567", &dutch).as_deref(), Some("+37061234567"));
        for none in ["201", "anonymous", "201234567", "", "*21#"] {
            assert_eq!(reads(&format!("{none}x"), &dutch), None, "{none}");
            assert!(none.is_empty() || reads(none, &dutch).is_none(), "{none}");
        }
        let american = Dialling {
            country_code: "1".into(),
            national_prefix: "1".into(),
            international_prefix: "011".into(),
        };
        for text in ["+12125551234", "12125551234", "2125551234"] {
            assert_eq!(reads(text, &american).as_deref(), Some("+12125551234"), "{text}");
        }
        assert_eq!(reads("01131201234567", &american).as_deref(), Some("+31201234567"));
    }
}
