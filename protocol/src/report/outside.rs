//! What a report says of itself to a reader inside, and to one who is no party (G07, G09).

use crate::{
    ids::MemberCode,
    report::{Report, html::escape},
};

/// For whom a report that leaves the parties is made.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    /// Who gets it and why, as proposed.
    pub audience: &'a str,
    /// Members whose institution is named, with its name; every other appears by code alone.
    pub named: &'a [(MemberCode, String)],
}

impl Report {
    /// The reader of a report that leaves: nobody in particular, so no figure is "yours". No member has this code for a
    /// reader to take it for his own.
    pub const NOBODY: MemberCode = MemberCode([0; 5]);

    /// True if the report was cut for the outside.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.viewer == Self::NOBODY
    }
}

/// How the report may be used, in a sentence or two.
pub(super) fn usage(report: &Report, to: Option<&Outside<'_>>) -> String {
    match to {
        None => format!(
            "For internal use by the parties to {}. It may not be passed on: what goes outside needs the approval of every \
             member concerned, of exactly what is shown.",
            report.agreement
        ),
        Some(to) => format!(
            "Released beyond the parties to {} for: {} Valid only as approved by every member concerned, byte for byte. \
             Institutions appear by code.",
            report.agreement,
            sentence(to.audience)
        ),
    }
}

/// Institutions that are named, as lines of text; empty if none is.
pub(super) fn named_lines(to: Option<&Outside<'_>>) -> Vec<String> {
    let named = to.map(|to| to.named).unwrap_or_default();
    named.iter().map(|(code, name)| format!("{code} is {name}, with its consent.")).collect()
}

/// The head of a page: for whom, and what may be done with it.
pub(super) fn head(report: &Report, to: Option<&Outside<'_>>) -> String {
    let kicker = match to {
        None => format!("Passage report for <span class=\"code\">{}</span>", report.viewer),
        Some(_) => "Passage report".to_owned(),
    };
    let mut out = format!(
        "<header>\n<p class=\"kicker\">{kicker}</p>\n<h1>{}</h1>\n<p class=\"purpose\">Purpose: {}. Made {}.</p>\n\
         <p class=\"purpose\">{}</p>\n",
        escape::text(&report.study_title),
        escape::text(report.purpose.trim_end_matches('.')),
        report.generated_at.date(),
        escape::text(&usage(report, to))
    );
    for line in named_lines(to) {
        out.push_str(&format!("<p class=\"purpose\">{}</p>\n", escape::text(&line)));
    }
    out.push_str("</header>\n");
    out
}

/// The last line of a page.
pub(super) fn foot(to: Option<&Outside<'_>>) -> &'static str {
    match to {
        None => {
            "For internal use under the agreement named above; release outside needs every member's approval of this exact page."
        }
        Some(_) => {
            "Released under the agreement named above. Its approval sheet proves that every member concerned approved this exact \
             page; a changed page is not approved."
        }
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
