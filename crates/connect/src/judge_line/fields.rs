//! The fields of a line, read in one pass.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub ev: Text<'a>,
}

/// Every field of every event: one pass over the bytes, whatever the order of the fields.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Fields<'a> {
    pub ev: Text<'a>,
    pub t: Option<i64>,
    pub call: Option<u64>,
    #[serde(default)]
    pub tenant: Text<'a>,
    #[serde(default)]
    pub trunk: Text<'a>,
    #[serde(default)]
    pub ext: Names<'a>,
    #[serde(default)]
    pub dir: Text<'a>,
    #[serde(default)]
    pub a: Text<'a>,
    #[serde(default)]
    pub b: Text<'a>,
    #[serde(default)]
    pub ip: Text<'a>,
    #[serde(default)]
    pub cc: Text<'a>,
    #[serde(default)]
    pub ua: Text<'a>,
    #[serde(default)]
    pub via: Text<'a>,
    #[serde(default)]
    pub fwd: Text<'a>,
    pub leg: Option<u64>,
    #[serde(default)]
    pub blocked: Flag,
    pub code: Option<u16>,
    pub dur: Option<f64>,
    #[serde(default)]
    pub by: Text<'a>,
    pub n: Option<u32>,
    #[serde(default)]
    pub what: Text<'a>,
    #[serde(default)]
    pub value: Text<'a>,
    #[serde(default)]
    pub result: Text<'a>,
    #[serde(default)]
    pub trunks: Vec<Text<'a>>,
    pub channels: Option<u32>,
    #[serde(default)]
    pub pbx: Flag,
    #[serde(default)]
    pub rates: Text<'a>,
    #[serde(default)]
    pub tz: Text<'a>,
    pub tick_ms: Option<u64>,
    pub latency_ms: Option<u64>,
    pub warmup_until: Option<i64>,
}

/// A text borrowed from the line where it has no escapes; empty when absent or null.
#[derive(Default)]
pub(super) struct Text<'a>(pub Cow<'a, str>);

/// One name or a list of them: `ext` is a list in `tenant` events only.
pub(super) enum Names<'a> {
    One(Text<'a>),
    Many(Vec<Text<'a>>),
}

/// Set by `true`, by a number other than 0, and by any text.
#[derive(Default)]
pub(super) struct Flag(pub bool);

impl Text<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        Some(&*self.0).filter(|text| !text.is_empty())
    }
}

impl Names<'_> {
    pub(super) fn one(&self) -> Option<&str> {
        match self {
            Self::One(text) => text.get(),
            Self::Many(_) => None,
        }
    }

    pub(super) fn many(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(list) => list.as_slice(),
        };
        list.iter().filter_map(Text::get)
    }
}

impl Default for Names<'_> {
    fn default() -> Self {
        Self::One(Text::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        from.deserialize_any(Read)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Names<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Names<'de>, E> {
                Ok(Names::One(Text(Cow::Borrowed(text))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Names<'de>, E> {
                Ok(Names::One(Text(Cow::Owned(text.to_owned()))))
            }
            fn visit_unit<E: Error>(self) -> Result<Names<'de>, E> {
                Ok(Names::default())
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Names<'de>, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Names::Many(names))
            }
        }
        from.deserialize_any(Read)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or a word")
            }
            fn visit_bool<E: Error>(self, set: bool) -> Result<Flag, E> {
                Ok(Flag(set))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                Ok(Flag(!text.is_empty()))
            }
            fn visit_unit<E: Error>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
        }
        from.deserialize_any(Read)
    }
}
