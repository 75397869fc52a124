//! A node that has some running calls, and does as it is told: what it does it writes down as the real one would.

use crate::now;
use ipnet::IpNet;
use ringfence_api::plan::{Plan, Planned};
use ringfence_api::{
    Amount, ApproveOrder, Approver, Backtest, BacktestAsk, BanOrder, BanView, BlockOrder, DeckAsk,
    DeckReport, ExplainAsk, Explanation, Fault, Inquire, MaxLossView, Node, NodeStatus, NumberAsk,
    NumberView, RegistrationView, RunningCall, SetBlock, Spans, Time, Told, TrunkView,
};
use ringfence_model::{Language, Money, TenantId, WallTime};
use ringfence_store::Act;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// A made-up node.
pub struct Double {
    spool: PathBuf,
    feed: Box<dyn Fn() + Send + Sync>,
    calls: Mutex<Vec<(RunningCall, f64)>>,
    blocks: Mutex<u64>,
    since: WallTime,
}

fn told<'a, T: Send + 'a>(value: Result<T, Fault>) -> Told<'a, T> {
    Box::pin(async move { value })
}

impl Double {
    pub fn new(spool: PathBuf, feed: Box<dyn Fn() + Send + Sync>, calls: u64) -> Self {
        let since = now() - Duration::from_secs(9 * 86_400);
        let calls = Mutex::new(running(now(), calls));
        Self { spool, feed, calls, blocks: Mutex::new(100), since }
    }

    fn write(&self, line: &Value) {
        let path = self.spool.join("events-2099-01-01.jsonl");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
        (self.feed)();
    }
}

