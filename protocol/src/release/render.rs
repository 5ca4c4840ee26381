//! The bytes that leave: the same report as inside, cut and worded for a reader who is no party.

use crate::{
    cells::Dimension,
    codec::{Decode, Encode},
    disclosure::MatchPanel,
    ids::{Digest, MemberCode},
    release::ReleaseError,
    report::{self, Outside, Report},
    wire::{BlobRef, Proposal, ReleaseFormat, ReleasePapers},
};

/// A file as it would leave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendered {
    /// The table or page.
    pub file: Vec<u8>,
    /// What the figures mean, beside a table.
    pub notes: Option<Vec<u8>>,
}

impl Rendered {
    /// The file as a proposal names it.
    #[must_use]
    pub fn file_ref(&self) -> BlobRef {
        blob_ref(&self.file)
    }

    /// The notes as a proposal names them.
    #[must_use]
    pub fn notes_ref(&self) -> Option<BlobRef> {
        self.notes.as_deref().map(blob_ref)
    }
}

fn blob_ref(bytes: &[u8]) -> BlobRef {
    BlobRef { digest: Digest::of_blob(bytes), bytes: bytes.len() as u64 }
}

/// A report as it may be shown to somebody who is no party: for nobody in particular, and without the sizes of the members'
/// lists and how they were linked, which are the members' own affair, without the comparison that was made for its viewer, and without
/// the tables by school: a school has a name that is no code, and has given no consent to be named or singled out (G08, G09).
#[must_use]
pub fn outside(report: &Report) -> Report {
    Report {
        viewer: Report::NOBODY,
        panel: MatchPanel::default(),
        peers: Default::default(),
        tables: (report.tables.iter())
            .filter(|table| table.domain.dimension != Dimension::School)
            .cloned()
            .collect(),
        ..report.clone()
    }
}

/// Makes the file. The same figures, audience and names give the same bytes; `named` are the members whose institution is
/// named, with its name.
#[must_use]
pub fn render(
    report: &Report,
    format: ReleaseFormat,
    audience: &str,
    named: &[(MemberCode, String)],
) -> Rendered {
    let to = Outside { audience, named };
    match format {
        ReleaseFormat::Csv => Rendered {
            file: report::csv(report),
            notes: Some(report::notes_outside(report, &to).into_bytes()),
        },
        ReleaseFormat::Html => Rendered { file: report::html_outside(report, &to).into_bytes(), notes: None },
    }
}

/// Reads the figures of a proposal, makes the file again here and compares it with what the proposal names.
///
/// # Errors
///
/// [`ReleaseError::OtherTerms`] for figures other than those the proposal names, [`ReleaseError::OtherRendering`].
pub fn rendered_again(
    papers: &ReleasePapers,
    named: &[(MemberCode, String)],
) -> Result<(Report, Rendered), ReleaseError> {
    let proposal: &Proposal = &papers.proposal;
    let figures =
        ReleaseError::OtherTerms { expected: "the figures whose digest it names, cut for the outside" };
    if Digest::of_blob(&papers.report) != proposal.report {
        return Err(figures);
    }
    let report = Report::from_bytes(&papers.report).map_err(|_| figures.clone())?;
    if outside(&report).to_bytes() != papers.report || report.round != proposal.round {
        return Err(figures);
    }
    let made = render(&report, proposal.format, &proposal.audience, named);
    if made.file_ref() != proposal.file || made.notes_ref() != proposal.notes {
        return Err(ReleaseError::OtherRendering);
    }
    Ok((report, made))
}
