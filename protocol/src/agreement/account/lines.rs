//! The lines of an account, one for each thing sent to each recipient. Work that cannot come up in this round has no line.

use crate::{
    agreement::{
        Segment,
        account::{AccountLine, Amount, Concern, Recipient},
    },
    cells::{Dimension, Grouping},
    ids::{Digest, MemberCode},
    manifest::{
        Manifest,
        shapes::{ColumnKey, First, ListShape, TableShape},
    },
    seal::sealed_len,
};

/// What leaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// One share of the blind of the member's own list.
    BlindShare,
    /// Final columns of a list, after the last pass over it.
    Columns {
        /** The list's owner. */
        owner: MemberCode,
    },
    /// Cohort counts, the denominators of the report.
    CohortCounts,
    /// The member's part of the key to one finished table.
    Decryption {
        /** Number of the table. */
        table: u16,
        /** What it counts. */
        of: String,
    },
    /// The member's own list.
    List,
    /// Rows, opt-outs, students without a usable match key.
    Numbers,
    /// A pass over another member's list.
    Pass {
        /** The list's owner. */
        owner: MemberCode,
    },
    /// A pass over one table.
    TablePass {
        /** Number of the table. */
        table: u16,
        /** What it counts. */
        of: String,
    },
    /// One share of the key that makes tags.
    TagKeyShare,
    /// Tags of a list, after the last pass over it.
    Tags {
        /** The list's owner. */
        owner: MemberCode,
    },
}

impl Item {
    /// Whom it is about.
    #[must_use]
    pub fn concern(&self) -> Concern {
        match self {
            Self::CohortCounts | Self::List | Self::Numbers => Concern::OwnStudents,
            Self::BlindShare | Self::TagKeyShare => Concern::Keys,
            Self::Columns { .. }
            | Self::Decryption { .. }
            | Self::Pass { .. }
            | Self::TablePass { .. }
            | Self::Tags { .. } => Concern::CommitteeWork,
        }
    }

    /// A short name for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BlindShare => "blind-share",
            Self::CohortCounts => "cohort-counts",
            Self::Columns { .. } => "final-columns",
            Self::Decryption { .. } => "partial-decryption",
            Self::List => "own-list",
            Self::Numbers => "numbers",
            Self::Pass { .. } => "list-pass",
            Self::TablePass { .. } => "table-pass",
            Self::TagKeyShare => "tag-key-share",
            Self::Tags { .. } => "tags",
        }
    }

    /// What it is, in plain words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::BlindShare => "one share of your list's blind".to_owned(),
            Self::CohortCounts => {
                "cohort counts at or above the floor, the denominators of the report".to_owned()
            }
            Self::Columns { owner } => {
                format!("encrypted codes of the list of {owner}, passed on for the tables")
            }
            Self::Decryption { of, .. } => format!("your part of the key to the noisy table {of}"),
            Self::List => {
                "your list: blinded tokens and encrypted codes, one row per student, in random order"
                    .to_owned()
            }
            Self::Numbers => {
                "three numbers: rows, students opted out, students without a usable match key".to_owned()
            }
            Self::Pass { owner } => format!("the list of {owner}, blinded and shuffled once more"),
            Self::TablePass { of, .. } => {
                format!("the encrypted table {of}, with your noise added, shuffled once more")
            }
            Self::TagKeyShare => "one share of the key that makes the tags of this round".to_owned(),
            Self::Tags { owner } => format!("16-byte tags of the list of {owner}, good for this round only"),
        }
    }
}

/// Every line of participant `me`.
pub(super) fn of(manifest: &Manifest, me: u16) -> Option<Vec<AccountLine>> {
    let lines = Lines { manifest, me };
    let mut all = lines.own_students()?;
    all.extend(lines.keys()?);
    if let Some(position) = manifest.position(me) {
        for list in &manifest.lists {
            all.extend(lines.passes(list)?);
        }
        for (number, table) in (0_u16..).zip(&manifest.tables) {
            all.extend(lines.table(number, table, position)?);
        }
    }
    Some(all)
}

/// Cohort counts a sender gives away at most.
pub(super) fn cohort_cells(manifest: &Manifest, me: u16) -> u64 {
    let own = manifest.tables.iter().filter(|table| table.sender == me);
    own.map(|table| table.domain.len() as u64).sum()
}

struct Lines<'a> {
    manifest: &'a Manifest,
    me: u16,
}

