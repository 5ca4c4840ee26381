//! The manifest: everything all parties must agree on before one round, and how it comes about (SPEC §5).
//!
//! Nobody sends a manifest. Coordinator and members each compute it from the same call, answers, reveals and key
//! shares, and compare digests: whoever disagrees about any of it signs something else, and the round does not start.
//!
//! * [`opening`] - call, answer, reveal, key share; the committee draw.
//! * [`shapes`] - which columns, lists, tables and hop orders follow from a study and a committee.
//! * [`bridges`] - which links are made through a third member's list.

mod bridge;
mod column_key;
pub mod opening;
pub mod shapes;

pub use bridge::{Bridge, bridges};

use crate::{
    agreement::{Agreement, NoiseTerms, Segment, Study},
    codec::Encode,
    codec_struct,
    group::{CollectiveKeys, KeyShare},
    ids::{Digest, MemberCode, RoundId},
    manifest::{
        opening::{Answer, KeyShareMessage, OpeningError, Reveal, RoundCall, draw_committee},
        shapes::{ColumnKey, ListShape, TableShape},
    },
    match_key::Recipe,
    mixing::noise_tuple_count,
    noise::NoiseTable,
    signing::{Signed, VerifyingKey},
    timestamp::Timestamp,
};

/// Version of every message and list layout; a change of any of them is a new number (SPEC §5.5).
pub const WIRE_VERSION: u16 = 3;

/// One participant of a round.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seat {
    /// Opaque code.
    pub code: MemberCode,
    /// Kind of institution, from the agreement.
    pub segment: Segment,
    /// Key its statements verify under, from the agreement.
    pub signing_key: VerifyingKey,
    /// HPKE key made for this round.
    pub hpke_key: [u8; 32],
    /// Rows its list must have.
    pub rows: u32,
}
codec_struct!(Seat { code, segment, signing_key, hpke_key, rows });

/// Noise of every table of the round (SPEC §10); zero epsilon means none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoiseParameters {
    /// Thousandths; zero if the parties accepted exact tables in words.
    pub epsilon_milli: u32,
    /// Parts in 10^12.
    pub delta_ppt: u64,
}
codec_struct!(NoiseParameters { epsilon_milli, delta_ppt });

impl NoiseParameters {
    /// What the parties agreed on.
    #[must_use]
    pub fn agreed(terms: &NoiseTerms) -> Self {
        match terms {
            NoiseTerms::Laplace { epsilon_milli, delta_ppt, .. } => {
                Self { epsilon_milli: *epsilon_milli, delta_ppt: *delta_ppt }
            }
            NoiseTerms::None { .. } => Self { epsilon_milli: 0, delta_ppt: 0 },
        }
    }
}

/// All that parties must agree on before a round.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// [`WIRE_VERSION`].
    pub wire: u16,
    /// The round.
    pub round: RoundId,
    /// Digest of the study's bytes.
    pub study: Digest,
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// Digest of what the participants share in effect, from the call (G02).
    pub share_list: Digest,
    /// Participants in the study's order; an index into this list names a participant everywhere.
    pub seats: Vec<Seat>,
    /// Participant index of each committee position.
    pub committee: Vec<u16>,
    /// Key share of each committee position.
    pub shares: Vec<KeyShare>,
    /// What each column key encrypts.
    pub column_keys: Vec<ColumnKey>,
    /// Recipe digests in order of strength.
    pub recipes: Vec<Digest>,
    /// One list per participant, in participant order.
    pub lists: Vec<ListShape>,
    /// Tables, sender by sender.
    pub tables: Vec<TableShape>,
    /// Links through a third member's list; empty unless the study asks for them.
    pub bridges: Vec<Bridge>,
    /// Noise per table and dealer.
    pub noise: NoiseParameters,
    /// Smallest count shown; also the smallest number of tuples a table may have.
    pub floor: u32,
    /// When the coordinator opened the round.
    pub opened: Timestamp,
    /// When an unfinished round is aborted.
    pub deadline: Timestamp,
}
codec_struct!(Manifest {
    wire,
    round,
    study,
    agreement,
    share_list,
    seats,
    committee,
    shares,
    column_keys,
    recipes,
    lists,
    tables,
    bridges,
    noise,
    floor,
    opened,
    deadline
});

/// What the parties said while opening a round, all signatures already checked by [`opening`].
#[derive(Clone, Debug)]
pub struct Opening {
    /// The coordinator's call.
    pub call: RoundCall,
    /// One per participant, in participant order.
    pub answers: Vec<Signed<Answer>>,
    /// One per participant, in participant order.
    pub reveals: Vec<Signed<Reveal>>,
    /// One per committee position.
    pub shares: Vec<Signed<KeyShareMessage>>,
}
codec_struct!(Opening { call, answers, reveals, shares });

