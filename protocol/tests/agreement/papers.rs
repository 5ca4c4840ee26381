//! The example of `deploy/config` as the papers of a school and a college, and what one of them knows about it.

use passage_protocol::{
    agreement::{
        Acceptance, Agreement, AgreementSignature, Clause, ConsentRecord, ConsentStatement, Party, Segment,
        Standing, Study, Ticks, Withdrawal, agreement_digest, study_digest,
    },
    codec::{Decode, Encode},
    document::DocumentError,
    ids::{Digest, MemberCode},
    manifest::{
        Manifest, Opening,
        opening::{Answer, CallSeat, KeyShareMessage, Reveal, RoundCall, draw_commitment},
    },
    refusal::Refusal,
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::{Date, Timestamp},
};

pub(crate) const EXAMPLE: &str = include_str!("../../../deploy/config/agreement.example.toml");
pub(crate) const STUDY: &str = include_str!("../../../deploy/config/study.example.toml");

/// The school, a sender, and the college, a receiver.
pub(crate) const SCHOOL: MemberCode = MemberCode([0, 0, 0, 0, 1]);
pub(crate) const COLLEGE: MemberCode = MemberCode([0, 0, 0, 0, 2]);
/// A day of the term, and a time of that day.
pub(crate) const TODAY: Date = Date { year: 2026, month: 11, day: 18 };
pub(crate) const NOW: Timestamp = Timestamp(1_795_000_000);

/// The key the example names for a party.
pub(crate) fn key(party: MemberCode) -> SigningKey {
    SigningKey::generate([party.0[4]; 32])
}

/// The example with one place, which must be there, written another way.
pub(crate) fn changed(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from}");
    EXAMPLE.replacen(from, to, 1)
}

/// The rule and the words by which a document is refused.
pub(crate) fn refused(text: &str) -> (Option<&'static str>, String) {
    let error: DocumentError = Agreement::parse(text).unwrap_err();
    (error.rule(), error.to_string())
}

/// Papers and what is known of them.
pub(crate) struct Papers {
    pub(crate) agreement: Agreement,
    pub(crate) agreement_digest: Digest,
    pub(crate) study: Study,
    pub(crate) study_digest: Digest,
    pub(crate) consents: ConsentRecord,
    pub(crate) authority: Digest,
    pub(crate) spent_milli: u32,
}

impl Papers {
    /// The example, signed by both.
    pub(crate) fn signed() -> Self {
        let mut papers = Self::unsigned(EXAMPLE);
        papers.say(signature(papers.agreement_digest, SCHOOL));
        papers.say(signature(papers.agreement_digest, COLLEGE));
        papers
    }

    /// An agreement and the example's study under it; nobody has signed.
    pub(crate) fn unsigned(agreement: &str) -> Self {
        let agreement_digest = agreement_digest(agreement);
        let text = study_text(agreement_digest);
        Self {
            agreement: Agreement::parse(agreement).unwrap(),
            agreement_digest,
            study: Study::parse(&text).unwrap(),
            study_digest: study_digest(&text),
            consents: ConsentRecord::new(agreement_digest),
            authority: Digest([0; 32]),
            spent_milli: 0,
        }
    }

    /// Another study under the same agreement: the example's with one place written another way.
    pub(crate) fn ask(&mut self, from: &str, to: &str) {
        let text = study_text(self.agreement_digest);
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        (self.study, self.study_digest) = (Study::parse(&text).unwrap(), study_digest(&text));
    }

    /// A third party of that segment that has signed and shares nothing with anybody.
    pub(crate) fn join(&mut self, code: MemberCode, segment: Segment) {
        let college = self.agreement.party(COLLEGE).unwrap().clone();
        let signing_key = key(code).verifying_key();
        self.agreement.parties.push(Party { code, segment, signing_key, ..college });
        self.say(signature(self.agreement_digest, code));
    }

    /// Takes in what a party said.
    pub(crate) fn say(&mut self, statement: ConsentStatement) {
        self.consents.take(&self.agreement, &statement).unwrap();
    }

