//! What the lines of the events file become: events, alerts to be told, blocks on record, and the cases they make up.

use crate::Result;
use crate::blocks::{self, BlockRow};
use crate::cases::{self, Case, CaseState};
use crate::cdr::clean;
use crate::link::Link;
use crate::outbox::{self, Outgoing};
use crate::value::{Value, args};
use jiff::Timestamp;
use ringfence_model::{Block, Money, Origin, TenantId, WallTime};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::time::Duration;

/// Something this long after the last of a case is another case.
const QUIET: Duration = Duration::from_secs(24 * 3_600);

/// A batch of events on their way.
#[derive(Debug)]
pub(super) struct Telling {
    node: i64,
    rows: Vec<Vec<Value>>,
    outgoing: Vec<Outgoing>,
    blocks: Vec<OnRecord>,
    /// The open case of each tenant that was looked at, or that it has none.
    cases: HashMap<String, Option<Case>>,
    /// Cases that something was added to and that are no longer the tenant's latest.
    past: Vec<Case>,
}

#[derive(Debug)]
enum OnRecord {
    Set(Box<BlockRow>),
    Ended { id: String, at: WallTime, by: Option<String> },
}

/// What a line says.
struct Told<'a> {
    id: i64,
    at: WallTime,
    kind: &'a str,
    tenant: String,
    extension: Option<String>,
    call: Option<String>,
    why: String,
    body: &'a Json,
}

impl Telling {
    pub fn new(node: i64) -> Self {
        Self {
            node,
            rows: Vec::new(),
            outgoing: Vec::new(),
            blocks: Vec::new(),
            cases: HashMap::new(),
            past: Vec::new(),
        }
    }

    /// Takes a line; whether it is one.
    pub fn take(&mut self, link: &mut Link, id: i64, text: &[u8]) -> Result<bool> {
        let Ok(body) = serde_json::from_slice::<Json>(text) else { return Ok(false) };
        let Some(told) = Told::of(id, &body) else { return Ok(false) };
        let case = self.case(link, &told)?;
        self.block(&told, case.as_deref());
        if matches!(told.kind, "alerted" | "blocked" | "lifted") || told.may_be_approved() {
            self.outgoing.push(told.outgoing(case.as_deref()));
        }
        self.rows.push(
            args![
                id,
                told.at,
                told.kind,
                told.tenant,
                told.extension,
                told.call,
                case,
                told.why,
                told.body
            ]
            .to_vec(),
        );
        Ok(true)
    }

    /// Adds it to the open case of its tenant, or begins one; gives its id.
    fn case(&mut self, link: &mut Link, told: &Told<'_>) -> Result<Option<String>> {
        let begins = matches!(told.kind, "alerted" | "blocked" | "cut");
        if told.tenant.is_empty() || !(begins || told.is_refusal() || told.kind == "lifted") {
            return Ok(None);
        }
        let since = told.at - QUIET;
        if !self.cases.contains_key(&told.tenant) {
            let open = cases::open_of(link, &told.tenant, since)?;
            self.cases.insert(told.tenant.clone(), open);
        }
        let slot = self.cases.entry(told.tenant.clone()).or_default();
        if let Some(old) = slot.take_if(|case| case.active < since) {
            self.past.push(old);
        }
        if slot.is_none() && begins {
            *slot = Some(told.begin(self.node));
        }
        let Some(case) = slot else { return Ok(None) };
        told.add_to(case);
        Ok(Some(case.id.clone()))
    }

    fn block(&mut self, told: &Told<'_>, case: Option<&str>) {
        let Some(block) = told.body.get("block") else { return };
        let Ok(block) = serde_json::from_value::<Block>(block.clone()) else { return };
        let id = told.body.get("id").and_then(Json::as_str).map(clean).unwrap_or_default();
        let id = if self.node == 0 { id } else { format!("n{}:{id}", self.node) };
        if told.kind == "lifted" {
            let by = text(Some(told.body), "by");
            self.blocks.push(OnRecord::Ended { id, at: told.at, by });
            return;
        }
        let (made_by, by_engine) = match &block.origin {
            Origin::Engine => ("ringfence".to_owned(), true),
            Origin::Person(name) => (clean(name), false),
        };
        self.blocks.push(OnRecord::Set(Box::new(BlockRow {
            id,
            tenant: TenantId::new(&clean(block.scope.tenant().as_str())),
            extension: block.scope.extension().cloned(),
            level: block.level,
            since: block.since,
            until: block.until,
            made_by,
            by_engine,
            shadow: block.shadow,
            reasons: told.body.get("reasons").cloned().unwrap_or_default(),
            why: told.why.clone(),
            case: case.map(ToOwned::to_owned),
            lifted: None,
            lifted_by: None,
        })));
    }

