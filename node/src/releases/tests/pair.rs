//! A school and a college whose round is over, their folders, and what a coordinator passes on between them.

use std::path::PathBuf;

use passage_protocol::{
    agreement::{Segment, agreement_digest},
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        Category, DisclosurePolicy, Mark, MetricRef, NoiseStatement, Outcome, ReleasedCell, ReleasedTable,
    },
    ids::{MemberCode, RoundId},
    manifest::opening::{CallSeat, RoundCall},
    report::Segment as ReportSegment,
    signing::SigningKey,
    wire::{ReleaseFormat, ReleaseSaying},
};
use passage_shell::{clock, pki::Authority, store::Op};

use super::super::*;
use crate::{
    fixture, outbox,
    records::{AGREEMENTS, ROUNDS, RoundRecord, Standing as RoundStanding},
};

pub(super) const ROUND: RoundId = RoundId([9; 16]);
pub(super) const CODES: [MemberCode; 2] = [MemberCode([7; 5]), MemberCode([8; 5])];
pub(super) const SIGNERS: [&str; 2] = ["R. Alder", "J. Birch"];
pub(super) const YES: Yes = Yes { no_disadvantage: true, named: false };

pub(super) struct Member {
    pub(super) folder: tempfile::TempDir,
    pub(super) home: Home,
}

/// A school and a college whose round is over, and what the coordinator passes on between them.
pub(super) struct Pair {
    pub(super) members: [Member; 2],
    pub(super) papers: Option<ReleasePapers>,
    pub(super) words: Vec<Signed<ReleaseWord>>,
}

pub(super) fn key(member: usize) -> SigningKey {
    SigningKey::generate([u8::try_from(member + 1).unwrap(); 32])
}

pub(super) fn joined(authority: &Authority, member: usize, segment: Segment) -> Member {
    let (folder, home) = fixture::home(authority, CODES[member], segment, &key(member));
    Member { folder, home }
}

/// The annotated example between these two, with a time for comments of one minute.
pub(super) fn agreement_text(authority: Digest) -> String {
    let mut text = include_str!("../../../../deploy/config/agreement.example.toml").to_owned();
    for (from, to) in [
        ("0".repeat(64), authority.to_string()),
        ("M-00000001".to_owned(), CODES[0].to_string()),
        ("M-00000002".to_owned(), CODES[1].to_string()),
        ("comment_days = 5".to_owned(), "comment_minutes = 1".to_owned()),
    ] {
        assert!(text.contains(&from), "{from}");
        text = text.replace(&from, &to);
    }
    text
}

/// A report of one table: what the viewer may see of the school's students at the college.
pub(super) fn report(viewer: usize, title: &str) -> Report {
    let domain = CellDomain::new(vec![SchoolYear(2019)], Dimension::All);
    let cell = |outcome, value| ReleasedCell {
        cohort: SchoolYear(2019),
        category: Category::One(0),
        outcome,
        mark: Mark::Value { value, low: value, high: value },
    };
    let table = ReleasedTable {
        metric: MetricRef { id: "college-going-12".to_owned(), version: 1 },
        domain,
        sender: CODES[0],
        receivers: vec![CODES[1]],
        outcomes: vec!["enrolled".to_owned()],
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        cells: vec![
            cell(Outcome::Cohort, 120),
            cell(Outcome::Enrolled(Some(0)), 60),
            cell(Outcome::Rate(Some(0)), 50),
        ],
    };
    Report {
        study_title: title.to_owned(),
        viewer: CODES[viewer],
        segments: vec![(CODES[0], ReportSegment::K12), (CODES[1], ReportSegment::CommunityCollege)],
        tables: vec![table],
        ..fixture::report(ROUND, 120)
    }
}

impl Pair {
    pub(super) fn new() -> Self {
        Self::titled("College-going")
    }