    /// A party's next choice: every line that concerns it but those `out` names by element.
    pub(crate) fn choice(&self, party: MemberCode, out: &[&str]) -> ConsentStatement {
        let (sequence, previous) = self.consents.next(party);
        let lines = || self.agreement.lines().filter(|(_, line)| !out.contains(&line.element.as_str()));
        let acceptance = Acceptance {
            agreement: self.agreement_digest,
            party,
            signer: signer(party).to_owned(),
            sequence,
            previous,
            offers: Ticks::new(lines().filter(|(_, line)| line.from == party).map(|(place, _)| place)),
            accepts: Ticks::new(lines().filter(|(_, line)| line.to == party).map(|(place, _)| place)),
            at: NOW,
        };
        ConsentStatement::Chose(signed(acceptance, SignatureKind::ShareAcceptance, party))
    }

    pub(crate) fn standing(&self) -> Standing<'_> {
        Standing {
            agreement: &self.agreement,
            agreement_digest: self.agreement_digest,
            consents: &self.consents,
            replaced_by: None,
            authority: self.authority,
            study: &self.study,
            study_digest: self.study_digest,
            budget_spent_milli: self.spent_milli,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Clause> {
        self.standing().check_study(TODAY)
    }

    /// The rule that refuses the study on a day.
    pub(crate) fn refused_on(&self, day: &str) -> Option<&'static str> {
        self.standing().check_study(Date::parse(day).unwrap()).err().map(|clause| clause.rule())
    }

    pub(crate) fn call(&self) -> RoundCall {
        let seats = self.study.participants.iter();
        let seats = seats.map(|one| CallSeat { code: one.code, signing_key: key(one.code).verifying_key() });
        RoundCall {
            round: passage_protocol::ids::RoundId([9; 16]),
            study: self.study_digest,
            agreement: self.agreement_digest,
            share_list: self.standing().share_list(),
            seats: seats.collect(),
            opened: NOW,
            deadline: NOW.plus_s(86_400),
        }
    }

    /// The manifest everybody computes from an honest opening.
    pub(crate) fn manifest(&self) -> Manifest {
        let call = self.call();
        let round = Some(call.round);
        let columns = passage_protocol::manifest::shapes::column_keys(&self.study).len();
        let (mut answers, mut reveals, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for code in [SCHOOL, COLLEGE] {
            let nonce = [code.0[4]; 32];
            let answer = Answer {
                round: call.round,
                rows: 100,
                hpke_key: [7; 32],
                commitment: draw_commitment(&nonce),
                insists: true,
                opted_out: 0,
                unusable: 0,
            };
            let keys = passage_protocol::group::CommitteeKeys::generate(columns, nonce);
            let share = KeyShareMessage { round: call.round, share: keys.share(&call.round, &code) };
            let reveal = Reveal { round: call.round, nonce };
            answers.push(Signed::new(answer, SignatureKind::RoundAnswer, round, &key(code)));
            reveals.push(Signed::new(reveal, SignatureKind::Reveal, round, &key(code)));
            shares.push(Signed::new(share, SignatureKind::KeyShare, round, &key(code)));
        }
        let opening = Opening { call, answers, reveals, shares };
        Manifest::compute(&self.agreement, &self.study, &opening).unwrap()
    }
}

/// The example's study under an agreement.
pub(crate) fn study_text(agreement: Digest) -> String {
    let named = "0123456789abcdef".repeat(4);
    assert!(STUDY.contains(&named));
    STUDY.replace(&named, &agreement.to_string())
}

/// The first signer the example names for a party.
pub(crate) fn signer(party: MemberCode) -> &'static str {
    if party == SCHOOL { "R. Alder" } else { "J. Birch" }
}

pub(crate) fn signature(agreement: Digest, party: MemberCode) -> ConsentStatement {
    let signature = AgreementSignature { agreement, party, signer: signer(party).to_owned(), at: NOW };
    ConsentStatement::Signed(signed(signature, SignatureKind::Agreement, party))
}

pub(crate) fn withdrawal(agreement: Digest, party: MemberCode) -> ConsentStatement {
    let withdrawal = Withdrawal { agreement, party, by: "Counsel".to_owned(), at: NOW };
    ConsentStatement::Withdrew(signed(withdrawal, SignatureKind::Withdrawal, party))
}

pub(crate) fn signed<T: Encode + Decode>(value: T, kind: SignatureKind, party: MemberCode) -> Signed<T> {
    Signed::new(value, kind, None, &key(party))
}
