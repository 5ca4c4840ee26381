//! The feeder table: sender x receiver x cohort, counts with intervals and percents (domain 3.5).

use crate::{
    disclosure::{Outcome, ReleasedTable},
    report::{
        Report,
        html::figure::{bar, count, interval, member, percent},
    },
};

/// All senders in one table, one block of rows each.
pub(super) fn table(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    if totals.is_empty() {
        return;
    }
    out.push_str(
        "<h3>Feeder table</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Feeder table\">\n\
         <table>\n<caption><span class=\"wrap\">Students of each cohort observed at each receiver; brackets hold 95 % intervals. \
         A student seen at two receivers counts at both, and once under any.</span></caption>\n\
         <thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Cohort</th>\
         <th scope=\"col\" class=\"n\">Students</th><th scope=\"col\" class=\"n\">Observed</th>\
         <th scope=\"col\" class=\"n\">Percent</th></tr></thead>\n",
    );
    for table in totals {
        let single = (0..table.receivers.len()).filter_map(|at| u8::try_from(at).ok()).map(Some);
        let seen: Vec<_> = single.chain([None]).filter(|to| has(table, *to)).collect();
        for to in seen {
            out.push_str("<tbody>\n");
            for (at, cohort) in table.domain.cohorts.iter().enumerate() {
                let receiver = table.receiver(Outcome::Enrolled(to));
                let lead = if at == 0 {
                    let to = receiver.map_or("<b>any of them</b>".to_owned(), |code| member(report, code));
                    let rows = table.domain.cohorts.len();
                    format!(
                        "<th scope=\"rowgroup\" rowspan=\"{rows}\">{}</th><th scope=\"rowgroup\" rowspan=\"{rows}\">{to}</th>",
                        member(report, table.sender)
                    )
                } else {
                    String::new()
                };
                let enrolled = table.mark(*cohort, 0, Outcome::Enrolled(to));
                let rate = table.mark(*cohort, 0, Outcome::Rate(to));
                out.push_str(&format!(
                    "<tr>{lead}<th scope=\"row\" class=\"year\">{cohort}</th><td class=\"n\">{}</td><td class=\"n\">{}{}</td><td class=\"n\">{}{}</td></tr>\n",
                    count(table.mark(*cohort, 0, Outcome::Cohort)),
                    count(enrolled),
                    interval(enrolled),
                    percent(rate),
                    bar(rate)
                ));
            }
            out.push_str("</tbody>\n");
        }
    }
    out.push_str("</table>\n</div>\n");
}

fn has(table: &ReleasedTable, to: Option<u8>) -> bool {
    table.cells.iter().any(|cell| cell.outcome == Outcome::Enrolled(to))
}
