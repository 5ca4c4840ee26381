//! The parties: what kind of institution, who signs for it and in what capacity, whom to call after a breach (F11, L5).

use serde::Deserialize;

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    ids::MemberCode,
    signing::VerifyingKey,
};

/// The kind of institution a member is; what its files hold and never hold follows from it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// A K-12 district or school: SSID always, SSN never.
    K12,
    /// A community college or its district.
    Cc,
    /// A university.
    Univ,
    /// A workforce agency.
    Workforce,
}

impl Segment {
    const ALL: [Self; 4] = [Self::K12, Self::Cc, Self::Univ, Self::Workforce];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::K12 => "k12",
            Self::Cc => "cc",
            Self::Univ => "univ",
            Self::Workforce => "workforce",
        }
    }

    /// The kind in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::K12 => "school district",
            Self::Cc => "community college",
            Self::Univ => "university",
            Self::Workforce => "workforce agency",
        }
    }

    /// The segment of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|segment| segment.name() == name)
    }
}

impl Encode for Segment {
    fn encode(&self, out: &mut Vec<u8>) {
        let number: u8 = match self {
            Self::K12 => 0,
            Self::Cc => 1,
            Self::Univ => 2,
            Self::Workforce => 3,
        };
        number.encode(out);
    }
}

impl Decode for Segment {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let number = usize::from(u8::decode(reader)?);
        Self::ALL.get(number).copied().ok_or(CodecError::Invalid { position, expected: "a segment" })
    }
}

/// A party to an agreement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Party {
    /// Opaque code (G09).
    pub code: MemberCode,
    /// Legal name, for the parties' eyes; no report shows it.
    pub name: String,
    /// What kind of institution.
    pub segment: Segment,
    /// The key its signatures verify under; compare it with the party by another channel before signing.
    pub signing_key: VerifyingKey,
    /// Whom the others tell about a breach, and who tells them: office, telephone or address (L5).
    pub breach_contact: String,
    /// Who may sign for it (F11).
    pub signers: Vec<Signer>,
}

impl Party {
    /// The signer of that name.
    #[must_use]
    pub fn signer(&self, name: &str) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.name == name)
    }
}

/// A person who may sign for a party.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signer {
    /// Name as it will stand under the signature.
    pub name: String,
    /// Office held.
    pub title: String,
    /// By what right.
    pub capacity: Capacity,
}

/// By what right a person signs for an institution: a closed list (F11, principle 10).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// The top administrator: superintendent, president, chancellor, director.
    TopAdministrator,
    /// Somebody the top administrator designated in writing.
    Designee,
}

impl Capacity {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TopAdministrator => "top administrator",
            Self::Designee => "designee of the top administrator",
        }
    }
}

/// Whose consent a disclosure under 34 CFR 99.30 rests on (F11): the rights pass to the student at eighteen or on entering
/// a college.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum RightsHolder {
    /// A parent of a pupil under eighteen.
    Parent,
    /// The student.
    EligibleStudent,
}

impl RightsHolder {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Parent => "parents of pupils under eighteen",
            Self::EligibleStudent => "students of eighteen or older, or at a college",
        }
    }
}
