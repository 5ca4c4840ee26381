//! Recipes as data: an ordered set of normalised elements, with a digest that every party agrees on (SPEC §1, §4).
//!
//! Promises that a [`Recipe`] in hand is identifying enough to be matched on: the check is in its only public
//! constructor. It does not judge how well a recipe matches; that is measured, not ruled.

use core::fmt;

use super::{
    entropy::{self, HALF_BITS_MIN, HALF_BITS_SAFE},
    normalisation::normalisation_digest,
};
use crate::{
    codec::Encode,
    ids::Digest,
    refusal::{Code, Refusal},
};

/// A data element of a student record that a recipe can read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Element {
    /// Date of birth.
    BirthDate,
    /// Gender.
    Gender,
    /// Given names.
    GivenNames,
    /// A given name and a surname as a pair in either order; also tries a second or former surname and a second given
    /// or middle name.
    NamePair,
    /// Postal code.
    PostalCode,
    /// Statewide student identifier.
    Ssid,
    /// Social security number.
    Ssn,
    /// Surnames.
    Surnames,
}

/// The form in which a recipe compares an element.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Normaliser {
    /// Every digit, every letter of the joined names, or the code itself; of a name pair, each name, given names through the
    /// nickname table.
    Full,
    /// The first three letters of the joined names.
    FirstThree,
    /// The first name only, before the nickname table.
    FirstName,
    /// American Soundex of the joined names; of a name pair, of each name, given names through the nickname table.
    Soundex,
    /// A date with day and month in ascending order, so that swapping them changes nothing.
    SwapProof,
}

/// One part of a recipe.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Part {
    /// What is read.
    pub element: Element,
    /// In which form it is compared.
    pub normaliser: Normaliser,
}

impl Part {
    const fn is_suited(self) -> bool {
        match self.element {
            Element::BirthDate => matches!(self.normaliser, Normaliser::Full | Normaliser::SwapProof),
            Element::NamePair => matches!(self.normaliser, Normaliser::Full | Normaliser::Soundex),
            Element::GivenNames | Element::Surnames => !matches!(self.normaliser, Normaliser::SwapProof),
            Element::Gender | Element::PostalCode | Element::Ssid | Element::Ssn => {
                matches!(self.normaliser, Normaliser::Full)
            }
        }
    }
}

/// An ordered set of normalised elements; equal keys under one recipe make a match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipe {
    name: String,
    parts: Vec<Part>,
    slots: u8,
}

impl Recipe {
    /// A recipe with up to `slots` keys per person.
    ///
    /// # Errors
    ///
    /// * [`RecipeError::ElementRepeated`], [`RecipeError::NormaliserUnsuited`] name a part by position.
    /// * [`RecipeError::NotIdentifying`]: neither an SSID or SSN, nor a date of birth with part of a name; or all parts
    ///   together have fewer bits than [`Recipe::BITS_MIN`].
    /// * [`RecipeError::SlotsOutOfRange`]: only a name pair yields more than one key, up to [`SLOTS_PER_RECIPE_MAX`].
    pub fn new(name: &str, parts: &[Part], slots: u8) -> Result<Self, RecipeError> {
        let recipe = Self { name: name.to_owned(), parts: parts.to_vec(), slots };
        recipe.check()?;
        Ok(recipe)
    }

    /// A recipe of a preset: known to pass [`check`](Self::check), which a test confirms for each.
    pub(super) fn of_preset(name: &str, parts: &[(Element, Normaliser)], slots: u8) -> Self {
        let parts =
            parts.iter().map(|(element, normaliser)| Part { element: *element, normaliser: *normaliser });
        Self { name: name.to_owned(), parts: parts.collect(), slots }
    }

    pub(super) fn check(&self) -> Result<(), RecipeError> {
        for (position, part) in self.parts.iter().enumerate() {
            if !part.is_suited() {
                return Err(RecipeError::NormaliserUnsuited { position });
            }
            if self.parts.iter().take(position).any(|earlier| earlier.element == part.element) {
                return Err(RecipeError::ElementRepeated { position });
            }
        }
        let names = [Element::GivenNames, Element::NamePair, Element::Surnames];
        let by_number = self.reads(Element::Ssid) || self.reads(Element::Ssn);
        let by_name = self.reads(Element::BirthDate) && names.iter().any(|name| self.reads(*name));
        if !by_number && !by_name || self.half_bits() < HALF_BITS_MIN {
            return Err(RecipeError::NotIdentifying { parts: self.parts.len() });
        }
        let slots_max = if self.reads(Element::NamePair) { SLOTS_PER_RECIPE_MAX } else { 1 };
        if !(1..=slots_max).contains(&self.slots) {
            return Err(RecipeError::SlotsOutOfRange { slots: self.slots, slots_max });
        }
        Ok(())
    }

    /// The recipe's name, for people; part of the digest.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parts in the order in which their fields enter the match point.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Keys per person, and token positions per row.
    #[must_use]
    pub fn slots(&self) -> u8 {
        self.slots
    }

