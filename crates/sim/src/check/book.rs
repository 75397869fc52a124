//! The money really lost, added up anew from attempts, answers and releases, against every limit, against the bound
//! that is promised, and against what the engine itself counts.

use anyhow::{Result, ensure};
use ringfence_fraud::profile::DestinationKey;
use ringfence_fraud::running::LEASE;
use ringfence_fraud::{MaxLoss, Settings, max_loss};
use ringfence_gate::Gate;
use ringfence_model::{
    Attempt, CallId, Destination, ExtensionId, Limits, Mode, Money, Policy, Release, TenantId,
    TrunkId, WallTime, Window,
};
use ringfence_numbering::Rate;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

/// Between two looks at a running call.
const LOOK_SECS: i64 = 10;
/// From the order to cut a call to its end, at the most.
const CUT_SECS: i64 = 4;
/// The windows of limits: length and slot in seconds.
const WINDOWS: [(Window, i64, i64); 4] = [
    (Window::Hour, 3_600, 300),
    (Window::Day, 86_400, 3_600),
    (Window::Week, 7 * 86_400, 21_600),
    (Window::Month, 30 * 86_400, 86_400),
];

/// One paid call.
#[derive(Clone, Debug)]
struct Paid {
    call: CallId,
    extension: Option<ExtensionId>,
    trunk: Option<TrunkId>,
    ip: Option<IpAddr>,
    to: DestinationKey,
    rate: Rate,
    answered: Option<WallTime>,
    ended: Option<WallTime>,
    cut: bool,
}

/// What bounds a tenant in the whole run: of several policies the loosest figure.
struct Bounds {
    tenant: Limits,
    extension: Limits,
    trunk: Limits,
    destination: Limits,
    source: Limits,
    most: MaxLoss,
    call_secs_max: i64,
}

#[derive(Default)]
struct Account {
    bounds: Option<Bounds>,
    running: BTreeMap<CallId, Paid>,
    /// In the order in which they ended.
    over: Vec<Paid>,
}

/// All paid calls of a run. Tenants that are in `observe` for a part of it are left out: nothing bounds them.
pub struct Book {
    accounts: HashMap<TenantId, Account>,
    owner: HashMap<CallId, TenantId>,
    /// Whether the wall clock never steps: what windows mean is else a matter of taste.
    steady: bool,
    /// Sums compared so far.
    pub sums: u64,
    /// The largest share of the promised maximum loss per hour that was really lost.
    pub nearest: f64,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(steady: bool) -> Self {
        Self { accounts: HashMap::new(), owner: HashMap::new(), steady, sums: 0, nearest: 0.0 }
    }

    /// Notes what bounds a tenant.
    ///
    /// # Errors
    /// When a policy cannot work.
    pub fn bound(&mut self, tenant: &TenantId, policies: &[&Policy]) -> Result<()> {
        let account = self.accounts.entry(tenant.clone()).or_default();
        if policies.iter().any(|policy| policy.mode != Mode::Enforce) {
            return Ok(());
        }
        let loosest = |of: fn(&Policy) -> Limits| {
            policies.iter().map(|p| of(p)).reduce(loosest).unwrap_or_default()
        };
        let mut most: Option<MaxLoss> = None;
        for policy in policies {
            let next = max_loss(&Settings::new((*policy).clone())?);
            most = Some(most.map_or(next, |most| looser(most, next)));
        }
        account.bounds = Some(Bounds {
            tenant: loosest(|p| p.limits),
            extension: loosest(|p| p.extension_limits),
            trunk: loosest(|p| p.trunk_limits),
            destination: loosest(|p| p.destination_limits),
            source: loosest(|p| p.source_limits),
            most: most.unwrap_or_default(),
            call_secs_max: policies
                .iter()
                .map(|p| i64::from(p.paid_call_secs_max))
                .max()
                .unwrap_or(0),
        });
        Ok(())
    }

    /// A paid call was let through.
    pub fn admitted(&mut self, attempt: &Attempt, to: &Destination, rate: Rate, _at: WallTime) {
        let account = self.accounts.entry(attempt.tenant.clone()).or_default();
        self.owner.insert(attempt.call, attempt.tenant.clone());
        let paid = Paid {
            call: attempt.call,
            extension: attempt.extension.clone(),
            trunk: attempt.trunk.clone(),
            ip: attempt.source.as_ref().map(|source| source.ip),
            to: DestinationKey::of(to),
            rate,
            answered: None,
            ended: None,
            cut: false,
        };
        account.running.insert(attempt.call, paid);
    }

    /// Charging begins.
    pub fn answered(&mut self, call: CallId, at: WallTime) {
        if let Some(paid) = self.running_mut(call) {
            paid.answered = Some(at);
        }
    }

