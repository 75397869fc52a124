//! Why a command failed, as people are told.

use crate::output::safe;
use std::io::Write;
use std::process::ExitCode;

/// Whose fault it is: the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A file, policy or format that cannot be used.
    Input,
    /// A fault of the program.
    Fault,
}

/// An error with a way out.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    error: anyhow::Error,
    hint: Option<String>,
}

/// What a command gives.
pub type Outcome<T = ExitCode> = Result<T, Failure>;

/// Exit code of a command that found something and was asked to fail on it.
pub const FOUND: u8 = 3;

impl Failure {
    pub fn new(kind: Kind, error: anyhow::Error) -> Self {
        Self { kind, error, hint: None }
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes it to stderr and gives the exit code. A reader that closed the pipe is no failure.
    pub fn tell(&self) -> ExitCode {
        if self.is_closed_pipe() {
            return ExitCode::SUCCESS;
        }
        // Where stderr is closed too, nobody can be told.
        let _ = self.write(&mut std::io::stderr().lock());
        ExitCode::from(match self.kind {
            Kind::Input => 1,
            Kind::Fault => 70,
        })
    }

    fn write(&self, to: &mut dyn Write) -> std::io::Result<()> {
        let mut said = safe_lines(&self.error.to_string());
        writeln!(to, "error: {said}")?;
        for cause in self.error.chain().skip(1) {
            let cause = safe_lines(&cause.to_string());
            // Some errors name their cause themselves.
            if !said.contains(&cause) {
                writeln!(to, "caused by: {cause}")?;
            }
            said = cause;
        }
        match &self.hint {
            Some(hint) => writeln!(to, "hint: {}", safe_lines(hint)),
            None => Ok(()),
        }
    }

    fn is_closed_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Kind::Input, error.into())
    }
}

/// Text of several lines without anything that steers a terminal: it may quote a file.
fn safe_lines(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}
