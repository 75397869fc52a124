//! `[mail]`, `[notices]`, `[[contact]]`, `[[notification]]`: who is told of what, and how that is delivered.

use super::guard::{MEND as NETWORK, network};
use super::problem::At;
use super::section::Section;
use super::tenant::values;
use super::trunk::tenant_of;
use ipnet::IpNet;
use ringfence_model::{Language, Money, TenantId};
use ringfence_notify::{Courier, Form, Hook, MailServer, Quiet, Security, Syslog, Topic};
use std::collections::BTreeMap;
use std::time::Duration;

/// Nobody approves more than this without a login, in whole units.
const APPROVES_MAX: u64 = 250;
/// What a file of authorities may hold.
const AUTHORITIES_BYTES_MAX: usize = 1 << 20;
/// Longest step of an incident plan, in characters, and how many there can be.
const STEP_CHARS_MAX: usize = 300;
const STEPS_MAX: usize = 20;

/// After how long what could not be delivered is tried again, at first.
const RETRY_SECS: u64 = 30;

/// Who is told of what, and how that is delivered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Telling {
    /// Who takes mail.
    pub mail: Option<MailServer>,
    /// Authorities (PEM) believed besides the public ones.
    pub authorities: Vec<Vec<u8>>,
    /// After how long what could not be delivered is tried again; twice as long each further time.
    pub retry: Duration,
    /// Networks besides the internet that webhooks and collectors may be in.
    pub inside: Vec<IpNet>,
    /// People.
    pub contacts: Vec<Contact>,
    /// Programs.
    pub programs: Vec<Program>,
    /// What tenants want of it.
    pub tenants: BTreeMap<TenantId, Wishes>,
}

/// Somebody who is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Its name among its tenant's.
    pub id: String,
    /// Whose contact; `None`: the platform's, who hears of every tenant.
    pub tenant: Option<TenantId>,
    /// What they are called.
    pub name: String,
    /// Their mail address.
    pub mail: Option<String>,
    /// Their telephone number, for the incident plan.
    pub phone: Option<String>,
    /// What they are spoken to in.
    pub language: Language,
    /// Who is called first when it is fraud: the lowest.
    pub order: u64,
    /// What they want to hear of.
    pub told: Vec<Topic>,
    /// How much may be spent under an approval they give without a login.
    pub approves: Money,
    /// When they hear only of what cannot wait.
    pub quiet: Option<Quiet>,
}

/// A program that is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its name among its tenant's.
    pub id: String,
    /// Whose; `None`: the platform's, which hears of every tenant.
    pub tenant: Option<TenantId>,
    /// What it wants to hear of.
    pub told: Vec<Topic>,
    /// How.
    pub way: Way,
}

/// How a program is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// Over HTTP.
    Hook(Hook),
    /// As a line of a log.
    Syslog(Syslog),
}

/// How often somebody wants an overview.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Every {
    /// Each morning.
    Day,
    /// Each Monday morning.
    Week,
}

/// What a tenant wants.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wishes {
    /// How often an overview; `None`: never.
    pub digest: Option<Every>,
    /// What is done at once when it is fraud, before anybody is called.
    pub at_once: Vec<String>,
}

/// Reads `digest` and `at_once` of a tenant.
pub(super) fn wishes(section: &mut Section<'_>) -> Wishes {
    let every =
        section.text("digest", "write \"daily\", \"weekly\" or \"never\"", |text| match text {
            "daily" => Ok(Some(Every::Day)),
            "weekly" => Ok(Some(Every::Week)),
            "never" => Ok(None),
            _ => Err("is none of these"),
        });
    let steps = section.texts("at_once", "write short sentences", |text| {
        if (1..=STEP_CHARS_MAX).contains(&text.chars().count()) {
            Ok(text.to_owned())
        } else {
            Err("is empty or too long")
        }
    });
    let at_once = steps.map(values).unwrap_or_default();
    if at_once.len() > STEPS_MAX {
        let what = format!("at_once has more than {STEPS_MAX} steps");
        section.desk().wrong(&section.span, what, "nobody reads so many at night");
    }
    Wishes { digest: every.map_or(Some(Every::Week), |at| at.value), at_once }
}

