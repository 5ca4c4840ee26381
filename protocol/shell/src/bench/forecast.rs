//! What a round of another size would cost on this machine: the measured cost of each unit of work, times how many there are.

use serde_json::{Value, json};

use super::{
    Size,
    meter::in_words,
    steps::{Round, Step},
};

/// What a round would cost.
pub(super) struct Forecast {
    /// The round.
    pub(super) size: Size,
    /// Seconds of processor time, all parties together.
    pub(super) processor_s: f64,
    /// Seconds on the wall if every member has as many cores as this machine.
    pub(super) wall_s: f64,
    /// Bytes a committee member receives and sends.
    pub(super) committee_bytes: u64,
    /// Memory of a committee member for one list, bytes, before the allowance bounds it.
    pub(super) list_bytes: u64,
}

impl Forecast {
    /// Scales the steps of a measured round.
    pub(super) fn of(size: Size, measured: &Round, cores: usize) -> Self {
        let ns = |step: Step, units: u64| measured.ns_a_unit(step) * units as f64;
        let counts = size.counts();
        let first = ns(Step::Contribute, counts.contributed);
        let hops = ns(Step::Hop, counts.hopped);
        let tags = ns(Step::Tags, counts.tags);
        let join = ns(Step::Join, counts.tags);
        let table = ns(Step::Table, counts.tuple_points);
        let decrypt = ns(Step::Decrypt, counts.decrypted_points);
        let decode = ns(Step::Decode, counts.decrypted_points);
        let total = first + hops + tags + join + table + decrypt + decode;
        // Lists are made at the same time by all members, then each committee member has every list to pass, then the
        // committee passes each table one after the other and decrypts side by side.
        let committee = size.committee() as f64;
        let in_turn = first / size.members as f64
            + (hops + tags) / committee
            + join
            + table
            + decrypt / committee
            + decode;
        Self {
            processor_s: total / 1e9,
            wall_s: in_turn / 1e9 / cores.max(1) as f64,
            committee_bytes: 2 * counts.list_bytes + 2 * counts.table_bytes,
            list_bytes: counts.largest_list_bytes,
            size,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "members": self.size.members,
            "rows": self.size.rows,
            "keys": self.size.keys,
            "tables": self.size.tables,
            "processor seconds, all parties": (self.processor_s * 10.0).round() / 10.0,
            "wall seconds": (self.wall_s * 10.0).round() / 10.0,
            "bytes of a committee member": self.committee_bytes,
            "bytes of the largest list": self.list_bytes,
        })
    }

    pub(super) fn line(&self) -> String {
        format!(
            "{} members x {} rows x {} keys, {} table{}: about {} on this machine's cores, {:.1} GB through each committee member, {} for its largest list",
            self.size.members,
            self.size.rows,
            self.size.keys,
            self.size.tables,
            if self.size.tables == 1 { "" } else { "s" },
            in_words(self.wall_s),
            self.committee_bytes as f64 / 1e9,
            mebibytes(self.list_bytes),
        )
    }
}

/// Memory for people.
pub(super) fn mebibytes(bytes: u64) -> String {
    if bytes < 10 << 30 {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    } else {
        format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
    }
}
