//! Statements over a table: passes and partial decryptions that do not continue the chain (SPEC §8, §9).

use passage_protocol::{
    ids::Digest,
    manifest::Manifest,
    mixing::{DecryptionProof, DecryptionStatement, DecryptionSums, TableTurn},
    seal::sealed_len,
    signing::SignatureKind,
    wire::{BlobRef, Message, PartialStatement, TableHopStatement},
};

use super::{Story, good, said};
use crate::{
    consortium::{CODES, committee_keys, signed},
    file::Vector,
    tables,
};

/// Tuples of the plan.
pub(super) const PLANNED: u32 = 11;

pub(super) fn plan() -> BlobRef {
    BlobRef { digest: Digest([120; 32]), bytes: 8 * u64::from(PLANNED) }
}

fn table_hop_of(manifest: &Manifest, hop: u8) -> TableHopStatement {
    let table = manifest.table(0).unwrap();
    let added = u32::try_from(manifest.noise_tuples(table).unwrap()).unwrap();
    let tuples = PLANNED + (u32::from(hop) + 1) * added;
    let turn = TableTurn::new(hop.into(), manifest.committee.len());
    let plain = u64::from(tuples) * table.tuple().unwrap().bytes_after(turn) as u64;
    let last = turn.is_last();
    let output = Digest([hop + 130; 32]);
    TableHopStatement {
        manifest: manifest.digest(),
        table: 0,
        hop,
        tuples,
        input: if hop == 0 { plan().digest } else { Digest([hop + 129; 32]) },
        output,
        sealed: BlobRef {
            digest: if last { output } else { Digest([140; 32]) },
            bytes: if last { plain } else { sealed_len(plain) },
        },
    }
}

/// A proof of something else: only the release looks at it.
fn some_proof() -> DecryptionProof {
    let tuples = tables::tuples();
    let keys = committee_keys(0);
    let partials = tables::partials(&tuples, 0);
    let statement = DecryptionStatement {
        manifest: Digest([0; 32]),
        table: 0,
        list: Digest::of_blob(&tuples),
        partials: Digest::of_blob(&partials),
    };
    let sums = DecryptionSums::of_chunk(&statement, &tuples, &partials, 0, tables::shape()).unwrap();
    DecryptionProof::prove(&statement, &sums, tables::shape(), tables::KEYS, &keys).unwrap()
}

pub(super) fn vectors(manifest: &Manifest, joined: Story) -> Vec<Vector> {
    let say = |statement: TableHopStatement, signer: u8| {
        Message::TableHop(signed(statement, SignatureKind::TableHopStatement, signer))
    };
    let changed = |hop: u8, change: fn(&mut TableHopStatement)| {
        let mut statement = table_hop_of(manifest, hop);
        change(&mut statement);
        said(CODES[usize::from(hop)], say(statement, hop))
    };
    let first = good("the first pass over the table", &joined, 0, say(table_hop_of(manifest, 0), 0))
        .bad(
            "unknown_table",
            "P0C02",
            "The manifest has one table.",
            changed(0, |statement| statement.table = 1),
        )
        .bad(
            "wrong_manifest",
            "P0C06",
            "The digest of another manifest.",
            changed(0, |statement| statement.manifest.0[0] ^= 1),
        )
        .bad(
            "without_noise",
            "P0C06",
            "Only the plan's tuples, no noise.",
            changed(0, |statement| statement.tuples = PLANNED),
        )
        .bad(
            "other_plan",
            "P0C06",
            "Not the plan that was sent.",
            changed(0, |statement| statement.input.0[0] ^= 1),
        )
        .bad(
            "other_length",
            "P0C06",
            "The blob is a byte longer than its tuples.",
            changed(0, |statement| statement.sealed.bytes += 1),
        )
        .bad(
            "signed_by_another",
            "P0C08",
            "Signed with the second member's key.",
            said(CODES[0], say(table_hop_of(manifest, 0), 1)),
        )
        .bad(
            "out_of_turn",
            "P0C02",
            "Position 1 is the second member's.",
            changed(0, |statement| statement.hop = 1),
        );
    let joined = joined.said(0, say(table_hop_of(manifest, 0), 0));
    let last = good("the last pass, in clear", &joined, 1, say(table_hop_of(manifest, 1), 1))
        .bad(
            "wrong_input",
            "P0C06",
            "Not what the first pass put out.",
            changed(1, |statement| statement.input.0[0] ^= 1),
        )
        .bad(
            "blob_that_is_not_the_output",
            "P0C06",
            "In clear, the blob is what was put out.",
            changed(1, |statement| statement.sealed.digest.0[0] ^= 1),
        )
        .bad(
            "second_statement",
            "P0C07",
            "The first member signs another table as well.",
            changed(0, |statement| statement.output.0[0] ^= 1),
        );
    let joined = joined.said(1, say(table_hop_of(manifest, 1), 1));
    let last_hop = table_hop_of(manifest, 1);
    let part = move || PartialStatement {
        manifest: last_hop.manifest,
        table: 0,
        table_digest: last_hop.output,
        partials: BlobRef {
            digest: Digest([150; 32]),
            bytes: u64::from(last_hop.tuples) * tables::shape().partial_bytes() as u64,
        },
        proof: some_proof(),
    };
    let say = |statement: PartialStatement, signer: u8| {
        Message::Partial(signed(statement, SignatureKind::PartialDecryption, signer))
    };
    let other = |change: fn(&mut PartialStatement)| {
        let mut statement = part();
        change(&mut statement);
        said(CODES[0], say(statement, 0))
    };
    let partials = good("the first partial decryption", &joined, 0, say(part(), 0))
        .bad("unknown_table", "P0C02", "The manifest has one table.", other(|statement| statement.table = 1))
        .bad(
            "wrong_manifest",
            "P0C06",
            "The digest of another manifest.",
            other(|statement| statement.manifest.0[0] ^= 1),
        )
        .bad(
            "of_another_list",
            "P0C06",
            "Not the list the last hop signed.",
            other(|statement| statement.table_digest.0[0] ^= 1),
        )
        .bad(
            "other_length",
            "P0C06",
            "A point is missing.",
            other(|statement| statement.partials.bytes -= 32),
        )
        .bad(
            "signed_by_another",
            "P0C08",
            "Signed with the second member's key.",
            said(CODES[0], say(part(), 1)),
        );
    vec![first, last, partials]
}