/// Reads all but what is inside the tenants.
pub(super) fn read(root: &mut Section<'_>, tenants: BTreeMap<TenantId, Wishes>) -> Telling {
    let span = root.span.clone();
    let (inside, authorities, retry) = places(root);
    let mut telling =
        Telling { mail: mail(root), authorities, retry, inside, tenants, ..Telling::default() };
    for section in root.sections("contact") {
        telling.contacts.extend(contact(section));
    }
    for section in root.sections("notification") {
        telling.programs.extend(program(section));
    }
    if telling.mail.is_none() && telling.contacts.iter().any(|of| of.mail.is_some()) {
        let mend = "add [mail] with server = \"smtp.example.org\" and from = \"...\"";
        root.desk().doubt(&span, "there are contacts and no mail server: nobody is told", mend);
    }
    let courier = Courier::new(telling.mail.as_ref(), &telling.inside, &telling.authorities);
    if let Err(error) = courier {
        root.desk().wrong(&span, error.to_string(), "correct [mail] or [notices]");
    }
    telling
}

fn places(root: &mut Section<'_>) -> (Vec<IpNet>, Vec<Vec<u8>>, Duration) {
    let Some(mut section) = root.section("notices") else {
        return (Vec::new(), Vec::new(), Duration::from_secs(RETRY_SECS));
    };
    let retry = Duration::from_secs(section.within("retry_secs", 1..=1_800, RETRY_SECS));
    let inside = section.texts("inside", NETWORK, network).map(values).unwrap_or_default();
    let file = section.take::<String>("authorities");
    let authorities = file.and_then(|file| {
        let desk = section.desk();
        match desk.source().read_text(file.span.start, &file.value) {
            Ok(text) if text.len() <= AUTHORITIES_BYTES_MAX => Some(text.into_bytes()),
            Ok(_) => {
                desk.wrong(&file.span, "authorities: the file is too large", "name a PEM file");
                None
            }
            Err(error) => {
                let what = format!("authorities: cannot read {}: {error}", file.value);
                desk.wrong(&file.span, what, "correct the path or its permissions");
                None
            }
        }
    });
    section.finish();
    (inside, authorities.into_iter().collect(), retry)
}

fn mail(root: &mut Section<'_>) -> Option<MailServer> {
    let mut section = root.section("mail")?;
    let host = section.required("server", "smtp.example.org");
    let security =
        section.text("security", "write \"starttls\", \"tls\" or \"none\"", |text| match text {
            "starttls" => Ok(Security::StartTls),
            "tls" => Ok(Security::Tls),
            "none" => Ok(Security::None),
            _ => Err("is none of these"),
        });
    let security = security.map_or_else(Security::default, |at| at.value);
    let usual = match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::None => 25,
    };
    let port = u16::try_from(section.within("port", 1..=65_535, usual)).unwrap_or(587);
    let user = section.take::<String>("user").map(|at| at.value);
    let password = section.secret("password").map(|at| at.value);
    let from = section.required("from", "Ringfence <ringfence@example.org>");
    let desk = section.desk();
    if let Some(host) = host.as_ref().filter(|_| security == Security::None) {
        let bare = host.value.trim_matches(['[', ']']);
        let own =
            bare == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if !own {
            let what = "security = \"none\" sends everything in the clear over a network";
            desk.wrong(
                &host.span,
                what,
                "write security = \"starttls\", or server = \"localhost\"",
            );
        }
    }
    if user.is_some() != password.is_some() {
        desk.wrong(&section.span, "a user and its password belong together", "give both, or none");
    }
    section.finish();
    let login = user.zip(password);
    Some(MailServer { host: host?.value, port, security, login, from: from?.value })
}

/// Whose it is; the platform's where it names no tenant. Names are unique among those of one owner.
fn owned(section: &mut Section<'_>, sort: &'static str) -> Option<(String, Option<TenantId>)> {
    let id = section.required("id", "anna");
    let tenant = tenant_of(section);
    let id = id?;
    let name = match &tenant {
        Some(tenant) => format!("{} of {tenant}", id.value),
        None => id.value.clone(),
    };
    section.desk().declare(sort, &At::new(name, id.span));
    Some((id.value, tenant))
}

