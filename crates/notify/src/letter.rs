//! Mails: what happened, to one person, in their language. Plain text, so that every phone and screen reader shows it.

use crate::courier::hex;
use crate::words::{self, Words};
use crate::{News, What};
use ringfence_fraud::explain::Voice;
use ringfence_model::TenantId;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Most that is told in one letter; of the rest the number is told.
const NEWS_MAX: usize = 20;

/// A letter to one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Names it; the same for each try.
    pub id: String,
    /// What it belongs to: letters of one case stand together in a mail program.
    pub thread: Option<String>,
    /// The address.
    pub to: String,
    /// Whose that is.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// All of it.
    pub text: String,
}

/// Who is written to, and what goes with every letter.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// Language, currency and time zone.
    pub voice: &'a Voice,
    /// The address.
    pub to: &'a str,
    /// Whose that is.
    pub name: &'a str,
    /// Where browsers find the portal.
    pub site: Option<&'a str>,
    /// What is to be done, and who is called, when it is fraud.
    pub plan: &'a [String],
    /// Where this person can answer the approval of that name.
    pub answer: &'a dyn Fn(&str) -> Option<String>,
}

/// A name for a thread: the same parts, the same name.
fn name<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id);
        hash.update([0]);
    }
    hex(hash.finalize().get(..16).unwrap_or_default())
}

/// Writes a letter about `news`, which belong together. `id` names it, the same for each try.
#[must_use]
pub fn letter(id: String, page: &Page<'_>, news: &[News]) -> Letter {
    let words = Words { voice: page.voice };
    let mut sorted: Vec<&News> = news.iter().collect();
    sorted.sort_by_key(|of| of.at);
    let case = sorted.iter().find_map(|of| of.case.as_deref());
    Letter {
        id,
        thread: case.map(|case| name([case])),
        to: page.to.to_owned(),
        name: page.name.to_owned(),
        subject: subject(&words, &sorted),
        text: text(&words, page, &sorted, case),
    }
}

fn subject(words: &Words<'_>, news: &[&News]) -> String {
    let Some(gravest) = news.iter().max_by_key(|of| (gravity(of), of.at)) else {
        return "Ringfence".to_owned();
    };
    let tenant = gravest.tenant.as_ref().map(TenantId::as_str);
    let more = news.len() - 1;
    let mut subject = format!("Ringfence: {}", words.headline(gravest));
    if let Some(tenant) = tenant {
        let _ = write!(subject, " [{tenant}]");
    }
    if more > 0 {
        let _ = write!(subject, " (+{more})");
    }
    subject.chars().filter(|c| !c.is_control()).take(180).collect()
}

const fn gravity(news: &News) -> u8 {
    match news.what {
        What::Held { .. } => 6,
        What::Blocked { shadow: false, .. } => 5,
        What::Alert { .. } => 4,
        What::Blocked { .. } => 3,
        What::Nearly { .. } | What::Proposed { .. } => 2,
        What::Lifted { .. } => 1,
        What::Digest(_) | What::Trial => 0,
    }
}

