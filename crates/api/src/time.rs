//! Times and money as the API writes them.

use jiff::Timestamp;
use ringfence_model::{Money, WallTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A moment in RFC 3339, UTC, to the microsecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Time(pub WallTime);

impl From<WallTime> for Time {
    fn from(wall: WallTime) -> Self {
        Self(wall)
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Only a year outside -9999..9999 has no text; no clock says that.
        let stamp = Timestamp::from_microsecond(self.0.0).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(f, "{stamp}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let stamp: Timestamp = text.parse().map_err(|_| {
            let text: String = text.chars().take(40).collect();
            D::Error::custom(format!("{text:?} is not a time such as 2026-11-22T08:00:00Z"))
        })?;
        Ok(Self(WallTime(stamp.as_microsecond())))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC"))
            .into()
    }
}

impl ToSchema for Time {
    fn name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }
}

/// An amount in millionths of the tenant's currency, as an integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("Millionths of the tenant's currency"))
            .into()
    }
}

impl ToSchema for Amount {
    fn name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let time = Time(WallTime(1_795_336_063_000_001));
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, "\"2026-11-22T08:27:43.000001Z\"");
        assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), time);
        let east: Time = serde_json::from_str("\"2026-11-22T09:27:43.000001+01:00\"").unwrap();
        assert_eq!(east, time);
    }

    #[test]
    fn says_what_a_time_looks_like() {
        let wrong = serde_json::from_str::<Time>("\"yesterday\"").unwrap_err().to_string();
        assert!(wrong.contains("2026-11-22T08:00:00Z"), "{wrong}");
        let before_time = Time(WallTime(i64::MIN));
        assert!(before_time.to_string().starts_with("1970"), "{before_time}");
    }
}
