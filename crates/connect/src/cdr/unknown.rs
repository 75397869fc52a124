//! What was seen in a file that nobody knows, and a mapping to begin with.

use super::time::Clock;
use jiff::tz::TimeZone;
use std::fmt::{self, Write};

/// What was seen in a file of no known format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// Between columns; `None` for JSON.
    pub delimiter: Option<char>,
    /// Whether the first row looks like names.
    pub has_header: bool,
    /// The columns of the first rows.
    pub columns: Vec<SeenColumn>,
}

/// A column of an unknown format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenColumn {
    /// From 1.
    pub number: usize,
    /// Its name; empty without header.
    pub name: String,
    /// Its value in the first row.
    pub sample: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delimiter {
            _ if self.columns.is_empty() => write!(f, "no rows were found")?,
            Some(delimiter) => {
                write!(f, "{} columns separated by {delimiter:?}", self.columns.len())?
            }
            None => write!(f, "JSON objects of {} fields", self.columns.len())?,
        }
        for column in self.columns.iter().take(12) {
            write!(f, "\n  {:>3} {}", column.number, column.name)?;
            if !column.sample.is_empty() {
                write!(f, " such as {:?}", column.sample)?;
            }
        }
        if self.columns.len() > 12 {
            write!(f, "\n  and {} more", self.columns.len() - 12)?;
        }
        write!(
            f,
            "\nSave this as a mapping, correct it, and name it when importing:\n\n{}",
            self.skeleton()
        )
    }
}

impl SeenColumn {
    /// Short words count as words of the name only: `to` is not in `Total`.
    fn is_called(&self, word: &str) -> bool {
        let mut name = String::new();
        let mut after_lower = false;
        for c in self.name.chars() {
            if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
                name.push(' ');
            }
            name.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
            after_lower = c.is_lowercase();
        }
        if word.len() <= 3 {
            name.split(' ').any(|part| part == word)
        } else {
            name.replace(' ', "").contains(word)
        }
    }
}

impl Unknown {
    /// A mapping to edit, filled as far as names and values of an unknown source tell.
    #[must_use]
    pub fn skeleton(&self) -> String {
        let mut text = String::from("name = \"my-switch\"\n\n[rows]\n");
        let kind = if self.delimiter.is_some() { "csv" } else { "jsonl" };
        let _ = writeln!(text, "kind = \"{kind}\"");
        if let Some(delimiter) = self.delimiter {
            let _ = writeln!(
                text,
                "delimiter = {:?}\nheader = {}",
                delimiter.to_string(),
                self.has_header
            );
        }
        text.push_str("\n# A column is a name or a number from 1; [\"Date\", \"Time\"] joins two.\n[columns]\n");
        for (field, column) in self.guesses() {
            let _ = match column {
                Some(column) if self.has_header => writeln!(text, "{field} = {:?}", column.name),
                Some(column) => writeln!(text, "{field} = {}", column.number),
                None => writeln!(text, "# {field} = "),
            };
        }
        text.push_str(concat!(
            "\n[time]\n# format = \"%d-%m-%Y %H:%M:%S\"\n# zone = \"Europe/Amsterdam\"\n",
            "\n# durations = \"ms\" goes above the first [table] when they are milliseconds\n",
            "\n[direction]\noutbound = [\"out\", \"outbound\"]\ninbound = [\"in\", \"inbound\"]\n",
            "internal = [\"internal\", \"local\"]\n",
            "\n# [[rewrite]]\n# prefix = \"900\"\n# with = \"00\"\n",
        ));
        text
    }

    /// The fields of a mapping, each with the column that seems to hold it.
    fn guesses(&self) -> Vec<(&'static str, Option<&SeenColumn>)> {
        // Words in names, most telling first; a column is used once.
        const WORDS: [(&str, &[&str]); 13] = [
            ("native_id", &["uniqueid", "callid", "uuid", "recordid", "id"]),
            ("started", &["start", "begin", "calldate", "setup", "datetime", "date", "time"]),
            ("answered", &["answer", "connect"]),
            ("ended", &["end", "stop", "disconnect", "hangup", "release"]),
            ("billable", &["billsec", "billable", "billed", "talk", "charged"]),
            ("duration", &["duration", "length", "seconds"]),
            (
                "a_number",
                &["caller", "calling", "source", "from", "src", "cli", "anumber", "aparty", "orig"],
            ),
            (
                "dialled",
                &[
                    "dialed", "dialled", "called", "callee", "dest", "dst", "bnumber", "bparty",
                    "to",
                ],
            ),
            ("direction", &["direction", "dir", "type"]),
            ("extension", &["extension", "ext", "user"]),
            ("trunk", &["trunk", "gateway", "carrier", "route"]),
            ("tenant", &["tenant", "account", "customer", "domain"]),
            ("code", &["code", "cause", "reason", "status", "result"]),
        ];
        let mut used = vec![false; self.columns.len()];
        let mut guesses = Vec::new();
        for (field, words) in WORDS {
            let found = words.iter().find_map(|word| {
                let mut free = self.columns.iter().zip(&used);
                free.position(|(column, used)| !used && column.is_called(word))
            });
            let found = found.or_else(|| self.by_sample(field, &used));
            if let Some(slot) = found.and_then(|at| used.get_mut(at)) {
                *slot = true;
            }
            guesses.push((field, found.and_then(|at| self.columns.get(at))));
        }
        guesses
    }

    /// Without names, the values tell times, numbers and durations, usually in this order.
    fn by_sample(&self, field: &str, used: &[bool]) -> Option<usize> {
        if self.has_header {
            return None;
        }
        let fits = |sample: &str| match field {
            "started" | "answered" | "ended" => {
                // Bare digits are a telephone number rather than an epoch time, unless they begin as this one does.
                let likely =
                    sample.contains(':') || (sample.len() == 10 && sample.starts_with("17"));
                likely && matches!(Clock::new(TimeZone::UTC).read(sample), Ok(Some(_)))
            }
            "a_number" | "dialled" => {
                let digits = sample.trim_start_matches('+');
                (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
            }
            "duration" => {
                !sample.is_empty()
                    && sample.len() <= 5
                    && sample.bytes().all(|b| b.is_ascii_digit())
            }
            _ => false,
        };
        self.columns.iter().zip(used).position(|(column, used)| !used && fits(&column.sample))
    }
}
