//! Rows as one text behind the boot file, and whose line of it is whose.

use super::{Row, Rows, own, write};
use crate::config::{Decks, Place, Problem, Source};
use ringfence_api::plan::Note;
use ringfence_store::{Section, SettingKey};
use serde_json::{Map, Value as Json};

/// The boot file with rows behind it.
pub(super) struct Rendered {
    /// What is read as settings.
    pub source: Source,
    /// Lines of the boot file.
    before: usize,
    /// Whose each further line is.
    lines: Vec<(SettingKey, Option<String>)>,
    /// What cannot be written.
    pub notes: Vec<Note>,
}

/// Fields that are written from the key, or from rows of their own.
fn is_elsewhere(section: Section, field: &str) -> bool {
    match section {
        Section::Tenant => matches!(field, "id" | "policy" | "tariff" | "tariff_columns"),
        _ => matches!(field, "id" | "tenant"),
    }
}

/// Writes rows behind the boot file; `decks` are the rate decks by tenant.
pub(super) fn render(boot: &Source, rows: &Rows, decks: Decks) -> Rendered {
    let mut text = boot.text().trim_end().to_owned();
    text.push('\n');
    let (before, until) = (text.matches('\n').count(), text.len());
    let mut all = Page { text, lines: Vec::new(), notes: Vec::new() };
    for (key, row) in rows {
        match key.section {
            Section::Tenant
            | Section::Trunk
            | Section::Extension
            | Section::Contact
            | Section::Notification => all.row(key, row, rows),
            _ => {}
        }
    }
    let source = Source::new(boot.path().to_owned(), all.text).closed_from(until, decks);
    let source = source.knowing(boot.imported().clone());
    Rendered { source, before, lines: all.lines, notes: all.notes }
}

/// What is being written.
struct Page {
    text: String,
    lines: Vec<(SettingKey, Option<String>)>,
    notes: Vec<Note>,
}

impl Page {
    fn row(&mut self, key: &SettingKey, row: &Row, rows: &Rows) {
        self.line(key, None, format!("[[{}]]", key.section.as_str()));
        self.field(key, "id", &Json::from(key.id.as_str()));
        if let Some(tenant) = &key.tenant {
            self.field(key, "tenant", &Json::from(tenant.as_str()));
        }
        match row.body.as_object() {
            Some(fields) => self.fields(key, fields),
            None => self.wrong(key, None, "it is no table", "write its fields"),
        }
        if key.section == Section::Tenant {
            self.of_tenant(key, rows);
        }
    }

    fn fields(&mut self, key: &SettingKey, fields: &Map<String, Json>) {
        for (name, value) in fields {
            if is_elsewhere(key.section, name) {
                let what = format!("{name} is no field of it");
                self.wrong(key, Some(name), &what, "leave it out; it has a place of its own");
            } else {
                self.field(key, name, value);
            }
        }
    }

    /// A tenant's policy and tariff are rows of their own and fields of the boot file.
    fn of_tenant(&mut self, key: &SettingKey, rows: &Rows) {
        let (policy, tariff) = (own(Section::Policy, &key.id), own(Section::Tariff, &key.id));
        if let Some(row) = rows.get(&policy) {
            self.named(&policy, "policy", &row.body);
        }
        if let Some(row) = rows.get(&tariff) {
            self.named(&tariff, "tariff", &Json::from(key.id.as_str()));
            if let Some(columns) = row.body.get("columns") {
                self.named(&tariff, "tariff_columns", columns);
            }
        }
    }

    fn named(&mut self, key: &SettingKey, name: &str, value: &Json) {
        match write::inline(value) {
            Ok(value) => self.line(key, None, format!("{name} = {value}")),
            Err(what) => self.wrong(key, None, what, "correct it"),
        }
    }

    fn field(&mut self, key: &SettingKey, name: &str, value: &Json) {
        match write::inline(value) {
            Ok(value) => self.line(key, Some(name), format!("{} = {value}", write::key(name))),
            Err(what) => self.wrong(key, Some(name), what, "correct it"),
        }
    }

    fn line(&mut self, key: &SettingKey, field: Option<&str>, line: String) {
        self.text.push_str(&line);
        self.text.push('\n');
        self.lines.push((key.clone(), field.map(str::to_owned)));
    }

    fn wrong(&mut self, key: &SettingKey, field: Option<&str>, what: &str, mend: &str) {
        self.notes.push(Note::about(key, field, what.to_owned(), mend.to_owned()));
    }
}

impl Rendered {
    /// Whose a problem is.
    pub fn note(&self, problem: &Problem) -> Note {
        let (what, mend) = (problem.what.clone(), problem.mend.clone());
        let line =
            problem.place.line.checked_sub(self.before + 1).and_then(|at| self.lines.get(at));
        match line {
            Some((key, field)) => Note::about(key, field.as_deref(), what, mend),
            None if problem.place.line == 0 => Note::of_all(what, mend),
            None => Note::of_all(format!("{}: {what}", problem.place), mend),
        }
    }

    /// The same for the log: a problem whose place is the setting.
    pub fn placed(&self, problem: Problem) -> Problem {
        if problem.place.line <= self.before {
            return problem;
        }
        let note = self.note(&problem);
        let file = format!("{} of the store", note.title()).into();
        Problem { place: Place { file, line: 0, column: 0 }, ..problem }
    }
}
