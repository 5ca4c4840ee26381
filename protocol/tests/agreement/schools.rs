//! Studies by school under an agreement: whose schools are listed, that the element is shared, and how many may be asked for.

use passage_protocol::{
    agreement::{Clause, NoiseTerms, SCHOOL_COUNTS_EXACT_MAX, Segment, Study, effective},
    cells::Dimension,
};

use crate::papers::{COLLEGE, EXAMPLE, Papers, SCHOOL, changed, signature, study_text};

const TWO: &str = "schools = [{ code = \"1930361\", name = \"Lincoln High\" }, { code = \"1930362\", name = \"Washington High\" }]";

/// Papers of a district that lets its schools be told, and a study by school with such a list of it.
fn papers(agreement: &str, schools: &str) -> Papers {
    let mut papers = Papers::unsigned(agreement);
    papers.say(signature(papers.agreement_digest, SCHOOL));
    papers.say(signature(papers.agreement_digest, COLLEGE));
    let by = "by = [\"all\", \"ethnicity\", \"gender\"]";
    let text = study_text(papers.agreement_digest);
    assert!(text.contains(by));
    let text = text.replace(by, "by = [\"all\", \"school\"]");
    papers.study =
        Study::parse(&text.replacen("role = \"sender\"\n", &format!("role = \"sender\"\n{schools}\n"), 1))
            .unwrap();
    papers
}

fn sharing() -> String {
    changed("\"completer-cohort\", \"ethnicity\",", "\"completer-cohort\", \"ethnicity\", \"school\",")
}

#[test]
fn g02_the_school_of_a_student_is_told_to_whom_it_is_shared_with() {
    let sees = |papers: &Papers, viewer| {
        let shares = effective(&papers.agreement, papers.agreement_digest, &papers.consents);
        shares.may_see(viewer, SCHOOL, COLLEGE, Dimension::School)
    };
    let shared = papers(&sharing(), TWO);
    assert_eq!(shared.check(), Ok(()));
    assert!(sees(&shared, SCHOOL) && sees(&shared, COLLEGE));
    // Not in the share list: its owner may see the count all the same, the college may not.
    let unshared = papers(EXAMPLE, TWO);
    assert_eq!((sees(&unshared, SCHOOL), sees(&unshared, COLLEGE)), (true, false));
    assert_eq!(unshared.check(), Ok(()));
    // And where the college tells the district nothing, nobody may.
    let mut silent = papers(&sharing(), TWO);
    silent.say(silent.choice(SCHOOL, &["school"]));
    silent.say(silent.choice(COLLEGE, &["school-year"]));
    let missing = Clause::ElementNotShared { from: SCHOOL, to: COLLEGE, element: "school" };
    assert_eq!(silent.check(), Err(missing));
}

#[test]
fn a1_a_study_by_school_lists_the_schools_of_districts_and_of_nobody_else() {
    let mut bare = papers(&sharing(), TWO);
    bare.study.participants[0].schools.clear();
    let refused = bare.check().unwrap_err();
    assert_eq!((refused, refused.rule()), (Clause::NoSchools { of: SCHOOL }, "A1"));
    let mut other = papers(&sharing(), TWO);
    other.study.participants[1].schools = other.study.participants[0].schools.clone();
    assert_eq!(other.check(), Err(Clause::NoSchools { of: COLLEGE }));
    // A sender that is no district has no schools of completion.
    let mut college = papers(&sharing(), TWO);
    let sender = college.agreement.parties.iter_mut().find(|party| party.code == SCHOOL).unwrap();
    sender.segment = Segment::Cc;
    assert_eq!(college.check(), Err(Clause::NoSchools { of: SCHOOL }));
}

#[test]
fn a1_more_counts_than_are_judged_together_are_refused_before_a_round() {
    let listed = |count: usize| {
        let one = |at: usize| format!("{{ code = \"{at:07}\", name = \"School {at}\" }}");
        format!("schools = [{}]", (0..count).map(one).collect::<Vec<_>>().join(", "))
    };
    // Without noise 204 rows, each seen or not.
    let mut exact = papers(&sharing(), &listed(200));
    assert_eq!(exact.check(), Ok(()));
    exact.agreement.noise = NoiseTerms::None { consent: "The parties accept exact tables.".to_owned() };
    assert_eq!(exact.check(), Ok(()));
    // A second receiver of the same kind: four patterns.
    let third = passage_protocol::ids::MemberCode([0, 0, 0, 0, 3]);
    let mut two = papers(&sharing(), &listed(200));
    two.join(third, Segment::Cc);
    let mut added = two.study.participants[1].clone();
    added.code = third;
    two.study.participants.push(added);
    let of_noisy = two.check();
    assert!(!matches!(of_noisy, Err(Clause::TooManySchools { .. })), "{of_noisy:?}");
    two.agreement.noise = exact.agreement.noise.clone();
    let refused = two.check().unwrap_err();
    let expected = Clause::TooManySchools { counts: 804, most: SCHOOL_COUNTS_EXACT_MAX };
    assert_eq!((refused, refused.rule()), (expected, "A1"));
}
