//! Values as bytes: MessagePack with names, so that a field that is added does not move the others, and with texts
//! for what has a text form, since tagged values are read by way of it.

use rmp_serde::{Deserializer, Serializer, decode, encode};
use serde::{Serialize, de::DeserializeOwned};

pub(super) fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, encode::Error> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::new(&mut bytes).with_struct_map().with_human_readable();
    value.serialize(&mut serializer)?;
    Ok(bytes)
}

pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, decode::Error> {
    T::deserialize(&mut Deserializer::from_read_ref(bytes).with_human_readable())
}
