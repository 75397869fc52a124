//! Names of header fields.

macro_rules! names {
    ($($name:ident $text:literal $compact:literal;)*) => {
        /// A header field's name. Names are compared without regard to case; compact forms are the same name
        /// (RFC 3261 §7.3.3).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each says itself what it is called on the wire")]
        pub enum Name { $($name,)* Other }

        const TABLE: [(Name, &str, u8); COUNT] = [$((Name::$name, $text, $compact),)*];
        const COUNT: usize = [$($text),*].len();

        impl Name {
            /// The full name; empty for [`Name::Other`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other => "" }
            }
        }
    };
}

// In order of length, which the look-up relies on; compact form or 0 (IANA registry of SIP header fields).
names! {
    To "To" b't';
    Via "Via" b'v';
    From "From" b'f';
    Date "Date" 0;
    Join "Join" 0;
    Path "Path" 0;
    RAck "RAck" 0;
    RSeq "RSeq" 0;
    CSeq "CSeq" 0;
    Allow "Allow" 0;
    Event "Event" b'o';
    Route "Route" 0;
    Accept "Accept" 0;
    MinSe "Min-SE" 0;
    Reason "Reason" 0;
    Server "Server" 0;
    CallId "Call-ID" b'i';
    Contact "Contact" b'm';
    Expires "Expires" 0;
    Privacy "Privacy" 0;
    Require "Require" 0;
    Subject "Subject" b's';
    Warning "Warning" 0;
    Identity "Identity" b'y';
    Priority "Priority" 0;
    ReferTo "Refer-To" b'r';
    Replaces "Replaces" 0;
    CallInfo "Call-Info" 0;
    Diversion "Diversion" 0;
    Supported "Supported" b'k';
    Timestamp "Timestamp" 0;
    AlertInfo "Alert-Info" 0;
    UserAgent "User-Agent" 0;
    ReferredBy "Referred-By" b'b';
    MinExpires "Min-Expires" 0;
    RetryAfter "Retry-After" 0;
    Unsupported "Unsupported" 0;
    ContentType "Content-Type" b'c';
    MaxForwards "Max-Forwards" 0;
    AllowEvents "Allow-Events" b'u';
    MimeVersion "MIME-Version" 0;
    HistoryInfo "History-Info" 0;
    RecordRoute "Record-Route" 0;
    ServiceRoute "Service-Route" 0;
    ProxyRequire "Proxy-Require" 0;
    Authorization "Authorization" 0;
    TargetDialog "Target-Dialog" 0;
    ContentLength "Content-Length" b'l';
    SessionExpires "Session-Expires" b'x';
    RemotePartyId "Remote-Party-ID" 0;
    WwwAuthenticate "WWW-Authenticate" 0;
    ContentEncoding "Content-Encoding" b'e';
    SubscriptionState "Subscription-State" 0;
    ProxyAuthenticate "Proxy-Authenticate" 0;
    AuthenticationInfo "Authentication-Info" 0;
    ContentDisposition "Content-Disposition" 0;
    ProxyAuthorization "Proxy-Authorization" 0;
    PAssertedIdentity "P-Asserted-Identity" 0;
    PPreferredIdentity "P-Preferred-Identity" 0;
}

const _: () = assert!(COUNT < 63, "a set of names is 64 bits");

impl Name {
    /// What `name` (without the colon) means.
    #[must_use]
    pub fn read(name: &[u8]) -> Self {
        if let [letter] = name {
            let letter = letter.to_ascii_lowercase();
            return TABLE.iter().find(|row| row.2 == letter).map_or(Self::Other, |row| row.0);
        }
        let (from, to) = BY_LENGTH.get(name.len()).copied().unwrap_or((0, 0));
        TABLE
            .get(from..to)
            .unwrap_or_default()
            .iter()
            // The last letter tells most names of one length apart at a byte's cost.
            .find(|row| {
                let known = row.1.as_bytes();
                ends_alike(known, name) && (known == name || known.eq_ignore_ascii_case(name))
            })
            .map_or(Self::Other, |row| row.0)
    }

    /// One bit per name, for sets; all that are [`Name::Other`] share one.
    #[must_use]
    pub const fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

const fn ends_alike(one: &[u8], two: &[u8]) -> bool {
    matches!((one.last(), two.last()), (Some(one), Some(two)) if one.eq_ignore_ascii_case(two))
}

/// The first name of a set of [`Name::bit`], in the table's order.
pub fn first_of(set: u64) -> Option<Name> {
    TABLE.get(set.trailing_zeros() as usize).map(|row| row.0)
}

/// Where names of each length begin and end in the table.
const BY_LENGTH: [(usize, usize); 24] = by_length();

#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn by_length() -> [(usize, usize); 24] {
    let mut found = [(0, 0); 24];
    let mut at = 0;
    while at < COUNT {
        let length = TABLE[at].1.len();
        if found[length].1 == 0 {
            found[length].0 = at;
        }
        found[length].1 = at + 1;
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_every_compact_form_is_found() {
        for (name, text, compact) in TABLE {
            assert_eq!(Name::read(text.as_bytes()), name);
            assert_eq!(Name::read(text.to_ascii_uppercase().as_bytes()), name);
            assert_eq!(name.as_str(), text);
            assert_eq!(first_of(name.bit()), Some(name));
            if compact != 0 {
                assert_eq!(Name::read(&[compact]), name);
                assert_eq!(Name::read(&[compact.to_ascii_uppercase()]), name);
            }
        }
        assert_eq!(first_of(0), None);
    }

    #[test]
    fn the_table_is_in_order_of_length() {
        assert!(TABLE.windows(2).all(|two| two[0].1.len() <= two[1].1.len()));
        assert_eq!(Name::read(b"X-Own"), Name::Other);
        assert_eq!(Name::read(b""), Name::Other);
        assert_eq!(Name::read(b"Viaa"), Name::Other);
    }
}
