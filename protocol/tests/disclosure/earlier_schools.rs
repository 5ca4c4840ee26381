//! Two studies that list other schools: what the rule of a sender's node makes of them.

use passage_protocol::{
    cells::{Dimension, Ethnicity, Gender, SchoolYear},
    codec::Encode,
    disclosure::{Counted, CountedStudent, Earlier, Judged, LedgerRefusal},
    ids::{Digest, RoundId},
};

use crate::earlier::{GROUPS_BYTES, alike, row_of};

const YEAR: SchoolYear = SchoolYear(2020);

fn student(number: u64, school: u8) -> CountedStudent {
    let (ethnicity, gender) = (Ethnicity::White, Gender::Female);
    CountedStudent { metric: 0, number, cohort: YEAR, ethnicity, gender, school, groups: [0; 8] }
}

/// Graduates of four schools, counted by those that a study lists.
fn by_school(question: u8, listed: &[u8], sizes: [u64; 4]) -> Counted {
    let mut students = Vec::new();
    for (school, size) in (1_u8..).zip(sizes) {
        let numbers = (0..size).map(|number| u64::from(school) * 1_000 + number);
        students.extend(numbers.map(|number| student(number, row_of(school, listed))));
    }
    let tables = [Dimension::All, Dimension::School].map(|by| ("college-going-12".to_owned(), by));
    Counted::new(Digest([question; 32]), 11, tables, &[YEAR], students)
}

fn kept(counted: &Counted) -> [Earlier; 1] {
    let counted = Counted::from_own_store(&counted.for_own_store()).unwrap();
    [Earlier { round: RoundId([7; 16]), is_answered: true, counted }]
}

#[test]
fn a_school_that_another_study_leaves_among_the_others_is_not_told_by_the_difference() {
    let judged = |first: (&[u8], [u64; 4]), second: (&[u8], [u64; 4])| {
        let earlier = kept(&by_school(1, first.0, first.1));
        by_school(2, second.0, second.1).judge(&earlier).map_err(|isolated| isolated.refusal)
    };
    let (isolates, together) = (Err(LedgerRefusal::Isolates), Err(LedgerRefusal::IsolatesTogether));
    // Five graduates of the third school. Withheld together with all that the first study told of them, they stay so.
    let sizes = [60, 40, 5, 30];
    assert_eq!(judged((&[1, 2], sizes), (&[1, 2, 3], sizes)), Ok(Judged::Fresh));
    assert_eq!(judged((&[1, 2], sizes), (&[1, 2, 4], sizes)), Ok(Judged::Fresh));
    // Withheld together with the second school: the others are shown once with the five and once without.
    let sizes = [60, 12, 5, 30];
    assert_eq!(judged((&[1, 2], sizes), (&[1, 2, 3], sizes)), isolates);
    assert_eq!(judged((&[1, 2, 3], sizes), (&[1, 2], sizes)), isolates, "in whichever order");
    // No two rows are near each other, but all less the first, the others and the second school are the five.
    let sizes = [60, 20, 5, 30];
    assert_eq!(judged((&[1, 2, 3], sizes), (&[2], sizes)), together);
    assert_eq!(judged((&[2], sizes), (&[1, 2, 3], sizes)), together);
    // Enough of every school: another one has a row of its own; the same ones in another order.
    let enough = [60, 40, 15, 30];
    assert_eq!(judged((&[1, 2], enough), (&[1, 2, 3], enough)), Ok(Judged::Fresh));
    assert_eq!(judged((&[1, 2, 3], enough), (&[3, 1, 2], enough)), Ok(Judged::Fresh));
}

#[test]
fn one_student_of_another_school_is_refused_though_the_cohort_is_the_same() {
    let of = |question: u8, moved: u64| {
        let students = (0..80).map(|number| student(number, 1 + u8::from(number < 30 + moved)));
        let tables = [Dimension::All, Dimension::School].map(|by| ("college-going-12".to_owned(), by));
        Counted::new(Digest([question; 32]), 11, tables, &[YEAR], students)
    };
    let judged = |moved| of(1, moved).judge(&kept(&of(1, 0)));
    assert_eq!(judged(0), Ok(Judged::AnsweredBy(RoundId([7; 16]))));
    let isolated = judged(1).unwrap_err();
    assert_eq!((isolated.refusal, isolated.dimension), (LedgerRefusal::Isolates, Dimension::School));
    assert!(isolated.to_string().contains("by school"), "{isolated}");
    assert_eq!(judged(11), Ok(Judged::Fresh));
}

#[test]
fn what_was_kept_before_tables_were_by_school_is_held_against_one() {
    let mut bytes = alike(1, 0..40).for_own_store();
    bytes.truncate(bytes.len() - GROUPS_BYTES);
    let schools = bytes.split_off(bytes.len() - 44);
    assert_eq!(schools, vec![0_u8; 40].to_bytes(), "a byte for each of forty");
    let counted = Counted::from_own_store(&bytes).unwrap();
    let kept = [Earlier { round: RoundId([7; 16]), is_answered: true, counted }];
    assert_eq!(alike(1, 0..40).judge(&kept), Ok(Judged::AnsweredBy(RoundId([7; 16]))));
    // Of the forty 28 are of one school, which gets a row.
    let asked = |from: u64| {
        let students = (from..40).map(|number| student(number, u8::from(number >= 12)));
        let tables = [("college-going-12".to_owned(), Dimension::School)];
        Counted::new(Digest([2; 32]), 11, tables, &[YEAR], students)
    };
    assert_eq!(asked(0).judge(&kept), Ok(Judged::Fresh), "twelve and twenty-eight of forty");
    let isolated = asked(1).judge(&kept).unwrap_err();
    assert_eq!(isolated.refusal, LedgerRefusal::IsolatesTogether, "eleven and twenty-eight leave one");
    for cut in [1, 5, 43] {
        let mut torn = [&bytes[..], &schools].concat();
        torn.truncate(torn.len() - cut);
        assert!(Counted::from_own_store(&torn).is_err(), "{cut}");
    }
    let short = [&bytes[..], &vec![0_u8; 39].to_bytes()].concat();
    assert!(Counted::from_own_store(&short).is_err(), "a school for each student");
}
