//! The only error a person sees on a command line: what happened, what to do next, which rule and code.
//!
//! It is made from any [`Refusal`], so nothing is worded twice. It carries no personal data because refusals carry none.

use core::fmt;
use passage_protocol::refusal::{Code, Refusal};
use serde::{Deserialize, Serialize};

/// Exit code of a command that refused or failed (product contract); 2 is for wrong usage.
pub const EXIT_REFUSED: u8 = 1;

/// Exit code of a command that was called wrongly.
pub const EXIT_USAGE: u8 = 2;

/// A refusal as shown to a person or a script.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Failure {
    what: String,
    advice: String,
    code: String,
    rule: Option<String>,
    exit: u8,
}

impl Failure {
    /// A command called wrongly; exits with [`EXIT_USAGE`].
    #[must_use]
    pub fn usage(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: advice.into(),
            code: code_text(Code(0x1002)),
            rule: None,
            exit: EXIT_USAGE,
        }
    }

    /// The daemon that was asked went away before it answered.
    #[must_use]
    pub fn daemon_gone() -> Self {
        Self::shell(
            0x1005,
            "the daemon of this state folder went away before it answered",
            "See its log, start it again, and repeat the command; what it had stored is kept.",
        )
    }

    /// The daemon that was asked is of another version.
    #[must_use]
    pub fn other_version() -> Self {
        Self::shell(
            0x1006,
            "the daemon of this state folder does not know this command",
            "Restart the daemon after an upgrade, then repeat the command.",
        )
    }

    /// A file or socket could not be used; `doing` completes \"could not ...\".
    #[must_use]
    pub fn io(doing: &str, error: &std::io::Error) -> Self {
        let advice = if crate::state_dir::is_disk_full(error) {
            "The disk is full; free space and repeat the command. Nothing was half-stored."
        } else {
            "Check that the path exists and that this account may use it."
        };
        Self::shell(0x1007, &format!("could not {doing}: {}", error.kind()), advice)
    }

    /// A refusal of a daemon's own, with its stable code.
    #[must_use]
    pub fn new(code: Code, what: impl Into<String>, advice: impl Into<String>, rule: Option<&str>) -> Self {
        Self {
            what: what.into(),
            advice: advice.into(),
            code: code_text(code),
            rule: rule.map(str::to_owned),
            exit: EXIT_REFUSED,
        }
    }

    fn shell(code: u16, what: &str, advice: &str) -> Self {
        Self::new(Code(code), what, advice, None)
    }

    /// What was seen and what was expected, one sentence.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do next, one sentence.
    #[must_use]
    pub fn advice(&self) -> &str {
        &self.advice
    }

    /// Stable code with the letter of its owner, as in SPEC §12: `P0302`, `S1021`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The code as a number.
    #[must_use]
    pub fn number(&self) -> Code {
        let digits = self.code.get(1..).unwrap_or_default();
        Code(u16::from_str_radix(digits, 16).unwrap_or(0))
    }

    /// The requirement that demanded the refusal, where one did.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Exit code of the process.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.exit
    }

    /// One JSON object on one line, for `--json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!({ "what": self.what, "advice": self.advice, "code": self.code, "rule": self.rule })
            .to_string()
    }
}

impl<R: Refusal> From<R> for Failure {
    fn from(refusal: R) -> Self {
        Self {
            what: refusal.to_string(),
            advice: refusal.advice().to_owned(),
            code: code_text(refusal.code()),
            rule: refusal.rule().map(str::to_owned),
            exit: EXIT_REFUSED,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "refused: {}", self.what)?;
        writeln!(formatter, "next:    {}", self.advice)?;
        match &self.rule {
            Some(rule) => write!(formatter, "code:    {} (rule {rule})", self.code),
            None => write!(formatter, "code:    {}", self.code),
        }
    }
}

/// A code as people and scripts read it: `P0302`, `S1021` (SPEC §12).
#[must_use]
pub fn code_text(code: Code) -> String {
    code.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_becomes_three_lines_and_json() {
        let failure = Failure::from(crate::entropy::EntropyError);
        assert_eq!(failure.to_string().lines().count(), 3);
        assert!(failure.to_string().ends_with("code:    S1001"));
        assert_eq!(failure.exit(), EXIT_REFUSED);
        let json: serde_json::Value = serde_json::from_str(&failure.to_json()).unwrap();
        assert_eq!(json["code"], "S1001");
        assert_eq!(json["rule"], serde_json::Value::Null);
    }

    #[test]
    fn codes_carry_their_owner() {
        assert_eq!(code_text(Code(0x0302)), "P0302");
        assert_eq!(code_text(Code(0x2001)), "N2001");
        assert_eq!(code_text(Code(0x3001)), "C3001");
        assert_eq!(Failure::usage("two files named, expected one", "See --help.").exit(), EXIT_USAGE);
    }
}
