//! What this member says to releases: it proposes, remarks, says yes or no. Checked as the others will check it, recorded, kept,
//! and put on its way, all in one transaction.

use passage_protocol::{
    codec::Encode,
    ids::{Digest, MemberCode},
    release::{
        RELEASE_REPORT_BYTES_MAX, Release, ReleaseError, ReleaseId, Rendered, Standing, Terms, outside,
        page::{names, require_no_names},
        render,
    },
    report::Report,
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
    wire::{Proposal, ReleaseFormat, ReleasePapers, ReleaseSaid, ReleaseSaying, ReleaseWord, service::kind},
};
use passage_shell::{audit::Act, failure::Failure, store::Op};

use super::{HeldRelease, kept_words, no_report};
use crate::{
    governance::HeldAgreement,
    home::{Home, refuse},
    outbox,
    records::{HeldProposal, RELEASE_FILES, RELEASES, ReleaseFile, RoundRecord},
};

/// What a person proposes.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The form of the file.
    pub format: ReleaseFormat,
    /// Who is to get it, and why.
    pub audience: &'a str,
    /// Members whose institution is to be named.
    pub naming: Vec<MemberCode>,
    /// Who proposes.
    pub by: &'a str,
}

/// What a person confirms with a yes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Yes {
    /// The release does not disadvantage or single out this member (G08).
    pub no_disadvantage: bool,
    /// This member's institution may be named in it (G09).
    pub named: bool,
}

impl Home {
    /// The file as it would leave, before anybody is asked.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the report has no figure.
    pub fn preview(
        &self,
        agreement: &HeldAgreement,
        report: &Report,
        asked: &Asked<'_>,
    ) -> Result<Rendered, Failure> {
        let report = outside(report);
        if report.tables.iter().all(|table| table.cells.is_empty()) {
            return Err(no_report());
        }
        let named = names(&agreement.agreement, &asked.naming);
        Ok(render(&report, asked.format, asked.audience, &named))
    }

    /// Proposes to show this member's report of a round outside, in the form of `rendered`.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the agreement keeps results inside, a name or code is in the file, the terms do not hold.
    pub fn propose_release(
        &self,
        record: &RoundRecord,
        report: &Report,
        asked: &Asked<'_>,
        rendered: Rendered,
    ) -> Result<ReleaseId, Failure> {
        self.require_participation()?;
        let agreement = self.agreement(&record.call.agreement.to_string())?;
        let participants: Vec<MemberCode> = record.call.seats.iter().map(|seat| seat.code).collect();
        let terms = Terms {
            agreement: &agreement.agreement,
            agreement_digest: agreement.digest,
            study: record.call.study,
            participants: &participants,
        };
        let at = self.now();
        let (comments_until, lapses) = terms.times(at)?;
        let figures = outside(report).to_bytes();
        if figures.len() > RELEASE_REPORT_BYTES_MAX {
            return Err(refuse(
                0x2344,
                &format!(
                    "the report has {} bytes of figures, expected at most {RELEASE_REPORT_BYTES_MAX}",
                    figures.len()
                ),
                "Run a study with fewer tables or members for what is to be shown outside.",
                Some("G07"),
            ));
        }
        let proposal = Proposal {
            round: record.call.round,
            agreement: agreement.digest,
            study: record.call.study,
            involved: participants.clone(),
            report: Digest::of_blob(&figures),
            format: asked.format,
            file: rendered.file_ref(),
            notes: rendered.notes_ref(),
            audience: asked.audience.to_owned(),
            naming: asked.naming.clone(),
            proposer: self.code,
            at,
            comments_until,
            lapses,
        };
        terms.check(&proposal)?;
        let known = self.known_names(&agreement, &proposal.naming)?;
        require_no_names(&rendered, proposal.format, &known)?;
        let papers = ReleasePapers { proposal, report: figures };
        let mut release = Release::new(papers.proposal.clone(), at);
        let (id, round) = (release.id(), record.call.round);
        let word = self.release_word(&release, asked.by, at, ReleaseSaid::Proposed);
        release.take(&agreement.agreement, &word)?;
        let file = ReleaseFile { file: rendered.file, notes: rendered.notes };
        let saying = ReleaseSaying { word, papers: Some(papers.clone()) };
        self.recorded(&Act::ReleaseProposed { release: id.0, round, by: asked.by }, || {
            self.store.transact(|| {
                let mut ops = vec![
                    Op::put(RELEASES, id.0.0, HeldProposal { papers, heard: at }.to_bytes()),
                    Op::put(RELEASE_FILES, id.0.0, file.to_bytes()),
                    kept_words(&release),
                ];
                outbox::append(&self.store, &mut ops, kind::RELEASE_SAY, saying.to_bytes())?;
                Ok((ops, id))
            })
        })
    }

    /// Says something about a release for the others to read (G19).
    ///
    /// # Errors
    ///
    /// [`Failure`] if it is decided already, or the remark is empty or too long.
    pub fn comment_release(&self, held: &HeldRelease, by: &str, text: &str) -> Result<(), Failure> {
        let now = self.now();
        require_open(held, now)?;
        // What is said after the member's yes stands would not be counted by it.
        self.require_not_standing(held)?;
        let said = ReleaseSaid::Commented { text: text.to_owned() };
        self.say(held, by, now, said, &Act::ReleaseCommented { release: held.release.id().0, by })
    }

