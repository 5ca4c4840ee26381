//! Two members and what passes between them: proposed, checked, approved, exported, or kept inside.

mod pair;

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};

use passage_protocol::{
    disclosure::Mark,
    ids::RoundId,
    release::KEPT_DAYS,
    signing::SignatureKind,
    wire::{ReleaseFormat, ReleaseSaid},
};
use passage_shell::{clock, store::Op};

use self::pair::{CODES, Pair, ROUND, SIGNERS, YES, key, report};
use super::{council::views_approved, *};
use crate::{
    command::{Asked as Gated, Command, Node, ReleaseCommand, execute},
    data::{Extent, ImportMode, ImportRequest, Problems},
    people::{
        accounts::NewAccount,
        hidden::Hidden,
        login::Credentials,
        role::{Role, Roles},
        session::new_token,
    },
    records::SEALED_REPORTS,
};

fn code<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
    outcome.unwrap_err().code().to_owned()
}

#[test]
fn g07_a_table_leaves_with_every_yes_and_both_write_the_same_bytes() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Csv, "The public session", Vec::new()).unwrap();
    pair.relay();
    for member in 0..2 {
        assert_eq!(code(pair.export(member, id, clock::now())), "P0459");
        pair.approve(member, id, YES).unwrap();
        assert_eq!(code(pair.approve(member, id, YES)), "N2341");
    }
    pair.relay();
    assert_eq!(code(pair.export(0, id, clock::now())), "P045A");
    let later = pair.time_passes();
    let written = [pair.export(0, id, later).unwrap(), pair.export(1, id, later).unwrap()];
    let bytes = written.each_ref().map(|one| std::fs::read(&one.file).unwrap());
    assert!(bytes[0] == bytes[1] && bytes[0].starts_with(b"run,table,"));
    assert_eq!(Digest::of_blob(&bytes[0]), pair.held(0, id).release.proposal().file.digest);
    // Each verifies the file of the other by its sheet, and the notes.
    let sheet = std::fs::read_to_string(&written[0].sheet).unwrap();
    let (_, part, _) = pair.home(1).verify_release(&bytes[0], &sheet).unwrap();
    assert_eq!(part, "the file");
    let notes = std::fs::read(written[1].notes.as_ref().unwrap()).unwrap();
    assert_eq!(pair.home(1).verify_release(&notes, &sheet).unwrap().1, "the notes beside the file");
    let mut changed = bytes[0].clone();
    changed[20] ^= 1;
    assert_eq!(code(pair.home(1).verify_release(&changed, &sheet)), "P045E");
    // What stands is not taken back, and nothing more is said to it.
    let refused = pair.home(1).refuse_release(&pair.held(1, id), SIGNERS[1], "");
    assert_eq!(code(refused), "N2342", "the real clock has not reached the end of the time for comments");
}

#[test]
fn g07_one_silent_member_keeps_it_inside_and_a_yes_made_up_for_it_is_on_record() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap();
    pair.relay();
    pair.approve(0, id, YES).unwrap();
    pair.relay();
    let later = pair.time_passes();
    assert_eq!(code(pair.export(0, id, later)), "P0459");
    let word = ReleaseWord {
        release: id.0,
        party: CODES[1],
        signer: SIGNERS[1].to_owned(),
        at: later,
        said: ReleaseSaid::Approved { no_disadvantage: true, named: false },
    };
    pair.words.push(Signed::new(word, SignatureKind::ReleaseDecision, Some(ROUND), &key(0)));
    pair.relay();
    assert_eq!(code(pair.export(0, id, later)), "P0459");
    let log = std::fs::read_dir(pair.home(0).audit_folder()).unwrap();
    let log: String = log.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok()).collect();
    assert!(log.contains("release.account.refused") && log.contains("P0451"), "{log}");
    // What was seen is missed when it is not told any more.
    pair.words.clear();
    pair.home(1).learn_release(id.0, &[]).unwrap();
    assert!(pair.held(1, id).release.approval(CODES[0]).is_some(), "nothing is forgotten");
}

#[test]
fn g07_a_refusal_takes_a_yes_back_and_is_final() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap();
    pair.relay();
    for member in 0..2 {
        pair.approve(member, id, YES).unwrap();
    }
    pair.home(1).refuse_release(&pair.held(1, id), SIGNERS[1], "2019 is ours alone.").unwrap();
    // Also for a coordinator that hides it: without the refusal the word is missing that the yes stands.
    let later = clock::now().plus_s(61);
    assert_eq!(pair.home(1).confirm_releases(later).unwrap(), 0);
    pair.relay();
    assert_eq!(code(pair.export(0, id, later)), "P045B");
    assert_eq!(code(pair.approve(1, id, YES)), "P045B");
}

