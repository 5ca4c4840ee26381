//! The certificate of a destruction: what, how, when, by whom, and what was found afterwards (F10, G15, L3). A text a person can
//! read and print, signed with the key of the member or of the coordinator, verified by anyone without either.
//!
//! It is written after the act: [`Findings`] come from looking at what is left, and there is no statement without them.

use core::fmt::Write as _;
use std::path::PathBuf;

use passage_protocol::{
    agreement::page::wrap,
    document::{self, DocumentError},
    ids::RoundId,
    refusal::Code,
    retention::Remains,
    signing::{Signature, SignatureKind, SigningKey, VerifyingKey},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{control::Answer, failure::Failure};

/// First words of the last line.
const SIGNATURE: &str = "signature = \"";
/// Format of the statement.
const FORMAT: &str = "passage-destruction-certificate/3";
/// The format before rounds had certificates; still read.
const FORMAT_OF_TABLES: &str = "passage-destruction-certificate/2";
/// What stands in the place of a member's code if the coordinator destroyed.
pub const COORDINATOR: &str = "coordinator";
/// How one that reads certificates names its folder.
pub const FOLDER: &str = "certificates";

/// What was destroyed, and how.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Names this format and its version.
    pub format: String,
    /// Who destroyed: opaque code of a member (G09), or [`COORDINATOR`].
    pub member: String,
    /// The consortium.
    pub consortium: String,
    /// Its signing key, hex.
    pub signing_key: String,
    /// Who ordered it.
    pub destroyed_by: String,
    /// When, UTC.
    pub destroyed_at: String,
    /// What was asked for, in words.
    pub scope: String,
    /// How it was done, in words.
    pub method: String,
    /// What it does not reach, in words.
    pub not_reached: String,
    /// Whether every step was seen to have been done. False: `checks` says which was not; nothing is readable here all the same.
    pub verified: bool,
    /// When that was looked at, UTC.
    pub verified_at: String,
    /// Who looked.
    pub verified_by: String,
    /// What was looked at and what was found, in words.
    pub checks: Vec<String>,
    /// Each stored table that is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<Destroyed>,
    /// Each thing of a round that is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item: Vec<Left>,
}

/// One thing a round had left and that is gone.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// The round.
    pub round: String,
    /// The kind of thing, in words.
    pub what: String,
    /// How many.
    pub count: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// By when it had to be gone, UTC.
    pub due: String,
}

impl Left {
    /// Things of one kind of one round.
    #[must_use]
    pub fn new(round: RoundId, what: Remains, count: u64, bytes: u64, due: Timestamp) -> Self {
        Self { round: round.to_string(), what: what.word().to_owned(), count, bytes, due: due.to_string() }
    }
}

/// One stored table that is gone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Destroyed {
    /// Canonical table.
    pub table: String,
    /// Layout it was read with.
    pub layout: String,
    /// School year, a term of it, or `all`.
    pub period: String,
    /// Rows.
    pub rows: u64,
    /// BLAKE3 of the sealed file.
    pub file: String,
}

/// What was found when everything had been done: nothing that was destroyed can be read with what is left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Findings {
    /// Every step was seen to have been done.
    Complete(Vec<String>),
    /// A step cannot be shown to have been done by this program; the words say which.
    Incomplete(Vec<String>),
}

impl Statement {
    /// The format this code writes.
    #[must_use]
    pub fn format() -> String {
        FORMAT.to_owned()
    }

