//! A small world: two tenants, one of a reseller, people of each role, and what happened to them.

use crate::plans;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::{Router, response::Response};
use ipnet::IpNet;
use ringfence_api::plan::{Plan, Planned};
use ringfence_api::{
    Amount, App, ApproveOrder, Approver, Backtest, BacktestAsk, BacktestFound, BanOrder, BanView,
    BlockOrder, Chance, Changed, Clock, DeckAsk, DeckReport, ExplainAsk, Explanation, Fault, Grant,
    Inquire, MaxLossView, Node, NodeStatus, NumberAsk, NumberView, Progress, Reach,
    RegistrationView, Role, RunningCall, SetBlock, Settings, Spans, State, Time, Told, TrunkView,
    Verdicts,
};
use ringfence_model::{Cdr, Language, Money, TenantId, WallTime};
use ringfence_store::{
    Act, Approval, Claim, Draft, Expected, Feeder, Section, Session, SettingKey, Store, User,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tower::ServiceExt;

/// Sunday, 22 November 2026, 12:00 UTC.
pub const NOON: i64 = 1_795_348_800;
pub const PASSWORD: &str = "four words in a row";

/// A clock that stands still until it is moved.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> WallTime {
        WallTime(self.0.load(Ordering::Relaxed))
    }
}

/// Chance that is the same each time, and never twice.
pub struct Counted(AtomicU64);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            chunk.copy_from_slice(&Sha256::digest(count.to_le_bytes())[..chunk.len()]);
        }
    }
}

/// A node that does as it is told and remembers it.
#[derive(Default)]
pub struct Double {
    pub orders: Mutex<Vec<String>>,
    pub fails: Mutex<bool>,
    pub drains: Mutex<bool>,
    /// What the next backtest waits for.
    pub backtests: Mutex<Option<Receiver<()>>>,
    /// Where settings are.
    pub store: OnceLock<Store>,
}

impl Double {
    fn does(&self, order: String) -> Result<(), Fault> {
        if *self.fails.lock().unwrap() {
            let (what, mend) = ("the disk is slow".to_owned(), "see the log".to_owned());
            return Err(Fault::Refused { what, mend });
        }
        self.orders.lock().unwrap().push(order);
        Ok(())
    }

    pub fn took(&self) -> Vec<String> {
        std::mem::take(&mut self.orders.lock().unwrap())
    }
}

fn told<'a, T: Send + 'a>(value: Result<T, Fault>) -> Told<'a, T> {
    Box::pin(async move { value })
}