    pub fn write(self, link: &mut Link) -> Result<()> {
        let mut cases: Vec<Case> = self.past;
        cases.extend(self.cases.into_values().flatten());
        // In one order on every node, so that no two wait for each other.
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        for case in &cases {
            cases::keep(link, case)?;
        }
        for block in &self.blocks {
            match block {
                OnRecord::Set(block) => blocks::put(link, block, false)?,
                OnRecord::Ended { id, at, by } => blocks::ended(link, id, *at, by.as_ref())?,
            }
        }
        outbox::put(link, &self.outgoing)?;
        link.insert(
            "INSERT INTO event (id, at, kind, tenant, extension, call, case_id, why, body)",
            "",
            &self.rows,
        )
    }
}

impl<'a> Told<'a> {
    fn of(id: i64, body: &'a Json) -> Option<Self> {
        let at: Timestamp = body.get("at")?.as_str()?.parse().ok()?;
        let kind = body.get("kind")?.as_str()?;
        // Of what happens by itself the sort is inside.
        let inner = (kind == "event").then(|| body.get("event")?.get("event")?.as_str()).flatten();
        let subject = ["alert", "attempt", "event"]
            .into_iter()
            .find_map(|part| body.get(part).filter(|part| part.is_object()));
        let (tenant, extension) = match body.get("block").and_then(|block| block.get("scope")) {
            Some(scope) => scope_parts(scope),
            None => (text(subject, "tenant"), text(subject, "extension")),
        };
        let verdict = body.get("verdict");
        let call =
            body.get("call").or_else(|| verdict?.get("call")).or_else(|| subject?.get("call"));
        let call = call.and_then(|call| call.as_u64().map(|call| call.to_string()));
        Some(Self {
            id,
            at: WallTime(at.as_microsecond()),
            kind: inner.unwrap_or(kind),
            tenant: tenant.unwrap_or_default(),
            extension,
            call,
            why: text(Some(body), "why").unwrap_or_default(),
            body,
        })
    }

    fn is_refusal(&self) -> bool {
        let action = self.body.get("verdict").and_then(|verdict| verdict.get("action"));
        self.kind == "verdict" && action.and_then(Json::as_str) == Some("reject")
    }

    /// Whether it is a refusal that somebody may take back.
    fn may_be_approved(&self) -> bool {
        let pass = self.body.get("verdict").and_then(|verdict| verdict.get("pass"));
        let ways = pass.and_then(Json::as_array).into_iter().flatten();
        let mut ways = ways.filter_map(|way| way.get("pass").and_then(Json::as_str));
        self.is_refusal() && ways.any(|way| way == "approval")
    }

    fn begin(&self, node: i64) -> Case {
        Case {
            id: format!("{node}-{}", self.id & ((1 << super::NODE_SHIFT) - 1)),
            tenant: TenantId::new(&self.tenant),
            extension: self.extension.clone(),
            state: CaseState::Open,
            opened: self.at,
            active: self.at,
            closed: None,
            closed_by: None,
            let_through: Money::ZERO,
            prevented: Money::ZERO,
            alerts: 0,
            calls: 0,
            held: false,
            headline: self.why.clone(),
            version: 1,
        }
    }

    fn add_to(&self, case: &mut Case) {
        case.active = case.active.max(self.at);
        let money = |of: Option<&Json>| of.and_then(Json::as_i64).map_or(Money::ZERO, Money);
        match self.kind {
            "alerted" => {
                case.alerts += 1;
                // Of what an older version told, all that was at stake.
                let alert = self.body.get("alert");
                let spent = alert.and_then(|alert| alert.get("spent").or(alert.get("at_stake")));
                case.let_through = case.let_through.max(money(spent));
            }
            "cut" => {
                case.calls += 1;
                case.let_through = case.let_through.max(money(self.body.get("cost")));
            }
            "verdict" => {
                case.calls += 1;
                case.prevented += money(self.body.get("prevented"));
            }
            _ => {}
        }
    }

    fn outgoing(&self, case: Option<&str>) -> Outgoing {
        Outgoing {
            id: format!("event-{}", self.id),
            kind: self.kind.to_owned(),
            tenant: (!self.tenant.is_empty()).then(|| TenantId::new(&self.tenant)),
            body: json!({"event": self.id, "case": case, "what": self.body}),
            made: self.at,
            due: self.at,
            tries: 0,
            trouble: None,
        }
    }
}

/// `{"tenant": "office"}` or `{"extension": ["office", "205"]}`.
fn scope_parts(scope: &Json) -> (Option<String>, Option<String>) {
    let part = |at: usize| scope.get("extension")?.get(at)?.as_str().map(clean);
    (text(Some(scope), "tenant").or_else(|| part(0)), part(1))
}

fn text(of: Option<&Json>, name: &str) -> Option<String> {
    of?.get(name)?.as_str().map(clean)
}