fn told(section: &mut Section<'_>, usually: &[Topic]) -> Vec<Topic> {
    let mend = format!("use {}", Topic::ALL.map(Topic::as_str).join(", "));
    let read = section.texts("told", &mend, |text| Topic::of(text).ok_or("is not told of"));
    read.map_or_else(|| usually.to_vec(), values)
}

fn contact(mut section: Section<'_>) -> Option<Contact> {
    let owned = owned(&mut section, "contact");
    let name = section.take::<String>("name").map(|at| at.value);
    let mail = section.text("mail", "write such as \"anna@example.org\"", |text| {
        // What is sent to is one plain address.
        if text.contains(['<', '>', ' ', ',']) {
            return Err("is no plain address".to_owned());
        }
        ringfence_notify::check_address(text).map(|()| text.to_owned())
    });
    let phone =
        section.text("phone", "write it as it is dialled, such as \"+31201234567\"", |text| {
            let fine = (3..=25).contains(&text.chars().count())
                && text.chars().all(|c| c.is_ascii_digit() || "+ -()".contains(c));
            if fine { Ok(text.to_owned()) } else { Err("is no number") }
        });
    let language = section.or("language", Language::default());
    let order = section.within("order", 1..=1_000, 100);
    let told = told(&mut section, &[Topic::Fraud, Topic::Approvals, Topic::Limits, Topic::Digest]);
    let approves = section.within("approves", 0..=APPROVES_MAX, 0);
    let quiet = section.text("quiet", "write such as \"22:00-07:00\"", str::parse::<Quiet>);
    if mail.is_none() && phone.is_none() {
        let what = "this contact has neither mail nor phone";
        section.desk().wrong(&section.span, what, "add mail = \"...\" or phone = \"...\"");
    }
    section.finish();
    let (id, tenant) = owned?;
    Some(Contact {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        tenant,
        mail: mail.map(|at| at.value),
        phone: phone.map(|at| at.value),
        language,
        order,
        told,
        approves: Money::units(i64::try_from(approves).unwrap_or(0)),
        quiet: quiet.map(|at| at.value),
    })
}

fn program(mut section: Section<'_>) -> Option<Program> {
    let owned = owned(&mut section, "notification");
    let told = told(&mut section, &Topic::ALL);
    let way = match (section.has("webhook"), section.has("syslog")) {
        (true, false) => hook(&mut section).map(Way::Hook),
        (false, true) => syslog(&mut section).map(Way::Syslog),
        _ => {
            let what = "a notification goes to a webhook or to a syslog";
            let mend = "write webhook = \"https://...\" or syslog = \"host:6514\", and one only";
            section.desk().wrong(&section.span, what, mend);
            let _ = (section.raw("webhook"), section.raw("syslog"));
            None
        }
    };
    section.finish();
    let (id, tenant) = owned?;
    Some(Program { id, tenant, told, way: way? })
}

