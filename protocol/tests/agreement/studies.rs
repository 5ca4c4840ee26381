//! Which studies may be answered, and which rule refuses the others.

use passage_protocol::{
    agreement::{Clause, ConsentRecord, Segment, takes_the_place_of},
    ids::{Digest, MemberCode},
    manifest::opening::RoundCall,
    refusal::Refusal,
};

use crate::papers::{COLLEGE, EXAMPLE, Papers, SCHOOL, TODAY, changed, signature, withdrawal};

#[test]
fn g04_document_names_its_consortium() {
    let mut papers = Papers::signed();
    assert_eq!(papers.check(), Ok(()));
    papers.authority = Digest([1; 32]);
    let clause = papers.check().unwrap_err();
    assert_eq!((clause, clause.rule()), (Clause::OtherConsortium, "G04"));
}

#[test]
fn a_study_is_bound_to_the_whole_digest_of_its_agreement() {
    let mut papers = Papers::signed();
    // A digest that shares the id people see, and no more.
    let mut near = papers.agreement_digest;
    near.0[31] ^= 1;
    papers.ask(&papers.agreement_digest.to_string(), &near.to_string());
    assert_eq!(papers.check(), Err(Clause::OtherAgreement));
}

#[test]
fn g01_participants_are_parties() {
    let mut papers = Papers::signed();
    papers.ask("M-00000002", "M-00000003");
    assert_eq!((papers.check(), Clause::NotAParty.rule()), (Err(Clause::NotAParty), "G01"));
}

#[test]
fn g10_a_withdrawal_refuses() {
    let mut papers = Papers::signed();
    papers.say(withdrawal(papers.agreement_digest, SCHOOL));
    assert_eq!(papers.check(), Err(Clause::Withdrawn));
}

#[test]
fn g01_an_amendment_that_all_have_signed_takes_the_place() {
    let papers = Papers::signed();
    let old = papers.agreement_digest.to_string();
    let mut later = Papers::unsigned(&changed(&"a1b2c3d4e5f60718293a4b5c6d7e8f90".repeat(2), &old));
    let takes = |later: &Papers| {
        takes_the_place_of(&later.agreement, &later.consents, &papers.agreement, papers.agreement_digest)
    };
    later.say(signature(later.agreement_digest, SCHOOL));
    assert!(!takes(&later), "one signature is missing");
    later.say(signature(later.agreement_digest, COLLEGE));
    assert!(takes(&later));
    let mut unrelated = later.agreement.clone();
    unrelated.amends = None;
    assert!(!takes_the_place_of(&unrelated, &later.consents, &papers.agreement, papers.agreement_digest));
    // A document among fewer parties ends nothing for those it leaves out.
    let mut fewer = later.agreement.clone();
    fewer.parties.remove(1);
    assert!(!takes_the_place_of(&fewer, &later.consents, &papers.agreement, papers.agreement_digest));

    let standing = papers.standing();
    let replaced =
        passage_protocol::agreement::Standing { replaced_by: Some(later.agreement_digest), ..standing };
    assert_eq!(replaced.check_study(TODAY), Err(Clause::Replaced));
}

#[test]
fn g14_a_round_begins_and_ends_within_the_term() {
    let mut papers = Papers::signed();
    papers.agreement.elements_agreed = passage_protocol::timestamp::Date { year: 2028, month: 9, day: 1 };
    assert_eq!(papers.refused_on("2029-07-31"), None);
    assert_eq!(papers.refused_on("2029-08-01"), Some("G14"));
    papers.agreement.elements_agreed = passage_protocol::timestamp::Date { year: 2026, month: 7, day: 15 };
    assert_eq!(papers.refused_on("2026-07-31"), Some("G14"));
    assert_eq!(papers.refused_on("2026-08-01"), None);

    let mut call = papers.call();
    assert_eq!(papers.standing().check_call(&call, TODAY), Ok(()));
    papers.agreement.expires = TODAY;
    call.deadline = call.opened.plus_s(2 * 86_400);
    let clause = papers.standing().check_call(&call, TODAY).unwrap_err();
    assert_eq!((clause.rule(), clause.code().0), ("G14", 0x041E));
    call.deadline = call.opened.plus_s(60);
    assert_eq!(papers.standing().check_call(&call, TODAY), Ok(()));
}

