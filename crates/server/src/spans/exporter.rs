//! The thread that gives spans to the collector.

use super::Spans;
use super::span::{Span, body};
use crate::outside::Outside;
use crate::records::Count;
use crate::troubles::Troubles;
use hyper::Uri;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Spans that wait at most.
const WAITING_MAX: usize = 4_096;
/// Spans given at once.
const BATCH_MAX: usize = 512;
/// How long a span waits for others.
const GATHER: Duration = Duration::from_secs(2);
/// A collector that failed is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);
/// A collector that takes longer fails; so long the end of the program may wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What became of spans.
#[derive(Debug, Default)]
pub struct Counts {
    /// Taken by the collector.
    pub sent: Count,
    /// No room: the collector is slow or gone.
    pub dropped: Count,
    /// Given to the collector, which did not take them.
    pub failed: Count,
}

/// The thread, to be ended.
#[derive(Debug)]
pub struct Exporter {
    thread: JoinHandle<()>,
    ends: Arc<AtomicBool>,
}

impl Exporter {
    /// Gives what is put down to the collector at `to`, in the name of this node.
    ///
    /// # Errors
    /// When the system gives no thread, or TLS cannot be set up.
    pub fn start(to: Uri, node: u16, troubles: Arc<Troubles>) -> io::Result<(Self, Spans)> {
        let (sender, spans) = sync_channel(WAITING_MAX);
        let counts = Arc::<Counts>::default();
        let outside = Outside::new().map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ends = Arc::<AtomicBool>::default();
        let (told, known) = (Arc::clone(&ends), Arc::clone(&counts));
        let work = Work { to, node, troubles, outside, runtime, ends: told, counts: known };
        let thread = std::thread::Builder::new().name("spans".into());
        let thread = thread.spawn(move || work.run(&spans))?;
        Ok((Self { thread, ends }, Spans { sender, counts }))
    }

    /// Gives what is left, as far as it is taken. Whoever puts spans down must be gone.
    pub fn end(self) {
        self.ends.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the exporter of spans failed");
        }
    }
}

struct Work {
    to: Uri,
    node: u16,
    troubles: Arc<Troubles>,
    outside: Outside,
    runtime: tokio::runtime::Runtime,
    ends: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

impl Work {
    fn run(self, spans: &Receiver<Span>) {
        loop {
            let (batch, goes_on) = self.gather(spans);
            let taken = batch.is_empty() || self.give(&batch);
            if !goes_on {
                return;
            }
            if taken {
                continue;
            }
            if !self.ends.load(Ordering::Relaxed) {
                // What comes meanwhile waits, as far as there is room.
                std::thread::park_timeout(PAUSE);
            }
            if self.ends.load(Ordering::Relaxed) {
                return self.counts.dropped.add(spans.try_iter().count() as u64);
            }
        }
    }

    /// What comes together; whether more may come.
    fn gather(&self, spans: &Receiver<Span>) -> (Vec<Span>, bool) {
        let mut batch = Vec::new();
        let until = Instant::now() + GATHER;
        while batch.len() < BATCH_MAX {
            match spans.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(span) => batch.push(span),
                Err(RecvTimeoutError::Timeout) => {
                    let over = batch.is_empty() && self.ends.load(Ordering::Relaxed);
                    return (batch, !over);
                }
                Err(RecvTimeoutError::Disconnected) => return (batch, false),
            }
        }
        (batch, true)
    }

