//! Round trips at chunk boundaries, every way to spoil a blob, and RFC 9180 appendix A.2.1.

use super::*;
use core::convert::Infallible;
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

fn context() -> SealContext {
    SealContext {
        round: RoundId([1; 16]),
        manifest: Digest([2; 32]),
        purpose: SealPurpose::List,
        subject: 3,
        hop: 1,
        from: MemberCode([4; 5]),
        to: MemberCode([5; 5]),
    }
}

fn key() -> RecipientKey {
    RecipientKey::generate([6; 32])
}

fn seal(plain: &[u8], step: usize) -> Vec<u8> {
    let mut sealer = Sealer::new(&context(), &key().public(), [7; 32]).unwrap();
    let mut blob = Vec::new();
    for part in plain.chunks(step) {
        blob.extend(sealer.push(part).unwrap());
    }
    blob.extend(sealer.finish().unwrap());
    blob
}

fn open_with(
    context: &SealContext,
    key: &RecipientKey,
    blob: &[u8],
    step: usize,
) -> Result<Vec<u8>, SealError> {
    let mut opener = Opener::new(context, key);
    let mut plain = Vec::new();
    for part in blob.chunks(step) {
        plain.extend(opener.push(part)?);
        assert!(opener.buffer.len() <= CHUNK_BYTES + TAG_BYTES);
    }
    plain.extend(opener.finish()?);
    Ok(plain)
}

fn open(blob: &[u8]) -> Result<Vec<u8>, SealError> {
    open_with(&context(), &key(), blob, 10_000)
}

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

#[test]
fn every_length_around_a_boundary_survives() {
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073] {
        let plain = plain(length);
        let blob = seal(&plain, 40_000);
        assert_eq!(blob.len() as u64, sealed_len(length as u64), "{length}");
        assert_eq!(blob, seal(&plain, 131_073), "{length}: the split must not matter");
        assert_eq!(open(&blob), Ok(plain.clone()), "{length}");
        assert_eq!(open_with(&context(), &key(), &blob, 65_552), Ok(plain), "{length}");
    }
}

#[test]
fn bad_truncation_is_refused_anywhere() {
    let blob = seal(&plain(150_000), 65_536);
    let boundary = 32 + 65_552;
    assert_eq!(open(&blob[..boundary]), Err(SealError::Truncated { chunk: 0 }));
    assert_eq!(open(&blob[..boundary + 65_552]), Err(SealError::Truncated { chunk: 1 }));
    assert_eq!(open(&blob[..boundary + 3]), Err(SealError::Truncated { chunk: 1 }));
    assert_eq!(open(&blob[..boundary + 300]), Err(SealError::Chunk { chunk: 1 }));
    assert_eq!(open(&blob[..31]), Err(SealError::Truncated { chunk: 0 }));
    assert_eq!(open(&[]), Err(SealError::Truncated { chunk: 0 }));
}

#[test]
fn bad_order_and_appended_bytes_are_refused() {
    let blob = seal(&plain(200_000), 65_536);
    let (first, second) = (32, 32 + 65_552);
    let mut swapped = blob.clone();
    swapped[first..first + 65_552].copy_from_slice(&blob[second..second + 65_552]);
    swapped[second..second + 65_552].copy_from_slice(&blob[first..first + 65_552]);
    assert_eq!(open(&swapped), Err(SealError::FirstChunk));
    let mut dropped = blob.clone();
    dropped.drain(second..second + 65_552);
    assert_eq!(open(&dropped), Err(SealError::Chunk { chunk: 1 }));
    let mut longer = blob.clone();
    longer.push(0);
    assert_eq!(open(&longer), Err(SealError::Chunk { chunk: 3 }));
    let mut after_full = seal(&plain(65_536), 65_536);
    after_full.push(0);
    assert_eq!(open(&after_full), Err(SealError::FirstChunk));
}

#[test]
fn bad_key_is_refused() {
    let blob = seal(b"list", 4);
    assert_eq!(
        open_with(&context(), &RecipientKey::generate([8; 32]), &blob, 10),
        Err(SealError::FirstChunk)
    );
    assert_eq!(Sealer::new(&context(), &[0; 32], [7; 32]).err(), Some(SealError::RecipientKey));
    let mut small_order = blob;
    small_order[..32].fill(0);
    assert_eq!(open(&small_order), Err(SealError::Encapsulation));
}

#[test]
fn bad_context_is_refused_in_every_field() {
    let blob = seal(b"list", 4);
    let base = context();
    let others = [
        SealContext { round: RoundId([9; 16]), ..base },
        SealContext { manifest: Digest([9; 32]), ..base },
        SealContext { purpose: SealPurpose::Table, ..base },
        SealContext { subject: 4, ..base },
        SealContext { hop: 2, ..base },
        SealContext { from: MemberCode([9; 5]), ..base },
        SealContext { to: MemberCode([9; 5]), ..base },
    ];
    for other in others {
        assert_eq!(open_with(&other, &key(), &blob, 10), Err(SealError::FirstChunk), "{other:?}");
    }
}

#[test]
fn bad_empty_last_chunk_is_refused() {
    // Made by a sealer that is not ours: a full inner chunk, then an empty last one.
    let mut sealer = Sealer::new(&context(), &key().public(), [7; 32]).unwrap();
    let mut blob = sealer.push(&plain(CHUNK_BYTES)).unwrap();
    sealer.seal_buffer(NOT_LAST, &mut blob).unwrap();
    blob.extend(sealer.finish().unwrap());
    assert_eq!(open(&blob), Err(SealError::EmptyLastChunk { chunk: 1 }));
}

/// Gives the RFC's `ikmE` to the encapsulation, which draws exactly 32 bytes and derives its key from them.
struct FixedBytes(Vec<u8>);

impl TryRng for FixedBytes {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("encapsulation draws bytes")
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("encapsulation draws bytes")
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}
impl TryCryptoRng for FixedBytes {}

#[test]
fn rfc_9180_appendix_a_2_1() {
    let vector: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/vectors/rfc9180_a_2_1.json")).unwrap();
    let bytes = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
    let recipient = RecipientKey::generate(bytes("ikmR").try_into().unwrap());
    assert_eq!(recipient.public().to_vec(), bytes("pkRm"));
    let public = PublicKey::from_bytes(&bytes("pkRm")).unwrap();
    let mut rng = FixedBytes(bytes("ikmE"));
    let (enc, mut sender) = hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &public,
        &bytes("info"),
        &mut rng,
    )
    .unwrap();
    assert_eq!(enc.to_bytes().to_vec(), bytes("enc"));
    let mut receiver = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Base,
        &recipient.private,
        &enc,
        &bytes("info"),
    )
    .unwrap();
    for sequence in 0..2 {
        let aad = format!("Count-{sequence}");
        let sealed = sender.seal(&bytes("pt"), aad.as_bytes()).unwrap();
        assert_eq!(sealed, bytes(&format!("ct{sequence}")));
        assert_eq!(receiver.open(&sealed, aad.as_bytes()).unwrap(), bytes("pt"));
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1_usize..90) {
        prop_assert!(open_with(&context(), &key(), &bytes, step).is_err());
    }

    #[test]
    fn a_flipped_bit_never_opens(index in 0_usize..98, bit in 0_u8..8) {
        let mut blob = seal(&plain(50), 50);
        prop_assert_eq!(blob.len(), 98);
        blob[index] ^= 1 << bit;
        // X25519 ignores the top bit of the encapsulated key; HPKE binds the bytes all the same.
        prop_assert!(matches!(open(&blob), Err(SealError::FirstChunk | SealError::Encapsulation)));
    }
}
