//! Settings from a TOML file, then `PASSAGE_` environment variables, then flags; the later wins. Unknown keys are refused
//! with the nearest known key named: a setting that is mistyped must not silently leave a default in force.
//!
//! Keys are dotted (`listen.port`); the variable of a key is upper case with `__` for the dot (`PASSAGE_LISTEN__PORT`). The
//! caller lists the keys; serde then gives them types. The environment comes in as an argument, so tests need none.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, fs, io, path::Path};
use toml::{Table, Value};

/// Bytes of a configuration file: far above any that a person writes.
const FILE_BYTES_MAX: u64 = 1 << 20;
const ENVIRONMENT_PREFIX: &str = "PASSAGE_";

/// Variables that other parts of the programs read; they are not settings.
const NOT_SETTINGS: &[&str] = &["PASSAGE_LOG", "PASSAGE_DIR", "PASSAGE_CONFIG"];

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources<'a> {
    /// The file; one that does not exist is refused, `None` means defaults.
    pub file: Option<&'a Path>,
    /// The process environment; everything without the prefix `PASSAGE_` is ignored.
    pub environment: BTreeMap<String, String>,
    /// Flags as dotted key and text.
    pub flags: Vec<(String, String)>,
}

impl<'a> Sources<'a> {
    /// `file`, the environment of this process and `flags`.
    #[must_use]
    pub fn of_process(file: Option<&'a Path>, flags: Vec<(String, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
            .collect();
        Self { file, environment, flags }
    }
}

/// Loads settings of type `T`, whose keys are exactly `known` (dotted, leaves only).
///
/// # Errors
///
/// [`ConfigError::UnknownKey`] with the nearest known key; [`ConfigError::Invalid`] with what the type expects.
pub fn load<T: DeserializeOwned>(known: &[&str], sources: &Sources<'_>) -> Result<T, ConfigError> {
    let mut table = match sources.file {
        Some(path) => read(path)?,
        None => Table::new(),
    };
    check(&table, "", known)?;
    for (name, text) in &sources.environment {
        if let Some(rest) =
            name.strip_prefix(ENVIRONMENT_PREFIX).filter(|_| !NOT_SETTINGS.contains(&name.as_str()))
        {
            set(&mut table, &rest.to_lowercase().replace("__", "."), text, known)?;
        }
    }
    for (key, text) in &sources.flags {
        set(&mut table, key, text, known)?;
    }
    T::deserialize(Value::Table(table))
        .map_err(|error| ConfigError::Invalid { why: one_line(error.message()) })
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let fault = |error: io::Error| ConfigError::Unreadable { kind: error.kind() };
    if fs::metadata(path).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(ConfigError::TooLong { limit: FILE_BYTES_MAX });
    }
    let text = fs::read_to_string(path).map_err(fault)?;
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        ConfigError::NotToml { line: before.matches('\n').count() + 1, why: one_line(error.message()) }
    })
}

fn check(table: &Table, prefix: &str, known: &[&str]) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let section = format!("{key}.");
        match value.as_table().filter(|_| known.iter().any(|leaf| leaf.starts_with(&section))) {
            Some(inner) => check(inner, &key, known)?,
            None => require_known(&key, known)?,
        }
    }
    Ok(())
}

fn require_known(key: &str, known: &[&str]) -> Result<(), ConfigError> {
    if known.contains(&key) {
        return Ok(());
    }
    Err(ConfigError::UnknownKey { key: key.to_owned(), nearest: nearest(key, known).map(str::to_owned) })
}

fn set(table: &mut Table, key: &str, text: &str, known: &[&str]) -> Result<(), ConfigError> {
    require_known(key, known)?;
    // Numbers, booleans and lists as TOML reads them; anything else is text.
    let parsed = format!("value = {text}").parse::<Table>().ok().filter(|parsed| parsed.len() == 1);
    let value = parsed.and_then(|mut parsed| parsed.remove("value"));
    let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
    let (path, leaf) = key.rsplit_once('.').unwrap_or(("", key));
    let mut place = table;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let inner = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = inner
            .as_table_mut()
            .ok_or_else(|| ConfigError::Invalid { why: format!("{part} is not a section") })?;
    }
    place.insert(leaf.to_owned(), value);
    Ok(())
}