impl Lines<'_> {
    fn own_students(&self) -> Option<Vec<AccountLine>> {
        let list = self.manifest.list(self.me)?;
        let rows = u64::from(list.rows);
        let mut lines = vec![AccountLine {
            item: Item::List,
            made_of: self.made_of(list)?,
            rows: Amount::Exact(rows),
            columns: (list.slots.len() + 1 + list.columns.len()) as u64,
            bytes: sealed(Amount::Exact(rows), list.row().ok()?.row_bytes()),
            to: self.to(list.pass(1)?)?,
            under: self.key(list.pass(1)?)?,
        }];
        let cells = cohort_cells(self.manifest, self.me);
        if cells > 0 {
            lines.push(AccountLine {
                item: Item::CohortCounts,
                made_of: self.counted_by(),
                rows: Amount::AtMost(cells),
                columns: 1,
                bytes: Amount::AtMost(cells.saturating_mul(COUNT_BYTES)),
                to: Recipient::Coordinator,
                under: format!("in clear; counts below {} are withheld here", self.manifest.floor),
            });
        }
        lines.push(AccountLine {
            item: Item::Numbers,
            made_of: "counts".to_owned(),
            rows: Amount::Exact(1),
            columns: 3,
            bytes: Amount::Exact(NUMBERS_BYTES),
            to: Recipient::Coordinator,
            under: "in clear".to_owned(),
        });
        Some(lines)
    }

    fn keys(&self) -> Option<Vec<AccountLine>> {
        let mut items = Vec::new();
        if self.manifest.list(self.me)?.first == First::Blinded {
            items.push(Item::BlindShare);
        }
        if self.manifest.position(self.me).is_some() {
            items.push(Item::TagKeyShare);
        }
        let mut lines = Vec::new();
        for item in items {
            for member in self.others() {
                lines.push(AccountLine {
                    item: item.clone(),
                    made_of: "random".to_owned(),
                    rows: Amount::Exact(1),
                    columns: 1,
                    bytes: Amount::Exact(sealed_len(SHARE_BYTES)),
                    to: self.to(member)?,
                    under: self.key(member)?,
                });
            }
        }
        Some(lines)
    }

    /// The pass over one list: on to the next member, or, if it is the last one, tags and columns.
    fn passes(&self, list: &ListShape) -> Option<Vec<AccountLine>> {
        let mine = list.passes.iter().skip(1).position(|member| *member == self.me);
        let Some(hop) = mine.and_then(|at| u8::try_from(at + 1).ok()) else { return Some(Vec::new()) };
        let (rows, shape, owner) =
            (Amount::Exact(list.rows.into()), list.row().ok()?, self.code(list.owner)?);
        let line = |item: Item, columns: usize, bytes: Amount, to: Recipient, under: String| AccountLine {
            item,
            made_of: format!("rows of {owner}, unreadable here"),
            rows,
            columns: columns as u64,
            bytes,
            to,
            under,
        };
        let points = shape.slots() + 1 + shape.columns();
        if hop < list.last_hop() {
            let (next, bytes) = (list.pass(hop + 1)?, sealed(rows, shape.row_bytes()));
            return Some(vec![line(Item::Pass { owner }, points, bytes, self.to(next)?, self.key(next)?)]);
        }
        let tags = rows.map(|rows| rows.saturating_mul(shape.tag_bytes() as u64));
        let in_clear = "in clear; made with a key the coordinator has not".to_owned();
        let mut lines =
            vec![line(Item::Tags { owner }, shape.slots(), tags, Recipient::Coordinator, in_clear)];
        for member in self.others() {
            let bytes = sealed(rows, shape.column_bytes());
            let item = Item::Columns { owner };
            lines.push(line(item, 1 + shape.columns(), bytes, self.to(member)?, self.key(member)?));
        }
        Some(lines)
    }

    /// The pass over one table and the decryption. A plan names a sender's row at most once.
    fn table(&self, number: u16, table: &TableShape, position: u16) -> Option<Vec<AccountLine>> {
        let shape = table.tuple().ok()?;
        let linked = u64::from(self.manifest.list(table.sender)?.rows);
        let noise = self.manifest.noise_tuples(table).ok()?;
        let after = |passes: u64| Amount::AtMost(linked.saturating_add(noise.saturating_mul(passes)));
        let committee = self.manifest.committee.len() as u64;
        let of = self.table_name(table)?;
        let receivers: Option<Vec<String>> =
            table.receivers.iter().map(|receiver| Some(self.code(*receiver)?.to_string())).collect();
        let made_of = format!(
            "linked rows of {} with {}, encrypted, and noise of the committee",
            self.code(table.sender)?,
            receivers?.join(", ")
        );
        let rows = after(u64::from(position) + 1);
        let (to, bytes, under) = match self.manifest.committee.get(usize::from(position) + 1) {
            Some(next) => (self.to(*next)?, sealed(rows, shape.tuple_bytes()), self.key(*next)?),
            None => (
                Recipient::CoordinatorAndCommittee,
                rows.map(|rows| rows.saturating_mul(shape.final_bytes() as u64)),
                "every value encrypted; only all of the committee together can open it".to_owned(),
            ),
        };
        let decrypted = after(committee);
        Some(vec![
            AccountLine {
                item: Item::TablePass { table: number, of: of.clone() },
                made_of: made_of.clone(),
                rows,
                columns: 1 + shape.windows() as u64,
                bytes,
                to,
                under,
            },
            AccountLine {
                item: Item::Decryption { table: number, of },
                made_of,
                rows: decrypted,
                columns: shape.windows() as u64,
                bytes: decrypted.map(|rows| rows.saturating_mul(shape.partial_bytes() as u64)),
                to: Recipient::Coordinator,
                under: "in clear; of use only together with the parts of all others".to_owned(),
            },
        ])
    }

    fn table_name(&self, table: &TableShape) -> Option<String> {
        let sender = self.code(table.sender)?;
        Some(format!("{} by {} of {sender}", table.metric, table.domain.dimension.name()))
    }

    /// What cohort counts of one's own students are made of.
    fn counted_by(&self) -> String {
        let mut own = self.manifest.tables.iter().filter(|table| table.sender == self.me);
        let school = if own.any(|table| table.domain.dimension == Dimension::School) {
            ", school (by name, of those the study lists)"
        } else {
            ""
        };
        let own = self.manifest.tables.iter().filter(|table| table.sender == self.me);
        let groupings = Grouping::among(own.map(|table| table.domain.dimension)).into_iter();
        let groups: String = groupings.map(|grouping| format!(", {}", grouping.words())).collect();
        format!("cohort, race and ethnicity, gender{school}{groups}")
    }

    fn made_of(&self, list: &ListShape) -> Option<String> {
        let identifiers = match self.manifest.seat(self.me)?.segment {
            Segment::K12 => "SSID, name, birth date, gender, ZIP (as match keys)",
            Segment::Cc | Segment::Univ => "SSID, SSN, name, birth date, gender, ZIP (as match keys)",
            Segment::Workforce => "SSN, name (as match keys)",
        };
        let keys = list.columns.iter().filter_map(|key| self.manifest.column_keys.get(usize::from(*key)));
        let codes = keys.map(|key| match key {
            ColumnKey::Window { metric, .. } => format!("the cohort, and outcome, that {metric} counts by"),
            ColumnKey::Cell { dimension, .. } => format!("cohort by {}", dimension.name()),
            // In no list; said all the same, should a manifest put one there.
            ColumnKey::Link { metric } => format!("that a record was linked, for {metric}"),
        });
        Some([identifiers.to_owned()].into_iter().chain(codes).collect::<Vec<_>>().join("; "))
    }

    /// The rest of the committee.
    fn others(&self) -> impl Iterator<Item = u16> {
        self.manifest.committee.iter().copied().filter(|member| *member != self.me)
    }

    fn code(&self, participant: u16) -> Option<MemberCode> {
        self.manifest.seat(participant).map(|seat| seat.code)
    }

    fn to(&self, participant: u16) -> Option<Recipient> {
        self.code(participant).map(Recipient::Member)
    }

    fn key(&self, participant: u16) -> Option<String> {
        let seat = self.manifest.seat(participant)?;
        Some(format!("HPKE key of this round, {}", Digest(seat.hpke_key).short()))
    }
}

fn sealed(rows: Amount, width: usize) -> Amount {
    rows.map(|rows| sealed_len(rows.saturating_mul(width as u64)))
}

/// A count in a message: present, and four bytes.
const COUNT_BYTES: u64 = 5;
/// Three numbers of four bytes.
const NUMBERS_BYTES: u64 = 12;
/// A share before it is sealed.
const SHARE_BYTES: u64 = 32;
