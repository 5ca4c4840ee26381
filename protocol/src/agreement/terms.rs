//! The agreement: parties, purpose, term, share list, disclosure and noise. Parsed from the bytes that were signed.

use core::fmt;

use serde::Deserialize;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    document::{self, DocumentError, decimal},
    ids::{Digest, MemberCode},
    signing::VerifyingKey,
    timestamp::Date,
};

/// Digest of an agreement's bytes (SPEC §2.2).
#[must_use]
pub fn agreement_digest(text: &str) -> Digest {
    Digest::derive("passage v1 agreement document", text.as_bytes())
}

/// Digest of a study's bytes (SPEC §2.2).
#[must_use]
pub fn study_digest(text: &str) -> Digest {
    Digest::derive("passage v1 study document", text.as_bytes())
}

/// A document as people name it: `A-` or `S-` and the first 16 hexadecimal digits of its digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentId {
    /// An agreement.
    Agreement(Digest),
    /// A study.
    Study(Digest),
}

impl fmt::Display for DocumentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, digest) = match self {
            Self::Agreement(digest) => ('A', digest),
            Self::Study(digest) => ('S', digest),
        };
        let text = digest.to_string();
        write!(formatter, "{letter}-{}", text.get(..16).unwrap_or(&text))
    }
}

/// The kind of institution a member is; what its files hold and never hold follows from it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// A K-12 district or school: SSID always, SSN never.
    K12,
    /// A community college or its district.
    Cc,
    /// A university.
    Univ,
    /// A workforce agency.
    Workforce,
}

impl Segment {
    const ALL: [Self; 4] = [Self::K12, Self::Cc, Self::Univ, Self::Workforce];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::K12 => "k12",
            Self::Cc => "cc",
            Self::Univ => "univ",
            Self::Workforce => "workforce",
        }
    }

    /// The segment of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|segment| segment.name() == name)
    }
}

impl Encode for Segment {
    fn encode(&self, out: &mut Vec<u8>) {
        let number: u8 = match self {
            Self::K12 => 0,
            Self::Cc => 1,
            Self::Univ => 2,
            Self::Workforce => 3,
        };
        number.encode(out);
    }
}

impl Decode for Segment {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let number = usize::from(u8::decode(reader)?);
        Self::ALL.get(number).copied().ok_or(CodecError::Invalid { position, expected: "a segment" })
    }
}

/// Why the parties may share at all: a closed list (F2). Free text does not start a round.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Improving instruction.
    ImprovingInstruction,
    /// Developing, validating or administering predictive tests.
    PredictiveTests,
    /// Administering student aid.
    StudentAid,
    /// Audit or evaluation of a publicly supported education programme (F4).
    ProgrammeEvaluation,
}

/// The exception of 34 CFR 99.31 the parties rely on: a closed list (F1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum LegalBasis {
    /// 99.31(a)(6).
    Studies,
    /// 99.31(a)(3) with 99.35.
    AuditEvaluation,
    /// 99.31(a)(1).
    SchoolOfficial,
    /// 99.31(a)(2).
    Enrolment,
    /// 99.30.
    Consent,
    /// 99.31(b).
    DeIdentified,
}

/// An agreement as its parties signed it.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// One line.
    pub title: String,
    /// Closed list (F2).
    pub purpose: Purpose,
    /// Closed list (F1).
    pub legal_basis: LegalBasis,
    /// What is studied, in words (F3).
    pub scope: String,
    /// First day of the term (G14).
    pub effective: Date,
    /// Last day of the term (G14).
    pub expires: Date,
    /// Days after a round by which its intermediates are destroyed (F3, G15).
    pub retention_days: u16,
    /// Smallest committee any party accepts.
    pub committee_min: u8,
    /// Smallest count shown, and the source floor.
    pub floor: u32,
    /// Noise on every table.
    pub noise: NoiseTerms,
    /// Who signs.
    pub parties: Vec<Party>,
    /// Who may receive which table about whose students (G02).
    pub shares: Vec<Share>,
}

/// A party to an agreement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Party {
    /// Opaque code (G09).
    pub code: MemberCode,
    /// What kind of institution.
    pub segment: Segment,
    /// The key its signatures verify under; compare it with the party by another channel before signing.
    pub signing_key: VerifyingKey,
}

/// The noise the parties agreed on (SPEC §10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoiseTerms {
    /// Truncated discrete Laplace noise from every dealer.
    Laplace {
        /// Epsilon per table, thousandths.
        epsilon_milli: u32,
        /// Delta per table, parts in 10^12.
        delta_ppt: u64,
        /// Epsilon in all per roster snapshot, thousandths.
        budget_milli: u32,
    },
    /// Exact tables; only with the parties' consent in words (SPEC §10.5).
    None {
        /// The sentence the parties signed.
        consent: String,
    },
}

/// One line of the share list: `to` may receive `table` about the students of `from`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Share {
    /// Whose students are counted.
    pub from: MemberCode,
    /// Who may see the count.
    pub to: MemberCode,
    /// Metric id.
    pub table: String,
}

