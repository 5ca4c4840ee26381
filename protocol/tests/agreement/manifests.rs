//! A lying manifest, field by field: what follows from study and agreement is computed again and must be the same.

use passage_protocol::{
    agreement::{Clause, ManifestPart as Part, Permit, Segment},
    cells::{Dimension, SchoolYear},
    manifest::{Bridge, Manifest, bridges, shapes::ColumnKey, shapes::First},
    refusal::Refusal,
};

use crate::papers::{COLLEGE, Papers, SCHOOL, TODAY};

type Change = fn(&mut Manifest);

fn granted(papers: &Papers, manifest: &Manifest) -> Result<(), Clause> {
    Permit::grant(&papers.standing(), manifest, SCHOOL, TODAY).map(|permit| {
        assert_eq!(permit.manifest(), manifest.digest());
    })
}

#[test]
fn an_honest_manifest_is_granted() {
    let papers = Papers::signed();
    assert_eq!(granted(&papers, &papers.manifest()), Ok(()));
}

#[test]
fn every_field_of_a_manifest_is_bound() {
    let content = || Clause::OtherThanAgreed(Part::Content);
    let seats = || Clause::OtherThanAgreed(Part::Seats);
    let committee = || Clause::OtherThanAgreed(Part::Committee);
    let changes: Vec<(&str, Change, Clause)> = vec![
        ("wire", |m| m.wire += 1, Clause::OtherThanAgreed(Part::Wire)),
        ("study", |m| m.study.0[31] ^= 1, Clause::OtherAgreement),
        ("agreement", |m| m.agreement.0[31] ^= 1, Clause::OtherAgreement),
        ("share list", |m| m.share_list.0[31] ^= 1, Clause::OtherShares),
        ("seats: one less", |m| m.seats.truncate(1), seats()),
        ("seats: one more", |m| m.seats.push(m.seats[0].clone()), seats()),
        ("seats: another code", |m| m.seats[1].code.0[4] = 9, seats()),
        ("seats: another kind", |m| m.seats[1].segment = Segment::Univ, seats()),
        ("seats: another key", |m| m.seats[1].signing_key = m.seats[0].signing_key, seats()),
        ("seats: swapped", |m| m.seats.swap(0, 1), seats()),
        (
            "committee: one less",
            |m| m.committee.truncate(1),
            Clause::CommitteeTooSmall { asked: 1, least: 2 },
        ),
        ("committee: one twice", |m| m.committee[1] = m.committee[0], committee()),
        ("committee: a stranger", |m| m.committee[1] = 7, committee()),
        ("committee: a share less", |m| m.shares.truncate(1), committee()),
        ("column keys: one less", |m| m.column_keys.truncate(1), content()),
        (
            "column keys: another",
            |m| m.column_keys[0] = ColumnKey::Window { metric: "x".to_owned(), place: 0 },
            content(),
        ),
        ("recipes: one less", |m| m.recipes.truncate(1), content()),
        ("recipes: another", |m| m.recipes[0].0[0] ^= 1, content()),
        ("recipes: swapped", |m| m.recipes.swap(0, 1), content()),
        ("lists: one less", |m| m.lists.truncate(1), content()),
        ("lists: another owner", |m| m.lists[0].owner = 1, content()),
        ("lists: other rows", |m| m.lists[0].rows += 1, content()),
        ("lists: a slot more", |m| m.lists[0].slots.push(1), content()),
        ("lists: a column more", |m| m.lists[1].columns.push(1), content()),
        ("lists: not blinded", |m| m.lists[0].first = First::Blinded, content()),
        ("lists: another order", |m| m.lists[0].passes.reverse(), content()),
        ("tables: none", |m| m.tables.clear(), content()),
        ("tables: one less", |m| m.tables.truncate(1), content()),
        ("tables: one twice", |m| m.tables.push(m.tables[0].clone()), content()),
        ("tables: another metric", |m| m.tables[0].metric.push('x'), content()),
        ("tables: another version", |m| m.tables[0].version += 1, content()),
        ("tables: a cohort more", |m| m.tables[0].domain.cohorts.push(SchoolYear(2023)), content()),
        ("tables: another dimension", |m| m.tables[0].domain.dimension = Dimension::Gender, content()),
        ("tables: another sender", |m| m.tables[0].sender = 1, content()),
        ("tables: no receiver", |m| m.tables[0].receivers.clear(), content()),
        ("tables: another cell key", |m| m.tables[0].cell_key += 1, content()),
        ("tables: another window key", |m| m.tables[0].window_keys[0] += 1, content()),
        (
            "bridges: one that was not asked for",
            |m| m.bridges.push(Bridge { sender: 0, receiver: 1, through: vec![1] }),
            content(),
        ),
        (
            "noise: none",
            |m| (m.noise.epsilon_milli, m.noise.delta_ppt) = (0, 0),
            Clause::DisclosureNotAsAgreed,
        ),
        ("noise: epsilon", |m| m.noise.epsilon_milli += 1, Clause::DisclosureNotAsAgreed),
        ("noise: delta", |m| m.noise.delta_ppt += 1, Clause::DisclosureNotAsAgreed),
        ("floor: lower", |m| m.floor -= 1, Clause::DisclosureNotAsAgreed),
        ("floor: higher", |m| m.floor += 1, Clause::DisclosureNotAsAgreed),
    ];
    let papers = Papers::signed();
    for (what, change, expected) in changes {
        let mut manifest = papers.manifest();
        change(&mut manifest);
        assert_eq!(granted(&papers, &manifest), Err(expected), "{what}");
    }
}

