//! Text without secrets and without persons.
//!
//! What settings say by its name is taken out by its name ([`Redactor::settings`]); what a log or an answer says in
//! passing is found by its form ([`Redactor::text`]): known secrets, numbers of seven digits and more, the user part of
//! SIP and mail addresses, and network addresses that settings do not name.

use ipnet::IpNet;
use ringfence_model::Masked;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use toml::Value;

/// Shorter ones would be found in every other word; settings that hold one are told of by `check-config`.
const SECRET_CHARS_MIN: usize = 4;
/// The shortest numbers of people; shorter are extensions and short codes.
const NUMBER_DIGITS_MIN: usize = 7;

const SECRET: &str = "(secret)";

/// Takes out what must not leave the house. The same thing gets the same name, so that lines still fit together.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    named: Vec<IpNet>,
    addresses: HashMap<IpAddr, usize>,
    persons: HashMap<String, usize>,
}

impl Redactor {
    /// Learns the secrets of settings, and which addresses they name: those are of machines, not of persons.
    pub fn learn(&mut self, settings: &toml::Table, secret: &dyn Fn(&Value) -> Option<String>) {
        for (key, value) in settings {
            self.learn_value(key, value, secret);
        }
        // A secret that holds another one goes first.
        self.secrets.sort_by_key(|of| std::cmp::Reverse(of.len()));
    }

    fn learn_value(&mut self, key: &str, value: &Value, secret: &dyn Fn(&Value) -> Option<String>) {
        if is_secret(key) {
            self.secrets.extend(secret(value).filter(|of| is_telling(of)));
            return;
        }
        match value {
            Value::Table(table) => self.learn(table, secret),
            Value::Array(items) => items.iter().for_each(|of| self.learn_value(key, of, secret)),
            Value::String(text) => {
                let password = userinfo(text).map(|(_, password)| password.to_owned());
                self.secrets.extend(password.filter(|of| is_telling(of)));
                // Where phones may be is where persons are.
                if key != "networks" {
                    self.named.extend(network(text));
                }
            }
            _ => {}
        }
    }

    /// Settings, as TOML without comments: they may quote a password.
    pub fn settings(&mut self, settings: &toml::Table) -> String {
        let mut shown = settings.clone();
        self.table(&mut shown);
        toml::to_string(&shown).unwrap_or_else(|error| format!("# left out: {error}\n"))
    }

    fn table(&mut self, table: &mut toml::Table) {
        for (key, value) in table.iter_mut() {
            self.value(key, value);
        }
    }

    fn value(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) if is_secret(key) => SECRET.clone_into(text),
            Value::String(text) => {
                let plain = if is_number(key) { squeeze(text) } else { text.clone() };
                *text = self.text(&plain);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(key, item)),
            // { file = "..." } and { env = "..." } say where a secret is, not what it is.
            Value::Table(table) => self.table(table),
            _ => {}
        }
    }

    /// JSON: its texts only; its numbers are counts and times.
    pub fn json(&mut self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.json(field));
            }
            _ => {}
        }
    }

    /// Any text.
    pub fn text(&mut self, text: &str) -> String {
        let mut plain = text.to_owned();
        for secret in &self.secrets {
            plain = plain.replace(secret.as_str(), SECRET);
        }
        let mut shown = String::with_capacity(plain.len());
        let mut rest = plain.as_str();
        while !rest.is_empty() {
            // A word is what stands between blanks, quotes, brackets and commas; of an address it is the whole.
            let end = rest.find(is_gap).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            shown.push_str(&self.word(word));
            let gap = after.chars().next().map_or(0, char::len_utf8);
            let (gap, after) = after.split_at(gap);
            shown.push_str(gap);
            rest = after;
        }
        shown
    }

    fn word(&mut self, word: &str) -> String {
        if let Some((before, after)) = word.split_once('@')
            && !before.is_empty()
        {
            let (scheme, user) = match before.rsplit_once(':') {
                Some((scheme, user)) => (format!("{scheme}:"), user),
                None => (String::new(), before),
            };
            let user = if user.is_empty() { String::new() } else { self.person(user) };
            return format!("{scheme}{user}@{}", self.word(after));
        }
        match self.address(word) {
            Some(shown) => shown,
            None => self.pieces(word),
        }
    }

    fn person(&mut self, user: &str) -> String {
        let digits = user.chars().filter(char::is_ascii_digit).count();
        if digits >= NUMBER_DIGITS_MIN && digits + 1 >= user.chars().count() {
            return Masked(user).to_string();
        }
        // What was masked before we saw it says enough.
        if user.contains('*') {
            return user.to_owned();
        }
        let next = self.persons.len() + 1;
        format!("(person {})", self.persons.entry(user.to_owned()).or_insert(next))
    }

    /// A word that is a network address, with its port if it has one, and a mark of the sentence behind it.
    fn address(&mut self, word: &str) -> Option<String> {
        let bare = match word.parse::<IpAddr>() {
            Ok(_) => word,
            Err(_) => word.trim_end_matches(['.', ':']),
        };
        let mark = word.get(bare.len()..)?;
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Some(format!("{}{mark}", self.shown(ip)?));
        }
        let (host, port) = bare.rsplit_once(':')?;
        let ip: IpAddr = host.parse().ok()?;
        port.parse::<u16>().ok()?;
        Some(format!("{}:{port}{mark}", self.shown(ip)?))
    }

    /// `None`: it may be seen.
    fn shown(&mut self, ip: IpAddr) -> Option<String> {
        if ip.is_loopback() || ip.is_unspecified() || self.named.iter().any(|net| net.contains(&ip))
        {
            return None;
        }
        let next = self.addresses.len() + 1;
        Some(format!("(address {})", self.addresses.entry(ip).or_insert(next)))
    }

    /// A word such as `tel:+31612345678` or `udp:192.0.2.7:5060`: its numbers, and its addresses behind a colon.
    fn pieces(&mut self, word: &str) -> String {
        if let Some((before, after)) = word.split_once(':')
            && before.chars().all(|c| c.is_ascii_alphabetic())
            && !before.is_empty()
        {
            return format!("{before}:{}", self.word(after));
        }
        let mut shown = String::with_capacity(word.len());
        let mut digits = String::new();
        for c in word.chars() {
            if c.is_ascii_digit() || (c == '+' && digits.is_empty()) {
                digits.push(c);
            } else {
                shown.push_str(&number(&digits));
                digits.clear();
                shown.push(c);
            }
        }
        shown + &number(&digits)
    }
}

