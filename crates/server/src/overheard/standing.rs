//! How feeds are, and what they count.

use crate::records::Count;
use crate::troubles::Troubles;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What its trouble is about.
const FEEDS: &str = "feeds";

/// What feeds count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Copies of messages, packets of managers and lines of logs that were read.
    pub read: Count,
    /// Those from elsewhere, or without the key.
    pub refused: Count,
    /// Those that make no sense.
    pub unreadable: Count,
    /// Steps of calls that were seen.
    pub calls: Count,
    /// Logins that failed.
    pub logins: Count,
    /// What was seen and could not be told to its shard.
    pub lost: Count,
}

/// How feeds are.
#[derive(Debug, Default)]
pub(crate) struct Standing(Mutex<BTreeMap<String, Option<String>>>);

impl Standing {
    /// It is heard; whether that is news.
    pub fn well(&self, feed: &str, troubles: &Troubles) -> bool {
        self.set(feed, None, troubles)
    }

    /// It is not; whether that is news.
    pub fn fails(&self, feed: &str, why: &str, troubles: &Troubles) -> bool {
        self.set(feed, Some(why.to_owned()), troubles)
    }

    fn set(&self, feed: &str, to: Option<String>, troubles: &Troubles) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.insert(feed.to_owned(), to.clone());
        let is_news = before.is_none_or(|before| before.is_none() != to.is_none());
        let wrong: Vec<String> = all
            .iter()
            .filter_map(|(feed, why)| why.as_ref().map(|why| format!("{feed} is not heard: {why}")))
            .collect();
        if wrong.is_empty() {
            troubles.end(FEEDS);
        } else {
            troubles.begin(FEEDS, wrong.join("; "));
        }
        is_news
    }

    /// In words.
    pub fn all(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(feed, why): (&String, &Option<String>)| match why {
            None => format!("{feed}: heard"),
            Some(why) => format!("{feed}: not heard: {why}"),
        };
        all.iter().map(line).collect()
    }

    /// How many are heard, and how many are not.
    pub fn counts(&self) -> (u64, u64) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let well = all.values().filter(|why| why.is_none()).count();
        (well as u64, (all.len() - well) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lasts_until_every_feed_is_heard() {
        let (standing, troubles) = (Standing::default(), Troubles::default());
        assert!(
            standing.fails("a", "no", &troubles) && !standing.fails("a", "still no", &troubles)
        );
        assert!(standing.fails("b", "no", &troubles) && standing.well("a", &troubles));
        assert_eq!(troubles.all(), ["feeds: b is not heard: no"]);
        assert_eq!(standing.all(), ["a: heard", "b: not heard: no"]);
        assert!(standing.well("b", &troubles) && !standing.well("b", &troubles));
        assert_eq!((troubles.count(), standing.counts()), (0, (2, 0)));
    }
}
