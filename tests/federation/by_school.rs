//! Tables by school (A1) in whole rounds: rows of the schools that the study lists and of all others together, a small school withheld,
//! and a second study that lists other schools.

use std::collections::BTreeMap;

use harness::{
    federation::{Ending, Federation, Setup},
    member_host::Standing,
    papers::Noise,
    plaintext_oracle::Expected,
    population::{Entry, SCHOOLS},
};
use passage_protocol::{
    agreement::{
        Account, Clause, ManifestPart,
        Segment::{Cc, K12, Univ},
    },
    cells::{ANOTHER_SCHOOL, Dimension, SchoolYear},
    disclosure::{Category, LedgerRefusal, Mark, Outcome, Reason, ReleasedCell, ReleasedTable},
    manifest::Manifest,
    refusal::Refusal,
    release::{outside, render},
    report::{Report, csv, equity, gap, html},
    round::AbortReason,
    wire::ReleaseFormat,
};

use crate::honest_round::{granted, manifest, overheard, play};

const YEAR: SchoolYear = SchoolYear(2022);
const PANEL: &str = "found-at-member";
const FLOOR: u32 = 11;

/// A district and two colleges; of the schools listed the third has fewer graduates than the floor.
fn setup(students: usize, seed: u64) -> Setup {
    let mut setup = Setup::of(&[(K12, students), (Cc, 30), (Univ, 30)], seed);
    setup.question.floor = FLOOR;
    setup.question.by = vec!["all", "school"];
    setup
}

/// Graduates by school as the district's files have them: human beings who completed and did not opt out.
fn graduates(federation: &Federation) -> BTreeMap<String, usize> {
    let files = &federation.population.files[0];
    let counted = |entry: &&Entry| entry.cohort.is_some() && !files.opt_outs.contains(&entry.local_id);
    let souls: BTreeMap<usize, &str> =
        (files.entries.iter().filter(counted)).map(|entry| (entry.soul, entry.school.as_str())).collect();
    let mut schools = BTreeMap::new();
    souls.values().for_each(|school| *schools.entry((*school).to_owned()).or_default() += 1);
    schools
}

fn by_school<'a>(report: &'a Report, metric: &str) -> &'a ReleasedTable {
    let is_it =
        |table: &&ReleasedTable| table.metric.id == metric && table.domain.dimension == Dimension::School;
    report.tables.iter().find(is_it).expect("the study asks for it")
}

