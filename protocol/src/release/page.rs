//! What a superintendent reads before a report goes outside (L1, G07, G08, G09): what would leave, what this member can check of
//! it and what it cannot, what to think of, who said what, and the words that a yes puts under the member's key.

use crate::{
    agreement::{Agreement, page::wrap},
    ids::MemberCode,
    release::{
        Comparison, Release, ReleaseError, Rendered, Standing, Warning, compare, rendered_again, scan,
        sheet::{codes, facts, said},
        warnings,
    },
    report::Report,
    timestamp::Timestamp,
    wire::{ReleaseFormat, ReleasePapers, ReleaseWord},
};

/// Everything one member can find out about a proposal by itself.
#[derive(Clone, Debug)]
pub struct Review {
    /// The file made again; its bytes are those the proposal names.
    pub rendered: Rendered,
    /// Its figures.
    pub report: Report,
    /// How they stand to this member's own report.
    pub comparison: Comparison,
    /// What to think of (G08).
    pub warnings: Vec<Warning>,
}

impl Review {
    /// Makes the file again, compares its figures with this member's own report and scans it for names and codes; `known` are
    /// those this member knows, without those of the members the proposal names.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] of the first of them that fails: such a proposal cannot be approved.
    pub fn of(
        papers: &ReleasePapers,
        agreement: &Agreement,
        own: &Report,
        known: &scan::Known,
    ) -> Result<Self, ReleaseError> {
        let proposal = &papers.proposal;
        let (report, rendered) = rendered_again(papers, &names(agreement, &proposal.naming))?;
        let comparison = compare(&report, own)?;
        require_no_names(&rendered, proposal.format, known)?;
        let warnings = warnings(&report);
        Ok(Self { rendered, report, comparison, warnings })
    }
}

/// The names of the members a proposal names, as the agreement has them.
#[must_use]
pub fn names(agreement: &Agreement, naming: &[MemberCode]) -> Vec<(MemberCode, String)> {
    let name = |code: &MemberCode| agreement.party(*code).map(|party| (*code, party.name.clone()));
    naming.iter().filter_map(name).collect()
}

/// Refuses a file with a name or a public code inside.
///
/// # Errors
///
/// [`ReleaseError::NamesInside`] with the place of the first.
pub fn require_no_names(
    rendered: &Rendered,
    format: ReleaseFormat,
    known: &scan::Known,
) -> Result<(), ReleaseError> {
    let mut found = scan::scan(&rendered.file, format, known);
    found.extend(rendered.notes.iter().flat_map(|notes| scan::scan_text(notes, known)));
    match found.first() {
        Some(first) => {
            Err(ReleaseError::NamesInside { places: found.len(), line: first.line, column: first.column })
        }
        None => Ok(()),
    }
}

/// What the page is made from.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The release as known here.
    pub release: &'a Release,
    /// The agreement it stands under.
    pub agreement: &'a Agreement,
    /// Who reads.
    pub me: MemberCode,
    /// What this member found out, or why the proposal cannot be approved.
    pub review: &'a Result<Review, ReleaseError>,
    /// Where it stands.
    pub standing: &'a Standing,
}

/// The page as text.
#[must_use]
pub fn text(shown: &Shown<'_>) -> String {
    let (release, proposal) = (shown.release, shown.release.proposal());
    let mut out = format!("RELEASE OUTSIDE THE PARTIES  {}\n\n", release.id());
    for (name, value) in facts(proposal) {
        wrap(&mut out, &format!("  {name:<14}"), "                ", &value);
    }
    wrap(&mut out, "  standing      ", "                ", &standing(shown.standing));
    out.push_str("\nWHAT THIS NODE CHECKED\n");
    match shown.review {
        Err(refused) => wrap(&mut out, "  - ", "    ", &format!("It cannot be approved here: {refused}.")),
        Ok(review) => {
            for line in checked(review) {
                wrap(&mut out, "  - ", "    ", &line);
            }
            out.push_str("\nTHINK OF THIS BEFORE YOU SAY YES\n");
            if review.warnings.is_empty() {
                out.push_str("  - It singles nobody out and puts nobody in an order.\n");
            }
            for warning in &review.warnings {
                wrap(&mut out, "  - ", "    ", &format!("It {warning} (G08)."));
            }
            let named: Vec<MemberCode> = proposal.naming.clone();
            if !named.is_empty() {
                let own =
                    if named.contains(&shown.me) { " You are among them: approve with --named." } else { "" };
                wrap(
                    &mut out,
                    "  - ",
                    "    ",
                    &format!("It names these institutions in plain words: {}.{own}", codes(&named)),
                );
            }
        }
    }
    out.push_str("\nWHO SAID WHAT\n");
    for member in &proposal.involved {
        let own = if *member == shown.me { "  (this member)" } else { "" };
        out.push_str(&format!("  {member}{own}\n"));
        let words: Vec<&ReleaseWord> = release.words_of(*member).collect();
        if words.is_empty() {
            out.push_str("      nothing yet\n");
        }
        for word in words {
            wrap(&mut out, "      ", "        ", &said(word, shown.agreement));
        }
    }
    if let (Ok(review), Standing::Open { .. }) = (shown.review, shown.standing) {
        out.push_str("\nWHAT A YES SAYS\n");
        for line in approval(release, shown.me, &review.warnings) {
            wrap(&mut out, "  - ", "    ", &line);
        }
    }
    out
}

