//! What dialled digits are and cost, and what the policy and the blocks in force say of a call to them.

use crate::running::Running;
use ringfence_api::{Amount, Fault, NumberAsk, NumberVerdict, NumberView, PriceView};
use ringfence_fraud::explain::Voice;
use ringfence_fraud::ladder;
use ringfence_fraud::standing::{Declared, declared};
use ringfence_gate::Setup;
use ringfence_model::{
    Attempt, Block, CallId, Destination, Direction, E164, ExtensionId, Language, Level, Pass,
    Protected, Reason, Target, TenantId, Via, WallTime,
};
use ringfence_numbering::{Numbering, country_name, operator};
use serde::Serialize;

pub async fn inspect(running: &Running, ask: NumberAsk) -> Result<NumberView, Fault> {
    let Some(tenant) = &ask.tenant else {
        return Ok(view(&running.setup_or_default(None), &ask.dialled, crate::wall()).1);
    };
    let setup = running.setup_of(tenant)?;
    let (target, mut view) = view(&setup, &ask.dialled, crate::wall());
    let blocks = blocks(running, tenant, ask.extension.as_ref()).await?;
    view.verdict = Some(verdict(&setup, &target, tenant, &ask, &blocks));
    Ok(view)
}

/// Those in force that cover the extension.
async fn blocks(
    running: &Running,
    tenant: &TenantId,
    extension: Option<&ExtensionId>,
) -> Result<Vec<Block>, Fault> {
    let shard = running.config().snapshot.directory.shard_of(tenant);
    let (tenant, extension) = (tenant.clone(), extension.cloned());
    let found = running.shards.ask(shard, move |gate, now| {
        let covers = |block: &&Block| {
            *block.scope.tenant() == tenant
                && block.scope.covers(extension.as_ref())
                && block.until.is_none_or(|until| until > now.wall)
        };
        gate.engine().blocks().filter(covers).cloned().collect()
    });
    Ok(found.await?)
}

fn view(setup: &Setup, dialled: &str, at: WallTime) -> (Target, NumberView) {
    let target = Numbering::embedded().classify(dialled, &setup.dial_plan);
    let read_as = match &target {
        Target::Protected(Protected::Emergency) => "emergency",
        Target::Protected(Protected::Helpline) => "helpline",
        Target::Internal(_) => "internal",
        Target::Outside(_) => "outside",
    };
    let mut view = NumberView {
        dialled: dialled.to_owned(),
        read_as: read_as.to_owned(),
        ..NumberView::default()
    };
    if let Target::Outside(to) = &target {
        describe(&mut view, setup, to, at);
    }
    (target, view)
}

fn describe(view: &mut NumberView, setup: &Setup, to: &Destination, at: WallTime) {
    let civil = setup.settings.calendar().civil(at);
    let rate = setup.tariff.rate(to, civil.weekday(), civil.minute);
    view.number = to.number.map(E164::full);
    view.country = Some(to.country.to_string());
    view.country_name = country_name(to.country).map(ToOwned::to_owned);
    view.kind = word(&to.kind);
    view.class = word(&to.class());
    view.risk = Some(format!("{:?}", to.tier));
    view.valid = Some(to.valid);
    view.range = to.range.map(E164::full);
    view.operator = to.number.and_then(operator).map(ToOwned::to_owned);
    view.price = rate.map(|rate| PriceView {
        connect: Amount(rate.connect),
        per_minute: Amount(rate.per_minute),
        currency: setup.tariff.currency().to_string(),
        default_tariff: setup.tariff.is_default(),
    });
}

/// The word of an enum, as in files.
fn word<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(ToOwned::to_owned)
}

fn verdict(
    setup: &Setup,
    target: &Target,
    tenant: &TenantId,
    ask: &NumberAsk,
    blocks: &[Block],
) -> NumberVerdict {
    let enforced = setup.settings.enforces();
    let stands = match target {
        Target::Protected(_) => None,
        Target::Internal(_) => {
            let forbids = |block: &&Block| block.level == Level::Suspended && !block.shadow;
            blocks.iter().find(forbids).map(blocked)
        }
        Target::Outside(to) => outside(setup, to, tenant, ask, blocks, enforced),
    };
    let voice = voice(setup, ask.language);
    let (reasons, would_pass) = stands.map_or_else(Default::default, |(reason, pass)| {
        (vec![voice.reason(&reason)], vec![voice.pass(&pass)])
    });
    NumberVerdict { passes: reasons.is_empty(), enforced, reasons, would_pass }
}