/// The candidate with the fewest changed letters, if that is fewer than half of them.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let scored = candidates.iter().map(|candidate| (distance(word, candidate), *candidate));
    let (changes, best) = scored.min()?;
    (changes * 2 <= word.chars().count().max(best.chars().count())).then_some(best)
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (other, above) in right.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(letter != *other);
            before = changed.min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why the settings were refused. Texts are the administrator's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConfigError {
    /// A value has the wrong type or range, or is missing.
    Invalid {
        /** What the type expects. */
        why: String,
    },
    /// The file is not TOML.
    NotToml {
        /** Line, from 1. */
        line: usize,
        /** What is wrong there. */
        why: String,
    },
    /// The file is too long to be settings.
    TooLong {
        /** Bytes allowed. */
        limit: u64,
    },
    /// A key that does not exist.
    UnknownKey {
        /** The key as written. */
        key: String,
        /** The known key most like it, if any is. */
        nearest: Option<String>,
    },
    /// The file cannot be read.
    Unreadable {
        /** What the operating system said. */
        kind: io::ErrorKind,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { why } => write!(formatter, "a setting is invalid: {why}"),
            Self::NotToml { line, why } => {
                write!(formatter, "line {line} of the configuration is not TOML: {why}")
            }
            Self::TooLong { limit } => write!(formatter, "the configuration exceeds {limit} bytes"),
            Self::UnknownKey { key, nearest: Some(nearest) } => {
                write!(formatter, "{key} is not a setting, the nearest is {nearest}")
            }
            Self::UnknownKey { key, nearest: None } => {
                write!(formatter, "{key} is not a setting, expected a known one")
            }
            Self::Unreadable { kind } => write!(formatter, "the configuration cannot be read: {kind}"),
        }
    }
}

impl Refusal for ConfigError {
    fn code(&self) -> Code {
        Code(match self {
            Self::UnknownKey { .. } => 0x1081,
            Self::Invalid { .. } => 0x1082,
            Self::NotToml { .. } => 0x1083,
            Self::TooLong { .. } => 0x1084,
            Self::Unreadable { .. } => 0x1085,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::UnknownKey { .. } => {
                "Correct the key in the file, the PASSAGE_ variable or the flag, or remove it."
            }
            Self::Invalid { .. } | Self::NotToml { .. } => {
                "Correct the configuration; the manual lists each key with its unit."
            }
            Self::TooLong { .. } => "Check that the path names the configuration and not another file.",
            Self::Unreadable { .. } => "Check the path and that the daemon's account may read the file.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Listen {
        #[serde(default)]
        port: u16,
        #[serde(default)]
        host: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Settings {
        listen: Listen,
        #[serde(default)]
        jobs: usize,
    }

    const KNOWN: &[&str] = &["listen.port", "listen.host", "jobs"];

    fn load_text(
        text: &str,
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Settings, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passage.toml");
        fs::write(&path, text).unwrap();
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect()
        };
        let environment = owned(environment).into_iter().collect();
        load(KNOWN, &Sources { file: Some(&path), environment, flags: owned(flags) })
    }

    #[test]
    fn flags_win_over_environment_and_environment_over_the_file() {
        let text = "jobs = 1\n[listen]\nport = 1\nhost = \"a\"";
        let environment =
            [("PASSAGE_LISTEN__PORT", "2"), ("PASSAGE_JOBS", "2"), ("HOME", "/x"), ("PASSAGE_LOG", "debug")];
        let settings =
            load_text(text, &environment, &[("jobs", "3"), ("listen.host", "node.example.org")]).unwrap();
        assert_eq!(
            settings,
            Settings { listen: Listen { port: 2, host: "node.example.org".into() }, jobs: 3 }
        );
    }

    #[test]
    fn unknown_keys_are_refused_wherever_they_stand() {
        let unknown = |key: &str, nearest: Option<&str>| ConfigError::UnknownKey {
            key: key.into(),
            nearest: nearest.map(str::to_owned),
        };
        let found = load_text("[listen]\nprot = 1", &[], &[]).unwrap_err();
        assert_eq!(found, unknown("listen.prot", Some("listen.port")));
        assert_eq!(load_text("xyzzy = 1", &[], &[]).unwrap_err(), unknown("xyzzy", None));
        assert_eq!(load_text("", &[("PASSAGE_JOB", "1")], &[]).unwrap_err(), unknown("job", Some("jobs")));
        assert_eq!(load_text("", &[], &[("job", "1")]).unwrap_err(), unknown("job", Some("jobs")));
    }

    #[test]
    fn wrong_types_and_broken_files_are_refused_with_their_place() {
        assert!(matches!(load_text("[listen]\nport = 70000", &[], &[]), Err(ConfigError::Invalid { .. })));
        assert!(matches!(load_text("listen = 3", &[], &[]), Err(ConfigError::UnknownKey { .. })));
        assert!(matches!(
            load_text("jobs = 1\njobs = = 2", &[], &[]),
            Err(ConfigError::NotToml { line: 2, .. })
        ));
        let absent = Sources { file: Some(Path::new("/nonexistent/passage.toml")), ..Sources::default() };
        let outcome = load::<Settings>(KNOWN, &absent);
        assert_eq!(outcome, Err(ConfigError::Unreadable { kind: io::ErrorKind::NotFound }));
    }

    #[test]
    fn a_value_cannot_smuggle_a_second_key() {
        let settings = load_text("[listen]", &[], &[("listen.host", "\"a\"\nport = 9")]).unwrap();
        assert_eq!(settings.listen.port, 0);
    }
}