    /// The signed text.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the statement cannot be written as TOML, which is a fault of the build.
    pub fn sign(&self, key: &SigningKey) -> Result<String, Failure> {
        let mut text = toml::to_string(self)
            .map_err(|_| Failure::io("write the certificate", &std::io::ErrorKind::InvalidData.into()))?;
        let signature = key.sign(SignatureKind::DestructionCertificate, None, text.as_bytes());
        let digits: String = signature.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "\n{SIGNATURE}{digits}\""); // writing to a String cannot fail
        Ok(text)
    }

    /// Reads a certificate and checks its signature against the key it names. Whether that key is the member's is the reader's to
    /// compare: `doctor` prints a member's key, and every agreement lists it.
    ///
    /// # Errors
    ///
    /// [`Failure`] says what does not hold.
    pub fn verify(text: &str) -> Result<Self, Failure> {
        let changed = || {
            Failure::new(
                Code(0x10B1),
                "the certificate's signature does not fit its text",
                "Ask for the file again where it comes from; this one was changed.",
                Some("F10"),
            )
        };
        let (body, signature) = text.rsplit_once(&format!("\n{SIGNATURE}")).ok_or_else(changed)?;
        let digits = signature.trim_end().strip_suffix('"').ok_or_else(changed)?;
        let signature = Signature(from_hex(digits).ok_or_else(changed)?);
        let statement: Self = document::read(body).map_err(|error| unreadable(&error))?;
        if ![FORMAT, FORMAT_OF_TABLES].contains(&statement.format.as_str()) {
            return Err(unreadable(&DocumentError::OutOfRange { key: "format", expected: FORMAT }));
        }
        let key = VerifyingKey::parse(&statement.signing_key).ok_or_else(changed)?;
        key.verify(SignatureKind::DestructionCertificate, None, body.as_bytes(), &signature)
            .map_err(|_| changed())?;
        Ok(statement)
    }

    /// The statement for people.
    #[must_use]
    pub fn words(&self) -> String {
        let verdict = if self.verified { "yes" } else { "NOT IN FULL" };
        let who = match self.member.as_str() {
            COORDINATOR => format!("the coordinator of {}", self.consortium),
            code => format!("member {code} of {}", self.consortium),
        };
        let mut text = "certificate of destruction\n".to_owned();
        for (label, words) in [
            ("destroyed by", who),
            ("on order of", self.destroyed_by.clone()),
            ("when", self.destroyed_at.clone()),
            ("what", format!("{}: {}", self.scope, self.extent())),
            ("how", self.method.clone()),
            ("not reached", self.not_reached.clone()),
            ("verified", format!("{verdict}, {} by {}", self.verified_at, self.verified_by)),
        ] {
            wrap(&mut text, &format!("  {label:<12}  "), &" ".repeat(16), &words);
        }
        for check in &self.checks {
            wrap(&mut text, "              - ", &" ".repeat(16), check);
        }
        for table in &self.table {
            let _ = writeln!(
                text,
                "    {:<12} {:<24} {:<22} {} rows",
                table.table, table.layout, table.period, table.rows
            );
        }
        for item in &self.item {
            let _ = writeln!(
                text,
                "    {:<34}  {:<12} {:>4}  {:>10} bytes  due {}",
                item.round, item.what, item.count, item.bytes, item.due
            );
        }
        text
    }

    fn extent(&self) -> String {
        let rows: u64 = self.table.iter().map(|table| table.rows).sum();
        let things: u64 = self.item.iter().map(|item| item.count).sum();
        match (self.table.is_empty(), self.item.is_empty()) {
            (true, true) => "nothing was left".to_owned(),
            (true, false) => format!("{things} things"),
            (false, _) => format!("{rows} rows in {} tables", self.table.len()),
        }
    }
}

fn unreadable(error: &DocumentError) -> Failure {
    Failure::new(
        Code(0x10B0),
        format!("this is not a certificate of destruction: {error}"),
        "Name a file of the folder `certificates` of a node or a coordinator.",
        Some("F10"),
    )
}

fn from_hex(digits: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    if digits.len() != 2 * bytes.len() || !digits.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// What a sweep did, on the screen and for a program: every certificate and where it was written.
#[must_use]
pub fn swept_answer(swept: &[(Statement, PathBuf)]) -> Answer {
    let mut text = String::new();
    for (statement, path) in swept {
        let _ = write!(text, "{}signed certificate: {}\n\n", statement.words(), path.display());
    }
    let _ = write!(text, "{} destroyed and certified", swept.len());
    let certificates: Vec<Value> =
        swept.iter().map(|(statement, path)| json!({ "path": path, "statement": statement })).collect();
    Answer { text, json: json!({ "dry_run": false, "certificates": certificates }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> (Statement, String) {
        let key = SigningKey::generate([7; 32]);
        let statement = Statement {
            format: Statement::format(),
            member: "M-1".to_owned(),
            consortium: "Test".to_owned(),
            signing_key: key.verifying_key().to_string(),
            destroyed_by: "A. Superintendent".to_owned(),
            destroyed_at: "2026-11-22T00:00:00Z".to_owned(),
            scope: "every student record".to_owned(),
            method: "key overwritten".to_owned(),
            not_reached: "backups".to_owned(),
            verified: true,
            verified_at: "2026-11-22T00:00:01Z".to_owned(),
            verified_by: "passage-node".to_owned(),
            checks: vec!["no key opens".to_owned()],
            table: vec![Destroyed {
                table: "student".to_owned(),
                layout: "calpads-sinf".to_owned(),
                period: "2019-2020".to_owned(),
                rows: 12,
                file: "ab".to_owned(),
            }],
            item: Vec::new(),
        };
        let text = statement.sign(&key).unwrap();
        (statement, text)
    }

    #[test]
    fn what_was_not_seen_is_said_to_people() {
        let (statement, _) = certificate();
        assert!(statement.words().contains("verified      yes, 2026-11-22T00:00:01Z by passage-node"));
        let doubt = Statement { verified: false, ..statement };
        assert!(doubt.words().contains("verified      NOT IN FULL"), "{}", doubt.words());
    }

    #[test]
    fn a_certificate_verifies_and_any_change_shows() {
        let (statement, text) = certificate();
        assert_eq!(Statement::verify(&text).unwrap(), statement);
        for (from, to) in [
            ("rows = 12", "rows = 11"),
            ("A. Superintendent", "B. Superintendent"),
            ("verified = true", "verified = false"),
            ("no key opens", "no key"),
            ("signature = \"", "signature = \"0"),
            ("certificate/3", "certificate/2"),
            ("format", "# \nformat"),
        ] {
            assert!(Statement::verify(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert_eq!(Statement::verify("").unwrap_err().code(), "S10B1");
        let other = Statement { format: "passage-destruction-certificate/1".to_owned(), ..certificate().0 };
        let other = other.sign(&SigningKey::generate([7; 32])).unwrap();
        assert_eq!(Statement::verify(&other).unwrap_err().code(), "S10B0");
        assert!(Statement::verify(&"é".repeat(64)).is_err());
    }
}