    pub(super) fn titled(title: &str) -> Self {
        let authority = Authority::create("Test", clock::now()).unwrap();
        let members = [joined(&authority, 0, Segment::K12), joined(&authority, 1, Segment::Cc)];
        let text = agreement_text(members[0].home.authority());
        let agreement = agreement_digest(&text);
        let seat = |at: usize| CallSeat { code: CODES[at], signing_key: key(at).verifying_key() };
        let record = RoundRecord {
            call: RoundCall {
                round: ROUND,
                study: Digest([5; 32]),
                agreement,
                share_list: Digest([6; 32]),
                seats: vec![seat(0), seat(1)],
                opened: clock::now(),
                deadline: clock::now().plus_s(60),
            },
            moved: clock::now(),
            standing: RoundStanding::Finished,
            manifest: None,
            roster: None,
        };
        for (at, member) in members.iter().enumerate() {
            let ops = [
                Op::put(AGREEMENTS, agreement.0, text.as_bytes()),
                Op::put(ROUNDS, ROUND.0, record.to_bytes()),
            ];
            member.home.store.commit(&ops).unwrap();
            member.home.keep_report(ROUND, &report(at, title).to_bytes()).unwrap();
        }
        Self { members, papers: None, words: Vec::new() }
    }

    pub(super) fn home(&self, member: usize) -> &Home {
        &self.members[member].home
    }

    pub(super) fn record(&self) -> RoundRecord {
        RoundRecord::from_bytes(&self.home(0).store.get(ROUNDS, &ROUND.0).unwrap().unwrap()).unwrap()
    }

    /// The school proposes its report.
    pub(super) fn propose(
        &self,
        format: ReleaseFormat,
        audience: &str,
        naming: Vec<MemberCode>,
    ) -> Result<ReleaseId, Failure> {
        let home = self.home(0);
        let record = self.record();
        let report = Report::from_bytes(&home.report(ROUND)?.unwrap()).unwrap();
        let asked = Asked { format, audience, naming, by: "Researcher" };
        let agreement = home.agreement(&record.call.agreement.to_string())?;
        let rendered = home.preview(&agreement, &report, &asked)?;
        home.propose_release(&record, &report, &asked, rendered)
    }

    /// The coordinator takes what lies in the outboxes and passes it on to both.
    pub(super) fn relay(&mut self) {
        for member in 0..2 {
            while let Some((number, outbound)) = outbox::first(&self.home(member).store).unwrap() {
                let saying = ReleaseSaying::from_bytes(&outbound.body).unwrap();
                self.papers = saying.papers.or(self.papers.take());
                self.words.push(saying.word);
                outbox::remove(&self.home(member).store, number).unwrap();
            }
        }
        let papers = self.papers.clone().unwrap();
        let release = ReleaseId::of(&papers.proposal).0;
        if self.home(1).release(&release.to_string()).is_err() {
            self.home(1).keep_release(release, papers).unwrap();
        }
        for member in 0..2 {
            self.home(member).learn_release(release, &self.words).unwrap();
        }
    }

    pub(super) fn held(&self, member: usize, id: ReleaseId) -> HeldRelease {
        self.home(member).release(&id.to_string()).unwrap()
    }

    pub(super) fn approve(&self, member: usize, id: ReleaseId, yes: Yes) -> Result<(), Failure> {
        self.home(member).approve_release(&self.held(member, id), SIGNERS[member], yes)
    }

    pub(super) fn out(&self, member: usize, name: &str) -> PathBuf {
        self.members[member].folder.path().join(name)
    }

    pub(super) fn export(&self, member: usize, id: ReleaseId, now: Timestamp) -> Result<Exported, Failure> {
        self.home(member).export_release(&self.held(member, id), &self.out(member, "out.csv"), now)
    }

    /// After the time for comments both say that their yes stands.
    pub(super) fn time_passes(&mut self) -> Timestamp {
        let later = clock::now().plus_s(61);
        for member in 0..2 {
            self.home(member).confirm_releases(later).unwrap();
            assert_eq!(self.home(member).confirm_releases(later).unwrap(), 0, "once");
        }
        self.relay();
        later
    }
}
