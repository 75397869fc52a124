//! The talk with each sort of PBX: one connection for one order.

use crate::ami::Manager;
use crate::config::Control;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use ringfence_connect::control::{Ended, Garbled, ami, esl, rpc};
use std::fmt::Display;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most that is read of an answer of JSON-RPC, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

async fn connect(control: &Control) -> Result<TcpStream, String> {
    let Control { host, port, .. } = control;
    let bare = host.trim_matches(['[', ']']);
    let connected = TcpStream::connect((bare, *port)).await;
    connected.map_err(|error| format!("{host}:{port}: {error}"))
}

fn said(error: impl Display) -> String {
    error.to_string()
}

async fn more(stream: &mut TcpStream, part: &mut [u8]) -> Result<usize, String> {
    match stream.read(part).await {
        Ok(0) => Err("it closes the connection".to_owned()),
        Ok(n) => Ok(n),
        Err(error) => Err(said(error)),
    }
}

/// The channel of the call with this id; else the one with this Call-ID, which is all that copies of signalling show.
async fn find(manager: &mut Manager<TcpStream>, id: &str) -> Result<Option<String>, String> {
    manager.say(&ami::channels()).await?;
    let mut others = Vec::new();
    let mut found = None;
    loop {
        let packet = manager.next().await?;
        ami::listed(&packet).map_err(said)?;
        match ami::channel_of(&packet, id) {
            Ok(Some(channel)) => found = found.or(Some(channel)),
            Ok(None) => others.extend(packet.get("Channel").map(ToOwned::to_owned)),
            Err(ami::NoMore) => break,
        }
    }
    if found.is_some() {
        return Ok(found);
    }
    for channel in others {
        let Some(question) = ami::call_id(&channel) else { continue };
        manager.say(&question).await?;
        let is_it = loop {
            if let Some(is_it) = ami::has_call_id(&manager.next().await?, id) {
                break is_it;
            }
        };
        if is_it {
            return Ok(Some(channel));
        }
    }
    Ok(None)
}

/// By the channel it told, else by the one of the id or Call-ID it is known by.
pub(super) async fn asterisk(
    control: &Control,
    channel: Option<&str>,
    id: &str,
) -> Result<Ended, String> {
    let stream = connect(control).await?;
    let mut manager = Manager::login(stream, (&control.user, &control.password), "off").await?;
    let channel = match channel {
        Some(channel) => channel.to_owned(),
        None => match find(&mut manager, id).await? {
            Some(channel) => channel,
            None => return Ok(Ended::NotThere),
        },
    };
    let order = ami::hang_up(&channel).ok_or_else(|| format!("{channel:?} is no channel"))?;
    manager.say(&order).await?;
    loop {
        if let Some(ended) = ami::hung_up(&manager.next().await?).map_err(said)? {
            return Ok(ended);
        }
    }
}

/// By the uuid it told, else by the Call-ID.
pub(super) async fn free_switch(
    control: &Control,
    uuid: Option<&str>,
    call_id: &str,
) -> Result<Ended, String> {
    let mut stream = connect(control).await?;
    let mut reader = esl::Reader::default();
    let mut part = [0; 4_096];
    let mut next = async |stream: &mut TcpStream| loop {
        if let Some(packet) = reader.packet().map_err(said)? {
            return Ok::<_, String>(packet);
        }
        let n = more(stream, &mut part).await?;
        reader.push(part.get(..n).unwrap_or_default()).map_err(said)?;
    };
    let login = esl::login(&control.user, &control.password);
    stream.write_all(&login).await.map_err(said)?;
    while !esl::logged_in(&next(&mut stream).await?).map_err(said)? {}
    let order = esl::hang_up(uuid, call_id).ok_or_else(|| format!("{call_id:?} is no call"))?;
    stream.write_all(&order).await.map_err(said)?;
    loop {
        if let Some(ended) = esl::hung_up(&next(&mut stream).await?).map_err(said)? {
            return Ok(ended);
        }
    }
}

/// Each of its dialogs of that Call-ID.
pub(super) async fn kamailio(control: &Control, call_id: &str) -> Result<Ended, String> {
    let found = ask(control, rpc::kamailio_find(call_id)).await?;
    let orders = rpc::kamailio_end(&found).map_err(said)?;
    if orders.is_empty() {
        return Ok(Ended::NotThere);
    }
    for order in orders {
        rpc::done(&ask(control, order).await?).map_err(said)?;
    }
    Ok(Ended::Done)
}

/// Its dialog of that Call-ID, under either name of the command.
pub(super) async fn open_sips(control: &Control, call_id: &str) -> Result<Ended, String> {
    for modern in [false, true] {
        let answer = ask(control, rpc::opensips_end(call_id, modern)).await?;
        if let Some(ended) = rpc::opensips_ended(&answer).map_err(said)? {
            return Ok(ended);
        }
    }
    Err(Garbled::Refused("it knows no command to end a dialog".to_owned()).to_string())
}

/// One request of JSON-RPC.
async fn ask(control: &Control, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let stream = connect(control).await?;
    let mut head = hyper::Request::post(&control.path)
        .header(HOST, format!("{}:{}", control.host, control.port))
        .header(CONTENT_TYPE, "application/json");
    if !control.user.is_empty() {
        let pair = BASE64_STANDARD.encode(format!("{}:{}", control.user, control.password));
        head = head.header(AUTHORIZATION, format!("Basic {pair}"));
    }
    let request = head.body(Full::new(Bytes::from(body))).map_err(said)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(said)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(said)?.to_bytes().to_vec();
        // Kamailio answers faults of its commands with the status of the fault, and says more in the body.
        if status.is_success() || body.trim_ascii_start().starts_with(b"{") {
            Ok(body)
        } else {
            Err(format!("it answers {status}"))
        }
    };
    // The connection does the work; it may end before the answer is put together.
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    }
}
