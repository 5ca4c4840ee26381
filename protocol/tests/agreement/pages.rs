//! The page a superintendent reads (L1): its words are a golden file. After a change that is meant:
//!
//! ```text
//! cargo test -p passage-protocol --test agreement -- --ignored rewrite
//! ```

use std::{fs, path::PathBuf};

use passage_protocol::{
    agreement::{
        Agreement, ConsentRecord,
        page::{Shown, html, text},
    },
    checkpoint::LogOwner,
    ids::Digest,
    retention::{Destruction, Ended},
    timestamp::{Date, Timestamp},
};

use crate::papers::{COLLEGE, EXAMPLE, Papers, SCHOOL, changed, signature, withdrawal};

/// One case each of what a page can show: nobody signed; in force; an element taken out, a party gone, things due.
fn pages() -> Vec<(&'static str, String, String)> {
    let proposed = Papers::unsigned(EXAMPLE);
    let signed = Papers::signed();
    let mut changed = Papers::unsigned(&changed("2028-05-01", "2027-05-01"));
    changed.say(signature(changed.agreement_digest, SCHOOL));
    changed.say(signature(changed.agreement_digest, COLLEGE));
    changed.say(changed.choice(COLLEGE, &["zip"]));
    let mut left = Papers::signed();
    left.say(withdrawal(left.agreement_digest, COLLEGE));
    [
        ("proposed", proposed, "2026-08-10"),
        ("signed", signed, "2026-11-18"),
        ("changed", changed, "2027-08-01"),
        ("left", left, "2029-07-01"),
    ]
    .into_iter()
    .map(|(name, papers, day)| {
        let destroyed = [destroyed(papers.agreement_digest)];
        let shown = Shown {
            destroyed: if name == "left" { &destroyed } else { &[] },
            ..shown(&papers.agreement, &papers.consents, &papers, day)
        };
        (name, text(&shown), html(&shown))
    })
    .collect()
}

fn shown<'a>(agreement: &'a Agreement, consents: &'a ConsentRecord, papers: &Papers, day: &str) -> Shown<'a> {
    let (digest, today) = (papers.agreement_digest, Date::parse(day).unwrap());
    Shown { agreement, digest, consents, destroyed: &[], today }
}

/// What the college that withdrew has signed; the coordinator has not signed yet (G10).
fn destroyed(agreement: Digest) -> Destruction {
    Destruction {
        owner: LogOwner::Member(COLLEGE),
        agreement,
        about: Ended::Party(COLLEGE),
        due: Timestamp(1_795_000_000),
        at: Timestamp(1_795_000_000),
        complete: true,
        certificate: Digest([1; 32]),
    }
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn l1_the_page_is_as_it_was_reviewed() {
    for (name, text, html) in pages() {
        for (kind, page) in [("txt", text), ("html", html)] {
            let path = golden(&format!("agreement-{name}.{kind}"));
            let kept = fs::read_to_string(&path).unwrap();
            assert!(kept == page, "{} has changed; see the header of this file", path.display());
        }
    }
}

#[test]
#[ignore = "writes the golden pages anew"]
fn rewrite() {
    fs::create_dir_all(golden("")).unwrap();
    for (name, text, html) in pages() {
        fs::write(golden(&format!("agreement-{name}.txt")), text).unwrap();
        fs::write(golden(&format!("agreement-{name}.html")), html).unwrap();
    }
}

#[test]
fn l1_the_page_says_everything_a_person_signs_for() {
    let (_, text, _) = pages().remove(1);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for needed in [
        // who, why, under which law
        "Alder Unified School District",
        "M-00000002",
        "K. Rowan, Dean of Institutional Research (designee of the top administrator)",
        "improving instruction",
        "34 CFR 99.31(a)(6)",
        "College-going of high-school completers",
        "counsellors of the parties",
        "targeted advertising",
        // what is shared and what is not
        "Social security number",
        "completer-cohort",
        "No student's record leaves",
        // small numbers, term, destruction, survival
        "11 students",
        "epsilon 2",
        "2026-08-01 to 2029-07-31",
        "within 30 days",
        "cryptographic erasure",
        "survives its end",
        // breach, stop, state
        "within 72 hours",
        "555-0101",
        "agreement withdraw",
        "30 days after notice",
        "signed on 2026-11-18 by J. Birch",
        // what exactly is signed
        "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394",
    ] {
        assert!(flat.contains(needed), "the page does not say: {needed}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 110), "a line is too long to print");
}

#[test]
fn l1_words_of_the_document_cannot_become_markup() {
    let papers = Papers::unsigned(&changed("Birch Community College", "<b>Birch</b> & \\\"Sons\\\"'"));
    let page = html(&shown(&papers.agreement, &papers.consents, &papers, "2026-08-10"));
    assert!(page.contains("&lt;b&gt;Birch&lt;/b&gt; &amp; &quot;Sons&quot;&#39;"));
    assert!(!page.contains("<b>") && !page.contains("<script") && !page.contains("http"));
}

#[test]
fn l1_what_a_party_took_out_is_told() {
    let pages = pages();
    let flat = |index: usize| pages[index].1.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(2).contains(
        "`zip` about students of Alder Unified School District with Birch Community College: not accepted"
    ));
    assert!(flat(2).contains(
        "`zip` about students of Birch Community College with Alder Unified School District: not offered"
    ));
    assert!(!flat(1).contains("by choice of a party"));
    assert!(flat(3).contains("withdrew on 2026-11-18, by Counsel"));
    assert!(flat(2).contains("DUE NOW") && flat(2).contains("(G03)"));
    assert!(flat(0).contains("has not signed") && !flat(0).contains("DUE NOW"));
}
