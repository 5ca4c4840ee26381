//! A made-up report without a round: `cargo run -p passage-protocol --example sample_report -- DIR` writes the page, the
//! CSV and its notes, for a district that may see all and for a college that may see its own pair only. The tests render the
//! same reports. No figure in them is anybody's.

#![allow(clippy::indexing_slicing)] // made-up data of fixed shape; the crate's own code does without

use std::{path::Path, process::ExitCode};

use passage_protocol::{
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        DisclosurePolicy, MetricRef, NoiseStatement, NoiseTerms, RawList, RawPair, RawTable, TableColumns,
        release_all, release_panel, source_floor,
    },
    ids::{MemberCode, RoundId},
    report::{
        BreakMarker, MetricDefinition, Report, Segment, csv, html, notes,
        peers::{PeerGroup, Peers},
    },
    timestamp::Timestamp,
};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else { return ExitCode::from(2) };
    let write = |(name, report): (&str, Report)| {
        let files = [
            ("html", html(&report).into_bytes()),
            ("csv", csv(&report)),
            ("notes.txt", notes(&report).into_bytes()),
        ];
        let path = |ending| Path::new(&folder).join(format!("{name}.{ending}"));
        files.iter().all(|(ending, bytes)| std::fs::write(path(ending), bytes).is_ok())
    };
    let written = [("report", sample()), ("cut", cut_sample())].into_iter().all(write);
    if written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The same round as the second college gets it: of the district's students it may see those it has itself.
pub(crate) fn cut_sample() -> Report {
    let mut report = sample();
    let [district, _, viewer, _] = MEMBERS.map(MemberCode);
    report.viewer = viewer;
    let own_pair = |from, to| from == district && to == Some(viewer);
    report.tables = report.tables.iter().map(|table| table.for_member(own_pair)).collect();
    report.tables.retain(|table| !table.cells.is_empty());
    report.metrics.retain(|known| report.tables.iter().any(|table| table.metric == known.metric));
    report.panel.pairs.retain(|pair| pair.receiver == viewer);
    report.panel.lists.retain(|list| [district, viewer].contains(&list.member));
    report.peers.0.clear();
    report
}

/// A district's report on two classes of metrics: its own completers, and a college's transfers.
pub(crate) fn sample() -> Report {
    let [district, college, second, university] = MEMBERS.map(MemberCode);
    let policy = DisclosurePolicy::default();
    let noise = NoiseStatement::Laplace(NoiseTerms {
        eps_milli: 2_000,
        delta_ppt: 1_000_000,
        dealers: 2,
        variance_micro: 724_000,
    });
    let going = MetricRef { id: "college-going-12m".to_owned(), version: 1 };
    let transfer = MetricRef { id: "transfer".to_owned(), version: 2 };
    let mut raw = tables(&going, district, vec![college, second, university], 640, 58, noise);
    raw.extend(tables(&transfer, college, vec![university], 410, 24, noise));
    let lists = [district, college, second, university].into_iter().zip([3_204, 2_066, 1_410, 9_115]);
    let lists = lists
        .map(|(member, submitted)| RawList {
            member,
            submitted,
            opted_out: submitted / 90,
            unusable: submitted / 400,
        })
        .collect();
    let pair = |sender, receiver, counts: [u64; 4]| {
        let [first, second, ambiguous, unlinked] = counts;
        let by_recipe = vec![("state id".to_owned(), first), ("names and birth date".to_owned(), second)];
        RawPair { sender, receiver, by_recipe, ambiguous, unlinked }
    };
    let pairs = vec![
        pair(district, college, [902, 118, 14, 2_170]),
        pair(district, second, [244, 31, 4, 2_925]),
        pair(district, university, [655, 40, 12, 2_497]),
        pair(college, university, [401, 77, 19, 1_569]),
    ];
    Report {
        round: RoundId([0x5A; 16]),
        wire_version: 1,
        agreement: "A-4f0c1d22be9a7713".to_owned(),
        study: "S-91b6a0d3c8e54f02".to_owned(),
        study_title: "Where our graduates go: classes of 2019 to 2023".to_owned(),
        purpose: "Improve instruction and counselling on the way from school to college".to_owned(),
        generated_at: Timestamp(1_795_305_600),
        viewer: district,
        segments: vec![
            (district, Segment::K12),
            (college, Segment::CommunityCollege),
            (second, Segment::CommunityCollege),
            (university, Segment::University),
        ],
        metrics: vec![
            MetricDefinition {
                metric: going,
                title: "College-going within 12 months".to_owned(),
                text: "Of the students who completed high school between 16 August and 15 August, the share seen enrolled for \
                       credit at a member college or university within 12 months of completion."
                    .to_owned(),
                pseudo_code: "cohort   = completers, exit reason E230, completion in {100, 250, 320, 330, 120}\n\
                              enrolled = first credit term starts < completion date + 12 months\n\
                              rate     = |enrolled| / |cohort|"
                    .to_owned(),
            },
            MetricDefinition {
                metric: transfer,
                title: "Transfer to a university".to_owned(),
                text: "Of first-time students who earned 12 units or more and left the college, the share seen at a member \
                       university in the following year."
                    .to_owned(),
                pseudo_code: "cohort   = units earned >= 12 and no enrolment in the following year\n\
                              enrolled = at a 4-year member, 1 July to 30 June of the following year"
                    .to_owned(),
            },
        ],
        noise,
        policy,
        coverage: "Only member institutions are visible: two of the four colleges and one of the six universities that the \
                   district's graduates usually attend. Students elsewhere, out of state or blocked count as not observed."
            .to_owned(),
        panel: release_panel(lists, pairs, &policy, 0),
        tables: release_all(raw, &policy),
        breaks: vec![BreakMarker {
            from: SchoolYear(2021),
            text: "the second college changed how it records gender and residence".to_owned(),
        }],
        peers: Peers(vec![PeerGroup {
            metric: MetricRef { id: "college-going-12m".to_owned(), version: 1 },
            cohort: SchoolYear(2023),
            segment: Segment::K12,
            institutions: 7,
            lower: 41,
            median: 52,
            upper: 60,
        }]),
    }
}

