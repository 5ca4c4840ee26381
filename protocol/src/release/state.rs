//! A release as one member knows it: the proposal, and what the members concerned said, each word verified here (G07, G19).
//!
//! The state only grows. A no wins over a yes of the same member, whichever came first: a member may take a yes back until the
//! time for comments is over and its node has said that the yes stands.

use core::fmt;

use crate::{
    agreement::{Agreement, ConsentRecord, Publication, Taken},
    codec::Encode,
    document::is_plain,
    ids::{Digest, MemberCode},
    release::ReleaseError,
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
    wire::{Proposal, ReleaseFormat, ReleaseSaid, ReleaseWord},
};

/// Days after the time for comments in which a release can become approved: time for one meeting of a governing board.
pub const DECISION_DAYS: u64 = 30;
/// Days after its end for which a proposal that came to nothing is kept, so that a node that was away hears the end (G15).
pub const KEPT_DAYS: u64 = 30;
/// Letters of an audience, a remark or a reason: half a page.
pub const COMMENT_LETTERS_MAX: usize = 1_000;
/// Largest figures that can be proposed, in bytes: a request holds them beside the proposal.
pub const RELEASE_REPORT_BYTES_MAX: usize = 960 << 10;

/// Name of a release: `E-` and the first 16 hexadecimal digits of the digest of its proposal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReleaseId(pub Digest);

impl ReleaseId {
    /// The digest that names a proposal, and that everything said about it is bound to.
    #[must_use]
    pub fn of(proposal: &Proposal) -> Self {
        Self(Digest::derive("passage v1 release", &proposal.to_bytes()))
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String = self.0.to_string().chars().take(16).collect();
        write!(formatter, "E-{digits}")
    }
}

/// What an agreement and a round demand of a proposal.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Digest of its bytes.
    pub agreement_digest: Digest,
    /// The round's study.
    pub study: Digest,
    /// The round's participants in the order of its call.
    pub participants: &'a [MemberCode],
}

impl Terms<'_> {
    /// End of the time for comments and of the time to decide, of a proposal made at `at`.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::NotPublishable`] if the agreement keeps results with its parties.
    pub fn times(&self, at: Timestamp) -> Result<(Timestamp, Timestamp), ReleaseError> {
        match self.agreement.publication {
            Publication::Internal => Err(ReleaseError::NotPublishable),
            Publication::ExternalAfterReview { comment_minutes } => {
                let comments_until = at.plus_s(u64::from(comment_minutes) * 60);
                Ok((comments_until, comments_until.plus_s(DECISION_DAYS * 86_400)))
            }
        }
    }

    /// Checks a proposal before anything is said about it.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::NotPublishable`], [`ReleaseError::OtherTerms`].
    pub fn check(&self, proposal: &Proposal) -> Result<(), ReleaseError> {
        let times = self.times(proposal.at)?;
        let involved = |member: &MemberCode| self.participants.contains(member);
        let naming = &proposal.naming;
        let notes = proposal.format == ReleaseFormat::Csv;
        let expected = [
            (
                proposal.agreement == self.agreement_digest && proposal.study == self.study,
                "agreement and study of the round",
            ),
            (
                proposal.involved == self.participants,
                "every participant of the round, in the order of its call",
            ),
            (involved(&proposal.proposer), "a proposer that took part in the round"),
            ((proposal.comments_until, proposal.lapses) == times, "the times that the agreement gives"),
            (is_said(&proposal.audience), "an audience in plain words, at most 1,000 letters"),
            (naming.iter().all(involved) && naming.is_sorted_by(|a, b| a < b), "names of participants alone"),
            (proposal.notes.is_some() == notes, "notes beside a table, and beside nothing else"),
        ];
        match expected.iter().find(|(holds, _)| !holds) {
            Some((_, expected)) => Err(ReleaseError::OtherTerms { expected }),
            None => Ok(()),
        }
    }
}

/// True for a text a person wrote for others to read.
fn is_said(text: &str) -> bool {
    !text.trim().is_empty() && is_plain(text) && text.chars().count() <= COMMENT_LETTERS_MAX
}

/// A release as one member knows it.
#[derive(Clone, Debug)]
pub struct Release {
    id: ReleaseId,
    proposal: Proposal,
    heard: Timestamp,
    words: Vec<Signed<ReleaseWord>>,
}

