//! What Asterisk really dialled: the resource strings of `Dial` and the names of channels.

/// One resource of a `Dial`: `PJSIP/31201234567@carrier`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Target<'a> {
    /// The channel technology, such as `PJSIP`.
    pub tech: &'a str,
    /// The endpoint, peer or group.
    pub peer: &'a str,
    /// The number sent to it; `None` when the peer itself is called.
    pub number: Option<&'a str>,
}

/// A channel name: `PJSIP/carrier-0000000c`, `Local/205@from-internal-00000000;2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Channel<'a> {
    pub tech: &'a str,
    /// The endpoint or peer; for `Local` the extension.
    pub peer: &'a str,
}

/// The resources of the data of a `Dial`, joined by `&`; options follow after a comma (`|` before Asterisk 1.6).
pub(crate) fn targets(data: &str) -> impl Iterator<Item = Target<'_>> {
    let resources = data.split([',', '|']).next().unwrap_or("");
    resources.split('&').filter_map(target)
}

/// The resource that became the called channel; else the first with a number.
pub(crate) fn dialled<'a>(data: &'a str, called: Option<Channel<'_>>) -> Option<Target<'a>> {
    let same = |target: &Target<'_>| {
        called.is_some_and(|channel| {
            target.tech.eq_ignore_ascii_case(channel.tech)
                && target.peer.eq_ignore_ascii_case(channel.peer)
        })
    };
    targets(data)
        .find(same)
        .or_else(|| targets(data).find(|target| target.number.is_some()))
        .or_else(|| targets(data).next())
}

fn target(resource: &str) -> Option<Target<'_>> {
    let (tech, rest) = resource.trim().split_once('/')?;
    if tech.eq_ignore_ascii_case("Local") {
        let (extension, _context) = rest.split_once('@').unwrap_or((rest, ""));
        return Some(Target { tech, peer: extension, number: Some(extension) });
    }
    if tech.eq_ignore_ascii_case("IAX2") {
        return Some(iax(tech, rest));
    }
    let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
    // `PJSIP/205/sip:205@10.0.0.9:5060` calls a registered phone at its contact.
    let user = user_of(second);
    Some(match (first.rsplit_once('@'), user) {
        (Some((number, peer)), _) => Target { tech, peer, number: Some(user_of(number)) },
        (None, "") => Target { tech, peer: first, number: None },
        (None, user) if user == first => Target { tech, peer: first, number: None },
        (None, user) => Target { tech, peer: first, number: Some(user) },
    })
}

/// `[user[:secret]@]peer[:port][/extension[@context]]`. The secret is never kept.
fn iax<'a>(tech: &'a str, rest: &'a str) -> Target<'a> {
    let (account, extension) = rest.split_once('/').unwrap_or((rest, ""));
    let peer = account.rsplit_once('@').map_or(account, |(_, peer)| peer);
    let peer = peer.split(':').next().unwrap_or(peer);
    let extension = extension.split(['@', '/']).next().unwrap_or("");
    Target { tech, peer, number: Some(extension).filter(|text| !text.is_empty()) }
}

/// The user part of `sip:user@host;parameters`, or the text itself.
fn user_of(text: &str) -> &str {
    let text = text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text);
    text.split(['@', ';', '/', ':']).next().unwrap_or("")
}

impl<'a> Channel<'a> {
    /// `None` for an empty name.
    pub(crate) fn parse(name: &'a str) -> Option<Self> {
        let (tech, rest) = name.split_once('/')?;
        if tech.eq_ignore_ascii_case("Local") {
            return Some(Self { tech, peer: rest.split('@').next().unwrap_or(rest) });
        }
        let peer = rest.rsplit_once('-').map_or(rest, |(peer, _)| peer);
        // `DAHDI/i1/0031201234567-1a`, `IAX2/peer:4569`.
        let peer = peer.split('/').next().unwrap_or(peer);
        Some(Self { tech, peer })
    }

    pub(crate) fn is_local(self) -> bool {
        self.tech.eq_ignore_ascii_case("Local")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(data: &str) -> (&str, Option<&str>) {
        let target = dialled(data, None).unwrap();
        (target.peer, target.number)
    }

    #[test]
    fn each_way_to_name_a_trunk_and_a_number() {
        for (data, peer, number) in [
            ("PJSIP/31201234571@carrier,60,L(3000)", "carrier", Some("31201234571")),
            (
                "PJSIP/carrier/sip:0031201234567@sbc.example.net:5060,30",
                "carrier",
                Some("0031201234567"),
            ),
            ("PJSIP/sip:+31612345678@trunk,30", "trunk", Some("+31612345678")),
            ("SIP/carrier/0031612345678,300,Tt", "carrier", Some("0031612345678")),
            ("SIP/0031612345678@carrier|30|tT", "carrier", Some("0031612345678")),
            ("DAHDI/g1/0612345678", "g1", Some("0612345678")),
            ("IAX2/user:pass@host.example:4569/0612345678@ctx", "host.example", Some("0612345678")),
            ("PJSIP/205,20", "205", None),
            ("PJSIP/205/sip:205@10.0.0.9:5060,20", "205", None),
            ("Local/0612345678@from-internal/n,20", "0612345678", Some("0612345678")),
        ] {
            assert_eq!(one(data), (peer, number), "{data}");
        }
        assert!(dialled("", None).is_none());
    }

    #[test]
    fn of_several_targets_the_one_that_became_the_channel() {
        let data = "PJSIP/205&PJSIP/0612345678@carrier&SIP/backup/0687654321,30";
        let called = Channel::parse("SIP/backup-0000001f");
        assert_eq!(dialled(data, called).unwrap().number, Some("0687654321"));
        assert_eq!(dialled(data, None).unwrap().number, Some("0612345678"));
        assert_eq!(dialled(data, Channel::parse("PJSIP/205-00000001")).unwrap().number, None);
    }

    #[test]
    fn channel_names() {
        assert_eq!(Channel::parse("PJSIP/my-carrier-0000000c").unwrap().peer, "my-carrier");
        let local = Channel::parse("Local/31201234569@guard-allowed-00000000;1").unwrap();
        assert!(local.is_local());
        assert_eq!(local.peer, "31201234569");
        assert_eq!(Channel::parse("DAHDI/i1/0031201234567-1a").unwrap().peer, "i1");
        assert_eq!(Channel::parse(""), None);
    }
}
