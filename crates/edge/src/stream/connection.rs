//! One connection that stands: cutting what comes into messages, sending what is to go out.

use bytes::Bytes;
use ringfence_call::End;
use ringfence_sip::{Flow, Frame, Framer};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

use super::outlet::{Outlet, Queue};
use super::{Heard, Streams};

/// Read and written at once, in bytes. Big enough for a burst of messages, small enough for the stack.
const PIECE_BYTES: usize = 16 << 10;

/// The answer to a keep-alive (RFC 5626 §3.5.1).
const PONG: Bytes = Bytes::from_static(b"\r\n");

/// Why a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    /// By the peer, the network, or an order.
    Plainly,
    /// The bytes cannot be cut into messages.
    Framing,
    /// No first message, or an unfinished one for too long.
    Stalled,
    /// Silence.
    Idle,
    /// The peer does not read.
    Unread,
}

/// Serves a connection to its end, and tells the shard of the end.
pub async fn serve<S>(
    stream: S,
    flow: Flow,
    accepted: bool,
    outlet: Outlet,
    queue: Queue,
    streams: Arc<Streams>,
) where
    S: AsyncRead + AsyncWrite + Send,
{
    let end = queue.ended();
    let (reader, writer) = tokio::io::split(stream);
    let ended = tokio::select! {
        () = end => Ended::Plainly,
        ended = read(reader, flow, accepted, outlet, &streams) => ended,
        ended = write(writer, queue, &streams) => ended,
    };
    let counters = &streams.counters;
    match ended {
        Ended::Plainly => {}
        Ended::Framing => counters.closed_framing.up(),
        Ended::Stalled => counters.closed_stalled.up(),
        Ended::Idle => counters.closed_idle.up(),
        Ended::Unread => counters.closed_unread.up(),
    }
    if let Some(shard) = streams.shard_of(&flow) {
        let _ = shard.send(Heard::Closed(flow, End::Broke)).await;
    }
}

async fn read<R>(reader: R, flow: Flow, accepted: bool, outlet: Outlet, streams: &Streams) -> Ended
where
    R: AsyncRead + Send,
{
    let mut reader = std::pin::pin!(reader);
    let settings = &streams.settings;
    let Some(shard) = streams.shard_of(&flow) else { return Ended::Plainly };
    let mut framer = Framer::new(streams.limits);
    // Who came to us proves his worth by a whole message first; everybody finishes what he begins.
    let mut first_by = accepted.then(|| Instant::now() + settings.first_message_time);
    let mut finish_by = None;
    loop {
        let silent_at = Instant::now() + settings.idle_time;
        let stalls_at = [first_by, finish_by].into_iter().flatten().min();
        let until = stalls_at.map_or(silent_at, |at| at.min(silent_at));
        match timeout_at(until, read_piece(reader.as_mut(), &mut framer)).await {
            Err(_) if stalls_at.is_some_and(|at| at <= silent_at) => return Ended::Stalled,
            Err(_) => return Ended::Idle,
            Ok(Err(_) | Ok(0)) => return Ended::Plainly,
            Ok(Ok(_)) => {}
        }
        loop {
            match framer.next() {
                Err(_) => return Ended::Framing,
                Ok(None) => break,
                Ok(Some(Frame::Pong)) => {}
                Ok(Some(Frame::Ping)) => {
                    if outlet.push(PONG).is_err() {
                        return Ended::Unread;
                    }
                }
                Ok(Some(Frame::Message(bytes))) => {
                    (first_by, finish_by) = (None, None);
                    if shard.send(Heard::Message { flow, bytes }).await.is_err() {
                        return Ended::Plainly;
                    }
                }
            }
        }
        finish_by = match framer.held_bytes() {
            0 => None,
            _ => finish_by.or_else(|| Some(Instant::now() + settings.message_time)),
        };
    }
}

/// Reads what is there. The buffer is on the stack and only while there is something: idle connections are many.
async fn read_piece<R>(mut reader: Pin<&mut R>, framer: &mut Framer) -> std::io::Result<usize>
where
    R: AsyncRead + ?Sized,
{
    std::future::poll_fn(|context| {
        let mut room = [MaybeUninit::uninit(); PIECE_BYTES];
        let mut piece = ReadBuf::uninit(&mut room);
        reader.as_mut().poll_read(context, &mut piece).map_ok(|()| {
            framer.push(piece.filled());
            piece.filled().len()
        })
    })
    .await
}

async fn write<W>(writer: W, mut queue: Queue, streams: &Streams) -> Ended
where
    W: AsyncWrite + Send,
{
    let mut writer = std::pin::pin!(writer);
    loop {
        let mut piece = Vec::new();
        if queue.next(&mut piece, PIECE_BYTES).await.is_none() {
            return Ended::Plainly;
        }
        let sent = async {
            writer.write_all(&piece).await?;
            writer.flush().await
        };
        match timeout(streams.settings.write_time, sent).await {
            Err(_) => return Ended::Unread,
            Ok(Err(_)) => return Ended::Plainly,
            Ok(Ok(())) => {}
        }
    }
}
