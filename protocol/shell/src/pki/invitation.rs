//! The text an administrator pastes into `join`: where the coordinator is, which CA to trust, and a one-time secret.
//!
//! `passage-invite:v1:` and the hexadecimal digits of: consortium label, addresses (`host:port`), CA fingerprint, secret
//! (16 bytes), expiry, and the first 4 bytes of a BLAKE3 check against typing errors. It names no person and no member.
//! Whoever holds the text can join once: it travels on a channel the administrators trust.

use super::Fingerprint;
use core::fmt;
use passage_protocol::{
    codec::{Decode, Encode, Reader},
    refusal::{Code, Refusal},
    secret::Secret,
    timestamp::Timestamp,
};

const PREFIX: &str = "passage-invite:v1:";
const CHECK_CONTEXT: &str = "passage v1 invitation check";
const CHECK_BYTES: usize = 4;
/// Characters: five addresses of full length and a label stay below it.
const TEXT_CHARS_MAX: usize = 4_096;
const ADDRESSES_MAX: usize = 5;
const LABEL_CHARS_MAX: usize = 80;

/// A parsed invitation.
#[derive(Debug, Eq, PartialEq)]
pub struct Invitation {
    /// What the consortium calls itself; for the person to compare.
    pub consortium: String,
    /// `host:port` of the coordinator, tried in order; one to five.
    pub addresses: Vec<String>,
    /// The CA to pin.
    pub fingerprint: Fingerprint,
    /// Proves the invitation to the coordinator, which keeps only [`secret_digest`](Self::secret_digest).
    pub secret: Secret<[u8; 16]>,
    /// Last second at which it may be used.
    pub expires: Timestamp,
}

impl Invitation {
    /// Whether its time is over. The coordinator asks this of its own record, the node only to spare a journey.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now > self.expires
    }

    /// What the coordinator keeps and looks up: a stolen store does not yield usable invitations.
    #[must_use]
    pub fn secret_digest(secret: &[u8; 16]) -> [u8; 32] {
        blake3::derive_key("passage v1 invitation secret", secret)
    }

    /// The text to hand over. It contains the secret; never log it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        self.consortium.encode(&mut bytes);
        self.addresses.encode(&mut bytes);
        self.fingerprint.0.encode(&mut bytes);
        self.secret.expose().encode(&mut bytes);
        self.expires.encode(&mut bytes);
        let check = blake3::derive_key(CHECK_CONTEXT, &bytes);
        bytes.extend(check.iter().take(CHECK_BYTES));
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    /// Reads the text; blanks and line breaks inside, as mail programs insert them, are ignored.
    ///
    /// # Errors
    ///
    /// [`InvitationError`] says which part is wrong; never the secret.
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        if text.len() > TEXT_CHARS_MAX {
            return Err(InvitationError::TooLong { limit: TEXT_CHARS_MAX });
        }
        let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let Some(digits) = text.strip_prefix(PREFIX) else {
            return Err(match text.starts_with("passage-invite:") {
                true => InvitationError::OtherVersion,
                false => InvitationError::NotAnInvitation,
            });
        };
        let bytes = from_hex(digits)?;
        let end = bytes.len().saturating_sub(CHECK_BYTES);
        let (body, found) = bytes.split_at_checked(end).ok_or(InvitationError::Mistyped)?;
        if !blake3::derive_key(CHECK_CONTEXT, body).starts_with(found) || found.len() != CHECK_BYTES {
            return Err(InvitationError::Mistyped);
        }
        let mut reader = Reader::new(body);
        let invitation = (|| {
            let invitation = Self {
                consortium: Decode::decode(&mut reader)?,
                addresses: Decode::decode(&mut reader)?,
                fingerprint: Fingerprint(reader.array()?),
                secret: Secret::new(reader.array()?),
                expires: Decode::decode(&mut reader)?,
            };
            reader.finish().map(|()| invitation)
        })();
        let invitation = invitation.map_err(|_| InvitationError::Mistyped)?;
        invitation.check()?;
        Ok(invitation)
    }

    /// Refuses parts that no coordinator may write; call before handing out.
    ///
    /// # Errors
    ///
    /// [`InvitationError::Address`] or [`InvitationError::Label`].
    pub fn check(&self) -> Result<(), InvitationError> {
        if self.addresses.is_empty() || self.addresses.len() > ADDRESSES_MAX {
            return Err(InvitationError::Address { position: 0 });
        }
        for (position, address) in self.addresses.iter().enumerate() {
            let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            let port = port.and_then(|(_, port)| port.parse::<u16>().ok()).filter(|port| *port != 0);
            if port.is_none() || address.len() > 260 || !address.is_ascii() {
                return Err(InvitationError::Address { position });
            }
        }
        if self.consortium.chars().count() > LABEL_CHARS_MAX || self.consortium.chars().any(char::is_control)
        {
            return Err(InvitationError::Label);
        }
        Ok(())
    }
}