#[test]
fn a1_three_schools_of_which_one_is_below_the_floor() {
    let mut asked = setup(180, 51);
    asked.question.beside = Some(PANEL);
    let (federation, expected, shown) = play(asked);
    assert!(shown.figures >= 40 && shown.withheld >= 10, "{shown:?}");

    // The rows are those of the study, in its order, and what stands in them is what the files say.
    let schools: Vec<&Expected> =
        expected.iter().filter(|table| table.domain.dimension == Dimension::School).collect();
    assert_eq!(schools.len(), 2);
    let labels: Vec<&str> = schools[0].domain.labels().collect();
    assert_eq!(labels, [ANOTHER_SCHOOL, SCHOOLS[0].1, SCHOOLS[1].1, SCHOOLS[2].1]);
    let truth = graduates(&federation);
    let of = |code: &str| truth.get(code).copied().unwrap_or(0) as u64;
    let listed: u64 = SCHOOLS.iter().map(|(code, _)| of(code)).sum();
    let others = truth.values().sum::<usize>() as u64 - listed;
    assert!((1..u64::from(FLOOR)).contains(&of(SCHOOLS[2].0)), "the third is small");
    assert!(others >= u64::from(FLOOR), "and there are others");
    for table in &schools {
        // The small one takes the next smallest along, the others, and neither is known but as their sum.
        let denominators = [None, Some(of(SCHOOLS[0].0)), Some(of(SCHOOLS[1].0)), None];
        assert_eq!(table.denominators, denominators);
    }
    let (_, reports) = federation.released();
    for report in &reports {
        for metric in ["college-going-12", PANEL] {
            let table = by_school(report, metric);
            for category in [0, 3] {
                let of_row = table.cells.iter().filter(|cell| cell.category == Category::One(category));
                let source = Mark::Suppressed(Reason::WithheldAtSource);
                assert!(of_row.clone().count() >= 3 && of_row.clone().all(|cell| cell.mark == source));
            }
            let sum = table.cells.iter().find(|cell| {
                cell.category == Category::AllMasked(vec![0, 3]) && cell.outcome == Outcome::Cohort
            });
            assert_eq!(sum.unwrap().mark.value(), Some(others + of(SCHOOLS[2].0)));
            let figure = |cell: &&ReleasedCell| {
                matches!(cell.category, Category::One(1 | 2)) && matches!(cell.outcome, Outcome::Enrolled(_))
            };
            let mut figures = table.cells.iter().filter(figure);
            assert!(figures.any(|cell| cell.mark.value().is_some()), "of large schools figures are shown");
            assert!(equity::findings(report, table).is_empty(), "a school is no protected group");
        }
        assert!(gap::gaps(report, by_school(report, "college-going-12")).is_empty());
        let table = String::from_utf8(csv(report)).unwrap();
        assert!(table.contains(",school,Lincoln High,") && table.contains(",school,another school,"));
        let page = html(report);
        assert!(page.contains("By school") && page.contains("Juniper Continuation"));

        // No school leaves the parties: neither name nor row.
        let out = outside(report);
        assert!(!out.tables.is_empty() && out.tables.len() < report.tables.len());
        for format in [ReleaseFormat::Csv, ReleaseFormat::Html] {
            let file = render(&out, format, "The boards.", &[]).file;
            let file = String::from_utf8(file).unwrap();
            assert!(SCHOOLS.iter().all(|(code, name)| !file.contains(name) && !file.contains(code)));
        }
    }
}

#[test]
fn a1_the_match_panel_tells_between_which_schools_the_gap_is() {
    let mut alone = setup(220, 55);
    alone.question.metric = PANEL;
    let (federation, _, shown) = play(alone);
    assert!(shown.figures >= 15, "{shown:?}");
    let (_, reports) = federation.released();
    let table = by_school(&reports[0], PANEL);
    let found = gap::gaps(&reports[0], table);
    assert!(!found.is_empty());
    for gap in &found {
        // Exact counts of the schools that are shown: neither the small one nor those withheld with it.
        assert!([gap.least, gap.most].iter().all(|school| [1, 2].contains(school)), "{gap:?}");
        assert_eq!((gap.low, gap.high), (gap.value, gap.value), "exact counts leave nothing open");
    }
    assert!(html(&reports[0]).contains("Between groups by school"));
}

#[test]
fn a1_two_districts_have_rows_of_their_own_and_noise_is_dealt_for_every_row() {
    let mut asked = Setup::of(&[(K12, 150), (K12, 120), (Cc, 30)], 52);
    asked.question.by = vec!["school"];
    asked.question.noise = Noise::Epsilon("4");
    let federation = overheard(asked);
    let manifest = manifest(&federation);
    for table in &manifest.tables {
        assert_eq!((table.domain.schools.0.len(), table.domain.categories()), (3, 4));
        let per_cell = manifest.noise_tuples(table).unwrap() / 2;
        assert_eq!(per_cell % 5, 0, "four rows and the one that nothing decodes");
    }
    let (_, reports) = federation.released();
    let senders: Vec<_> = reports[2].tables.iter().map(|table| table.sender).collect();
    assert_eq!(senders, [federation.code(0), federation.code(1)]);
    for table in &reports[2].tables {
        let row = table.mark(YEAR, 1, Outcome::Enrolled(None)).unwrap();
        assert!(matches!(row, Mark::Value { value, low, high } if low < value && value < high), "{row:?}");
    }
}

