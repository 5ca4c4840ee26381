//! Messages as they come off the wire, before any state looks at them (SPEC §2.1, §13).

use passage_protocol::{
    codec::{Decode, Encode},
    ids::Digest,
    signing::SignatureKind,
    wire::{
        BlobRef, Envelope, HopStatement, Message,
        limits::{BLOB_BYTES_MAX, SEALED_SHARE_BYTES_MAX},
        service::{Mail, MailEntry, RoundBlob},
    },
};

use crate::{
    consortium::{CODES, ROUND, call, share_message, signed},
    file::{Fields, File, IDENTITY, NEGATIVE, Read, Vector, bytes, code, cut, longer, with},
};

pub(crate) const FILE: File = File { name: "bad_messages.json", make, read };

/// Where the message starts in an envelope from a member: round, `01`, code.
const MESSAGE: usize = 16 + 1 + 5;

pub(crate) fn envelope(message: Message) -> Envelope {
    Envelope { round: ROUND, from: Some(CODES[0]), message }
}

fn blob(bytes: u64) -> BlobRef {
    BlobRef { digest: Digest([5; 32]), bytes }
}

fn make() -> Vec<Vector> {
    vec![hops(), shares(), key_shares(), columns(), counts(), calls(), mail(), blobs()]
}

fn good(what: &str, message: Message) -> (Vec<u8>, Vector) {
    let bytes = envelope(message).to_bytes();
    let vector = Vector::good("envelope", what, [("envelope", hex::encode(&bytes))]);
    (bytes, vector)
}