/// Extension, dialled, country, kind, seconds ago, whether answered, euros a minute.
type Running =
    (&'static str, &'static str, &'static str, &'static str, &'static str, u64, bool, f64);

const CALLS: [Running; 9] = [
    ("bakker-bouw", "201", "0031612345678", "NL", "mobile", 312, true, 0.07),
    ("bakker-bouw", "204", "0201234567", "NL", "fixed", 45, true, 0.015),
    ("hotel-zeezicht", "118", "004930123456", "DE", "fixed", 1_210, true, 0.03),
    ("hotel-zeezicht", "131", "00881631234567", "", "satellite", 97, true, 5.9),
    ("van-dam-advocaten", "12", "0880012345", "NL", "company", 640, true, 0.02),
    ("van-dam-advocaten", "15", "0032475123456", "BE", "mobile", 18, false, 0.21),
    ("gemeente-oosterveld", "4410", "0612345678", "NL", "mobile", 201, true, 0.07),
    ("gemeente-oosterveld", "4432", "0201239876", "NL", "fixed", 9, false, 0.015),
    ("praktijk-linde", "3", "0351234567", "NL", "fixed", 428, true, 0.015),
];

/// These calls again and again, until there are so many.
fn running(at: WallTime, count: u64) -> Vec<(RunningCall, f64)> {
    let one = |(place, of): (u64, &Running)| {
        let (tenant, extension, dialled, country, kind, ago, answered, rate) = *of;
        let started = at - Duration::from_secs(ago + 7 * (place / CALLS.len() as u64));
        let call = RunningCall {
            call: format!("{}", 70_001 + place),
            tenant: tenant.into(),
            extension: Some(extension.into()),
            direction: "outbound".into(),
            a_number: Some("+31358000100".into()),
            dialled: dialled.into(),
            country: (!country.is_empty()).then(|| country.to_owned()),
            kind: Some(kind.into()),
            started: started.into(),
            answered: answered.then(|| (started + Duration::from_secs(6)).into()),
            exposure: Amount(Money::ZERO),
        };
        (call, rate)
    };
    (0..count).zip(CALLS.iter().cycle()).map(one).collect()
}

impl Node for Double {
    fn status(&self) -> Told<'_, NodeStatus> {
        told(Ok(NodeStatus {
            version: env!("CARGO_PKG_VERSION").into(),
            since: self.since.into(),
            settings_since: (self.since + Duration::from_secs(7 * 86_400)).into(),
            shards: 2,
            calls: self.calls.lock().unwrap().len() as u64,
            registrations: 6,
            blocks: 2,
            bans: 3,
            draining: false,
            listens: vec!["udp 192.0.2.10:5060".into(), "tls 192.0.2.10:5061".into()],
            troubles: vec!["trunk hotel-kpn: its carrier does not answer".into()],
        }))
    }

    fn adviser_url(&self) -> Option<String> {
        Some("https://192.0.2.10:8444".into())
    }

    fn running_calls(&self) -> Told<'_, Vec<RunningCall>> {
        let at = now();
        let calls = self.calls.lock().unwrap();
        let priced = calls.iter().map(|(call, rate)| {
            let secs = call.answered.map_or(0.0, |from| (at - from.0).as_secs_f64());
            // Reserved for the minute to come.
            let exposure = Amount(Money::from_f64((secs / 60.0 + 1.0) * rate));
            RunningCall { exposure, ..call.clone() }
        });
        told(Ok(priced.collect()))
    }

    fn cut(&self, call: String, by: String) -> Told<'_, ()> {
        let mut calls = self.calls.lock().unwrap();
        let Some(place) = calls.iter().position(|(of, _)| of.call == call) else {
            return told(Err(Fault::NotFound("call")));
        };
        let (gone, _) = calls.remove(place);
        drop(calls);
        let number: u64 = call.parse().unwrap();
        self.write(&json!({"at": Time(now()), "kind": "cut", "call": number, "cost": 0, "reasons": [],
            "attempt": {"tenant": gone.tenant, "extension": gone.extension, "dialled": gone.dialled},
            "why": format!("ended by {by}")}));
        told(Ok(()))
    }

    fn block(&self, _: BlockOrder) -> Told<'_, SetBlock> {
        let mut count = self.blocks.lock().unwrap();
        *count += 1;
        told(Ok(SetBlock { id: format!("0-{count}"), since: now() }))
    }

    fn lift(&self, _: String, _: String) -> Told<'_, ()> {
        told(Ok(()))
    }

    fn approve(&self, _: ApproveOrder) -> Told<'_, ()> {
        told(Ok(()))
    }

    fn approver(&self, _: TenantId, _: String) -> Told<'_, Option<Approver>> {
        told(Ok(Some(Approver { language: Language::En, approves: Money::units(50) })))
    }

    fn incident_plan(&self, _: TenantId, _: Language) -> Told<'_, Vec<String>> {
        told(Ok(vec!["Call Anna, +31201234567".into()]))
    }

    fn review(&self, _: TenantId, _: bool) -> Told<'_, ()> {
        told(Ok(()))
    }

    fn registrations(&self) -> Told<'_, Vec<RegistrationView>> {
        let phone = |tenant: &str, extension: &str, source: &str, agent: &str| RegistrationView {
            tenant: tenant.into(),
            extension: extension.into(),
            contact: format!("sip:{extension}@{source}"),
            source: source.into(),
            expires: (now() + Duration::from_secs(1_740)).into(),
            user_agent: Some(agent.into()),
        };
        told(Ok(vec![
            phone("bakker-bouw", "201", "198.51.100.23:5060", "Yealink SIP-T54W 96.86.0.100"),
            phone("bakker-bouw", "204", "198.51.100.23:5061", "Yealink SIP-T54W 96.86.0.100"),
            phone("hotel-zeezicht", "118", "203.0.113.80:36214", "Grandstream GXP2170 1.0.11.64"),
            phone("hotel-zeezicht", "131", "203.0.113.80:36220", "Grandstream GXP2170 1.0.11.64"),
            phone("van-dam-advocaten", "12", "192.0.2.144:5060", "snomD785/10.1.184.15"),
            phone(
                "praktijk-linde",
                "3",
                "[2001:db8:40::21]:5060",
                "Linphone/5.2.5 (belle-sip/5.3.99)",
            ),
        ]))
    }

    fn trunks(&self) -> Told<'_, Vec<TrunkView>> {
        let trunk = |tenant: Option<&str>,
                     trunk: &str,
                     side: &str,
                     up,
                     registered,
                     trouble: Option<&str>| {
            TrunkView {
                tenant: tenant.map(TenantId::from),
                trunk: trunk.into(),
                side: side.into(),
                up,
                registered,
                trouble: trouble.map(ToOwned::to_owned),
            }
        };
        told(Ok(vec![
            trunk(None, "carrier-1", "carrier", Some(true), Some(true), None),
            trunk(None, "carrier-2", "carrier", Some(true), None, None),
            trunk(Some("van-dam-advocaten"), "vandam-pbx", "pbx", Some(true), None, None),
            trunk(
                Some("hotel-zeezicht"),
                "hotel-kpn",
                "carrier",
                Some(false),
                Some(false),
                Some("its carrier does not answer"),
            ),
        ]))
    }

    fn bans(&self) -> Told<'_, Vec<BanView>> {
        let ban = |net: &str, secs: Option<u64>, why: &str| BanView {
            net: net.into(),
            until: secs.map(|secs| Time(now() + Duration::from_secs(secs))),
            why: why.into(),
        };
        told(Ok(vec![
            ban("203.0.113.199/32", Some(3_100), "Scanner"),
            ban("198.51.100.66/32", Some(520), "PasswordGuessing"),
            ban("2001:db8:666::/48", None, "by Olga"),
        ]))
    }

    fn ban(&self, _: BanOrder) -> Told<'_, ()> {
        told(Ok(()))
    }

    fn lift_ban(&self, _: IpNet, _: String) -> Told<'_, ()> {
        told(Ok(()))
    }

    fn check_plan(&self, _: Plan) -> Told<'_, Planned> {
        told(Err(Fault::InFile))
    }

    fn adopt_plan(&self, _: Plan, _: Act) -> Told<'_, Planned> {
        told(Err(Fault::InFile))
    }

    fn export_plan(&self, _: Option<Vec<TenantId>>, _: bool) -> Told<'_, String> {
        told(Err(Fault::InFile))
    }
}