#[test]
fn a1_schools_of_a_manifest_are_those_of_the_study_and_an_approver_reads_that_they_are_told() {
    let federation = overheard(setup(120, 53));
    let honest = manifest(&federation);
    let granted = |manifest: &Manifest| granted(&federation, 0, manifest);
    assert_eq!(granted(&honest), Ok(()));
    let at = honest.tables.iter().position(|table| table.domain.dimension == Dimension::School).unwrap();
    let changes: [&dyn Fn(&mut Manifest); 4] = [
        &|manifest| manifest.tables[at].domain.schools.0[0].name = "Another name".to_owned(),
        &|manifest| manifest.tables[at].domain.schools.0.swap(0, 1),
        &|manifest| drop(manifest.tables[at].domain.schools.0.pop()),
        &|manifest| manifest.tables[at].domain.dimension = Dimension::All,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut manifest = honest.clone();
        change(&mut manifest);
        let refused = Err(Clause::OtherThanAgreed(ManifestPart::Content));
        assert_eq!(granted(&manifest), refused, "change {number}");
        assert_ne!(manifest.digest(), honest.digest(), "change {number}");
    }
    let account = Account::of(&honest, 0).unwrap();
    let made_of: Vec<&str> = account.lines.iter().map(|line| line.made_of.as_str()).collect();
    assert!(made_of.iter().any(|words| words.contains("cohort by school")), "{made_of:?}");
    assert!(made_of.iter().any(|words| words.contains("gender, school (by name")), "{made_of:?}");
}

/// Plays a study of these schools, then one of those by a member that remembers the first; how the second ended there.
fn one_after_another(
    first: &'static [(&'static str, &'static str)],
    second: &'static [(&'static str, &'static str)],
    change: fn(&mut Vec<Entry>),
) -> (Standing, Ending) {
    let asked = |schools| {
        let mut setup = setup(180, 54);
        setup.question.schools = schools;
        setup.question.noise = Noise::Epsilon("2");
        setup
    };
    let begun = |schools| {
        let mut federation = Federation::new(asked(schools));
        federation.members[0].compare();
        federation
    };
    let mut before = begun(first);
    let round = before.open();
    before.run();
    assert_eq!(before.endings(), [(round, Ending::Finished)]);
    let mut after = begun(second);
    let mut files = after.population.files[0].clone();
    change(&mut files.entries);
    after.members[0].take_over(&before.members[0], &files);
    after.open();
    after.run();
    let standing = after.members[0].standings().pop().unwrap().1;
    (standing, after.endings()[0].1)
}

fn refused_by(standing: &Standing) -> Option<Clause> {
    match standing {
        Standing::Aborted { reason: AbortReason::Refused(clause), .. } => Some(*clause),
        _ => None,
    }
}

const LARGE: &[(&str, &str)] = &[SCHOOLS[0], SCHOOLS[1]];
const ONE_AND_SMALL: &[(&str, &str)] = &[SCHOOLS[0], SCHOOLS[2]];

#[test]
fn another_list_of_schools_that_would_single_out_a_small_one_is_refused() {
    // Both large schools, and all others with the small one among them; then the small one is withheld with all others, in one sum.
    let (standing, ending) = one_after_another(LARGE, &SCHOOLS, |_| ());
    assert_eq!((standing, ending), (Standing::Finished, Ending::Finished));

    // One large school and the small one, which takes it along: shown are all others, now with the other large school and without the
    // small one. Less the large school, known from the first study, they are the others; and the first showed these with the small one.
    let (standing, ending) = one_after_another(LARGE, ONE_AND_SMALL, |_| ());
    let together = Clause::Beside(LedgerRefusal::IsolatesTogether);
    assert_eq!(refused_by(&standing), Some(together), "{standing:?}");
    assert_eq!(ending, Ending::Aborted { code: together.code(), fault: None });
}

#[test]
fn one_graduate_of_another_school_is_refused_though_the_cohort_is_the_same() {
    let moved = |entries: &mut Vec<Entry>| {
        let counted = |entry: &&mut Entry| {
            entry.cohort.is_some() && entry.school == SCHOOLS[0].0 && !entry.local_id.starts_with('D')
        };
        let one = entries.iter_mut().filter(counted).nth(5).unwrap();
        one.school = SCHOOLS[1].0.to_owned();
    };
    let (standing, _) = one_after_another(LARGE, LARGE, moved);
    assert_eq!(refused_by(&standing), Some(Clause::Beside(LedgerRefusal::Isolates)), "{standing:?}");
}
