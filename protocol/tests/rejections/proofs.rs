//! Proofs of possession and of decryption, shares that cancel each other, blind shares (SPEC §5.4, §6.4, §9).

use passage_protocol::{
    codec::{Decode, Encode},
    group::{CollectiveKeys, HopFactor, KeyShare},
    ids::{Digest, MemberCode, RoundId},
    mixing::{DecryptionProof, DecryptionStatement, DecryptionSums},
};

use crate::{
    consortium::{CODES, ROUND, committee_keys, key_share},
    file::{
        Fields, File, IDENTITY, NOT_REDUCED, Read, Vector, array, bytes, code, cut, flipped, longer, number,
        plus_order, with,
    },
    tables::{KEYS, partials, shape, tuples},
};

pub(crate) const FILE: File = File { name: "bad_proofs.json", make, read };

/// Order of the group, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn make() -> Vec<Vector> {
    vec![key_shares(), combinations(), decryptions(), blind_shares()]
}

/// `count 2 || Y_0 || Y_1 || count 2 || R_0 || s_0 || R_1 || s_1`.
fn key_shares() -> Vector {
    let share = key_share(0).to_bytes();
    assert_eq!(share.len(), 200);
    let response = 72 + 32..72 + 64;
    let swapped =
        [&share[..4], &share[36..68], &share[4..36], &share[68..72], &share[136..], &share[72..136]];
    let many = |count: u32| [&count.to_le_bytes()[..], &share[4..]].concat();
    let other = |bytes: String| [("share", bytes)];
    Vector::good(
        "key_share",
        "two column keys with their proofs of possession",
        [
            ("share", hex::encode(&share)),
            ("round", hex::encode(ROUND.0)),
            ("member", hex::encode(CODES[0].0)),
            ("columns", "2".into()),
        ],
    )
    .bad("wrong_scalar", "P0205", "The response belongs to another secret.", other(flipped(&share, 104)))
    .bad(
        "scalar_not_reduced",
        "P0205",
        "The response plus the group's order: the same scalar written another way.",
        other(with(&share, 104, &plus_order(&share[response]))),
    )
    .bad("scalar_zero", "P0205", "A response of zero.", other(with(&share, 104, &[0; 32])))
    .bad(
        "wrong_commitment",
        "P0205",
        "The commitment belongs to another proof.",
        other(with(&share, 72, &share[136..168])),
    )
    .bad(
        "commitment_not_reduced",
        "P0205",
        "The commitment is no canonical encoding.",
        other(with(&share, 72, &NOT_REDUCED)),
    )
    .bad(
        "keys_swapped",
        "P0205",
        "Keys and proofs of columns 0 and 1 changed places.",
        other(hex::encode(swapped.concat())),
    )
    .bad(
        "key_of_another",
        "P0205",
        "A point whose secret the member does not know.",
        other(with(&share, 4, &key_share(1).to_bytes()[4..36])),
    )
    .bad("other_round", "P0205", "The statement names the round.", [("round", hex::encode([8; 16]))])
    .bad("other_member", "P0205", "The statement names the member.", [("member", hex::encode(CODES[1].0))])
    .bad("fewer_columns", "P0204", "The round has three column keys.", [("columns", "3".into())])
    .bad("point_identity", "P0104", "A column key that encrypts nothing.", other(with(&share, 4, &IDENTITY)))
    .bad(
        "point_not_reduced",
        "P0104",
        "A column key that is no canonical encoding.",
        other(with(&share, 4, &NOT_REDUCED)),
    )
    .bad(
        "count_beyond_the_bytes",
        "P0103",
        "Four billion points are announced in 200 bytes.",
        other(hex::encode(many(u32::MAX))),
    )
    .bad(
        "sixty_five_columns",
        "P0104",
        "A share has at most 64 column keys.",
        other(hex::encode(
            [
                &65_u32.to_le_bytes()[..],
                &share[4..36].repeat(65),
                &65_u32.to_le_bytes(),
                &share[72..136].repeat(65),
            ]
            .concat(),
        )),
    )
    .bad(
        "proof_missing",
        "P0104",
        "Two keys and one proof.",
        other(hex::encode([&share[..68], &1_u32.to_le_bytes(), &share[72..136]].concat())),
    )
    // The second count says how many proofs follow; cut bytes cannot hold them.
    .bad("truncated", "P0103", "The last response lacks a byte.", other(cut(&share)))
    .bad("trailing_byte", "P0102", "A byte stands behind the last proof.", other(longer(&share)))
}