#[test]
fn g08_and_f11_hold_at_the_command_too() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", vec![CODES[1]]).unwrap();
    pair.relay();
    assert_eq!(code(pair.approve(0, id, Yes::default())), "P0453");
    assert_eq!(code(pair.approve(1, id, YES)), "P0454");
    let stranger = pair.home(0).approve_release(&pair.held(0, id), "Somebody", YES);
    assert_eq!(code(stranger), "P0452");
    pair.approve(1, id, Yes { named: true, ..YES }).unwrap();
    let file = pair.home(1).release_file(id).unwrap().unwrap().file;
    let page = String::from_utf8(file).unwrap();
    assert!(page.contains("is Birch Community College, with its consent") && !page.contains("Alder"));
}

#[test]
fn g07_figures_that_are_not_those_of_the_own_report_get_no_yes() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap();
    pair.relay();
    let mut own = report(1, "College-going");
    own.tables[0].cells[1].mark = Mark::Value { value: 61, low: 61, high: 61 };
    pair.home(1).keep_report(ROUND, &own.to_bytes()).unwrap();
    assert_eq!(code(pair.approve(1, id, YES)), "P0457");
    // And none without a report to compare with.
    pair.home(1).store.commit(&[Op::delete(SEALED_REPORTS, ROUND.0)]).unwrap();
    assert_eq!(code(pair.approve(1, id, YES)), "N2343");
}

#[test]
fn g09_names_and_codes_of_the_agreement_and_of_the_own_data_stay_inside() {
    let named = Pair::titled("From Alder Unified to college");
    assert_eq!(code(named.propose(ReleaseFormat::Html, "The public session", Vec::new())), "P0458");
    // What a table has no room for is in its notes, which are searched as well.
    assert_eq!(code(named.propose(ReleaseFormat::Csv, "The public session", Vec::new())), "P0458");
    named.propose(ReleaseFormat::Html, "The public session", vec![CODES[0]]).unwrap();

    let pair = Pair::new();
    let code_inside = "The board of school 1975671";
    pair.propose(ReleaseFormat::Html, code_inside, Vec::new()).unwrap();
    let file = pair.out(0, "SENR.txt");
    let fixture =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members/K12A/K12A-SENR.txt");
    let line = std::fs::read_to_string(fixture).unwrap().lines().next().unwrap().to_owned();
    let mut fields: Vec<&str> = line.split('^').collect();
    let school =
        fields.iter().position(|field| field.len() == 7 && field.bytes().all(|byte| byte.is_ascii_digit()));
    fields[school.unwrap()] = "1975671";
    std::fs::write(&file, format!("{}\n", fields.join("^"))).unwrap();
    let request = ImportRequest {
        files: vec![file],
        layouts: Vec::new(),
        period: None,
        extent: Extent::Named,
        mode: ImportMode::Keep,
        problems: Problems::CountOnly,
    };
    let outcome = pair.home(0).import(&request, &|_| ControlFlow::Continue(())).unwrap();
    assert!(outcome.files.iter().all(|file| file.refusal.is_none()), "{outcome:?}");
    let refused = pair.propose(ReleaseFormat::Html, &format!("{code_inside}."), Vec::new());
    assert_eq!(code(refused), "P0458");
}

#[test]
fn g07_a_proposal_about_another_round_is_not_kept() {
    let pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap();
    let papers = pair.held(0, id).papers;
    let mut other_round = papers.clone();
    other_round.proposal.round = RoundId([1; 16]);
    let mut shorter = papers.clone();
    shorter.proposal.comments_until.0 -= 1;
    for papers in [other_round, shorter] {
        let release = ReleaseId::of(&papers.proposal).0;
        assert_eq!(code(pair.home(1).keep_release(release, papers)), "P0455");
    }
    assert_eq!(code(pair.home(1).keep_release(Digest([1; 32]), papers)), "P0455");
    assert!(pair.home(1).releases().unwrap().is_empty());
}

#[test]
fn l4_a_member_that_has_halted_lets_nothing_out() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Csv, "The public session", Vec::new()).unwrap();
    pair.relay();
    for member in 0..2 {
        pair.approve(member, id, YES).unwrap();
    }
    pair.relay();
    pair.home(1).halt_participation("Superintendent").unwrap();
    let later = clock::now().plus_s(61);
    assert_eq!(pair.home(0).confirm_releases(later).unwrap(), 1);
    assert_eq!(pair.home(1).confirm_releases(later).unwrap(), 0, "no yes stands of itself");
    pair.relay();
    assert_eq!(code(pair.export(0, id, later)), "P0459");
    assert_eq!(code(pair.export(1, id, later)), "N2223");
    // It may still say no.
    pair.home(1).refuse_release(&pair.held(1, id), SIGNERS[1], "").unwrap();
    pair.relay();
    assert_eq!(code(pair.export(0, id, later)), "P045B");
}

