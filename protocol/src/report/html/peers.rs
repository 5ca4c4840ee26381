//! The viewer's own percentage beside the quartiles of its peers (A12): no name, no code, no order among them.

use crate::{
    disclosure::MetricRef,
    report::{
        Report,
        html::figure::{interval, percent},
        peers::{PEERS, PeerGroup},
    },
};

/// The table of one metric, if the report compares.
pub(super) fn table(report: &Report, metric: &MetricRef, out: &mut String) {
    let groups: Vec<&PeerGroup> = report.peers.0.iter().filter(|group| group.metric == *metric).collect();
    if groups.is_empty() || report.is_outside() {
        return;
    }
    out.push_str(&format!(
        "<h3>Beside peers</h3>\n<p class=\"note\">Peers: {PEERS}.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Beside peers\">\n<table>\n\
         <caption><span class=\"wrap\">Percent of all students observed at any member institution</span></caption>\n\
         <thead><tr><th scope=\"col\">Cohort</th><th scope=\"col\" class=\"n\">Your own</th><th scope=\"col\" class=\"n\">Lower quartile</th>\
         <th scope=\"col\" class=\"n\">Median</th><th scope=\"col\" class=\"n\">Upper quartile</th><th scope=\"col\" class=\"n\">Peers</th></tr></thead>\n<tbody>\n"
    ));
    for group in groups {
        let own = group.own(report);
        out.push_str(&format!(
            "<tr><th scope=\"row\" class=\"year\">{}</th><td class=\"n\">{}{}</td><td class=\"n\">{} %</td><td class=\"n\">{} %</td>\
             <td class=\"n\">{} %</td><td class=\"n\">{} of kind {}</td></tr>\n",
            group.cohort,
            percent(own),
            interval(own),
            group.lower,
            group.median,
            group.upper,
            group.institutions,
            group.segment.label()
        ));
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}