    /// Says this member's yes to exactly the bytes proposed, after everything was checked that can be checked here.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the confirmation is missing (G08), something about the proposal does not hold, it is decided already.
    pub fn approve_release(&self, held: &HeldRelease, by: &str, yes: Yes) -> Result<(), Failure> {
        let now = self.now();
        self.require_participation()?;
        require_open(held, now)?;
        if held.release.approval(self.code).is_some() {
            return Err(refuse(
                0x2341,
                "this member has said yes to it already",
                "Nothing to do; `release show` says who is awaited. `release refuse` takes the yes back.",
                Some("G07"),
            ));
        }
        self.review(held)??;
        let Yes { no_disadvantage, named } = yes;
        let said = ReleaseSaid::Approved { no_disadvantage, named };
        self.say(held, by, now, said, &Act::ReleaseApproved { release: held.release.id().0, by })
    }

    /// Says this member's no; it is final. Until the yes of this member stands it also takes that back.
    ///
    /// # Errors
    ///
    /// [`Failure`] if it is decided already, or the yes of this member stands.
    pub fn refuse_release(&self, held: &HeldRelease, by: &str, reason: &str) -> Result<(), Failure> {
        let now = self.now();
        require_open(held, now)?;
        self.require_not_standing(held)?;
        let said = ReleaseSaid::Refused { reason: reason.to_owned() };
        self.say(held, by, now, said, &Act::ReleaseRefused { release: held.release.id().0, by })
    }

    /// Says of each approval of this member that nobody took it back, once the time for comments is over. Returns how many.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn confirm_releases(&self, now: Timestamp) -> Result<usize, Failure> {
        let mut confirmed = 0;
        if self.halted()?.is_some() {
            // L4: a member that has stopped everything says nothing by itself.
            return Ok(confirmed);
        }
        for held in self.releases()? {
            let (release, me) = (&held.release, self.code);
            let Some(yes) = release.approval(me) else { continue };
            let open = matches!(held.standing(now), Standing::Open { .. });
            let due =
                now >= release.window_ends() && release.refusal(me).is_none() && release.stands(me).is_none();
            if open && due {
                let signer = yes.signer.clone();
                let comments = u16::try_from(release.comments_of(me)).unwrap_or(u16::MAX);
                let act = Act::ReleaseStands { release: release.id().0 };
                self.say(&held, &signer, now, ReleaseSaid::Stands { comments }, &act)?;
                confirmed += 1;
            }
        }
        Ok(confirmed)
    }

    fn require_not_standing(&self, held: &HeldRelease) -> Result<(), Failure> {
        match held.release.stands(self.code) {
            None => Ok(()),
            Some(word) => Err(refuse(
                0x2342,
                &format!(
                    "the yes of this member stands since {}, when the time for comments was over",
                    word.at
                ),
                "What was approved cannot be taken back; withdrawing from the agreement ends what is still open.",
                Some("G19"),
            )),
        }
    }

    fn release_word(
        &self,
        release: &Release,
        by: &str,
        at: Timestamp,
        said: ReleaseSaid,
    ) -> Signed<ReleaseWord> {
        let word = ReleaseWord { release: release.id().0, party: self.code, signer: by.to_owned(), at, said };
        let round = Some(release.proposal().round);
        Signed::new(word, SignatureKind::ReleaseDecision, round, &self.signing_key)
    }

    fn say(
        &self,
        held: &HeldRelease,
        by: &str,
        now: Timestamp,
        said: ReleaseSaid,
        act: &Act<'_>,
    ) -> Result<(), Failure> {
        let word = self.release_word(&held.release, by, now, said);
        held.release.clone().take(&held.agreement.agreement, &word)?;
        let digest = held.release.id().0.to_string();
        self.recorded(act, || {
            self.store.transact(|| {
                let mut held = self.release(&digest)?;
                held.release.take(&held.agreement.agreement, &word)?;
                let mut ops = vec![kept_words(&held.release)];
                let saying = ReleaseSaying { word: word.clone(), papers: None };
                outbox::append(&self.store, &mut ops, kind::RELEASE_SAY, saying.to_bytes())?;
                Ok((ops, ()))
            })
        })
    }
}

fn require_open(held: &HeldRelease, now: Timestamp) -> Result<(), Failure> {
    let proposal = held.release.proposal();
    match held.standing(now) {
        Standing::Open { .. } => Ok(()),
        Standing::Lapsed { at } => Err(ReleaseError::Lapsed { at }.into()),
        Standing::Refused { by, .. } => Err(ReleaseError::Refused { member: by }.into()),
        Standing::Approved { at } => Err(refuse(
            0x2346,
            &format!("every member concerned had approved it by {at}, before {}", proposal.lapses),
            "It is decided; `release export` writes the file.",
            Some("G07"),
        )),
    }
}
