//! The approval sheet: who approved which bytes when, as a text to keep beside the file. It carries every signature, so that
//! whoever has the agreement can verify it without a network and without trusting who wrote it.

use core::fmt::Write as _;

use crate::{
    agreement::{Agreement, ConsentRecord, DocumentId, page::wrap},
    codec::{Decode, Encode},
    codec_struct,
    ids::{Digest, MemberCode},
    release::{Release, ReleaseError, Standing},
    signing::Signed,
    timestamp::Timestamp,
    wire::{Proposal, ReleaseSaid, ReleaseWord},
};

/// What a sheet proves: the proposal and the words that approved it.
#[derive(Clone, Debug)]
pub struct Sheet {
    proposal: Proposal,
    heard: Timestamp,
    words: Vec<Signed<ReleaseWord>>,
}
codec_struct!(Sheet { proposal, heard, words });

const BEGIN: &str = "-----BEGIN PASSAGE RELEASE-----";
const END: &str = "-----END PASSAGE RELEASE-----";
/// Digits a line of the block.
const LINE_DIGITS: usize = 96;

impl Sheet {
    /// The sheet of a release.
    #[must_use]
    pub fn of(release: &Release, heard: Timestamp) -> Self {
        Self { proposal: release.proposal().clone(), heard, words: release.signed_words().to_vec() }
    }

    /// The digest of the agreement it must be verified with.
    #[must_use]
    pub fn agreement(&self) -> Digest {
        self.proposal.agreement
    }

    /// What was proposed.
    #[must_use]
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Reads a sheet. What it says is to be [verified](Self::verify).
    ///
    /// # Errors
    ///
    /// [`ReleaseError::SheetChanged`] if the block is not whole.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let block = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
        let digits: String = block.map(|(block, _)| block.split_whitespace().collect()).unwrap_or_default();
        let bytes = from_hex(&digits).ok_or(ReleaseError::SheetChanged)?;
        Self::from_bytes(&bytes).map_err(|_| ReleaseError::SheetChanged)
    }

    /// Verifies the text of a sheet: every signature under the keys of the agreement, everybody's yes, and that the words for
    /// people are those of what was signed. Returns since when it was approved.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] of the first thing that does not hold.
    pub fn verify(text: &str, agreement: &Agreement) -> Result<Timestamp, ReleaseError> {
        let sheet = Self::parse(text)?;
        let release = sheet.release(agreement)?;
        // Who left the agreement since does not recall what was released.
        let nobody_left = ConsentRecord::new(sheet.proposal.agreement);
        let end = sheet.proposal.lapses;
        let at = release.standing(&nobody_left, end).require_approved(end)?;
        if sheet.text(agreement)? == text { Ok(at) } else { Err(ReleaseError::SheetChanged) }
    }

    fn release(&self, agreement: &Agreement) -> Result<Release, ReleaseError> {
        let mut release = Release::new(self.proposal.clone(), self.heard);
        for word in &self.words {
            release.take(agreement, word)?;
        }
        Ok(release)
    }

    /// Checks that a file is the one approved, or the notes beside it; returns which.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::OtherFile`].
    pub fn check_file(&self, bytes: &[u8]) -> Result<&'static str, ReleaseError> {
        let digest = Digest::of_blob(bytes);
        match self.proposal.notes {
            _ if digest == self.proposal.file.digest => Ok("the file"),
            Some(notes) if digest == notes.digest => Ok("the notes beside the file"),
            Some(_) | None => Err(ReleaseError::OtherFile),
        }
    }

    /// The sheet as text: words for people, then the block for programs.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if a word does not verify under the agreement.
    pub fn text(&self, agreement: &Agreement) -> Result<String, ReleaseError> {
        let release = self.release(agreement)?;
        let proposal = &self.proposal;
        let mut out = format!("APPROVAL SHEET  {}\n\n", release.id());
        wrap(
            &mut out,
            "",
            "",
            "For the records of the parties: it names people who signed. Keep it beside the file; do not hand it out with it.",
        );
        out.push('\n');
        for (name, value) in facts(proposal) {
            wrap(&mut out, &format!("  {name:<14}"), "                ", &value);
        }
        let consents = ConsentRecord::new(proposal.agreement);
        let standing = match release.standing(&consents, proposal.lapses) {
            Standing::Approved { at } => format!("approved by every member concerned since {at}"),
            other @ (Standing::Lapsed { .. } | Standing::Open { .. } | Standing::Refused { .. }) => {
                other.word().to_owned()
            }
        };
        wrap(&mut out, "  standing      ", "                ", &standing);
        out.push_str("\nWHO SAID WHAT\n");
        for member in &proposal.involved {
            let _ = writeln!(out, "  {member}");
            for word in release.words_of(*member) {
                wrap(&mut out, "      ", "        ", &said(word, agreement));
            }
        }
        out.push_str("\nVerify with: passage-node release verify FILE SHEET\n\n");
        out.push_str(BEGIN);
        let digits: String = self.to_bytes().iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        for (at, digit) in digits.chars().enumerate() {
            if at % LINE_DIGITS == 0 {
                out.push('\n');
            }
            out.push(digit);
        }
        let _ = writeln!(out, "\n{END}");
        Ok(out)
    }
}

/// What is proposed, as label and text: the same on the sheet and on the page a person decides by.
pub(super) fn facts(proposal: &Proposal) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("round", proposal.round.to_string()),
        ("agreement", DocumentId::Agreement(proposal.agreement).to_string()),
        ("study", DocumentId::Study(proposal.study).to_string()),
        ("for", proposal.audience.clone()),
        ("file", format!("{} of {} bytes", proposal.format.name(), proposal.file.bytes)),
        ("digest", proposal.file.digest.to_string()),
    ];
    facts.extend(proposal.notes.map(|notes| ("notes' digest", notes.digest.to_string())));
    facts.push((
        "named in it",
        if proposal.naming.is_empty() {
            "nobody; institutions appear by code".to_owned()
        } else {
            codes(&proposal.naming)
        },
    ));
    facts.push(("proposed by", format!("{} at {}", proposal.proposer, proposal.at)));
    facts.push(("comments", format!("until {}", proposal.comments_until)));
    facts.push(("decide by", format!("{}; silence is a no", proposal.lapses)));
    facts
}

pub(super) fn codes(members: &[MemberCode]) -> String {
    members.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A word in words.
pub(super) fn said(word: &ReleaseWord, agreement: &Agreement) -> String {
    let title = agreement
        .party(word.party)
        .and_then(|party| party.signer(&word.signer))
        .map_or(String::new(), |signer| format!(", {}", signer.title));
    let by = format!("{}{title}, {}", word.signer, word.at);
    match &word.said {
        ReleaseSaid::Proposed => format!("proposed it ({by})"),
        ReleaseSaid::Commented { text } => format!("remarked: {text} ({by})"),
        ReleaseSaid::Approved { named, .. } => format!(
            "approved these exact bytes, and confirmed that the release does not disadvantage or single it out{} ({by})",
            if *named { ", and that it may be named" } else { "" }
        ),
        ReleaseSaid::Refused { reason } if reason.is_empty() => format!("refused ({by})"),
        ReleaseSaid::Refused { reason } => format!("refused: {reason} ({by})"),
        ReleaseSaid::Stands { .. } => format!("the approval stood after the time for comments ({})", word.at),
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