fn text(words: &Words<'_>, page: &Page<'_>, news: &[&News], case: Option<&str>) -> String {
    let mut text = format!("{}\n", words.salutation(page.name));
    let untold = news.len().saturating_sub(NEWS_MAX);
    // The latest are told: how it stands now.
    for of in news.iter().skip(untold) {
        let when = page.voice.time(of.at);
        let tenant = of.tenant.as_ref().map_or(String::new(), |tenant| format!(" [{tenant}]"));
        let _ = write!(text, "\n{when}{tenant}\n{}\n", words.story(of).trim_end());
        if let What::Held { approval, .. } = &of.what
            && let Some(link) = (page.answer)(approval)
        {
            let _ = write!(text, "\n{}\n{link}\n", words.answer_here());
        }
    }
    if untold > 0 {
        let _ = write!(text, "\n{}\n", words.untold(untold));
    }
    if news.iter().any(|of| gravity(of) >= 4 && !matches!(of.what, What::Held { .. }))
        && !page.plan.is_empty()
    {
        let _ = write!(text, "\n{}\n", words.plan());
        for (count, step) in (1..).zip(page.plan) {
            let _ = writeln!(text, "{count}. {step}");
        }
    }
    if let Some(site) = page.site {
        let place = case.map_or(String::new(), |case| format!("cases/{case}"));
        let _ = write!(text, "\n{}\n{site}/{place}\n", words.see(case.is_some()));
    }
    let _ = write!(text, "\n-- \nRingfence. {}\n", words::footer(page.voice.language));
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Called, Digest};
    use ringfence_model::{Kind, Language, Level, Money, Reason, TrafficClass, WallTime, Window};

    pub fn news(what: What) -> News {
        let at = WallTime::from_secs(1_795_348_800);
        News {
            id: "event-7".into(),
            tenant: Some("acme".into()),
            at,
            case: Some("0-7".into()),
            what,
        }
    }

    fn closed() -> Vec<Reason> {
        vec![Reason::ClassClosed {
            class: TrafficClass::International,
            country: None,
            only_now: true,
        }]
    }

    pub fn alert() -> News {
        let (extension, at_stake) = (Some("205".into()), Money::units(31));
        news(What::Alert { extension, at_stake, reasons: closed() })
    }

    pub fn held() -> News {
        news(What::Held {
            approval: "a1".into(),
            extension: Some("205".into()),
            number: "+23276123456".into(),
            country: "SL".parse().unwrap(),
            line: Kind::Mobile,
            per_minute: Money::cents(85),
            expires: WallTime::from_secs(1_795_356_000),
            reasons: closed(),
        })
    }

    fn digest() -> News {
        let from = WallTime::from_secs(1_795_348_800 - 86_400);
        let called = Called { country: "SL".parse().unwrap(), calls: 3, cost: Money::cents(1_250) };
        news(What::Digest(Box::new(Digest {
            from,
            until: WallTime::from_secs(1_795_348_800),
            spent: Money::cents(4_310),
            normal: Some(Money::cents(2_000)),
            inside: Money::cents(3_000),
            outside: Money::cents(1_310),
            calls: 54,
            refused: 2,
            prevented: Money::cents(170),
            new: vec![called],
            changes: vec!["anna: policy.change".into()],
            unused: vec!["207".into(), "208".into()],
            open_cases: 1,
        })))
    }

    fn written(language: Language, all: &[News]) -> Letter {
        let voice = Voice::of(language, "Europe/Amsterdam");
        let page = Page {
            voice: &voice,
            to: "anna@acme.example",
            name: "Anna",
            site: Some("https://fw.example.org"),
            plan: &["Bel Bram +31201234567".to_owned()],
            answer: &|approval| Some(format!("https://fw.example.org/approve/{approval}")),
        };
        letter(name(all.iter().map(|of| of.id.as_str())), &page, all)
    }

    #[test]
    fn each_kind_of_news_in_both_languages() {
        let all = [
            alert(),
            news(What::Blocked {
                extension: None,
                level: Level::National,
                until: Some(WallTime::from_secs(1_795_435_200)),
                shadow: false,
                by: None,
                reasons: closed(),
            }),
            held(),
            news(What::Lifted { extension: Some("205".into()), level: Level::National }),
            news(What::Nearly {
                window: Window::Day,
                used: Money::units(410),
                limit: Money::units(500),
            }),
            digest(),
            news(What::Proposed {
                act: "policy.change".into(),
                by: "anna".into(),
                not_before: WallTime::from_secs(1_795_435_200),
            }),
            news(What::Trial),
        ];
        for of in &all {
            let kept: News = serde_json::from_str(&serde_json::to_string(of).unwrap()).unwrap();
            assert_eq!(
                (&kept, kept.kind()),
                (of, serde_json::to_value(of).unwrap()["kind"].as_str().unwrap())
            );
        }
        for (language, name) in [(Language::En, "en"), (Language::Nl, "nl")] {
            let written: Vec<String> = all
                .iter()
                .map(|of| {
                    let letter = written(language, std::slice::from_ref(of));
                    format!("Subject: {}\n\n{}", letter.subject, letter.text)
                })
                .collect();
            insta::assert_snapshot!(name, written.join("\n==========\n"));
        }
    }

    #[test]
    fn what_belongs_together_is_one_letter_under_its_gravest() {
        let blocked = News { id: "event-8".into(), ..alert() };
        let both = written(Language::En, &[alert(), blocked]);
        assert!(both.subject.ends_with("(+1)"), "{}", both.subject);
        assert_eq!(both.thread, written(Language::En, &[alert()]).thread);
        assert_ne!(both.id, written(Language::En, &[alert()]).id);
        let many: Vec<News> = (0..50).map(|n| News { id: n.to_string(), ..alert() }).collect();
        assert!(written(Language::En, &many).text.contains("30 more"));
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        assert_ne!(name(["ab", "c"]), name(["a", "bc"]));
        assert_eq!(name(["a"]).len(), 32);
    }

    #[test]
    fn nothing_breaks_out_of_the_subject() {
        let mut news = alert();
        news.tenant = Some("x\r\nBcc: all@example.org".into());
        assert!(!written(Language::En, &[news]).subject.contains(['\r', '\n']));
    }
}
