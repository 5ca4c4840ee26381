//! The account of what leaves a member in one round, and a person's yes to it (SPEC §11, D5).

use crate::{
    agreement::{DocumentId, Segment},
    codec::Encode,
    ids::{Digest, MemberCode},
    manifest::{
        Manifest,
        shapes::{ColumnKey, First},
    },
    seal::sealed_len,
    timestamp::Timestamp,
};

/// Who receives something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recipient {
    /// The coordinator, in clear.
    Coordinator,
    /// A committee member; the coordinator relays sealed bytes it cannot open.
    Member(MemberCode),
}

/// One thing that leaves the building.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountLine {
    /// What it is, in plain words.
    pub what: &'static str,
    /// Which data elements it was made from.
    pub made_of: String,
    /// Rows.
    pub rows: u64,
    /// Tokens and ciphertexts in a row.
    pub columns: u64,
    /// Bytes on the way, seals included.
    pub bytes: u64,
    /// To whom.
    pub to: Recipient,
    /// The key it is sealed under, or why it is not.
    pub under: String,
}

/// Everything that leaves one member in one round.
#[derive(Clone, Debug)]
pub struct Account {
    /// The round.
    pub manifest: Digest,
    /// Names what a yes is bound to; equal for a re-opened round with the same content.
    pub digest: Digest,
    /// Agreement id.
    pub agreement: String,
    /// Study id.
    pub study: String,
    /// Lines, own data first, then relayed work for others.
    pub lines: Vec<AccountLine>,
}

impl Account {
    /// The account of participant `me`; `None` if the manifest does not name it.
    #[must_use]
    pub fn of(manifest: &Manifest, me: u16) -> Option<Self> {
        let list = manifest.list(me)?;
        let seat = manifest.seat(me)?;
        let code = |participant: u16| manifest.seat(participant).map(|seat| seat.code);
        let key = |participant: u16| {
            let key = manifest.seat(participant).map_or([0; 32], |seat| seat.hpke_key);
            format!("HPKE key of this round, {}", Digest(key).short())
        };
        let mut lines = Vec::new();
        let rows = u64::from(list.rows);
        let row_bytes = list.row().ok()?.row_bytes() as u64;
        let next = list.pass(1)?;
        lines.push(AccountLine {
            what: "your list: blinded tokens and encrypted codes, one row per student, in random order",
            made_of: made_of(manifest, me, seat.segment),
            rows,
            columns: (list.slots.len() + 1 + list.columns.len()) as u64,
            bytes: sealed_len(rows.saturating_mul(row_bytes)),
            to: Recipient::Member(code(next)?),
            under: key(next),
        });
        if list.first == First::Blinded {
            for member in manifest.committee.iter().filter(|member| **member != me) {
                lines.push(AccountLine {
                    what: "one share of your list's blind",
                    made_of: "random".to_owned(),
                    rows: 1,
                    columns: 1,
                    bytes: sealed_len(32),
                    to: Recipient::Member(code(*member)?),
                    under: key(*member),
                });
            }
        }
        let cells: usize =
            manifest.tables.iter().filter(|table| table.sender == me).map(|table| table.domain.len()).sum();
        if cells > 0 {
            lines.push(AccountLine {
                what: "cohort counts at or above the floor, the denominators of the report",
                made_of: "cohort, race and ethnicity, gender".to_owned(),
                rows: cells as u64,
                columns: 1,
                bytes: cells as u64 * 5,
                to: Recipient::Coordinator,
                under: format!("in clear; counts below {} are withheld here", manifest.floor),
            });
        }
        lines.push(AccountLine {
            what: "three numbers: rows, students opted out, students without a usable match key",
            made_of: "counts".to_owned(),
            rows: 1,
            columns: 3,
            bytes: 12,
            to: Recipient::Coordinator,
            under: "in clear".to_owned(),
        });
        let mut bytes = Vec::new();
        (manifest.study, manifest.agreement).encode(&mut bytes);
        seat.code.encode(&mut bytes);
        (list.rows, list.slots.clone()).encode(&mut bytes);
        (list.columns.clone(), manifest.recipes.clone()).encode(&mut bytes);
        manifest.noise.encode(&mut bytes);
        manifest.floor.encode(&mut bytes);
        // Not the committee: the study names its least size, and one that had to be enlarged only protects better.
        u64::try_from(cells).unwrap_or(u64::MAX).encode(&mut bytes);
        Some(Self {
            manifest: manifest.digest(),
            digest: Digest::derive("passage v1 account", &bytes),
            agreement: DocumentId::Agreement(manifest.agreement).to_string(),
            study: DocumentId::Study(manifest.study).to_string(),
            lines,
        })
    }

    /// Bytes of the member's own data on the way out.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lines.iter().map(|line| line.bytes).sum()
    }
}

fn made_of(manifest: &Manifest, me: u16, segment: Segment) -> String {
    let identifiers = match segment {
        Segment::K12 => "SSID, name, birth date, gender, ZIP (as match keys)",
        Segment::Cc | Segment::Univ => "SSID, SSN, name, birth date, gender, ZIP (as match keys)",
        Segment::Workforce => "SSN, name (as match keys)",
    };
    let columns = manifest.list(me).map(|list| list.columns.clone()).unwrap_or_default();
    let keys = columns.iter().filter_map(|key| manifest.column_keys.get(usize::from(*key)));
    let codes = keys.map(|key| match key {
        ColumnKey::Window { .. } => "school year of completion or first enrolment".to_owned(),
        ColumnKey::Cell { dimension, .. } => format!("cohort by {}", dimension.name()),
    });
    [identifiers.to_owned()].into_iter().chain(codes).collect::<Vec<_>>().join("; ")
}

/// A named person's yes to one account. Made by the node's approval screen only; without it no list is contributed.
#[derive(Debug)]
pub struct Approval {
    /// The account the person read.
    pub account: Digest,
    /// Who said yes.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