    /// A call was cut: whose, when it runs and was not cut before.
    pub fn cut(&mut self, call: CallId) -> Option<TenantId> {
        let paid = self.running_mut(call).filter(|paid| !paid.cut)?;
        paid.cut = true;
        self.owner.get(&call).cloned()
    }

    /// A call is over.
    ///
    /// # Errors
    /// When its cost passes a limit.
    pub fn released(&mut self, release: &Release, at: WallTime) -> Result<()> {
        let Some(tenant) = self.owner.remove(&release.call) else { return Ok(()) };
        let Some(account) = self.accounts.get_mut(&tenant) else { return Ok(()) };
        let Some(mut paid) = account.running.remove(&release.call) else { return Ok(()) };
        paid.ended = Some(at);
        account.over.push(paid.clone());
        let steady = self.steady;
        let Some(account) = self.accounts.get(&tenant) else { return Ok(()) };
        let Some(bounds) = &account.bounds else { return Ok(()) };
        bounds.one_call(&paid, at)?;
        if steady {
            self.sums += 24;
            account.every_scope(bounds, &paid, at)?;
        }
        Ok(())
    }

    /// The hour's money of a tenant, checked at each look while calls run.
    ///
    /// # Errors
    /// When it passes the limit or the promised bound.
    pub fn within_the_hour(&mut self, tenant: &TenantId, at: WallTime) -> Result<()> {
        let Some(account) = self.accounts.get(tenant) else { return Ok(()) };
        let Some(bounds) = account.bounds.as_ref().filter(|_| self.steady) else { return Ok(()) };
        if account.running.is_empty() {
            return Ok(());
        }
        self.sums += 1;
        let lost = account.lost(at, 3_600, |_| true);
        if let Some(most) = bounds.most.hour.filter(|most| *most > Money::ZERO) {
            self.nearest = self.nearest.max(lost.as_f64() / most.as_f64());
        }
        within(lost, bounds.tenant.per_hour, "the tenant's limit per hour")?;
        within(lost, bounds.most.hour, "the promised maximum loss per hour")
    }

    /// Holds the engine's own exposure against the sums of this book.
    ///
    /// # Errors
    /// When it forgot money, or counts money that is neither spent nor held for a running call.
    pub fn compare(&mut self, tenant: &TenantId, at: WallTime, gate: &Gate) -> Result<()> {
        let Some(account) = self.accounts.get(tenant) else { return Ok(()) };
        if account.bounds.is_none() || !self.steady {
            return Ok(());
        }
        let Some(state) = gate.engine().tenant_state(tenant) else { return Ok(()) };
        let held = state.active.iter().filter_map(|call| gate.engine().running(*call));
        let held: Money = held.map(|running| running.reserved).sum();
        let mut spend = state.spend.clone();
        ensure!(held == spend.reserved(), "{held} is held for calls, {} counted", spend.reserved());
        ensure!(spend.active() as usize == account.running.len(), "calls at once are miscounted");
        let ahead: Money = account.running.values().map(|paid| paid.ahead(at)).sum();
        for (window, secs, slot) in WINDOWS {
            self.sums += 1;
            let counted = spend.exposure(at, window);
            let least = account.lost(at, secs, |_| true);
            let most = account.lost(at, secs + slot + LOOK_SECS, |_| true) + ahead;
            ensure!(
                least <= counted && counted <= most,
                "exposure per {window:?} of {tenant} is {counted:?}, between {least:?} and {most:?} by the book"
            );
        }
        account.extensions(at, state)
    }

    fn running_mut(&mut self, call: CallId) -> Option<&mut Paid> {
        let tenant = self.owner.get(&call)?;
        self.accounts.get_mut(tenant)?.running.get_mut(&call)
    }
}

impl Account {
    /// Money lost in the `secs` before `at` by the calls that `counts`.
    fn lost(&self, at: WallTime, secs: i64, counts: impl Fn(&Paid) -> bool) -> Money {
        let from = WallTime(at.0 - secs * 1_000_000);
        let over =
            self.over.iter().rev().take_while(|paid| paid.ended.is_some_and(|end| end > from));
        let all = over.chain(self.running.values()).filter(|paid| counts(paid));
        all.map(|paid| paid.cost_by(at) - paid.cost_by(from)).sum()
    }

