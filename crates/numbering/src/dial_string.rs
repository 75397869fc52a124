//! From text to digits: URIs, escapes, visual separators, the digits of other scripts.

/// The most characters of a number, symbols included; longer ones are not numbers.
pub(crate) const CHARS_MAX: usize = 32;

/// A text longer than this is not looked at: RFC 3261 user parts and RFC 3966 URIs stay far below.
const TEXT_MAX: usize = 1_024;

/// What a text asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DialString {
    /// `urn:service:sos` and its sub-services (RFC 5031).
    Sos,
    /// `urn:service:counseling` and its sub-services (RFC 5031).
    Counseling,
    /// Digits and symbols.
    Number {
        /// What was dialled, without `+`.
        chars: Chars,
        /// Whether a `+` stood before.
        plus: bool,
        /// The digits of `phone-context=+…` (RFC 3966 §5.1.5), when the number is local to it.
        context: Chars,
    },
    /// No number.
    Nothing,
}

/// Digits, `*` and `#` in a buffer of fixed size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Chars {
    bytes: [u8; CHARS_MAX],
    len: u8,
}

impl Chars {
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Adds a character; `None` when the buffer is full.
    pub fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(usize::from(self.len))? = byte;
        self.len += 1;
        Some(())
    }

    /// The parts one after the other; `None` when they are too long.
    pub fn join(parts: &[&[u8]]) -> Option<Self> {
        let mut joined = Self::default();
        for &byte in parts.iter().copied().flatten() {
            joined.push(byte)?;
        }
        Some(joined)
    }
}

impl DialString {
    /// Reads a dialled string: bare digits, a `tel:`, `sip:` or `sips:` URI, a name-addr, or a service URN.
    pub fn read(text: &str) -> Self {
        if text.len() > TEXT_MAX {
            return Self::Nothing;
        }
        let text = bracketed(text).trim();
        if let Some(service) = strip_scheme(text, "urn:service:") {
            return service_urn(service);
        }
        let user = user_part(text);
        let mut parts = user.split(';');
        let number = parts.next().unwrap_or_default();
        let context = parts
            .filter_map(|parameter| strip_scheme(parameter.trim(), "phone-context="))
            .find_map(|context| match read_chars(context) {
                Some((chars, true)) => Some(chars),
                _ => None, // a domain name says whose numbers these are, not where they begin
            });
        match read_chars(number) {
            Some((chars, plus)) if !chars.as_slice().is_empty() => {
                let context = context.filter(|_| !plus).unwrap_or_default();
                Self::Number { chars, plus, context }
            }
            _ => Self::Nothing,
        }
    }
}

/// The address inside `"Name" <address>`, or the text itself.
fn bracketed(text: &str) -> &str {
    match text.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(inside, _)| inside),
        None => text,
    }
}

/// The part of a URI that holds the number. Also takes a user part with a host but no scheme.
fn user_part(text: &str) -> &str {
    if let Some(number) = strip_scheme(text, "tel:") {
        return number;
    }
    let address = ["sip:", "sips:"].iter().find_map(|scheme| strip_scheme(text, scheme));
    let user = address.unwrap_or(text);
    let user = user.split_once('@').map_or(user, |(user, _)| user);
    let user = user.split_once('?').map_or(user, |(user, _)| user);
    // A password after the user (RFC 3261 §25.1), or the port of an address without a user.
    user.split_once(':').map_or(user, |(user, _)| user)
}

/// The rest of the text behind a scheme, in any case.
fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn service_urn(service: &str) -> DialString {
    let end = service.find([';', '?', '@', '#']).unwrap_or(service.len());
    let service = service.get(..end).unwrap_or_default();
    // `test.sos` rings a test of the same path (RFC 6881 §17): it must pass as well.
    let service = strip_scheme(service, "test.").unwrap_or(service);
    let top = service.split('.').next().unwrap_or_default();
    if top.eq_ignore_ascii_case("sos") {
        DialString::Sos
    } else if top.eq_ignore_ascii_case("counseling") {
        DialString::Counseling
    } else {
        DialString::Nothing
    }
}

