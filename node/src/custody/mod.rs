//! Who can open the stored tables: every file has a key of its own, wrapped by the node key; without the node key nothing
//! here can be read, and the node key can be shredded (F10, I7).
//!
//! ```text
//! local half (keys/data-<generation>.key, mode 0600) --+
//!                                                      +--> node key --wraps--> file key --seals--> table file
//! outer secret (none | passphrase | credential) -------+
//! ```
//!
//! The local half is always needed and always on this disk, so overwriting it destroys the data whatever the outer secret is. A
//! destruction makes a new generation, wraps the keys of what is kept again, and shreds the old half. What it cannot do: reach
//! copies a flash medium or a backup keeps of the old half; a passphrase or a credential protects those.

mod outer;
pub mod shred;

use std::{
    fs,
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    secret::Secret,
};
use passage_shell::{entropy, failure::Failure, state_dir};
use zeroize::Zeroizing;

pub use self::outer::{Outer, new_passphrase, of_process, remembered, typed_passphrase};
use crate::home::refuse;

const NODE_KEY_CONTEXT: &str = "passage 2026 node key v1";
const SALT_CONTEXT: &str = "passage 2026 node key passphrase salt v1";
/// Local half: 32 bytes for the node key, 32 for content digests.
const HALF_BYTES: usize = 64;
/// XChaCha20-Poly1305 nonce, bytes.
const NONCE_BYTES: usize = 24;
/// Argon2id: 64 MiB, three passes, one lane (RFC 9106's second choice with fewer lanes).
const ARGON_KIB: u32 = 64 * 1024;
const ARGON_PASSES: u32 = 3;
/// What the check value is sealed under; no file has this place.
const CHECK_PLACE: &str = "check";

/// What is needed besides the local half.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// Nothing: the file's permissions guard it.
    File,
    /// A passphrase, stretched with Argon2id.
    Passphrase,
    /// The systemd credential `passage-data-key`, at least 32 bytes.
    Credential,
}

impl Guard {
    /// The word for people and for `data rekey --guard`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Passphrase => "passphrase",
            Self::Credential => "credential",
        }
    }
}

impl Encode for Guard {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::File => 0,
            Self::Passphrase => 1,
            Self::Credential => 2,
        });
    }
}

impl Decode for Guard {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::File),
            1 => Ok(Self::Passphrase),
            2 => Ok(Self::Credential),
            _ => Err(CodecError::Invalid { position, expected: "a guard" }),
        }
    }
}

/// A file key as the catalogue keeps it: nonce and ciphertext.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrapped {
    sealed: Vec<u8>,
}
codec_struct!(Wrapped { sealed });

/// Which generation of the node key is in force, and how to tell that it was opened rightly. Part of the catalogue.
#[derive(Clone, Debug)]
pub struct KeyState {
    /// Number of the local half, from 1.
    pub generation: u64,
    /// What is needed besides it.
    pub guard: Guard,
    /// A constant wrapped with the node key: opens only under the right outer secret.
    pub check: Wrapped,
}
codec_struct!(KeyState { generation, guard, check });

/// The node key, open.
pub struct Custody {
    /// In one place of the heap, which is wiped: moving a value leaves a copy behind.
    node_key: Box<XChaCha20Poly1305>,
    content: Secret<[u8; 32]>,
}

impl Custody {
    /// Makes generation `generation` and the check value that goes with it. The key of content digests is taken over from
    /// `before` if data is kept; without it, nothing shows that the next data equals the last.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the disk, of the random source, or of the outer secret.
    pub fn create(
        folder: &Path,
        generation: u64,
        guard: Guard,
        outer: &Outer<'_>,
        before: Option<&Self>,
    ) -> Result<(Self, KeyState), Failure> {
        let mut half = Zeroizing::new([0_u8; HALF_BYTES]);
        entropy::fill(half.as_mut_slice())?;
        if let Some(before) = before {
            let (_, content) = half.split_at_mut(HALF_BYTES / 2);
            content.copy_from_slice(before.content_key());
        }
        let custody = Self::of(&half, guard, outer)?;
        state_dir::write_atomically(&path(folder, generation), half.as_slice())?;
        let check = custody.wrap(&Secret::new([0; 32]), CHECK_PLACE)?;
        Ok((custody, KeyState { generation, guard, check }))
    }

    /// Opens the generation in force.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the local half is missing, or the passphrase or credential is not the one.
    pub fn open(folder: &Path, state: &KeyState, outer: &Outer<'_>) -> Result<Self, Failure> {
        let bytes = Zeroizing::new(fs::read(path(folder, state.generation)).map_err(|_| half_missing())?);
        let half =
            Zeroizing::new(<[u8; HALF_BYTES]>::try_from(bytes.as_slice()).map_err(|_| half_missing())?);
        let custody = Self::of(&half, state.guard, outer)?;
        if !custody.is_of(state) {
            return Err(refuse(
                0x2261,
                &format!("the {} is not the one the stored tables were sealed with", state.guard.word()),
                "Give the right one, or restore the folder `keys` of the state folder from a backup.",
                Some("I7"),
            ));
        }
        Ok(custody)
    }

    fn of(half: &[u8; HALF_BYTES], guard: Guard, outer: &Outer<'_>) -> Result<Self, Failure> {
        let (wrapping, content) = half.split_at(HALF_BYTES / 2);
        let secret = match guard {
            Guard::File => Zeroizing::new(Vec::new()),
            Guard::Passphrase => stretch(&outer(guard)?, wrapping)?,
            Guard::Credential => outer(guard)?,
        };
        let mut hasher = blake3::Hasher::new_derive_key(NODE_KEY_CONTEXT);
        hasher.update(wrapping);
        hasher.update(&secret);
        let key = Zeroizing::new(*hasher.finalize().as_bytes());
        let mut half = [0; HALF_BYTES / 2];
        half.copy_from_slice(content);
        Ok(Self { node_key: Box::new(XChaCha20Poly1305::new(&Key::from(*key))), content: Secret::new(half) })
    }

