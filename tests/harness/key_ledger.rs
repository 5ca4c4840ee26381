//! What every set of round keys was used for: the rule that no key share ever meets a second input (SPEC §5.6).

use std::collections::{BTreeMap, BTreeSet};

use passage_protocol::{ids::Digest, round::MemberJob};

/// Uses of committee keys by the digest of their public share.
#[derive(Default)]
pub struct KeyLedger {
    manifests: BTreeMap<Digest, BTreeSet<Digest>>,
    inputs: BTreeMap<(Digest, &'static str, u16), BTreeSet<Digest>>,
}

impl KeyLedger {
    /// Notes that the keys named `keys` are about to do `job` under a manifest.
    pub fn note(&mut self, keys: Digest, manifest: Digest, job: &MemberJob) {
        let used = match job {
            // A list is contributed once; its input is the manifest's own rows.
            MemberJob::Contribute => ("contribute", 0, manifest),
            MemberJob::Hop { list, expect, .. } => ("hop", *list, *expect),
            MemberJob::TableHop { table, expect, .. } => ("table", *table, *expect),
            MemberJob::Decrypt { table, last, .. } => ("decrypt", *table, last.digest),
            MemberJob::CheckPlan { .. } | MemberJob::KeepColumns { .. } | MemberJob::KeepReport { .. } => {
                return;
            }
        };
        self.manifests.entry(keys).or_default().insert(manifest);
        self.inputs.entry((keys, used.0, used.1)).or_default().insert(used.2);
    }

    /// Sets of keys used at all.
    #[must_use]
    pub fn sets(&self) -> usize {
        self.manifests.len()
    }

    /// Asserts that every set of keys met one manifest, and every list and table of it one input.
    pub fn assert_single_use(&self) {
        for (keys, manifests) in &self.manifests {
            assert_eq!(manifests.len(), 1, "keys {keys} were used under two manifests");
        }
        for ((keys, what, which), inputs) in &self.inputs {
            assert_eq!(inputs.len(), 1, "keys {keys} met two inputs at {what} {which}");
        }
    }
}
