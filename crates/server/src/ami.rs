//! A talk with Asterisk over its manager interface.

use ringfence_connect::control::ami;
use std::fmt::Display;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A talk over the manager interface.
pub(crate) struct Manager<S> {
    stream: S,
    reader: ami::Reader,
}

fn said(error: impl Display) -> String {
    error.to_string()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Manager<S> {
    /// Logs in; `events` are the classes that are wanted.
    ///
    /// # Errors
    /// In words, when it is refused or the connection ends.
    pub async fn login(
        stream: S,
        (user, password): (&str, &str),
        events: &str,
    ) -> Result<Self, String> {
        let mut manager = Self { stream, reader: ami::Reader::default() };
        manager.say(&ami::login(user, password, events)).await?;
        while !ami::logged_in(&manager.next().await?).map_err(said)? {}
        Ok(manager)
    }

    /// The next packet. May be given up while it waits; nothing is lost by that.
    ///
    /// # Errors
    /// When the connection ends, or something else comes.
    pub async fn next(&mut self) -> Result<ami::Packet, String> {
        let mut part = [0; 4_096];
        loop {
            if let Some(packet) = self.reader.packet() {
                return Ok(packet);
            }
            match self.stream.read(&mut part).await {
                Ok(0) => return Err("it closes the connection".to_owned()),
                Ok(n) => self.reader.push(part.get(..n).unwrap_or_default()).map_err(said)?,
                Err(error) => return Err(said(error)),
            }
        }
    }

    /// Sends an action.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).await.map_err(said)
    }
}