#[test]
fn g14_a_deadline_after_the_term_is_refused() {
    let papers = Papers::signed();
    let mut manifest = papers.manifest();
    manifest.deadline = manifest.deadline.plus_s(4 * 366 * 86_400);
    assert_eq!(granted(&papers, &manifest).unwrap_err().rule(), "G14");
}

/// What the documents do not decide is bound by the digest that everybody signs: another value is another manifest.
#[test]
fn what_only_the_opening_decides_changes_the_digest() {
    let changes: Vec<(&str, Change)> = vec![
        ("round", |m| m.round.0[0] ^= 1),
        ("opened", |m| m.opened = m.opened.plus_s(1)),
        ("deadline", |m| m.deadline = m.deadline.plus_s(1)),
        ("declared rows", |m| {
            m.seats[0].rows += 1;
            m.lists[0].rows += 1;
        }),
        ("round keys", |m| m.seats[0].hpke_key[0] ^= 1),
        ("key shares", |m| m.shares.swap(0, 1)),
    ];
    let papers = Papers::signed();
    let honest = papers.manifest().digest();
    for (what, change) in changes {
        let mut manifest = papers.manifest();
        change(&mut manifest);
        assert_eq!(granted(&papers, &manifest), Ok(()), "{what}");
        assert_ne!(manifest.digest(), honest, "{what}");
    }
}

#[test]
fn the_budget_is_charged_by_table_and_member() {
    let mut papers = Papers::signed();
    let manifest = papers.manifest();
    assert_eq!(manifest.tables.len(), 3);
    papers.spent_milli = 14_000;
    assert_eq!(granted(&papers, &manifest), Ok(()));
    papers.spent_milli = 14_001;
    let spent = Clause::BudgetSpent { wanted_milli: 6_000, left_milli: 5_999 };
    assert_eq!((granted(&papers, &manifest), spent.rule()), (Err(spent), "4.4"));
}

#[test]
fn a_permit_is_judged_with_the_study() {
    let mut papers = Papers::signed();
    let manifest = papers.manifest();
    papers.say(papers.choice(COLLEGE, &["ssid"]));
    assert_eq!(granted(&papers, &manifest).unwrap_err().code().0, 0x041A);
}

#[test]
fn a_member_through_whose_list_a_table_is_linked_takes_part_in_it_and_is_charged() {
    let mut papers = Papers::signed();
    let mut manifest = papers.manifest();
    // The agency, participant 2, stands in one table; the college, participant 1, in the others.
    manifest.tables[2].receivers = vec![2];
    assert_eq!(bridges(&papers.study, &manifest.tables), [], "the study asks for none");
    papers.study.bridges = true;
    manifest.bridges = bridges(&papers.study, &manifest.tables);
    let between = |receiver, middle| Bridge { sender: 0, receiver, through: vec![middle] };
    assert_eq!(manifest.bridges, [between(1, 2), between(2, 1)], "through any table of the sender");
    let [first, _, last] = manifest.tables.as_slice() else { panic!("three tables") };
    assert!(!last.concerns(1) && manifest.takes_part(last, 1) && manifest.takes_part(first, 2));
    assert_eq!((manifest.through(0, 2), manifest.through(0, 7)), ([1].as_slice(), [].as_slice()));
    manifest.bridges.clear();
    assert!(!manifest.takes_part(last, 1), "without bridges only those it names");
}