#[test]
fn g14_a_round_may_last_a_month_and_no_longer() {
    let papers = Papers::signed();
    let mut call = papers.call();
    call.deadline = call.opened.plus_s(31 * 86_400);
    assert_eq!(papers.standing().check_call(&call, TODAY), Ok(()));
    call.deadline = call.opened.plus_s(32 * 86_400);
    let clause = papers.standing().check_call(&call, TODAY).unwrap_err();
    assert_eq!((clause.rule(), clause.code().0), ("G14", 0x0430));
}

#[test]
fn g03_a_year_and_sixty_days_after_the_elements_were_agreed_rounds_stop() {
    let papers = Papers::signed();
    assert_eq!(papers.refused_on("2027-07-15"), None);
    assert_eq!(papers.refused_on("2027-09-13"), None);
    assert_eq!(papers.refused_on("2027-09-14"), Some("G03"));
    let mut early = Papers::signed();
    early.agreement.elements_agreed = early.agreement.expires;
    assert_eq!(early.check().unwrap_err().rule(), "G03", "a day that has not come");
}

#[test]
fn f02_a_study_is_for_one_of_the_agreed_purposes() {
    let mut papers = Papers::signed();
    papers.ask("\"improving-instruction\"", "\"student-aid\"");
    assert_eq!((papers.check(), Clause::PurposeOutside.rule()), (Err(Clause::PurposeOutside), "F2"));
}

#[test]
fn f03_cohorts_outside_the_agreed_years_are_refused_by_name() {
    let mut papers = Papers::signed();
    papers.ask("[\"2021-2022\", \"2022-2023\"]", "[\"2018-2019\", \"2022-2023\"]");
    let clause = papers.check().unwrap_err();
    assert_eq!(clause.rule(), "F3");
    assert!(clause.to_string().contains("2018-2019"), "{clause}");
}

#[test]
fn a_metric_outside_the_catalogue_is_refused_by_rule_4_4() {
    for (from, to) in [("version = 1", "version = 2"), ("college-going-12", "college-going-16")] {
        let mut papers = Papers::signed();
        papers.ask(from, to);
        assert_eq!((papers.check(), Clause::NotInCatalogue.rule()), (Err(Clause::NotInCatalogue), "4.4"));
    }
}

#[test]
fn a_committee_below_the_agreed_size_is_refused() {
    let mut papers = Papers::signed();
    papers.agreement.committee_min = 3;
    let clause = papers.check().unwrap_err();
    assert_eq!((clause, clause.rule()), (Clause::CommitteeTooSmall { asked: 2, least: 3 }, "SPEC 5.3"));
}

