//! Four members under one agreement, the report one of them got, and what they say to its release.

use passage_protocol::{
    agreement::{Agreement, ConsentRecord, ConsentStatement, Publication, Withdrawal},
    codec::Encode,
    ids::{Digest, MemberCode},
    refusal::Refusal,
    release::{Release, ReleaseError, Standing, Terms, outside, page::names, render},
    report::Report,
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
    wire::{Proposal, ReleaseFormat, ReleasePapers, ReleaseSaid, ReleaseWord},
};

use crate::once::sample;

const EXAMPLE: &str = include_str!("../../../deploy/config/agreement.example.toml");
pub(crate) const AGREEMENT: Digest = Digest([0xA9; 32]);
pub(crate) const STUDY: Digest = Digest([0x57; 32]);
pub(crate) const NOW: Timestamp = Timestamp(1_795_310_000);
pub(crate) const DAY: u64 = 86_400;
pub(crate) const YES: ReleaseSaid = ReleaseSaid::Approved { no_disadvantage: true, named: false };
const NAMES: [&str; 4] = [
    "Alder Unified School District",
    "Birch Community College",
    "Cedar-Peña College",
    "Dogwood State University",
];

/// The members, in the order of the round's call: the first proposes.
pub(crate) fn members() -> Vec<MemberCode> {
    sample().segments.iter().map(|(code, _)| *code).collect()
}

pub(crate) fn key(member: usize) -> SigningKey {
    SigningKey::generate([u8::try_from(member + 1).unwrap(); 32])
}

pub(crate) fn signer(member: usize) -> String {
    format!("Signer {}", ["One", "Two", "Three", "Four"][member])
}

/// The annotated example as an agreement of these members.
pub(crate) fn agreement() -> Agreement {
    let mut agreement = Agreement::parse(EXAMPLE).unwrap();
    let pattern = agreement.parties[0].clone();
    agreement.parties = members()
        .into_iter()
        .enumerate()
        .map(|(at, code)| {
            let mut party = pattern.clone();
            (party.code, party.name) = (code, NAMES[at].to_owned());
            party.signing_key = key(at).verifying_key();
            party.signers[0].name = signer(at);
            party
        })
        .collect();
    agreement
}

pub(crate) struct World {
    pub(crate) agreement: Agreement,
    pub(crate) papers: ReleasePapers,
    pub(crate) release: Release,
    pub(crate) consents: ConsentRecord,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(&sample(), ReleaseFormat::Html, &[])
    }

    /// The first member proposes a report, naming some.
    pub(crate) fn of(report: &Report, format: ReleaseFormat, naming: &[MemberCode]) -> Self {
        let agreement = agreement();
        let papers = papers(&agreement, report, format, naming);
        let release = Release::new(papers.proposal.clone(), NOW);
        let mut world = Self { agreement, papers, release, consents: ConsentRecord::new(AGREEMENT) };
        world.say(0, NOW, ReleaseSaid::Proposed).unwrap();
        world
    }

    pub(crate) fn terms_check(&self, proposal: &Proposal) -> Result<(), ReleaseError> {
        let participants = members();
        let terms = Terms {
            agreement: &self.agreement,
            agreement_digest: AGREEMENT,
            study: STUDY,
            participants: &participants,
        };
        terms.check(proposal)
    }

    pub(crate) fn word(&self, member: usize, at: Timestamp, said: ReleaseSaid) -> Signed<ReleaseWord> {
        word(&self.release, member, &signer(member), at, said, &key(member))
    }

    pub(crate) fn say(
        &mut self,
        member: usize,
        at: Timestamp,
        said: ReleaseSaid,
    ) -> Result<(), ReleaseError> {
        let word = self.word(member, at, said);
        self.release.take(&self.agreement, &word).map(|_| ())
    }

    /// Everybody of `who` says yes, and says after the time for comments that it stands.
    pub(crate) fn approved_by(&mut self, who: &[usize]) {
        for member in who {
            self.say(*member, NOW.plus_s(DAY), YES).unwrap();
        }
        for member in who {
            self.say(*member, self.after(), ReleaseSaid::Stands { comments: 0 }).unwrap();
        }
    }

    /// A moment after the time for comments.
    pub(crate) fn after(&self) -> Timestamp {
        self.release.proposal().comments_until.plus_s(60)
    }

    pub(crate) fn withdraw(&mut self, member: usize, at: Timestamp) {
        let withdrawal =
            Withdrawal { agreement: AGREEMENT, party: members()[member], by: "Counsel".to_owned(), at };
        let signed = Signed::new(withdrawal, SignatureKind::Withdrawal, None, &key(member));
        self.consents.take(&self.agreement, &ConsentStatement::Withdrew(signed)).unwrap();
    }

    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        self.release.standing(&self.consents, now)
    }

    /// The rule that keeps it inside at `now`; `None` if it may leave.
    pub(crate) fn kept_inside_by(&self, now: Timestamp) -> Option<(String, &'static str)> {
        let refused = self.standing(now).require_approved(now).err()?;
        Some((refused.code().to_string(), refused.rule().unwrap()))
    }
}

/// A proposal of the first member, as the program makes it.
pub(crate) fn papers(
    agreement: &Agreement,
    report: &Report,
    format: ReleaseFormat,
    naming: &[MemberCode],
) -> ReleasePapers {
    let figures = outside(report);
    let audience = "The boards of both districts, for the public session of 12 May";
    let rendered = render(&figures, format, audience, &names(agreement, naming));
    let Publication::ExternalAfterReview { comment_minutes } = agreement.publication else {
        panic!("the example lets results go outside")
    };
    let comments_until = NOW.plus_s(u64::from(comment_minutes) * 60);
    let proposal = Proposal {
        round: figures.round,
        agreement: AGREEMENT,
        study: STUDY,
        involved: members(),
        report: Digest::of_blob(&figures.to_bytes()),
        format,
        file: rendered.file_ref(),
        notes: rendered.notes_ref(),
        audience: audience.to_owned(),
        naming: naming.to_vec(),
        proposer: members()[0],
        at: NOW,
        comments_until,
        lapses: comments_until.plus_s(30 * DAY),
    };
    ReleasePapers { proposal, report: figures.to_bytes() }
}

pub(crate) fn word(
    release: &Release,
    member: usize,
    signer: &str,
    at: Timestamp,
    said: ReleaseSaid,
    key: &SigningKey,
) -> Signed<ReleaseWord> {
    let word = ReleaseWord {
        release: release.id().0,
        party: members()[member],
        signer: signer.to_owned(),
        at,
        said,
    };
    Signed::new(word, SignatureKind::ReleaseDecision, Some(release.proposal().round), key)
}