    /// Every window of every scope that `paid` falls under.
    fn every_scope(&self, bounds: &Bounds, paid: &Paid, at: WallTime) -> Result<()> {
        let most = bounds.most;
        let promised = Limits {
            per_hour: most.hour,
            per_day: most.day,
            per_week: most.week,
            per_month: most.month,
            ..Limits::default()
        };
        self.windows("the promised maximum loss", &promised, at, |_| true)?;
        self.windows("the tenant's limit", &bounds.tenant, at, |_| true)?;
        let own = |other: &Paid| other.extension == paid.extension;
        self.windows("the extension's limit", &bounds.extension, at, own)?;
        self.windows("the trunk's limit", &bounds.trunk, at, |other| other.trunk == paid.trunk)?;
        self.windows("the destination's limit", &bounds.destination, at, |other| {
            other.to == paid.to
        })?;
        if paid.ip.is_none() {
            return Ok(());
        }
        self.windows("the source's limit", &bounds.source, at, |other| other.ip == paid.ip)
    }

    fn windows(
        &self,
        whose: &str,
        limits: &Limits,
        at: WallTime,
        counts: impl Fn(&Paid) -> bool,
    ) -> Result<()> {
        for (window, secs, _) in WINDOWS {
            let limit = match window {
                Window::Hour => limits.per_hour,
                Window::Day => limits.per_day,
                Window::Week => limits.per_week,
                _ => limits.per_month,
            };
            if limit.is_some() {
                within(self.lost(at, secs, &counts), limit, &format!("{whose} per {window:?}"))?;
            }
        }
        Ok(())
    }

    /// The engine's count of each extension that has a call up.
    fn extensions(&self, at: WallTime, state: &ringfence_fraud::tenant::TenantState) -> Result<()> {
        // Without a limit over more than one call the engine keeps no sum of an extension.
        let adds_up = self.bounds.as_ref().is_some_and(|bounds| {
            Limits { per_call: None, ..bounds.extension } != Limits::default()
        });
        if self.running.is_empty() || !adds_up {
            return Ok(());
        }
        let mut ledger = state.extension_spend.clone();
        for paid in self.running.values() {
            let Some(extension) = &paid.extension else { continue };
            let Some(index) = state.index.get(extension) else { continue };
            let counted =
                ledger.get_mut(index).map_or(Money::ZERO, |s| s.exposure(at, Window::Day));
            let own = |other: &Paid| other.extension.as_ref() == Some(extension);
            let least = self.lost(at, 86_400, own);
            ensure!(
                counted >= least,
                "exposure of {extension} is {counted:?}, by the book {least:?}"
            );
        }
        Ok(())
    }
}

impl Paid {
    fn charged(&self, at: WallTime) -> Duration {
        self.answered.map_or(Duration::ZERO, |answered| self.ended.unwrap_or(at).min(at) - answered)
    }

    fn cost_by(&self, at: WallTime) -> Money {
        self.rate.cost(self.charged(at))
    }

    /// What may be held for the call: its cost one lease ahead.
    fn ahead(&self, at: WallTime) -> Money {
        self.rate.cost(self.charged(at) + LEASE)
    }
}

impl Bounds {
    fn one_call(&self, paid: &Paid, at: WallTime) -> Result<()> {
        let cost = paid.cost_by(at);
        within(cost, self.tenant.per_call, "the tenant's limit per call")?;
        within(cost, self.extension.per_call, "the extension's limit per call")?;
        within(cost, self.trunk.per_call, "the trunk's limit per call")?;
        within(cost, self.most.call, "the promised maximum loss per call")?;
        let secs = paid.charged(at).as_secs() as i64;
        ensure!(
            secs <= self.call_secs_max + LOOK_SECS + CUT_SECS,
            "call {} lasted {secs} s, longer than the policy's {} s",
            paid.call,
            self.call_secs_max
        );
        Ok(())
    }
}

fn within(lost: Money, limit: Option<Money>, what: &str) -> Result<()> {
    ensure!(limit.is_none_or(|limit| lost <= limit), "{lost:?} lost, {what} is {limit:?}");
    Ok(())
}

fn either(a: Option<Money>, b: Option<Money>) -> Option<Money> {
    Some(a?.max(b?))
}

fn loosest(a: Limits, b: Limits) -> Limits {
    Limits {
        per_call: either(a.per_call, b.per_call),
        per_hour: either(a.per_hour, b.per_hour),
        per_day: either(a.per_day, b.per_day),
        per_week: either(a.per_week, b.per_week),
        per_month: either(a.per_month, b.per_month),
        calls_active_max: None,
        calls_per_minute_max: None,
    }
}

fn looser(a: MaxLoss, b: MaxLoss) -> MaxLoss {
    MaxLoss {
        call: either(a.call, b.call),
        hour: either(a.hour, b.hour),
        day: either(a.day, b.day),
        week: either(a.week, b.week),
        month: either(a.month, b.month),
    }
}