/// Sibling tables over five cohorts: students drawn by a fixed generator.
pub(crate) fn tables(
    metric: &MetricRef,
    sender: MemberCode,
    receivers: Vec<MemberCode>,
    size: u64,
    going: u64,
    noise: NoiseStatement,
) -> Vec<RawTable> {
    let cohorts: Vec<_> = (2019..2024).map(SchoolYear).collect();
    let mut draw = Draw(size);
    let patterns = 1_u64 << receivers.len();
    let students: Vec<_> = (0..cohorts.len())
        .flat_map(|cohort| (0..size + 17 * cohort as u64).map(move |_| cohort))
        .map(|cohort| {
            let ethnicity = ETHNICITIES[draw.below(100) as usize / 5];
            let gender =
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3][draw.below(20) as usize];
            let goes = draw.below(100) < going - 3 * cohort as u64 + ethnicity as u64;
            let one = [0, 0, 0, 1, 2, 2][draw.below(6) as usize] % receivers.len() as u64;
            let pattern = if !goes {
                0
            } else if draw.below(100) < 8 {
                1 + draw.below(patterns - 1)
            } else {
                1 << one
            };
            (cohort, ethnicity, gender, pattern as usize)
        })
        .collect();
    let columns = TableColumns::of_one("enrolled", receivers.clone());
    let table = |dimension| {
        let domain = CellDomain::new(cohorts.clone(), dimension);
        let categories = domain.categories();
        let cell = |student: &(usize, usize, usize, usize)| {
            student.0 * categories
                + match dimension {
                    Dimension::All | Dimension::Group(_) | Dimension::School => 0,
                    Dimension::Ethnicity => student.1,
                    Dimension::Gender => student.2,
                }
        };
        let mut own = vec![0_u64; domain.len()];
        students.iter().for_each(|student| own[cell(student)] += 1);
        let withheld = source_floor(&own, categories, 11);
        let mut counts = vec![0_i64; domain.len() << receivers.len()];
        for student in students.iter().filter(|student| !withheld[cell(student)]) {
            counts[(cell(student) << receivers.len()) | student.3] += 1;
        }
        let denominators = own.iter().zip(&withheld).map(|(count, gone)| (!gone).then_some(*count)).collect();
        RawTable::new(metric.clone(), domain, sender, columns.clone(), counts, denominators, noise).ok()
    };
    [Dimension::All, Dimension::Ethnicity, Dimension::Gender].into_iter().filter_map(table).collect()
}

/// A fixed generator: the sample must be the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

const MEMBERS: [[u8; 5]; 4] =
    [[11, 86, 201, 33, 7], [92, 14, 77, 180, 66], [140, 3, 99, 12, 250], [201, 55, 18, 91, 130]];

/// Ethnicity of each twentieth of a cohort.
const ETHNICITIES: [usize; 20] = [5, 5, 5, 5, 5, 5, 5, 5, 5, 7, 7, 7, 7, 2, 2, 2, 6, 8, 4, 3];
