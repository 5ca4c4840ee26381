//! What this member says to agreements, and what it hears the others said: every statement is verified here, kept for ever,
//! and never taken on the coordinator's word (SPEC §3.2).

use passage_protocol::{
    agreement::{
        Acceptance, Agreement, AgreementSignature, Clause, ConsentError, ConsentRecord, ConsentStatement,
        ShareLine, Ticks, Withdrawal,
    },
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    refusal::Refusal,
    signing::{SignatureKind, Signed},
    wire::{
        governance::{AgreementStatus, State},
        service::kind,
    },
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use super::{HeldAgreement, unknown};
use crate::{
    home::{Home, refuse},
    outbox,
    records::{AGREEMENT_HEARD, AGREEMENT_STATUS, AGREEMENTS},
};

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

impl Home {
    pub(super) fn consents(&self, digest: Digest, agreement: &Agreement) -> Result<ConsentRecord, Failure> {
        let mut consents = ConsentRecord::new(digest);
        if let Some(bytes) = self.store.get(AGREEMENT_STATUS, &digest.0)? {
            for statement in &AgreementStatus::from_bytes(&bytes)?.statements {
                consents.take(agreement, statement).map_err(Failure::from)?;
            }
        }
        Ok(consents)
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
        self.require_principles(held.agreement.principles)?;
        let signature = AgreementSignature {
            agreement: held.digest,
            party: self.code,
            signer: by.to_owned(),
            at: self.now(),
        };
        let signed = Signed::new(signature, SignatureKind::Agreement, None, &self.signing_key);
        let act = Act::AgreementSigned { agreement: held.digest, by };
        self.state(held, &ConsentStatement::Signed(signed), &act)
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
                let line: &ShareLine = line;
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
        let act = Act::AgreementSharesChosen { agreement: held.digest, by };
        self.state(held, &ConsentStatement::Chose(signed), &act)?;
        Ok(counts)
    }

    /// Whether this member has withdrawn from an agreement.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store is damaged.
    pub(crate) fn has_left(&self, agreement: Digest) -> Result<bool, Failure> {
        let Some(bytes) = self.store.get(AGREEMENT_STATUS, &agreement.0)? else { return Ok(false) };
        let statements = AgreementStatus::from_bytes(&bytes)?.statements;
        let own =
            |one: &ConsentStatement| matches!(one, ConsentStatement::Withdrew(_)) && one.party() == self.code;
        Ok(statements.iter().any(own))
    }

    /// Withdraws from an agreement (G10): no further round runs under it, and what was contributed is ordered to be destroyed.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn withdraw(&self, held: &HeldAgreement, by: &str) -> Result<(), Failure> {
        let withdrawal =
            Withdrawal { agreement: held.digest, party: self.code, by: by.to_owned(), at: self.now() };
        let signed = Signed::new(withdrawal, SignatureKind::Withdrawal, None, &self.signing_key);
        let act = Act::AgreementWithdrawn { agreement: held.digest, by };
        self.state(held, &ConsentStatement::Withdrew(signed), &act)
    }

    /// Says something to an agreement: checked as the others will check it, recorded, kept, and put on its way.
    fn state(
        &self,
        held: &HeldAgreement,
        statement: &ConsentStatement,
        act: &Act<'_>,
    ) -> Result<(), Failure> {
        held.consents.clone().take(&held.agreement, statement)?;
        let body = State { statement: statement.clone() }.to_bytes();
        self.recorded(act, || {
            self.store.transact(|| {
                let mut consents = self.consents(held.digest, &held.agreement)?;
                consents.take(&held.agreement, statement)?;
                let mut ops = vec![kept(held.digest, &consents)];
                if let ConsentStatement::Withdrew(left) = statement {
                    // G10: with it goes the order to destroy what was contributed; a kill in between leaves both or neither.
                    ops.push(self.withdrawal_order(held.digest, &left.value().by, left.value().at));
                }
                outbox::append(&self.store, &mut ops, kind::STATE, body)?;
                Ok((ops, ()))
            })
        })
    }

    /// Takes in what the coordinator says the parties said to an agreement held here. What it left out or made up is recorded
    /// in the audit chain, once for each different account, and changes nothing. Says whether the account was a new one.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit chain.
    pub fn learn(&self, heard: &AgreementStatus) -> Result<bool, Failure> {
        let account = Digest::of_blob(&heard.to_bytes());
        if self.store.get(AGREEMENT_HEARD, &heard.digest.0)?.as_deref() == Some(account.0.as_slice()) {
            return Ok(false);
        }
        let Some(text) = self.store.get(AGREEMENTS, &heard.digest.0)? else { return Ok(false) };
        let text = String::from_utf8(text).map_err(|_| unknown("agreement"))?;
        let Ok(agreement) = Agreement::parse(&text) else { return Ok(false) };
        let faults = self.store.transact(|| -> Result<_, Failure> {
            let mut consents = self.consents(heard.digest, &agreement)?;
            let faults = consents.learn(&agreement, &heard.statements, self.code);
            Ok((vec![kept(heard.digest, &consents)], faults))
        })?;
        for fault in faults {
            self.record_fault(heard.digest, fault)?;
        }
        // Last: an account whose faults could not be recorded is looked at again.
        self.store.commit(&[Op::put(AGREEMENT_HEARD, heard.digest.0, account.0)])?;
        Ok(true)
    }

    fn record_fault(&self, agreement: Digest, fault: ConsentError) -> Result<(), Failure> {
        tracing::warn!(code = %fault.code(), rule = fault.rule(), "the coordinator's account of an agreement does not hold: {fault}");
        self.record(&Act::AgreementAccountRefused { agreement, code: fault.code() }).map(|_| ())
    }
}

/// The change that keeps a record of consent.
fn kept(digest: Digest, consents: &ConsentRecord) -> Op {
    let statements = consents.statements().to_vec();
    Op::put(AGREEMENT_STATUS, digest.0, AgreementStatus { digest, statements }.to_bytes())
}
