//! The catalogue: one file for each version of each metric. An old version stays, so that an old report can be made again.

use std::sync::LazyLock;

use super::Metric;
use crate::document::DocumentError;

/// Every built-in metric, by id and version.
pub(super) fn all() -> Result<&'static [Metric], DocumentError> {
    static READ: LazyLock<Result<Vec<Metric>, DocumentError>> = LazyLock::new(|| {
        let mut all = FILES.into_iter().map(Metric::parse).collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
        Ok(all)
    });
    READ.as_deref().map_err(Clone::clone)
}

pub(super) const FILES: [&str; 1] = [include_str!("builtin/college-going-12.v1.toml")];
