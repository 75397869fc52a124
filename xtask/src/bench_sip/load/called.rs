//! The called side: rings, answers, and hangs up when told.

use std::net::SocketAddr;

use anyhow::Result;

use super::calls::Stage;
use super::heard::{Heard, Kind, number_after, read};
use super::timers::What;
use super::{BATCH, Load, socket};

impl Load {
    pub(super) fn hear_called(&mut self, bytes: &mut [u8]) -> Result<()> {
        for _ in 0..BATCH {
            let Some((message, from)) = socket::receive(&self.called, bytes)? else { break };
            let Some(heard) = read(message) else { continue };
            match heard.kind {
                Kind::Invite => self.ring(&heard, from)?,
                Kind::Ack => self.confirmed(&heard),
                Kind::Bye => self.hung_up(&heard, from)?,
                Kind::Other => {
                    self.plan.voice.answer(&mut self.out, "200 OK", &heard, 0, false);
                    socket::send(&self.called, &self.out, from)?;
                }
                Kind::Register | Kind::Response(_) => {}
            }
        }
        Ok(())
    }

    fn ring(&mut self, heard: &Heard<'_>, from: SocketAddr) -> Result<()> {
        let now = self.now();
        let Some(number) = number_after(heard.body, b"o=- ") else { return Ok(()) };
        let Some(call) = self.calls.get(number) else { return Ok(()) };
        if call.stage == Stage::Over || std::mem::replace(&mut call.heard, true) {
            self.tally.heard_again += 1;
            return Ok(());
        }
        let delay = now.saturating_sub(call.sent_at);
        self.tally.arrived += 1;
        self.delays.push(u32::try_from(delay).unwrap_or(u32::MAX));
        let voice = self.plan.voice;
        voice.answer(&mut self.out, "100 Trying", heard, number, false);
        socket::send(&self.called, &self.out, from)?;
        voice.answer(&mut self.out, "180 Ringing", heard, number, false);
        socket::send(&self.called, &self.out, from)?;
        voice.answer(&mut self.out, "200 OK", heard, number, true);
        socket::send(&self.called, &self.out, from)?;
        let answer = self.calls.copy(&self.out);
        if let Some(call) = self.calls.get(number) {
            call.answer = answer;
        }
        self.timers.set(now, number, What::Answer(0));
        Ok(())
    }

    /// The answer is not sent again.
    fn confirmed(&mut self, heard: &Heard<'_>) {
        let number = number_after(heard.to, b";tag=u");
        if let Some(call) = number.and_then(|number| self.calls.get(number)) {
            call.answer.clear();
        }
    }

    fn hung_up(&mut self, heard: &Heard<'_>, from: SocketAddr) -> Result<()> {
        self.plan.voice.answer(&mut self.out, "200 OK", heard, 0, false);
        socket::send(&self.called, &self.out, from)?;
        self.tally.hung_up += 1;
        Ok(())
    }

    pub(super) fn answer_again(&mut self, now: u64, number: u64, times: u8) -> Result<()> {
        let Some(call) = self.calls.get(number).filter(|call| !call.answer.is_empty()) else {
            return Ok(());
        };
        self.tally.resent += 1;
        socket::send(&self.called, &call.answer, self.plan.voice.server)?;
        self.timers.set(now, number, What::Answer(times + 1));
        Ok(())
    }
}
