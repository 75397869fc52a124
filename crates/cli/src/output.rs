//! The three forms of an answer: a table for people, JSON and CSV for programs.

use crate::failure::Outcome;
use clap::ValueEnum;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;

/// The form of what is written to standard output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Form {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated with a header.
    Csv,
}

/// Rows of text under headings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Columns side by side; what looks like an amount or a count stands to the right.
    pub fn text(&self) -> String {
        let headings: Vec<String> = self.headings.iter().map(|&h| h.to_owned()).collect();
        let widths: Vec<usize> = (0..headings.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&headings]).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let right: Vec<bool> = (0..headings.len())
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).all(|c| is_figure(c)))
            .collect();
        let mut text = String::new();
        let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        for row in [&headings, &rule].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for ((cell, &width), &right) in row.iter().zip(&widths).zip(&right) {
                let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
                let (before, after) =
                    if right { (pad, String::new()) } else { (String::new(), pad) };
                let _ = write!(line, "{before}{cell}{after}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    pub fn csv(&self) -> Outcome<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.headings)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| inert(cell)))?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection").
fn inert(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let number = cell.strip_prefix(['+', '-']).unwrap_or_default();
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'*'));
    if formula && !is_number { format!("'{cell}") } else { cell.to_owned() }
}

fn is_figure(cell: &str) -> bool {
    cell.is_empty()
        || (cell.chars().any(|c| c.is_ascii_digit())
            && cell.chars().all(|c| c.is_ascii_digit() || "€.,- %".contains(c)))
}

/// Writes text to standard output.
pub fn print(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes one JSON document to standard output.
pub fn print_json<T: Serialize>(value: &T) -> Outcome<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Text from a file or a number that is safe on a terminal: no control characters, so no escape sequences.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_to_the_right() {
        let mut table = Table::new(&["what", "cost"]);
        table.row(["calls".into(), "€1,234.50".into()]);
        table.row(["a".into(), "€0.10".into()]);
        let expected = "what        cost\n-----  ---------\ncalls  €1,234.50\na          €0.10\n";
        assert_eq!(table.text(), expected);
    }

    #[test]
    fn no_cell_becomes_a_formula() {
        let mut table = Table::new(&["cell"]);
        for cell in ["=1+1", "+31201234567", "@SUM(A1)", "-5.00", "-cmd|' /C calc'!A0", "a,b"] {
            table.row([cell.into()]);
        }
        let csv = table.csv().unwrap();
        let lines: Vec<_> = csv.lines().skip(1).collect();
        let inert =
            ["'=1+1", "+31201234567", "'@SUM(A1)", "-5.00", "'-cmd|' /C calc'!A0", "\"a,b\""];
        assert_eq!(lines, inert);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }
}
