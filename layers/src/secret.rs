//! Lists that may be secret: a private model's weights, a private input. None leaves a copy of itself in memory that it gives back.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};
use zeroize::{Zeroize, Zeroizing};

/// Reads a list without leaving parts of it behind: where it outgrows its memory, the old one is overwritten.
///
/// # Errors
/// The decoder's.
pub fn decode_list<'de, D, T>(decoder: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Zeroize + Copy,
{
    decoder.deserialize_seq(Wiping(PhantomData))
}

/// A list that is overwritten when it is dropped, encoded as any other.
#[derive(Debug, Clone, Default)]
pub struct SecretList<T: Zeroize>(pub Zeroizing<Vec<T>>);

impl<T: Serialize + Zeroize> Serialize for SecretList<T> {
    fn serialize<S: Serializer>(&self, encoder: S) -> Result<S::Ok, S::Error> {
        encoder.collect_seq(self.0.iter())
    }
}

impl<'de, T: Deserialize<'de> + Zeroize + Copy> Deserialize<'de> for SecretList<T> {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        decode_list(decoder).map(|list| Self(Zeroizing::new(list)))
    }
}

/// Elements that a list has room for before any is read, whatever length it declares.
const MOST_RESERVED: usize = 1 << 16;

struct Wiping<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Zeroize + Copy> Visitor<'de> for Wiping<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let reserved = list.size_hint().unwrap_or(0).min(MOST_RESERVED);
        let mut read = Zeroizing::new(Vec::with_capacity(reserved));
        while let Some(element) = list.next_element()? {
            if read.len() == read.capacity() {
                let mut longer = Vec::with_capacity(read.len().saturating_mul(2).max(16));
                longer.extend_from_slice(&read);
                read = Zeroizing::new(longer);
            }
            read.push(element);
        }
        Ok(std::mem::take(&mut *read))
    }
}