fn from_hex(digits: &str) -> Result<Vec<u8>, InvitationError> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => {
            let digit =
                |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            Some(digit(*high)? << 4 | digit(*low)?)
        }
        _ => None,
    });
    pairs.collect::<Option<_>>().ok_or(InvitationError::Mistyped)
}

/// Why an invitation was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvitationError {
    /// An address is missing or has no host or port.
    Address {
        /** Which, counted from zero. */
        position: usize,
    },
    /// The label is too long or not printable.
    Label,
    /// A character was lost or changed.
    Mistyped,
    /// The text is something else.
    NotAnInvitation,
    /// Written by another version.
    OtherVersion,
    /// Longer than any invitation.
    TooLong {
        /** Characters allowed. */
        limit: usize,
    },
}

impl fmt::Display for InvitationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { position } => {
                write!(formatter, "address {position} of the invitation is missing or is not host:port")
            }
            Self::Label => {
                write!(formatter, "the consortium's label exceeds {LABEL_CHARS_MAX} printable characters")
            }
            Self::Mistyped => formatter
                .write_str("the invitation does not pass its check, a character is missing or changed"),
            Self::NotAnInvitation => write!(formatter, "the text does not begin with {PREFIX}"),
            Self::OtherVersion => formatter.write_str("the invitation is of another version, expected v1"),
            Self::TooLong { limit } => {
                write!(formatter, "the text is longer than the {limit} characters of any invitation")
            }
        }
    }
}

impl Refusal for InvitationError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotAnInvitation => 0x1061,
            Self::OtherVersion => 0x1062,
            Self::Mistyped => 0x1063,
            Self::Address { .. } => 0x1064,
            Self::Label => 0x1065,
            Self::TooLong { .. } => 0x1066,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::Mistyped | Self::NotAnInvitation | Self::TooLong { .. } => {
                "Copy the whole text again, from passage-invite to its last digit."
            }
            Self::OtherVersion => {
                "Update this program, or ask the coordinator for an invitation of this version."
            }
            Self::Address { .. } | Self::Label => "Ask the coordinator for a new invitation.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn invitation() -> Invitation {
        Invitation {
            consortium: "Valley pathways".into(),
            addresses: vec!["passage.example.org:4433".into(), "[2001:db8::1]:4433".into()],
            fingerprint: Fingerprint([3; 32]),
            secret: Secret::new([9; 16]),
            expires: Timestamp(1_800_000_000),
        }
    }

    #[test]
    fn what_is_written_is_read_even_folded() {
        let text = invitation().to_text();
        assert_eq!(Invitation::parse(&text).unwrap(), invitation());
        let (head, tail) = text.split_at(60);
        assert_eq!(Invitation::parse(&format!(" {head}\r\n  {tail}\n")).unwrap(), invitation());
        assert!(!invitation().is_expired(Timestamp(1_800_000_000)));
        assert!(invitation().is_expired(Timestamp(1_800_000_001)));
    }

    #[test]
    fn each_fault_has_its_name() {
        let text = invitation().to_text();
        assert_eq!(Invitation::parse("hello"), Err(InvitationError::NotAnInvitation));
        assert_eq!(Invitation::parse("passage-invite:v9:00"), Err(InvitationError::OtherVersion));
        assert_eq!(Invitation::parse("passage-invite:v1:"), Err(InvitationError::Mistyped));
        assert_eq!(Invitation::parse(&text[..text.len() - 1]), Err(InvitationError::Mistyped));
        assert_eq!(Invitation::parse(&"x".repeat(5_000)), Err(InvitationError::TooLong { limit: 4_096 }));
        for address in ["host", "host:0", ":1", "host:70000"] {
            let bad = Invitation { addresses: vec!["a:1".into(), address.into()], ..invitation() };
            assert_eq!(
                Invitation::parse(&bad.to_text()),
                Err(InvitationError::Address { position: 1 }),
                "{address}"
            );
        }
        let bad = Invitation { consortium: "a\u{7}".into(), ..invitation() };
        assert_eq!(Invitation::parse(&bad.to_text()), Err(InvitationError::Label));
    }

    proptest! {
        #[test]
        fn one_changed_digit_never_passes(place in 0_usize..300, digit in 0_u32..16) {
            let text = invitation().to_text();
            let mut changed: Vec<char> = text.chars().collect();
            let place = PREFIX.len() + place % (changed.len() - PREFIX.len());
            changed[place] = char::from_digit(digit, 16).unwrap();
            let changed: String = changed.into_iter().collect();
            prop_assert!(changed == text || Invitation::parse(&changed) == Err(InvitationError::Mistyped));
        }

        #[test]
        fn any_text_is_refused_or_read(text in ".{0,200}") {
            let _ = Invitation::parse(&text);
            let _ = Invitation::parse(&format!("{PREFIX}{text}"));
        }
    }
}
