//! One evaluation set in memory: events read once, replayed as often as wanted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::deck::Deck;
use super::truth::{Desk, Truth};

/// A set: its stream, its prices and what is true about it.
#[derive(Debug)]
pub struct Set {
    pub name: String,
    /// Absolute, as told to the detector in `hello`.
    pub rates_path: PathBuf,
    pub truth: Truth,
    pub deck: Deck,
    pub desk: Desk,
    pub events: Vec<Event>,
    /// Index by tenant name; the first ones are those of the truth, in its order.
    pub tenants: HashMap<String, u32>,
    /// Attacks (indices into the truth) per tenant index.
    pub attacks_of: Vec<Vec<usize>>,
    extensions: Vec<String>,
    stream: Vec<u8>,
}

/// One line of the stream: what the switch needs of it, and where its bytes are.
#[derive(Debug)]
pub struct Event {
    pub t: i64,
    pub what: What,
    line: (usize, usize),
}

#[derive(Debug, Clone, Copy)]
pub enum What {
    Start(Start),
    Answer(u64),
    End(u64),
    Other,
}

#[derive(Debug, Clone, Copy)]
pub struct Start {
    pub call: u64,
    pub tenant: u32,
    pub ext: u32,
    /// The inbound call that this one belongs to.
    pub leg: Option<u64>,
    /// Rate of an outbound call; an inbound call has none.
    pub rate: Option<u16>,
    pub attack: Option<u16>,
    pub odd: Option<u16>,
    pub emergency: bool,
}

impl Set {
    pub fn load(dir: &Path) -> Result<Self> {
        let truth_bytes = read(dir, "truth.json")?;
        let truth: Truth = serde_json::from_slice(&truth_bytes)
            .with_context(|| format!("truth of {}", dir.display()))?;
        let rates_path = std::path::absolute(dir.join("rates.csv"))?;
        let deck = Deck::read(&rates_path)?;
        let stream = read(dir, "events.jsonl")?;
        let name = match &truth.name {
            Some(name) if !name.is_empty() => name.clone(),
            _ => dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        Self::new(name, rates_path, truth, deck, stream)
            .with_context(|| format!("events of {}", dir.display()))
    }

    pub fn new(
        name: String,
        rates_path: PathBuf,
        truth: Truth,
        deck: Deck,
        stream: Vec<u8>,
    ) -> Result<Self> {
        let mut parser = Parser::new(&truth, &deck)?;
        let events = parser.events(&stream)?;
        let Parser { tenants, extensions, .. } = parser;
        let mut attacks_of = vec![Vec::new(); tenants.len()];
        for (at, attack) in truth.attacks.iter().enumerate() {
            let tenant = tenants.get(&attack.tenant).copied();
            let known = tenant.filter(|id| (*id as usize) < truth.tenants.len());
            let Some(list) = known.and_then(|id| attacks_of.get_mut(id as usize)) else {
                bail!("attack {} names the unknown tenant {}", attack.id, attack.tenant);
            };
            list.push(at);
        }
        let extensions = extensions.into_names();
        let desk = Desk::new(&truth)?;
        let tenants = tenants.by_name;
        Ok(Self {
            name,
            rates_path,
            truth,
            deck,
            desk,
            events,
            tenants,
            attacks_of,
            extensions,
            stream,
        })
    }

    /// The raw line of an event, without its newline.
    pub fn line(&self, event: &Event) -> &[u8] {
        &self.stream[event.line.0..event.line.1]
    }

    pub fn extension(&self, ext: u32) -> &str {
        &self.extensions[ext as usize]
    }
}

/// Reads `name` or `name.xz` in `dir`.
fn read(dir: &Path, name: &str) -> Result<Vec<u8>> {
    let plain = dir.join(name);
    if plain.exists() {
        return std::fs::read(&plain).with_context(|| format!("reading {}", plain.display()));
    }
    let packed = dir.join(format!("{name}.xz"));
    let bytes = std::fs::read(&packed)
        .with_context(|| format!("neither {name} nor {}", packed.display()))?;
    let mut out = Vec::new();
    lzma_rust2::XzReader::new(bytes.as_slice(), true)
        .read_to_end(&mut out)
        .with_context(|| format!("unpacking {}", packed.display()))?;
    Ok(out)
}

/// Names to dense indices, in order of first sight.
#[derive(Debug, Default)]
struct Index {
    by_name: HashMap<String, u32>,
}

impl Index {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        let at = self.by_name.len() as u32;
        self.by_name.insert(name.to_owned(), at);
        at
    }

