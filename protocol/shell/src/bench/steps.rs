//! The kinds of work of a round, and what each cost.

use std::collections::BTreeMap;

use passage_protocol::{
    group::GroupError,
    linkage::TagListError,
    mixing::MixingError,
    refusal::{Code, Refusal},
    seal::SealError,
};
use serde_json::{Value, json};

use super::{
    Size,
    meter::{Cost, metered},
};

/// A kind of work.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Step {
    /// Hash, first pass and ciphers at the owner.
    Contribute,
    /// A committee member's pass.
    Hop,
    /// Orders of whole lists and tables.
    Shuffle,
    /// Digests, seals and their opening.
    Seal,
    /// Tags at the last hop.
    Tags,
    /// Links and plan at the coordinator.
    Join,
    /// Tuples, noise and their passes.
    Table,
    /// Partial decryptions with their proofs.
    Decrypt,
    /// Checking the proofs and counting at the coordinator.
    Decode,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Contribute => "owner: hash, first pass, ciphers",
            Self::Hop => "committee: hops",
            Self::Shuffle => "committee: shuffles",
            Self::Seal => "digests, seals, opening",
            Self::Tags => "committee: tags",
            Self::Join => "coordinator: join and plan",
            Self::Table => "committee: tables and noise",
            Self::Decrypt => "committee: decryptions and proofs",
            Self::Decode => "coordinator: proofs checked, counted",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Contribute | Self::Hop => "token or cipher point",
            Self::Shuffle | Self::Seal => "byte",
            Self::Tags | Self::Join => "tag",
            Self::Table | Self::Decrypt | Self::Decode => "ciphertext",
        }
    }
}

/// What a round cost, step by step.
#[derive(Default)]
pub(super) struct Round {
    steps: BTreeMap<Step, (Cost, u64)>,
    /// Tuples of the plan.
    pub(super) matched: usize,
    /// Tuples of one table that were decrypted, noise included.
    pub(super) tuples: usize,
    /// Bytes that were sealed for somebody, or sent as tags, plan and decryptions.
    pub(super) bytes: u64,
}

/// Why a round broke off: none of these can happen with keys and points of its own making.
#[derive(Debug)]
pub enum BenchFault {
    /// Arithmetic.
    Group(GroupError),
    /// A pass.
    Mixing(MixingError),
    /// A seal.
    Seal(SealError),
    /// Tags.
    Tags(TagListError),
}

/// What a loop over the members of this round did not find.
pub(super) const MISSING: BenchFault = BenchFault::Mixing(MixingError::ChunkLength { seen: 0, expected: 1 });

impl BenchFault {
    fn refusal(&self) -> &dyn Refusal {
        match self {
            Self::Group(error) => error,
            Self::Mixing(error) => error,
            Self::Seal(error) => error,
            Self::Tags(error) => error,
        }
    }
}

impl core::fmt::Display for BenchFault {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}", self.refusal())
    }
}

impl Refusal for BenchFault {
    fn code(&self) -> Code {
        self.refusal().code()
    }

    fn advice(&self) -> &'static str {
        "Report this to the maintainers: a round of made-up people on one machine was refused."
    }
}

macro_rules! from {
    ($($variant:ident: $error:ty;)*) => {$(
        impl From<$error> for BenchFault {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}
from! {
    Group: GroupError;
    Mixing: MixingError;
    Seal: SealError;
    Tags: TagListError;
}

impl Round {
    pub(super) fn spend<T>(&mut self, step: Step, units: u64, work: impl FnOnce() -> T) -> T {
        let (done, cost) = metered(work);
        let (spent, count) = self.steps.entry(step).or_default();
        spent.add(cost);
        *count += units;
        done
    }

    /// Processor nanoseconds for one unit of a step; what shuffles and seals cost is counted with the hops.
    pub(super) fn ns_a_unit(&self, step: Step) -> f64 {
        let of = |step: &Step| self.steps.get(step).map_or(0, |(cost, _)| cost.processor_ns);
        let units = self.steps.get(&step).map_or(0, |(_, units)| *units);
        let beside = if step == Step::Hop { of(&Step::Shuffle) + of(&Step::Seal) } else { 0 };
        (of(&step) + beside) as f64 / units.max(1) as f64
    }

    /// All steps together.
    #[must_use]
    pub(super) fn cost(&self) -> Cost {
        let mut all = Cost::default();
        self.steps.values().for_each(|(cost, _)| all.add(*cost));
        all
    }

    /// How much more the hops cost than the bare multiplications of their tokens, and of all their points, at so many nanoseconds a
    /// token and a ciphertext point on one core.
    #[must_use]
    pub(super) fn hop_over_bare(&self, size: &Size, [token_ns, cipher_ns]: [f64; 2]) -> [f64; 2] {
        let counts = size.counts();
        let tokens = counts.hopped_tokens as f64 * token_ns;
        let ciphers = (counts.hopped - counts.hopped_tokens) as f64 * cipher_ns;
        [tokens, tokens + ciphers]
            .map(|bare| self.ns_a_unit(Step::Hop) * counts.hopped as f64 / bare.max(1.0))
    }

    pub(super) fn json(&self) -> Value {
        let step = |(step, (cost, units)): (&Step, &(Cost, u64))| {
            json!({
                "step": step.name(),
                "processor seconds": (cost.processor_ns as f64 / 1e6).round() / 1e3,
                "wall seconds": (cost.wall_ns as f64 / 1e6).round() / 1e3,
                "units": units,
                "unit": step.unit(),
                "ns a unit": (cost.processor_ns as f64 * 10.0 / (*units).max(1) as f64).round() / 10.0,
            })
        };
        Value::Array(self.steps.iter().map(step).collect())
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(step, (cost, units)): (&Step, &(Cost, u64))| {
            let ns = cost.processor_ns as f64 / (*units).max(1) as f64;
            let seconds = cost.processor_ns as f64 / 1e9;
            format!("{:<38} {seconds:>9.2} {units:>13} {:<22} {ns:>9.1}", step.name(), step.unit())
        };
        self.steps.iter().map(line).collect()
    }
}
