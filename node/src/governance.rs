//! What this member has agreed to, and what it knows of the others' consent: documents, statements of the parties, decisions,
//! the privacy ledger. Every question "may this round run here?" is answered from here, and from nothing the coordinator
//! says.

use passage_protocol::{
    agreement::{
        Acceptance, Agreement, AgreementSignature, Clause, ConsentError, ConsentRecord, DocumentId,
        NoiseTerms, Permit, Standing, Statement, Study, Ticks, Withdrawal, agreement_digest, study_digest,
        takes_the_place_of,
    },
    codec::{Decode, Encode},
    document::DocumentError,
    ids::{Digest, MemberCode, RoundId},
    manifest::{Manifest, opening::RoundCall},
    refusal::Refusal,
    signing::{SignatureKind, Signed},
    wire::{
        governance::{AgreementStatus, State},
        service::kind,
    },
};
use passage_shell::{failure::Failure, store::Op};

use crate::{
    home::{Home, refuse},
    outbox,
    records::{
        AGREEMENT_HEARD, AGREEMENT_STATUS, AGREEMENTS, Charge, DECISIONS, Decision, LEDGER, STUDIES, Verdict,
        ledger_key,
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
    /// What the parties said to it, as far as this node has seen, each statement verified.
    pub consents: ConsentRecord,
}

/// An element that this member takes out of what it offers and accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Without {
    /// Name in the dictionary.
    pub element: String,
    /// With this party only; with every party if none is named.
    pub with: Option<MemberCode>,
}

