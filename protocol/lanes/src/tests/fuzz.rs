//! Fuzz target: replayed on random bytes by `cargo test`, and open-ended under `cargo bolero test`.

use super::*;

/// A scalar, then as many encodings (half of them made plausible) and uniform pairs as there are bytes.
#[test]
fn every_backend_gives_what_the_portable_one_gives() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let (chunks, _) = bytes.as_chunks::<32>();
        let Some((scalar, rest)) = chunks.split_first() else { return };
        let factor = SecretScalar(Scalar::from_bytes_mod_order(*scalar));
        let plausible = |mut bytes: [u8; 32]| {
            bytes[0] &= 0xFE;
            bytes[31] &= 0x7F;
            bytes
        };
        let portable = Backend(Kind::Portable);
        let decodable: Vec<[u8; 32]> =
            rest.iter().copied().map(plausible).filter(|one| portable.check(&[*one]).is_ok()).collect();
        let hashed = bytes.as_chunks::<64>().0;
        for backend in Backend::available() {
            assert_eq!(backend.raise(rest, &factor), portable.raise(rest, &factor));
            assert_eq!(backend.raise(&decodable, &factor), portable.raise(&decodable, &factor));
            assert_eq!(backend.map_and_raise(hashed, &factor), portable.map_and_raise(hashed, &factor));
        }
    });
}
