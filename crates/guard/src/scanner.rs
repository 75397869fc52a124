//! Programs that only attackers run, by the `User-Agent` they did not bother to change.
//!
//! It convicts few (a production system: 260 hits in 19 months) but it is cheap and sheds the noisy ones.

use memchr::{memchr, memmem};

/// How far into a request the header is looked for, in bytes.
const SCANNED_BYTES: usize = 2_048;
/// How much of its value is compared, in bytes.
const VALUE_BYTES: usize = 128;
const NAME: &[u8] = b"user-agent";
const TABLE: &str = include_str!("../data/scanner_user_agents.csv");

/// How much a name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Strength {
    /// Only attack and test tools have it.
    Tool,
    /// Honest equipment has it too.
    Weak,
}

#[derive(Debug)]
enum Match {
    Exact,
    Prefix,
    Contains(Box<memmem::Finder<'static>>),
}

/// The table of names, ready to be compared.
#[derive(Debug)]
pub(crate) struct Scanners(Vec<(Box<[u8]>, Match, Strength)>);

impl Scanners {
    pub(crate) fn new() -> Self {
        Self(TABLE.lines().filter_map(row).collect())
    }

    /// What the `User-Agent` of a request says, the strongest match first.
    pub(crate) fn find(&self, request: &[u8]) -> Option<Strength> {
        let mut buffer = [0; VALUE_BYTES];
        let value = lower(user_agent(request)?, &mut buffer);
        let mut found = None;
        for (pattern, how, strength) in &self.0 {
            let hit = match how {
                Match::Exact => *value == **pattern,
                Match::Prefix => value.starts_with(pattern),
                Match::Contains(finder) => finder.find(value).is_some(),
            };
            match (hit, strength) {
                (true, Strength::Tool) => return Some(Strength::Tool),
                (true, Strength::Weak) => found = Some(Strength::Weak),
                (false, _) => {}
            }
        }
        found
    }
}

/// `pattern,match,strength,source`; no pattern has a comma. Comments and the head line have no such match.
fn row(line: &str) -> Option<(Box<[u8]>, Match, Strength)> {
    let mut cells = line.split(',');
    let pattern = cells.next()?.to_ascii_lowercase().into_bytes();
    let how = match cells.next()? {
        "exact" => Match::Exact,
        "prefix" => Match::Prefix,
        "contains" => Match::Contains(Box::new(memmem::Finder::new(&pattern).into_owned())),
        _ => return None,
    };
    let strength = match cells.next()? {
        "tool" => Strength::Tool,
        "weak" => Strength::Weak,
        _ => return None,
    };
    Some((pattern.into(), how, strength))
}

/// The value of the header, with a folded line (RFC 3261 §7.3.1) still in it.
fn user_agent(request: &[u8]) -> Option<&[u8]> {
    let mut rest = request.get(..SCANNED_BYTES).unwrap_or(request);
    while let Some(end) = memchr(b'\n', rest) {
        rest = rest.get(end + 1..)?;
        match rest.first()? {
            b'u' | b'U' => {}
            b'\r' | b'\n' => return None, // the body begins
            _ => continue,
        }
        let (name, value) = rest.split_at_checked(NAME.len())?;
        let value = value.trim_ascii_start();
        if name.eq_ignore_ascii_case(NAME)
            && let Some(value) = value.strip_prefix(b":")
        {
            let mut end = memchr(b'\n', value).unwrap_or(value.len());
            while let Some(b' ' | b'\t') = value.get(end + 1) {
                let folded = value.get(end + 1..).unwrap_or_default();
                end += 1 + memchr(b'\n', folded).unwrap_or(folded.len());
            }
            return value.get(..end);
        }
    }
    None
}

fn lower<'a>(value: &[u8], buffer: &'a mut [u8; VALUE_BYTES]) -> &'a [u8] {
    let value = value.trim_ascii();
    let length = value.len().min(VALUE_BYTES);
    for (to, from) in buffer.iter_mut().zip(value) {
        *to = from.to_ascii_lowercase();
    }
    buffer.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(lines: &str) -> Option<Strength> {
        let text =
            format!("OPTIONS sip:100@192.0.2.1 SIP/2.0\r\n{lines}\r\nContact: <sip:a@b>\r\n\r\n");
        Scanners::new().find(text.as_bytes())
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(Scanners::new().0.len(), rows);
        assert!(rows > 30);
    }

    #[test]
    fn tools_in_every_spelling() {
        for lines in [
            "User-Agent: friendly-scanner",
            "USER-AGENT:FRIENDLY-SCANNER",
            "user-agent \t:  my Friendly-Scanner 2",
            "Via: SIP/2.0/UDP 192.0.2.9\r\nuser-agent: sipcli/v1.8",
            "User-Agent:\r\n friendly-scanner",
            "User-Agent: VaxSIPUserAgent/3.1",
            "User-Agent: pplsip\r\nUser-Agent: Snom",
            "User-Agent: smap ",
            "User-Agent: PBX",
        ] {
            assert_eq!(find(lines), Some(Strength::Tool), "{lines}");
        }
    }

    #[test]
    fn honest_equipment_is_left_alone() {
        for lines in [
            "User-Agent: Yealink SIP-T46S 66.86.0.15",
            "User-Agent: 3CXPhoneSystem 18.0.9.20",
            "User-Agent: PBX in Amersfoort",
            "User-Agent: smapphone",
            "Subject: friendly-scanner",
            "X-User-Agent: friendly-scanner",
            "Server: friendly-scanner",
            "Contact: <sip:a@b>\r\n\r\nUser-Agent: friendly-scanner",
            "U",
            "User-Agent",
            "",
        ] {
            assert_eq!(find(lines), None, "{lines}");
        }
        assert_eq!(find("User-Agent: FPBX-16.0.40(18.9)"), Some(Strength::Weak));
    }

    #[test]
    fn only_the_first_two_kilobytes_are_read() {
        let late = format!("X: {}\r\nUser-Agent: friendly-scanner", "x".repeat(SCANNED_BYTES));
        assert_eq!(find(&late), None);
    }
}