/// There is no engine here to ask; only what can be lost is known, by limits that are made up too.
impl Inquire for Double {
    fn number(&self, _: NumberAsk) -> Told<'_, NumberView> {
        told(Err(no_engine()))
    }

    fn explain(&self, _: ExplainAsk) -> Told<'_, Explanation> {
        told(Err(no_engine()))
    }

    fn max_loss(&self, tenant: TenantId) -> Told<'_, MaxLossView> {
        let spans = |hour: i64, day: i64| Spans {
            hour: Some(Amount(Money::units(hour))),
            day: Some(Amount(Money::units(day))),
            ..Spans::default()
        };
        told(Ok(MaxLossView {
            currency: "EUR".into(),
            enforced: tenant.as_str() != "fietsenwinkel-tempo",
            at_most: spans(25, 75),
            at_risk: spans(9, 22),
        }))
    }

    fn read_deck(&self, _: DeckAsk) -> Told<'_, DeckReport> {
        told(Err(no_engine()))
    }

    fn office_hours(
        &self,
        _: TenantId,
        _: WallTime,
        _: WallTime,
    ) -> Told<'_, Vec<(WallTime, WallTime)>> {
        told(Err(no_engine()))
    }

    fn backtest(&self, _: BacktestAsk) -> Told<'_, Backtest> {
        told(Err(no_engine()))
    }
}

fn no_engine() -> Fault {
    Fault::Refused {
        what: "this world is made up and has no engine".into(),
        mend: "ask `ringfence serve`".into(),
    }
}