fn combinations() -> Vector {
    let (first, second) = (key_share(0).to_bytes(), key_share(1).to_bytes());
    let negated = {
        use curve25519_dalek::ristretto::CompressedRistretto;
        let point: [u8; 32] = first[4..36].try_into().unwrap();
        (-CompressedRistretto(point).decompress().unwrap()).compress().to_bytes()
    };
    let narrow = passage_protocol::group::CommitteeKeys::generate(1, [70; 32]).share(&ROUND, &CODES[1]);
    Vector::good(
        "combine",
        "the shares of both members",
        [("first", hex::encode(&first)), ("second", hex::encode(&second))],
    )
    .bad(
        "cancelling_share",
        "P0206",
        "The second key is the first one's negative: the sum is open.",
        [("second", with(&second, 4, &negated))],
    )
    .bad(
        "unequal_columns",
        "P0204",
        "The second share has one column key, the first two.",
        [("second", hex::encode(narrow.to_bytes()))],
    )
}

/// `R || z` for the cell key and the window key of each place, as a list, then the commitment of the sum.
fn decryptions() -> Vector {
    let tuples = tuples();
    let parts = partials(&tuples, 0);
    let prove = |partials: &[u8], member| {
        let statement = statement(&[7; 32], 0, &tuples, partials);
        let sums = DecryptionSums::of_chunk(&statement, &tuples, partials, 0, shape()).unwrap();
        DecryptionProof::prove(&statement, &sums, shape(), KEYS, &committee_keys(member)).unwrap().to_bytes()
    };
    let proof = prove(&parts, 0);
    assert_eq!(proof.len(), 4 + 64 + 64 + 32, "how many keys, the cell, the window, the sum");
    let lie = [&parts[32..], &parts[32..]].concat();
    let theirs = partials(&tuples, 1);
    let other = |bytes: String| [("proof", bytes)];
    let turned = [&tuples[96..], &tuples[..96]].concat();
    Vector::good(
        "decryption",
        "partial decryptions of two tuples and their proof",
        [
            ("manifest", hex::encode([7; 32])),
            ("table", "0".into()),
            ("tuples", hex::encode(&tuples)),
            ("partials", hex::encode(&parts)),
            ("proof", hex::encode(&proof)),
            ("share", hex::encode(key_share(0).to_bytes())),
        ],
    )
    .bad(
        "wrong_scalar",
        "P0901",
        "The response of the cell key belongs to another secret.",
        other(flipped(&proof, 36)),
    )
    .bad(
        "wrong_scalar_of_the_window",
        "P0901",
        "The response of the window key.",
        other(flipped(&proof, 100)),
    )
    .bad(
        "scalar_not_reduced",
        "P0901",
        "The response plus the group's order: the same scalar written another way.",
        other(with(&proof, 36, &plus_order(&proof[36..68]))),
    )
    .bad(
        "wrong_commitment",
        "P0901",
        "The commitments of the cell key and of the sum changed places.",
        other(hex::encode([&proof[..4], &proof[132..], &proof[36..132], &proof[4..36]].concat())),
    )
    .bad(
        "commitment_not_reduced",
        "P0901",
        "The first commitment is no canonical encoding.",
        other(with(&proof, 4, &NOT_REDUCED)),
    )
    .bad(
        "proofs_swapped",
        "P0901",
        "The proofs of cell and window key changed places.",
        other(hex::encode([&proof[..4], &proof[68..132], &proof[4..68], &proof[132..]].concat())),
    )
    .bad(
        "window_left_out",
        "P0204",
        "A proof for the cell key alone.",
        other(hex::encode([&1_u32.to_le_bytes(), &proof[4..68], &proof[132..]].concat())),
    )
    .bad("other_manifest", "P0901", "The statement names the manifest.", [("manifest", hex::encode([8; 32]))])
    .bad("other_table", "P0901", "The statement names the table.", [("table", "1".into())])
    .bad(
        "other_list",
        "P0901",
        "The statement names the list: these tuples are in another order.",
        [("tuples", hex::encode(turned))],
    )
    .bad(
        "one_partial_replaced",
        "P0901",
        "A window's point stands in for another's, honestly proven over the lie.",
        [("partials", hex::encode(&lie)), ("proof", hex::encode(prove(&lie, 0)))],
    )
    .bad(
        "partials_with_another_key",
        "P0901",
        "Decrypted and proven with a key that was not published.",
        [("partials", hex::encode(&theirs)), ("proof", hex::encode(prove(&theirs, 1)))],
    )
    .bad(
        "partial_identity",
        "P0211",
        "No share is zero, so none decrypts to the identity.",
        [("partials", with(&parts, 0, &IDENTITY))],
    )
    .bad(
        "partial_not_reduced",
        "P0210",
        "The field element is p.",
        [("partials", with(&parts, 32, &NOT_REDUCED))],
    )
    .bad(
        "partials_cut",
        "P0610",
        "The last tuple has no partial decryption.",
        [("partials", hex::encode(&parts[..32]))],
    )
    .bad("truncated", "P0101", "The proof lacks a byte.", other(cut(&proof)))
    .bad("trailing_byte", "P0102", "A byte stands behind the proof.", other(longer(&proof)))
}