impl Without {
    /// Reads `ELEMENT` or `ELEMENT:M-XXXXXXXX`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => Some(Self { element: text.to_owned(), with: None }),
            Some((element, code)) => {
                Some(Self { element: element.to_owned(), with: Some(MemberCode::parse(code)?) })
            }
        }
    }
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

    fn consents(&self, digest: Digest, agreement: &Agreement) -> Result<ConsentRecord, Failure> {
        let mut consents = ConsentRecord::new(digest);
        if let Some(bytes) = self.store.get(AGREEMENT_STATUS, &digest.0)? {
            for statement in &AgreementStatus::from_bytes(&bytes)?.statements {
                consents.take(agreement, statement).map_err(Failure::from)?;
            }
        }
        Ok(consents)
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

    /// Signs an agreement in this member's name and tells the coordinator.
    ///
    /// # Errors
    ///
    /// [`Failure`] if this member is no party to it, or `by` is none of its signers.
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
        let signature = AgreementSignature {
            agreement: held.digest,
            party: self.code,
            signer: by.to_owned(),
            at: self.now(),
        };
        let signed = Signed::new(signature, SignatureKind::Agreement, None, &self.signing_key);
        self.state(held, Statement::Signed(signed), "agreement signed", by)
    }

    /// Offers and accepts every line that concerns this member but those of `without`, from the next round on (G02). Returns
    /// how many lines of how many stay.
    ///
    /// # Errors
    ///
    /// [`Failure`] if an element or party is not in the agreement, or `by` is none of this member's signers.
    pub fn choose_shares(
        &self,
        held: &HeldAgreement,
        by: &str,
        without: &[Without],
    ) -> Result<(usize, usize), Failure> {
        let mine: Vec<_> = (held.agreement.lines())
            .filter(|(_, line)| line.from == self.code || line.to == self.code)
            .map(|(place, line)| (place, line, if line.from == self.code { line.to } else { line.from }))
            .collect();
        let names = |one: &Without, element: &str, other: MemberCode| {
            one.element == element && one.with.is_none_or(|with| with == other)
        };
        let strange =
            without.iter().find(|one| !mine.iter().any(|(_, line, other)| names(one, &line.element, *other)));
        if let Some(strange) = strange {
            return Err(refuse(
                0x2213,
                &format!("no line of the share list that concerns this member names `{}`", strange.element),
                "`agreement show` lists the elements; name one of them, or one with a party as ELEMENT:CODE.",
                Some("G02"),
            ));
        }
        let (sequence, previous) = held.consents.next(self.code);
        let kept = || {
            let stays = |(_, line, other): &&(u32, &_, MemberCode)| {
                let line: &passage_protocol::agreement::ShareLine = line;
                !without.iter().any(|one| names(one, &line.element, *other))
            };
            mine.iter().filter(stays)
        };
        let choice = Acceptance {
            agreement: held.digest,
            party: self.code,
            signer: by.to_owned(),
            sequence,
            previous,
            offers: Ticks::new(kept().filter(|(_, line, _)| line.from == self.code).map(|one| one.0)),
            accepts: Ticks::new(kept().filter(|(_, line, _)| line.to == self.code).map(|one| one.0)),
            at: self.now(),
        };
        let counts = (kept().count(), mine.len());
        let signed = Signed::new(choice, SignatureKind::ShareAcceptance, None, &self.signing_key);
        self.state(held, Statement::Chose(signed), "shares chosen", by)?;
        Ok(counts)
    }

    /// Withdraws from an agreement (G10): no further round runs under it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn withdraw(&self, held: &HeldAgreement, by: &str) -> Result<(), Failure> {
        let withdrawal =
            Withdrawal { agreement: held.digest, party: self.code, by: by.to_owned(), at: self.now() };
        let signed = Signed::new(withdrawal, SignatureKind::Withdrawal, None, &self.signing_key);
        self.state(held, Statement::Withdrew(signed), "agreement withdrawn", by)
    }

    /// Says something to an agreement: checked as the others will check it, recorded, kept, and put on its way.
    fn state(&self, held: &HeldAgreement, statement: Statement, what: &str, by: &str) -> Result<(), Failure> {
        held.consents.clone().take(&held.agreement, &statement)?;
        let id = DocumentId::Agreement(held.digest).to_string();
        self.record(what, &[("agreement", &id), ("by", by)])?;
        let body = State { statement: statement.clone() }.to_bytes();
        self.store.transact(|| -> Result<_, Failure> {
            let mut consents = self.consents(held.digest, &held.agreement)?;
            consents.take(&held.agreement, &statement)?;
            let mut ops = vec![kept(held.digest, &consents)];
            outbox::append(&self.store, &mut ops, kind::STATE, body)?;
            Ok((ops, ()))
        })
    }

    /// Takes in what the coordinator says the parties said to an agreement held here. What it left out or made up is recorded
    /// in the audit chain, once for each different account, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit chain.
    pub fn learn(&self, heard: &AgreementStatus) -> Result<(), Failure> {
        let account = Digest::of_blob(&heard.to_bytes());
        if self.store.get(AGREEMENT_HEARD, &heard.digest.0)?.as_deref() == Some(account.0.as_slice()) {
            return Ok(());
        }
        let Some(text) = self.store.get(AGREEMENTS, &heard.digest.0)? else { return Ok(()) };
        let text = String::from_utf8(text).map_err(|_| unknown("agreement"))?;
        let Ok(agreement) = Agreement::parse(&text) else { return Ok(()) };
        let faults = self.store.transact(|| -> Result<_, Failure> {
            let mut consents = self.consents(heard.digest, &agreement)?;
            let faults = consents.learn(&agreement, &heard.statements, self.code);
            Ok((vec![kept(heard.digest, &consents)], faults))
        })?;
        for fault in faults {
            self.record_fault(heard.digest, fault)?;
        }
        // Last: an account whose faults could not be recorded is looked at again.
        Ok(self.store.commit(&[Op::put(AGREEMENT_HEARD, heard.digest.0, account.0)])?)
    }

    fn record_fault(&self, agreement: Digest, fault: ConsentError) -> Result<(), Failure> {
        tracing::warn!(code = %fault.code(), rule = fault.rule(), "the coordinator's account of an agreement does not hold: {fault}");
        let id = DocumentId::Agreement(agreement).to_string();
        let fields = [
            ("agreement", id),
            ("code", fault.code().to_string()),
            ("rule", fault.rule().unwrap_or_default().to_owned()),
            ("what", fault.to_string()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.record("consent account refused", &fields)
    }

    /// Records a person's decision about a study.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn decide(&self, held: &HeldStudy, decision: &Decision) -> Result<(), Failure> {
        let id = DocumentId::Study(held.digest).to_string();
        let what = match decision.verdict {
            Verdict::Approved => "study approved",
            Verdict::Refused => "study refused",
        };
        self.record(what, &[("study", &id), ("by", &decision.by)])?;
        Ok(self.store.commit(&[Op::put(DECISIONS, held.digest.0, decision.to_bytes())])?)
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
        if manifest.noise.epsilon_milli > 0
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

/// The change that keeps a record of consent.
fn kept(digest: Digest, consents: &ConsentRecord) -> Op {
    let statements = consents.statements().to_vec();
    Op::put(AGREEMENT_STATUS, digest.0, AgreementStatus { digest, statements }.to_bytes())
}

fn unknown(what: &str) -> Failure {
    refuse(
        0x2212,
        &format!("this node holds no such {what}"),
        "List what it holds with `agreement list` or `study list`; new documents arrive while `serve` runs.",
        None,
    )
}
