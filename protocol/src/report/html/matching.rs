//! The match panel on the page: what was submitted, and how it was linked (A1).

use crate::report::{
    Report,
    html::{
        escape,
        figure::{count, member},
    },
};

/// The section, if the report carries any match counts.
pub(super) fn section(report: &Report, out: &mut String) {
    if report.panel.lists.is_empty() && report.panel.pairs.is_empty() {
        return;
    }
    out.push_str(
        "<section>\n<h2>How well records were linked</h2>\n<p>Not observed is not the same as not enrolled: records can be left \
         out at the student's wish, be unusable, or be ambiguous. Each is counted apart.</p>\n",
    );
    if !report.panel.lists.is_empty() {
        out.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Records by member\">\n<table>\n<caption><span class=\"wrap\">Records by member</span></caption>\n<thead><tr><th scope=\"col\">Member</th>\
             <th scope=\"col\" class=\"n\">Submitted</th><th scope=\"col\" class=\"n\">Opted out</th>\
             <th scope=\"col\" class=\"n\">Unusable</th></tr></thead>\n<tbody>\n",
        );
        for list in &report.panel.lists {
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                member(report, list.member),
                count(Some(list.submitted)),
                count(Some(list.opted_out)),
                count(Some(list.unusable))
            ));
        }
        out.push_str("</tbody>\n</table>\n</div>\n");
    }
    if !report.panel.pairs.is_empty() {
        pairs(report, out);
    }
    out.push_str("</section>\n");
}

fn pairs(report: &Report, out: &mut String) {
    let mut recipes: Vec<&str> = Vec::new();
    for (name, _) in report.panel.pairs.iter().flat_map(|pair| &pair.by_recipe) {
        if !recipes.contains(&name.as_str()) {
            recipes.push(name);
        }
    }
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Links by recipe\">\n<table>\n<caption><span class=\"wrap\">The sender's \
         records, by the recipe that linked them, strongest first</span></caption>\n<thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th>",
    );
    for recipe in &recipes {
        out.push_str(&format!("<th scope=\"col\" class=\"n\">{}</th>", escape::text(recipe)));
    }
    out.push_str(
        "<th scope=\"col\" class=\"n\">Ambiguous</th><th scope=\"col\" class=\"n\">Not linked</th></tr></thead>\n<tbody>\n",
    );
    for pair in &report.panel.pairs {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><th scope=\"row\">{}</th>",
            member(report, pair.sender),
            member(report, pair.receiver)
        ));
        for recipe in &recipes {
            let mark = pair.by_recipe.iter().find(|(name, _)| name == recipe).map(|(_, mark)| *mark);
            let shown = mark
                .map_or("<span title=\"Recipe not used for this pair.\">n/a</span>".to_owned(), |mark| {
                    count(Some(mark))
                });
            out.push_str(&format!("<td class=\"n\">{shown}</td>"));
        }
        out.push_str(&format!(
            "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            count(Some(pair.ambiguous)),
            count(Some(pair.unlinked))
        ));
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}
