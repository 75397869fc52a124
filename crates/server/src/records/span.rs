//! The span of a call, made of its record.

use super::line::CdrLine;
use crate::spans::{Kind, Span};
use ringfence_model::{Direction, Masked};
use sha2::{Digest, Sha256};

impl CdrLine<'_> {
    /// What a collector of traces is told of a call: never whose number it is.
    pub fn span(&self) -> Option<Span> {
        let cdr = self.cdr;
        // Of what names the record, so that it has the same ids whoever makes it.
        let hash = Sha256::new()
            .chain_update(cdr.native_id.as_bytes())
            .chain_update(cdr.started.0.to_be_bytes())
            .finalize();
        let (trace, rest) = hash.split_first_chunk::<16>()?;
        let direction = match cdr.direction {
            Direction::Outbound => "outbound",
            Direction::Inbound => "inbound",
            Direction::Internal => "internal",
        };
        let mut attributes = vec![
            ("ringfence.call", (&*cdr.native_id).into()),
            ("ringfence.direction", direction.into()),
            ("ringfence.verdict", self.outcome.into()),
            ("ringfence.a_number", Masked(&cdr.a_number).to_string().into()),
            ("ringfence.dialled", Masked(&cdr.dialled).to_string().into()),
            ("sip.response.status_code", i64::from(cdr.code).into()),
        ];
        if let Some(tenant) = &cdr.tenant {
            attributes.push(("ringfence.tenant", tenant.as_str().into()));
        }
        if let Some(trunk) = &cdr.trunk {
            attributes.push(("ringfence.trunk", trunk.as_str().into()));
        }
        if let Some(country) = &self.country {
            attributes.push(("ringfence.country", country.as_str().into()));
        }
        Some(Span {
            trace: *trace,
            id: *rest.first_chunk()?,
            parent: None,
            name: format!("call {direction}"),
            kind: Kind::Internal,
            start: cdr.started,
            end: cdr.ended,
            attributes,
            events: cdr.answered.map(|at| ("answer", at)).into_iter().collect(),
            failed: false,
        })
    }
}
