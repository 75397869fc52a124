//! Our end of the control socket.

use super::ask::{Answer, Ask, AskLine, Fault, Reply, VERSION};
use super::trace::Trace;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tracing::warn;

/// No question is longer: a plan brings its rate decks with it.
const LINE_BYTES_MAX: u64 = 96 << 20;
/// Operators at once.
const CONNECTIONS_MAX: usize = 32;

/// Who answers.
pub(crate) trait Desk: Send + Sync + 'static {
    /// Answers one question of `who`; a trace is begun here and shown by the connection.
    fn answer(&self, ask: Ask, who: &str) -> impl Future<Output = Result<Said, Fault>> + Send;
}

/// What is said to a question.
pub(crate) enum Said {
    /// One answer.
    Once(Answer),
    /// Answers until it ends.
    Stream(Trace),
}

/// Opens the socket, for our own user only. One that a crash left behind is replaced: the data folder's lock says
/// that nobody else uses it.
pub(crate) fn open(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Made under a name of its own and closed to others before anybody can know its name.
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    let listener = UnixListener::bind(&new)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

/// Answers operators until it is dropped.
pub(crate) async fn serve<D: Desk>(listener: UnixListener, desk: Arc<D>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                tokio::spawn(async move {
                    // A broken connection ends it; the operator knows.
                    let _ = talk(stream, &*desk).await;
                    drop(permit);
                });
            }
            Err(error) => {
                warn!("the control socket takes no connection: {error}");
                let again = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
                tokio::time::sleep_until(again).await;
            }
        }
    }
}

async fn talk<D: Desk>(stream: UnixStream, desk: &D) -> io::Result<()> {
    let who = super::peer::name(&stream);
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        (&mut read).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(());
        }
        let said = match understood(&line) {
            Ok(ask) => desk.answer(ask, &who).await,
            Err(fault) => Err(fault),
        };
        match said {
            Ok(Said::Stream(mut trace)) => {
                let mut end = Vec::new();
                loop {
                    tokio::select! {
                        answer = trace.next() => match answer {
                            Some(answer) => say(&mut write, Ok(answer)).await?,
                            None => break,
                        },
                        // Whoever says anything during a trace, or leaves, ends it.
                        _ = read.read_until(b'\n', &mut end) => break,
                    }
                }
                say(&mut write, Ok(trace.end())).await?;
            }
            Ok(Said::Once(answer)) => say(&mut write, Ok(answer)).await?,
            Err(fault) => say(&mut write, Err(fault)).await?,
        }
    }
}

fn understood(line: &[u8]) -> Result<Ask, Fault> {
    let mend = "use the ringfence program of the version that runs";
    let value: serde_json::Value = serde_json::from_slice(line)
        .map_err(|error| Fault::new(format!("a line that is no JSON: {error}"), mend))?;
    let version = value.get("v").and_then(serde_json::Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        let said = version.map_or_else(|| "no version".to_owned(), |v| format!("version {v}"));
        return Err(Fault::new(
            format!("the question has {said}, this is version {VERSION}"),
            mend,
        ));
    }
    let line: AskLine = serde_json::from_value(value)
        .map_err(|error| Fault::new(format!("a question that is none: {error}"), mend))?;
    Ok(line.ask)
}

async fn say(
    write: &mut (impl AsyncWriteExt + Unpin),
    result: Result<Answer, Fault>,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Reply::new(result))?;
    line.push(b'\n');
    write.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Client, ClientError};
    use std::io::{BufRead, BufReader as StdReader, Write};
    use std::time::Duration;

    struct Parrot;

    impl Desk for Parrot {
        async fn answer(&self, ask: Ask, who: &str) -> Result<Said, Fault> {
            match ask {
                Ask::Nftables if who.starts_with("os:") => {
                    Ok(Said::Once(Answer::Nftables("rules".into())))
                }
                _ => Err(Fault::new("no", "ask for rules")),
            }
        }
    }

    /// Runs `operator` on a thread of its own against a socket in a folder.
    fn with_socket(operator: impl FnOnce(&Path) + Send + 'static) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            std::fs::write(&path, "left by a crash").unwrap();
            let listener = open(&path).unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let server = tokio::spawn(serve(listener, Arc::new(Parrot)));
            tokio::task::spawn_blocking(move || operator(&path)).await.unwrap();
            server.abort();
        });
    }

    #[test]
    fn questions_are_answered_in_order_on_one_connection() {
        with_socket(|path| {
            let mut client = Client::connect(path).unwrap();
            let patience = Duration::from_secs(5);
            let answer = client.ask(Ask::Nftables, patience).unwrap();
            assert_eq!(answer, Answer::Nftables("rules".into()));
            let refused = client.ask(Ask::Status, patience).unwrap_err();
            assert!(
                matches!(refused, ClientError::Refused(fault) if fault.mend == "ask for rules")
            );
            assert!(client.ask(Ask::Nftables, patience).is_ok());
        });
    }

    #[test]
    fn nonsense_is_told_and_long_lines_end() {
        with_socket(|path| {
            let mut stream = std::os::unix::net::UnixStream::connect(path).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut answers = StdReader::new(stream.try_clone().unwrap()).lines();
            for (line, expected) in [
                ("nonsense", "no JSON"),
                (r#"{"ask":"status"}"#, "no version"),
                (r#"{"v":9,"ask":"status"}"#, "version 9"),
                (r#"{"v":1,"ask":"dance"}"#, "none"),
            ] {
                writeln!(stream, "{line}").unwrap();
                let answer = answers.next().unwrap().unwrap();
                assert!(answer.contains("fault") && answer.contains(expected), "{answer}");
            }
            let long = vec![b'x'; usize::try_from(LINE_BYTES_MAX).unwrap()];
            stream.write_all(&long).unwrap();
            assert!(answers.next().unwrap().unwrap().contains("no JSON"));
        });
    }

    #[test]
    fn nobody_there_is_told() {
        let error = Client::connect(Path::new("/nowhere/control.sock")).unwrap_err();
        assert!(error.to_string().contains("cannot reach Ringfence at /nowhere/control.sock"));
    }
}
