//! A secret a person types, on its way from the command line to the process that holds the folder.

use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Text that is wiped when dropped and never shown. It travels over the control socket, which its own account alone reaches.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// Lends it to code that must compute with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Hidden> for String {
    /// For the control socket alone; what is freed is wiped by the program's allocator.
    fn from(hidden: Hidden) -> Self {
        hidden.expose().to_owned()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Hidden::new(Zeroizing::new("correct horse".to_owned()));
        assert_eq!(format!("{secret:?}"), "Hidden(redacted)");
        assert_eq!(secret.expose(), "correct horse");
    }
}
