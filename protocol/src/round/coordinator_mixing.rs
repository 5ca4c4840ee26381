//! The coordinator's part between the sealed manifest and the release: check the signed chains, relay sealed blobs,
//! start the join when every list has its tags, start the release when every table is decrypted.

use crate::{
    codec_struct,
    ids::MemberCode,
    manifest::{Manifest, Opening},
    mixing::DecryptionProof,
    round::{
        Abort, AbortReason, CoordinatorEffect, CoordinatorJob, CoordinatorRound, Event, Step,
        chain::{next_hop, next_table_hop},
        coordinator::{Closing, Stepped, complete},
        step::TableParts,
    },
    signing::{SignatureKind, Signed},
    wire::{BlobRef, HopStatement, Message, PartialStatement, TableHopStatement},
};

/// The state between the sealed manifest and the last partial decryption.
#[derive(Clone, Debug)]
pub struct Mixing {
    pub(super) opening: Opening,
    manifest: Manifest,
    lists: Vec<Vec<HopStatement>>,
    counts: Vec<Option<Vec<Option<u32>>>>,
    joining: bool,
    plans: Option<Vec<(u32, Option<BlobRef>)>>,
    tables: Vec<TableProgress>,
}
codec_struct!(Mixing { opening, manifest, lists, counts, joining, plans, tables });

#[derive(Clone, Debug, Default)]
struct TableProgress {
    accepted: Vec<TableHopStatement>,
    partials: Vec<Option<(BlobRef, DecryptionProof)>>,
}
codec_struct!(TableProgress { accepted, partials });

/// Every table is decrypted by every committee member; awaits the combined, released result.
#[derive(Clone, Debug)]
pub struct Releasing {
    pub(super) opening: Opening,
    manifest: Manifest,
    tables: Vec<Option<TableParts>>,
    counts: Vec<Vec<Option<u32>>>,
    tags: Vec<BlobRef>,
}
codec_struct!(Releasing { opening, manifest, tables, counts, tags });
codec_struct!(TableParts { last, tuples, partials });

impl Mixing {
    pub(super) fn begin(opening: Opening, manifest: Manifest) -> Self {
        let committee = manifest.committee.len();
        let table = || TableProgress { accepted: Vec::new(), partials: vec![None; committee] };
        Self {
            opening,
            lists: vec![Vec::new(); manifest.lists.len()],
            counts: vec![None; manifest.tables.len()],
            joining: false,
            plans: None,
            tables: manifest.tables.iter().map(|_| table()).collect(),
            manifest,
        }
    }

    pub(super) fn message(mut self: Box<Self>, from: MemberCode, message: Message) -> Stepped {
        let mut effects = Vec::new();
        let participant = self.manifest.participant(from).ok_or(unexpected(from))?;
        match message {
            Message::BlindShare { list, to, sealed } if list == participant => {
                self.relay(from, to, Message::BlindShare { list, to, sealed }, &mut effects)?;
            }
            Message::TagKeyShare { from: sender, to, sealed } if sender == participant => {
                self.relay(from, to, Message::TagKeyShare { from: sender, to, sealed }, &mut effects)?;
            }
            Message::Columns { list, to, sealed } => {
                let shape = self.manifest.list(list).ok_or(unexpected(from))?;
                let bytes = u64::from(shape.rows).saturating_mul(shape.row()?.column_bytes() as u64);
                let last = shape.pass(shape.last_hop()) == Some(participant);
                if !last || sealed.bytes != crate::seal::sealed_len(bytes) {
                    return Err(unexpected(from));
                }
                self.relay(from, to, Message::Columns { list, to, sealed }, &mut effects)?;
            }
            Message::CohortCounts { table, counts } => {
                self.cohort_counts(from, participant, table, counts)?
            }
            Message::Hop(statement) => self.hop(from, &statement, &mut effects)?,
            Message::TableHop(statement) => self.table_hop(from, &statement, &mut effects)?,
            Message::Partial(statement) => self.partial(from, participant, &statement)?,
            Message::Abort(_)
            | Message::Answer(_)
            | Message::Answers(_)
            | Message::BlindShare { .. }
            | Message::Call(_)
            | Message::Endorsement { .. }
            | Message::KeyShare(_)
            | Message::KeyShares(_)
            | Message::Plan { .. }
            | Message::Receipt(_)
            | Message::Result { .. }
            | Message::Reveal(_)
            | Message::Reveals(_)
            | Message::Sealed { .. }
            | Message::TagKeyShare { .. } => return Err(unexpected(from)),
        }
        self.advance(effects)
    }

    /// Plans are written: tell the committee.
    pub(super) fn joined(mut self: Box<Self>, plans: Vec<(u32, Option<BlobRef>)>) -> Stepped {
        let mut effects = vec![CoordinatorEffect::Report(Event::Joined)];
        for (table, (tuples, plan)) in (0_u16..).zip(&plans) {
            let message = Message::Plan { table, tuples: *tuples, plan: *plan };
            effects.extend(self.to_committee(None, &message));
        }
        self.plans = Some(plans);
        self.advance(effects)
    }

