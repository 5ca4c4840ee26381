//! Sealed blobs of one chunk: another key, another context, changed or missing bytes (SPEC §2.4).

use passage_protocol::{
    ids::{Digest, MemberCode, RoundId},
    seal::{Opener, RecipientKey, SealContext, SealPurpose, Sealer},
};

use crate::{
    consortium::{CODES, ROUND},
    file::{Fields, File, Read, Vector, array, bytes, code, cut, flipped, longer, number, with},
};

pub(crate) const FILE: File = File { name: "bad_seals.json", make, read };

/// What is sealed: 40 bytes, so that the blob is 32 of key, 40 of ciphertext and 16 of tag.
const PLAIN: [u8; 40] = [7; 40];

fn make() -> Vec<Vector> {
    let context = SealContext {
        round: ROUND,
        manifest: Digest([2; 32]),
        purpose: SealPurpose::List,
        subject: 1,
        hop: 0,
        from: CODES[0],
        to: CODES[1],
    };
    let seed = [80; 32];
    let public = RecipientKey::generate(seed).public();
    let mut sealer = Sealer::new(&context, &public, [81; 32]).unwrap();
    let mut blob = sealer.push(&PLAIN).unwrap();
    blob.extend(sealer.finish().unwrap());
    assert_eq!(blob.len(), 88);
    let other = |bytes: String| [("blob", bytes)];
    let open = Vector::good(
        "open",
        "a list on its way to the next hop",
        [
            ("blob", hex::encode(&blob)),
            ("recipient_seed", hex::encode(seed)),
            ("round", hex::encode(ROUND.0)),
            ("manifest", hex::encode([2; 32])),
            ("purpose", "1".into()),
            ("subject", "1".into()),
            ("hop", "0".into()),
            ("from", hex::encode(CODES[0].0)),
            ("to", hex::encode(CODES[1].0)),
        ],
    )
    .bad("wrong_key", "P0B10", "Sealed to another member.", [("recipient_seed", hex::encode([82; 32]))])
    .bad("other_round", "P0B10", "Sealed in another round.", [("round", hex::encode([8; 16]))])
    .bad("other_manifest", "P0B10", "Sealed under another manifest.", [("manifest", hex::encode([3; 32]))])
    .bad("other_purpose", "P0B10", "A list is no table.", [("purpose", "3".into())])
    .bad("other_subject", "P0B10", "Another member's list.", [("subject", "0".into())])
    .bad("other_hop", "P0B10", "Another pass of the list.", [("hop", "1".into())])
    .bad("other_sender", "P0B10", "In the name of another.", [("from", hex::encode([9; 5]))])
    .bad("other_recipient", "P0B10", "For another, with the same key.", [("to", hex::encode([9; 5]))])
    .bad("changed_tag", "P0B10", "One bit of the tag.", other(flipped(&blob, 87)))
    .bad("changed_ciphertext", "P0B10", "One bit of the list.", other(flipped(&blob, 40)))
    .bad("changed_encapsulation", "P0B10", "One bit of the encapsulated key.", other(flipped(&blob, 0)))
    .bad(
        "small_order_encapsulation",
        "P0B14",
        "A key that everybody can guess.",
        other(with(&blob, 0, &[0; 32])),
    )
    .bad("cut", "P0B10", "The tag lacks a byte.", other(cut(&blob)))
    .bad("cut_inside_the_tag", "P0B12", "Fewer bytes than a tag.", other(hex::encode(&blob[..44])))
    .bad("cut_after_the_encapsulation", "P0B12", "No chunk at all.", other(hex::encode(&blob[..32])))
    .bad("cut_inside_the_encapsulation", "P0B12", "No key.", other(hex::encode(&blob[..31])))
    .bad("empty", "P0B12", "Nothing.", other(String::new()))
    .bad("trailing_byte", "P0B10", "A byte behind the last tag.", other(longer(&blob)));

    let recipient = Vector::good(
        "recipient",
        "a member's public key as a sealer reads it",
        [("public", hex::encode(public))],
    )
    .bad("zero", "P0B15", "Small order: the secret would be zero.", [("public", hex::encode([0; 32]))])
    .bad(
        "one",
        "P0B15",
        "Small order: the secret would be zero.",
        [("public", hex::encode(crate::file::NEGATIVE))],
    );
    vec![open, recipient]
}

fn read(reader: &str, fields: &Fields) -> Read {
    let purpose = |number: u8| match number {
        1 => SealPurpose::List,
        3 => SealPurpose::Table,
        other => panic!("no purpose {other}"),
    };
    let context = || SealContext {
        round: RoundId(array(fields, "round")),
        manifest: Digest(array(fields, "manifest")),
        purpose: purpose(number(fields, "purpose")),
        subject: number(fields, "subject"),
        hop: number(fields, "hop"),
        from: MemberCode(array(fields, "from")),
        to: MemberCode(array(fields, "to")),
    };
    match reader {
        "open" => {
            let key = RecipientKey::generate(array(fields, "recipient_seed"));
            let mut opener = Opener::new(&context(), &key);
            let mut plain = opener.push(&bytes(fields, "blob")).map_err(code)?;
            plain.extend(opener.finish().map_err(code)?);
            assert_eq!(plain, PLAIN, "opened to something else");
            Ok(())
        }
        "recipient" => {
            let context = SealContext {
                round: ROUND,
                manifest: Digest([2; 32]),
                purpose: SealPurpose::List,
                subject: 0,
                hop: 0,
                from: CODES[0],
                to: CODES[1],
            };
            Sealer::new(&context, &array(fields, "public"), [81; 32]).map(drop).map_err(code)
        }
        other => panic!("no reader {other}"),
    }
}
