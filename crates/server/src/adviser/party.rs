//! Who calls whom, as a PBX writes it.

use super::fields::{Fields, Unreadable};
use crate::config::{Asking, Config, Pbx};
use ringfence_call::Directory;
use ringfence_gate::advised::{Name, Question, Terms};
use ringfence_model::{
    Attempt, CallId, Direction, E164, ExtensionId, Source, Target, TenantId, TrunkId, Via,
};
use ringfence_numbering::Numbering;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The longest id and the longest number that are believed.
const ID_BYTES_MAX: usize = 256;
const NUMBER_BYTES_MAX: usize = 64;
/// What a PBX without further words refuses with: the code on which failover routes stop.
const REJECT_CODE: u16 = 486;

/// A PBX that asks, as far as the settings know it.
pub(crate) struct Asker<'c> {
    pub config: &'c Config,
    pub tenant: TenantId,
    pub pbx: Option<&'c Pbx>,
}

impl<'c> Asker<'c> {
    /// Of a key for `of`, or for all tenants: then the request must tell.
    pub fn find(
        config: &'c Config,
        of: Option<&TenantId>,
        fields: &Fields,
    ) -> Result<Self, Unreadable> {
        let wrong = |name, what: &str| Unreadable::Wrong { name, what: what.to_owned() };
        let directory = &config.snapshot.directory;
        let named = fields.get("tenant").map(TenantId::new);
        let trunk = fields.get("trunk").map(TrunkId::new);
        let pbx = match &trunk {
            Some(trunk) => {
                let found = config.pbxs.iter().find(|pbx| pbx.trunk == *trunk);
                Some(found.ok_or_else(|| wrong("trunk", "no PBX of that name asks here"))?)
            }
            None => None,
        };
        let account = || {
            let account = TenantId::new(fields.get("account")?);
            directory.tenant(&account).map(|_| account)
        };
        let tenant = of.cloned().or(named.clone()).or_else(|| pbx.map(|pbx| pbx.tenant.clone()));
        let tenant = tenant.or_else(account).ok_or(Unreadable::Missing("tenant"))?;
        if named.is_some_and(|named| named != tenant) || directory.tenant(&tenant).is_none() {
            return Err(wrong("tenant", "there is no such tenant for this key"));
        }
        if pbx.is_some_and(|pbx| pbx.tenant != tenant) {
            return Err(wrong("trunk", "no PBX of that name asks here"));
        }
        let mut mine = config.pbxs.iter().filter(|pbx| pbx.tenant == tenant);
        let only = || mine.next().filter(|_| mine.next().is_none());
        Ok(Self { config, pbx: pbx.or_else(only), tenant })
    }

    /// The PBX that is this trunk.
    pub fn of_trunk(config: &'c Config, trunk: &TrunkId) -> Option<Self> {
        let pbx = config.pbxs.iter().find(|pbx| pbx.trunk == *trunk)?;
        let tenant = pbx.tenant.clone();
        config.snapshot.directory.tenant(&tenant)?;
        Some(Self { config, tenant, pbx: Some(pbx) })
    }

    pub fn asking(&self) -> Asking {
        self.pbx.map_or_else(Asking::default, |pbx| pbx.asking)
    }

    pub fn terms(&self) -> Terms {
        let Asking { tells, assumed, lease, .. } = self.asking();
        let reject_code = self.pbx.map_or(REJECT_CODE, |pbx| pbx.reject_code);
        Terms { tells, assumed, lease, reject_code }
    }

    /// What the PBX calls the call.
    pub fn name(&self, known_as: &str) -> Result<Name, Unreadable> {
        let known_as = id("call_id", known_as)?;
        let trunk = self.pbx.map(|pbx| pbx.trunk.clone());
        Ok(Name { tenant: self.tenant.clone(), trunk, known_as })
    }

    /// The question in these fields.
    pub fn question(&self, fields: &Fields) -> Result<Question, Unreadable> {
        let name = self.name(fields.need("call_id")?)?;
        let dialled = number("to", fields.need("to")?)?;
        let direction = match fields.get("direction") {
            None | Some("outbound") => Direction::Outbound,
            Some("inbound") => Direction::Inbound,
            Some("internal") => Direction::Internal,
            Some(other) => {
                let what = format!("{other:?} is not outbound, inbound or internal");
                return Err(Unreadable::Wrong { name: "direction", what });
            }
        };
        let from = fields.any(&["pai", "from"]).map(|text| number("from", text)).transpose()?;
        let a_number = from.as_deref().and_then(|from| self.e164(from));
        let diversion =
            fields.get("diversion").map(|text| number("diversion", text)).transpose()?;
        let forwarded_by = diversion.as_deref().and_then(|by| self.extension_of(by));
        let attempt = Attempt {
            call: CallId(0),
            tenant: name.tenant,
            trunk: name.trunk,
            extension: self.extension(fields, from.as_deref()),
            direction,
            a_number,
            dialled: dialled.into(),
            via: if diversion.is_some() { Via::Forward } else { Via::Pbx },
            forwarded_by,
            source: source(fields)?,
            parent: None,
        };
        let continues = fields.get("continues").map(|of| id("continues", of)).transpose()?;
        Ok(Question {
            attempt,
            known_as: name.known_as,
            handle: handle(fields)?,
            continues,
            terms: self.terms(),
        })
    }