impl Node for Double {
    fn status(&self) -> Told<'_, NodeStatus> {
        let since = Time(WallTime::from_secs(NOON - 3600));
        told(Ok(NodeStatus {
            version: "0".into(),
            since,
            settings_since: since,
            shards: 1,
            calls: 2,
            registrations: 0,
            blocks: 0,
            bans: 0,
            draining: *self.drains.lock().unwrap(),
            listens: vec!["udp 192.0.2.1:5060".into()],
            troubles: vec![],
        }))
    }

    fn running_calls(&self) -> Told<'_, Vec<RunningCall>> {
        let call = |call: &str, tenant: &str| RunningCall {
            call: call.into(),
            tenant: tenant.into(),
            extension: Some("201".into()),
            direction: "outbound".into(),
            a_number: Some("+31201234567".into()),
            dialled: "00881612345678".into(),
            country: None,
            kind: Some("satellite".into()),
            started: Time(WallTime::from_secs(NOON - 60)),
            answered: None,
            exposure: Amount(Money::units(7)),
        };
        told(Ok(vec![call("11", "acme"), call("12", "beta")]))
    }

    fn cut(&self, call: String, by: String) -> Told<'_, ()> {
        told(self.does(format!("cut {call} by {by}")))
    }

    fn block(&self, order: BlockOrder) -> Told<'_, SetBlock> {
        let BlockOrder { tenant, level, by, .. } = &order;
        let done = self.does(format!("block {tenant} {level:?} by {by}"));
        let count = self.orders.lock().unwrap().len();
        let since = WallTime::from_secs(NOON);
        told(done.map(|()| SetBlock { id: format!("0-{}", 100 + count), since }))
    }

    fn lift(&self, block: String, by: String) -> Told<'_, ()> {
        told(self.does(format!("lift {block} by {by}")))
    }

    fn approve(&self, order: ApproveOrder) -> Told<'_, ()> {
        let ApproveOrder { tenant, to, amount, by } = order;
        told(self.does(format!("approve {tenant} {to:?} {} by {by}", amount.0)))
    }

    fn approver(&self, tenant: TenantId, contact: String) -> Told<'_, Option<Approver>> {
        let known = tenant.as_str() == "acme" && matches!(&*contact, "anna" | "bram");
        let language = if contact == "bram" { Language::Nl } else { Language::En };
        told(Ok(known.then_some(Approver { language, approves: Money::units(50) })))
    }

    fn incident_plan(&self, _: TenantId, language: Language) -> Told<'_, Vec<String>> {
        let call = if language == Language::Nl { "Bel" } else { "Call" };
        told(Ok(vec!["Pull the plug".into(), format!("{call} Anna, +31201234567")]))
    }

    fn review(&self, tenant: TenantId, fraud: bool) -> Told<'_, ()> {
        told(self.does(format!("review {tenant} {fraud}")))
    }

    fn registrations(&self) -> Told<'_, Vec<RegistrationView>> {
        let phone = |tenant: &str| RegistrationView {
            tenant: tenant.into(),
            extension: "201".into(),
            contact: "sip:201@192.0.2.9".into(),
            source: "192.0.2.9:5060".into(),
            expires: Time(WallTime::from_secs(NOON + 60)),
            user_agent: None,
        };
        told(Ok(vec![phone("acme"), phone("beta")]))
    }

    fn trunks(&self) -> Told<'_, Vec<TrunkView>> {
        let trunk = |tenant: &str| TrunkView {
            tenant: Some(tenant.into()),
            trunk: "carrier".into(),
            side: "carrier".into(),
            up: Some(true),
            registered: None,
            trouble: None,
        };
        told(Ok(vec![trunk("acme"), trunk("beta")]))
    }

    fn bans(&self) -> Told<'_, Vec<BanView>> {
        told(Ok(vec![]))
    }

    fn ban(&self, order: BanOrder) -> Told<'_, ()> {
        told(self.does(format!("ban {} by {}", order.net, order.by)))
    }

    fn lift_ban(&self, net: IpNet, by: String) -> Told<'_, ()> {
        told(self.does(format!("lift ban {net} by {by}")))
    }

    fn check_plan(&self, plan: Plan) -> Told<'_, Planned> {
        let store = self.store.get().unwrap();
        told(apart(|| plans::check(store, &plan)).map(|(planned, _)| planned))
    }

    fn adopt_plan(&self, plan: Plan, act: Act) -> Told<'_, Planned> {
        let store = self.store.get().unwrap();
        told(apart(|| plans::adopt(store, &plan, &act)))
    }

    fn export_plan(&self, tenants: Option<Vec<TenantId>>, secrets: bool) -> Told<'_, String> {
        told(self.does(format!("export {tenants:?} {secrets}")).map(|()| "# a plan\n".into()))
    }
}

