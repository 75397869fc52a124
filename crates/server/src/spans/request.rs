//! Spans of requests to the API.

use super::{Kind, Span, Spans};
use ringfence_api::{Seen, Watch};
use sha2::{Digest, Sha256};

/// Makes spans of requests.
#[derive(Debug)]
pub struct Requests(pub Spans);

impl Watch for Requests {
    fn saw(&self, seen: &Seen<'_>) {
        if let Some(span) = span(seen) {
            self.0.put(span);
        }
    }
}

/// None of a request whose caller wants none recorded.
fn span(seen: &Seen<'_>) -> Option<Span> {
    let [trace, own] = ids(seen);
    let given = seen.traceparent.and_then(Parent::read);
    if given.as_ref().is_some_and(|given| !given.sampled) {
        return None;
    }
    Some(Span {
        trace: given.as_ref().map_or(trace, |given| given.trace),
        id: *own.first_chunk()?,
        parent: given.map(|given| given.span),
        name: format!("{} {}", seen.method, seen.route),
        kind: Kind::Server,
        start: seen.began,
        end: seen.ended,
        attributes: vec![
            ("http.request.method", seen.method.into()),
            ("http.route", seen.route.into()),
            ("http.response.status_code", i64::from(seen.status).into()),
            ("ringfence.role", seen.role.into()),
            ("ringfence.request_id", seen.request_id.into()),
        ],
        events: Vec::new(),
        failed: seen.status >= 500,
    })
}

/// Two ids that no other request has: of its own id, which is of chance or the caller's, and its time.
fn ids(seen: &Seen<'_>) -> [[u8; 16]; 2] {
    let hash = Sha256::new()
        .chain_update(seen.request_id)
        .chain_update(seen.began.0.to_be_bytes())
        .chain_update(seen.ended.0.to_be_bytes())
        .finalize();
    let (first, second) = hash.split_at(16);
    [first, second].map(|half| half.try_into().unwrap_or([1; 16]))
}

/// What a caller's `traceparent` says (W3C Trace Context, §3.2).
#[derive(PartialEq, Eq, Debug)]
struct Parent {
    trace: [u8; 16],
    span: [u8; 8],
    sampled: bool,
}

impl Parent {
    /// `None` when it is none: then the trace begins here (§4.3).
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version] = bytes::<1>(parts.next()?)?;
        let (trace, span) = (bytes::<16>(parts.next()?)?, bytes::<8>(parts.next()?)?);
        let [flags] = bytes::<1>(parts.next()?)?;
        // Later versions may have more parts; this one has not.
        let right = version != 0xff && (version > 0 || parts.next().is_none());
        let right = right && trace != [0; 16] && span != [0; 8];
        right.then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// So many bytes in lower-case hexadecimal.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * N || !text.bytes().all(digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::WallTime;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn seen(traceparent: Option<&str>) -> Seen<'_> {
        Seen {
            method: "GET",
            route: "/v1/trunks/{id}",
            status: 404,
            role: "key",
            request_id: "abc",
            traceparent,
            began: WallTime(1),
            ended: WallTime(9),
        }
    }

    #[test]
    fn the_trace_of_the_caller_goes_on() {
        let of = span(&seen(Some(GIVEN))).unwrap();
        assert_eq!(of.trace[..2], [0x4b, 0xf9]);
        assert_eq!(of.parent, Some([0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        let own = span(&seen(None)).unwrap();
        assert_eq!((own.parent, own.name.as_str()), (None, "GET /v1/trunks/{id}"));
        assert_ne!(own.trace, of.trace);
        assert!(!own.failed && own.trace != [0; 16] && own.id != [0; 8]);
    }

    #[test]
    fn who_wants_none_recorded_gets_none() {
        assert_eq!(span(&seen(Some(&GIVEN.replace("-01", "-00")))), None);
    }

    #[test]
    fn what_is_no_traceparent_is_not_heeded() {
        for wrong in [
            "",
            "00",
            "nonsense",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-+1",
        ] {
            assert_eq!(Parent::read(wrong), None, "{wrong}");
            assert_eq!(span(&seen(Some(wrong))).unwrap().parent, None);
        }
        let later = GIVEN.replacen("00", "01", 1) + "-more";
        assert!(Parent::read(&later).is_some());
    }
}
