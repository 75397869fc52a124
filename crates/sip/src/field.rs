//! Small typed fields.

use crate::Method;
use crate::text::{is_space, is_token, number, trim};

/// `CSeq: 7 INVITE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CSeq<'m> {
    /// The number.
    pub number: u32,
    /// The method.
    pub method: Method,
    /// The method as written.
    pub method_text: &'m [u8],
}

impl<'m> CSeq<'m> {
    /// Reads the field's value.
    #[must_use]
    pub fn read(text: &'m [u8]) -> Option<Self> {
        let text = trim(text);
        let (digits, method) = text.split_at_checked(text.iter().position(|b| is_space(*b))?)?;
        let method_text = trim(method);
        // RFC 3261 §8.1.1.5: below 2^31.
        let number = number(strip_zeros(digits)).filter(|n| *n < 1 << 31)?;
        is_token(method_text).then_some(Self {
            number,
            method: Method::read(method_text),
            method_text,
        })
    }
}

/// `RAck: 1 7 INVITE` (RFC 3262).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RAck<'m> {
    /// The `RSeq` of the response.
    pub rseq: u32,
    /// The `CSeq` of the response.
    pub cseq: CSeq<'m>,
}

impl<'m> RAck<'m> {
    /// Reads the field's value.
    #[must_use]
    pub fn read(text: &'m [u8]) -> Option<Self> {
        let text = trim(text);
        let (digits, rest) = text.split_at_checked(text.iter().position(|b| is_space(*b))?)?;
        Some(Self { rseq: number(digits)?, cseq: CSeq::read(rest)? })
    }
}

/// Leading zeros are legal and some stacks send them (RFC 4475 §3.1.1.1).
fn strip_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    digits.get(zeros.min(digits.len().saturating_sub(1))..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cseq() {
        let cseq = CSeq::read(b" 0009 INVITE").unwrap();
        assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
        assert_eq!(CSeq::read(b"0 OPTIONS").unwrap().number, 0);
        for text in ["2147483648 INVITE", "INVITE", "1", "1 ", "-1 INVITE", "1 IN VITE"] {
            assert_eq!(CSeq::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn rack() {
        let rack = RAck::read(b"776656 1 INVITE").unwrap();
        assert_eq!((rack.rseq, rack.cseq.number), (776_656, 1));
    }
}
