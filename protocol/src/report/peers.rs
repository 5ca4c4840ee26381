//! Peer comparison without names (A12, domain 3.8, 4.6): a sender's own rate beside the quartiles of others of its kind.
//!
//! The coordinator makes it from the tables of one release, before each report is cut; only under an agreement whose parties
//! have said so (`peer_comparison`), because a reader is told something about members it shares nothing with.
//!
//! # Why nobody's value can be worked out
//!
//! * **Own knowledge does not help.** The group holds the *others* alone, so nothing of what the reader knows of itself enters
//!   the three figures: there is nothing to subtract it from. Members whose figures the report shows by code are left out of
//!   the group too, for the same reason: what is shown of them would thin it out.
//! * **No sums.** Lower quartile, median and upper quartile are values that stand in the middle of the sorted list. Neither
//!   mean, nor total, nor least, nor greatest value is given, so two groups that differ by one member have no difference that
//!   is the member's value: a quartile moves by at most one place in the list.
//! * **No names.** The three figures are the same however the values are handed out among the institutions. With five or more
//!   of them every institution may have any of the values, and two at least are told to lie below or above only.
//! * **No weight.** A group in which one institution has more than 60 % of the students, or two more than 85 %, says in truth
//!   what they do; it is not shown ([`DominanceRule::INSTITUTIONS`]).
//!
//! Every value is a released percentage, so what it says about students is what a report says about them.

use crate::{
    cells::{Dimension, SchoolYear},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    disclosure::{DominanceRule, Mark, MetricRef, Outcome, ReleasedTable, is_dominated},
    ids::MemberCode,
    report::{Report, Segment},
};

/// Quartiles of the percentages of other senders.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PeerGroup {
    /// The metric.
    pub metric: MetricRef,
    /// The cohort.
    pub cohort: SchoolYear,
    /// Kind of the institutions.
    pub segment: Segment,
    /// How many there are beside the reader, at least five.
    pub institutions: u16,
    /// Lower quartile, whole percent.
    pub lower: u64,
    /// Median.
    pub median: u64,
    /// Upper quartile.
    pub upper: u64,
}
codec_struct!(PeerGroup { metric, cohort, segment, institutions, lower, median, upper });

/// The groups of one report. Their bytes end a report and are not there where it has none: reports of earlier versions have the
/// form of those.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Peers(pub Vec<PeerGroup>);

impl Encode for Peers {
    fn encode(&self, out: &mut Vec<u8>) {
        if !self.0.is_empty() {
            self.0.encode(out);
        }
    }
}

impl Decode for Peers {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.is_at_end() {
            return Ok(Self::default());
        }
        let position = reader.position();
        let groups: Vec<PeerGroup> = Decode::decode(reader)?;
        let some = !groups.is_empty();
        some.then_some(Self(groups))
            .ok_or(CodecError::Invalid { position, expected: "a group of peers, or the end" })
    }
}

impl PeerGroup {
    /// The reader's own percentage, as its report shows it.
    #[must_use]
    pub fn own(&self, report: &Report) -> Option<Mark> {
        let own = |table: &&ReleasedTable| table.metric == self.metric && is_whole(table, report.viewer);
        report.tables.iter().find(own).and_then(|table| rate(table, self.cohort))
    }
}

/// What the legend says of it, for notes and page.
pub const PEERS: &str = "quartiles of the percentages of other senders of the same kind in this release, at least five, none with more than 60 % of \
                         their students; without codes. The reader is not among them, nor is a sender whose figures this report shows";

/// The groups for one reader.
///
/// # Inputs
///
/// `all` are the tables of the release, `shown` those of the reader's report; `segment` gives the kind of a sender.
#[must_use]
pub fn peers(
    all: &[ReleasedTable],
    shown: &[ReleasedTable],
    viewer: MemberCode,
    segment: impl Fn(MemberCode) -> Option<Segment>,
) -> Peers {
    let Some(kind) = segment(viewer) else { return Peers::default() };
    let mut groups = Vec::new();
    for own in shown.iter().filter(|table| is_whole(table, viewer)) {
        let others: Vec<&ReleasedTable> = all
            .iter()
            .filter(|table| table.metric == own.metric && table.receivers == own.receivers)
            .filter(|table| is_whole(table, table.sender) && segment(table.sender) == Some(kind))
            .filter(|table| shown.iter().all(|known| known.sender != table.sender))
            .collect();
        for cohort in &own.domain.cohorts {
            if rate(own, *cohort).and_then(|mark| mark.value()).is_none() {
                continue;
            }
            let value = |table: &&ReleasedTable| {
                let students = table.mark(*cohort, 0, Outcome::Cohort)?.value()?;
                Some((rate(table, *cohort)?.value()?, students))
            };
            let (mut rates, students): (Vec<u64>, Vec<u64>) = others.iter().filter_map(value).unzip();
            if is_dominated(&students, &DominanceRule::INSTITUTIONS) {
                continue;
            }
            rates.sort_unstable();
            let (count, quarter) = (rates.len(), rates.len().div_ceil(4));
            let at = |place: usize| rates.get(place).copied();
            let quartiles = (
                at(quarter.saturating_sub(1)),
                at(count.saturating_sub(1) / 2),
                at(count.saturating_sub(quarter)),
            );
            if let (Some(lower), Some(median), Some(upper)) = quartiles {
                groups.push(PeerGroup {
                    metric: own.metric.clone(),
                    cohort: *cohort,
                    segment: kind,
                    institutions: u16::try_from(count).unwrap_or(u16::MAX),
                    lower,
                    median,
                    upper,
                });
            }
        }
    }
    Peers(groups)
}

/// Whether a table counts all students of this sender.
fn is_whole(table: &ReleasedTable, sender: MemberCode) -> bool {
    table.domain.dimension == Dimension::All && table.sender == sender
}

/// The percentage observed at any receiver.
fn rate(table: &ReleasedTable, cohort: SchoolYear) -> Option<Mark> {
    table.mark(cohort, 0, Outcome::Rate(None))
}