fn other(bytes: String) -> [(&'static str, String); 1] {
    [("envelope", bytes)]
}

fn hops() -> Vector {
    let statement = HopStatement {
        manifest: Digest([2; 32]),
        list: 0,
        hop: 0,
        rows: 12,
        input: Digest([0; 32]),
        output: Digest([3; 32]),
        sealed: blob(1_000),
    };
    let (bytes, vector) =
        good("a hop statement", Message::Hop(signed(statement, SignatureKind::HopStatement, 0)));
    // 111 bytes of statement up to the length of the blob.
    let length = MESSAGE + 1 + 4 + 32 + 2 + 1 + 4 + 32 + 32 + 32;
    vector
        .bad("unknown_kind", "P0104", "No message has number 21.", other(with(&bytes, MESSAGE, &[21])))
        .bad("kind_zero", "P0104", "Messages are numbered from 1.", other(with(&bytes, MESSAGE, &[0])))
        .bad(
            "sender_neither_there_nor_absent",
            "P0104",
            "An option is 00 or 01.",
            other(with(&bytes, 16, &[2])),
        )
        .bad(
            "statement_beyond_the_bytes",
            "P0103",
            "Four billion bytes are announced.",
            other(with(&bytes, MESSAGE + 1, &[0xFF; 4])),
        )
        .bad(
            "blob_beyond_the_limit",
            "P0104",
            "A blob has at most 8 GiB.",
            other(with(&bytes, length, &(BLOB_BYTES_MAX + 1).to_le_bytes())),
        )
        .bad("truncated", "P0101", "The signature lacks a byte.", other(cut(&bytes)))
        .bad("trailing_byte", "P0102", "A byte stands behind the signature.", other(longer(&bytes)))
        .bad("empty", "P0101", "Nothing.", other(String::new()))
}

fn shares() -> Vector {
    let share = |bytes| Message::BlindShare { list: 0, to: 1, sealed: vec![7; bytes] };
    let (bytes, vector) = good("a sealed blind share at the limit", share(SEALED_SHARE_BYTES_MAX));
    let tag_key = Message::TagKeyShare { from: 0, to: 1, sealed: vec![7; SEALED_SHARE_BYTES_MAX + 1] };
    vector
        .bad(
            "oversized",
            "P0104",
            "A sealed share has at most 128 bytes.",
            other(hex::encode(envelope(share(SEALED_SHARE_BYTES_MAX + 1)).to_bytes())),
        )
        .bad(
            "oversized_tag_key_share",
            "P0104",
            "The same limit for the other share.",
            other(hex::encode(envelope(tag_key).to_bytes())),
        )
        .bad(
            "count_beyond_the_bytes",
            "P0103",
            "One byte more is announced than follows.",
            other(with(&bytes, MESSAGE + 5, &(SEALED_SHARE_BYTES_MAX as u32 + 1).to_le_bytes())),
        )
        .bad(
            "count_below_the_bytes",
            "P0102",
            "One byte fewer is announced than follows.",
            other(with(&bytes, MESSAGE + 5, &(SEALED_SHARE_BYTES_MAX as u32 - 1).to_le_bytes())),
        )
}

fn key_shares() -> Vector {
    let message = Message::KeyShare(signed(share_message(0), SignatureKind::KeyShare, 0));
    let (bytes, vector) = good("a key share", message);
    // Kind, count of the signed bytes, round, count of the points.
    let point = MESSAGE + 1 + 4 + 16 + 4;
    vector
        .bad(
            "point_identity",
            "P0104",
            "A column key that encrypts nothing.",
            other(with(&bytes, point, &IDENTITY)),
        )
        .bad("point_negative", "P0104", "No encoding of a point.", other(with(&bytes, point, &NEGATIVE)))
        .bad(
            "points_beyond_the_bytes",
            "P0103",
            "Four billion points are announced.",
            other(with(&bytes, point - 4, &[0xFF; 4])),
        )
        .bad(
            "more_points_than_proofs",
            "P0103",
            "The proofs' count is read where the third point would stand.",
            other(with(&bytes, point - 4, &[3, 0, 0, 0])),
        )
}

fn columns() -> Vector {
    let (bytes, vector) =
        good("final columns at the limit", Message::Columns { list: 0, to: 1, sealed: blob(BLOB_BYTES_MAX) });
    let length = bytes.len() - 8;
    vector
        .bad(
            "oversized",
            "P0104",
            "A blob has at most 8 GiB.",
            other(with(&bytes, length, &(BLOB_BYTES_MAX + 1).to_le_bytes())),
        )
        .bad(
            "oversized_by_far",
            "P0104",
            "The largest number there is.",
            other(with(&bytes, length, &[0xFF; 8])),
        )
}

fn counts() -> Vector {
    let message = Message::CohortCounts { table: 0, counts: vec![Some(12), None] };
    let (bytes, vector) = good("cohort counts, one withheld", message);
    let first = MESSAGE + 1 + 2 + 4;
    vector
        .bad(
            "neither_counted_nor_withheld",
            "P0104",
            "An option is 00 or 01.",
            other(with(&bytes, first, &[2])),
        )
        .bad(
            "counts_beyond_the_bytes",
            "P0103",
            "Four billion counts are announced.",
            other(with(&bytes, first - 4, &[0xFF; 4])),
        )
        .bad(
            "one_count_more",
            "P0101",
            "Three counts are announced, two follow.",
            other(with(&bytes, first - 4, &[3, 0, 0, 0])),
        )
}

fn calls() -> Vector {
    let (bytes, vector) = good("a call", Message::Call(call()));
    let key = MESSAGE + 1 + 16 + 32 + 32 + 32 + 4 + 5;
    vector
        .bad(
            "signing_key_of_small_order",
            "P0104",
            "The identity is nobody's key.",
            other(with(&bytes, key, &NEGATIVE)),
        )
        .bad(
            "seats_beyond_the_bytes",
            "P0103",
            "Four billion seats are announced.",
            other(with(&bytes, key - 9, &[0xFF; 4])),
        )
}

fn mail() -> Vector {
    let entry = |number| MailEntry {
        number,
        envelope: envelope(Message::Columns { list: 0, to: 1, sealed: blob(9) }),
    };
    let bytes = Mail { entries: vec![entry(1), entry(2)] }.to_bytes();
    let other = |bytes: String| [("mail", bytes)];
    Vector::good("mail", "two entries of a mailbox", [("mail", hex::encode(&bytes))])
        .bad(
            "entries_beyond_the_bytes",
            "P0103",
            "Four billion entries are announced.",
            other(with(&bytes, 0, &[0xFF; 4])),
        )
        .bad(
            "one_entry_more",
            "P0101",
            "Three entries are announced, two follow.",
            other(with(&bytes, 0, &[3, 0, 0, 0])),
        )
        .bad(
            "one_entry_fewer",
            "P0102",
            "One entry is announced, two follow.",
            other(with(&bytes, 0, &[1, 0, 0, 0])),
        )
        .bad(
            "unknown_kind_inside",
            "P0104",
            "The first entry's message has number 99.",
            other(with(&bytes, 4 + 8 + MESSAGE, &[99])),
        )
}

fn blobs() -> Vector {
    let bytes = RoundBlob { round: ROUND, blob: blob(9) }.to_bytes();
    let other = |bytes: String| [("blob", bytes)];
    Vector::good("round_blob", "a blob to put or to get", [("blob", hex::encode(&bytes))])
        .bad("oversized", "P0104", "A blob has at most 8 GiB.", other(with(&bytes, 48, &[0xFF; 8])))
        .bad("truncated", "P0101", "The length lacks a byte.", other(cut(&bytes)))
        .bad("trailing_byte", "P0102", "A byte stands behind the length.", other(longer(&bytes)))
}

fn read(reader: &str, fields: &Fields) -> Read {
    match reader {
        "envelope" => Envelope::from_bytes(&bytes(fields, "envelope")).map(drop).map_err(code),
        "mail" => Mail::from_bytes(&bytes(fields, "mail")).map(drop).map_err(code),
        "round_blob" => RoundBlob::from_bytes(&bytes(fields, "blob")).map(drop).map_err(code),
        other => panic!("no reader {other}"),
    }
}
