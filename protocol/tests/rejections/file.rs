//! The form of a vector file: good inputs of one reader, and beside each the changes that must get it refused.
//!
//! A bad vector names only the fields in which it differs from its good neighbour, so it is one change away from being
//! accepted. Bytes are hexadecimal, documents plain text.

use std::{collections::BTreeMap, fs, path::PathBuf};

use passage_protocol::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};

/// Named inputs of a reader.
pub(crate) type Fields = BTreeMap<String, String>;

/// What a reader makes of its inputs.
pub(crate) type Read = Result<(), Code>;

/// A good input and its bad neighbours.
#[derive(Deserialize, Serialize)]
pub(crate) struct Vector {
    /// Which function reads the fields.
    pub(crate) reader: String,
    what: String,
    fields: Fields,
    bad: Vec<Bad>,
}

#[derive(Deserialize, Serialize)]
struct Bad {
    name: String,
    why: String,
    code: String,
    change: Fields,
}

impl Vector {
    /// A good input.
    pub(crate) fn good<const N: usize>(reader: &str, what: &str, fields: [(&str, String); N]) -> Self {
        let (reader, what) = (reader.to_owned(), what.to_owned());
        Self { reader, what, fields: named(fields), bad: Vec::new() }
    }

    /// The same input with something changed, and the code that must come of it.
    pub(crate) fn bad<const N: usize>(
        mut self,
        name: &str,
        code: &str,
        why: &str,
        change: [(&str, String); N],
    ) -> Self {
        let (name, code, why) = (format!("bad_{name}"), code.to_owned(), why.to_owned());
        self.bad.push(Bad { name, why, code, change: named(change) });
        self
    }
}

fn named<const N: usize>(fields: [(&str, String); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One file: its name, how its vectors are made, how they are read.
pub(crate) struct File {
    /// Name below `tests/vectors`.
    pub(crate) name: &'static str,
    /// Makes the vectors from fixed seeds.
    pub(crate) make: fn() -> Vec<Vector>,
    /// Reads one vector's fields by the named reader.
    pub(crate) read: fn(&str, &Fields) -> Read,
}

impl File {
    /// Reads the file as it stands: every good vector is accepted, every bad one refused with its code and no other.
    pub(crate) fn check(&self) {
        let text = fs::read_to_string(self.path()).unwrap();
        let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap();
        for Vector { reader, what, fields, bad } in &vectors {
            assert_eq!((self.read)(reader, fields), Ok(()), "{}: {reader} refuses {what}", self.name);
            assert!(!bad.is_empty(), "{reader} has no bad neighbour");
            for Bad { name, why, code, change } in bad {
                assert!(name.starts_with("bad_") && why.ends_with('.'), "{name}: {why}");
                let mut changed = fields.clone();
                for (field, value) in change {
                    let good = changed.insert(field.clone(), value.clone());
                    assert!(good.is_some_and(|good| good != *value), "{name} does not change {field}");
                }
                let seen = (self.read)(reader, &changed).map_err(|code| code.to_string());
                assert_eq!(seen, Err(code.clone()), "{}: {reader}: {name}: {why}", self.name);
            }
        }
        // The bytes of a version do not change: what the generator makes today is what the file holds.
        assert!(text == self.made(), "{} is not what is made from the seeds; see the module text", self.name);
    }

    /// Writes the file anew.
    pub(crate) fn rewrite(&self) {
        fs::write(self.path(), self.made()).unwrap();
    }

    fn made(&self) -> String {
        let mut text = serde_json::to_string_pretty(&(self.make)()).unwrap();
        text.push('\n');
        text
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(self.name)
    }
}

/// A field as text.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).unwrap_or_else(|| panic!("no field {name}"))
}

/// A field as bytes.
pub(crate) fn bytes(fields: &Fields, name: &str) -> Vec<u8> {
    hex::decode(text(fields, name)).unwrap()
}

/// A field as exactly so many bytes.
pub(crate) fn array<const N: usize>(fields: &Fields, name: &str) -> [u8; N] {
    bytes(fields, name).try_into().unwrap()
}

/// A field as a number.
pub(crate) fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> T {
    text(fields, name).parse().ok().unwrap()
}

/// The code of a refusal.
pub(crate) fn code<R: Refusal>(refusal: R) -> Code {
    refusal.code()
}

/// `good` with other bytes from `at` on, as hexadecimal.
pub(crate) fn with(good: &[u8], at: usize, other: &[u8]) -> String {
    let mut changed = good.to_vec();
    changed[at..at + other.len()].copy_from_slice(other);
    hex::encode(changed)
}

/// `good` with one bit of the byte at `at` changed.
pub(crate) fn flipped(good: &[u8], at: usize) -> String {
    with(good, at, &[good[at] ^ 1])
}

/// `good` without its last byte.
pub(crate) fn cut(good: &[u8]) -> String {
    hex::encode(&good[..good.len() - 1])
}

/// `good` with a zero byte behind it.
pub(crate) fn longer(good: &[u8]) -> String {
    hex::encode([good, &[0]].concat())
}

/// A canonical scalar, little-endian, plus the order of the group: the same scalar, written another way.
pub(crate) fn plus_order(scalar: &[u8]) -> [u8; 32] {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0_u16;
    let mut sum = [0; 32];
    for ((sum, a), b) in sum.iter_mut().zip(scalar).zip(order) {
        carry += u16::from(*a) + u16::from(b);
        *sum = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    sum
}

/// The field element p, which is zero written another way: no canonical encoding.
pub(crate) const NOT_REDUCED: [u8; 32] = {
    let mut bytes = [0xFF; 32];
    bytes[0] = 0xED;
    bytes[31] = 0x7F;
    bytes
};

/// The field element 1, which is negative in the sense of RFC 9496: no encoding of a point.
pub(crate) const NEGATIVE: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

/// The encoding of the identity.
pub(crate) const IDENTITY: [u8; 32] = [0; 32];
