//! Connections that others open.

use ringfence_sip::{Flow, Transport};
use socket2::SockRef;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout};

use super::caps::{Caps, Ticket};
use super::connection::serve;
use super::outlet::outlet;
use super::{Heard, Streams};

/// How long a shard may take to say whether somebody may connect.
const ASK_TIME: Duration = Duration::from_secs(1);

/// The first rest after the system could not accept; it doubles up to the last.
const FIRST_REST: Duration = Duration::from_millis(10);
const LAST_REST: Duration = Duration::from_secs(1);

/// Where connections are accepted.
#[derive(Clone, Copy)]
struct Place {
    transport: Transport,
    local: SocketAddr,
}

/// Accepts connections of one listener until the threads of connections end.
pub fn listen(
    streams: &Arc<Streams>,
    caps: &Arc<Caps>,
    listener: std::net::TcpListener,
    transport: Transport,
    local: SocketAddr,
) -> io::Result<()> {
    let _within = streams.standing.enter();
    let listener = TcpListener::from_std(listener)?;
    let place = Place { transport, local };
    streams.standing.spawn(accept_all(Arc::clone(streams), Arc::clone(caps), listener, place));
    Ok(())
}

async fn accept_all(streams: Arc<Streams>, caps: Arc<Caps>, listener: TcpListener, place: Place) {
    let mut rest = FIRST_REST;
    loop {
        match listener.accept().await {
            Ok((tcp, remote)) => {
                rest = FIRST_REST;
                match caps.admit(remote, Instant::now()) {
                    Some(ticket) => {
                        let streams = Arc::clone(&streams);
                        tokio::spawn(welcome(streams, tcp, place, remote, ticket));
                    }
                    None => refuse(tcp),
                }
            }
            // The one that waited has gone again.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // Mostly no file descriptor left: trying again at once would only burn the processor.
            Err(_) => {
                streams.counters.accept_errors.up();
                sleep_until(tokio::time::Instant::now() + rest).await;
                rest = (rest * 2).min(LAST_REST);
            }
        }
    }
}

/// From the first packet to the end of one connection.
async fn welcome(
    streams: Arc<Streams>,
    tcp: TcpStream,
    place: Place,
    remote: SocketAddr,
    _ticket: Ticket,
) {
    let Place { transport, local } = place;
    let connection = Some(streams.mint(streams.shard_for(remote)));
    let flow = Flow { transport, local, remote, connection };
    if !may_connect(&streams, flow).await {
        streams.counters.refused_guard.up();
        return refuse(tcp);
    }
    // Messages are whole when they are written: waiting for more only delays them.
    let _ = tcp.set_nodelay(true);
    match transport {
        Transport::Tls => {
            let Some(tls) = handshake(&streams, tcp).await else {
                return streams.counters.handshakes_failed.up();
            };
            let names = crate::tls::names_shown(tls.get_ref().1.peer_certificates());
            stand(streams, tls, flow, names).await;
        }
        Transport::Tcp | Transport::Udp => stand(streams, tcp, flow, Vec::new()).await,
    }
}

async fn may_connect(streams: &Streams, flow: Flow) -> bool {
    let Some(shard) = streams.shard_of(&flow) else { return false };
    let ask = async {
        let (answer, answered) = oneshot::channel();
        shard.send(Heard::MayConnect { flow, answer }).await.ok()?;
        answered.await.ok()
    };
    timeout(ASK_TIME, ask).await.ok().flatten().unwrap_or(false)
}

type ServerTls = tokio_rustls::server::TlsStream<TcpStream>;

/// The costly part, on the thread for it.
async fn handshake(streams: &Streams, tcp: TcpStream) -> Option<ServerTls> {
    let acceptor = streams.keys.as_ref()?.acceptor()?;
    let shaken = timeout(streams.settings.handshake_time, acceptor.accept(tcp));
    streams.beginning.spawn(shaken).await.ok()?.ok()?.ok()
}

async fn stand<S>(streams: Arc<Streams>, stream: S, flow: Flow, names: Vec<String>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send,
{
    let Some(shard) = streams.shard_of(&flow) else { return };
    let (outlet, queue) = outlet(streams.settings.queue_bytes_max);
    let opened = Heard::Opened { flow, names, outlet: outlet.clone() };
    if shard.send(opened).await.is_ok() {
        streams.counters.accepted.up();
        serve(stream, flow, true, outlet, queue, streams).await;
    }
}

/// Closes without an answer and without leaving anything in the kernel.
fn refuse(tcp: TcpStream) {
    let _ = SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
}