/// Digits and symbols of a text, and whether a plus stood before them. `None` for anything else.
fn read_chars(text: &str) -> Option<(Chars, bool)> {
    let mut chars = Chars::default();
    let mut plus = false;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        let next = if next == '%' { escaped(&mut rest)? } else { next };
        match next {
            '0'..='9' => chars.push(next as u8)?,
            '+' | '\u{FF0B}' if chars.as_slice().is_empty() && !plus => plus = true,
            '*' | '\u{FF0A}' => chars.push(b'*')?,
            '#' | '\u{FF03}' => chars.push(b'#')?,
            _ if is_separator(next) => {}
            _ => chars.push(digit(next)?)?,
        }
    }
    Some((chars, plus))
}

/// The character behind a percent sign (RFC 3986 §2.1); only ASCII can be part of a number.
fn escaped(rest: &mut std::str::Chars) -> Option<char> {
    let high = rest.next()?.to_digit(16)?;
    let low = rest.next()?.to_digit(16)?;
    char::from_u32(high * 16 + low).filter(char::is_ascii)
}

/// ASCII digits, full-width digits and both series of Arabic digits, which phones' address books contain.
fn digit(c: char) -> Option<u8> {
    let zero = ['0', '\u{FF10}', '\u{0660}', '\u{06F0}'];
    let value = zero.iter().find_map(|&zero| {
        u32::from(c)
            .checked_sub(u32::from(zero))
            .and_then(|v| u8::try_from(v).ok())
            .filter(|&v| v < 10)
    })?;
    Some(b'0' + value)
}

/// What people and address books put between digits: RFC 3966 visual separators, spaces and dashes of all
/// widths, and the invisible marks that copying from a web page leaves.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        '-' | '.' | '/' | '(' | ')' | '[' | ']'
            | '\u{00AD}'
            | '\u{00B7}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2010}'..='\u{2015}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{2212}'
            | '\u{FE63}'
            | '\u{FEFF}'
            | '\u{FF08}'
            | '\u{FF09}'
            | '\u{FF0D}'..='\u{FF0F}'
    ) || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match DialString::read(text) {
            DialString::Sos => "sos".into(),
            DialString::Counseling => "counseling".into(),
            DialString::Nothing => "nothing".into(),
            DialString::Number { chars, plus, context } => {
                let text = |chars: &Chars| String::from_utf8_lossy(chars.as_slice()).into_owned();
                let context = match text(&context) {
                    context if context.is_empty() => context,
                    context => format!("[{context}]"),
                };
                format!("{}{context}{}", if plus { "+" } else { "" }, text(&chars))
            }
        }
    }

    #[test]
    fn uris_give_their_number() {
        for (text, expected) in [
            ("+31201234567", "+31201234567"),
            ("tel:+31-20-123.45(67)", "+31201234567"),
            ("TEL:0201234567;ext=12;isub=9", "0201234567"),
            ("tel:1234567;phone-context=+31-20", "[3120]1234567"),
            ("tel:112;Phone-Context=example.com", "112"),
            ("tel:+31201234567;phone-context=+1", "+31201234567"),
            ("sip:+31201234567@example.com;user=phone", "+31201234567"),
            ("SIPS:%2B31201234567:secret@[2001:db8::1]:5061", "+31201234567"),
            ("\"112 Bakery\" <sip:0201234567;npdi@10.0.0.1>;tag=1", "0201234567"),
            ("sip:112", "112"),
            ("sip:112:5060", "112"),
            ("0900 - 1234", "09001234"),
            ("%2331%230612345678", "#31#0612345678"),
            ("＋３１２０１２３４５６７", "+31201234567"),
            ("٠٢٠١٢٣٤٥٦٧", "0201234567"),
            ("\u{202D}+31 20 123 45 67\u{202C}", "+31201234567"),
            ("urn:service:sos", "sos"),
            ("URN:Service:SOS.police", "sos"),
            ("<urn:service:sos.ambulance>", "sos"),
            ("urn:service:test.sos.fire", "sos"),
            ("urn:service:counseling.suicide", "counseling"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_no_number() {
        let long = "1".repeat(CHARS_MAX + 1);
        let huge = " ".repeat(2_000) + "112";
        for text in [
            "",
            " ",
            "+",
            "sip:",
            "sip:@example.com",
            "alice",
            "sip:alice@example.com",
            "0800-FLOWERS",
            "112,09001234",
            "+31+20",
            "++31201234567",
            "12%",
            "12%4",
            "12%zz",
            "%C3%A9",
            "urn:service:sosx",
            "urn:service:",
            "१२३",
            "Ⅷ",
            "½",
            "0x12",
            &long,
            &huge,
        ] {
            assert_eq!(read(text), "nothing", "{text:?}");
        }
    }
}
