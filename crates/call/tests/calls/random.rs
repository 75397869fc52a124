//! Whatever people say, in whatever order, lost and doubled: no panic, one final answer per INVITE, one record per
//! attempt, and after quiet nothing is left.

use crate::world::{Talk, World};
use ringfence_call::{End, Ruling};
use ringfence_sip::{Message, Method, Name, Transport};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Chance, the same for the same seed (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        (!all.is_empty()).then(|| &all[self.below(all.len())])
    }
}

const PEOPLE: [&str; 3] = ["pbx", "carrier", "second"];
const ANSWERS: [&str; 16] = [
    "100 Trying",
    "180 Ringing",
    "183 Progress",
    "200 OK",
    "200 OK",
    "200 OK",
    "202 Accepted",
    "302 Moved",
    "401 Unauthorized",
    "407 Auth",
    "422 Small",
    "481 Gone",
    "486 Busy",
    "487 Over",
    "503 Full",
    "603 No",
];
const EXTRAS: [&str; 6] = [
    "",
    "",
    "Require: 100rel\r\nRSeq: 5\r\n",
    "Session-Expires: 120\r\nMin-SE: 3600\r\n",
    "Supported: 100rel, timer\r\n",
    "Replaces: x;to-tag=1;from-tag=2\r\nRAck: 5 1 INVITE\r\n",
];
const METHODS: [&str; 14] = [
    "ACK", "ACK", "ACK", "BYE", "BYE", "INVITE", "INVITE", "INFO", "UPDATE", "PRACK", "OPTIONS",
    "REFER", "NOTIFY", "CANCEL",
];

