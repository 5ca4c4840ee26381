//! Whether a round is allowed now: agreement x study x manifest x day -> `Permit`, or the clause that refuses.
//!
//! A [`Permit`] has a private field and is built here only; [`crate::round::MemberRound`] cannot be entered without one:
//!
//! ```compile_fail
//! let forged = passage_protocol::agreement::Permit { manifest: todo!(), _granted: () };
//! ```

use core::fmt;

use crate::{
    agreement::{Agreement, DocumentId, NoiseTerms, Study},
    codec::Encode,
    ids::{Digest, MemberCode},
    manifest::Manifest,
    refusal::{Code, Refusal},
    signing::{Signature, SignatureKind},
    timestamp::Date,
};

/// Everything a party knows when it decides about a study: documents, signatures, withdrawals, the budget spent.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The agreement, parsed from the bytes of `agreement_digest`.
    pub agreement: &'a Agreement,
    /// Digest of the agreement's bytes.
    pub agreement_digest: Digest,
    /// Signatures seen over that digest.
    pub signatures: &'a [(MemberCode, Signature)],
    /// Parties that have withdrawn (G10).
    pub withdrawn: &'a [MemberCode],
    /// The study, parsed from the bytes of `study_digest`.
    pub study: &'a Study,
    /// Digest of the study's bytes.
    pub study_digest: Digest,
    /// Epsilon already charged to this roster snapshot under this agreement, thousandths (SPEC §10.4).
    pub budget_spent_milli: u32,
}

impl Standing<'_> {
    /// Checks what can be checked before a round is opened.
    ///
    /// # Errors
    ///
    /// The first [`Clause`] that refuses.
    pub fn check(&self, today: Date) -> Result<(), Clause> {
        let agreement = self.agreement;
        if self.study.agreement != DocumentId::Agreement(self.agreement_digest).to_string() {
            return Err(Clause::OtherAgreement);
        }
        if self.study.participants.iter().any(|one| agreement.party(one.code).is_none()) {
            return Err(Clause::NotAParty);
        }
        // G01: every participant has signed these very bytes. Who has not is not revealed.
        let signed = |code: MemberCode| {
            let key = agreement.party(code).map(|party| &party.signing_key);
            let payload = self.agreement_digest.to_bytes();
            self.signatures.iter().any(|(signer, signature)| {
                *signer == code
                    && key.is_some_and(|key| {
                        key.verify(SignatureKind::Agreement, None, &payload, signature).is_ok()
                    })
            })
        };
        if !self.study.participants.iter().all(|one| signed(one.code)) {
            return Err(Clause::NotSigned);
        }
        if self.study.participants.iter().any(|one| self.withdrawn.contains(&one.code)) {
            return Err(Clause::Withdrawn);
        }
        if today < agreement.effective || agreement.expires < today {
            return Err(Clause::OutsideTerm { effective: agreement.effective, expires: agreement.expires });
        }
        if self.study.committee < agreement.committee_min {
            return Err(Clause::CommitteeTooSmall {
                asked: self.study.committee,
                least: agreement.committee_min,
            });
        }
        Ok(())
    }

    fn check_manifest(&self, manifest: &Manifest, me: Option<MemberCode>) -> Result<(), Clause> {
        if manifest.agreement != self.agreement_digest || manifest.study != self.study_digest {
            return Err(Clause::OtherAgreement);
        }
        if manifest.committee.len() < usize::from(self.agreement.committee_min) {
            let asked = u8::try_from(manifest.committee.len()).unwrap_or(u8::MAX);
            return Err(Clause::CommitteeTooSmall { asked, least: self.agreement.committee_min });
        }
        if manifest.floor < self.agreement.floor {
            return Err(Clause::WeakerThanAgreed);
        }
        for table in &manifest.tables {
            let sender = manifest.seat(table.sender).ok_or(Clause::OtherAgreement)?.code;
            for receiver in &table.receivers {
                let receiver = manifest.seat(*receiver).ok_or(Clause::OtherAgreement)?.code;
                // A pair is counted only if at least one of the two may see the count (G02).
                let shared = [sender, receiver]
                    .iter()
                    .any(|viewer| self.agreement.may_see(*viewer, sender, receiver, &table.metric));
                if !shared {
                    return Err(Clause::NotShared { from: sender, to: receiver });
                }
            }
        }
        match self.agreement.noise {
            NoiseTerms::None { .. } => {}
            NoiseTerms::Laplace { epsilon_milli, delta_ppt, budget_milli } => {
                let noise = manifest.noise;
                let weaker = noise.epsilon_milli == 0
                    || noise.epsilon_milli > epsilon_milli
                    || noise.delta_ppt > delta_ppt;
                if weaker {
                    return Err(Clause::WeakerThanAgreed);
                }
                let involves = |code| {
                    let index = manifest.participant(code);
                    let in_table = |table: &&crate::manifest::shapes::TableShape| {
                        index.is_some_and(|index| table.sender == index || table.receivers.contains(&index))
                    };
                    manifest.tables.iter().filter(in_table).count()
                };
                let tables = u32::try_from(me.map_or(0, involves)).unwrap_or(u32::MAX);
                let wanted = noise.epsilon_milli.saturating_mul(tables);
                if self.budget_spent_milli.saturating_add(wanted) > budget_milli {
                    let left = budget_milli.saturating_sub(self.budget_spent_milli);
                    return Err(Clause::BudgetSpent { wanted_milli: wanted, left_milli: left });
                }
            }
        }
        Ok(())
    }
}

