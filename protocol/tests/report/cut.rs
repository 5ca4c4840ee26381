//! A report cut to one receiver is still a whole report: headline, trend, flow, feeder table, both breakdowns.

use passage_protocol::{
    disclosure::{Mark, Outcome},
    ids::MemberCode,
    report::{Report, html},
};

use crate::{
    once::{cut_sample, sample},
    page::{inside, text},
};

/// Titles of the charts, in order.
fn charts(page: &str) -> Vec<String> {
    let chart = |svg: &str| {
        assert!(svg.starts_with(" viewBox=") && svg.contains("role=\"img\""), "{svg}");
        text(inside(svg, "<title>", "</title>"))
    };
    page.split("<svg").skip(1).map(chart).collect()
}

/// The sentences about places, without those about two receivers.
fn headlines(page: &str) -> Vec<String> {
    sentences(page).into_iter().filter(|sentence| !sentence.contains(" both at ")).collect()
}

fn pathways(page: &str) -> Vec<String> {
    sentences(page).into_iter().filter(|sentence| sentence.contains(" both at ")).collect()
}

fn sentences(page: &str) -> Vec<String> {
    page.split("<p class=\"headline\">")
        .skip(1)
        .map(|rest| text(rest.split("</p>").next().unwrap()))
        .collect()
}

#[test]
fn one_receiver_gives_every_section() {
    let report = cut_sample();
    let (sender, viewer) = (report.tables[0].sender, report.viewer);
    let page = html(&report);
    assert_eq!(
        headlines(&page),
        [format!(
            "Of the students of {sender} in the 2023-2024 cohort, 9 % (about 67 of 708; 95 % interval 63 to 71) were observed \
             at your institution, {viewer}."
        )]
    );
    assert!(
        page.contains("Member-observed, a lower bound.") && page.contains("Cut to this reader's share list:")
    );
    let mut titles = vec![format!("Trend for {sender}: percent observed at {viewer}")];
    titles.extend((2019..2024).map(|year| format!("Where the {year}-{} cohort of {sender} went", year + 1)));
    assert_eq!(charts(&page), titles);
    for region in ["By ethnicity", "By gender"] {
        assert!(
            page.contains(&format!("aria-label=\"{region}, {sender}, observed at {viewer}\"")),
            "{region}"
        );
    }
    assert!(page.contains("aria-label=\"Feeder table\""));
    assert!(!page.contains("any member institution") && !page.contains("any of them"));
}

#[test]
fn the_newest_cohort_without_a_rate_is_passed_over() {
    let mut report = cut_sample();
    let newest = *report.tables[0].domain.cohorts.last().unwrap();
    let reason = passage_protocol::disclosure::Reason::BelowFloor;
    let withhold = |report: &mut Report, all: fn(bool) -> bool| {
        for cell in &mut report.tables[0].cells {
            if matches!(cell.outcome, Outcome::Rate(_)) && all(cell.cohort == newest) {
                cell.mark = Mark::Suppressed(reason);
            }
        }
    };
    withhold(&mut report, |newest| newest);
    assert!(headlines(&html(&report))[0].contains("in the 2022-2023 cohort"));
    withhold(&mut report, |_| true);
    assert!(headlines(&html(&report))[0].starts_with("Too few of the students of"));
}

#[test]
fn several_receivers_without_any_are_told_one_by_one() {
    let mut report = sample();
    let [first, second, hidden]: [MemberCode; 3] = report.tables[0].receivers.clone().try_into().unwrap();
    let shown = |to: Option<MemberCode>| to == Some(first) || to == Some(second);
    report.tables = report.tables.iter().map(|table| table.for_member(|_, to| shown(to))).collect();
    report.segments.retain(|(member, _)| *member != hidden);
    report.panel = Default::default();
    let page = html(&report);
    let told = headlines(&page);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with(&format!("were observed at {first}.")), "{told:?}");
    assert!(told[1].ends_with(&format!("were observed at {second}.")), "{told:?}");
    assert_eq!(charts(&page).iter().filter(|title| title.starts_with("Trend for")).count(), 2);
    // Who was seen at both is told to a reader that may see both, and nothing of any other two.
    let both = pathways(&page);
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(both[0].ends_with(&format!("were observed both at {first} and at {second}.")), "{both:?}");
    // The page does not say how many were seen at neither.
    assert!(!page.contains("not observed at a member") && !page.contains("not observed there"));
    assert!(!page.contains(&hidden.to_string()));
}

#[test]
fn a_full_report_says_nothing_about_a_cut() {
    let page = html(&sample());
    assert!(!page.contains("Cut to this reader"));
    assert_eq!(headlines(&page).len(), 2);
}