    fn directory(&self) -> &Directory {
        &self.config.snapshot.directory
    }

    /// Who calls inside: named, or known by the account, by the number, or by how short the number is.
    fn extension(&self, fields: &Fields, from: Option<&str>) -> Option<ExtensionId> {
        let known = |name: &str| {
            self.directory().extension(&self.tenant, name).map(|extension| extension.id.clone())
        };
        let sane = |text: &&str| text.len() <= NUMBER_BYTES_MAX;
        let named = fields.get("extension").filter(sane).map(ExtensionId::new);
        let account = || fields.get("account").and_then(known);
        named.or_else(account).or_else(|| from.and_then(|from| self.extension_of(from)))
    }

    /// The extension that is known as, or by the number, `text`; or may be one, being so short.
    pub fn extension_of(&self, text: &str) -> Option<ExtensionId> {
        if let Some(known) = self.directory().extension(&self.tenant, text) {
            return Some(known.id.clone());
        }
        let owner = self.e164(text).and_then(|number| self.directory().owner_of(number));
        if let Some((tenant, extension)) = owner {
            return extension.filter(|_| tenant.id == self.tenant).map(|of| of.id.clone());
        }
        let short = (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        short.then(|| ExtensionId::new(text))
    }

    /// The number of a calling party.
    fn e164(&self, text: &str) -> Option<E164> {
        if let Some(number) = self.own(text) {
            return Some(number);
        }
        let plan = &self.config.snapshot.setup(&self.tenant).dial_plan;
        match Numbering::embedded().classify(text, plan) {
            Target::Outside(to) if to.valid => to.number,
            _ => None,
        }
    }

    /// A number of the tenant's own, which many PBXs write without any prefix.
    fn own(&self, text: &str) -> Option<E164> {
        let number: E164 = format!("+{}", text.trim_start_matches('+')).parse().ok()?;
        self.directory().owner_of(number).map(|_| number)
    }
}

/// What a PBX wants to hear for a call when it is to end it.
pub(super) fn handle(fields: &Fields) -> Result<Option<Arc<str>>, Unreadable> {
    fields.any(&["channel", "uuid"]).map(|text| id("channel", text)).transpose()
}

/// An id: it goes back to the PBX in commands and lines, so nothing in it may end one.
fn id(name: &'static str, text: &str) -> Result<Arc<str>, Unreadable> {
    let sane = text.len() <= ID_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    let what = || format!("it is empty, longer than {ID_BYTES_MAX} or has spaces in it");
    if sane { Ok(text.into()) } else { Err(Unreadable::Wrong { name, what: what() }) }
}

/// The digits in a number, a URI or a name with one.
fn number(name: &'static str, text: &str) -> Result<String, Unreadable> {
    // A form turns + into a space.
    let plus = text.starts_with(' ') && text.trim().starts_with(|c: char| c.is_ascii_digit());
    let mut rest = text.trim();
    if let Some((_, inside)) = rest.rsplit_once('<') {
        rest = inside.trim_end_matches('>');
    }
    for scheme in ["sips:", "sip:", "tel:"] {
        let begins = rest.get(..scheme.len()).is_some_and(|is| is.eq_ignore_ascii_case(scheme));
        rest = if begins { rest.get(scheme.len()..).unwrap_or_default() } else { rest };
    }
    let (user, behind) = rest.split_at(rest.find(['@', ';']).unwrap_or(rest.len()));
    if name == "to" && !is_rest_of_address(behind) {
        return Err(Unreadable::Smuggled);
    }
    let separated = |c: char| matches!(c, '-' | '.' | '(' | ')' | ' ' | '/');
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
    let is_number = user.chars().all(|c| dialled(c) || separated(c));
    let bare: String =
        user.chars().filter(|c| !(c.is_control() || is_number && separated(*c))).collect();
    if bare.is_empty() || bare.len() > NUMBER_BYTES_MAX {
        return Err(Unreadable::Wrong { name, what: "it holds no number".to_owned() });
    }
    Ok(if plus { format!("+{bare}") } else { bare })
}

/// Whether a text is at most a host, a port and parameters (RFC 3261 §19.1.1). Stricter than URIs are about what separates
/// destinations in dial plans: `0201234567@carrier&PJSIP/00252...` rings two at an Asterisk that dials what it is given.
fn is_rest_of_address(text: &str) -> bool {
    let rest = text.strip_prefix('@').unwrap_or(text);
    rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._:;=[]%~+*!'()".contains(c))
}

fn source(fields: &Fields) -> Result<Option<Source>, Unreadable> {
    let Some(text) = fields.get("src_ip") else { return Ok(None) };
    let text = text.trim();
    let ip = text.trim_matches(['[', ']']).parse::<IpAddr>();
    let ip = ip.or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    let wrong = |_| Unreadable::Wrong { name: "src_ip", what: format!("{text:?} is no address") };
    let user_agent = fields.get("user_agent").map(|text| text.chars().take(128).collect());
    let user_agent = user_agent.map(|text: String| text.into());
    Ok(Some(Source { ip: ip.map_err(wrong)?.to_canonical(), country: None, user_agent }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Source as File, parse};
    use axum::http::HeaderMap;

    const SETTINGS: &str = r#"
[[listen]]
udp = "192.0.2.1:5060"
[[tenant]]
id = "acme"
country = "NL"
numbers = ["+31 30 111 1111"]
[[tenant]]
id = "other"
country = "DE"
[[trunk]]
id = "pbx"
side = "pbx"
tenant = "acme"
reject_code = 603
adviser = { tells = true, fail = "closed" }
control = { kind = "kamailio", url = "http://127.0.0.1:5070/RPC" }
"#;

    fn config() -> Config {
        parse(File::new("/nowhere/r.toml".into(), SETTINGS.to_owned())).unwrap()
    }

    fn asked(query: &str) -> Result<Question, Unreadable> {
        let config = config();
        let uri = format!("/v1/decide?{query}").parse().unwrap();
        let fields = Fields::read(&uri, &HeaderMap::new(), b"")?;
        Asker::find(&config, Some(&"acme".into()), &fields)?.question(&fields)
    }

    #[test]
    fn a_number_with_more_to_dial_behind_it_is_no_question() {
        for to in [
            "0201234567@carrier%26PJSIP/00252612345678",
            "sip:0201234567@pbx,60,rt",
            "0201234567;x%26PJSIP/00252612345678",
        ] {
            let read = asked(&format!("from=201&call_id=1&to={to}"));
            assert_eq!(read.unwrap_err(), Unreadable::Smuggled, "{to}");
        }
        for to in [
            "0201234567@pbx.example:5060",
            "sip:0201234567@[2001:db8::1];user=phone",
            "tel:0201234567;phone-context=%2B31",
        ] {
            assert!(asked(&format!("from=201&call_id=1&to={to}")).is_ok(), "{to}");
        }
    }

    #[test]
    fn a_question_is_read_as_people_write_it() {
        for to in ["%2B31201234567", "+31201234567", "sip:%2B31201234567@pbx;user=phone"] {
            let question = asked(&format!("call_id=a&to={to}&from=205&src_ip=192.0.2.7:5060"));
            let question = question.unwrap();
            assert_eq!(&*question.attempt.dialled, "+31201234567", "{to}");
            assert_eq!(question.attempt.extension, Some("205".into()));
            assert_eq!(question.attempt.source.unwrap().ip.to_string(), "192.0.2.7");
            assert_eq!((question.terms.tells, question.terms.reject_code), (true, 603));
            assert_eq!(question.attempt.trunk, Some("pbx".into()), "the only one there is");
        }
        let question =
            asked("call_id=a&to=020-123%204567&from=%22Anna%22%20%3Csip:31301111111@x%3E");
        let question = question.unwrap();
        assert_eq!(&*question.attempt.dialled, "0201234567");
        assert_eq!(question.attempt.a_number.unwrap().full(), "+31301111111");
        let diverted = asked("call_id=a&to=1&diversion=sip:206@pbx&direction=outbound").unwrap();
        assert_eq!(diverted.attempt.forwarded_by, Some("206".into()));
        assert_eq!(diverted.attempt.via, Via::Forward);
    }

    #[test]
    fn what_cannot_be_a_question_is_said_to_be_none() {
        for query in [
            "",
            "to=1",
            "call_id=a",
            "call_id=a&to=",
            "call_id=a&to=sip:@x",
            "call_id=a%0d%0aAction:%20Originate&to=1",
            "call_id=a&to=1&channel=x%20y",
            "call_id=a&to=1&direction=up",
            "call_id=a&to=1&src_ip=300.1.1.1",
            "call_id=a&to=1&tenant=other",
            "call_id=a&to=1&trunk=carrier",
        ] {
            assert!(asked(query).is_err(), "{query}");
        }
        assert!(asked(&format!("call_id={}&to=1", "a".repeat(300))).is_err());
    }

    #[test]
    fn a_key_for_all_tenants_is_told_whose_call_it_is() {
        let config = config();
        let find = |query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            let fields = Fields::read(&uri, &HeaderMap::new(), b"").unwrap();
            Asker::find(&config, None, &fields).map(|asker| asker.tenant)
        };
        assert_eq!(find("tenant=other"), Ok("other".into()));
        assert_eq!(find("trunk=pbx"), Ok("acme".into()));
        assert_eq!(find("account=other"), Ok("other".into()));
        for wrong in ["", "tenant=nobody", "account=nobody", "tenant=other&trunk=pbx"] {
            assert!(find(wrong).is_err(), "{wrong}");
        }
    }
}