    /// A fresh key for a new file, and its wrapped form.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the random source.
    pub fn fresh(&self, place: &str) -> Result<(Secret<[u8; 32]>, Wrapped), Failure> {
        let key = Secret::new(entropy::seed()?);
        let wrapped = self.wrap(&key, place)?;
        Ok((key, wrapped))
    }

    /// Wraps a file key for the place it belongs to.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the random source.
    pub fn wrap(&self, key: &Secret<[u8; 32]>, place: &str) -> Result<Wrapped, Failure> {
        let mut nonce = [0; NONCE_BYTES];
        entropy::fill(&mut nonce)?;
        let payload = Payload { msg: key.expose().as_slice(), aad: place.as_bytes() };
        let sealed = self
            .node_key
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Failure::io("wrap a key", &std::io::ErrorKind::InvalidInput.into()))?;
        Ok(Wrapped { sealed: [nonce.as_slice(), &sealed].concat() })
    }

    /// The file key, if this node key wrapped it for this place.
    #[must_use]
    pub fn unwrap(&self, wrapped: &Wrapped, place: &str) -> Option<Secret<[u8; 32]>> {
        let (nonce, sealed) = wrapped.sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let key = Zeroizing::new(self.node_key.decrypt(&XNonce::from(*nonce), payload).ok()?);
        <[u8; 32]>::try_from(key.as_slice()).ok().map(Secret::new)
    }

    /// Whether `state` is of this node key: its check value opens.
    #[must_use]
    pub fn is_of(&self, state: &KeyState) -> bool {
        self.unwrap(&state.check, CHECK_PLACE).is_some()
    }

    /// The key of content digests: the same rows have the same digest as long as the data stands.
    #[must_use]
    pub fn content_key(&self) -> &[u8; 32] {
        self.content.expose()
    }
}

fn path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("data-{generation}.key"))
}

fn stretch(passphrase: &[u8], wrapping: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    stretched(passphrase, &blake3::derive_key(SALT_CONTEXT, wrapping))
}

/// 32 bytes of Argon2id over a passphrase and a salt, with the one set of parameters this program uses: about 0.1 s.
///
/// # Errors
///
/// [`Failure`] if the machine has not the memory.
pub(crate) fn stretched(passphrase: &[u8], salt: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let fault = |_| Failure::io("stretch the passphrase", &std::io::ErrorKind::OutOfMemory.into());
    let params = Params::new(ARGON_KIB, ARGON_PASSES, 1, Some(32)).map_err(fault)?;
    let mut out = Zeroizing::new(vec![0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut out)
        .map_err(fault)?;
    Ok(out)
}

fn half_missing() -> Failure {
    refuse(
        0x2260,
        "the key of the stored tables is missing or damaged in the folder `keys`",
        "Restore the folder from a backup. If there is none, nobody can open the stored tables: join again in another folder and import the files there.",
        Some("I7"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &'static str) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> {
        move |_| Ok(Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_key_opens_under_its_node_key_and_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let (custody, state) = Custody::create(folder.path(), 1, Guard::File, &says(""), None).unwrap();
        let key = Secret::new([7; 32]);
        let wrapped = custody.wrap(&key, "student/2019").unwrap();
        let again = Custody::open(folder.path(), &state, &says("")).unwrap();
        assert_eq!(again.unwrap(&wrapped, "student/2019"), Some(Secret::new([7; 32])));
        assert_eq!(again.unwrap(&wrapped, "student/2020"), None);
        assert_eq!(again.content_key(), custody.content_key());
        let (other, _) = Custody::create(folder.path(), 2, Guard::File, &says(""), None).unwrap();
        assert_eq!(other.unwrap(&wrapped, "student/2019"), None);
    }

    #[test]
    fn the_wrong_passphrase_is_told_from_a_damaged_key() {
        let folder = tempfile::tempdir().unwrap();
        let (_, state) = Custody::create(folder.path(), 1, Guard::Passphrase, &says("right"), None).unwrap();
        assert!(Custody::open(folder.path(), &state, &says("right")).is_ok());
        let wrong = Custody::open(folder.path(), &state, &says("wrong")).err().unwrap();
        assert!(wrong.what().contains("passphrase is not the one"), "{wrong}");
        fs::write(path(folder.path(), 1), [1; 63]).unwrap();
        let damaged = Custody::open(folder.path(), &state, &says("right")).err().unwrap();
        assert!(damaged.what().contains("missing or damaged"), "{damaged}");
    }

    #[test]
    fn a_shredded_half_opens_nothing_even_with_the_outer_secret() {
        let folder = tempfile::tempdir().unwrap();
        let (_, old) = Custody::create(folder.path(), 1, Guard::Credential, &says("outer"), None).unwrap();
        let before = fs::read(path(folder.path(), 1)).unwrap();
        let (_, new) = Custody::create(folder.path(), 2, Guard::Credential, &says("outer"), None).unwrap();
        shred::overwrite_others(folder.path(), 2).unwrap();
        assert!(Custody::open(folder.path(), &old, &says("outer")).is_err());
        shred::remove_others(folder.path(), 2).unwrap();
        assert!(Custody::open(folder.path(), &old, &says("outer")).is_err());
        assert!(Custody::open(folder.path(), &new, &says("outer")).is_ok());
        assert!(
            fs::read_dir(folder.path())
                .unwrap()
                .all(|entry| fs::read(entry.unwrap().path()).unwrap() != before)
        );
    }
}
