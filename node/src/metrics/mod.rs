//! Metrics at a node: a side's SQL over the stored tables, and what it says of each student of the roster (A2).
//!
//! ```text
//!   Metric + side ──statement──▶ Running ──rows──▶ MetricFacts ──▶ a round (by place in the roster)
//!   (protocol::metric)           (query limits)    by student  └─▶ Tally ──▶ `metric run`, for eyes inside
//! ```
//!
//! Promises: only the canonical tables are read, within the memory limit of a query; a row finds its student exactly as the
//! roster was put together, numbers that were merged included; students who opted out are in no fact. Facts are about
//! students: they have no `Debug` and no `Serialize`, and nothing here writes or sends them.

mod error;
mod facts;
mod groups;
mod known;
mod tally;
mod words;

pub use self::{
    error::MetricError,
    facts::{LeftOut, MetricFacts, facts, plan, plan_brought},
    groups::{GroupFacts, groups, plan_grouping},
    known::{find, from_file, reference},
    tally::{FLOOR, Line, Tally, TallyBy, tally},
    words::{check_text, grouping_text, show_text, study_text},
};

use core::ops::ControlFlow;

use passage_analytics::engine::{Progress, Running};
use passage_protocol::{
    agreement::{Role, Study},
    cells::Grouping,
    grouping::GroupingDefinition,
    metric::{Computation, Metric, Side},
};
use passage_shell::failure::Failure;

use crate::{home::Home, roster::Roster};

/// What a member's files say for a study. No `Debug`, no `Serialize`.
pub struct Said {
    /// Of each metric, in the order of [`Study::metrics`]; `None` where the member has no side in it.
    pub metrics: Vec<Option<MetricFacts>>,
    /// Of each grouping, in the order of [`Study::groupings`]; nothing at a receiver.
    pub groups: Vec<GroupFacts>,
}

impl From<Vec<Option<MetricFacts>>> for Said {
    fn from(metrics: Vec<Option<MetricFacts>>) -> Self {
        Self { metrics, groups: Vec::new() }
    }
}

impl Home {
    /// What a side of a metric says of each student of `roster`, from the stored tables as they are now.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the query; [`MetricError`] if its answer is not what the side must answer.
    ///
    /// # Cost
    ///
    /// The query within the memory limit of queries, then 16 bytes a row of its answer.
    pub fn metric_facts(
        &self,
        metric: &Metric,
        side: Side,
        roster: &Roster,
        told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<MetricFacts, Failure> {
        let program = metric.program(side).ok_or_else(|| MetricError::no_side(metric))?;
        self.query(&program.statement, |mut running| {
            let mut told = stopping(&running, told);
            Ok(facts(&mut running, metric, side, roster, &mut told)?)
        })
    }

    /// The category of each student of `roster` in a grouping, from the stored tables as they are now.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the query; [`MetricError`] if its answer is not what a grouping must answer.
    ///
    /// # Cost
    ///
    /// The query within the memory limit of queries, then a byte a student.
    pub fn group_facts(
        &self,
        grouping: Grouping,
        roster: &Roster,
        told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GroupFacts, Failure> {
        let definition = GroupingDefinition::of(grouping)?;
        self.query(&definition.program.statement, |mut running| {
            let mut told = stopping(&running, told);
            Ok(groups(&mut running, definition, roster, &mut told)?)
        })
    }

    /// What this member's side of each metric of a study says, and of a sender its groupings.
    ///
    /// # Errors
    ///
    /// As [`metric_facts`](Self::metric_facts).
    pub fn study_facts(&self, study: &Study, role: Role, roster: &Roster) -> Result<Said, Failure> {
        let of_one = |(id, version): (&str, u16)| {
            let Some(metric) = study.metric(id, version) else { return Ok(None) };
            let (side, segments) = match role {
                Role::Sender => (Side::Sender, &metric.senders),
                Role::Receiver => (Side::Receiver, &metric.receivers),
            };
            // A receiver of a metric that counts links alone says nothing.
            if !segments.contains(&self.segment) || metric.program(side).is_none() {
                return Ok(None);
            }
            self.metric_facts(metric, side, roster, &mut |_| ControlFlow::Continue(())).map(Some)
        };
        let groupings = if role == Role::Sender { study.groupings() } else { Vec::new() };
        let of_grouping = |grouping: Grouping| {
            // It is another sender's table: nothing is read for it here.
            if GroupingDefinition::of(grouping)?.holders.contains(&self.segment) {
                self.group_facts(grouping, roster, &mut |_| ControlFlow::Continue(()))
            } else {
                GroupFacts::new(grouping, Vec::new())
            }
        };
        Ok(Said {
            metrics: study.metrics().into_iter().map(of_one).collect::<Result<_, _>>()?,
            groups: groupings.into_iter().map(of_grouping).collect::<Result<_, _>>()?,
        })
    }

    /// The side this institution has in a metric, unless it is told.
    ///
    /// # Errors
    ///
    /// [`MetricError::Side`] if it has none, or two and none was asked for.
    pub fn metric_side(&self, metric: &Metric, asked: Option<Side>) -> Result<Side, MetricError> {
        let sides: &[(Side, bool)] = &[
            (Side::Sender, metric.senders.contains(&self.segment)),
            (Side::Receiver, metric.receivers.contains(&self.segment) && !metric.counts_links()),
            (Side::Own, metric.kind == Computation::Own && metric.holders.contains(&self.segment)),
        ];
        let possible: Vec<Side> = sides.iter().filter(|(_, has)| *has).map(|(side, _)| *side).collect();
        match (asked, possible.as_slice()) {
            (None, [only]) => Ok(*only),
            (Some(side), _) if possible.contains(&side) => Ok(side),
            (None | Some(_), _) => Err(MetricError::Side { possible }),
        }
    }
}

/// Tells of progress, and cancels the query if whoever is told says so.
fn stopping<'a>(
    running: &Running,
    told: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> impl FnMut(Progress) + use<'a> {
    let stop = running.canceller();
    move |step| {
        if told(step).is_break() {
            stop.cancel(); // the next batch says so
        }
    }
}