impl Inquire for Double {
    fn number(&self, ask: NumberAsk) -> Told<'_, NumberView> {
        let tenant = ask.tenant.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
        let read_as = format!("asked for {tenant} in {:?}", ask.language);
        told(Ok(NumberView { dialled: ask.dialled, read_as, ..NumberView::default() }))
    }

    fn explain(&self, ask: ExplainAsk) -> Told<'_, Explanation> {
        let words = format!("{} in {:?}: {} {}", ask.outcome, ask.language, ask.reasons, ask.pass);
        told(Ok(Explanation { words, reasons: vec![], would_pass: vec![] }))
    }

    fn max_loss(&self, _: TenantId) -> Told<'_, MaxLossView> {
        let at_most = Spans { day: Some(Amount(Money::units(50))), ..Spans::default() };
        let at_risk = Spans { day: Some(Amount(Money::units(7))), ..Spans::default() };
        told(Ok(MaxLossView { currency: "EUR".into(), enforced: true, at_most, at_risk }))
    }

    fn read_deck(&self, ask: DeckAsk) -> Told<'_, DeckReport> {
        let rows = ask.csv.lines().count() as u64;
        told(Ok(DeckReport { rows, currency: ask.tenant.to_string(), ..DeckReport::default() }))
    }

    /// From 8:30 to 17:15 UTC each day.
    fn office_hours(
        &self,
        _: TenantId,
        from: WallTime,
        until: WallTime,
    ) -> Told<'_, Vec<(WallTime, WallTime)>> {
        let (day, open, shut) = (86_400, 8 * 3600 + 1800, 17 * 3600 + 900);
        let days = from.as_secs().div_euclid(day)..=until.as_secs().div_euclid(day);
        let at = |day: i64, secs| WallTime::from_secs(day * 86_400 + secs).clamp(from, until);
        let spans = days.map(|n| (at(n, open), at(n, shut))).filter(|(from, until)| from < until);
        told(Ok(spans.collect()))
    }

    /// Counts the records, and waits where it is told to.
    fn backtest(&self, ask: BacktestAsk) -> Told<'_, Backtest> {
        if ask.policy.block_hours == 13 {
            let (what, mend) = ("13 hours bring bad luck".to_owned(), "take 12".to_owned());
            return told(Err(Fault::Refused { what, mend }));
        }
        let gate = self.backtests.lock().unwrap().take();
        let run = move |cdrs: &[Cdr], progress: &Progress| {
            let of = cdrs.len() as u64;
            progress.tell(1, of);
            if let Some(gate) = gate {
                let _ = gate.recv();
            }
            if !progress.goes_on() {
                return Ok(None);
            }
            let draft = Verdicts { calls: of, ..Verdicts::default() };
            let first = cdrs.first().map(|cdr| Changed {
                call: cdr.native_id.to_string(),
                started: cdr.started.into(),
                extension: cdr.extension.as_ref().map(ToString::to_string),
                recorded: Amount(Money::ZERO),
                prevented: Amount(Money::ZERO),
            });
            Ok(Some(BacktestFound {
                learn_until: Time(WallTime::from_secs(NOON)),
                in_force: Verdicts::default(),
                draft,
                newly_stopped: first.into_iter().collect(),
                no_longer_stopped: vec![],
                default_tariff: true,
            }))
        };
        told(Ok(Box::new(run)))
    }
}

pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<Hands>,
    pub node: Arc<Double>,
    pub store: Store,
    pub router: Router,
    /// What backtests wait for while the world lives.
    pub held: Mutex<Vec<Sender<()>>>,
    tokens: AtomicU64,
    /// The last field: dropped when all others are.
    _gone: Sender<()>,
}

/// What was answered.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        self
    }

    pub fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }
}

/// A caller with what it always sends.
pub struct Client<'a> {
    pub world: &'a World,
    pub cookie: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub from: &'static str,
}

impl World {
    pub fn empty() -> Self {
        Self::with(|_| ())
    }

