//! A value that must not be printed, cloned by accident or left in memory.

use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A secret: wiped when dropped, redacted in `Debug`, compared in constant time, not `Clone`, not serialisable.
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes ownership of a secret value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Lends the value to code that must compute with it. Search for this name to find every use.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

impl<const N: usize> PartialEq for Secret<[u8; N]> {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_slice().ct_eq(other.expose().as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<[u8; N]> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_value() {
        assert_eq!(format!("{:?}", Secret::new([0xAB_u8; 4])), "Secret(redacted)");
    }

    #[test]
    fn equality_is_by_value() {
        assert_eq!(Secret::new([1_u8; 32]), Secret::new([1_u8; 32]));
        assert_ne!(Secret::new([1_u8; 32]), Secret::new([2_u8; 32]));
    }
}