#[test]
fn g21_only_approved_releases_are_views_of_approved_aggregates() {
    let mut pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap().to_string();
    pair.relay();
    let views = |pair: &Pair, command| views_approved(pair.home(0), &Command::Release(command)).unwrap();
    let show = || ReleaseCommand::Show { id: id.clone(), out: None };
    let export = || ReleaseCommand::Export { id: id.clone(), out: PathBuf::from("x") };
    assert!(!views(&pair, show()) && !views(&pair, export()));
    assert!(!views(&pair, ReleaseCommand::List { approved: false }));
    assert!(views(&pair, ReleaseCommand::List { approved: true }));
    assert!(!views_approved(pair.home(0), &Command::ReportList).unwrap());
    let name = pair.home(0).release(&id).unwrap().release.id();
    for member in 0..2 {
        pair.approve(member, name, YES).unwrap();
    }
    pair.relay();
    pair.time_passes();
    // Approved in a minute from now: not yet by this clock.
    assert!(!views(&pair, show()));
    let held = pair.held(0, name);
    let later = clock::now().plus_s(62);
    assert!(matches!(held.standing(later), Standing::Approved { .. }));
    let refuse = ReleaseCommand::Refuse { id: id.clone(), by: "x".to_owned(), reason: String::new() };
    assert!(!views(&pair, refuse));
}

#[test]
fn g21_the_council_is_refused_a_release_that_is_not_approved() {
    let pair = Pair::new();
    let id = pair.propose(ReleaseFormat::Html, "The public session", Vec::new()).unwrap().to_string();
    let [school, _college] = pair.members;
    let home = Arc::new(school.home);
    let passphrase = Hidden::new("a passphrase of some length".to_owned().into());
    for (name, role) in [("ada", Role::Admin), ("cora", Role::Council), ("rea", Role::Reader)] {
        let (roles, passphrase) = (Roles::of(&[role]), passphrase.expose());
        home.add_account(&NewAccount { name, person: name, roles, passphrase }, "ada").unwrap();
    }
    let node = Node { home: Arc::clone(&home), driver: None };
    let shown_to = |name: &str| {
        let token = new_token().unwrap();
        let code = Hidden::default();
        home.log_in(&Credentials { name, passphrase: &passphrase, code: &code }, &token).unwrap();
        let live = home.live_session(&token).unwrap();
        home.accept_principles(live.as_ref(), name, None, &token).unwrap();
        let command = Command::Release(ReleaseCommand::Show { id: id.clone(), out: None });
        execute(&node, Gated { session: Some(token), command }, &|_| ControlFlow::Continue(()))
    };
    shown_to("rea").unwrap();
    let refused = shown_to("cora").unwrap_err();
    assert_eq!((refused.code(), refused.rule()), ("N2322", Some("G21")));
    assert!(refused.to_string().contains("release list --approved"), "{refused}");
}

#[test]
fn g15_a_proposal_that_came_to_nothing_is_erased_and_an_approved_one_stays() {
    let mut pair = Pair::new();
    let lapsed = pair.propose(ReleaseFormat::Csv, "Nobody answers", Vec::new()).unwrap();
    pair.relay();
    let end = pair.held(1, lapsed).papers.proposal.lapses.plus_s(KEPT_DAYS * 86_400);
    assert_eq!(pair.home(1).forget_releases(end).unwrap(), 0, "kept for thirty days");
    assert_eq!(pair.home(1).forget_releases(end.plus_s(1)).unwrap(), 1);
    assert!(pair.home(1).release(&lapsed.to_string()).is_err());
    let store = &pair.home(1).store;
    assert!(
        [RELEASES, RELEASE_WORDS, RELEASE_FILES]
            .iter()
            .all(|table| store.scan(*table, &[]).unwrap().is_empty())
    );

    let mut pair = Pair::new();
    let approved = pair.propose(ReleaseFormat::Csv, "The public session", Vec::new()).unwrap();
    pair.relay();
    for member in 0..2 {
        pair.approve(member, approved, YES).unwrap();
    }
    pair.relay();
    pair.time_passes();
    let end = pair.held(0, approved).papers.proposal.lapses.plus_s(KEPT_DAYS * 86_400 + 1);
    assert_eq!(pair.home(0).forget_releases(end).unwrap(), 0);
    pair.export(0, approved, end).unwrap();
}
