//! What the coordinator takes, passes on and shows of releases: signed words, to those concerned, and no more.

use passage_protocol::{
    disclosure::{DisclosurePolicy, NoiseStatement},
    ids::RoundId,
    refusal::Refusal,
    release::{outside, render},
    report::Report,
    signing::{SignatureKind, SigningKey},
    wire::{BlobRef, ReleaseFormat},
};

use super::*;
use crate::{
    fixture::{NOW, World, join},
    records::Standing as RoundStanding,
};

const ROUND: RoundId = RoundId([9; 16]);
const SIGNERS: [&str; 2] = ["R. Alder", "J. Birch"];
const YES: ReleaseSaid = ReleaseSaid::Approved { no_disadvantage: true, named: false };

/// Two members whose round is over; the example lets results go outside.
fn world(standing: RoundStanding) -> World {
    let world = World::new();
    let record = world.first_attempt(standing);
    world.app.store.commit(&[put(ROUNDS, &ROUND, &record)]).unwrap();
    world
}

fn finished() -> World {
    let blob = BlobRef { digest: Digest([1; 32]), bytes: 10 };
    world(RoundStanding::Finished { reports: vec![blob, blob] })
}

fn papers(world: &World) -> ReleasePapers {
    let report = outside(&Report {
        round: ROUND,
        wire_version: 2,
        agreement: "A-0".to_owned(),
        study: "S-0".to_owned(),
        study_title: "C".to_owned(),
        purpose: "P".to_owned(),
        generated_at: NOW,
        viewer: world.codes[0],
        segments: Vec::new(),
        metrics: Vec::new(),
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        coverage: String::new(),
        panel: Default::default(),
        tables: Vec::new(),
        breaks: Vec::new(),
        peers: Default::default(),
    });
    let file = render(&report, ReleaseFormat::Html, "The public", &[]).file_ref();
    let comments_until = NOW.plus_s(5 * 86_400);
    let proposal = Proposal {
        round: ROUND,
        agreement: world.agreement,
        study: world.study,
        involved: world.codes.clone(),
        report: Digest::of_blob(&report.to_bytes()),
        format: ReleaseFormat::Html,
        file,
        notes: None,
        audience: "The public".to_owned(),
        naming: Vec::new(),
        proposer: world.codes[0],
        at: NOW,
        comments_until,
        lapses: comments_until.plus_s(30 * 86_400),
    };
    ReleasePapers { proposal, report: report.to_bytes() }
}

fn word(
    world: &World,
    papers: &ReleasePapers,
    member: usize,
    key: &SigningKey,
    said: ReleaseSaid,
) -> Signed<ReleaseWord> {
    let word = ReleaseWord {
        release: ReleaseId::of(&papers.proposal).0,
        party: world.codes[member],
        signer: SIGNERS[member].to_owned(),
        at: NOW.plus_s(60),
        said,
    };
    Signed::new(word, SignatureKind::ReleaseDecision, Some(papers.proposal.round), key)
}

fn proposes(world: &World, papers: &ReleasePapers) -> Result<(), CoordinatorError> {
    let word = word(world, papers, 0, &world.keys[0], ReleaseSaid::Proposed);
    say(&world.app, world.codes[0], ReleaseSaying { word, papers: Some(papers.clone()) }, NOW)
}

fn says(
    world: &World,
    papers: &ReleasePapers,
    member: usize,
    said: ReleaseSaid,
) -> Result<(), CoordinatorError> {
    let word = word(world, papers, member, &world.keys[member], said);
    say(&world.app, world.codes[member], ReleaseSaying { word, papers: None }, NOW)
}

#[test]
fn g07_a_proposal_reaches_those_concerned_and_nobody_else() {
    let world = finished();
    let stranger =
        join(&world.app, passage_protocol::agreement::Segment::Univ, &SigningKey::generate([7; 32])).code;
    let papers = papers(&world);
    proposes(&world, &papers).unwrap();
    proposes(&world, &papers).unwrap();
    let release = ReleaseId::of(&papers.proposal).0;
    for member in &world.codes {
        let told_of = of(&world.app, *member, NOW).unwrap().releases;
        assert_eq!(told_of.len(), 1);
        let there = told(&world.app, *member, ReleaseName { release, papers: true }).unwrap();
        assert_eq!(there.papers.unwrap(), papers);
        let words = told(&world.app, *member, ReleaseName { release, papers: false }).unwrap().words;
        assert_eq!(words.len(), 1, "the same again changes nothing");
        assert_eq!(told_of[0].account, Digest::of_blob(&words.to_bytes()));
    }
    assert!(of(&world.app, stranger, NOW).unwrap().releases.is_empty());
    let refused = told(&world.app, stranger, ReleaseName { release, papers: true }).unwrap_err();
    assert_eq!(refused, CoordinatorError::ReleaseUnknown);
    // Long after its end it is told to nobody any more.
    let late = papers.proposal.lapses.plus_s(TOLD_AFTER_S + 1);
    assert!(of(&world.app, world.codes[0], late).unwrap().releases.is_empty());
    // And then it is erased, figures and all.
    assert_eq!(forget(&world.app, papers.proposal.lapses.plus_s(TOLD_AFTER_S)).unwrap(), 0);
    assert_eq!(forget(&world.app, late).unwrap(), 1);
    let left = |table| world.app.store.scan(table, &[]).unwrap().len();
    assert_eq!((left(RELEASES), left(RELEASE_WORDS)), (0, 0));
}