fn hook(section: &mut Section<'_>) -> Option<Hook> {
    let url = section.text("webhook", "write such as \"https://example.org/ringfence\"", |text| {
        let own = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let plain = own.iter().any(|host| {
            text.strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if text.starts_with("https://") || plain {
            Ok(text.to_owned())
        } else {
            Err("is no https address")
        }
    });
    let secret = section.secret("secret");
    if secret.is_none() && section.desk().is_clean() {
        let what = "a webhook needs a secret, by which it knows that messages are ours";
        section.desk().wrong(&section.span, what, "add secret = \"...\"");
    }
    Some(Hook { url: url?.value, secret: secret?.value })
}

fn syslog(section: &mut Section<'_>) -> Option<Syslog> {
    let server = section.text("syslog", "write such as \"siem.example.org:6514\"", |text| {
        let port = text
            .rsplit_once(':')
            .and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
        port.map(|_| text.to_owned()).ok_or("names no host and port")
    });
    let form = section.text("form", "write \"json\" or \"cef\"", |text| match text {
        "json" => Ok(Form::Json),
        "cef" => Ok(Form::Cef),
        _ => Err("is neither"),
    });
    let tls = section.or("tls", true);
    let form = form.map_or_else(Form::default, |at| at.value);
    Some(Syslog { server: server?.value, tls, form })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Source, parse};

    const BOOT: &str = "[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"acme\"\n\
        digest = \"daily\"\nat_once = [\"Pull the plug\"]\n";

    fn read(more: &str) -> Result<Config, String> {
        let text = format!("{BOOT}{more}");
        parse(Source::new("/nowhere/r.toml".into(), text)).map_err(|told| told.to_string())
    }

    const ALL: &str = r#"
[mail]
server = "smtp.example.org"
user = "fw"
password = "s3cret"
from = "Ringfence <fw@example.org>"
[notices]
inside = ["10.0.0.0/8"]
[[contact]]
id = "anna"
tenant = "acme"
name = "Anna"
mail = "anna@acme.example"
phone = "+31 20 123 45 67"
language = "nl"
order = 1
approves = 50
quiet = "22:00-07:00"
[[contact]]
id = "noc"
mail = "noc@example.org"
told = ["fraud"]
[[notification]]
id = "siem"
tenant = "acme"
syslog = "siem.example.org:6514"
form = "cef"
[[notification]]
id = "soc"
webhook = "https://soc.example.org/in"
secret = "s3cret"
told = ["fraud", "approvals"]
"#;

    #[test]
    fn people_programs_and_the_way_to_them_are_read() {
        let config = read(ALL).unwrap();
        let telling = &config.telling;
        assert_eq!(telling.mail.as_ref().unwrap().port, 587);
        let [anna, noc] = telling.contacts.as_slice() else { panic!("{telling:?}") };
        assert_eq!((&*anna.name, anna.language, anna.order), ("Anna", Language::Nl, 1));
        assert_eq!(anna.approves, Money::units(50));
        assert_eq!((noc.tenant.as_ref(), noc.approves), (None, Money::ZERO));
        assert_eq!(noc.told, [Topic::Fraud]);
        assert!(matches!(&telling.programs[0].way, Way::Syslog(log) if log.form == Form::Cef));
        let wishes = &telling.tenants[&TenantId::new("acme")];
        assert_eq!((wishes.digest, wishes.at_once.len()), (Some(Every::Day), 1));
        assert!(!format!("{telling:?}").contains("s3cret"));
    }

    #[test]
    fn what_cannot_work_is_told() {
        for (text, word) in [
            (ALL.replace("acme\"\nname", "other\"\nname"), "other"),
            (ALL.replace("anna@acme.example", "Anna <anna@acme.example>"), "plain address"),
            (ALL.replace("22:00-07:00", "night"), "span of hours"),
            (ALL.replace("approves = 50", "approves = 5000"), "approves"),
            (ALL.replace("https://soc", "http://soc"), "https"),
            (ALL.replace("secret = ", "# "), "needs a secret"),
            (ALL.replace("siem.example.org:6514", "siem.example.org"), "host and port"),
            (ALL.replace("\"fraud\", \"approvals\"", "\"everything\""), "everything"),
            (ALL.replace("id = \"noc\"", "id = \"noc\"\ncolour = 1"), "colour"),
            (ALL.replace("user = \"fw\"", "security = \"none\""), "in the clear"),
            (ALL.replace("Ringfence <fw@example.org>", "nobody"), "nobody"),
            (format!("{ALL}[[contact]]\nid = \"noc\"\nphone = \"112\"\n"), "noc"),
            ("[[contact]]\nid = \"x\"\ntenant = \"acme\"\n".to_owned(), "neither"),
        ] {
            let told = read(&text).unwrap_err();
            assert!(told.contains(word), "{word}: {told}");
        }
        let config = read("[[contact]]\nid = \"x\"\nmail = \"x@example.org\"\n").unwrap();
        assert!(config.warnings.iter().any(|of| of.to_string().contains("no mail server")));
    }
}