    pub fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(NOON * 1_000_000)));
        let at = clock.now();
        let store = apart(|| Store::open(crate::postgresql::place(), at).unwrap());
        let node = Arc::new(Double { store: store.clone().into(), ..Double::default() });
        let mut settings = Settings::new("https://fw.example".into(), [7; 32]);
        set(&mut settings);
        let app = App::new(State {
            store: store.clone(),
            node: Arc::clone(&node) as Arc<dyn Node>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            chance: Arc::new(Counted(AtomicU64::new(0))),
            settings,
        })
        .unwrap();
        // Lets go of the store last, on a thread where waiting is allowed: jobs may outlive the world for a moment.
        let (gone, world_is_gone) = mpsc::channel();
        let (kept, jobs) = (store.clone(), Arc::downgrade(&app));
        std::thread::spawn(move || {
            let _ = world_is_gone.recv();
            while jobs.strong_count() > 0 {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            std::thread::park_timeout(Duration::from_millis(5));
            drop(kept);
        });
        let router = ringfence_api::router(Arc::clone(&app));
        let (held, tokens) = (Mutex::default(), AtomicU64::new(0));
        Self { app, clock, node, store, router, held, tokens, _gone: gone }
    }

    /// With two tenants, `acme` of the reseller `north`, and `beta`.
    pub fn peopled() -> Self {
        Self::peopled_with(|_| ())
    }

    pub fn peopled_with(set: impl FnOnce(&mut Settings)) -> Self {
        let world = Self::with(set);
        world.reseller("north", &["acme"]);
        for (login, grants) in people() {
            world.person(login, &grants);
        }
        world
    }

    pub fn reseller(&self, id: &str, tenants: &[&str]) {
        let ids: Vec<TenantId> = tenants.iter().map(|id| TenantId::new(id)).collect();
        let claims = ringfence_api::reseller_claims(&ids);
        let draft = Draft {
            label: id.into(),
            body: json!({ "tenants": tenants }),
            claims,
            attachment: None,
        };
        let key = SettingKey::new(Section::Reseller, None, id);
        self.ask(|store| store.put_setting(&self.act(), &key, draft, Expected::New)).unwrap();
    }

    /// A trunk, an extension, a policy and a rate deck of `acme`, and both tenants' own rows.
    pub fn settings(&self) {
        let acme = TenantId::new("acme");
        let put = |section, tenant, id: &str, body: Value, claims, attachment| {
            let key = SettingKey::new(section, tenant, id);
            let draft = Draft { label: id.into(), body, claims, attachment };
            self.ask(|store| store.put_setting(&self.act(), &key, draft, Expected::New)).unwrap();
        };
        let trunk = |name: &str| vec![Claim { kind: "trunk".into(), name: name.into() }];
        put(Section::Tenant, None, "acme", json!({"country": "NL"}), vec![], None);
        put(Section::Tenant, None, "beta", json!({}), vec![], None);
        let kpn = json!({"side": "carrier", "account": {"user": "u", "password": "hush hush"}});
        put(Section::Trunk, Some(&acme), "kpn", kpn, trunk("kpn"), None);
        put(Section::Trunk, None, "all", json!({"side": "carrier"}), trunk("all"), None);
        put(Section::Extension, Some(&acme), "201", json!({"numbers": []}), vec![], None);
        let contact = json!({"mail": "c@acme.example"});
        put(Section::Contact, Some(&acme), "201", contact, vec![], None);
        let hook = json!({"webhook": "https://acme.example", "secret": "hush hush"});
        put(Section::Notification, Some(&acme), "201", hook, vec![], None);
        let policy = json!({"limits": {"per_day": 100}});
        put(Section::Policy, Some(&acme), "policy", policy, vec![], None);
        let deck = Some(b"prefix,price\n".to_vec());
        put(Section::Tariff, Some(&acme), "tariff", json!({}), vec![], deck);
    }

    /// A refused call of `acme` that waits for an answer for two hours; its name.
    pub fn held(&self) -> String {
        let made = self.clock.now();
        let approval = Approval {
            id: format!("event-{}", self.tokens.fetch_add(1, Ordering::Relaxed)),
            tenant: "acme".into(),
            extension: Some("201".into()),
            call: None,
            number: "+5312345678".into(),
            country: "CU".into(),
            kind: "mobile".into(),
            per_minute: Money::cents(90),
            reasons: json!([]),
            case: None,
            made,
            expires: made + Duration::from_secs(7_200),
            answer: None,
        };
        assert!(self.ask(|store| store.ask_approval(&approval)).unwrap());
        approval.id
    }

    pub fn act(&self) -> Act {
        Act {
            who: "test".into(),
            what: "test".into(),
            why: String::new(),
            address: None,
            at: self.clock.now(),
        }
    }

    /// Somebody with these grants and an authenticator, whose password nobody needs.
    pub fn person(&self, login: &str, grants: &[Grant]) -> User {
        let mut user = User {
            id: id_of(login),
            login: login.into(),
            name: login.to_uppercase(),
            password: None,
            totp: Some(vec![1; 60]),
            passkeys: json!([]),
            recovery: vec![],
            grants: to_store(grants),
            disabled: false,
            version: 0,
        };
        user.version = self.ask(|store| store.put_user(&self.act(), &user)).unwrap();
        user
    }

    /// Asks the store itself.
    pub fn ask<T: Send>(&self, question: impl FnOnce(&Store) -> T + Send) -> T {
        apart(|| question(&self.store))
    }

    /// The link for the first person.
    pub fn setup_link(&self) -> Option<String> {
        apart(|| self.app.setup_link().unwrap())
    }

    pub fn forward(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }

    pub fn stranger(&self) -> Client<'_> {
        Client { world: self, cookie: None, headers: Vec::new(), from: "192.0.2.77:4711" }
    }

    /// Somebody in a full session.
    pub fn client(&self, login: &str) -> Client<'_> {
        self.session(login, "totp")
    }

    pub fn session(&self, login: &str, strength: &str) -> Client<'_> {
        let count = self.tokens.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0xaa; 32];
        bytes[..8].copy_from_slice(&count.to_le_bytes());
        use base64::Engine;
        let token = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let at = self.clock.now();
        let session = Session {
            token: Sha256::digest(token.as_bytes()).into(),
            user: id_of(login),
            created: at,
            seen: at,
            expires: at + Duration::from_secs(1800),
            address: None,
            agent: "test".into(),
            strength: strength.into(),
        };
        self.ask(|store| store.open_session(&session)).unwrap();
        Client { cookie: Some(format!("__Host-ringfence={token}")), ..self.stranger() }
    }

    /// Calls that ended: whose, how many seconds before noon they began, and what differs from a common one.
    pub fn calls(&self, calls: &[(&str, i64, Value)]) {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (n, (tenant, before, more)) in calls.iter().enumerate() {
            let at = WallTime::from_secs(NOON - before);
            let mut cdr = json!({"native_id": format!("n{n}"), "correlation_id": null,
                "tenant": tenant, "trunk": "carrier", "extension": "201", "direction": "outbound",
                "a_number": "+31201234567", "dialled": "005312345678",
                "b_number": "+5312345678", "c_number": null, "via": "phone", "source": null,
                "started": at, "answered": at, "ended": at, "billable_ms": 60000, "code": 200,
                "country": "CU", "kind": "mobile", "cost": 900_000, "outcome": "ok"});
            for (name, value) in more.as_object().unwrap() {
                cdr[name] = value.clone();
            }
            lines += &format!("{cdr}\n");
        }
        std::fs::write(folder.path().join("cdr-2026-11-22.jsonl"), lines).unwrap();
        // The feeder keeps its place per file: each folder is one of another node.
        let node = self.tokens.fetch_add(1, Ordering::Relaxed);
        let node = 10 + u16::try_from(node).unwrap();
        let fed = self.ask(|store| Feeder::new(store.clone(), folder.path(), node).turn().unwrap());
        assert_eq!(fed.cdrs, calls.len() as u64);
    }

    /// What happened: an alert and a block of each tenant, which make a case of each, and a call of each.
    pub fn history(&self) {
        let folder = tempfile::tempdir().unwrap();
        let mut events = String::new();
        let mut cdrs = String::new();
        for (n, tenant) in ["acme", "beta"].into_iter().enumerate() {
            let at = Time(WallTime::from_secs(NOON - 600 + n as i64));
            let alert = json!({"at": at, "kind": "alerted", "why": "many calls to Cuba", "alert": {
                "tenant": tenant, "extension": "201", "call": null, "reasons": [], "evidence": 4.0,
                "at_stake": 700_000_000}});
            let block = json!({"at": at, "kind": "blocked", "why": "many calls to Cuba",
                "id": format!("0-{n}"), "reasons": [], "block": {"id": n, "scope": {"tenant": tenant},
                "level": "national", "since": at.0, "until": null, "origin": "engine",
                "shadow": false}});
            events += &format!("{alert}\n{block}\n");
            let cdr = json!({"native_id": format!("c{n}"), "correlation_id": format!("id{n}@pbx"),
                "tenant": tenant, "trunk": "carrier", "extension": "201", "direction": "outbound",
                "a_number": "+31201234567", "dialled": "005312345678", "b_number": "+5312345678",
                "c_number": null, "via": "phone", "source": null, "started": at.0,
                "answered": at.0, "ended": at.0, "billable_ms": 60000, "code": 200,
                "country": "CU", "kind": "mobile", "cost": 900_000, "outcome": "ok"});
            cdrs += &format!("{cdr}\n");
        }
        std::fs::write(folder.path().join("events-2026-11-22.jsonl"), events).unwrap();
        std::fs::write(folder.path().join("cdr-2026-11-22.jsonl"), cdrs).unwrap();
        let fed = self.ask(|store| Feeder::new(store.clone(), folder.path(), 0).turn().unwrap());
        assert_eq!((fed.cdrs, fed.events, fed.refused), (2, 4, 0));
    }
}

