//! The state folder of a member that has joined, for tests: what `join` would have written, without a coordinator.

use std::path::Path;

use passage_protocol::{
    agreement::Segment,
    cells::{CellDomain, Dimension, SchoolYear},
    disclosure::{
        Category, DisclosurePolicy, Mark, MatchPanel, MetricRef, NoiseStatement, Outcome, ReleasedCell,
        ReleasedTable,
    },
    ids::{Digest, MemberCode, RoundId},
    manifest::opening::RoundCall,
    report::Report,
    signing::SigningKey,
    timestamp::Timestamp,
};
use passage_shell::{
    clock, entropy,
    pki::{Authority, KeyFile},
    state_dir::StateDir,
};

use crate::home::{Home, Membership};

/// The member's code, where one is enough.
pub(crate) const CODE: MemberCode = MemberCode([7; 5]);

/// Who has joined.
pub(crate) struct Joined<'a> {
    pub(crate) code: MemberCode,
    pub(crate) segment: Segment,
    pub(crate) key: &'a SigningKey,
    /// When its certificate was issued.
    pub(crate) issued: Timestamp,
    /// The coordinator whose key it has pinned, if it has.
    pub(crate) coordinator: Option<&'a SigningKey>,
}

impl Joined<'_> {
    /// Writes the folder.
    pub(crate) fn write(&self, root: &Path, authority: &Authority) {
        let dir = StateDir::open(root).unwrap();
        let tls_key = KeyFile::generate().unwrap();
        let request = tls_key.request().unwrap();
        let (certificate, _) = authority.issue_member(&request, self.code, self.issued).unwrap();
        let membership = Membership {
            code: self.code.to_string(),
            segment: self.segment.name().to_owned(),
            consortium: "Test".to_owned(),
            coordinator: vec!["127.0.0.1:1".to_owned()],
        };
        for (name, bytes) in [
            ("tls.key", tls_key.expose()),
            ("signing.key", self.key.seed().as_slice()),
            ("certificate.der", &certificate),
            ("authority.der", authority.certificate()),
            ("member.toml", toml::to_string(&membership).unwrap().as_bytes()),
        ] {
            dir.write(name, bytes).unwrap();
        }
        if let Some(coordinator) = self.coordinator {
            dir.write("coordinator.pub", coordinator.verifying_key().to_string().as_bytes()).unwrap();
        }
    }
}

/// A college with a certificate issued at `issued`; the coordinator's key is pinned.
pub(crate) fn joined(root: &Path, issued: Timestamp, coordinator: &SigningKey) -> Authority {
    let authority = Authority::create("Test", issued).unwrap();
    let key = SigningKey::generate(entropy::seed().unwrap());
    let coordinator = Some(coordinator);
    Joined { code: CODE, segment: Segment::Cc, key: &key, issued, coordinator }.write(root, &authority);
    authority
}

/// The home of a member that joined now. The folder is gone with the first of the two.
pub(crate) fn home(
    authority: &Authority,
    code: MemberCode,
    segment: Segment,
    key: &SigningKey,
) -> (tempfile::TempDir, Home) {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("node");
    Joined { code, segment, key, issued: clock::now(), coordinator: None }.write(&root, authority);
    let home = Home::open(&root).unwrap();
    (parent, home)
}

/// The home of a district in a consortium of its own.
pub(crate) fn district(code: MemberCode, key: &SigningKey) -> (tempfile::TempDir, Home) {
    home(&Authority::create("Test", clock::now()).unwrap(), code, Segment::K12, key)
}

/// A report of one table with one figure of so many students.
pub(crate) fn report(round: RoundId, students: u64) -> Report {
    let cohort = SchoolYear(2022);
    let mark = Mark::Value { value: students, low: students, high: students };
    let cell = ReleasedCell { cohort, category: Category::One(0), outcome: Outcome::Cohort, mark };
    let table = ReleasedTable {
        metric: MetricRef { id: "college-going-12".to_owned(), version: 1 },
        domain: CellDomain::new(vec![cohort], Dimension::All),
        sender: CODE,
        receivers: vec![MemberCode([8; 5])],
        outcomes: vec!["enrolled".to_owned()],
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        cells: vec![cell],
    };
    Report {
        round,
        wire_version: 2,
        agreement: "A-0".to_owned(),
        study: "S-0".to_owned(),
        study_title: "College-going".to_owned(),
        purpose: "P".to_owned(),
        generated_at: Timestamp(1_795_000_000),
        viewer: CODE,
        segments: Vec::new(),
        metrics: Vec::new(),
        noise: NoiseStatement::Nil,
        policy: DisclosurePolicy::default(),
        coverage: "One college.".to_owned(),
        panel: MatchPanel::default(),
        tables: vec![table],
        breaks: Vec::new(),
        peers: Default::default(),
    }
}

/// The call of a round under an agreement, begun and ended now, with nobody's seat.
pub(crate) fn call(home: &Home, round: RoundId, agreement: Digest) -> RoundCall {
    RoundCall {
        round,
        study: Digest([8; 32]),
        agreement,
        share_list: Digest([0; 32]),
        seats: Vec::new(),
        opened: home.now(),
        deadline: home.now(),
    }
}