/// In the order of the engine: what was declared, then the strictest block.
fn outside(
    setup: &Setup,
    to: &Destination,
    tenant: &TenantId,
    ask: &NumberAsk,
    blocks: &[Block],
    enforced: bool,
) -> Option<(Reason, Pass)> {
    let attempt = Attempt {
        call: CallId(0),
        tenant: tenant.clone(),
        trunk: None,
        extension: ask.extension.clone(),
        direction: Direction::Outbound,
        a_number: None,
        dialled: ask.dialled.as_str().into(),
        forwarded_by: None,
        via: Via::Unknown,
        source: None,
        parent: None,
    };
    let civil = setup.settings.calendar().civil(crate::wall());
    if let Declared::Refused(reason, pass) = declared(&setup.settings, &civil, &attempt, to) {
        return Some((reason, pass));
    }
    let stands = |block: &&Block| (!enforced || !block.shadow) && !ladder::permits(block.level, to);
    blocks.iter().filter(stands).max_by_key(|block| block.level).map(blocked)
}

fn blocked(block: &Block) -> (Reason, Pass) {
    let whole_tenant = block.scope.extension().is_none();
    let (level, until) = (block.level, block.until);
    (Reason::Blocked { level, until, whole_tenant }, Pass::Unblock { until })
}

/// As a tenant is spoken to.
pub fn voice(setup: &Setup, language: Language) -> Voice {
    let policy = setup.settings.policy();
    Voice { currency: policy.currency, ..Voice::of(language, &policy.time_zone) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Source, parse};
    use ringfence_model::{BlockId, Origin, Scope};

    const TEXT: &str = r#"
[[listen]]
udp = "192.0.2.1:5060"
[[tenant]]
id = "t"
country = "NL"
[tenant.policy]
mode = "enforce"
deny = [{ prefix = "+881", note = "satellites" }]
"#;

    fn setup() -> Setup {
        let config = parse(Source::new("/nowhere/r.toml".into(), TEXT.to_owned())).unwrap();
        config.snapshot.setup(&"t".into()).clone()
    }

    fn ask(dialled: &str, extension: Option<&str>, language: Language) -> NumberAsk {
        let extension = extension.map(ExtensionId::new);
        NumberAsk { tenant: Some("t".into()), extension, dialled: dialled.into(), language }
    }

    fn judged(dialled: &str, blocks: &[Block]) -> NumberVerdict {
        let setup = setup();
        let (target, _) = view(&setup, dialled, WallTime::from_secs(1_795_334_400));
        let ask = ask(dialled, Some("205"), Language::En);
        verdict(&setup, &target, &"t".into(), &ask, blocks)
    }

    fn block(level: Level, shadow: bool) -> Block {
        Block {
            id: BlockId(1),
            scope: Scope::Tenant("t".into()),
            level,
            since: WallTime::from_secs(0),
            until: None,
            origin: Origin::Engine,
            shadow,
        }
    }

    #[test]
    fn a_number_is_what_it_is_and_has_its_price() {
        let seen = view(&setup(), "0053 5123 4567", WallTime::from_secs(1_795_334_400)).1;
        assert_eq!(seen.number.as_deref(), Some("+5351234567"));
        assert_eq!((seen.country.as_deref(), seen.kind.as_deref()), (Some("CU"), Some("mobile")));
        let price = seen.price.unwrap();
        assert!(price.default_tariff && price.per_minute > Amount::default());
        let seen = view(&setup(), "112", WallTime::from_secs(0)).1;
        assert_eq!((&*seen.read_as, seen.price), ("emergency", None));
    }

    #[test]
    fn a_call_is_judged_by_what_was_declared_and_by_blocks() {
        assert!(judged("0053512345678", &[]).passes);
        let denied = judged("00881612345678", &[]);
        assert!(!denied.passes && denied.enforced);
        assert!(denied.reasons[0].contains("satellites"), "{denied:?}");
        assert_eq!(denied.would_pass.len(), 1);
        let national = [block(Level::National, false)];
        assert!(!judged("0053512345678", &national).passes);
        assert!(judged("0201234567", &national).passes);
        assert!(judged("112", &[block(Level::Suspended, false)]).passes, "never judged");
        assert!(judged("0053512345678", &[block(Level::National, true)]).passes, "only a shadow");
    }
}