#[test]
fn g07_only_a_finished_round_of_the_askers_own_is_proposed() {
    let aborted = RoundStanding::Aborted {
        code: passage_protocol::refusal::Code(0x0C04),
        reason: String::new(),
        fault: None,
    };
    let world = world(aborted);
    let refused = proposes(&world, &papers(&world)).unwrap_err();
    assert_eq!((refused.code().to_string().as_str(), refused.rule()), ("C3071", Some("G07")));
    let world = finished();
    let good = papers(&world);
    let mut unknown = good.clone();
    unknown.proposal.round = RoundId([1; 16]);
    assert_eq!(proposes(&world, &unknown).unwrap_err(), CoordinatorError::RoundUnknown);
    let mut fewer = good.clone();
    fewer.proposal.involved.pop();
    assert_eq!(proposes(&world, &fewer).unwrap_err().code().to_string(), "P0455");
    let mut other_figures = good.clone();
    other_figures.report.push(0);
    assert_eq!(proposes(&world, &other_figures).unwrap_err().code().to_string(), "C3071");
    let mut future = good.clone();
    let later = CLOCK_S + 1;
    for time in [&mut future.proposal.at, &mut future.proposal.comments_until, &mut future.proposal.lapses] {
        *time = time.plus_s(later);
    }
    assert_eq!(proposes(&world, &future).unwrap_err().code().to_string(), "C3071");
    // In another member's name, and papers with something that is no proposal.
    let word_of_other = word(&world, &good, 0, &world.keys[0], ReleaseSaid::Proposed);
    let saying = ReleaseSaying { word: word_of_other.clone(), papers: Some(good.clone()) };
    assert_eq!(say(&world.app, world.codes[1], saying, NOW).unwrap_err(), CoordinatorError::SignatureRefused);
    let saying = ReleaseSaying { word: word_of_other, papers: None };
    assert_eq!(say(&world.app, world.codes[0], saying, NOW).unwrap_err().code().to_string(), "C3044");
    assert_eq!(says(&world, &good, 1, YES).unwrap_err(), CoordinatorError::ReleaseUnknown);
    assert!(board(&world.app, NOW).unwrap().is_empty());
}

#[test]
fn g07_what_does_not_verify_is_not_kept() {
    let world = finished();
    let papers = papers(&world);
    proposes(&world, &papers).unwrap();
    let forged = word(&world, &papers, 1, &world.keys[0], YES);
    let refused =
        say(&world.app, world.codes[1], ReleaseSaying { word: forged, papers: None }, NOW).unwrap_err();
    assert_eq!(refused.code().to_string(), "P0451");
    let unconfirmed = ReleaseSaid::Approved { no_disadvantage: false, named: false };
    let refused = says(&world, &papers, 1, unconfirmed).unwrap_err();
    assert_eq!((refused.code().to_string().as_str(), refused.rule()), ("P0453", Some("G08")));
    assert_eq!(board(&world.app, NOW).unwrap()[0].release.words().count(), 1);
}

#[test]
fn c5_the_board_says_who_is_awaited_and_what_is_overdue() {
    let world = finished();
    let papers = papers(&world);
    proposes(&world, &papers).unwrap();
    says(&world, &papers, 0, YES).unwrap();
    let line = |now| board(&world.app, now).unwrap().remove(0);
    let Standing::Open { missing, .. } = line(NOW).standing else { panic!("open") };
    assert_eq!((missing, line(NOW).overdue_s), (vec![world.codes[1]], 0));
    assert_eq!(line(papers.proposal.comments_until.plus_s(7)).overdue_s, 7);
    let answer = crate::command::execute(&world.app, crate::command::Command::ReleaseList, &|_| {
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let shown = &answer.json["proposals"][0];
    assert_eq!(shown["release"], ReleaseId::of(&papers.proposal).to_string());
    assert!(shown["awaited"].as_array().unwrap().contains(&world.codes[1].to_string().into()), "{shown}");
    assert!(answer.text.contains(&world.codes[1].to_string()) && !answer.text.contains("somebody"));
    says(&world, &papers, 1, ReleaseSaid::Refused { reason: String::new() }).unwrap();
    assert_eq!(line(NOW).standing.word(), "refused");
    // A member that leaves refuses as well, and what was said survives a restart.
    let world = world.restart();
    assert_eq!(board(&world.app, NOW).unwrap()[0].release.words().count(), 3);
}

#[test]
fn g10_leaving_the_agreement_refuses_what_is_open() {
    let world = finished();
    let papers = papers(&world);
    proposes(&world, &papers).unwrap();
    says(&world, &papers, 0, YES).unwrap();
    documents::state(&world.app, world.codes[1], &world.withdrawal(1), NOW).unwrap();
    assert_eq!(board(&world.app, NOW).unwrap()[0].standing.word(), "refused");
}

#[test]
fn remarks_have_an_end_and_decisions_are_always_taken() {
    let world = finished();
    let papers = papers(&world);
    proposes(&world, &papers).unwrap();
    let remark = |number: usize| ReleaseSaid::Commented { text: format!("{number:4}{}", "é".repeat(990)) };
    let mut number = 0;
    let refused = loop {
        match says(&world, &papers, 1, remark(number)) {
            Ok(()) => number += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.code().to_string(), "C3071");
    assert!((100..200).contains(&number), "{number}");
    says(&world, &papers, 1, YES).unwrap();
}