fn number(digits: &str) -> String {
    match digits.trim_start_matches('+').len() {
        NUMBER_DIGITS_MIN.. => Masked(digits).to_string(),
        _ => digits.to_owned(),
    }
}

fn is_telling(secret: &str) -> bool {
    secret.chars().count() >= SECRET_CHARS_MIN
}

/// Fields of settings whose value nobody may see.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "ha1", "secret", "token", "passphrase", "api_key", "private"]
        .iter()
        .any(|word| key.contains(word))
}

/// Fields of settings that hold numbers, written with blanks.
fn is_number(key: &str) -> bool {
    matches!(key, "numbers" | "caller")
}

/// A number without what people put between its digits.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect()
}

/// `192.0.2.1`, `192.0.2.1:5060` or `192.0.2.0/24`.
fn network(text: &str) -> Option<IpNet> {
    let ip = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    ip.map(IpNet::from).ok().or_else(|| text.parse().ok())
}

/// Of `postgres://user:password@host` the part `user:` and the password.
fn userinfo(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("://")?;
    let (info, _) = rest.split('/').next()?.rsplit_once('@')?;
    let at = info.find(':')?;
    Some(info.split_at(at + 1))
}

fn is_gap(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\''
                | '<'
                | '>'
                | '['
                | ']'
                | '('
                | ')'
                | '{'
                | '}'
                | ','
                | ';'
                | '='
                | '/'
                | '|'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let settings: toml::Table = toml::from_str(SETTINGS).unwrap();
        let mut redactor = Redactor::default();
        redactor.learn(&settings, &|value| value.as_str().map(ToOwned::to_owned));
        redactor
    }

    const SETTINGS: &str = r#"
        # the old one was hunter1-comment
        [store]
        url = "postgres://ringfence:hunter2@db.example/ringfence"
        [[listen]]
        udp = "192.0.2.10:5060"
        [[trunk]]
        id = "kpn"
        address = "198.51.100.0/28"
        account = { user = "31201234500", password = "hunter3-trunk" }
        [[extension]]
        id = "201"
        ha1 = "hunter4-ha1"
        numbers = ["+31 20 123 4501"]
        password = { file = "201.secret" }
        "#;

    #[test]
    fn settings_keep_their_shape_and_lose_their_secrets() {
        let settings: toml::Table = toml::from_str(SETTINGS).unwrap();
        let shown = redactor().settings(&settings);
        for gone in ["hunter", "1234501", "31201234500", "123 4501"] {
            assert!(!shown.contains(gone), "{gone} in\n{shown}");
        }
        for kept in
            ["192.0.2.10:5060", "198.51.100.0/28", "id = \"kpn\"", "201.secret", "db.example"]
        {
            assert!(shown.contains(kept), "no {kept} in\n{shown}");
        }
        assert!(toml::from_str::<toml::Table>(&shown).is_ok(), "{shown}");
    }

    #[test]
    fn a_log_keeps_its_times_and_loses_its_persons() {
        let mut redactor = redactor();
        for (line, shown) in [
            ("2026-11-22T10:00:00.123456Z INFO listens local=192.0.2.10:5060", None),
            ("call from +31612345678 to 0201234567", Some("call from +3161*****78 to 02012***67")),
            ("masked +3161*****78 stays", None),
            ("REGISTER sip:alice@office.example", Some("REGISTER sip:(person 1)@office.example")),
            ("<sip:+31612345678@192.0.2.10>", Some("<sip:+3161*****78@192.0.2.10>")),
            ("source=203.0.113.9:40000", Some("source=(address 1):40000")),
            ("again 203.0.113.9, and 203.0.113.8.", Some("again (address 1), and (address 2).")),
            ("UDP [2001:db8::7]:5060", Some("UDP [(address 3)]:5060")),
            (
                "contact sip:alice@203.0.113.9:5062;ob",
                Some("contact sip:(person 1)@(address 1):5062;ob"),
            ),
            ("tel:+31612345678", Some("tel:+3161*****78")),
            ("wrong password hunter3-trunk!", Some("wrong password (secret)!")),
            (
                "at postgres://ringfence:hunter2@db.example/x",
                Some("at postgres://ringfence:(secret)@db.example/x"),
            ),
            ("jan@office.example", Some("(person 2)@office.example")),
            ("its gateway 198.51.100.9 is named by its range", None),
            ("net 2001:db8::", Some("net (address 4)")),
            ("127.0.0.1:9090 and 0.0.0.0 and 12:34:56 and a::b::c", None),
        ] {
            assert_eq!(redactor.text(line), shown.unwrap_or(line));
        }
    }

    #[test]
    fn any_text_goes_through() {
        let mut redactor = redactor();
        for odd in ["", "@", "://:@", "::", "é+é", "+", "a@", "@b", ":::@:::", "\u{0}=\u{ffff}"] {
            let once = redactor.text(odd);
            assert_eq!(redactor.text(&once), once, "{odd:?}");
        }
    }
}
