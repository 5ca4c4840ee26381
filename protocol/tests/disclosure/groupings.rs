//! Groupings under the disclosure rules: a breakdown as any other.

use passage_protocol::{
    cells::{CellDomain, Dimension, Ethnicity, Gender, Grouping, SchoolYear},
    disclosure::{
        Counted, CountedStudent, DisclosurePolicy, Earlier, Judged, LedgerRefusal, MetricRef, NoiseStatement,
        RawTable, ReleasedTable, TableColumns, release_all, source_floor,
    },
    ids::{Digest, MemberCode, RoundId},
};

use crate::random::Dice;

const YEAR: SchoolYear = SchoolYear(2021);

/// Students by category and by how many of two receivers saw them.
fn released(
    dimension: Dimension,
    others: Dimension,
    students: &[(usize, usize, usize)],
) -> Vec<ReleasedTable> {
    let table = |dimension: Dimension, of: fn(&(usize, usize, usize)) -> usize| {
        let domain = CellDomain::new(vec![YEAR], dimension);
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[of(student)] += 1);
        let withheld = source_floor(&own, domain.categories(), 11);
        let mut counts = vec![0_i64; domain.len() * 4];
        for student in students.iter().filter(|student| !withheld[of(student)]) {
            counts[of(student) * 4 + student.2] += 1;
        }
        let groups = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        let columns = TableColumns::of_one("enrolled", vec![MemberCode([2; 5]), MemberCode([3; 5])]);
        let metric = MetricRef { id: "college-going-12".to_owned(), version: 1 };
        RawTable::new(metric, domain, MemberCode([1; 5]), columns, counts, groups, NoiseStatement::Nil)
            .unwrap()
    };
    let raw = vec![
        table(Dimension::All, |_| 0),
        table(others, |student| student.1),
        table(dimension, |student| student.0),
    ];
    release_all(raw, &DisclosurePolicy::default())
}

#[test]
fn a_grouping_is_protected_as_any_breakdown() {
    // Of four categories each, beside another breakdown: the same counts under two names.
    let [gender, grouping] = [Dimension::Gender, Dimension::Group(Grouping::EnglishLearner)];
    assert_eq!(CellDomain::new(vec![YEAR], grouping).categories(), Gender::LABELS.len());
    let mut withheld = 0;
    for seed in 0..60 {
        let mut dice = Dice::new(7_700_000 + seed);
        let count = 60 + dice.below(200);
        let students: Vec<(usize, usize, usize)> = (0..count)
            .map(|_| {
                let group = [0, 1, 1, 1, 2, 2, 2, 2, 3, 3][dice.below(10) as usize];
                let income = dice.below(2) as usize;
                (group, income, [0, 0, 0, 1, 1, 2, 3][dice.below(7) as usize])
            })
            .collect();
        let others = Dimension::Group(Grouping::LowIncome);
        let [one, other] = [gender, grouping].map(|dimension| released(dimension, others, &students));
        for (first, second) in one.iter().zip(&other) {
            assert_eq!(first.cells, second.cells, "seed {seed}");
            withheld += first.cells.iter().filter(|cell| cell.mark.value().is_none()).count();
        }
    }
    assert!(withheld > 500, "{withheld}: there was something to protect");
}

/// What a question counts: students of whom the first `disadvantaged` are so, and of these `homeless` are homeless; by which groupings each metric asks.
fn counted(disadvantaged: u64, homeless: u64, tables: &[(&str, Grouping)]) -> Counted {
    let tables: Vec<(String, Dimension)> = tables
        .iter()
        .flat_map(|(metric, grouping)| {
            [Dimension::All, Dimension::Group(*grouping)].map(|by| ((*metric).to_owned(), by))
        })
        .collect();
    let metrics: std::collections::BTreeSet<&String> = tables.iter().map(|(metric, _)| metric).collect();
    let groupings = Grouping::among(tables.iter().map(|(_, dimension)| *dimension));
    let student = |metric: u16, number: u64| {
        let category = |grouping: &Grouping| {
            let inside = [(Grouping::LowIncome, disadvantaged), (Grouping::Homeless, homeless)];
            let known = inside.iter().find(|(one, _)| one == grouping);
            u8::from(known.map_or(number.is_multiple_of(2), |(_, students)| number < *students))
        };
        let mut said = groupings.iter().map(category);
        CountedStudent {
            metric,
            number,
            cohort: YEAR,
            ethnicity: Ethnicity::White,
            gender: Gender::Female,
            school: 0,
            groups: core::array::from_fn(|_| said.next().unwrap_or(0)),
        }
    };
    let students = (0_u16..).zip(&metrics).flat_map(|(at, _)| (0..400).map(move |number| (at, number)));
    let students: Vec<CountedStudent> = students.map(|(at, number)| student(at, number)).collect();
    Counted::new(Digest([tables.len() as u8; 32]), 11, tables, &[YEAR], students)
}

fn asked(disadvantaged: u64, homeless: u64, tables: &[(&str, Grouping)]) -> Result<Judged, LedgerRefusal> {
    counted(disadvantaged, homeless, tables).judge(&[]).map_err(|isolated| isolated.refusal)
}

#[test]
fn groupings_of_which_one_lies_within_the_other_leave_nobody_or_the_floor() {
    let both = |metrics: [&'static str; 2]| {
        move |disadvantaged, homeless| {
            asked(
                disadvantaged,
                homeless,
                &[(metrics[0], Grouping::LowIncome), (metrics[1], Grouping::Homeless)],
            )
        }
    };
    for metrics in [["college-going-12", "college-going-12"], ["college-going-12", "k16-pathway"]] {
        let judged = both(metrics);
        assert_eq!(judged(90, 60), Ok(Judged::Fresh), "thirty are enough");
        assert_eq!(judged(60, 60), Ok(Judged::Fresh), "and nobody is nobody");
        assert_eq!(judged(65, 60), Err(LedgerRefusal::Crossed), "the five who are not homeless");
        assert_eq!(judged(65, 5), Ok(Judged::Fresh), "five homeless are in no row");
    }
    // Each alone, and beside one that says nothing of it.
    let metric = "college-going-12";
    assert_eq!(asked(65, 60, &[(metric, Grouping::LowIncome)]), Ok(Judged::Fresh));
    assert_eq!(
        asked(65, 60, &[(metric, Grouping::LowIncome), (metric, Grouping::Migrant)]),
        Ok(Judged::Fresh)
    );
}

#[test]
fn nor_do_two_studies_leave_a_few_between_them_whatever_they_count() {
    let after = |homeless, metric: &str| {
        let before = counted(65, homeless, &[("persistence", Grouping::Homeless)]);
        let earlier = [Earlier { round: RoundId([7; 16]), is_answered: true, counted: before }];
        let tables = [(metric, Grouping::LowIncome), (metric, Grouping::Migrant)];
        counted(65, homeless, &tables).judge(&earlier).map_err(|isolated| (isolated.refusal, isolated.beside))
    };
    for metric in ["college-going-12", "dual-enrolment-grade-9"] {
        let beside = Some(RoundId([7; 16]));
        assert_eq!(after(60, metric), Err((LedgerRefusal::Crossed, beside)), "the five who are not homeless");
        assert_eq!(after(40, metric), Ok(Judged::Fresh), "twenty-five are enough");
        assert_eq!(after(65, metric), Ok(Judged::Fresh), "and nobody is nobody");
    }
}
