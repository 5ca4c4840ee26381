//! Signatures, public keys and signed values (SPEC §2.3).

use curve25519_dalek::Scalar;
use ed25519_dalek::Verifier;
use passage_protocol::{
    codec::{Decode, Encode},
    ids::RoundId,
    manifest::opening::Reveal,
    signing::{Signature, SignatureKind, Signed, SigningKey, VerifyingKey},
};
use sha2::{Digest as _, Sha512};

use crate::{
    consortium::{ROUND, reveal, signed, signing_key},
    file::{
        Fields, File, NEGATIVE, Read, Vector, array, bytes, code, cut, flipped, longer, number, plus_order,
        with,
    },
};

pub(crate) const FILE: File = File { name: "bad_signatures.json", make, read };

const PAYLOAD: &[u8] = b"what is signed";

/// `R || s` with the identity for R: the lenient rule accepts it under the signer's key, the strict rule does not.
fn small_order_commitment(key: &SigningKey) -> [u8; 64] {
    let public = key.verifying_key();
    let message: [u8; 32] = {
        let mut hasher = blake3::Hasher::new_derive_key("passage v1 signature");
        hasher.update(&[SignatureKind::Manifest as u8]).update(&ROUND.0).update(PAYLOAD);
        *hasher.finalize().as_bytes()
    };
    let expanded: [u8; 64] = Sha512::digest(key.seed().as_slice()).into();
    let mut secret: [u8; 32] = expanded[..32].try_into().unwrap();
    secret[0] &= 248;
    secret[31] = (secret[31] & 127) | 64;
    let commitment = NEGATIVE; // the encoding of the identity on the Edwards curve: y = 1
    let challenge =
        Sha512::new().chain_update(commitment).chain_update(public.as_bytes()).chain_update(message);
    let challenge = Scalar::from_bytes_mod_order_wide(&challenge.finalize().into());
    let response = challenge * Scalar::from_bytes_mod_order(secret);
    let made = [commitment, response.to_bytes()].concat().try_into().unwrap();
    let lenient = ed25519_dalek::VerifyingKey::from_bytes(public.as_bytes()).unwrap();
    lenient.verify(&message, &ed25519_dalek::Signature::from_bytes(&made)).unwrap();
    made
}

fn make() -> Vec<Vector> {
    let (key, stranger) = (signing_key(0), signing_key(2));
    let Signature(good) = key.sign(SignatureKind::Manifest, Some(ROUND), PAYLOAD);
    let other = |bytes: String| [("signature", bytes)];
    let signatures = Vector::good(
        "signature",
        "a signature of kind manifest in a round",
        [
            ("key", hex::encode(key.verifying_key().as_bytes())),
            ("kind", "6".into()),
            ("round", hex::encode(ROUND.0)),
            ("payload", hex::encode(PAYLOAD)),
            ("signature", hex::encode(good)),
        ],
    )
    .bad("s", "P0B01", "One bit of s.", other(flipped(&good, 32)))
    .bad(
        "s_not_reduced",
        "P0B01",
        "s plus the group's order: the same scalar written another way.",
        other(with(&good, 32, &plus_order(&good[32..]))),
    )
    .bad("s_zero", "P0B01", "s is zero.", other(with(&good, 32, &[0; 32])))
    .bad("commitment", "P0B01", "One bit of R.", other(flipped(&good, 0)))
    .bad(
        "commitment_of_small_order",
        "P0B01",
        "R is the identity: only the lenient rule accepts it.",
        other(hex::encode(small_order_commitment(&key))),
    )
    .bad(
        "wrong_key",
        "P0B01",
        "The key of another member.",
        [("key", hex::encode(stranger.verifying_key().as_bytes()))],
    )
    .bad("wrong_kind", "P0B01", "Signed as a manifest, shown as a hop statement.", [("kind", "7".into())])
    .bad("other_round", "P0B01", "Signed in another round.", [("round", hex::encode([8; 16]))])
    .bad("outside_a_round", "P0B01", "Signed in a round, shown outside any.", [("round", String::new())])
    .bad("other_payload", "P0B01", "One letter of what was signed.", [("payload", flipped(PAYLOAD, 3))])
    .bad("key_of_small_order", "P0B03", "The identity is nobody's key.", [("key", hex::encode(NEGATIVE))])
    .bad("key_off_the_curve", "P0B02", "No x belongs to this y.", [("key", with(&[0; 32], 0, &[2]))]);

    let bytes = signed(reveal(0), SignatureKind::Reveal, 0).to_bytes();
    let count = |count: u32| with(&bytes, 0, &count.to_le_bytes());
    let other = |bytes: String| [("signed", bytes)];
    let values = Vector::good(
        "signed_reveal",
        "a reveal: count, round and nonce, signature",
        [("signed", hex::encode(&bytes)), ("key", hex::encode(key.verifying_key().as_bytes()))],
    )
    .bad("value_changed", "P0B01", "One bit of the nonce.", other(flipped(&bytes, 30)))
    .bad("signature_changed", "P0B01", "One bit of the signature.", other(flipped(&bytes, 60)))
    .bad(
        "wrong_key",
        "P0B01",
        "The key of another member.",
        [("key", hex::encode(stranger.verifying_key().as_bytes()))],
    )
    .bad("count_beyond_the_bytes", "P0103", "Four billion bytes are announced.", other(count(u32::MAX)))
    .bad("value_cut", "P0101", "The announced bytes end inside the nonce.", other(count(47)))
    .bad(
        "value_with_a_trailing_byte",
        "P0102",
        "A byte of the signature is announced as the value's.",
        other(count(49)),
    )
    .bad("truncated", "P0101", "The signature lacks a byte.", other(cut(&bytes)))
    .bad("trailing_byte", "P0102", "A byte stands behind the signature.", other(longer(&bytes)));
    vec![signatures, values]
}

fn kind(number: usize) -> SignatureKind {
    let all = [
        SignatureKind::Agreement,
        SignatureKind::StudyApproval,
        SignatureKind::RoundAnswer,
        SignatureKind::Reveal,
        SignatureKind::KeyShare,
        SignatureKind::Manifest,
        SignatureKind::HopStatement,
    ];
    all[number - 1]
}

fn read(reader: &str, fields: &Fields) -> Read {
    let key = VerifyingKey::from_public_bytes(&array(fields, "key")).map_err(code)?;
    match reader {
        "signature" => {
            let round = bytes(fields, "round").try_into().ok().map(RoundId);
            let signature = Signature(array(fields, "signature"));
            let payload = bytes(fields, "payload");
            key.verify(kind(number(fields, "kind")), round, &payload, &signature).map_err(code)
        }
        "signed_reveal" => {
            let signed = Signed::<Reveal>::from_bytes(&bytes(fields, "signed")).map_err(code)?;
            signed.verify(SignatureKind::Reveal, Some(ROUND), &key).map(drop).map_err(code)
        }
        other => panic!("no reader {other}"),
    }
}
