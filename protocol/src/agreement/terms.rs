//! The agreement: what the parties consent to, as parsed from the very bytes they sign.
//!
//! [`Agreement::parse`] accepts a document only if it is whole: every field that law or governance demands of an agreement
//! of its kind is there (F1-F4, F9, F11, G02, G03, G11, G14, G15, L5), and every word from a closed list is on it. What it
//! does not judge: whether anybody signed (`consent`), and whether a round fits (`standing`).

use crate::{
    agreement::{
        AuditTerms, ContractClause, Destruction, LegalBasis, Party, Purpose, RightsHolder, ShareLine, shape,
    },
    cells::SchoolYear,
    document::DocumentError,
    ids::{Digest, MemberCode},
    timestamp::Date,
};

/// An agreement as its parties signed it.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// One line.
    pub title: String,
    /// Fingerprint of the CA of the one consortium it belongs to (G04).
    pub authority: Digest,
    /// Digest of the agreement it replaces once every party has signed.
    pub amends: Option<Digest>,
    /// Closed list (F1).
    pub legal_basis: LegalBasis,
    /// Closed list, at least one (F2).
    pub purposes: Vec<Purpose>,
    /// What is studied, in words (F3).
    pub scope: String,
    /// Who at the parties may see results, and why (F3).
    pub representatives: String,
    /// What an audit or evaluation needs besides (F4).
    pub audit: Option<AuditTerms>,
    /// Whose consent it rests on, if consent is the basis (F11).
    pub consent_of: Vec<RightsHolder>,
    /// Clauses of a contract about pupil records that the parties confirm (F9).
    pub contract: Vec<ContractClause>,
    /// First day of the term (G14).
    pub effective: Date,
    /// Last day of the term (G14).
    pub expires: Date,
    /// Day by which the parties look at the agreement again.
    pub review: Date,
    /// Days between a party's notice and the end of its other duties; rounds end at once.
    pub notice_days: u16,
    /// The sentence by which confidentiality outlives the term (G11).
    pub survival: String,
    /// Days after a round by which its intermediates are destroyed (F3, G15).
    pub retention_days: u16,
    /// How they are destroyed (F10).
    pub destruction: Destruction,
    /// Hours within which a party tells the others about a breach (L5).
    pub breach_notice_hours: u16,
    /// The principles of data sharing the parties hold (G05).
    pub principles: Edition,
    /// The data element dictionary whose words the share list uses.
    pub dictionary: Edition,
    /// Day on which the parties last agreed on the elements (G03).
    pub elements_agreed: Date,
    /// School years that may be counted, ascending.
    pub cohorts: Vec<SchoolYear>,
    /// Metrics that may be asked for, by id and version.
    pub catalogue: Vec<(String, u16)>,
    /// Whether results may go beyond the parties (G07, G19).
    pub publication: Publication,
    /// Whether a sender may see quartiles of at least five unnamed others of its kind (A12).
    pub peer_comparison: bool,
    /// Smallest committee any party accepts.
    pub committee_min: u8,
    /// Smallest count shown, and the source floor.
    pub floor: u32,
    /// Noise on every table.
    pub noise: NoiseTerms,
    /// Who signs.
    pub parties: Vec<Party>,
    /// Who tells whom what about its students (G02), in the order of the document.
    pub shares: Vec<ShareLine>,
}

/// A versioned text that the agreement names by version and digest, so that nobody can change its words later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Edition {
    /// Version.
    pub version: u16,
    /// Digest of its bytes.
    pub digest: Digest,
}

/// Whether results may go beyond the parties: a closed list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Publication {
    /// For the parties only (principle 3).
    Internal,
    /// Beyond them once every involved party has approved the exact content (G07).
    ExternalAfterReview {
        /** Time in which the parties may comment before results go to those who asked, in minutes (G19). */
        comment_minutes: u32,
    },
}

impl Publication {
    /// Time for comments if the agreement names none, in minutes: five days, as in the practice the rule was taken from (G19).
    pub const COMMENT_MINUTES_DEFAULT: u32 = 5 * 24 * 60;

    /// The time for comments in words: `5 days`, `1 day`, `36 hours`, `90 minutes`.
    #[must_use]
    pub fn comment_words(minutes: u32) -> String {
        let (count, unit) = match minutes {
            days if days.is_multiple_of(24 * 60) => (days / (24 * 60), "day"),
            hours if hours.is_multiple_of(60) => (hours / 60, "hour"),
            minutes => (minutes, "minute"),
        };
        format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
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

impl Agreement {
    /// Reads `agreement.toml`.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with line and key; where law or governance demands a field, with the rule (G20).
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let agreement = shape::read(text)?;
        agreement.check_lawful()?;
        agreement.check_governed()?;
        agreement.check_sound()?;
        Ok(agreement)
    }

    /// The party with that code.
    #[must_use]
    pub fn party(&self, code: MemberCode) -> Option<&Party> {
        self.parties.iter().find(|party| party.code == code)
    }

    /// True if a metric is in the catalogue in that version.
    #[must_use]
    pub fn lists(&self, metric: &str, version: u16) -> bool {
        self.catalogue.iter().any(|(id, listed)| id == metric && *listed == version)
    }

    /// Lines of the share list with their places in it.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &ShareLine)> {
        (0_u32..).zip(&self.shares)
    }
}
