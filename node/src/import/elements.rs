//! The dictionary the importer fills tables by: read once, the one that ships.

use std::sync::OnceLock;

use passage_protocol::dictionary::Dictionary;

use super::error::ImportError;

/// The shipped dictionary.
///
/// # Errors
///
/// [`ImportError::Layout`] if it does not parse, which a test of the protocol crate excludes.
pub(crate) fn dictionary() -> Result<&'static Dictionary, ImportError> {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    if let Some(known) = DICTIONARY.get() {
        return Ok(known);
    }
    let read = Dictionary::builtin().map_err(|error| ImportError::Layout {
        line: None,
        fault: format!("the data element dictionary: {error}"),
        nearest: None,
    })?;
    Ok(DICTIONARY.get_or_init(|| read))
}