    /// Whether the recipe reads `element`; a segment that never holds it omits the recipe's slots.
    #[must_use]
    pub fn reads(&self, element: Element) -> bool {
        self.parts.iter().any(|part| part.element == element)
    }

    /// Bits below which a recipe is refused: two strangers share a key with probability 2^-bits.
    pub const BITS_MIN: u32 = HALF_BITS_MIN / 2;

    /// How many bits tell strangers apart, rounded down: the sum over the parts, each measured (linkage findings 5).
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.half_bits() / 2
    }

    fn half_bits(&self) -> u32 {
        self.parts.iter().map(|part| entropy::half_bits(*part)).sum()
    }

    /// Pairs of strangers expected to share a key where two lists of these sizes meet, before the linking rule.
    #[must_use]
    pub fn coincidences(&self, source: u64, target: u64) -> f64 {
        entropy::coincidences(self.half_bits(), source, target)
    }

    /// What an equal key adds to the score of two rows where best links are sought ([`crate::linkage::resolve`]): an identifier
    /// outweighs the names of every preset (linkage findings 4.3).
    #[must_use]
    pub fn weight(&self) -> u32 {
        if self.reads(Element::Ssid) || self.reads(Element::Ssn) { 40 } else { 10 }
    }

    /// What a person who signs should know about a recipe that is allowed but repeats among strangers or within families
    /// (linkage findings 5).
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        let both_names = self.reads(Element::GivenNames) && self.reads(Element::Surnames);
        if self.reads(Element::Ssid)
            || self.reads(Element::Ssn)
            || self.reads(Element::NamePair)
            || both_names
        {
            return None;
        }
        if self.half_bits() < HALF_BITS_SAFE {
            return Some(
                "a date of birth with one kind of name repeats among strangers, among twins and within families",
            );
        }
        self.reads(Element::Surnames).then_some("twins at one address share it")
    }

    /// The recipe's digest: everything that decides a key's bytes, so that equal digests mean equal keys (SPEC §2.2).
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut form = Vec::new();
        normalisation_digest().encode(&mut form);
        self.name.encode(&mut form);
        let parts =
            self.parts.iter().map(|part| (element_code(part.element), normaliser_code(part.normaliser)));
        parts.collect::<Vec<(u8, u8)>>().encode(&mut form);
        self.slots.encode(&mut form);
        Digest::derive("passage v1 recipe", &form)
    }
}

/// Stable numbers of the digest's form; never reused.
fn element_code(element: Element) -> u8 {
    match element {
        Element::BirthDate => 1,
        Element::Gender => 2,
        Element::GivenNames => 3,
        Element::NamePair => 4,
        Element::PostalCode => 5,
        Element::Ssid => 6,
        Element::Ssn => 7,
        Element::Surnames => 8,
    }
}

/// Stable numbers of the digest's form; never reused.
fn normaliser_code(normaliser: Normaliser) -> u8 {
    match normaliser {
        Normaliser::Full => 1,
        Normaliser::FirstThree => 2,
        Normaliser::FirstName => 3,
        Normaliser::Soundex => 4,
        Normaliser::SwapProof => 5,
    }
}

/// Why a recipe was refused. Positions and counts only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecipeError {
    /// An element stands twice.
    ElementRepeated {
        /** Zero-based position of the second part. */
        position: usize,
    },
    /// The normaliser has no meaning for the element.
    NormaliserUnsuited {
        /** Zero-based position of the part. */
        position: usize,
    },
    /// Strangers would share the key.
    NotIdentifying {
        /** Parts the recipe has. */
        parts: usize,
    },
    /// More keys per person than the recipe can yield, or none.
    SlotsOutOfRange {
        /** Slots asked for. */
        slots: u8,
        /** Slots the recipe can fill. */
        slots_max: u8,
    },
}

impl fmt::Display for RecipeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElementRepeated { position } => {
                write!(
                    formatter,
                    "part {position} of the recipe reads an element that an earlier part reads, expected each once"
                )
            }
            Self::NormaliserUnsuited { position } => {
                write!(formatter, "part {position} of the recipe has a form that its element does not have")
            }
            Self::NotIdentifying { parts } => {
                write!(
                    formatter,
                    "the {parts} parts of the recipe fit strangers, expected an SSID, an SSN, or a full date of birth with a name, {} bits or more",
                    Recipe::BITS_MIN
                )
            }
            Self::SlotsOutOfRange { slots, slots_max } => {
                write!(formatter, "the recipe asks for {slots} slots, expected 1 to {slots_max}")
            }
        }
    }
}

impl Refusal for RecipeError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotIdentifying { .. } => 0x0301,
            Self::NormaliserUnsuited { .. } => 0x0302,
            Self::ElementRepeated { .. } => 0x0303,
            Self::SlotsOutOfRange { .. } => 0x0304,
        })
    }

    fn advice(&self) -> &'static str {
        "Use one of the presets, or correct the recipe in the study and have it approved again."
    }
}

/// Keys one recipe can yield for one person at most: the three pairings of names.
pub const SLOTS_PER_RECIPE_MAX: u8 = 3;

#[cfg(test)]
mod tests;
