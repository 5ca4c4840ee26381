//! One-time codes by time: RFC 6238 with HMAC-SHA-1, 30 seconds and six digits, as every authenticator app makes them.
//!
//! SHA-1 is what the apps share; HMAC does not rest on its resistance to collisions.

use aws_lc_rs::hmac;
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use passage_protocol::{codec_struct, secret::Secret, signing::SigningKey, timestamp::Timestamp};
use passage_shell::{entropy, failure::Failure};
use zeroize::Zeroizing;

/// Seconds a code is good for.
const STEP_S: u64 = 30;
/// Steps a clock may be off, either way.
const STEPS_OFF: u64 = 1;
/// Bytes of a secret: as RFC 4226 recommends, the length of the digest.
const SECRET_BYTES: usize = 20;
/// What a kept secret is sealed under, besides this node's own key.
const SEAL_CONTEXT: &str = "passage 2026 account code seal v1";
const NONCE_BYTES: usize = 24;

/// A secret as it is kept: sealed, with the last step a code was taken of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Nonce and ciphertext.
    sealed: Vec<u8>,
    /// Steps up to this one are spent: a code is good once.
    last_step: u64,
}
codec_struct!(Kept { sealed, last_step });

impl Kept {
    /// A new secret for an account, and how it is kept.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the random source.
    pub fn make(account: &str, key: &SigningKey) -> Result<(Secret<[u8; SECRET_BYTES]>, Self), Failure> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        let mut nonce = [0; NONCE_BYTES];
        entropy::fill(secret.as_mut_slice())?;
        entropy::fill(&mut nonce)?;
        let payload = Payload { msg: secret.as_slice(), aad: account.as_bytes() };
        let sealed = seal(key)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Failure::io("seal a secret", &std::io::ErrorKind::InvalidInput.into()))?;
        Ok((Secret::new(*secret), Self { sealed: [nonce.as_slice(), &sealed].concat(), last_step: 0 }))
    }

    /// The step a code is of, if it is right, of now or a step beside, and not spent. The same time whether it is or not.
    #[must_use]
    pub fn step_of(&self, code: &str, account: &str, key: &SigningKey, now: Timestamp) -> Option<u64> {
        let (nonce, sealed) = self.sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: account.as_bytes() };
        let secret = Zeroizing::new(seal(key).decrypt(&XNonce::from(*nonce), payload).ok()?);
        let here = now.0 / STEP_S;
        let typed = Secret::new(padded(code));
        let mut found = None;
        for step in here.saturating_sub(STEPS_OFF)..=here.saturating_add(STEPS_OFF) {
            if Secret::new(padded(&code_at(&secret, step))) == typed && step > self.last_step {
                found = Some(step);
            }
        }
        found
    }

    /// The same with the steps up to this one spent.
    #[must_use]
    pub fn spent(self, step: u64) -> Self {
        Self { last_step: step, ..self }
    }
}

/// A code without blanks, in a field of fixed length, so that it is compared in constant time.
fn padded(code: &str) -> [u8; 8] {
    let mut field = [0; 8];
    let digits = code.bytes().filter(|byte| !byte.is_ascii_whitespace());
    // Nine letters or more fill the field and are no code.
    field.iter_mut().zip(digits).for_each(|(place, digit)| *place = digit);
    field
}

fn seal(key: &SigningKey) -> XChaCha20Poly1305 {
    let derived = Zeroizing::new(blake3::derive_key(SEAL_CONTEXT, key.seed().as_slice()));
    XChaCha20Poly1305::new(&Key::from(*derived))
}

/// The code of a step: RFC 4226, dynamic truncation, six digits.
fn code_at(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0F);
    let window = tag.get(offset..offset + 4).unwrap_or_default();
    let number = window.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & (u32::MAX >> 1);
    format!("{:06}", number % 1_000_000)
}

/// The code an app shows for a secret in base 32.
#[cfg(test)]
pub(super) fn code_of(secret: &str, now: Timestamp) -> String {
    let mut bits = 0_u64;
    let (mut count, mut bytes) = (0, Vec::new());
    for letter in secret.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        (bits, count) = (bits << 5 | u64::from(value), count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    code_at(&bytes, now.0 / STEP_S)
}

/// A secret as an app takes it typed in: RFC 4648 base 32; 20 bytes need no padding.
#[must_use]
pub fn base32(secret: &[u8]) -> Zeroizing<String> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 2));
    for chunk in secret.chunks(5) {
        let mut bits = 0_u64;
        for place in 0..5 {
            bits = bits << 8 | u64::from(chunk.get(place).copied().unwrap_or(0));
        }
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let letter = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
            text.push(char::from(LETTERS.get(letter).copied().unwrap_or(b'A')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    const VECTORS: [(u64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn the_vectors_of_rfc_6238() {
        for (time, code) in VECTORS {
            assert_eq!(code_at(b"12345678901234567890", time / STEP_S), code, "{time}");
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(bytes.as_bytes()).as_str(), text);
        }
        assert_eq!(base32(&[0; SECRET_BYTES]).len(), 32);
    }

    #[test]
    fn g12_a_code_is_good_once_and_near_its_time_only() {
        let key = SigningKey::generate([1; 32]);
        let now = Timestamp(1_795_000_000);
        let (secret, kept) = Kept::make("maria", &key).unwrap();
        let code = |step: u64| code_at(secret.expose(), step);
        let here = now.0 / STEP_S;
        let taken = |kept: &Kept, step| kept.step_of(&code(step), "maria", &key, now);
        assert_eq!(taken(&kept, here), Some(here));
        assert_eq!((taken(&kept, here - 1), taken(&kept, here + 1)), (Some(here - 1), Some(here + 1)));
        assert_eq!((taken(&kept, here - 2), taken(&kept, here + 2)), (None, None));
        let spent = kept.clone().spent(here);
        assert_eq!((taken(&spent, here), taken(&spent, here - 1)), (None, None), "a replay");
        assert_eq!(taken(&spent, here + 1), Some(here + 1));
        let wrong = [String::new(), format!("{}0", code(here)), "abcdef".to_owned()];
        assert!(wrong.iter().all(|code| kept.step_of(code, "maria", &key, now).is_none()));
        assert!(kept.step_of(&code(here), "other", &key, now).is_none(), "sealed for its account");
        assert!(!kept.sealed.windows(SECRET_BYTES).any(|window| window == secret.expose()));
    }
}
