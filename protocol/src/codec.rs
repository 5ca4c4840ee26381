//! The byte form of everything signed, stored or sent (SPEC §2.1): written by hand, one form per value.
//!
//! Integers are little-endian and fixed in width; lists and byte strings carry a `u32` count, text a `u16` count;
//! variants a `u8`. There is exactly one encoding of a value: what decodes re-encodes to the same bytes, and bytes
//! left over are an error. A reader never allocates more than the bytes it was given could fill.

use core::fmt;

use crate::{
    ids::{Digest, MemberCode, RoundId},
    refusal::{Code, Refusal},
    timestamp::Timestamp,
};

/// A value with one byte form.
pub trait Encode {
    /// Appends the byte form to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// The byte form on its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// A value that can be read back from its byte form.
pub trait Decode: Sized {
    /// Reads one value from the front of `reader`.
    ///
    /// # Errors
    ///
    /// [`CodecError`] names the byte position; it never carries the bytes.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError>;

    /// Reads one value that must fill `bytes` to the end.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and [`CodecError::BytesLeftOver`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// A position in bytes received from a file or a peer.
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    ///
    /// [`CodecError::Truncated`] if fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let truncated = CodecError::Truncated { position: self.position, wanted: count };
        let end = self.position.checked_add(count).ok_or(truncated)?;
        let taken = self.bytes.get(self.position..end).ok_or(truncated)?;
        self.position = end;
        Ok(taken)
    }

    /// Takes the next `N` bytes as an array.
    ///
    /// # Errors
    ///
    /// [`CodecError::Truncated`] if fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let position = self.position;
        self.take(N)?.try_into().map_err(|_| CodecError::Truncated { position, wanted: N })
    }

    /// Reads a `u32` count of items that each take at least `item_bytes_min` bytes.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLong`] if the bytes left could not hold that many, before anything is allocated.
    pub fn count(&mut self, item_bytes_min: usize) -> Result<usize, CodecError> {
        let position = self.position;
        let count = u32::decode(self)? as usize;
        let left = self.bytes.len().saturating_sub(self.position);
        if count.saturating_mul(item_bytes_min.max(1)) > left {
            return Err(CodecError::TooLong { position, count });
        }
        Ok(count)
    }

    /// Where the next byte will be read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Whether every byte was read: what follows was added by a later version, or is not there.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// Ends reading.
    ///
    /// # Errors
    ///
    /// [`CodecError::BytesLeftOver`] if the value did not fill the bytes.
    pub fn finish(self) -> Result<(), CodecError> {
        match self.bytes.len().saturating_sub(self.position) {
            0 => Ok(()),
            count => Err(CodecError::BytesLeftOver { position: self.position, count }),
        }
    }
}

/// Why bytes are not the form of a value. Positions only: safe to log and to send to the peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CodecError {
    /// A complete value was read and bytes remain.
    BytesLeftOver {
        /** Where the remainder starts. */
        position: usize,
        /** Bytes that remain. */
        count: usize,
    },
    /// The bytes have the right length and no meaning: an unknown variant, text that is not UTF-8, a number out of range.
    Invalid {
        /** Where the value starts. */
        position: usize,
        /** What was expected there. */
        expected: &'static str,
    },
    /// A list announces more items than the bytes left could hold.
    TooLong {
        /** Where the count stands. */
        position: usize,
        /** Items announced. */
        count: usize,
    },
    /// The bytes end inside a value.
    Truncated {
        /** Where the value starts. */
        position: usize,
        /** Bytes the value needs. */
        wanted: usize,
    },
}

impl fmt::Display for CodecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BytesLeftOver { position, count } => {
                write!(formatter, "{count} bytes are left over at byte {position}, expected the end")
            }
            Self::Invalid { position, expected } => {
                write!(formatter, "the bytes at {position} are not {expected}")
            }
            Self::TooLong { position, count } => {
                write!(
                    formatter,
                    "a list at byte {position} announces {count} items, more than the bytes can hold"
                )
            }
            Self::Truncated { position, wanted } => {
                write!(formatter, "the bytes end inside a value of {wanted} bytes at byte {position}")
            }
        }
    }
}