impl Manifest {
    /// Computes the manifest every honest party computes from the same opening.
    ///
    /// # Errors
    ///
    /// [`OpeningError`] names whose message was missing, forged or inconsistent.
    ///
    /// # Cost
    ///
    /// One signature check per message and two scalar multiplications per column key and committee member.
    pub fn compute(agreement: &Agreement, study: &Study, opening: &Opening) -> Result<Self, OpeningError> {
        let call = &opening.call;
        call.check(agreement, study)?;
        opening::check_answers(call, &opening.answers)?;
        opening::check_reveals(call, &opening.answers, &opening.reveals)?;
        let committee = draw_committee(study, &opening.answers, &opening.reveals);
        let column_keys = shapes::column_keys(study);
        opening::check_shares(call, &committee, column_keys.len(), &opening.shares)?;

        let seat = |(place, answer): (&opening::CallSeat, &Signed<Answer>)| {
            let segment = agreement.party(place.code).map(|party| party.segment);
            segment.map(|segment| Seat {
                code: place.code,
                segment,
                signing_key: place.signing_key,
                hpke_key: answer.value().hpke_key,
                rows: answer.value().rows,
            })
        };
        let seats: Option<Vec<Seat>> = call.seats.iter().zip(&opening.answers).map(seat).collect();
        let seats = seats.ok_or(OpeningError::CallInconsistent)?;
        let recipes = study.preset.recipes();
        let tables = shapes::tables(study, &seats, &column_keys)?;
        let manifest = Self {
            wire: WIRE_VERSION,
            round: call.round,
            study: call.study,
            agreement: call.agreement,
            share_list: call.share_list,
            lists: shapes::lists(study, &seats, &committee, &tables)?,
            bridges: bridges(study, &tables),
            tables,
            seats,
            committee,
            shares: opening.shares.iter().map(|share| share.value().share.clone()).collect(),
            column_keys,
            recipes: recipes.iter().map(Recipe::digest).collect(),
            noise: NoiseParameters::agreed(&agreement.noise),
            floor: agreement.floor,
            opened: call.opened,
            deadline: call.deadline,
        };
        manifest.noise_table()?;
        manifest.collective_keys()?;
        manifest.lists.iter().try_for_each(|list| list.row().map(|_| ()))?;
        manifest.tables.iter().try_for_each(|table| table.tuple().map(|_| ()))?;
        Ok(manifest)
    }

    /// Digest that every signature, seal and proof of the round is bound to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::derive("passage v1 manifest", &self.to_bytes())
    }

    /// Participant index of a member.
    #[must_use]
    pub fn participant(&self, code: MemberCode) -> Option<u16> {
        self.seats.iter().position(|seat| seat.code == code).and_then(|index| u16::try_from(index).ok())
    }

    /// Committee position of a participant, if it sits on the committee.
    #[must_use]
    pub fn position(&self, participant: u16) -> Option<u16> {
        self.committee
            .iter()
            .position(|member| *member == participant)
            .and_then(|index| u16::try_from(index).ok())
    }

    /// The seat of a participant.
    #[must_use]
    pub fn seat(&self, participant: u16) -> Option<&Seat> {
        self.seats.get(usize::from(participant))
    }

    /// The list a participant owns.
    #[must_use]
    pub fn list(&self, participant: u16) -> Option<&ListShape> {
        self.lists.get(usize::from(participant))
    }

    /// A table by its number.
    #[must_use]
    pub fn table(&self, table: u16) -> Option<&TableShape> {
        self.tables.get(usize::from(table))
    }

    /// The committee's public keys, combined.
    ///
    /// # Errors
    ///
    /// [`OpeningError::KeysDoNotCombine`]; cannot happen for a manifest that was computed here.
    pub fn collective_keys(&self) -> Result<CollectiveKeys, OpeningError> {
        CollectiveKeys::combine(&self.shares).map_err(|_| OpeningError::KeysDoNotCombine)
    }

    /// The distribution every dealer draws from.
    ///
    /// # Errors
    ///
    /// [`OpeningError::NoiseOutOfRange`]; never falls back to no noise.
    pub fn noise_table(&self) -> Result<NoiseTable, OpeningError> {
        match self.noise {
            NoiseParameters { epsilon_milli: 0, .. } => Ok(NoiseTable::none()),
            NoiseParameters { epsilon_milli, delta_ppt } => {
                NoiseTable::new(epsilon_milli, delta_ppt).map_err(|_| OpeningError::NoiseOutOfRange)
            }
        }
    }

    /// Noise and filler tuples every dealer adds to a table (SPEC §10.3).
    ///
    /// # Errors
    ///
    /// As [`noise_table`](Self::noise_table).
    pub fn noise_tuples(&self, table: &TableShape) -> Result<u64, OpeningError> {
        let cells = u32::try_from(table.domain.len()).unwrap_or(u32::MAX);
        Ok(noise_tuple_count(cells, table.tuple()?, &self.noise_table()?))
    }
}