#[test]
fn g18_unitary_needs_both_lists_and_a_basis() {
    let ask = |agreement: &str| {
        let mut papers = Papers::unsigned(agreement);
        papers.ask("level = \"aggregate\"", "level = \"unitary\"");
        papers.say(signature(papers.agreement_digest, SCHOOL));
        papers.say(signature(papers.agreement_digest, COLLEGE));
        papers
    };
    let not_agreed = |from: MemberCode, to| Err(Clause::UnitaryNotAgreed { from, to });
    assert_eq!(ask(EXAMPLE).check(), not_agreed(SCHOOL, COLLEGE), "neither list says so");

    // Each share once more, at the level of rows.
    let start = EXAMPLE.find("[[share]]").unwrap();
    let end = EXAMPLE.find("# With `legal_basis = \"audit-evaluation\"`").unwrap();
    let unitary = EXAMPLE[start..end].replace("level = \"aggregate\"", "level = \"unitary\"");
    let second = unitary.rfind("[[share]]").unwrap();
    assert_eq!(
        ask(&format!("{EXAMPLE}{}", &unitary[..second])).check(),
        not_agreed(COLLEGE, SCHOOL),
        "one list alone"
    );
    let both = format!("{EXAMPLE}{unitary}");
    let mut papers = ask(&both);
    assert_eq!((papers.check(), Clause::UnitaryNotPossible.rule()), (Err(Clause::UnitaryNotPossible), "G18"));

    // The receiver's acceptance is needed as much as the giver's offer.
    let rows = papers
        .agreement
        .lines()
        .filter(|(_, line)| line.level == passage_protocol::agreement::Level::Unitary);
    let rows: Vec<u32> = rows.map(|(place, _)| place).collect();
    let passage_protocol::agreement::ConsentStatement::Chose(all) = papers.choice(COLLEGE, &[]) else {
        panic!()
    };
    let mut choice = all.value().clone();
    choice.accepts =
        passage_protocol::agreement::Ticks::new(choice.accepts.iter().filter(|place| !rows.contains(place)));
    let kind = passage_protocol::signing::SignatureKind::ShareAcceptance;
    papers.say(passage_protocol::agreement::ConsentStatement::Chose(crate::papers::signed(
        choice, kind, COLLEGE,
    )));
    assert_eq!(papers.check(), not_agreed(SCHOOL, COLLEGE));

    // Rows are not de-identified: such a document is not even read (F7).
    let (rule, _) = crate::papers::refused(&both.replacen("\"studies\"", "\"de-identified\"", 1));
    assert_eq!(rule, Some("F7"));
}

#[test]
fn a_call_made_from_other_choices_is_refused_before_it_is_answered() {
    // The coordinator knows of no choice; the school has taken an element out that this study does not even need.
    let mut papers = Papers::signed();
    papers.ask("preset = \"full\"", "preset = \"basic\"");
    let call = papers.call();
    assert_eq!(papers.standing().check_call(&call, TODAY), Ok(()));
    papers.say(papers.choice(SCHOOL, &["zip"]));
    assert_eq!(papers.check(), Ok(()));
    let clause = papers.standing().check_call(&call, TODAY).unwrap_err();
    assert_eq!((clause, clause.rule()), (Clause::OtherShares, "G02"));
    // What a third party chose does not concern the two.
    let mut record = ConsentRecord::new(papers.agreement_digest);
    for statement in papers.consents.statements() {
        record.take(&papers.agreement, statement).unwrap();
    }
    assert_eq!(papers.call().share_list, papers.standing().share_list());
}

#[test]
fn a_call_about_other_documents_is_refused() {
    let papers = Papers::signed();
    let changes: [fn(&mut RoundCall); 2] = [|call| call.study.0[31] ^= 1, |call| call.agreement.0[31] ^= 1];
    for change in changes {
        let mut call = papers.call();
        change(&mut call);
        assert_eq!(papers.standing().check_call(&call, TODAY), Err(Clause::OtherAgreement));
    }
}

#[test]
fn g02_a_member_whose_students_no_table_counts_needs_no_share() {
    let third = MemberCode([0, 0, 0, 0, 3]);
    let participants = "code = \"M-00000002\"\nrole = \"receiver\"";
    let more = format!("{participants}\n[[participant]]\ncode = \"M-00000003\"\nrole = \"receiver\"");
    let ask = |segment| {
        let mut papers = Papers::signed();
        papers.join(third, segment);
        papers.ask(participants, &more);
        papers.check()
    };
    // College-going looks for the school's students at colleges and universities: not at another school.
    assert_eq!(ask(Segment::K12), Ok(()));
    assert_eq!(ask(Segment::Univ).unwrap_err().rule(), "G02");
}

#[test]
fn g03_elements_agreed_on_today_are_agreed_on() {
    let mut papers = Papers::signed();
    papers.agreement.elements_agreed = TODAY;
    assert_eq!(papers.check(), Ok(()));
}