    /// Gives them; whether they were taken.
    fn give(&self, batch: &[Span]) -> bool {
        let giving = self.outside.give(&self.to, body(batch, self.node), PATIENCE);
        let answered = self.runtime.block_on(giving);
        let why = match answered {
            Ok(200..=299) => {
                self.counts.sent.add(batch.len() as u64);
                if self.troubles.end("telemetry") {
                    info!("the collector of spans takes them again");
                }
                return true;
            }
            Ok(status) => format!("{} answers {status}", self.to),
            Err(why) => why,
        };
        self.counts.failed.add(batch.len() as u64);
        if self.troubles.begin("telemetry", why.clone()) {
            warn!("spans are not taken: {why}; they are lost, calls go on");
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Kind;
    use crate::spans::span::Value;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value;
    use ringfence_model::WallTime;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    fn span(name: &str) -> Span {
        Span {
            trace: [0xab; 16],
            id: [0xcd; 8],
            parent: Some([0xef; 8]),
            name: name.into(),
            kind: Kind::Server,
            start: WallTime::from_secs(1_795_348_800),
            end: WallTime(1_795_348_800_500_000),
            attributes: vec![("a", Value::from("x")), ("n", Value::from(i64::MIN))],
            events: vec![("answer", WallTime(1_795_348_800_250_000))],
            failed: true,
        }
    }

    /// Takes one request, answers with `status`, and gives its head and what the collector's own types make of its body.
    fn sink(listener: &TcpListener, status: u16) -> (String, ExportTraceServiceRequest) {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        let (head, body) = loop {
            let mut piece = [0; 4096];
            let count = stream.read(&mut piece).unwrap();
            assert!(count > 0, "it ended early");
            bytes.extend_from_slice(&piece[..count]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).unwrap();
        (head, serde_json::from_str(&body).unwrap())
    }

    fn start(listener: &TcpListener) -> (Exporter, Spans, Arc<Troubles>) {
        let to = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let troubles = Arc::<Troubles>::default();
        let (exporter, spans) =
            Exporter::start(to.parse().unwrap(), 3, Arc::clone(&troubles)).unwrap();
        (exporter, spans, troubles)
    }

    #[test]
    fn a_collector_reads_what_it_is_given() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (exporter, spans, troubles) = start(&listener);
        let counts = Arc::clone(&spans.counts);
        spans.put(span("GET /v1/trunks"));
        spans.put(span("call"));
        drop(spans);
        let (head, got) = sink(&listener, 200);
        exporter.end();
        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
        assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
        let [of_node] = got.resource_spans.as_slice() else { panic!("{got:?}") };
        let resource = &of_node.resource.as_ref().unwrap().attributes;
        assert!(resource.iter().any(|of| of.key == "service.name"));
        let [scope] = of_node.scope_spans.as_slice() else { panic!("{got:?}") };
        let [first, second] = scope.spans.as_slice() else { panic!("{got:?}") };
        assert_eq!((first.name.as_str(), second.name.as_str()), ("GET /v1/trunks", "call"));
        assert_eq!(first.trace_id, [0xab; 16]);
        assert_eq!(
            (first.span_id.as_slice(), first.parent_span_id.as_slice()),
            (&[0xcd; 8][..], &[0xef; 8][..])
        );
        assert_eq!(first.kind, 2);
        assert_eq!(first.start_time_unix_nano, 1_795_348_800_000_000_000);
        assert_eq!(first.end_time_unix_nano - first.start_time_unix_nano, 500_000_000);
        assert_eq!((first.events[0].name.as_str(), first.events.len()), ("answer", 1));
        assert_eq!(first.status.as_ref().unwrap().code, 2);
        let values: Vec<_> =
            first.attributes.iter().map(|of| of.value.clone().unwrap().value.unwrap()).collect();
        let wanted =
            [any_value::Value::StringValue("x".into()), any_value::Value::IntValue(i64::MIN)];
        assert_eq!(values, wanted);
        assert_eq!((counts.sent.get(), counts.failed.get(), counts.dropped.get()), (2, 0, 0));
        assert_eq!(troubles.count(), 0);
    }

    #[test]
    fn what_a_collector_refuses_is_counted_and_told_of() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (exporter, spans, troubles) = start(&listener);
        let counts = Arc::clone(&spans.counts);
        spans.put(span("call"));
        drop(spans);
        sink(&listener, 503);
        exporter.end();
        assert_eq!((counts.sent.get(), counts.failed.get()), (0, 1));
        assert!(troubles.all().first().unwrap().contains("answers 503"));
    }

    /// It takes connections and never answers: whoever puts spans down does not wait, and they do not pile up.
    #[test]
    fn a_dead_collector_harms_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (exporter, spans, _troubles) = start(&listener);
        let began = Instant::now();
        let all = 3 * WAITING_MAX;
        for _ in 0..all {
            spans.put(span("call"));
        }
        assert!(began.elapsed() < Duration::from_secs(1), "somebody waited");
        let dropped = usize::try_from(spans.counts.dropped.get()).unwrap();
        assert!(dropped >= all - WAITING_MAX - BATCH_MAX - 1, "{dropped}");
        assert_eq!(spans.counts.sent.get(), 0);
        // Nor does the end of the program wait for it longer than for one answer.
        drop((spans, listener));
        let began = Instant::now();
        exporter.end();
        assert!(began.elapsed() < PATIENCE + PAUSE, "{:?}", began.elapsed());
    }
}
