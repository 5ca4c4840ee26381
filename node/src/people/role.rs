//! Roles: what a person may do here. A person can hold several. Rows about students and aggregates are apart (G18).

use passage_protocol::codec::{CodecError, Decode, Encode, Reader};

/// What a person may do here.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Brings files in and sees what is wrong with them.
    Clerk,
    /// Asks questions of this member's own rows.
    Analyst,
    /// Reads and exports reports.
    Reader,
    /// Signs, approves, refuses, withdraws.
    Approver,
    /// Keeps accounts, keys and the machine.
    Admin,
    /// Reads what was done, and changes nothing.
    Auditor,
    /// A regional learning council: sees approved aggregates, and nothing else (G21).
    Council,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] =
        [Self::Clerk, Self::Analyst, Self::Reader, Self::Approver, Self::Admin, Self::Auditor, Self::Council];

    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Analyst => "analyst",
            Self::Reader => "reader",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Council => "council",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Roles(u8);

impl Roles {
    /// Every role.
    pub const ALL: Self = Self::of(&Role::ALL);

    /// These roles.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let (mut bits, mut rest) = (0, roles);
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether a role is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether the two sets share a role.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Their words, blanks between.
    #[must_use]
    pub fn words(self) -> String {
        let held = Role::ALL.into_iter().filter(|role| self.has(*role));
        held.map(Role::word).collect::<Vec<_>>().join(" ")
    }
}

impl Encode for Roles {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for Roles {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let bits = u8::decode(reader)?;
        match bits & !Self::ALL.0 {
            0 => Ok(Self(bits)),
            _ => Err(CodecError::Invalid { position, expected: "roles" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_survives_its_bytes() {
        let set = Roles::of(&[Role::Clerk, Role::Council]);
        assert_eq!(set.words(), "clerk council");
        assert!(set.has(Role::Council) && !set.has(Role::Admin));
        assert!(set.meets(Roles::of(&[Role::Clerk])) && !set.meets(Roles::of(&[Role::Admin, Role::Reader])));
        assert_eq!(Roles::from_bytes(&set.to_bytes()), Ok(set));
        assert!(Roles::from_bytes(&[0x80]).is_err());
    }
}
