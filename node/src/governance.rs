//! What this member has agreed to, and what it knows of the others' consent: documents, signatures, decisions, the
//! privacy ledger. Every question "may this round run here?" is answered from here.

use passage_protocol::{
    agreement::{
        Agreement, Clause, DocumentId, NoiseTerms, Permit, Standing, Study, agreement_digest, study_digest,
    },
    codec::{Decode, Encode},
    ids::{Digest, RoundId},
    manifest::Manifest,
    signing::{Signature, SignatureKind},
    wire::service::{AgreementStatus, SignDocument, kind},
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use crate::{
    home::{Home, refuse},
    outbox,
    records::{
        AGREEMENT_STATUS, AGREEMENTS, Charge, DECISIONS, Decision, LEDGER, STUDIES, Verdict, ledger_key,
    },
};

/// An agreement as this node holds it.
pub struct HeldAgreement {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub text: String,
    /// Parsed from them.
    pub agreement: Agreement,
    /// Signatures and withdrawals seen.
    pub status: AgreementStatus,
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
    /// Every agreement this member is a party to.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub fn agreements(&self) -> Result<Vec<HeldAgreement>, Failure> {
        let held = |(key, text): (Vec<u8>, Vec<u8>)| {
            let digest = Digest::from_bytes(&key)?;
            let text = String::from_utf8(text).map_err(|_| unknown("agreement"))?;
            let status = match self.store.get(AGREEMENT_STATUS, &key)? {
                Some(bytes) => AgreementStatus::from_bytes(&bytes)?,
                None => AgreementStatus { digest, signatures: Vec::new(), withdrawn: Vec::new() },
            };
            Ok(HeldAgreement { digest, agreement: Agreement::parse(&text)?, text, status })
        };
        self.store.scan(AGREEMENTS, &[])?.into_iter().map(held).collect()
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
        let held = |(key, text): (Vec<u8>, Vec<u8>)| {
            let text = String::from_utf8(text).map_err(|_| unknown("study"))?;
            let decision =
                self.store.get(DECISIONS, &key)?.map(|bytes| Decision::from_bytes(&bytes)).transpose()?;
            Ok(HeldStudy { digest: Digest::from_bytes(&key)?, study: Study::parse(&text)?, text, decision })
        };
        self.store.scan(STUDIES, &[])?.into_iter().map(held).collect()
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
            Agreement::parse(&text)?;
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

    /// Signs an agreement in this member's name and tells the coordinator.
    ///
    /// # Errors
    ///
    /// [`Failure`] if this member is no party to it.
    pub fn sign_agreement(&self, held: &HeldAgreement, by: &str) -> Result<(), Failure> {
        let own = held.agreement.party(self.code).ok_or_else(|| Failure::from(Clause::NotAParty))?;
        if own.signing_key != self.signing_key.verifying_key() {
            return Err(refuse(
                0x2211,
                "the agreement names another signing key for this member than the one made here",
                "Tell the operator; sign only an agreement that shows this node's own key (`doctor` prints it).",
                Some("G01"),
            ));
        }
        let signature = self.signing_key.sign(SignatureKind::Agreement, None, &held.digest.to_bytes());
        let mut status = held.status.clone();
        status.signatures.retain(|(code, _)| *code != self.code);
        status.signatures.push((self.code, signature));
        let body = SignDocument { digest: held.digest, signature }.to_bytes();
        let ops = vec![Op::put(AGREEMENT_STATUS, held.digest.0, status.to_bytes())];
        let signed = Act::AgreementSigned { agreement: held.digest, by };
        self.recorded(&signed, || self.commit_and_send(ops, kind::SIGN, body))
    }

    /// Withdraws from an agreement (G10): no further round runs under it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn withdraw(&self, held: &HeldAgreement, by: &str) -> Result<(), Failure> {
        let signature = self.signing_key.sign(SignatureKind::Withdrawal, None, &held.digest.to_bytes());
        let mut status = held.status.clone();
        if !status.withdrawn.contains(&self.code) {
            status.withdrawn.push(self.code);
        }
        let body = SignDocument { digest: held.digest, signature }.to_bytes();
        let ops = vec![Op::put(AGREEMENT_STATUS, held.digest.0, status.to_bytes())];
        let withdrawn = Act::AgreementWithdrawn { agreement: held.digest, by };
        self.recorded(&withdrawn, || self.commit_and_send(ops, kind::WITHDRAW, body))
    }

    fn commit_and_send(&self, mut ops: Vec<Op>, kind: u16, body: Vec<u8>) -> Result<(), Failure> {
        self.store.transact(|| -> Result<_, Failure> {
            outbox::append(&self.store, &mut ops, kind, body)?;
            Ok((ops, ()))
        })
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

    /// Checks that a study may be prepared here and now, before anything is read from the roster.
    ///
    /// # Errors
    ///
    /// The [`Clause`] that refuses, or a missing document.
    pub fn may_prepare(&self, agreement: &HeldAgreement, study: &HeldStudy) -> Result<(), Clause> {
        with_standing(agreement, study, 0, |standing| standing.check(self.now().date()))
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
        if manifest.noise.epsilon_milli > 0
            && charges.iter().any(|(_, charge)| charge.released && charge.study == study.digest)
        {
            return Ok(Err(Clause::AlreadyReleased));
        }
        let spent = charges
            .iter()
            .filter(|(round, _)| *round != manifest.round)
            .fold(0_u32, |sum, (_, charge)| sum.saturating_add(charge.epsilon_milli));
        Ok(with_standing(agreement, study, spent, |standing| {
            Permit::grant(standing, manifest, self.code, self.now().date())
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
                let mine = |table: &&passage_protocol::manifest::shapes::TableShape| {
                    table.sender == me || table.receivers.contains(&me)
                };
                let tables = u32::try_from(manifest.tables.iter().filter(mine).count()).unwrap_or(u32::MAX);
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

fn with_standing<T>(
    agreement: &HeldAgreement,
    study: &HeldStudy,
    budget_spent_milli: u32,
    judge: impl FnOnce(&Standing<'_>) -> T,
) -> T {
    let signatures: &[(passage_protocol::ids::MemberCode, Signature)] = &agreement.status.signatures;
    judge(&Standing {
        agreement: &agreement.agreement,
        agreement_digest: agreement.digest,
        signatures,
        withdrawn: &agreement.status.withdrawn,
        study: &study.study,
        study_digest: study.digest,
        budget_spent_milli,
    })
}

fn unknown(what: &str) -> Failure {
    refuse(
        0x2212,
        &format!("this node holds no such {what}"),
        "List what it holds with `agreement list` or `study list`; new documents arrive while `serve` runs.",
        None,
    )
}