    /// The join, once every list has its tags and every count is in, unless it is done.
    pub(super) fn join_work(&self) -> Option<CoordinatorEffect> {
        let tags = self.tags()?;
        (self.plans.is_none() && self.counts.iter().all(Option::is_some))
            .then_some(CoordinatorEffect::Work(CoordinatorJob::Join { tags }))
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn planned(&self) -> Vec<Option<u32>> {
        let plans = self.plans.iter().flatten();
        plans.map(|(tuples, plan)| plan.is_some().then_some(*tuples)).collect()
    }

    pub(super) fn awaited(&self) -> Vec<MemberCode> {
        let mut members: Vec<MemberCode> = Vec::new();
        for (shape, accepted) in self.manifest.lists.iter().zip(&self.lists) {
            members.extend(shape.passes.get(accepted.len()).and_then(|next| self.code(*next)));
        }
        if let Some(plans) = &self.plans {
            for (table, (_, plan)) in self.tables.iter().zip(plans) {
                if plan.is_some() {
                    let next = self.manifest.committee.get(table.accepted.len());
                    members.extend(next.and_then(|next| self.code(*next)));
                }
            }
        }
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Moves on once all tables are decrypted; starts the join when the last tags arrive.
    fn advance(mut self: Box<Self>, mut effects: Vec<CoordinatorEffect>) -> Stepped {
        // Offered once by the step that completes its inputs; a restart offers it again.
        if let (false, Some(work)) = (self.joining, self.join_work()) {
            self.joining = true;
            effects.push(work);
        }
        let Some(plans) = &self.plans else {
            return Ok(Step { state: CoordinatorRound::Mixing(self), effects });
        };
        let mut tables = Vec::with_capacity(plans.len());
        for ((_, plan), progress) in plans.iter().zip(&self.tables) {
            let parts = match (plan, complete(&progress.partials), progress.accepted.last()) {
                (None, ..) => None,
                (Some(_), Some(partials), Some(last)) => {
                    Some(TableParts { last: last.sealed, tuples: last.tuples, partials })
                }
                (Some(_), ..) => return Ok(Step { state: CoordinatorRound::Mixing(self), effects }),
            };
            tables.push(parts);
        }
        let tags = self.tags().unwrap_or_default();
        let counts = self.counts.iter_mut().map(|counts| counts.take().unwrap_or_default()).collect();
        let releasing = Releasing { opening: self.opening, manifest: self.manifest, tables, counts, tags };
        effects.push(releasing.release_work());
        Ok(Step { state: CoordinatorRound::Releasing(Box::new(releasing)), effects })
    }

    fn hop(
        &mut self,
        from: MemberCode,
        statement: &Signed<HopStatement>,
        effects: &mut Vec<CoordinatorEffect>,
    ) -> Result<(), Abort> {
        let (list, hop) = (statement.value().list, statement.value().hop);
        let accepted = self.lists.get_mut(usize::from(list)).ok_or(unexpected(from))?;
        if accepted.get(usize::from(hop)) == Some(statement.value()) {
            return Ok(());
        }
        let whose = self.manifest.list(list).and_then(|shape| shape.pass(hop));
        if whose != self.manifest.participant(from) {
            return Err(unexpected(from));
        }
        if usize::from(hop) < accepted.len() {
            return Err(Abort::by(AbortReason::Equivocation, from));
        }
        next_hop(&self.manifest, self.manifest.digest(), accepted, statement)?;
        accepted.push(statement.value().clone());
        effects.extend(self.to_committee(Some(from), &Message::Hop(statement.clone())));
        effects.push(CoordinatorEffect::Report(Event::ListPassed { list, hop }));
        Ok(())
    }

    fn table_hop(
        &mut self,
        from: MemberCode,
        statement: &Signed<TableHopStatement>,
        effects: &mut Vec<CoordinatorEffect>,
    ) -> Result<(), Abort> {
        let (table, hop) = (statement.value().table, statement.value().hop);
        let plan = self.plans.as_ref().and_then(|plans| plans.get(usize::from(table))).copied();
        let Some((planned, Some(plan))) = plan else { return Err(unexpected(from)) };
        let progress = self.tables.get_mut(usize::from(table)).ok_or(unexpected(from))?;
        if progress.accepted.get(usize::from(hop)) == Some(statement.value()) {
            return Ok(());
        }
        if self.manifest.committee.get(usize::from(hop)).copied() != self.manifest.participant(from) {
            return Err(unexpected(from));
        }
        if usize::from(hop) < progress.accepted.len() {
            return Err(Abort::by(AbortReason::Equivocation, from));
        }
        let digest = self.manifest.digest();
        next_table_hop(&self.manifest, digest, plan.digest, planned, &progress.accepted, statement)?;
        progress.accepted.push(statement.value().clone());
        effects.extend(self.to_committee(Some(from), &Message::TableHop(statement.clone())));
        effects.push(CoordinatorEffect::Report(Event::TablePassed { table, hop }));
        Ok(())
    }

    fn partial(
        &mut self,
        from: MemberCode,
        participant: u16,
        statement: &Signed<PartialStatement>,
    ) -> Result<(), Abort> {
        let value = &statement.value();
        let position = self.manifest.position(participant).ok_or(unexpected(from))?;
        let seat = self.manifest.seat(participant).ok_or(unexpected(from))?;
        (statement.verify(SignatureKind::PartialDecryption, Some(self.manifest.round), &seat.signing_key))
            .map_err(|_| Abort::by(AbortReason::Signature, from))?;
        let committee = self.manifest.committee.len();
        let shape = self.manifest.table(value.table).ok_or(unexpected(from))?;
        let progress = self.tables.get_mut(usize::from(value.table)).ok_or(unexpected(from))?;
        let last = progress.accepted.get(committee - 1).ok_or(unexpected(from))?;
        let bytes = u64::from(last.tuples).saturating_mul(shape.tuple()?.partial_bytes() as u64);
        let fits = value.manifest == self.manifest.digest()
            && value.table_digest == last.output
            && value.partials.bytes == bytes;
        if !fits {
            return Err(Abort::by(AbortReason::ChainBroken, from));
        }
        let slot = progress.partials.get_mut(usize::from(position)).ok_or(unexpected(from))?;
        match slot {
            Some((earlier, _)) if *earlier != value.partials => {
                Err(Abort::by(AbortReason::Equivocation, from))
            }
            Some(_) => Ok(()),
            None => {
                *slot = Some((value.partials, value.proof.clone()));
                Ok(())
            }
        }
    }

    fn cohort_counts(
        &mut self,
        from: MemberCode,
        participant: u16,
        table: u16,
        counts: Vec<Option<u32>>,
    ) -> Result<(), Abort> {
        let shape = self.manifest.table(table).ok_or(unexpected(from))?;
        // A count below the floor must not have left the sender; one that did is refused, not quietly dropped.
        let floored = counts.iter().flatten().all(|count| *count >= self.manifest.floor);
        if shape.sender != participant || counts.len() != shape.domain.len() || !floored {
            return Err(unexpected(from));
        }
        let slot = self.counts.get_mut(usize::from(table)).ok_or(unexpected(from))?;
        match slot {
            Some(earlier) if *earlier != counts => Err(Abort::by(AbortReason::Equivocation, from)),
            Some(_) => Ok(()),
            None => {
                *slot = Some(counts);
                Ok(())
            }
        }
    }

    fn tags(&self) -> Option<Vec<BlobRef>> {
        let complete = |(shape, accepted): (&crate::manifest::shapes::ListShape, &Vec<HopStatement>)| {
            (accepted.len() == shape.passes.len()).then(|| accepted.last().map(|last| last.sealed))?
        };
        self.manifest.lists.iter().zip(&self.lists).map(complete).collect()
    }

    fn relay(
        &self,
        from: MemberCode,
        to: u16,
        message: Message,
        effects: &mut Vec<CoordinatorEffect>,
    ) -> Result<(), Abort> {
        let on_committee = self.manifest.position(to).is_some();
        let to = self.code(to).filter(|to| on_committee && *to != from).ok_or(unexpected(from))?;
        effects.push(CoordinatorEffect::Send { to, from: Some(from), message });
        Ok(())
    }

    fn to_committee(&self, from: Option<MemberCode>, message: &Message) -> Vec<CoordinatorEffect> {
        let codes = self.manifest.committee.iter().filter_map(|member| self.code(*member));
        codes.map(|to| CoordinatorEffect::Send { to, from, message: message.clone() }).collect()
    }

    fn code(&self, participant: u16) -> Option<MemberCode> {
        self.manifest.seat(participant).map(|seat| seat.code)
    }
}

impl Releasing {
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn release_work(&self) -> CoordinatorEffect {
        CoordinatorEffect::Work(CoordinatorJob::Release {
            opening: Box::new(self.opening.clone()),
            tables: self.tables.clone(),
            counts: self.counts.clone(),
            tags: self.tags.clone(),
        })
    }

    pub(super) fn released(self: Box<Self>, reports: Vec<BlobRef>) -> Stepped {
        let mut effects = vec![CoordinatorEffect::Report(Event::Released)];
        for (seat, report) in self.manifest.seats.iter().zip(&reports) {
            let message = Message::Result { report: *report };
            effects.push(CoordinatorEffect::Send { to: seat.code, from: None, message });
        }
        let receipts = vec![None; reports.len()];
        let closing = Closing { manifest: self.manifest.digest(), opening: self.opening, reports, receipts };
        Ok(Step { state: CoordinatorRound::Closing(closing), effects })
    }
}

fn unexpected(from: MemberCode) -> Abort {
    Abort::by(AbortReason::UnexpectedMessage, from)
}