/// Proof that one manifest is allowed now. Not `Clone`: it is spent on entering the round.
#[derive(Debug)]
pub struct Permit {
    manifest: Digest,
    _granted: (),
}

impl Permit {
    /// Grants a permit for `manifest` to the member `me`, or names the clause that refuses.
    ///
    /// # Errors
    ///
    /// The first [`Clause`] that refuses.
    pub fn grant(
        standing: &Standing<'_>,
        manifest: &Manifest,
        me: MemberCode,
        today: Date,
    ) -> Result<Self, Clause> {
        standing.check(today)?;
        standing.check_manifest(manifest, Some(me))?;
        Ok(Self { manifest: manifest.digest(), _granted: () })
    }

    /// The manifest it is for.
    #[must_use]
    pub fn manifest(&self) -> Digest {
        self.manifest
    }
}

/// The clause of the agreement or the rule that refuses a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clause {
    /// The same study was released for the same roster: asking again would spend the budget for nothing (SPEC §10.4).
    AlreadyReleased,
    /// The privacy budget of this roster snapshot does not cover the tables asked for (SPEC §10.4).
    BudgetSpent {
        /** Thousandths of epsilon asked for. */
        wanted_milli: u32,
        /** Thousandths left. */
        left_milli: u32,
    },
    /// Fewer committee members than the agreement demands.
    CommitteeTooSmall {
        /** Members asked for. */
        asked: u8,
        /** Least agreed. */
        least: u8,
    },
    /// A participant is no party to the agreement (G01).
    NotAParty,
    /// The share list covers neither direction of a pair (G02).
    NotShared {
        /** Sender. */
        from: MemberCode,
        /** Receiver. */
        to: MemberCode,
    },
    /// Not every participant has signed (G01).
    NotSigned,
    /// The study or the manifest stands under another agreement or study.
    OtherAgreement,
    /// Today is outside the term (G14).
    OutsideTerm {
        /** First day. */
        effective: Date,
        /** Last day. */
        expires: Date,
    },
    /// Floor or noise of the round are weaker than agreed.
    WeakerThanAgreed,
    /// A participant has withdrawn (G10).
    Withdrawn,
}

impl fmt::Display for Clause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyReleased => formatter.write_str(
                "this study was released for this roster already, expected a new roster or a new study",
            ),
            Self::BudgetSpent { wanted_milli, left_milli } => write!(
                formatter,
                "the tables asked for cost epsilon {}, and {} is left for this roster",
                Milli(*wanted_milli),
                Milli(*left_milli)
            ),
            Self::CommitteeTooSmall { asked, least } => {
                write!(
                    formatter,
                    "a committee of {asked} is asked for, the agreement demands at least {least}"
                )
            }
            Self::NotAParty => {
                formatter.write_str("a participant of the study is not a party to its agreement")
            }
            Self::NotShared { from, to } => {
                write!(
                    formatter,
                    "the share list has no line between {from} and {to} for a table of the study"
                )
            }
            Self::NotSigned => formatter
                .write_str("not every participant has signed the agreement, expected every signature"),
            Self::OtherAgreement => {
                formatter.write_str("the study stands under another agreement than the one shown")
            }
            Self::OutsideTerm { effective, expires } => {
                write!(formatter, "today is outside the term of the agreement, {effective} to {expires}")
            }
            Self::WeakerThanAgreed => {
                formatter.write_str("floor or noise of the round are weaker than agreed")
            }
            Self::Withdrawn => formatter.write_str("a participant has withdrawn from the agreement"),
        }
    }
}

