//! Where the reading of settings notes what it finds: problems, warnings, and which names are declared and used.

use super::problem::{At, Problem, Source};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

/// Notes taken while one file is read.
#[derive(Debug)]
pub(super) struct Desk {
    source: Source,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    declared: RefCell<HashMap<(&'static str, String), Range<usize>>>,
    used: RefCell<Vec<(&'static str, At<String>)>>,
}

impl Desk {
    pub fn new(source: Source) -> Self {
        Self {
            source,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            declared: RefCell::default(),
            used: RefCell::default(),
        }
    }

    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Something that cannot work.
    pub fn wrong(&self, span: &Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        self.problems.borrow_mut().push(self.problem(span, what.into(), mend.into()));
    }

    /// Something wrong in another file.
    pub fn wrong_in(&self, source: &Source, at: usize, what: String, mend: &str) {
        let problem = Problem { place: source.place(at), what, mend: mend.to_owned() };
        self.problems.borrow_mut().push(problem);
    }

    /// Something that works and is probably not meant, or dangerous.
    pub fn doubt(&self, span: &Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        self.warnings.borrow_mut().push(self.problem(span, what.into(), mend.into()));
    }

    fn problem(&self, span: &Range<usize>, what: String, mend: String) -> Problem {
        Problem { place: self.source.place(span.start), what, mend }
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// A name that others may use; each is there once.
    pub fn declare(&self, sort: &'static str, name: &At<String>) {
        let key = (sort, name.value.clone());
        let first = self.declared.borrow().get(&key).map(|span| self.source.place(span.start));
        match first {
            Some(first) => self.wrong(
                &name.span,
                format!("{sort} \"{}\" is there twice", name.value),
                format!("rename or remove one of the two; the first is on line {}", first.line),
            ),
            None => {
                self.declared.borrow_mut().insert(key, name.span.clone());
            }
        }
    }

    /// A name that must be declared somewhere in the file.
    pub fn uses(&self, sort: &'static str, name: At<String>) {
        self.used.borrow_mut().push((sort, name));
    }

    /// Checks the names and gives warnings, or all problems, in the order of the file.
    pub fn close(self) -> (Vec<Problem>, Vec<Problem>) {
        for (sort, name) in self.used.take() {
            if !self.declared.borrow().contains_key(&(sort, name.value.clone())) {
                let mend = self.nearest(sort, &name.value);
                self.wrong(&name.span, format!("there is no {sort} \"{}\"", name.value), mend);
            }
        }
        let (mut problems, mut warnings) = (self.problems.take(), self.warnings.take());
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        warnings.sort_by(|a, b| a.place.cmp(&b.place));
        (problems, warnings)
    }

    fn nearest(&self, sort: &'static str, name: &str) -> String {
        let declared = self.declared.borrow();
        let mut names: Vec<&str> =
            declared.keys().filter(|(of, _)| *of == sort).map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        match (similar(name, names.iter().copied()), names.is_empty()) {
            (Some(near), _) => format!("did you mean \"{near}\"?"),
            (None, true) => format!("add a [[{sort}]] with that name"),
            (None, false) => format!("add it, or use one of: {}", names.join(", ")),
        }
    }
}

/// The name that was probably meant.
pub(super) fn similar<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    among
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .min()
        .map(|(_, known)| known)
}
