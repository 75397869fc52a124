//! One line out.

use ringfence_model::{CallId, ExtensionId, TenantId};
use serde::Serialize;
use std::io::{self, Write};
use std::sync::Arc;

/// The answer to one line. The default says nothing, which allows the call.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reply {
    /// Refuses the outbound attempt that was asked about, with the reason.
    pub deny: Option<Arc<str>>,
    /// What else is to be done; allowed on any line.
    pub actions: Vec<ReplyAction>,
}

/// An order that takes effect beside the verdict.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ReplyAction {
    /// End a running or ringing call.
    Terminate {
        /// The call.
        call: CallId,
    },
    /// Refuse new outbound calls of a level.
    Block {
        /// The protected customer.
        tenant: TenantId,
        /// Which calls.
        level: BlockLevel,
        /// Also end the running and ringing calls of that level.
        kill: bool,
        /// Only this extension.
        #[serde(skip_serializing_if = "Option::is_none")]
        ext: Option<ExtensionId>,
        /// The reason, for people.
        why: Arc<str>,
    },
    /// Lift blocks.
    Unblock {
        /// The protected customer.
        tenant: TenantId,
        /// Only the block of this extension.
        #[serde(skip_serializing_if = "Option::is_none")]
        ext: Option<ExtensionId>,
    },
    /// Ask a person to look, without blocking.
    Alert {
        /// The protected customer.
        tenant: TenantId,
        /// The reason, for people.
        why: Arc<str>,
    },
}

/// What a block of the protocol refuses. Coarser than the block ladder of the firewall itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockLevel {
    /// Everything abroad, and satellite.
    Foreign,
    /// National paid numbers, foreign premium, satellite.
    Premium,
    /// `Foreign` and national paid numbers together.
    Intl,
    /// Every outbound call but emergency calls.
    Out,
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    act: &'a [ReplyAction],
}

impl Reply {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deny.is_none() && self.actions.is_empty()
    }

    /// Writes the answer as one JSON line with its line end. The caller flushes.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_line(&self, out: &mut impl Write) -> io::Result<()> {
        if self.is_empty() {
            return out.write_all(b"{}\n");
        }
        let why = self.deny.as_deref();
        let wire = Wire { v: why.map(|_| "deny"), why, act: &self.actions };
        serde_json::to_writer(&mut *out, &wire)?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reply: &Reply) -> String {
        let mut out = Vec::new();
        reply.write_line(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_each_action_on_one_line() {
        assert_eq!(line(&Reply::default()), "{}\n");
        let deny = Reply { deny: Some("a \"hot\" range\n".into()), actions: vec![] };
        assert_eq!(line(&deny), "{\"v\":\"deny\",\"why\":\"a \\\"hot\\\" range\\n\"}\n");
        let (tenant, why) = (TenantId::new("t1"), Arc::from("x"));
        let block = |ext, level| ReplyAction::Block {
            tenant: TenantId::new("t1"),
            level,
            kill: true,
            ext,
            why: Arc::from("x"),
        };
        let all = Reply {
            deny: None,
            actions: vec![
                ReplyAction::Terminate { call: CallId(7) },
                block(None, BlockLevel::Intl),
                block(Some(ExtensionId::new("205")), BlockLevel::Out),
                ReplyAction::Unblock { tenant: tenant.clone(), ext: None },
                ReplyAction::Alert { tenant, why },
            ],
        };
        assert_eq!(
            line(&all),
            concat!(
                r#"{"act":[{"do":"terminate","call":7},"#,
                r#"{"do":"block","tenant":"t1","level":"intl","kill":true,"why":"x"},"#,
                r#"{"do":"block","tenant":"t1","level":"out","kill":true,"ext":"205","why":"x"},"#,
                r#"{"do":"unblock","tenant":"t1"},{"do":"alert","tenant":"t1","why":"x"}]}"#,
                "\n"
            )
        );
    }
}