impl Agreement {
    /// Reads `agreement.toml`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key; a missing purpose, period or retention is refused here (F3).
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let shape: Shape = document::read(text)?;
        let out_of_range = |key, expected| DocumentError::OutOfRange { key, expected };
        let date =
            |key, text: &str| Date::parse(text).ok_or(out_of_range(key, "a day such as \"2026-08-01\""));
        if shape.format != "passage-agreement/1" {
            return Err(out_of_range("format", "\"passage-agreement/1\""));
        }
        let agreement = Self {
            title: shape.title,
            purpose: shape.purpose,
            legal_basis: shape.legal_basis,
            scope: shape.scope,
            effective: date("effective", &shape.effective)?,
            expires: date("expires", &shape.expires)?,
            retention_days: shape.retention_days,
            committee_min: shape.committee_min,
            floor: shape.disclosure.floor,
            noise: shape.noise.terms()?,
            parties: shape.party.into_iter().map(PartyShape::party).collect::<Result<_, _>>()?,
            shares: shape.share.into_iter().map(ShareShape::share).collect::<Result<_, _>>()?,
        };
        agreement.check()?;
        Ok(agreement)
    }

    fn check(&self) -> Result<(), DocumentError> {
        let mut codes: Vec<_> = self.parties.iter().map(|party| party.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let known = |code| self.parties.iter().any(|party| party.code == code);
        let rules = [
            (!self.title.trim().is_empty(), "title", "text"),
            (!self.scope.trim().is_empty(), "scope", "text that says what is studied (F3)"),
            (self.effective < self.expires, "expires", "later than `effective`"),
            ((1..=3_660).contains(&self.retention_days), "retention_days", "between 1 and 3660 days (F3)"),
            ((2..=16).contains(&self.committee_min), "committee_min", "between 2 and 16"),
            ((FLOOR_MIN..=1_000).contains(&self.floor), "disclosure.floor", "between 5 and 1000 students"),
            ((2..=PARTIES_MAX).contains(&self.parties.len()), "party", "a list of 2 to 1000 parties"),
            (codes.len() == self.parties.len(), "party.code", "a code that occurs once"),
            (
                self.shares.iter().all(|share| known(share.from) && known(share.to)),
                "share",
                "between parties",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, expected)) => Err(DocumentError::OutOfRange { key, expected }),
            None => Ok(()),
        }
    }

    /// The party with that code.
    #[must_use]
    pub fn party(&self, code: MemberCode) -> Option<&Party> {
        self.parties.iter().find(|party| party.code == code)
    }

    /// True if `viewer` may see what `table` says about students of `sender` seen at `receiver`: both of them must have
    /// offered it to the viewer, or be the viewer (G02: the effective set is the intersection of the offers).
    #[must_use]
    pub fn may_see(&self, viewer: MemberCode, sender: MemberCode, receiver: MemberCode, table: &str) -> bool {
        self.shares(sender, viewer, table) && self.shares(receiver, viewer, table)
    }

    /// True if the share list lets `to` see `table` about the students of `from` (G02).
    #[must_use]
    pub fn shares(&self, from: MemberCode, to: MemberCode, table: &str) -> bool {
        from == to && self.party(from).is_some()
            || self.shares.iter().any(|share| share.from == from && share.to == to && share.table == table)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    title: String,
    purpose: Purpose,
    legal_basis: LegalBasis,
    scope: String,
    effective: String,
    expires: String,
    retention_days: u16,
    #[serde(default = "committee_min_default")]
    committee_min: u8,
    #[serde(default)]
    disclosure: DisclosureShape,
    #[serde(default)]
    noise: NoiseShape,
    party: Vec<PartyShape>,
    share: Vec<ShareShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureShape {
    floor: u32,
}

impl Default for DisclosureShape {
    fn default() -> Self {
        Self { floor: FLOOR_DEFAULT }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
enum NoiseShape {
    DiscreteLaplace { epsilon: String, delta: String, budget: String },
    None { consent: String },
}

impl Default for NoiseShape {
    fn default() -> Self {
        Self::DiscreteLaplace { epsilon: "2".to_owned(), delta: "1e-6".to_owned(), budget: "20".to_owned() }
    }
}

impl NoiseShape {
    fn terms(self) -> Result<NoiseTerms, DocumentError> {
        let out_of_range = |key, expected| DocumentError::OutOfRange { key, expected };
        match self {
            Self::None { consent } if consent.trim().len() >= CONSENT_LETTERS_MIN => {
                Ok(NoiseTerms::None { consent })
            }
            Self::None { .. } => {
                Err(out_of_range("noise.consent", "the sentence by which the parties accept exact tables"))
            }
            Self::DiscreteLaplace { epsilon, delta, budget } => {
                let milli = |key, text: &str| {
                    let value = decimal(text, 3).and_then(|value| u32::try_from(value).ok());
                    value
                        .filter(|value| (1..=1_000_000).contains(value))
                        .ok_or(out_of_range(key, "a decimal from 0.001 to 1000"))
                };
                let delta_ppt = decimal(&delta, 12)
                    .filter(|value| (1..=1_000_000_000).contains(value))
                    .ok_or(out_of_range("noise.delta", "a decimal from 1e-12 to 1e-3"))?;
                let epsilon_milli = milli("noise.epsilon", &epsilon)?;
                Ok(NoiseTerms::Laplace {
                    epsilon_milli,
                    delta_ppt,
                    budget_milli: milli("noise.budget", &budget)?,
                })
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyShape {
    code: String,
    segment: Segment,
    signing_key: String,
}

impl PartyShape {
    fn party(self) -> Result<Party, DocumentError> {
        Ok(Party {
            code: code("party.code", &self.code)?,
            segment: self.segment,
            signing_key: VerifyingKey::parse(&self.signing_key).ok_or(DocumentError::OutOfRange {
                key: "party.signing_key",
                expected: "64 hexadecimal digits",
            })?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareShape {
    from: String,
    to: String,
    table: String,
}

impl ShareShape {
    fn share(self) -> Result<Share, DocumentError> {
        Ok(Share {
            from: code("share.from", &self.from)?,
            to: code("share.to", &self.to)?,
            table: self.table,
        })
    }
}

/// Reads a member code of a document.
pub(super) fn code(key: &'static str, text: &str) -> Result<MemberCode, DocumentError> {
    MemberCode::parse(text)
        .ok_or(DocumentError::OutOfRange { key, expected: "a member code such as M-7K3QZ9TB" })
}

fn committee_min_default() -> u8 {
    2
}

/// Default floor, the strictest of the published state rules (domain 4.1): 11 is the smallest count shown.
const FLOOR_DEFAULT: u32 = 11;
/// No agreement may go below the smallest floor any state uses.
const FLOOR_MIN: u32 = 5;
/// C2, C8: federations of up to a thousand members.
const PARTIES_MAX: usize = 1_000;
/// A sentence, not a tick.
const CONSENT_LETTERS_MIN: usize = 20;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SAMPLE: &str = r#"
format = "passage-agreement/1"
title = "Transitions"
purpose = "improving-instruction"
legal_basis = "studies"
scope = "College-going of completers"
effective = "2026-01-01"
expires = "2027-12-31"
retention_days = 30
[[party]]
code = "M-00000001"
segment = "k12"
signing_key = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
[[party]]
code = "M-00000002"
segment = "cc"
signing_key = "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
[[share]]
from = "M-00000001"
to = "M-00000002"
table = "college-going-12"
"#;

    fn refusal(change: impl Fn(&str) -> String) -> DocumentError {
        Agreement::parse(&change(SAMPLE)).unwrap_err()
    }

    #[test]
    fn defaults_are_the_careful_ones() {
        let agreement = Agreement::parse(SAMPLE).unwrap();
        assert_eq!((agreement.floor, agreement.committee_min), (11, 2));
        assert_eq!(
            agreement.noise,
            NoiseTerms::Laplace { epsilon_milli: 2_000, delta_ppt: 1_000_000, budget_milli: 20_000 }
        );
    }

    #[test]
    fn the_share_list_is_directed() {
        let agreement = Agreement::parse(SAMPLE).unwrap();
        let [a, b] = [1, 2].map(|n| MemberCode([0, 0, 0, 0, n]));
        assert!(agreement.shares(a, b, "college-going-12"));
        assert!(!agreement.shares(b, a, "college-going-12"));
        assert!(!agreement.shares(a, b, "other"));
        assert!(agreement.shares(a, a, "anything"), "a member always sees its own students");
        assert!(agreement.may_see(b, a, b, "college-going-12"), "offered by the sender, own as receiver");
        assert!(
            !agreement.may_see(a, a, b, "college-going-12"),
            "the receiver has not offered it to the sender"
        );
    }

    #[test]
    fn bad_documents_name_the_key() {
        let cases = [
            (refusal(|text| text.replace("improving-instruction", "curiosity")), "line 4"),
            (refusal(|text| text.replace("retention_days = 30", "retention_days = 0")), "retention_days"),
            (refusal(|text| text.replace("2027-12-31", "2025-12-31")), "expires"),
            (refusal(|text| text.replace("2027-12-31", "2027-02-31")), "expires"),
            (refusal(|text| text.replace("M-00000002", "M-00000001")), "party.code"),
            (
                refusal(|text| format!("{text}\n[noise]\nkind = \"none\"\nconsent = \"ok\"\n")),
                "noise.consent",
            ),
            (refusal(|text| format!("{text}\n[disclosure]\nfloor = 3\n")), "disclosure.floor"),
            (refusal(|text| text.replace("retention_days", "retention_day")), "`retention_days`"),
        ];
        for (error, expected) in cases {
            assert!(error.to_string().contains(expected), "{error} should name {expected}");
        }
    }
}