    fn get(&self, name: &str) -> Option<&u32> {
        self.by_name.get(name)
    }

    fn len(&self) -> usize {
        self.by_name.len()
    }

    fn into_names(self) -> Vec<String> {
        let mut names: Vec<_> = self.by_name.into_iter().collect();
        names.sort_by_key(|(_, at)| *at);
        names.into_iter().map(|(name, _)| name).collect()
    }
}

struct Parser<'a> {
    deck: &'a Deck,
    attack_of: HashMap<u64, u16>,
    odd_of: HashMap<u64, u16>,
    tenants: Index,
    extensions: Index,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    ev: Cow<'a, str>,
    t: i64,
    call: Option<u64>,
}

#[derive(Deserialize)]
struct Invite<'a> {
    call: u64,
    #[serde(borrow)]
    tenant: Cow<'a, str>,
    #[serde(borrow)]
    ext: Cow<'a, str>,
    #[serde(borrow)]
    dir: Cow<'a, str>,
    #[serde(borrow)]
    b: Cow<'a, str>,
    leg: Option<u64>,
}

impl<'a> Parser<'a> {
    fn new(truth: &Truth, deck: &'a Deck) -> Result<Self> {
        let mut attack_of = HashMap::new();
        for (at, attack) in truth.attacks.iter().enumerate() {
            let at = u16::try_from(at).context("over 65,535 attacks")?;
            for call in attack.call_ids.iter().chain(&attack.inbound_ids) {
                attack_of.insert(*call, at);
            }
        }
        let mut odd_of = HashMap::new();
        for (at, odd) in truth.hard_negatives.iter().enumerate() {
            let at = u16::try_from(at).context("over 65,535 odd events")?;
            for call in &odd.call_ids {
                odd_of.insert(*call, at);
            }
        }
        let mut tenants = Index::default();
        for (name, _) in &truth.tenants {
            tenants.of(name);
        }
        Ok(Self { deck, attack_of, odd_of, tenants, extensions: Index::default() })
    }

    fn events(&mut self, stream: &[u8]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut from = 0;
        for (number, line) in stream.split_inclusive(|b| *b == b'\n').enumerate() {
            let text = line.trim_ascii_end();
            let event = self
                .event(text, (from, from + text.len()))
                .with_context(|| format!("line {}", number + 1))?;
            events.push(event);
            from += line.len();
        }
        Ok(events)
    }

    fn event(&mut self, text: &[u8], line: (usize, usize)) -> Result<Event> {
        let head: Head = serde_json::from_slice(text)?;
        let what = match (&*head.ev, head.call) {
            ("start", Some(_)) => What::Start(self.start(serde_json::from_slice(text)?)),
            ("answer", Some(call)) => What::Answer(call),
            ("end", Some(call)) => What::End(call),
            ("start" | "answer" | "end", None) => bail!("{} without a call id", head.ev),
            _ => What::Other,
        };
        Ok(Event { t: head.t, what, line })
    }

    fn start(&mut self, invite: Invite<'_>) -> Start {
        Start {
            call: invite.call,
            tenant: self.tenants.of(&invite.tenant),
            ext: self.extensions.of(&invite.ext),
            leg: invite.leg,
            rate: (invite.dir == "out").then(|| self.deck.find(&invite.b)),
            attack: self.attack_of.get(&invite.call).copied(),
            odd: self.odd_of.get(&invite.call).copied(),
            emergency: invite.b == "+31112",
        }
    }
}
