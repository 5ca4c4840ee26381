//! Names of things as newtypes over bytes: parse once at the edge, compare as bytes, print one way.

use core::fmt;

/// A BLAKE3 digest, 32 bytes. Lists, documents and manifests are named by it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Digest of `bytes` under a domain-separation `context` (SPEC §2.2): `blake3::derive_key(context, bytes)`.
    #[must_use]
    pub fn derive(context: &'static str, bytes: &[u8]) -> Self {
        Self(blake3::derive_key(context, bytes))
    }

    /// Digest of a blob as stored and sent: plain BLAKE3, so that any tool can check it.
    #[must_use]
    pub fn of_blob(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }

    /// The first eight hexadecimal digits: enough for a person, never for a check.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

/// A [`Digest::derive`] of bytes that come in pieces.
pub struct Deriving(blake3::Hasher);

impl Deriving {
    /// Begins under a domain-separation `context` (SPEC §2.2).
    #[must_use]
    pub fn new(context: &'static str) -> Self {
        Self(blake3::Hasher::new_derive_key(context))
    }

    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({})", self.short())
    }
}

/// A member's opaque code (G09): random, unique in the consortium, meaningless outside it. Prints as `M-XXXXXXXX`.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MemberCode(pub [u8; 5]);

impl MemberCode {
    /// Reads `M-` and eight letters or digits of Crockford's base 32, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix("M-").or_else(|| text.strip_prefix("m-"))?;
        if body.len() != 8 {
            return None;
        }
        let mut value = 0_u64;
        for byte in body.bytes() {
            let digit = CROCKFORD.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
            value = value << 5 | digit as u64;
        }
        let [_, _, _, a, b, c, d, e] = value.to_be_bytes();
        Some(Self([a, b, c, d, e]))
    }
}

impl fmt::Display for MemberCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e] = self.0;
        let value = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        formatter.write_str("M-")?;
        for place in (0..8).rev() {
            let digit = usize::try_from(value >> (5 * place) & 31).unwrap_or(0);
            let letter = CROCKFORD.get(digit).copied().unwrap_or(b'0');
            write!(formatter, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for MemberCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// One attempt at one study: a fresh random name for every opening, so that nothing is ever blinded twice under it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoundId(pub [u8; 16]);

impl RoundId {
    /// Reads `R-` and 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text.strip_prefix("R-")?).map(Self)
    }
}

impl fmt::Display for RoundId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("R-")?;
        write_hex(formatter, &self.0)
    }
}

impl fmt::Debug for RoundId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn write_hex(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
}

/// Crockford's base 32: no I, L, O or U, so a code survives being read over the telephone.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_print_and_parse() {
        let code = MemberCode([0x00, 0xFF, 0x13, 0x37, 0x42]);
        assert_eq!(MemberCode::parse(&code.to_string()), Some(code));
        assert_eq!(MemberCode([0; 5]).to_string(), "M-00000000");
        assert_eq!(MemberCode([0xFF; 5]).to_string(), "M-ZZZZZZZZ");
        for bad in ["M-0000000", "M-0000000U", "X-00000000", "M-000000000", ""] {
            assert_eq!(MemberCode::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn digests_and_rounds_print_and_parse() {
        let digest = Digest::derive("passage test v1", b"x");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        let round = RoundId([7; 16]);
        assert_eq!(RoundId::parse(&round.to_string()), Some(round));
        assert_eq!(RoundId::parse("R-07"), None);
        assert_eq!(Digest::parse(&"g".repeat(64)), None);
    }
}