/// The words of a yes: what the person who approves puts under the member's key.
#[must_use]
pub fn approval(release: &Release, me: MemberCode, warnings: &[Warning]) -> Vec<String> {
    let proposal = release.proposal();
    let mut lines = vec![
        format!(
            "{me} agrees that exactly these {} bytes may be shown. For whom: {}",
            proposal.file.bytes, proposal.audience
        ),
        format!(
            "{me} confirms that the release does not disadvantage it or single it out (principle 5, G08)."
        ),
    ];
    lines.extend(warnings.iter().map(|warning| format!("It does so knowing that the release {warning}.")));
    if !proposal.naming.is_empty() {
        lines.push(format!("It does so knowing that the release names {}.", codes(&proposal.naming)));
    }
    if proposal.naming.contains(&me) {
        lines.push(format!("{me} agrees that its own institution is named (G09)."));
    }
    lines.push(format!(
        "The yes can be taken back with `release refuse` until {}; then it stands. One changed byte needs a new proposal.",
        release.window_ends()
    ));
    lines
}

fn checked(review: &Review) -> Vec<String> {
    let comparison = &review.comparison;
    let mut lines = vec![
        "The file was made again here from its figures; every byte is the same.".to_owned(),
        format!(
            "{} figures stand in this member's own report of the round, with the same values.",
            comparison.same
        ),
    ];
    if comparison.unseen > 0 {
        let about: Vec<String> = comparison
            .unseen_about
            .iter()
            .map(|(sender, receivers)| match receivers.as_slice() {
                [] => format!("{sender} to any"),
                named => {
                    let named: Vec<_> = named.iter().map(ToString::to_string).collect();
                    format!("{sender} to {}", named.join(" and "))
                }
            })
            .collect();
        lines.push(format!(
            "{} figures do not stand in this member's own report, because its share list does not reach them; this node cannot \
             check those: {}. They are shown here for this decision alone.",
            comparison.unseen,
            about.join("; ")
        ));
    }
    lines.push("No name and no public code of an institution that this node knows is inside.".to_owned());
    lines
}

/// Where it stands, in a sentence.
#[must_use]
pub fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Approved { at } => {
            format!("approved by every member concerned since {at}; it may be exported")
        }
        Standing::Lapsed { at } => format!("lapsed at {at}: not everybody had said yes, and silence is a no"),
        Standing::Refused { by, why } => format!("refused: {by} {why}; final for this proposal"),
        Standing::Open { missing, window_ends, .. } if missing.is_empty() => format!(
            "everybody said yes; open for comments until {window_ends}, then every yes must still stand"
        ),
        Standing::Open { missing, window_ends, .. } => {
            format!("open; awaited: {}; comments until {window_ends}", codes(missing))
        }
    }
}

/// How long ago a release should have been decided, in seconds; for boards.
#[must_use]
pub fn overdue_s(release: &Release, standing: &Standing, now: Timestamp) -> u64 {
    match standing {
        Standing::Open { missing, .. } if !missing.is_empty() => {
            now.since_s(release.proposal().comments_until)
        }
        Standing::Approved { .. }
        | Standing::Lapsed { .. }
        | Standing::Open { .. }
        | Standing::Refused { .. } => 0,
    }
}
