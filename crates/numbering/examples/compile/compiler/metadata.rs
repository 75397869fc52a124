//! Reads the territories of libphonenumber's XML files.

use super::Fault;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// One `<territory>`: its attributes and the patterns of its number types.
#[derive(Default)]
pub struct Territory {
    pub id: String,
    pub attributes: BTreeMap<String, String>,
    pub types: Vec<NumberType>,
}

/// One number type such as `<premiumRate>`: which lengths, which digits.
#[derive(Default)]
pub struct NumberType {
    pub name: String,
    /// Bit n is set when n digits are possible; 0 when the file names no lengths.
    pub lengths: u32,
    pub pattern: String,
}

impl Territory {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub fn calling_code(&self) -> &str {
        self.attribute("countryCode")
    }

    pub fn is_main(&self) -> bool {
        self.attribute("mainCountryForCode") == "true"
    }

    pub fn number_type(&self, name: &str) -> Option<&NumberType> {
        self.types.iter().find(|t| t.name == name && !t.pattern.is_empty() && t.pattern != "NA")
    }
}

pub fn territories(xml: &str) -> Result<Vec<Territory>, Fault> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found: Vec<Territory> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => {
                open(&tag, path.last().map(String::as_str), &mut found)?;
                path.push(String::from_utf8(tag.name().as_ref().to_vec())?);
            }
            Event::Empty(tag) => open(&tag, path.last().map(String::as_str), &mut found)?,
            Event::Text(text) if path.last().is_some_and(|tag| tag == "nationalNumberPattern") => {
                let number_type = found.last_mut().and_then(|t| t.types.last_mut());
                let number_type = number_type.ok_or("a pattern outside a number type")?;
                let text = text.decode()?;
                number_type.pattern.extend(text.chars().filter(|c| !c.is_whitespace()));
            }
            Event::End(_) => drop(path.pop()),
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn open(tag: &BytesStart, parent: Option<&str>, found: &mut Vec<Territory>) -> Result<(), Fault> {
    let name = String::from_utf8(tag.name().as_ref().to_vec())?;
    if name == "territory" {
        let attributes = attributes(tag)?;
        let id = attributes.get("id").cloned().unwrap_or_default();
        found.push(Territory { id, attributes, types: Vec::new() });
    } else if parent == Some("territory") {
        let territory = found.last_mut().ok_or("a number type outside a territory")?;
        territory.types.push(NumberType { name, ..NumberType::default() });
    } else if name == "possibleLengths" {
        let text = attributes(tag)?.remove("national").unwrap_or_default();
        let number_type = found.last_mut().and_then(|t| t.types.last_mut());
        number_type.ok_or("lengths outside a number type")?.lengths = lengths(&text)?;
    }
    Ok(())
}

fn attributes(tag: &BytesStart) -> Result<BTreeMap<String, String>, Fault> {
    let mut found = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let value: String = String::from_utf8(attribute.value.to_vec())?;
        let value = value.chars().filter(|c| !c.is_whitespace()).collect();
        found.insert(String::from_utf8(attribute.key.as_ref().to_vec())?, value);
    }
    Ok(found)
}

/// `[6-9],11` as a set of lengths.
fn lengths(text: &str) -> Result<u32, Fault> {
    let mut set = 0u32;
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let part = part.trim_matches(['[', ']']);
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        for length in from.parse::<u32>()?..=to.parse::<u32>()? {
            set |= 1 << length;
        }
    }
    Ok(set)
}
