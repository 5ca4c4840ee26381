//! Disclosure control: [`release`] and [`release_all`] are the only ways from a [`RawTable`] to a [`ReleasedTable`].
//!
//! # What it promises
//!
//! No count below the floor is shown, none whose complement within the group is below it (the sender knows its own
//! groups), and no withheld count can be narrowed below a floor-wide range by adding and subtracting what is shown in
//! the released tables of the same sender and metric, even by a reader who knows every denominator and how reasons
//! are chosen. Every withheld figure says why (A8).
//!
//! # What it does not promise
//!
//! * The attacker modelled is interval propagation over sums and unions (`suppression`). A full integer programme over
//!   several receivers at once could in principle narrow further; with one receiver the two are the same.
//! * Groups the sender withheld are known here by their sum only. The sum is protected as one figure; a single group that
//!   was withheld for another's sake may, with several receivers, be narrowed a little below the floor-wide range.
//! * Tables of different metrics (12 and 16 months), of other rounds, and a reader's knowledge of individuals are
//!   outside it: the release ledger and the noise of SPEC §10 answer those.
//! * Which cells are withheld depends on the counts; with noise it depends on noisy counts only.
//! * The coordinator sees exact counts if the agreement chose no noise (SPEC §10.5); nothing here changes that.
//!
//! ```text
//! RawTable ──┐                     ┌─ primary: below floor, complement, small group, withheld at source
//! RawTable ──┼─ release_all ───────┼─ complementary: until the modelled attacker learns nothing
//! RawTable ──┘  (same sender and   └─ marks: value, bound, suppressed, not applicable ──> ReleasedTable
//!                metric together)
//! ```

mod cross;
mod families;
mod hierarchy;
mod mark;
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

pub use cross::{CROSS_CELLS_MAX, CellName, RawCross, ReleasedCross, release_linked};
pub use hierarchy::{CrossError, Hierarchy};
pub use mark::{Mark, Reason};
pub use noise_statement::{NoiseStatement, NoiseTerms};
pub use panel::{ListCounts, MatchPanel, PairCounts, RawList, RawPair, release_panel};
pub use policy::DisclosurePolicy;
pub use raw::{RawTable, RawTableError};
pub use release::{release, release_all};
pub use released::{Category, MetricRef, Outcome, ReleasedCell, ReleasedTable, TABLE_CELLS_MAX};
pub use source_floor::source_floor;