struct Crowd {
    w: World,
    chance: Chance,
    heard: Vec<(&'static str, Message)>,
    talks: Vec<Talk>,
    said: Vec<(&'static str, String)>,
    invites: u32,
    restarts: bool,
}

impl Crowd {
    fn new(seed: u64) -> Self {
        let (heard, talks, said) = (Vec::new(), Vec::new(), Vec::new());
        let chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut w = World::new();
        // Some live by streams, some see restarts.
        for (nth, who) in PEOPLE.into_iter().enumerate() {
            if seed >> nth & 1 == 1 {
                w.over(who, Transport::Tcp);
            }
        }
        Self { w, chance, heard, talks, said, invites: 0, restarts: seed.is_multiple_of(5) }
    }

    fn step(&mut self) {
        match self.chance.below(26) {
            0..=3 => self.call(),
            4..=12 => self.answer(),
            13..=17 => self.ask(),
            18 | 19 => self.repeat(),
            20..=22 => {
                let wait = [1, 200, 700, 7_000, 33_000, 70_000][self.chance.below(6)];
                self.w.pass(Duration::from_millis(wait));
                if wait > 5_000 {
                    // Nobody repeats himself after that (Timer B).
                    self.said.clear();
                }
            }
            23 => {
                let end = [End::Broke, End::Unopened][self.chance.below(2)];
                self.w.close(PEOPLE[self.chance.below(3)], end);
            }
            24 if self.restarts => self.restart(),
            _ if !self.w.judged.is_empty() => self.w.cut("enough"),
            _ => {}
        }
        self.listen();
    }

    /// What was answered and acknowledged goes on; of the rest nothing is known any more.
    fn restart(&mut self) {
        self.w.pass(Duration::from_secs(1));
        self.w.restart(Duration::from_secs(5));
        self.w.heard.clear();
        let running: Vec<_> = self.w.calls.running().map(|call| call.call).collect();
        self.w.events.clear();
        self.w.cdrs.clear();
        self.w.judged.retain(|attempt| running.contains(&attempt.call));
        self.said.clear();
    }

    fn call(&mut self) {
        self.w.ruling = match self.chance.below(5) {
            0 => Ruling::Refuse { text: "no".into() },
            1 => Ruling::Allow {
                max_duration: Some(Duration::from_secs(20)),
                protected: false,
                b_number: None,
                dial: None,
            },
            2 => Ruling::Allow { max_duration: None, protected: true, b_number: None, dial: None },
            _ => Ruling::Allow { max_duration: None, protected: false, b_number: None, dial: None },
        };
        let extra = EXTRAS[self.chance.below(EXTRAS.len())];
        let talk = match self.chance.below(2) {
            0 => self.w.invite("pbx", "sip:0201112222@edge.example", extra, "offer"),
            _ => self.w.invite("carrier", "sip:+31201234567@edge.example", extra, "offer"),
        };
        self.talks.push(talk);
    }

    fn answer(&mut self) {
        let asked: Vec<_> = self.heard.iter().filter(|(_, m)| m.method().is_some()).collect();
        let Some((who, request)) = self.chance.one_of(&asked).map(|found| (*found).clone()) else {
            return;
        };
        if request.method() == Some(Method::Ack) {
            return;
        }
        let status = ANSWERS[self.chance.below(ANSWERS.len())];
        let tag = ["a", "b"][self.chance.below(2)];
        let extra = EXTRAS[self.chance.below(EXTRAS.len())];
        let body = ["", "body"][self.chance.below(2)];
        self.w.answer(who, &request, status, tag, extra, body);
        let first = !request.field(Name::To).unwrap().windows(5).any(|part| part == b";tag=");
        if request.method() == Some(Method::Invite) && first {
            self.talks.push(Talk::called(who, &request, tag));
        }
    }

    fn ask(&mut self) {
        let Some(mut talk) = self.chance.one_of(&self.talks).cloned() else { return };
        let method = METHODS[self.chance.below(METHODS.len())];
        let extra = EXTRAS[self.chance.below(EXTRAS.len())];
        match method {
            "ACK" | "CANCEL" => {}
            // A number that was used has a branch that was used.
            "INVITE" => {
                self.invites += 1;
                talk.cseq = 1_000 + self.invites;
            }
            _ => talk.cseq += self.chance.below(3) as u32,
        }
        let refer =
            if method == "REFER" { "Refer-To: <sip:0203334444@edge.example>\r\n" } else { "" };
        let text = self.w.text(&talk, method, &format!("{extra}{refer}"), "");
        self.said.push((talk.who, text.clone()));
        self.w.say(talk.who, &text);
        self.talks.push(talk);
    }

    fn repeat(&mut self) {
        if let Some((who, text)) = self.chance.one_of(&self.said).cloned() {
            self.w.say(who, &text);
        }
    }

    /// Takes up what was said to people; some of it is lost.
    fn listen(&mut self) {
        for who in PEOPLE {
            let addr = self.w.addr(who);
            let new: Vec<_> = self.w.inbox.entry(addr).or_default().drain(..).collect();
            for message in new {
                if self.chance.below(5) == 0 {
                    continue;
                }
                if message.code().is_some_and(|code| code > 100) {
                    let call_id = message.field(Name::CallId).unwrap();
                    let of = self.talks.iter().find(|talk| talk.call_id.as_bytes() == call_id);
                    let talk = of.cloned().map(|talk| talk.with(&message));
                    self.talks.extend(talk);
                }
                self.heard.push((who, message));
            }
        }
    }

    fn quiet(&mut self, seed: u64) {
        self.w.pass(Duration::from_secs(4 * 3600));
        let counts = self.w.calls.counts();
        let all = [counts.calls, counts.transactions, counts.dialogs, counts.timers];
        assert_eq!(all, [0; 4], "seed {seed}: {counts:?}\n{}", self.w.ladder);
        assert!(self.w.kept.is_empty(), "seed {seed}");
        self.w.accounted();
        self.one_final_answer_each(seed);
    }

    fn one_final_answer_each(&self, seed: u64) {
        let mut finals: HashMap<Vec<u8>, BTreeSet<Vec<u8>>> = HashMap::new();
        for (_, bytes) in &self.w.heard {
            let message = Message::parse(bytes.clone(), &Default::default()).unwrap();
            let is_invite = message.field(Name::CSeq).unwrap().ends_with(b"INVITE");
            if is_invite && message.code().is_some_and(|code| code >= 200) {
                let branch = message.essentials().unwrap().via.branch().unwrap().to_vec();
                finals.entry(branch).or_default().insert(bytes.to_vec());
            }
        }
        for (branch, finals) in finals {
            let ladder = &self.w.ladder;
            assert_eq!(finals.len(), 1, "seed {seed}: {}\n{ladder}", branch.escape_ascii());
        }
    }
}

fn run(seed: u64) {
    let mut crowd = Crowd::new(seed);
    for _ in 0..60 {
        crowd.step();
    }
    crowd.quiet(seed);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how many seeds is for who runs it to say")]
fn whatever_people_say() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(150);
    for seed in 1..=seeds {
        run(seed);
    }
}
