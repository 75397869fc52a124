//! Where a row ends: most are one line, but a quoted text or a JSON object may go on over several.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// Splits separated text into columns. The buffers are reused.
pub(crate) struct CsvSplitter {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    ends_used: usize,
}

/// More columns than any known system writes.
const COLUMNS_MAX: usize = 1_024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SplitCsv {
    /// A whole row.
    Row,
    /// A quoted column goes on in the next line.
    Open,
    /// More than [`COLUMNS_MAX`] columns.
    TooManyColumns,
}

impl CsvSplitter {
    pub(crate) fn new(delimiter: u8) -> Self {
        // Only \n ends a record: a stray \r stays part of its column.
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(csv_core::Terminator::Any(b'\n'))
            .build();
        Self { reader, text: Vec::new(), ends: vec![0; COLUMNS_MAX], ends_used: 0 }
    }

    /// Splits one row without its line end.
    pub(crate) fn split(&mut self, row: &[u8]) -> SplitCsv {
        self.reader.reset();
        self.ends_used = 0;
        // Unquoting never makes a row longer.
        if self.text.len() < row.len() + 1 {
            self.text.resize(row.len() + 1, 0);
        }
        let (mut done, mut written) = (0, 0);
        for input in [row, b"\n"] {
            let mut input = input;
            loop {
                let (Some(out), Some(ends)) =
                    (self.text.get_mut(written..), self.ends.get_mut(self.ends_used..))
                else {
                    return SplitCsv::TooManyColumns;
                };
                let (result, read, wrote, ended) = self.reader.read_record(input, out, ends);
                (written, self.ends_used) = (written + wrote, self.ends_used + ended);
                done += read;
                input = input.get(read..).unwrap_or(&[]);
                match result {
                    ReadRecordResult::Record => {
                        return if done > row.len() { SplitCsv::Row } else { SplitCsv::Open };
                    }
                    ReadRecordResult::InputEmpty if input.is_empty() => break,
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                        return SplitCsv::TooManyColumns;
                    }
                    ReadRecordResult::End => return SplitCsv::Row,
                }
            }
        }
        SplitCsv::Open
    }

    /// The columns of the last row: the unquoted text and the end of each.
    pub(crate) fn columns(&self) -> (&[u8], &[usize]) {
        let ends = self.ends.get(..self.ends_used).unwrap_or(&[]);
        let text = self.text.get(..ends.last().copied().unwrap_or(0)).unwrap_or(&[]);
        (text, ends)
    }
}

/// Follows braces over the lines of a JSON object.
#[derive(Clone, Copy, Default)]
pub(crate) struct JsonDepth {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl JsonDepth {
    /// Whether the object is still open after these bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.depth > 0 || self.in_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &str) -> (SplitCsv, Vec<String>) {
        let mut splitter = CsvSplitter::new(b',');
        let result = splitter.split(row.as_bytes());
        let (text, ends) = splitter.columns();
        let columns = super::super::fields::Columns::new(std::str::from_utf8(text).unwrap(), ends);
        (result, columns.iter().map(str::to_owned).collect())
    }

    #[test]
    fn quotes_may_be_doubled_and_columns_empty() {
        assert_eq!(
            split(r#""cust","""sipp"" <sipp>",,"a,b",3"#),
            (
                SplitCsv::Row,
                ["cust", "\"sipp\" <sipp>", "", "a,b", "3"].map(str::to_owned).to_vec()
            )
        );
        assert_eq!(split("a\rb,c").1, ["a\rb", "c"]);
    }

    #[test]
    fn an_open_quote_is_told() {
        assert_eq!(split("a,\"b").0, SplitCsv::Open);
        assert_eq!(
            split("a,\"b\nc\",d"),
            (SplitCsv::Row, ["a", "b\nc", "d"].map(str::to_owned).to_vec())
        );
        assert_eq!(split(&",".repeat(3_000)).0, SplitCsv::TooManyColumns);
    }

    #[test]
    fn braces_inside_texts_do_not_count() {
        let mut depth = JsonDepth::default();
        assert!(depth.feed(br#"{"a":"}\"}","#));
        assert!(depth.feed(b"\"b\":[1,"));
        assert!(!depth.feed(b"2]}"));
    }
}
