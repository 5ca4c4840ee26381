//! The match panel by subgroup (A1) in whole rounds: what is found is counted whatever the receivers say, beside what they say and alone,
//! through a third member too; no list has a column for it.

use harness::{
    federation::{Federation, Setup},
    papers::Noise,
    plaintext_oracle::Expected,
    shown::enrolled,
};
use passage_protocol::{
    agreement::{
        Clause, ManifestPart,
        Segment::{Cc, K12, Univ},
    },
    cells::{Dimension, SchoolYear, Window},
    disclosure::{Mark, Outcome, ReleasedTable},
    manifest::{Manifest, shapes::ColumnKey},
    report::{Report, csv, gap, html, notes},
};

use crate::honest_round::{granted, manifest, overheard, play};

const PANEL: &str = "found-at-member";
const YEAR: SchoolYear = SchoolYear(2022);

fn setup(students: usize, seed: u64) -> Setup {
    let mut setup = Setup::of(&[(K12, students), (Cc, 30), (Univ, 30)], seed);
    setup.question.by = vec!["all", "gender", "ethnicity"];
    setup.question.beside = Some(PANEL);
    setup
}

fn of<'a>(expected: &'a [Expected], metric: &str, dimension: Dimension) -> &'a Expected {
    let table = expected.iter().find(|one| one.metric == metric && one.domain.dimension == dimension);
    table.expect("the study asks for it")
}

fn tables<'a>(report: &'a Report, metric: &str) -> Vec<&'a ReleasedTable> {
    report.tables.iter().filter(|table| table.metric.id == metric).collect()
}

#[test]
fn a1_who_was_found_is_counted_beside_who_enrolled_and_no_list_has_a_column_for_it() {
    let (federation, expected, shown) = play(setup(220, 41));
    assert!(shown.figures >= 20, "{shown:?}");
    for dimension in [Dimension::All, Dimension::Ethnicity, Dimension::Gender] {
        let [going, found] = ["college-going-12", PANEL].map(|metric| of(&expected, metric, dimension));
        assert_eq!(going.denominators, found.denominators, "both are of the same students");
        for category in 0..going.domain.categories() {
            for place in [None, Some(0), Some(1)] {
                let [going, found] = [going, found].map(|table| enrolled(table, YEAR, category, place));
                assert!(going <= found, "{category} at {place:?}: {going} of {found}");
            }
        }
    }
    let [going, found] = ["college-going-12", PANEL].map(|metric| of(&expected, metric, Dimension::All));
    assert!(
        enrolled(found, YEAR, 0, None) > enrolled(going, YEAR, 0, None),
        "some were found and did not arrive in time"
    );
    // Of a plan every tuple has a link: nobody of the cohort stands in it unseen.
    assert_eq!(found.counts[0], 0);

    let manifest = manifest(&federation);
    let link = manifest.column_keys.iter().position(|key| matches!(key, ColumnKey::Link { .. })).unwrap();
    let link = u16::try_from(link).unwrap();
    assert!(manifest.lists.iter().all(|list| !list.columns.contains(&link)));
    assert_eq!([&manifest.lists[1], &manifest.lists[2]].map(|list| list.columns.len()), [1, 1]);
    let panel: Vec<_> = manifest.tables.iter().filter(|table| table.metric == PANEL).collect();
    assert_eq!(panel.len(), 3);
    assert!(panel.iter().all(|table| table.window == Window::LINK && table.window_keys == [link]));
    assert!(panel.iter().all(|table| table.cell_key != link));
}

#[test]
fn a1_alone_in_a_study_receivers_send_keys_and_nothing_else() {
    let mut alone = setup(150, 42);
    (alone.question.metric, alone.question.beside) = (PANEL, None);
    let (federation, expected, shown) = play(alone);
    let manifest = manifest(&federation);
    assert!(
        manifest.lists[1..].iter().all(|list| list.columns.is_empty()),
        "nothing is said, so nothing is sent"
    );
    assert!(of(&expected, PANEL, Dimension::All).tuples > 40 && shown.figures > 10, "{shown:?}");
    let (_, reports) = federation.released();
    let page = html(&reports[0]);
    assert!(
        page.contains(gap::NOT_A_RATE)
            && !page.contains("Where students went")
            && page.contains("were found in the records")
    );
    assert!(notes(&reports[0]).contains(gap::NOT_A_RATE));
    for table in tables(&reports[0], PANEL) {
        for gap in gap::gaps(&reports[0], table) {
            assert_eq!((gap.low, gap.high), (gap.value, gap.value), "exact counts leave nothing open");
        }
    }
}

