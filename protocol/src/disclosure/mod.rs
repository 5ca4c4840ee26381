//! Disclosure control: [`release`] and [`release_all`] are the only ways from a [`RawTable`] to a [`ReleasedTable`].
//!
//! # What it promises
//!
//! * **Floor.** No count below the floor is shown, none whose complement within the group is below it (the sender knows its
//!   own groups).
//! * **Protection interval.** No withheld count can be narrowed below a floor-wide range from everything shown in the
//!   released tables of the same sender and metric, and of its metrics that lie one within the other over the same groups
//!   (`nested`), even by a reader who knows every denominator, what each reason says and, where counts are exact and it is a
//!   receiver, its own counts (`suppression`). The same, where counts are exact, for the one to `floor - 1` students that
//!   overlapping figures would single out by subtraction: seen at both of two receivers, seen at the second only, seen
//!   between the 12th and the 16th month.
//! * **Percentages.** A coded percentage never stands beside the number of students (domain 4.2 P1); see `rate`.
//! * **Earlier releases.** [`Counted::judge`], asked by each sender's node before it blinds anything, refuses students that
//!   differ from those of an earlier release by a few; [`Ledger`] is the same for populations of any kind, and
//!   [`release_linked`] holds what earlier tables showed against new ones. Each answers for its keeper only.
//! * **Sums.** [`release_sums`] applies the dominance rules.
//!
//! Every withheld figure says why (A8): every cell is a value, a bound or a reason.
//!
//! # What it does not promise
//!
//! * Groups the sender withheld are known here by their sum only. The sum is protected as one figure; a single group that
//!   was withheld for another's sake may, with several receivers, be narrowed a little below the floor-wide range.
//! * [`release_all`] judges metrics apart that are not known to lie one within the other (`nested` says which are), those a
//!   study brings along among them; they and a reader's knowledge of individuals are outside it: the noise of SPEC §10
//!   answers those.
//! * Which cells are withheld depends on the counts; with noise it depends on noisy counts only.
//! * The coordinator sees exact counts if the agreement chose no noise (SPEC §10.5); nothing here changes that.
//!
//! ```text
//! RawTable ──┐                     ┌─ primary: below floor, complement, small group, withheld at source
//! RawTable ──┼─ release_all ───────┼─ complementary: least bits, until every withheld figure has its two worlds
//! RawTable ──┘  (same sender and   └─ marks: value, bound, suppressed, not applicable ──> ReleasedTable
//!                metric, and nested
//!                ones, together)
//! RawCross ──── release_linked ───── the same over any dimensions with hierarchies, linked, after earlier ones ──> ReleasedCross
//! RawSum ────── release_sums ─────── dominance, rounding ──> marks
//! ```

mod cross;
mod dominance;
mod earlier;
mod families;
mod hierarchy;
mod ledger;
mod mark;
mod measure;
mod nested;
mod noise_statement;
mod panel;
mod policy;
mod rate;
mod raw;
mod release;
mod released;
mod source_floor;
mod suppression;

#[cfg(test)]
mod attacker;
#[cfg(test)]
mod attacker_nested;
#[cfg(test)]
mod attacker_outcomes;
#[cfg(test)]
mod attacker_programme;

use measure::Measure;

pub use cross::{CROSS_CELLS_MAX, CellName, RawCross, ReleasedCross, release_linked};
pub use dominance::{DominanceRule, RawSum, is_dominated, release_sums};
pub use earlier::{Counted, CountedStudent, Earlier, Isolated, Judged};
pub use hierarchy::{CrossError, Hierarchy};
pub use ledger::{Answer, Entry, Ledger, LedgerRefusal, Population, Question, Spending};
pub use mark::{Mark, Reason};
pub use noise_statement::{NoiseStatement, NoiseTerms};
pub use panel::{ListCounts, MatchPanel, PairCounts, RawList, RawPair, release_panel};
pub use policy::DisclosurePolicy;
pub use raw::{RawTable, RawTableError, TableColumns};
pub use release::{release, release_all, release_nothing};
pub use released::{Category, MetricRef, Outcome, ReleasedCell, ReleasedTable, TABLE_CELLS_MAX};
pub use source_floor::source_floor;