impl Refusal for CodecError {
    fn code(&self) -> Code {
        Code(match self {
            Self::Truncated { .. } => 0x0101,
            Self::BytesLeftOver { .. } => 0x0102,
            Self::TooLong { .. } => 0x0103,
            Self::Invalid { .. } => 0x0104,
        })
    }

    fn advice(&self) -> &'static str {
        "The sending program is faulty, of another version, or was tampered with; compare versions, then contact its owner."
    }
}

macro_rules! integer {
    ($($kind:ty),*) => {$(
        impl Encode for $kind {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
        impl Decode for $kind {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                Ok(Self::from_le_bytes(reader.array()?))
            }
        }
    )*};
}
integer!(u8, u16, u32, u64);

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.array()
    }
}

macro_rules! newtype {
    ($($kind:ident),*) => {$(
        impl Encode for $kind {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
        }
        impl Decode for $kind {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                Decode::decode(reader).map(Self)
            }
        }
    )*};
}
newtype!(Digest, MemberCode, RoundId, Timestamp);

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodecError::Invalid { position, expected: "0 or 1" }),
        }
    }
}

impl Encode for str {
    /// Text longer than a `u16` can count is cut at a character boundary; limits are checked before (SPEC §2.1).
    fn encode(&self, out: &mut Vec<u8>) {
        let mut end = self.len().min(usize::from(u16::MAX));
        while !self.is_char_boundary(end) {
            end -= 1;
        }
        let text = self.as_bytes().get(..end).unwrap_or_default();
        u16::try_from(end).unwrap_or(u16::MAX).encode(out);
        out.extend_from_slice(text);
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().encode(out);
    }
}

impl Decode for String {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let count = usize::from(u16::decode(reader)?);
        let text = core::str::from_utf8(reader.take(count)?);
        text.map(str::to_owned).map_err(|_| CodecError::Invalid { position, expected: "UTF-8 text" })
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if bool::decode(reader)? { T::decode(reader).map(Some) } else { Ok(None) }
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_ref().encode(out);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode(reader).map(Self::new)
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).unwrap_or(u32::MAX).encode(out);
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_slice().encode(out);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.count(1)?;
        (0..count).map(|_| T::decode(reader)).collect()
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok((A::decode(reader)?, B::decode(reader)?))
    }
}

/// Implements [`Encode`] and [`Decode`] for a struct, field by field in the order given.
#[macro_export]
macro_rules! codec_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                $($crate::codec::Encode::encode(&self.$field, out);)*
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(reader: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::CodecError> {
                Ok(Self { $($field: $crate::codec::Decode::decode(reader)?,)* })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_values_name_a_position() {
        assert_eq!(u32::from_bytes(&[1, 2, 3]), Err(CodecError::Truncated { position: 0, wanted: 4 }));
        assert_eq!(u8::from_bytes(&[1, 2]), Err(CodecError::BytesLeftOver { position: 1, count: 1 }));
        assert_eq!(bool::from_bytes(&[2]), Err(CodecError::Invalid { position: 0, expected: "0 or 1" }));
        assert_eq!(
            Vec::<u64>::from_bytes(&[255, 255, 255, 255, 0]),
            Err(CodecError::TooLong { position: 0, count: 0xFFFF_FFFF })
        );
        assert_eq!(
            String::from_bytes(&[1, 0, 0xFF]),
            Err(CodecError::Invalid { position: 0, expected: "UTF-8 text" })
        );
    }

    proptest! {
        #[test]
        fn what_decodes_re_encodes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = Vec::<(u16, Option<String>)>::from_bytes(&bytes) {
                prop_assert_eq!(value.to_bytes(), bytes);
            }
        }
    }
}
