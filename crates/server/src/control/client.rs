//! The operator's end of the control socket.

use super::ask::{Answer, Ask, AskLine, Fault, Reply, ReplyResult, VERSION};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Why an operator got no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("cannot reach Ringfence at {path}: {source}")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke.
    #[error("Ringfence did not answer: {0}")]
    Broken(#[from] io::Error),
    /// It answers in another version.
    #[error(
        "it speaks version {0} of the control protocol and this program version {VERSION}: use the program it runs"
    )]
    Version(u32),
    /// The answer makes no sense.
    #[error("its answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It refused.
    #[error(transparent)]
    Refused(#[from] Fault),
}

/// A connection to a running Ringfence.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there, or we may not.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let unreachable = |source| ClientError::Unreachable { path: path.to_owned(), source };
        let stream = UnixStream::connect(path).map_err(unreachable)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer up to `patience`.
    ///
    /// # Errors
    /// When there is no answer, or it is a refusal.
    pub fn ask(&mut self, ask: Ask, patience: Duration) -> Result<Answer, ClientError> {
        self.say(ask)?;
        self.next(patience)
    }

    /// Says what is wanted.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn say(&mut self, ask: Ask) -> Result<(), ClientError> {
        let mut line = serde_json::to_vec(&AskLine::new(ask))?;
        line.push(b'\n');
        Ok(self.stream.get_mut().write_all(&line)?)
    }

    /// The next answer.
    ///
    /// # Errors
    /// When there is none within `patience`, or it is a refusal.
    pub fn next(&mut self, patience: Duration) -> Result<Answer, ClientError> {
        self.stream.get_ref().set_read_timeout(Some(patience))?;
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let reply: Reply = match serde_json::from_str(&line) {
            Ok(reply) => reply,
            Err(error) => return Err(version_of(&line).map_or(error.into(), ClientError::Version)),
        };
        match reply.result {
            _ if reply.v != VERSION => Err(ClientError::Version(reply.v)),
            ReplyResult::Answer(answer) => Ok(answer),
            ReplyResult::Fault(fault) => Err(fault.into()),
        }
    }
}

/// The version of a line that is not read here, when it is another one.
fn version_of(line: &str) -> Option<u32> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let version = u32::try_from(value.get("v")?.as_u64()?).ok()?;
    (version != VERSION).then_some(version)
}
