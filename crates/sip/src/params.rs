//! Parameters after a semicolon: `;name=value`.

use crate::text::{find_outside, trim};

/// One parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Param<'m> {
    /// Its name, as written.
    pub name: &'m [u8],
    /// Its value, quotes kept; `None` for a flag.
    pub value: Option<&'m [u8]>,
}

/// All parameters of a field, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Params<'m>(
    /// The text from the first semicolon on.
    pub &'m [u8],
);

impl<'m> Params<'m> {
    /// The first parameter called `name`, which is compared without regard to case.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Param<'m>> {
        self.iter().find(|param| param.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Its value, when it has one.
    #[must_use]
    pub fn value(self, name: &str) -> Option<&'m [u8]> {
        self.get(name)?.value
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = Param<'m>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                let text = match rest {
                    [] => return None,
                    [b';', after @ ..] => after,
                    text => text,
                };
                let end = find_outside(text, b';').unwrap_or(text.len());
                let (one, after) = text.split_at_checked(end)?;
                rest = after;
                let one = trim(one);
                if !one.is_empty() {
                    return Some(param(one));
                }
            }
        })
    }
}

fn param(text: &[u8]) -> Param<'_> {
    // A quote before the sign, which no name has, is looked at more closely.
    let name_end = text.iter().position(|b| matches!(b, b'=' | b'"' | b'<'));
    let sign = name_end.filter(|at| text.get(*at) == Some(&b'='));
    let equals = sign.or_else(|| find_outside(text, b'='));
    match equals.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some((name, value)) => Param { name: trim(name), value: Some(trim(value)) },
        None => Param { name: text, value: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_order() {
        let params = Params(b";rport ; branch = z9hG4bKa;x=\"a;b\";;TAG=7");
        let names: Vec<_> = params.iter().map(|param| param.name).collect();
        assert_eq!(names, [&b"rport"[..], b"branch", b"x", b"TAG"]);
        assert_eq!(params.value("branch"), Some(&b"z9hG4bKa"[..]));
        assert_eq!(params.value("x"), Some(&b"\"a;b\""[..]));
        assert_eq!(params.value("tag"), Some(&b"7"[..]));
        assert_eq!(params.get("rport").map(|param| param.value), Some(None));
    }
}
