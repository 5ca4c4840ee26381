//! What this member has agreed to, and what it knows of the others' consent: documents, statements of the parties, decisions,
//! the privacy ledger. Every question "may this round run here?" is answered from here, and from nothing the coordinator
//! says.

mod statements;

pub use statements::Without;

use passage_protocol::{
    agreement::{
        Agreement, Clause, ConsentRecord, DocumentId, NoiseTerms, Permit, Role, Standing, Study,
        agreement_digest, study_digest, takes_the_place_of,
    },
    codec::{Decode, Encode},
    document::DocumentError,
    ids::{Digest, RoundId},
    manifest::{Manifest, opening::RoundCall},
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use crate::{
    home::{Home, refuse},
    records::{AGREEMENTS, Charge, DECISIONS, Decision, LEDGER, STUDIES, Verdict, ledger_key},
};

/// An agreement as this node holds it.
pub struct HeldAgreement {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub text: String,
    /// Parsed from them.
    pub agreement: Agreement,
    /// What the parties said to it, as far as this node has seen, each statement verified.
    pub consents: ConsentRecord,
}

/// A study as this node holds it.
pub struct HeldStudy {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub text: String,
    /// Parsed from them.
    pub study: Study,
    /// A person's decision here.
    pub decision: Option<Decision>,
}

impl Home {
    /// Every agreement this member is a party to. One of an earlier format is kept and not shown: nothing runs under it.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn agreements(&self) -> Result<Vec<HeldAgreement>, Failure> {
        let mut held = Vec::new();
        for (key, text) in self.store.scan(AGREEMENTS, &[])? {
            let digest = Digest::from_bytes(&key)?;
            let text = String::from_utf8(text).map_err(|_| unknown("agreement"))?;
            let agreement = match Agreement::parse(&text) {
                Ok(agreement) => agreement,
                Err(DocumentError::EarlierFormat { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let consents = self.consents(digest, &agreement)?;
            held.push(HeldAgreement { digest, agreement, text, consents });
        }
        Ok(held)
    }

    /// The agreement named `A-...`, or by a digest.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is none.
    pub fn agreement(&self, id: &str) -> Result<HeldAgreement, Failure> {
        let named = |held: &HeldAgreement| {
            DocumentId::Agreement(held.digest).to_string() == id || held.digest.to_string() == id
        };
        self.agreements()?.into_iter().find(named).ok_or_else(|| unknown("agreement"))
    }

    /// Every study under an agreement this member is a party to.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn studies(&self) -> Result<Vec<HeldStudy>, Failure> {
        let mut held = Vec::new();
        for (key, text) in self.store.scan(STUDIES, &[])? {
            let text = String::from_utf8(text).map_err(|_| unknown("study"))?;
            let study = match Study::parse(&text) {
                Ok(study) => study,
                Err(DocumentError::EarlierFormat { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let decision =
                self.store.get(DECISIONS, &key)?.map(|bytes| Decision::from_bytes(&bytes)).transpose()?;
            held.push(HeldStudy { digest: Digest::from_bytes(&key)?, study, text, decision });
        }
        Ok(held)
    }

    /// The study named `S-...`, or by a digest.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is none.
    pub fn study(&self, id: &str) -> Result<HeldStudy, Failure> {
        let named = |held: &HeldStudy| {
            DocumentId::Study(held.digest).to_string() == id || held.digest.to_string() == id
        };
        self.studies()?.into_iter().find(named).ok_or_else(|| unknown("study"))
    }

    /// Keeps a document the coordinator sent, if its bytes have the digest asked for.
    ///
    /// # Errors
    ///
    /// [`Failure`] for other bytes, or bytes that do not parse.
    pub fn keep_document(&self, digest: Digest, text: Vec<u8>) -> Result<(), Failure> {
        let text = String::from_utf8(text).map_err(|_| unknown("document"))?;
        let table = if agreement_digest(&text) == digest {
            // G04: a document of another consortium never enters this node.
            if Agreement::parse(&text)?.authority != self.authority() {
                return Err(Clause::OtherConsortium.into());
            }
            AGREEMENTS
        } else if study_digest(&text) == digest {
            Study::parse(&text)?;
            STUDIES
        } else {
            return Err(refuse(
                0x2210,
                "the coordinator sent a document with another digest than the one asked for",
                "Contact the operator; nothing was kept.",
                None,
            ));
        };
        Ok(self.store.commit(&[Op::put(table, digest.0, text.into_bytes())])?)
    }

    /// Records a person's decision about a study.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn decide(&self, held: &HeldStudy, decision: &Decision) -> Result<(), Failure> {
        let (study, by) = (held.digest, decision.by.as_str());
        let decided = match decision.verdict {
            Verdict::Approved => Act::StudyApproved { study, by },
            Verdict::Refused => Act::StudyRefused { study, by },
        };
        self.recorded(&decided, || {
            Ok(self.store.commit(&[Op::put(DECISIONS, held.digest.0, decision.to_bytes())])?)
        })
    }

    /// Checks that a call may be answered here and now, before anything is read from the roster.
    ///
    /// # Errors
    ///
    /// [`Clause`] inside, [`Failure`] if the store cannot be read.
    pub fn may_prepare(
        &self,
        agreement: &HeldAgreement,
        study: &HeldStudy,
        call: &RoundCall,
    ) -> Result<Result<(), Clause>, Failure> {
        self.with_standing(agreement, study, 0, |standing| standing.check_call(call, self.now().date()))
    }

    /// Grants a permit for one manifest, or names the clause that refuses.
    ///
    /// # Errors
    ///
    /// [`Clause`] inside, [`Failure`] if the ledger cannot be read.
    pub fn permit(
        &self,
        agreement: &HeldAgreement,
        study: &HeldStudy,
        manifest: &Manifest,
        roster: Digest,
    ) -> Result<Result<Permit, Clause>, Failure> {
        let charges = self.charges(roster, agreement.digest)?;
        // Whose students are counted says whether they are the same; a receiver pays for every answer.
        let sends = study.study.role_of(self.code) == Some(Role::Sender);
        if sends
            && manifest.noise.epsilon_milli > 0
            && charges.iter().any(|(_, charge)| charge.released && charge.study == study.digest)
        {
            return Ok(Err(Clause::AlreadyReleased));
        }
        let spent = charges
            .iter()
            .filter(|(round, _)| *round != manifest.round)
            .fold(0_u32, |sum, (_, charge)| sum.saturating_add(charge.epsilon_milli));
        self.with_standing(agreement, study, spent, |standing| {
            Permit::grant(standing, manifest, self.code, self.now().date())
        })
    }

    fn with_standing<T>(
        &self,
        held: &HeldAgreement,
        study: &HeldStudy,
        budget_spent_milli: u32,
        judge: impl FnOnce(&Standing<'_>) -> T,
    ) -> Result<T, Failure> {
        let replaces = |other: &HeldAgreement| {
            takes_the_place_of(&other.agreement, &other.consents, &held.agreement, held.digest)
        };
        Ok(judge(&Standing {
            agreement: &held.agreement,
            agreement_digest: held.digest,
            consents: &held.consents,
            replaced_by: self.agreements()?.iter().find(|other| replaces(other)).map(|other| other.digest),
            authority: self.authority(),
            study: &study.study,
            study_digest: study.digest,
            budget_spent_milli,
        }))
    }

    fn charges(&self, roster: Digest, agreement: Digest) -> Result<Vec<(RoundId, Charge)>, Failure> {
        let prefix = [roster.0.as_slice(), &agreement.0].concat();
        let charge = |(key, value): (Vec<u8>, Vec<u8>)| {
            let round = RoundId::from_bytes(key.get(64..).unwrap_or_default())?;
            Ok((round, Charge::from_bytes(&value)?))
        };
        self.store.scan(LEDGER, &prefix)?.into_iter().map(charge).collect()
    }

    /// The ledger entry for one round at this member, to be committed with the endorsement.
    #[must_use]
    pub fn charge(&self, manifest: &Manifest, roster: Digest, agreement: &Agreement) -> Option<Op> {
        match agreement.noise {
            NoiseTerms::None { .. } => None,
            NoiseTerms::Laplace { .. } => {
                let me = manifest.participant(self.code)?;
                let mine = manifest.tables.iter().filter(|table| manifest.takes_part(table, me));
                let tables = u32::try_from(mine.count()).unwrap_or(u32::MAX);
                let charge = Charge {
                    study: manifest.study,
                    epsilon_milli: manifest.noise.epsilon_milli.saturating_mul(tables),
                    released: false,
                };
                Some(Op::put(
                    LEDGER,
                    ledger_key(roster, manifest.agreement, manifest.round),
                    charge.to_bytes(),
                ))
            }
        }
    }
}

fn unknown(what: &str) -> Failure {
    refuse(
        0x2212,
        &format!("this node holds no such {what}"),
        "List what it holds with `agreement list` or `study list`; new documents arrive while `serve` runs.",
        None,
    )
}
