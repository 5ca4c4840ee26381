//! Which metric a person means: `college-going-12`, `college-going-12@1`, or a file.

use std::{fs::File, io::Read, path::Path};

use passage_protocol::metric::Metric;
use passage_shell::{config, failure::Failure};

use super::MetricError;

/// Longest metric file, bytes: its texts and its SQL at their limits, twice.
const FILE_BYTES_MAX: u64 = 1 << 17;

/// The metric a person names: with `@` in that version, without in the newest.
///
/// # Errors
///
/// [`MetricError::Unknown`] names the nearest.
pub fn find(name: &str) -> Result<&'static Metric, Failure> {
    let all = Metric::builtins()?;
    let (id, version) = reference(name);
    let found = all.iter().filter(|metric| metric.id == id);
    let found = found.filter(|metric| version.is_none_or(|version| version == Some(metric.version)));
    let ids: Vec<&str> = all.iter().map(|metric| metric.id.as_str()).collect();
    let unknown =
        || MetricError::Unknown { what: "metric", nearest: config::nearest(id, &ids).map(str::to_owned) };
    Ok(found.max_by_key(|metric| metric.version).ok_or_else(unknown)?)
}

/// Id and version of what a person typed: none without `@`, an empty one if what follows is no number.
#[must_use]
pub fn reference(name: &str) -> (&str, Option<Option<u16>>) {
    match name.split_once('@') {
        Some((id, version)) => (id, Some(version.parse().ok())),
        None => (name, None),
    }
}

/// A metric from a file of the institution's own.
///
/// # Errors
///
/// [`Failure`] names the line and the key.
pub fn from_file(path: &Path) -> Result<Metric, Failure> {
    let fault = |error: &std::io::Error| Failure::io("read the metric file", error);
    let mut text = String::new();
    let file = File::open(path).map_err(|error| fault(&error))?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| fault(&error))?;
    Ok(Metric::parse(&text)?)
}
