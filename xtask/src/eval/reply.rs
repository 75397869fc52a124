//! What a detector may answer to one line.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::deck::Class;

/// One reply line.
#[derive(Debug, Default, Deserialize)]
pub struct Reply {
    v: Option<String>,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    pub act: Vec<Action>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Action {
    Terminate {
        call: u64,
    },
    Block {
        tenant: String,
        level: Level,
        #[serde(default)]
        ext: Option<String>,
        #[serde(default)]
        kill: bool,
        #[serde(default)]
        why: String,
    },
    Unblock {
        tenant: String,
        #[serde(default)]
        ext: Option<String>,
    },
    Alert {
        tenant: String,
    },
}

/// What a block refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Foreign,
    Premium,
    Intl,
    Out,
}

impl Level {
    pub fn covers(self, class: Class) -> bool {
        let service = class == Class::NatService;
        match self {
            Self::Foreign => class.is_foreign(),
            Self::Premium => service || matches!(class, Class::IntlPremium | Class::Satellite),
            Self::Intl => service || class.is_foreign(),
            Self::Out => true,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Premium => "premium",
            Self::Intl => "intl",
            Self::Out => "out",
        }
    }
}

impl Reply {
    /// Reads a reply line; nothing said is an empty line or `{}`.
    pub fn parse(line: &[u8]) -> Result<Option<Self>> {
        let line = line.trim_ascii();
        if line.is_empty() || line == b"{}" {
            return Ok(None);
        }
        let shown = || format!("reply {}", String::from_utf8_lossy(line));
        let reply: Self = serde_json::from_slice(line).with_context(shown)?;
        // The pipe carries one line each way; a newline inside would desynchronise it.
        ensure!(!line.contains(&b'\n'), "more than one line in {}", shown());
        Ok(Some(reply))
    }

    /// The reason, if the reply denies the call.
    pub fn denial(&self) -> Option<&str> {
        (self.v.as_deref() == Some("deny")).then(|| self.why.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_protocol_allows_and_no_more() {
        assert!(Reply::parse(b"{}\n").unwrap().is_none());
        assert!(Reply::parse(b"\n").unwrap().is_none());
        let reply =
            br#"{"v":"deny","why":"x","act":[{"do":"block","tenant":"t1","level":"intl"}]}"#;
        let reply = Reply::parse(reply).unwrap().unwrap();
        assert_eq!(reply.denial(), Some("x"));
        assert_eq!(reply.act.len(), 1);
        assert!(Reply::parse(br#"{"v":"allow"}"#).unwrap().unwrap().denial().is_none());
        assert!(Reply::parse(br#"{"act":[{"do":"explode"}]}"#).is_err());
        assert!(Reply::parse(b"{}\n{}").is_err());
    }

    #[test]
    fn levels_nest() {
        use Class::*;
        assert!(Level::Premium.covers(NatService) && !Level::Foreign.covers(NatService));
        assert!(!Level::Premium.covers(IntlFixed) && Level::Foreign.covers(IntlFixed));
        assert!(Level::Intl.covers(NatService) && Level::Intl.covers(IntlMobile));
        assert!(!Level::Intl.covers(NatFixed) && Level::Out.covers(NatFixed));
    }
}
