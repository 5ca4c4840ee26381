//! What a member can check of a proposal against the report it got itself from the same round.

use std::collections::BTreeSet;

use crate::{
    disclosure::{Outcome, ReleasedTable},
    ids::MemberCode,
    release::ReleaseError,
    report::Report,
};

/// How the figures of a proposal stand to those of this member's own report.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Comparison {
    /// Figures that its own report has, and has the same.
    pub same: usize,
    /// Figures that its own report does not have: they are cut to other readers' share lists.
    pub unseen: usize,
    /// Whom those are about: the sender, and the receivers that are named, none for any of them.
    pub unseen_about: BTreeSet<(MemberCode, Vec<MemberCode>)>,
}

/// Compares a proposal's figures with this member's own report: run, papers, texts and every cell both have.
///
/// # Errors
///
/// [`ReleaseError::FiguresDiffer`] names the first part that differs.
pub fn compare(shown: &Report, own: &Report) -> Result<Comparison, ReleaseError> {
    let differ = |what| ReleaseError::FiguresDiffer { what };
    let parts = [
        ("run, agreement or study", same_run(shown, own)),
        ("title, purpose or coverage", same_texts(shown, own)),
        ("time of making", shown.generated_at == own.generated_at),
        ("noise or floor", shown.noise == own.noise && shown.policy == own.policy),
        ("kinds of institution", shown.segments == own.segments),
        ("breaks in the series", shown.breaks == own.breaks),
    ];
    if let Some((what, _)) = parts.iter().find(|(_, same)| !same) {
        return Err(differ(what));
    }
    for definition in &shown.metrics {
        if own.definition(&definition.metric).is_some_and(|known| known != definition) {
            return Err(differ("definitions"));
        }
    }
    let mut found = Comparison::default();
    for table in &shown.tables {
        let known = own.tables.iter().find(|other| is_same_table(table, other));
        if known.is_some_and(|known| known.noise != table.noise || known.policy != table.policy) {
            return Err(differ("noise or floor"));
        }
        for cell in &table.cells {
            let of_own = known.and_then(|known| {
                known.cells.iter().find(|other| {
                    (other.cohort, &other.category, other.outcome)
                        == (cell.cohort, &cell.category, cell.outcome)
                })
            });
            match of_own {
                Some(own) if own.mark == cell.mark => found.same += 1,
                Some(_) => return Err(differ("figures")),
                None => {
                    found.unseen += 1;
                    found.unseen_about.insert((table.sender, about(table, cell.outcome)));
                }
            }
        }
    }
    Ok(found)
}

fn about(table: &ReleasedTable, outcome: Outcome) -> Vec<MemberCode> {
    table.receivers_of(outcome).flatten().collect()
}

fn same_run(shown: &Report, own: &Report) -> bool {
    (shown.round, shown.wire_version, &shown.agreement, &shown.study)
        == (own.round, own.wire_version, &own.agreement, &own.study)
}

fn same_texts(shown: &Report, own: &Report) -> bool {
    (&shown.study_title, &shown.purpose, &shown.coverage) == (&own.study_title, &own.purpose, &own.coverage)
}

fn is_same_table(one: &ReleasedTable, other: &ReleasedTable) -> bool {
    (&one.metric, &one.domain, one.sender, &one.receivers)
        == (&other.metric, &other.domain, other.sender, &other.receivers)
}
