//! The other ends: our certificate as peers will see it, and the trunks as we see them.

use super::Finding;
use crate::config::Config;
use ringfence_edge::{Answered, Seen, Silence};
use ringfence_sip::Transport;
use std::time::Duration;

const CERTIFICATE: &str = "certificate";
const TRUNKS: &str = "trunks";

/// For each step: a name, a connection, a handshake.
const PATIENCE: Duration = Duration::from_secs(3);
/// Whoever renews by hand needs this long.
const DAYS_WARN: i64 = 14;
const DAYS_FAIL: i64 = 2;

/// When our certificate ends, and whether it is of the names we advertise.
pub fn certificate(config: &Config, all: &mut Vec<Finding>) {
    if config.tls.identity.is_none() {
        return;
    }
    let mend = "renew it, then: ringfence reload";
    let before = all.len();
    match config.tls.check() {
        Err(error) => all.push(Finding::fail(CERTIFICATE, error.to_string(), mend)),
        Ok(None) => {}
        Ok(Some(ends)) => {
            let days = (ends.as_secs() - crate::wall().as_secs()) / 86_400;
            all.extend(ending(days));
        }
    }
    let names = config.tls.names().unwrap_or_default();
    let listeners = config.snapshot.directory.parts().listeners.iter();
    let advertised = listeners.filter(|at| at.transport == Transport::Tls);
    for at in advertised {
        all.extend(other_name(host(&at.advertised), &names));
    }
    if all.len() == before {
        all.push(Finding::ok(CERTIFICATE, format!("for {}", names.join(", "))));
    }
}

fn ending(days: i64) -> Option<Finding> {
    let mend = "renew it, then: ringfence reload";
    let what = format!("it ends in {days} days");
    match days {
        ..DAYS_FAIL => Some(Finding::fail(CERTIFICATE, what, mend)),
        DAYS_FAIL..DAYS_WARN => Some(Finding::warn(CERTIFICATE, what, mend)),
        _ => None,
    }
}

/// Of `host:port` the host.
fn host(advertised: &str) -> &str {
    match advertised.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => advertised,
    }
}

fn other_name(host: &str, names: &[String]) -> Option<Finding> {
    let host = host.to_ascii_lowercase();
    let is = |name: &String| match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(_, of)| of == domain),
        None => *name == host,
    };
    (!names.is_empty() && !names.iter().any(is)).then(|| {
        let what = format!("we call ourselves {host}, the certificate is of {}", names.join(", "));
        Finding::warn(CERTIFICATE, what, "phones that check will refuse it: get one with that name")
    })
}

/// Looks up every trunk and asks it once.
pub fn look(config: &Config, all: &mut Vec<Finding>) {
    match ringfence_edge::visit(&config.snapshot.directory, &config.tls, PATIENCE) {
        Ok(seen) if seen.is_empty() => {}
        Ok(seen) => all.extend(seen.iter().map(judge)),
        Err(error) => {
            let mend = "correct it; until then no trunk can be looked at";
            all.push(Finding::fail(TRUNKS, error.to_string(), mend));
        }
    }
}

fn judge(seen: &Seen) -> Finding {
    let whose = format!("trunk \"{}\" at {}", seen.trunk.as_str(), seen.target);
    let found = match &seen.found {
        Ok(found) => found,
        Err(why) => {
            let mend = "correct its target; ask with: dig NAPTR, SRV _sip._udp, A";
            return Finding::fail(TRUNKS, format!("{whose}: {why}"), mend);
        }
    };
    let line = |of: &Answered| {
        let said = match &of.answer {
            Ok(said) => said.clone(),
            Err(silence) => silence.to_string(),
        };
        format!("{} {} {said}", of.hop.transport.as_str(), of.hop.remote)
    };
    let what = format!("{whose}: {}", found.iter().map(line).collect::<Vec<_>>().join("; "));
    let failed = |of: &Answered| matches!(of.answer, Err(Silence::Failed(_)));
    let answers = found.iter().any(|of| of.answer.is_ok());
    if found.iter().all(failed) {
        let mend = "is it running, is a firewall between, is its certificate of that name?";
        return Finding::fail(TRUNKS, what, mend);
    }
    if answers && !found.iter().any(failed) {
        return Finding::ok(TRUNKS, what);
    }
    let mend = if answers {
        "calls go to those that answer; tell its operator of the others"
    } else {
        "it may answer only calls, or only our listener's port; ringfence trunks list tells more"
    };
    Finding::warn(TRUNKS, what, mend)
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;
    use ringfence_call::Hop;
    use ringfence_model::TrunkId;

    #[test]
    fn a_trunk_is_as_well_as_its_addresses() {
        let failed = || Err(Silence::Failed("connection refused".into()));
        let health = |answers: Vec<Result<String, Silence>>| {
            let hop = Hop { remote: "192.0.2.1:5060".parse().unwrap(), transport: Transport::Udp };
            let found = answers.into_iter().map(|answer| Answered { hop, answer }).collect();
            judge(&Seen {
                trunk: TrunkId::new("kpn"),
                target: "sip.example".into(),
                found: Ok(found),
            })
            .health
        };
        let fine = || Ok("answers 200 OK".to_owned());
        assert_eq!(health(vec![fine()]), Health::Ok);
        assert_eq!(health(vec![failed(), fine()]), Health::Warn);
        assert_eq!(health(vec![Err(Silence::Quiet)]), Health::Warn);
        assert_eq!(health(vec![failed(), failed()]), Health::Fail);
    }

    #[test]
    fn a_certificate_is_of_the_name_we_go_by_and_lasts() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(other_name(host("Sip.example.com:5061"), &names(&["sip.example.com"])), None);
        assert_eq!(other_name("a.example.com", &names(&["*.example.com"])), None);
        assert!(other_name("a.b.example.com", &names(&["*.example.com"])).is_some());
        assert!(other_name("192.0.2.1", &names(&["sip.example.com"])).is_some());
        let health = |days| ending(days).map(|of| of.health);
        assert_eq!(
            (health(90), health(13), health(1)),
            (None, Some(Health::Warn), Some(Health::Fail))
        );
    }
}