#[test]
fn a1_what_a_manifest_says_of_a_panel_is_bound() {
    let federation = overheard(setup(120, 45));
    let honest = manifest(&federation);
    let granted = |manifest: &Manifest| granted(&federation, 1, manifest);
    assert_eq!(granted(&honest), Ok(()));
    let panel = honest.tables.iter().position(|table| table.metric == PANEL).unwrap();
    let link = honest.tables[panel].window_keys[0];
    let changes: [&dyn Fn(&mut Manifest); 6] = [
        // A receiver that would have to say something after all, and one whose word would not be asked for.
        &|manifest| manifest.tables[panel].window = Window::new(1, 1).unwrap(),
        &|manifest| manifest.tables[0].window = Window::LINK,
        // The test of a link under the key of a column, and a column under the key of a link.
        &|manifest| manifest.tables[panel].window_keys = vec![manifest.tables[panel].cell_key],
        &|manifest| manifest.lists[1].columns.push(link),
        &|manifest| manifest.lists[0].columns.push(link),
        &|manifest| {
            manifest.column_keys[usize::from(link)] =
                ColumnKey::Window { metric: PANEL.to_owned(), place: 0 };
        },
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut manifest = honest.clone();
        change(&mut manifest);
        assert_eq!(granted(&manifest), Err(Clause::OtherThanAgreed(ManifestPart::Content)), "change {at}");
        assert_ne!(manifest.digest(), honest.digest(), "change {at}");
    }
}

#[test]
fn a1_who_is_found_through_a_third_member_is_found() {
    let asked = |bridges| {
        let mut setup = setup(200, 43);
        (setup.question.metric, setup.question.beside, setup.question.bridges) = (PANEL, None, bridges);
        // At the university no state number and no date of birth that agrees with anybody's: whoever is found there is found by way of
        // the college.
        setup.plant = |population| {
            for entry in &mut population.files[2].entries {
                entry.ssid.clear();
                entry.birth_date.0 -= 9;
            }
        };
        setup
    };
    let at_the_university =
        |expected: &[Expected]| enrolled(of(expected, PANEL, Dimension::All), YEAR, 0, Some(1));
    let (_, direct, _) = play(asked(false));
    let (_, bridged, _) = play(asked(true));
    let (before, after) = (at_the_university(&direct), at_the_university(&bridged));
    assert!(before == 0 && after > 10, "{before} without bridges, {after} with them");
}

#[test]
fn a1_with_noise_the_panel_has_intervals_and_is_charged_like_any_table() {
    let mut noisy = setup(260, 44);
    noisy.question.noise = Noise::Epsilon("4");
    noisy.question.by = vec!["all", "gender"];
    let federation = Federation::played(noisy);
    let expected = federation.oracle();
    let (_, reports) = federation.released();
    let panel = tables(&reports[0], PANEL);
    assert_eq!(panel.len(), 2);
    let truth = enrolled(of(&expected, PANEL, Dimension::All), YEAR, 0, None);
    let mark = panel[0].mark(YEAR, 0, Outcome::Enrolled(None)).unwrap();
    let Mark::Value { value, low, high } = mark else { panic!("{mark:?}") };
    assert!(low < value && value < high, "{mark:?}");
    assert!(i64::try_from(value).unwrap().abs_diff(truth) < 40, "{value} is not about {truth}");
    let open = panel.iter().flat_map(|table| gap::gaps(&reports[0], table)).collect::<Vec<_>>();
    assert!(
        !open.is_empty() && open.iter().all(|gap| gap.low <= gap.value && gap.value <= gap.high),
        "{open:?}"
    );
    let table = String::from_utf8(csv(&reports[0])).unwrap();
    assert_eq!(table.lines().filter(|line| line.contains(",match-gap,")).count(), open.len());
    assert!(
        table.lines().all(|line| !line.contains(PANEL) || !line.contains("index-80")),
        "no flags of the panel"
    );
}
