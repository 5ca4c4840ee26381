//! The feeder table: sender x receiver x cohort, counts with intervals and percents (domain 3.5).

use crate::{
    disclosure::{Outcome, ReleasedTable},
    report::{
        Report,
        html::{
            figure::{bar, count, interval, member, percent},
            place::{self, Place, Sight},
        },
    },
};

/// All senders in one table, one block of rows for each sender and place.
pub(super) fn table(report: &Report, totals: &[&ReleasedTable], out: &mut String) {
    if totals.is_empty() {
        return;
    }
    let several = totals.iter().any(|table| place::shown(table).len() > 1);
    let twice =
        if several { " A student seen at two receivers counts at both, and once under any." } else { "" };
    out.push_str(&format!(
        "<h3>Feeder table</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Feeder table\">\n\
         <table>\n<caption><span class=\"wrap\">Students of each cohort, and those of them observed at each receiver; brackets hold \
         95 % intervals.{twice}</span></caption>\n\
         <thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Cohort</th>\
         <th scope=\"col\" class=\"n\">Students</th><th scope=\"col\" class=\"n\">Observed</th>\
         <th scope=\"col\" class=\"n\">Percent</th></tr></thead>\n"
    ));
    for table in totals {
        for sight in receivers_first(table) {
            block(report, table, sight, out);
        }
    }
    out.push_str("</table>\n</div>\n");
}

/// The sum stands under its parts, and who is in two of them between.
fn receivers_first(table: &ReleasedTable) -> Vec<Sight> {
    let (any, places): (Vec<Place>, Vec<Place>) =
        place::shown(table).into_iter().partition(|place| place.is_none());
    let at = |places: Vec<Place>| places.into_iter().map(Sight::At);
    at(places).chain(place::pathways(table)).chain(at(any)).collect()
}

fn block(report: &Report, table: &ReleasedTable, sight: Sight, out: &mut String) {
    let to = match sight {
        Sight::At(place) if place::receiver(table, place).is_none() => "<b>any of them</b>".to_owned(),
        Sight::At(_) | Sight::As(..) => sight.name(report, table),
        Sight::Both(..) => format!("both {}", sight.name(report, table)),
    };
    let rows = table.domain.cohorts.len();
    let mut lead = format!(
        "<th scope=\"rowgroup\" rowspan=\"{rows}\">{}</th><th scope=\"rowgroup\" rowspan=\"{rows}\">{to}</th>",
        member(report, table.sender)
    );
    out.push_str("<tbody>\n");
    for cohort in &table.domain.cohorts {
        let enrolled = table.mark(*cohort, 0, sight.count());
        let rate = table.mark(*cohort, 0, sight.rate());
        out.push_str(&format!(
            "<tr>{lead}<th scope=\"row\" class=\"year\">{cohort}</th><td class=\"n\">{}</td><td class=\"n\">{}{}</td><td class=\"n\">{}{}{}</td></tr>\n",
            count(table.mark(*cohort, 0, Outcome::Cohort)),
            count(enrolled),
            interval(enrolled),
            percent(rate),
            interval(rate),
            bar(rate)
        ));
        lead.clear();
    }
    out.push_str("</tbody>\n");
}
