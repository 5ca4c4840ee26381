//! The layout files that ship: data, compiled in.

/// Texts of the layout files that ship, in the order they are listed.
pub(super) const FILES: &[&str] =
    &[include_str!("../layouts/calpads-senr.toml"), include_str!("../layouts/calpads-sinf.toml")];
