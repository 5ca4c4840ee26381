//! The catalogue: one file for each version of each metric. An old version stays, so that an old report can be made again.

use std::sync::LazyLock;

use super::Metric;
use crate::document::DocumentError;

/// Every built-in metric, by id and version.
pub(super) fn all() -> Result<&'static [Metric], DocumentError> {
    static READ: LazyLock<Result<Vec<Metric>, DocumentError>> = LazyLock::new(|| {
        let mut all = FILES.into_iter().map(Metric::parse).collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
        Ok(all)
    });
    READ.as_deref().map_err(Clone::clone)
}

pub(super) const FILES: [&str; 45] = [
    include_str!("builtin/a-g-completion.v1.toml"),
    include_str!("builtin/awards.v1.toml"),
    include_str!("builtin/career-technical-units.v1.toml"),
    include_str!("builtin/college-going-12-nsc.v1.toml"),
    include_str!("builtin/college-going-12.v1.toml"),
    include_str!("builtin/college-going-16.v1.toml"),
    include_str!("builtin/college-type-nsc.v1.toml"),
    include_str!("builtin/completion-4-nsc.v1.toml"),
    include_str!("builtin/completion-4.v1.toml"),
    include_str!("builtin/completion-6-nsc.v1.toml"),
    include_str!("builtin/completion-6.v1.toml"),
    include_str!("builtin/course-sequence-math-transfer.v1.toml"),
    include_str!("builtin/course-sequence-math.v1.toml"),
    include_str!("builtin/course-sequence-math.v2.toml"),
    include_str!("builtin/course-success.v1.toml"),
    include_str!("builtin/dual-enrolment-grade-9.v1.toml"),
    include_str!("builtin/dual-enrolment-participation.v1.toml"),
    include_str!("builtin/dual-enrolment-units.v1.toml"),
    include_str!("builtin/dual-enrolment.v1.toml"),
    include_str!("builtin/earnings-bands.v1.toml"),
    include_str!("builtin/earnings-change.v1.toml"),
    include_str!("builtin/employment.v1.toml"),
    include_str!("builtin/enrolled-any-first-year.v1.toml"),
    include_str!("builtin/enrolled-two-years-nsc.v1.toml"),
    include_str!("builtin/enrolled-within-two-years.v1.toml"),
    include_str!("builtin/feeder-origins.v1.toml"),
    include_str!("builtin/first-fall-nsc.v1.toml"),
    include_str!("builtin/first-fall.v1.toml"),
    include_str!("builtin/first-time-cohort.v1.toml"),
    include_str!("builtin/found-after-college.v1.toml"),
    include_str!("builtin/found-at-member.v1.toml"),
    include_str!("builtin/k16-pathway.v1.toml"),
    include_str!("builtin/living-wage.v1.toml"),
    include_str!("builtin/noncredit-completion.v1.toml"),
    include_str!("builtin/persistence-first-to-second-term.v1.toml"),
    include_str!("builtin/persistence-nsc.v1.toml"),
    include_str!("builtin/persistence.v1.toml"),
    include_str!("builtin/remedial-enrolment.v1.toml"),
    include_str!("builtin/remedial-placement.v1.toml"),
    include_str!("builtin/transfer-level-first-year.v1.toml"),
    include_str!("builtin/transfer-level-math-english.v1.toml"),
    include_str!("builtin/transfer-level-math.v1.toml"),
    include_str!("builtin/transfer-nsc.v1.toml"),
    include_str!("builtin/transfer.v1.toml"),
    include_str!("builtin/unit-bands.v1.toml"),
];