/// On a thread of its own: the store waits, and PostgreSQL's client will not do that among tasks.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// Ids are UUIDs, as WebAuthn wants them.
pub fn id_of(login: &str) -> String {
    let hash = Sha256::digest(login);
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub fn grant(role: Role, reach: Reach) -> Grant {
    Grant { role, reach }
}

/// One of each role, over `acme` or what it belongs to, and one over `beta`.
pub fn people() -> Vec<(&'static str, Vec<Grant>)> {
    let acme = || Reach::Tenant("acme".into());
    vec![
        ("root", vec![grant(Role::PlatformAdmin, Reach::Platform)]),
        ("north", vec![grant(Role::Reseller, Reach::Reseller("north".into()))]),
        ("anna", vec![grant(Role::TenantAdmin, acme())]),
        ("otto", vec![grant(Role::Operator, acme())]),
        ("audrey", vec![grant(Role::Auditor, acme())]),
        ("bram", vec![grant(Role::TenantAdmin, Reach::Tenant("beta".into()))]),
        ("nemo", vec![]),
    ]
}

fn to_store(grants: &[Grant]) -> Vec<ringfence_store::Grant> {
    let one = |grant: &Grant| ringfence_store::Grant {
        role: ringfence_store::Role::of(
            serde_json::to_value(grant.role).unwrap().as_str().unwrap(),
        )
        .unwrap(),
        reach: match &grant.reach {
            Reach::Platform => ringfence_store::Reach::Platform,
            Reach::Reseller(id) => ringfence_store::Reach::Reseller(id.clone()),
            Reach::Tenant(id) => ringfence_store::Reach::Tenant(id.clone()),
        },
    };
    grants.iter().map(one).collect()
}

impl Client<'_> {
    /// As over plain HTTP on the own machine, where cookies have another name.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.cookie = self.cookie.map(|cookie| cookie.replace("__Host-", ""));
        self
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub fn from(mut self, from: &'static str) -> Self {
        self.from = from;
        self
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Got {
        self.send(Method::DELETE, path, None, &[]).await
    }

    pub async fn put(&self, path: &str, etag: &str, body: Value) -> Got {
        self.send(Method::PUT, path, Some(body), &[("if-match", etag)]).await
    }

    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Got {
        self.send(Method::PATCH, path, Some(body), &[("if-match", etag)]).await
    }

    /// Sends as the portal does; a cookie that comes back is kept by [`Self::login`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        more: &[(&'static str, &str)],
    ) -> Got {
        let mut request = Request::builder().method(method).uri(path).header("x-ringfence", "1");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.world.raw(request.body(body).unwrap(), self.from).await
    }

    /// Sends, and keeps the session that comes back.
    pub async fn login(&mut self, path: &str, body: Value) -> Got {
        let got = self.post(path, body).await;
        if let Some(line) = got.headers.get("set-cookie") {
            let line = line.to_str().unwrap();
            self.cookie = Some(line.split(';').next().unwrap().to_owned());
        }
        got
    }
}

impl World {
    pub async fn raw(&self, request: Request<Body>, from: &str) -> Got {
        let response = self.answer(request, from).await;
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        let is_json = head.headers.get("content-type").is_some_and(|of| of == "application/json");
        let body = if is_json { serde_json::from_slice(&bytes).unwrap() } else { Value::Null };
        Got { status: head.status, headers: head.headers, body }
    }

    /// Each answer is one that the reference knows.
    pub async fn answer(&self, mut request: Request<Body>, from: &str) -> Response {
        let from: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(from));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        crate::reference::check(&method, &path, response.status());
        response
    }
}
