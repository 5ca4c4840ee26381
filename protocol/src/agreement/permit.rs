//! Whether a round is allowed now: standing x manifest x day -> `Permit`, or the clause that refuses.
//!
//! A [`Permit`] has a private field and is built here only; [`crate::round::MemberRound`] cannot be entered without one:
//!
//! ```compile_fail
//! let forged = passage_protocol::agreement::Permit { manifest: todo!(), _granted: () };
//! ```

use crate::{
    agreement::{Clause, ManifestPart, NoiseTerms, Standing},
    ids::{Digest, MemberCode},
    manifest::{Manifest, NoiseParameters, WIRE_VERSION, bridges, shapes},
    match_key::Recipe,
    timestamp::Date,
};

/// Proof that one manifest is allowed now. Not `Clone`: it is spent on entering the round.
#[derive(Debug)]
pub struct Permit {
    manifest: Digest,
    _granted: (),
}

impl Permit {
    /// Grants a permit for `manifest` to the member `me`, or names the clause that refuses.
    ///
    /// # Errors
    ///
    /// The first [`Clause`] that refuses.
    pub fn grant(
        standing: &Standing<'_>,
        manifest: &Manifest,
        me: MemberCode,
        today: Date,
    ) -> Result<Self, Clause> {
        standing.check_study(today)?;
        standing.check_manifest(manifest)?;
        standing.check_budget(manifest, me)?;
        Ok(Self { manifest: manifest.digest(), _granted: () })
    }

    /// The manifest it is for.
    #[must_use]
    pub fn manifest(&self) -> Digest {
        self.manifest
    }
}

impl Standing<'_> {
    /// Computes once more what study and agreement give, and refuses a manifest that says anything else. What they do not
    /// decide - the round's name, when it was opened, keys made for it, declared rows, who was drawn - was signed by its
    /// owner or computed from what everybody signed (SPEC §5.5), and is bound by the digest alone.
    fn check_manifest(&self, manifest: &Manifest) -> Result<(), Clause> {
        if manifest.agreement != self.agreement_digest || manifest.study != self.study_digest {
            return Err(Clause::OtherAgreement);
        }
        if manifest.share_list != self.share_list() {
            return Err(Clause::OtherShares);
        }
        if manifest.wire != WIRE_VERSION {
            return Err(Clause::OtherThanAgreed(ManifestPart::Wire));
        }
        self.check_seats(manifest)?;
        self.check_committee(manifest)?;
        self.check_content(manifest)?;
        self.check_disclosure(manifest)?;
        self.check_deadline(manifest.deadline.date())
    }

    fn check_seats(&self, manifest: &Manifest) -> Result<(), Clause> {
        let named = manifest.seats.iter().zip(&self.study.participants).all(|(seat, participant)| {
            seat.code == participant.code
                && (self.agreement.party(seat.code)).is_some_and(|party| {
                    party.segment == seat.segment && party.signing_key == seat.signing_key
                })
        });
        if named && manifest.seats.len() == self.study.participants.len() {
            Ok(())
        } else {
            Err(Clause::OtherThanAgreed(ManifestPart::Seats))
        }
    }

    fn check_committee(&self, manifest: &Manifest) -> Result<(), Clause> {
        let least = self.agreement.committee_min.max(self.study.committee);
        if manifest.committee.len() < usize::from(least) {
            let asked = u8::try_from(manifest.committee.len()).unwrap_or(u8::MAX);
            return Err(Clause::CommitteeTooSmall { asked, least });
        }
        let mut members = manifest.committee.clone();
        members.sort_unstable();
        members.dedup();
        let seated = members.iter().all(|member| manifest.seat(*member).is_some());
        if seated && members.len() == manifest.committee.len() && manifest.shares.len() == members.len() {
            Ok(())
        } else {
            Err(Clause::OtherThanAgreed(ManifestPart::Committee))
        }
    }

    fn check_content(&self, manifest: &Manifest) -> Result<(), Clause> {
        let other = Clause::OtherThanAgreed(ManifestPart::Content);
        let (study, seats) = (self.study, &manifest.seats);
        let keys = shapes::column_keys(study);
        let recipes: Vec<Digest> = study.preset.recipes().iter().map(Recipe::digest).collect();
        let tables = shapes::tables(study, seats, &keys).map_err(|_| other)?;
        let lists = shapes::lists(study, seats, &manifest.committee, &tables).map_err(|_| other)?;
        let same = manifest.column_keys == keys
            && manifest.recipes == recipes
            && manifest.lists == lists
            && manifest.bridges == bridges(study, &tables)
            && manifest.tables == tables;
        if same { Ok(()) } else { Err(other) }
    }

    fn check_disclosure(&self, manifest: &Manifest) -> Result<(), Clause> {
        let agreed = NoiseParameters::agreed(&self.agreement.noise);
        if manifest.floor == self.agreement.floor && manifest.noise == agreed {
            Ok(())
        } else {
            Err(Clause::DisclosureNotAsAgreed)
        }
    }

    fn check_budget(&self, manifest: &Manifest, me: MemberCode) -> Result<(), Clause> {
        let NoiseTerms::Laplace { budget_milli, .. } = self.agreement.noise else { return Ok(()) };
        let involved = manifest.participant(me).map_or(0, |index| {
            manifest.tables.iter().filter(|table| manifest.takes_part(table, index)).count()
        });
        let tables = u32::try_from(involved).unwrap_or(u32::MAX);
        let wanted_milli = manifest.noise.epsilon_milli.saturating_mul(tables);
        if self.budget_spent_milli.saturating_add(wanted_milli) > budget_milli {
            let left_milli = budget_milli.saturating_sub(self.budget_spent_milli);
            return Err(Clause::BudgetSpent { wanted_milli, left_milli });
        }
        Ok(())
    }
}
