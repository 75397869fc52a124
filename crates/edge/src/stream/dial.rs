//! Connections that we open.

use ringfence_call::End;
use ringfence_sip::{Flow, Transport};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::connection::serve;
use super::outlet::{Outlet, Queue};
use super::{Heard, Streams};

impl Streams {
    /// Opens a connection and serves it. What waits in the queue is sent as soon as it stands; the shard is told when
    /// it ends or cannot be opened.
    pub fn dial(self: &Arc<Self>, flow: Flow, outlet: Outlet, queue: Queue) {
        let streams = Arc::clone(self);
        self.standing.spawn(async move {
            let reached = match flow.transport {
                Transport::Tls => secured(&streams, flow).await.map(|tls| Reached::Tls(tls.into())),
                Transport::Tcp | Transport::Udp => {
                    connected(&streams, flow).await.map(Reached::Tcp)
                }
            };
            match reached {
                Ok(Reached::Tcp(tcp)) => {
                    streams.counters.dialled.up();
                    serve(tcp, flow, false, outlet, queue, streams).await;
                }
                Ok(Reached::Tls(tls)) => {
                    streams.counters.dialled.up();
                    serve(*tls, flow, false, outlet, queue, streams).await;
                }
                Err(_) => {
                    streams.counters.dials_failed.up();
                    if let Some(shard) = streams.shard_of(&flow) {
                        let _ = shard.send(Heard::Closed(flow, End::Unopened)).await;
                    }
                }
            }
        });
    }
}

type ClientTls = tokio_rustls::client::TlsStream<TcpStream>;

enum Reached {
    Tcp(TcpStream),
    Tls(Box<ClientTls>),
}

async fn connected(streams: &Streams, flow: Flow) -> io::Result<TcpStream> {
    let socket = if flow.remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if !flow.local.ip().is_unspecified() {
        // Peers know us by the address we listen on.
        socket.bind(SocketAddr::new(flow.local.ip(), 0))?;
    }
    let stream = timeout(streams.settings.dial_time, socket.connect(flow.remote)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn secured(streams: &Streams, flow: Flow) -> io::Result<ClientTls> {
    let names = streams.expected.names(flow.remote);
    let keys = streams.keys.as_ref();
    // An address nobody named is an address nobody can prove to be right.
    let connector = keys.and_then(|keys| keys.connector(&names));
    let (name, connector) =
        names.first().cloned().zip(connector).ok_or(ErrorKind::PermissionDenied)?;
    let tcp = connected(streams, flow).await?;
    let shaken = timeout(streams.settings.handshake_time, connector.connect(name, tcp));
    let tls = streams.beginning.spawn(shaken).await.map_err(io::Error::other)??;
    tls.inspect_err(|_| streams.counters.handshakes_failed.up())
}
