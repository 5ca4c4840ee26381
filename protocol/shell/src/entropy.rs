//! The only reader of the operating system's random source. Everything else is given a seed.
//!
//! TLS and the making of certificate keys draw inside aws-lc, which seeds itself from the same source.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};

/// Draws 32 fresh bytes.
///
/// # Errors
///
/// [`EntropyError`] if the operating system cannot supply them; nothing may go on with weaker ones.
pub fn seed() -> Result<[u8; 32], EntropyError> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills `bytes` with fresh random bytes.
///
/// # Errors
///
/// As [`seed`].
pub fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(|_| EntropyError)
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the operating system gave no random bytes, expected them on every draw")
    }
}

impl Refusal for EntropyError {
    fn code(&self) -> Code {
        Code(0x1001)
    }

    fn advice(&self) -> &'static str {
        "Check that the sandbox or container permits the getrandom system call."
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_draws_differ() {
        assert_ne!(super::seed().unwrap(), super::seed().unwrap());
    }
}
