//! The sample reports through every renderer: self-contained, escaped, stable, the CSV readable by a strict parser, and the
//! page with every cell of it in its place.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a failed unwrap is a failed test"
)]

mod cells;
mod cut;
mod equity;
mod gap;
mod median;
mod missed;
mod once;
mod page;
mod peers;
#[allow(dead_code)] // the example's own `main`
#[path = "../../examples/sample_report.rs"]
mod sample_report;
mod schools;
mod sequence;

use once::{cut_sample, sample};
use passage_protocol::{
    codec::{Decode, Encode},
    ids::Digest,
    report::{CSV_HEADER, Report, csv, derived, html, notes, rows},
};

/// RFC 4180 and nothing else: CR LF after every record, quotes only around whole fields, quotes doubled inside.
fn parse(text: &str) -> Result<Vec<Vec<String>>, &'static str> {
    let mut records = Vec::new();
    let mut letters = text.chars().peekable();
    while letters.peek().is_some() {
        let mut record = Vec::new();
        loop {
            let mut field = String::new();
            if letters.next_if_eq(&'"').is_some() {
                loop {
                    match letters.next().ok_or("a quoted field must end")? {
                        '"' if letters.next_if_eq(&'"').is_some() => field.push('"'),
                        '"' => break,
                        other => field.push(other),
                    }
                }
            } else {
                while let Some(letter) = letters.next_if(|letter| !matches!(letter, ',' | '\r' | '\n')) {
                    assert_ne!(letter, '"', "a quote inside a bare field");
                    field.push(letter);
                }
            }
            record.push(field);
            match letters.next() {
                Some(',') => {}
                Some('\r') => {
                    assert_eq!(letters.next(), Some('\n'));
                    break;
                }
                _ => return Err("a field is followed by neither comma nor line end"),
            }
        }
        records.push(record);
    }
    Ok(records)
}

#[test]
fn csv_round_trips_through_a_strict_parser() {
    let report = sample();
    let records = parse(&String::from_utf8(csv(&report)).unwrap()).unwrap();
    assert_eq!(records[0], CSV_HEADER.split(',').collect::<Vec<_>>());
    let expected: Vec<Vec<String>> = rows(&report).chain(derived(&report)).map(Vec::from).collect();
    assert_eq!(records[1..], expected);
    for record in &expected {
        assert!(["value", "bound", "suppressed", "not-applicable"].contains(&record[12].as_str()));
        assert!(record[..13].iter().all(|field| !field.is_empty()), "{record:?}");
        assert_eq!(record[13].is_empty(), record[12] == "value", "{record:?}");
        if record[8] == "count" && record[12] == "value" {
            assert!(record[9].parse::<u64>().unwrap() >= 11, "{record:?}");
        }
    }
}

/// 34 CFR 99.33: whoever holds a report sees where it came from, for what it was made, and that it stays.
#[test]
fn f8_a_report_carries_its_origin_and_purpose_and_says_that_it_must_not_be_passed_on() {
    let report = sample();
    for text in [html(&report), notes(&report)] {
        for origin in [report.round.to_string(), report.agreement.clone(), report.study.clone()] {
            assert!(text.contains(&origin), "{origin} is missing");
        }
        assert!(text.contains(&report.purpose));
        assert!(text.contains("may not be passed on"));
    }
    assert!(report.segments.iter().all(|(code, _)| html(&report).contains(&code.to_string())));
    let table = String::from_utf8(csv(&report)).unwrap();
    assert!(
        table.lines().skip(1).all(|line| line.contains(&report.round.to_string())),
        "a figure without its origin"
    );
}

#[test]
fn the_page_is_self_contained() {
    for page in [html(&sample()), html(&cut_sample())] {
        self_contained(&page);
    }
}

fn self_contained(page: &str) {
    for banned in
        ["http:", "https:", "//", "<script", "javascript:", " onload", "url(", "@import", "<link", "<img"]
    {
        assert!(!page.contains(banned), "{banned}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("lower bound"));
}

#[test]
fn every_element_is_closed() {
    for page in [html(&sample()), html(&cut_sample())] {
        closed(&page);
    }
}

fn closed(page: &str) {
    let mut open: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
        } else if !tag.ends_with('/') && !tag.starts_with('!') && !["meta", "input"].contains(&name.as_str())
        {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn planted_markup_is_escaped_everywhere() {
    let mut report = sample();
    let planted = "<b>bold</b>\"'&".to_owned();
    for text in [
        &mut report.study_title,
        &mut report.purpose,
        &mut report.coverage,
        &mut report.agreement,
        &mut report.study,
    ] {
        text.clone_from(&planted);
    }
    for definition in &mut report.metrics {
        definition.title.clone_from(&planted);
        definition.text.clone_from(&planted);
        definition.pseudo_code.clone_from(&planted);
    }
    report.breaks[0].text.clone_from(&planted);
    for pair in &mut report.panel.pairs {
        pair.by_recipe[0].0.clone_from(&planted);
    }
    let page = html(&report);
    assert!(!page.contains("<b>bold"));
    assert!(page.contains("&lt;b&gt;bold&lt;/b&gt;&quot;&#39;&amp;"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = sample();
    let again = Report::from_bytes(&report.to_bytes()).unwrap();
    assert_eq!(again, report);
    assert_eq!(html(&again), html(&report));
    assert_eq!(csv(&again), csv(&report));
    assert_eq!(notes(&again), notes(&report));
}

#[test]
fn a_truncated_report_is_refused() {
    let bytes = sample().to_bytes();
    for end in [0, 1, 17, bytes.len() / 2, bytes.len() - 1] {
        assert!(Report::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
}

/// A member must be able to reproduce last year's report byte for byte (A13). When a renderer changes on purpose, write
/// the new digest here and say so in the change log.
#[test]
fn golden_report() {
    let digests = [sample(), cut_sample()].map(|report| {
        let files = [csv(&report), html(&report).into_bytes(), notes(&report).into_bytes()];
        files.map(|bytes| Digest::of_blob(&bytes).short())
    });
    assert_eq!(digests, GOLDEN_CSV_HTML_NOTES);
}

#[test]
fn a_metric_without_definition_is_shown_and_said() {
    let mut report = sample();
    report.metrics.pop();
    let page = html(&report);
    assert!(page.contains("<h2>transfer@2</h2>"));
    assert!(page.contains("carries no definition"));
}

#[test]
fn figures_outside_the_share_list_are_absent() {
    let mut report = sample();
    let hidden = report.tables[0].receivers[1];
    report.tables = report
        .tables
        .iter()
        .map(|table| table.for_member(|_, to| to.is_some_and(|to| to != hidden)))
        .collect();
    report.panel = Default::default();
    report.segments.retain(|(member, _)| *member != hidden);
    assert!(!html(&report).contains(&hidden.to_string()));
    assert!(!String::from_utf8(csv(&report)).unwrap().contains(&hidden.to_string()));
}

/// Of the sample and of its cut. They last changed when the students seen at both of two receivers came in.
const GOLDEN_CSV_HTML_NOTES: [[&str; 3]; 2] =
    [["9eff35c9", "8d4ad115", "5d7481a5"], ["7f717ae1", "ff1d7611", "08ecf9ac"]];
