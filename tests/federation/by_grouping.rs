//! Tables by groupings (A1) in whole rounds: counted from what the sender's rows say, small ones withheld, and a second study beside
//! which a student has changed group.

use harness::{
    federation::{Ending, Federation, Setup},
    papers::Noise,
    plaintext_oracle::Expected,
};
use passage_protocol::{
    agreement::{
        Clause, ManifestPart,
        Segment::{Cc, K12, Univ},
    },
    cells::{Dimension, Grouping, SchoolYear},
    disclosure::{Category, Mark, Outcome, Reason, ReleasedTable},
    manifest::Manifest,
    report::{Report, csv, equity, html, notes},
};

use crate::honest_round::{granted, manifest, overheard, play};

const YEAR: SchoolYear = SchoolYear(2022);
const LOW_INCOME: Dimension = Dimension::Group(Grouping::LowIncome);
const LAST_MATH: Dimension = Dimension::Group(Grouping::LastMathCourse);

fn setup(students: usize, seed: u64) -> Setup {
    let mut setup = Setup::of(&[(K12, students), (Cc, 30), (Univ, 30)], seed);
    setup.question.floor = 11;
    // In no order of theirs: a row has its categories in the order of the groupings.
    setup.question.by = vec!["low-income", "all", "last-math-course"];
    setup
}

fn by(report: &Report, dimension: Dimension) -> &ReleasedTable {
    report.tables.iter().find(|table| table.domain.dimension == dimension).expect("the study asks for it")
}

#[test]
fn a1_a_round_by_groupings_counts_what_the_rows_say_and_withholds_the_small_ones() {
    // `play` compares every decrypted count with the oracle's before anything is withheld.
    let (federation, expected, shown) = play(setup(150, 61));
    assert!(shown.figures >= 20 && shown.withheld >= 5, "{shown:?}");
    let of = |dimension: Dimension| -> &Expected {
        expected.iter().find(|table| table.domain.dimension == dimension).unwrap()
    };
    let all = of(Dimension::All).denominators[0].unwrap();
    let halves = &of(LOW_INCOME).denominators;
    assert_eq!(halves.iter().flatten().sum::<u64>(), all, "two categories are all students");
    // Eight steps among some hundred graduates: some are below the floor.
    let steps = &of(LAST_MATH).denominators;
    assert_eq!(steps.len(), 8);
    let (_, reports) = federation.released();
    for report in &reports {
        let table = by(report, LAST_MATH);
        for (category, denominator) in (0_u8..).zip(steps) {
            let mark = table.mark(YEAR, category, Outcome::Cohort).unwrap();
            if denominator.is_none() {
                assert_eq!(mark, Mark::Suppressed(Reason::WithheldAtSource));
            }
        }
        let figures = by(report, LOW_INCOME).cells.iter();
        let figures = figures.filter(|cell| matches!(cell.category, Category::One(_)));
        assert!(figures.filter(|cell| cell.mark.value().is_some()).count() >= 4);
        assert!(!equity::findings(report, by(report, LOW_INCOME)).is_empty(), "a group of people has flags");
        assert!(equity::findings(report, table).is_empty(), "what students did has none");
        let (page, text) = (html(report), notes(report));
        assert!(page.contains("By socio-economic disadvantage") && page.contains("geometry"));
        assert!(text.contains("By low-income. ") && text.contains("By last-math-course. "));
        assert!(
            String::from_utf8(csv(report)).unwrap().contains(",low-income,socio-economically disadvantaged")
        );
    }
}

#[test]
fn a1_the_words_of_a_grouping_and_its_order_are_the_manifests() {
    let federation = overheard(setup(120, 62));
    let honest = manifest(&federation);
    let granted = |manifest: &Manifest| granted(&federation, 0, manifest);
    assert_eq!(granted(&honest), Ok(()));
    let at = |dimension| honest.tables.iter().position(|table| table.domain.dimension == dimension).unwrap();
    let (income, math, all) = (at(LOW_INCOME), at(LAST_MATH), at(Dimension::All));
    assert_ne!(honest.tables[income].definition, honest.tables[all].definition, "metric and grouping");
    let changes: [&dyn Fn(&mut Manifest); 3] = [
        &|manifest| manifest.tables[income].definition = honest.tables[math].definition,
        &|manifest| manifest.tables[income].domain.dimension = Dimension::Group(Grouping::Homeless),
        &|manifest| manifest.tables[income].definition = honest.tables[all].definition,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut manifest = honest.clone();
        change(&mut manifest);
        let refused = Err(Clause::OtherThanAgreed(ManifestPart::Content));
        assert_eq!(granted(&manifest), refused, "change {number}");
    }
}

#[test]
fn a1_a_grouping_that_a_senders_files_cannot_tell_is_refused_before_the_round() {
    let mut asked = Setup::of(&[(K12, 60), (Cc, 30), (Univ, 30)], 63);
    asked.question.by = vec!["all", "units-earned"];
    let federation = Federation::new(asked);
    let refused = federation.shared.papers.standing().check_study(federation.now().date());
    assert_eq!(refused, Err(Clause::GroupingNotHeld { of: federation.code(0) }));
}

#[test]
fn a1_noise_is_dealt_for_every_group_and_stands_with_every_figure() {
    let mut asked = setup(120, 64);
    asked.question.by = vec!["low-income"];
    asked.question.noise = Noise::Epsilon("4");
    let federation = overheard(asked);
    let manifest = manifest(&federation);
    for table in &manifest.tables {
        let per_cell = manifest.noise_tuples(table).unwrap() / 2;
        assert_eq!(per_cell % 3, 0, "two groups and the one that nothing decodes");
    }
    assert_eq!(federation.endings().pop().map(|(_, ending)| ending), Some(Ending::Finished));
}