impl Release {
    /// A proposal that was first heard of at `heard`; nobody has said anything.
    #[must_use]
    pub fn new(proposal: Proposal, heard: Timestamp) -> Self {
        Self { id: ReleaseId::of(&proposal), proposal, heard, words: Vec::new() }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> ReleaseId {
        self.id
    }

    /// What is proposed.
    #[must_use]
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Everything said, in the order it was taken in.
    #[must_use]
    pub fn signed_words(&self) -> &[Signed<ReleaseWord>] {
        &self.words
    }

    /// Everything said, verified.
    pub fn words(&self) -> impl Iterator<Item = &ReleaseWord> {
        self.words.iter().map(Signed::value)
    }

    /// What one member said.
    pub fn words_of(&self, member: MemberCode) -> impl Iterator<Item = &ReleaseWord> {
        self.words().filter(move |word| word.party == member)
    }

    /// Takes a word in if it is the member's own, about this proposal, and whole.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`]; the state is as before.
    ///
    /// # Cost
    ///
    /// One signature check, about 45 µs, unless it is known.
    pub fn take(&mut self, agreement: &Agreement, word: &Signed<ReleaseWord>) -> Result<Taken, ReleaseError> {
        if self.words.contains(word) {
            return Ok(Taken::Known);
        }
        self.verify(agreement, word)?;
        self.words.push(word.clone());
        Ok(Taken::New)
    }

    fn verify(&self, agreement: &Agreement, word: &Signed<ReleaseWord>) -> Result<(), ReleaseError> {
        let member = word.value().party;
        let forged = || ReleaseError::NotItsOwn { member };
        let involved = self.proposal.involved.contains(&member);
        let party = agreement.party(member).filter(|_| involved).ok_or_else(forged)?;
        let round = Some(self.proposal.round);
        let said =
            word.verify(SignatureKind::ReleaseDecision, round, &party.signing_key).map_err(|_| forged())?;
        if said.release != self.id.0 {
            return Err(forged());
        }
        let is_signer = party.signer(&said.signer).is_some();
        match &said.said {
            ReleaseSaid::Proposed if member != self.proposal.proposer => Err(forged()),
            ReleaseSaid::Commented { text } if !is_said(text) => Err(forged()),
            ReleaseSaid::Refused { reason } if !reason.is_empty() && !is_said(reason) => Err(forged()),
            // A proposal or remark is anybody's whom the member lets speak; the node says by itself that a yes stands.
            ReleaseSaid::Commented { .. } | ReleaseSaid::Proposed | ReleaseSaid::Stands { .. } => Ok(()),
            _ if !is_signer => Err(ReleaseError::NotASigner { member }),
            ReleaseSaid::Approved { no_disadvantage: false, .. } => {
                Err(ReleaseError::NotConfirmed { member })
            }
            ReleaseSaid::Approved { named: false, .. } if self.proposal.naming.contains(&member) => {
                Err(ReleaseError::NamingNotCovered { member })
            }
            ReleaseSaid::Approved { .. } | ReleaseSaid::Refused { .. } => Ok(()),
        }
    }

    /// Takes in what the coordinator says was said, and returns what is wrong with it: words that do not hold, and words this
    /// state has that are missing there. `me` is left out of the second: its own may still be on their way.
    #[must_use]
    pub fn learn(
        &mut self,
        agreement: &Agreement,
        heard: &[Signed<ReleaseWord>],
        me: MemberCode,
    ) -> Vec<ReleaseError> {
        let is_missing = |known: &&Signed<ReleaseWord>| known.value().party != me && !heard.contains(known);
        let mut faults: Vec<ReleaseError> = (self.words.iter().filter(is_missing))
            .map(|known| ReleaseError::WordMissing { member: known.value().party })
            .collect();
        faults.extend(heard.iter().filter_map(|word| self.take(agreement, word).err()));
        faults.dedup();
        faults
    }

    /// When the time for comments ends here: each member has the whole of it, from when it first heard of the proposal (G19). A
    /// proposer cannot shorten it by an early date.
    #[must_use]
    pub fn window_ends(&self) -> Timestamp {
        let window_s = self.proposal.comments_until.since_s(self.proposal.at);
        self.proposal.comments_until.max(self.heard.plus_s(window_s))
    }

    /// A member's yes.
    #[must_use]
    pub fn approval(&self, member: MemberCode) -> Option<&ReleaseWord> {
        self.words_of(member).find(|word| matches!(word.said, ReleaseSaid::Approved { .. }))
    }

    /// A member's no.
    #[must_use]
    pub fn refusal(&self, member: MemberCode) -> Option<&ReleaseWord> {
        self.words_of(member).find(|word| matches!(word.said, ReleaseSaid::Refused { .. }))
    }

    /// The word by which a member's yes stands, if it is there, was said after the time for comments, and everything the member
    /// remarked is known here.
    #[must_use]
    pub fn stands(&self, member: MemberCode) -> Option<&ReleaseWord> {
        let remarked =
            self.words_of(member).filter(|word| matches!(word.said, ReleaseSaid::Commented { .. })).count();
        self.words_of(member).find(|word| match word.said {
            ReleaseSaid::Stands { comments } => {
                usize::from(comments) == remarked && word.at >= self.proposal.comments_until
            }
            ReleaseSaid::Approved { .. }
            | ReleaseSaid::Commented { .. }
            | ReleaseSaid::Proposed
            | ReleaseSaid::Refused { .. } => false,
        })
    }

    /// How many remarks a member made.
    #[must_use]
    pub fn comments_of(&self, member: MemberCode) -> usize {
        self.words_of(member).filter(|word| matches!(word.said, ReleaseSaid::Commented { .. })).count()
    }

    /// When everybody's yes stood: the latest of their words and the end of the time for comments.
    fn complete_at(&self) -> Option<Timestamp> {
        let each = |member: &MemberCode| {
            let (yes, stands) = (self.approval(*member)?, self.stands(*member)?);
            Some(yes.at.max(stands.at))
        };
        let times: Option<Vec<Timestamp>> = self.proposal.involved.iter().map(each).collect();
        Some(times?.into_iter().fold(self.window_ends(), Timestamp::max))
    }

    /// Where the release stands at `now`, by what is known here.
    #[must_use]
    pub fn standing(&self, consents: &ConsentRecord, now: Timestamp) -> Standing {
        let complete = self.complete_at().filter(|at| *at <= self.proposal.lapses);
        // What came after everybody's yes stood recalls nothing: what is released is released (G10).
        let in_time = |at: Timestamp| complete.is_none_or(|complete| at <= complete);
        for member in &self.proposal.involved {
            let refused = self.refusal(*member).filter(|word| in_time(word.at));
            if refused.is_some() {
                return Standing::Refused { by: *member, why: "refused" };
            }
            if consents.withdrawal(*member).is_some_and(|left| in_time(left.at)) {
                return Standing::Refused { by: *member, why: "left the agreement" };
            }
        }
        match complete {
            Some(at) if at <= now => Standing::Approved { at },
            _ if now > self.proposal.lapses => Standing::Lapsed { at: self.proposal.lapses },
            _ => {
                let lacks = |has: &dyn Fn(MemberCode) -> bool| -> Vec<MemberCode> {
                    self.proposal.involved.iter().copied().filter(|member| !has(*member)).collect()
                };
                Standing::Open {
                    missing: lacks(&|member| self.approval(member).is_some()),
                    unconfirmed: lacks(&|member| self.stands(member).is_some()),
                    window_ends: self.window_ends(),
                    lapses: self.proposal.lapses,
                }
            }
        }
    }
}

/// Where a release stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Every member concerned approved these exact bytes, and each yes stood when the time for comments was over.
    Approved {
        /** Since when. */
        at: Timestamp,
    },
    /// Not decided in time; silence is a no.
    Lapsed {
        /** When. */
        at: Timestamp,
    },
    /// Not decided yet.
    Open {
        /** Whose yes is awaited. */
        missing: Vec<MemberCode>,
        /** Whose word is awaited that its yes stands; it can come only after the time for comments. */
        unconfirmed: Vec<MemberCode>,
        /** End of the time for comments here. */
        window_ends: Timestamp,
        /** End of the time to decide. */
        lapses: Timestamp,
    },
    /// A member said no, or left the agreement; final.
    Refused {
        /** Which. */
        by: MemberCode,
        /** What it did. */
        why: &'static str,
    },
}

impl Standing {
    /// One word for lists and programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::Lapsed { .. } => "lapsed",
            Self::Open { .. } => "open",
            Self::Refused { .. } => "refused",
        }
    }

    /// The time since which it is approved.
    ///
    /// # Errors
    ///
    /// What stands in the way: [`ReleaseError::Missing`], [`ReleaseError::InTimeForComments`], [`ReleaseError::Refused`],
    /// [`ReleaseError::Lapsed`].
    pub fn require_approved(&self, now: Timestamp) -> Result<Timestamp, ReleaseError> {
        match self {
            Self::Approved { at } => Ok(*at),
            Self::Lapsed { at } => Err(ReleaseError::Lapsed { at: *at }),
            Self::Refused { by, .. } => Err(ReleaseError::Refused { member: *by }),
            Self::Open { missing, .. } if !missing.is_empty() => {
                Err(ReleaseError::Missing { members: missing.clone() })
            }
            Self::Open { window_ends, .. } if now < *window_ends => {
                Err(ReleaseError::InTimeForComments { until: *window_ends })
            }
            Self::Open { unconfirmed, .. } => Err(ReleaseError::Missing { members: unconfirmed.clone() }),
        }
    }
}