fn blind_shares() -> Vector {
    let blind = passage_protocol::group::OwnerBlind::draw(2, [71; 32]);
    let share = blind.share(1).unwrap();
    Vector::good("blind_share", "an owner's blind share as a hop opens it", [("share", hex::encode(*share))])
        .bad("zero", "P0203", "Zero turns every token into the identity.", [("share", hex::encode([0; 32]))])
        .bad("order", "P0203", "The group's order is zero written another way.", [("share", ORDER.into())])
        .bad(
            "not_reduced",
            "P0203",
            "The share plus the group's order.",
            [("share", hex::encode(plus_order(share.as_slice())))],
        )
}

fn statement(manifest: &[u8; 32], table: u16, list: &[u8], partials: &[u8]) -> DecryptionStatement {
    let (list, partials) = (Digest::of_blob(list), Digest::of_blob(partials));
    DecryptionStatement { manifest: Digest(*manifest), table, list, partials }
}

fn read(reader: &str, fields: &Fields) -> Read {
    let share = |field| KeyShare::from_bytes(&bytes(fields, field)).map_err(code);
    match reader {
        "key_share" => {
            let (round, member) = (RoundId(array(fields, "round")), MemberCode(array(fields, "member")));
            share("share")?.verify(&round, &member, number(fields, "columns")).map_err(code)
        }
        "combine" => CollectiveKeys::combine(&[share("first")?, share("second")?]).map(drop).map_err(code),
        "decryption" => {
            let (tuples, partials) = (bytes(fields, "tuples"), bytes(fields, "partials"));
            let statement =
                statement(&array(fields, "manifest"), number(fields, "table"), &tuples, &partials);
            let sums = DecryptionSums::of_chunk(&statement, &tuples, &partials, 0, shape()).map_err(code)?;
            let proof = DecryptionProof::from_bytes(&bytes(fields, "proof")).map_err(code)?;
            proof.verify(&statement, &sums, shape(), KEYS, &share("share")?).map_err(code)
        }
        "blind_share" => {
            HopFactor::blinded(&committee_keys(1), &array(fields, "share")).map(drop).map_err(code)
        }
        other => panic!("no reader {other}"),
    }
}
