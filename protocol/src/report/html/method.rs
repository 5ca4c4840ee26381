//! How the numbers were made: definitions, noise, suppression, the legend of marks, privacy, provenance.

use crate::{
    disclosure::Reason,
    report::{
        MetricDefinition, Outside, Report,
        html::{escape, figure::letter},
        notes, outside,
    },
};

/// A metric's definition beside its numbers (A2).
pub(super) fn definition(definition: &MetricDefinition, out: &mut String) {
    out.push_str(&format!(
        "<aside class=\"definition\">\n<h3>Definition <span class=\"code\">{}</span></h3>\n<p>{}</p>\n\
         <pre tabindex=\"0\">{}</pre>\n</aside>\n",
        escape::text(&definition.metric.to_string()),
        escape::text(&definition.text),
        escape::text(&definition.pseudo_code)
    ));
}

/// The closing section and the footer.
pub(super) fn section(report: &Report, to: Option<&Outside<'_>>, out: &mut String) {
    out.push_str(&format!(
        "<section>\n<h2>How these numbers were made</h2>\n<h3>Matching</h3>\n<p>No student record left its institution. Each \
         member blinded its own identifiers; members mixed them in turn; a coordinator without any key compared the mixed tags; \
         tables were decrypted only as totals. Institutions appear by code.</p>\n<h3>Noise</h3>\n<p>{}</p>\n\
         <h3>Suppression</h3>\n<p>{}</p>\n",
        escape::text(&notes::noise(report)),
        escape::text(&notes::suppression(report))
    ));
    if !report.breaks.is_empty() {
        out.push_str("<h3>Breaks in the series</h3>\n<ul>\n");
        for mark in &report.breaks {
            out.push_str(&format!("<li>From {}: {}</li>\n", mark.from, escape::text(&mark.text)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str(
        "<h3>Marks</h3>\n<dl class=\"legend\">\n<dt>*</dt><dd>Withheld; the small letter says why.</dd>\n",
    );
    for reason in Reason::ALL {
        out.push_str(&format!(
            "<dt><sup>{}</sup></dt><dd>{} <span class=\"code\">{}</span></dd>\n",
            letter(reason),
            reason.sentence(),
            reason.code()
        ));
    }
    let left_out = if report.is_outside() {
        "Not part of this release."
    } else {
        "Outside the viewer's share list, so not in this report."
    };
    out.push_str(&format!(
        "<dt>n/a</dt><dd>Has no meaning in this place.</dd>\n<dt>--</dt><dd>{left_out}</dd>\n</dl>\n</section>\n<footer>\n\
         <dl class=\"provenance\">\n",
    ));
    for (name, value) in notes::provenance(report) {
        out.push_str(&format!("<dt>{name}</dt><dd class=\"code\">{}</dd>\n", escape::text(&value)));
    }
    out.push_str(&format!("</dl>\n<p>{}</p>\n</footer>\n", outside::foot(to)));
}
