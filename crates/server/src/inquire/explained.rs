//! The reasons of a record in words.

use super::number::voice;
use ringfence_api::{ExplainAsk, Explanation, ReasonView};
use ringfence_gate::Setup;
use ringfence_model::{Action, CallId, Pass, Reason, Verdict};

pub fn explain(setup: &Setup, ask: &ExplainAsk) -> Explanation {
    let voice = voice(setup, ask.language);
    let reasons = read::<Reason>(&ask.reasons);
    let pass = read::<Pass>(&ask.pass);
    let action = match ask.outcome.as_str() {
        "refused" | "would_refuse" => Action::Reject,
        _ => Action::Allow,
    };
    let verdict = Verdict {
        action,
        acted: ask.outcome != "would_refuse",
        reasons,
        pass,
        ..Verdict::allowed(CallId(0), true)
    };
    let words = match ask.outcome.as_str() {
        // It was let through first, and ended for these reasons.
        "cut" => voice.reasons(&verdict.reasons),
        _ => voice.verdict(&verdict),
    };
    let view = |reason: &Reason| ReasonView {
        words: voice.reason(reason),
        weight: match reason {
            Reason::Signal(signal) => Some(signal.weight),
            _ => None,
        },
    };
    Explanation {
        words,
        reasons: verdict.reasons.iter().map(view).collect(),
        would_pass: verdict.pass.iter().map(|pass| voice.pass(pass)).collect(),
    }
}

/// What a newer or older version wrote and this one does not know is left out.
fn read<T: serde::de::DeserializeOwned>(list: &serde_json::Value) -> Vec<T> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{Language, LimitKind, Money, Window};
    use serde_json::json;

    fn told(outcome: &str, language: Language) -> Explanation {
        let setup = crate::inquire::setup();
        let whose = LimitKind::Tenant;
        let reason = Reason::TooManyActive { whose, active: 3, limit: 2 };
        let pass = Pass::RaiseLimit { whose, window: Window::Hour, to: Money::units(60) };
        let reasons = json!([reason, {"of": "the future"}]);
        let (outcome, pass) = (outcome.to_owned(), json!([pass]));
        explain(&setup, &ExplainAsk { tenant: None, outcome, reasons, pass, language })
    }

    #[test]
    fn a_record_tells_its_reasons_in_the_language_asked_for() {
        let en = told("refused", Language::En);
        assert_eq!((en.reasons.len(), en.would_pass.len()), (1, 1));
        assert!(en.words.contains(&en.reasons[0].words) && en.words.contains(&en.would_pass[0]));
        assert_ne!(told("refused", Language::Nl).words, en.words);
        assert_ne!(told("would_refuse", Language::En).words, en.words);
        assert_eq!(told("cut", Language::En).words, en.reasons[0].words);
    }
}