impl Refusal for Clause {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotSigned => 0x0410,
            Self::NotAParty => 0x0411,
            Self::Withdrawn => 0x0412,
            Self::OutsideTerm { .. } => 0x0413,
            Self::NotShared { .. } => 0x0414,
            Self::CommitteeTooSmall { .. } => 0x0415,
            Self::WeakerThanAgreed => 0x0416,
            Self::BudgetSpent { .. } => 0x0417,
            Self::OtherAgreement => 0x0418,
            Self::AlreadyReleased => 0x0419,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::AlreadyReleased => {
                "Read the stored release with `report show`; it answers the same question."
            }
            Self::BudgetSpent { .. } => {
                "Read the stored release, or import a new roster, or agree on a larger budget."
            }
            Self::CommitteeTooSmall { .. } => "Propose the study with a larger committee.",
            Self::NotAParty | Self::OtherAgreement => {
                "Propose the study under an agreement that names every participant."
            }
            Self::NotShared { .. } => "Agree on a share list that covers the pair, or leave the table out.",
            Self::NotSigned => {
                "Wait until every party has signed; `agreement list` shows your own signatures."
            }
            Self::OutsideTerm { .. } => "Agree on a new term; the parties' signatures are needed again.",
            Self::WeakerThanAgreed => "Ask the operator to open the round with the agreed floor and noise.",
            Self::Withdrawn => "Propose a study without the member that withdrew.",
        }
    }

    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::NotSigned | Self::NotAParty => Some("G01"),
            Self::NotShared { .. } => Some("G02"),
            Self::Withdrawn => Some("G10"),
            Self::OutsideTerm { .. } => Some("G14"),
            Self::AlreadyReleased
            | Self::BudgetSpent { .. }
            | Self::CommitteeTooSmall { .. }
            | Self::OtherAgreement
            | Self::WeakerThanAgreed => None,
        }
    }
}

/// Thousandths printed as a decimal.
struct Milli(u32);

impl fmt::Display for Milli {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agreement::{
            agreement_digest, study::tests as study_sample, study_digest, terms::tests as agreement_sample,
        },
        signing::SigningKey,
    };

    struct Fixture {
        agreement: Agreement,
        agreement_digest: Digest,
        study: Study,
        study_digest: Digest,
        signatures: Vec<(MemberCode, Signature)>,
    }

    fn fixture() -> Fixture {
        let keys = [1, 2].map(|seed| SigningKey::generate([seed; 32]));
        let text = agreement_sample::SAMPLE.to_owned();
        let digest = agreement_digest(&text);
        let study_text =
            study_sample::SAMPLE.replace("A-0123456789abcdef", &DocumentId::Agreement(digest).to_string());
        let sign = |(number, key): (u8, &SigningKey)| {
            let signature = key.sign(SignatureKind::Agreement, None, &digest.to_bytes());
            (MemberCode([0, 0, 0, 0, number]), signature)
        };
        Fixture {
            agreement: Agreement::parse(&text).unwrap(),
            agreement_digest: digest,
            study: Study::parse(&study_text).unwrap(),
            study_digest: study_digest(&study_text),
            signatures: (1..).zip(&keys).map(sign).collect(),
        }
    }

    fn check(fixture: &Fixture, withdrawn: &[MemberCode], today: &str) -> Result<(), Clause> {
        let standing = Standing {
            agreement: &fixture.agreement,
            agreement_digest: fixture.agreement_digest,
            signatures: &fixture.signatures,
            withdrawn,
            study: &fixture.study,
            study_digest: fixture.study_digest,
            budget_spent_milli: 0,
        };
        standing.check(Date::parse(today).unwrap())
    }

    #[test]
    fn a_signed_agreement_inside_its_term_permits() {
        assert_eq!(check(&fixture(), &[], "2026-06-01"), Ok(()));
    }

    #[test]
    fn a_missing_signature_refuses_naming_g01_and_no_member() {
        for missing in 0..2 {
            let mut fixture = fixture();
            fixture.signatures.remove(missing);
            let clause = check(&fixture, &[], "2026-06-01").unwrap_err();
            assert_eq!((clause, clause.rule()), (Clause::NotSigned, Some("G01")));
            assert!(!clause.to_string().contains("M-"), "the refusal must not reveal who takes part");
        }
    }

    #[test]
    fn a_signature_in_another_name_does_not_count() {
        let mut fixture = fixture();
        let second = fixture.signatures[1].1;
        fixture.signatures[0].1 = second;
        assert_eq!(check(&fixture, &[], "2026-06-01"), Err(Clause::NotSigned));
    }

    #[test]
    fn the_term_and_withdrawals_bind() {
        let fixture = fixture();
        assert_eq!(check(&fixture, &[], "2025-12-31").unwrap_err().rule(), Some("G14"));
        assert_eq!(check(&fixture, &[], "2028-01-01").unwrap_err().rule(), Some("G14"));
        let withdrawn = [MemberCode([0, 0, 0, 0, 2])];
        assert_eq!(check(&fixture, &withdrawn, "2026-06-01"), Err(Clause::Withdrawn));
    }
}
