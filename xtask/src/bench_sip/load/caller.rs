//! The caller's side: begins calls and ends them.

use anyhow::Result;

use super::calls::Stage;
use super::heard::{Heard, Kind, digits, read};
use super::timers::What;
use super::{BATCH, Load, socket};

impl Load {
    pub(super) fn hear_caller(&mut self, bytes: &mut [u8]) -> Result<()> {
        for _ in 0..BATCH {
            let Some((message, from)) = socket::receive(&self.caller, bytes)? else { break };
            let Some(heard) = read(message) else { continue };
            match heard.kind {
                Kind::Response(code) => self.answered(code, &heard)?,
                // Nobody but a server that cuts a call sends the caller a BYE.
                Kind::Bye => {
                    self.plan.voice.answer(&mut self.out, "200 OK", &heard, 0, false);
                    socket::send(&self.caller, &self.out, from)?;
                    let Some(number) = digits(heard.call_id) else { continue };
                    let running = self.calls.get(number).filter(|call| call.stage == Stage::Up);
                    if running.is_some() {
                        self.tally.cut += 1;
                        self.calls.over(number);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answered(&mut self, code: u16, heard: &Heard<'_>) -> Result<()> {
        let Some(number) = digits(heard.call_id) else { return Ok(()) };
        if heard.cseq.ends_with(b"INVITE") {
            match code {
                100..=199 => {
                    let call = self.calls.get(number).filter(|call| call.stage == Stage::Calling);
                    call.into_iter().for_each(|call| call.stage = Stage::Proceeding);
                    Ok(())
                }
                200..=299 => self.taken(heard, number),
                _ => self.refused(code, heard, number),
            }
        } else if heard.cseq.ends_with(b"BYE") && code >= 200 {
            self.left(code, number);
            Ok(())
        } else {
            Ok(())
        }
    }

    fn taken(&mut self, heard: &Heard<'_>, number: u64) -> Result<()> {
        let now = self.now();
        // Each 200, also one that comes again, gets its ACK (RFC 3261 section 13.2.2.4).
        self.plan.voice.in_dialog(&mut self.out, "ACK", heard, number);
        socket::send(&self.caller, &self.out, self.plan.voice.server)?;
        let early = |stage| matches!(stage, Stage::Calling | Stage::Proceeding);
        if self.calls.get(number).is_none_or(|call| !early(call.stage)) {
            self.tally.heard_again += 1;
            return Ok(());
        }
        self.tally.answered += 1;
        self.plan.voice.in_dialog(&mut self.out, "BYE", heard, number);
        let bye = self.calls.copy(&self.out);
        if let Some(call) = self.calls.get(number) {
            call.stage = Stage::Up;
            call.bye = bye;
        }
        self.timers.set(now, number, What::Talked);
        Ok(())
    }

    fn refused(&mut self, code: u16, heard: &Heard<'_>, number: u64) -> Result<()> {
        self.plan.voice.ack_refusal(&mut self.out, heard, number);
        socket::send(&self.caller, &self.out, self.plan.voice.server)?;
        match self.calls.get(number).map(|call| call.stage) {
            Some(Stage::Calling | Stage::Proceeding) => {
                *self.tally.refused.entry(code).or_default() += 1;
                self.calls.over(number);
            }
            _ => self.tally.heard_again += 1,
        }
        Ok(())
    }

    fn left(&mut self, code: u16, number: u64) {
        match self.calls.get(number).map(|call| call.stage) {
            Some(Stage::Leaving) if code < 300 => {
                self.tally.completed += 1;
                self.calls.over(number);
            }
            Some(Stage::Leaving) => {
                self.tally.bye_refused += 1;
                self.tally.in_dialog_lost += 1;
                self.calls.over(number);
            }
            _ => self.tally.heard_again += 1,
        }
    }

    pub(super) fn repeat_due(&mut self) -> Result<()> {
        let now = self.now();
        while let Some((number, what)) = self.timers.due(now) {
            match what {
                What::Invite(times) => self.invite_again(now, number, times)?,
                What::Bye(times) => self.bye(now, number, Stage::Leaving, times + 1)?,
                What::Talked => self.bye(now, number, Stage::Up, 0)?,
                What::Answer(times) => self.answer_again(now, number, times)?,
            }
        }
        Ok(())
    }

    fn invite_again(&mut self, now: u64, number: u64, times: u8) -> Result<()> {
        if self.calls.get(number).is_none_or(|call| call.stage != Stage::Calling) {
            return Ok(());
        }
        if !self.timers.set(now, number, What::Invite(times + 1)) {
            self.give_up(number);
            return Ok(());
        }
        self.tally.resent += 1;
        self.plan.voice.invite(&mut self.out, number);
        socket::send(&self.caller, &self.out, self.plan.voice.server)
    }

    /// Sends BYE, for the first time or again, when the call is still at `stage`.
    fn bye(&mut self, now: u64, number: u64, stage: Stage, times: u8) -> Result<()> {
        let Some(call) = self.calls.get(number).filter(|call| call.stage == stage) else {
            return Ok(());
        };
        call.stage = Stage::Leaving;
        socket::send(&self.caller, &call.bye, self.plan.voice.server)?;
        self.tally.resent += u64::from(times > 0);
        self.tally.bye_resent += u64::from(times > 0);
        if !self.timers.set(now, number, What::Bye(times)) {
            self.tally.in_dialog_lost += 1;
            self.give_up(number);
        }
        Ok(())
    }

    fn give_up(&mut self, number: u64) {
        self.tally.given_up += 1;
        self.calls.over(number);
    }
}
