//! The release: open every table, apply disclosure control over sibling tables together, cut to each member's share list,
//! write the reports (SPEC §9, G02, A1, A8).
//!
//! Raw counts exist in this function's memory only. [`release_all`] is the one way out for tables, [`release_panel`] for
//! the match panel.

use passage_protocol::{
    agreement::{DocumentId, EffectiveShares, Role, Segment, Study},
    codec::Encode,
    disclosure::{
        DisclosurePolicy, MatchPanel, MetricRef, NoiseStatement, NoiseTerms, PairCounts, RawList, RawPair,
        RawTable, ReleasedTable, TableColumns, release_all, release_nothing, release_panel,
    },
    ids::{Digest, MemberCode},
    linkage::Links,
    manifest::{Manifest, NoiseParameters, Opening, WIRE_VERSION, shapes},
    report::{
        MetricDefinition, Report, Segment as ReportSegment,
        peers::{Peers, peers},
    },
    round::{CoordinatorOutcome, TableParts},
    timestamp::Timestamp,
    wire::BlobRef,
};
use passage_shell::clock;

use crate::{
    app::{App, Progress},
    documents::{self, Papers},
    error::CoordinatorError,
    work::{
        Made, WorkFault, blob_ref,
        bridges::{THROUGH_ANOTHER, bridged, joined_pairs},
        join::Lists,
        tables,
    },
};

/// What a release is made from.
pub(super) struct Release<'a> {
    pub(super) app: &'a App,
    pub(super) papers: &'a Papers,
    pub(super) opening: &'a Opening,
    pub(super) tables: &'a [Option<TableParts>],
    pub(super) counts: &'a [Vec<Option<u32>>],
    pub(super) tags: &'a [BlobRef],
}

impl Release<'_> {
    /// Makes one report per participant.
    pub(super) fn run(&self) -> Result<(CoordinatorOutcome, Made), WorkFault> {
        let manifest = Manifest::compute(&self.papers.agreement, &self.papers.study, self.opening)?;
        let policy = DisclosurePolicy::new(manifest.floor).unwrap_or_default();
        let noise = noise_statement(&manifest)?;
        let tables = self.released_tables(&manifest, &policy, noise)?;
        let panel = self.panel(&manifest, &policy)?;
        // What the parties share now: what one of them took out since the call is cut from the reports as well (G02).
        let shares = documents::shares(self.app, self.papers)?;
        let now = clock::now();
        let (mut reports, mut made) = (Vec::new(), Vec::new());
        for seat in &manifest.seats {
            let report = self.report(&manifest, &policy, noise, &tables, &panel, &shares, seat.code, now);
            let blob = blob_ref(self.app.shelf.put(&report.to_bytes())?);
            reports.push(blob);
            made.push((blob, vec![seat.code]));
        }
        Ok((CoordinatorOutcome::Released(reports), made))
    }

    /// Every table in the manifest's order; those without a plan are withheld whole.
    fn released_tables(
        &self,
        manifest: &Manifest,
        policy: &DisclosurePolicy,
        noise: NoiseStatement,
    ) -> Result<Vec<ReleasedTable>, WorkFault> {
        let dealers = u32::try_from(manifest.committee.len()).unwrap_or(u32::MAX);
        // Each tuple is visited once per proof and once to be decoded.
        let visits = u64::from(dealers) + 1;
        let tuples: u64 = self.tables.iter().flatten().map(|parts| u64::from(parts.tuples) * visits).sum();
        let progress = Progress::new("decrypting tables", tuples, clock::now());
        let progress = self.app.board.begin(manifest.round, progress);
        let (mut raw, mut withheld) = (Vec::new(), Vec::new());
        for (index, (number, shape)) in (0_u16..).zip(&manifest.tables).enumerate() {
            let metric = MetricRef { id: shape.metric.clone(), version: shape.version };
            let sender = manifest.seat(shape.sender).ok_or(CoordinatorError::RoundUnknown)?.code;
            let receivers = shapes::receiver_codes(shape, &manifest.seats);
            let defined = self.papers.study.metric(&shape.metric, shape.version);
            let outcomes = defined.into_iter().flat_map(|metric| &metric.outcomes);
            let outcomes = outcomes.map(|outcome| outcome.name.clone()).collect();
            let parts = self.tables.get(index).and_then(Option::as_ref);
            let (counts, denominators) = match parts {
                None => {
                    let patterns = shape.tuple()?.patterns().count();
                    (vec![0; shape.domain.len() * patterns], vec![None; shape.domain.len()])
                }
                Some(parts) => {
                    let opening =
                        tables::Opening { shelf: &self.app.shelf, manifest, number, table: shape, parts };
                    let histogram = opening.histogram(&progress)?;
                    let counts = histogram.less_offset(dealers, &manifest.noise_table()?);
                    let denominators = self.counts.get(index).map(Vec::as_slice).unwrap_or_default();
                    (counts, denominators.iter().map(|count| count.map(u64::from)).collect())
                }
            };
            let (domain, columns) = (shape.domain.clone(), TableColumns { receivers, outcomes });
            let table = RawTable::new(metric, domain, sender, columns, counts, denominators, noise)?;
            match parts {
                Some(_) => raw.push(table),
                None => withheld.push((index, release_nothing(&table, policy))),
            }
        }
        let mut tables = release_all(raw, policy);
        for (index, table) in withheld {
            tables.insert(index.min(tables.len()), table);
        }
        Ok(tables)
    }

    fn panel(&self, manifest: &Manifest, policy: &DisclosurePolicy) -> Result<MatchPanel, WorkFault> {
        let names: Vec<String> =
            self.papers.study.preset.recipes().iter().map(|recipe| recipe.name().to_owned()).collect();
        let code = |participant: u16| {
            manifest.seat(participant).map(|seat| seat.code).ok_or(CoordinatorError::RoundUnknown)
        };
        // A reader must not tell one student's link from an exact count beside noisy tables. The seed is a digest of every
        // list's tags, which nobody but this coordinator holds together, and the same after a restart.
        let noise = manifest.noise_table()?;
        let mut secret = manifest.digest().0.to_vec();
        let allowance = self.app.settings.join_memory_bytes();
        let lists = Lists { manifest, shelf: &self.app.shelf, tags: self.tags, allowance };
        for list in self.tags {
            secret.extend(lists.derived("passage v1 panel noise", *list)?.0);
        }
        let mut raw_pairs = Vec::new();
        for ((sender, receiver), links) in &bridged(manifest, lists.links(&joined_pairs(manifest), &|_| ())?)
        {
            let through = manifest.through(*sender, *receiver);
            let mut pair = raw_pair(code(*sender)?, code(*receiver)?, &names, links, through);
            let mut counts: Vec<u64> = pair.by_recipe.iter().map(|(_, count)| *count).collect();
            counts.extend([pair.ambiguous, pair.unlinked]);
            (*sender, *receiver).encode(&mut secret);
            noise.perturb(&mut counts, Digest::derive("passage v1 panel noise", &secret).0);
            pair.unlinked = counts.pop().unwrap_or_default();
            pair.ambiguous = counts.pop().unwrap_or_default();
            pair.by_recipe.iter_mut().zip(counts).for_each(|((_, count), noisy)| *count = noisy);
            raw_pairs.push(pair);
        }
        let raw_list = |(seat, answer): (&passage_protocol::manifest::Seat, _)| {
            let answer: &passage_protocol::manifest::opening::Answer = answer;
            RawList {
                member: seat.code,
                submitted: seat.rows.into(),
                opted_out: answer.opted_out.into(),
                unusable: answer.unusable.into(),
            }
        };
        let answers = self.opening.answers.iter().map(|answer| answer.value());
        let lists = manifest.seats.iter().zip(answers).map(raw_list).collect();
        Ok(release_panel(lists, raw_pairs, policy, noise.half_width_95(1, 1)))
    }

    #[allow(clippy::too_many_arguments, reason = "one report is made of all of these, in one place")]
    fn report(
        &self,
        manifest: &Manifest,
        policy: &DisclosurePolicy,
        noise: NoiseStatement,
        tables: &[ReleasedTable],
        panel: &MatchPanel,
        shares: &EffectiveShares,
        viewer: MemberCode,
        now: Timestamp,
    ) -> Report {
        let cut = |table: &ReleasedTable| {
            let dimension = table.domain.dimension;
            let may_see = |sender, receiver| shares.may_see(viewer, sender, receiver, dimension);
            // "Any receiver" says something about every receiver of the table, so it needs the right to each.
            table.for_member(|sender, receiver| match receiver {
                Some(receiver) => may_see(sender, receiver),
                None => table.receivers.iter().all(|receiver| may_see(sender, *receiver)),
            })
        };
        let all = tables;
        let tables: Vec<ReleasedTable> =
            tables.iter().map(cut).filter(|table| !table.cells.is_empty()).collect();
        let kind = |member: MemberCode| {
            manifest.seats.iter().find(|seat| seat.code == member).map(|seat| segment(seat.segment))
        };
        let peers = match self.papers.agreement.peer_comparison {
            true => peers(all, &tables, viewer, kind),
            false => Peers::default(),
        };
        let sees = |sender: MemberCode, receiver: MemberCode| {
            let pair = |table: &&shapes::TableShape| {
                manifest.seat(table.sender).is_some_and(|seat| seat.code == sender)
            };
            (manifest.tables.iter().filter(pair))
                .any(|table| shares.may_see(viewer, sender, receiver, table.domain.dimension))
        };
        // How many were found through others says something of the sender's students at each of these.
        let through = |sender: MemberCode, receiver: MemberCode| {
            let ends = manifest.participant(sender).zip(manifest.participant(receiver));
            let middles =
                ends.map(|(sender, receiver)| manifest.through(sender, receiver)).unwrap_or_default();
            middles.iter().filter_map(|middle| manifest.seat(*middle)).map(|seat| seat.code)
        };
        let sees_pair = |pair: &&PairCounts| {
            sees(pair.sender, pair.receiver)
                && through(pair.sender, pair.receiver).all(|middle| sees(pair.sender, middle))
        };
        let pairs: Vec<_> = panel.pairs.iter().filter(sees_pair).cloned().collect();
        let named = |member: MemberCode| {
            member == viewer || pairs.iter().any(|pair| pair.sender == member || pair.receiver == member)
        };
        let lists = panel.lists.iter().filter(|list| named(list.member)).cloned().collect();
        let mut metrics: Vec<MetricDefinition> = Vec::new();
        for table in &tables {
            if !metrics.iter().any(|known| known.metric == table.metric) {
                metrics.extend(definition(&self.papers.study, &table.metric));
            }
        }
        let segments = manifest.seats.iter().map(|seat| (seat.code, segment(seat.segment))).collect();
        Report {
            round: manifest.round,
            wire_version: WIRE_VERSION,
            agreement: DocumentId::Agreement(manifest.agreement).to_string(),
            study: DocumentId::Study(manifest.study).to_string(),
            study_title: self.papers.study.title.clone(),
            purpose: self.papers.study.purpose.words().to_owned(),
            generated_at: now,
            viewer,
            segments,
            metrics,
            noise,
            policy: *policy,
            coverage: self.coverage(manifest),
            panel: MatchPanel { lists, pairs },
            tables,
            breaks: Vec::new(),
            peers,
        }
    }

    /// Which destinations took part, in words (domain 3.1).
    fn coverage(&self, manifest: &Manifest) -> String {
        let receivers = |wanted: Segment| {
            let seats = manifest.seats.iter().zip(&self.papers.study.participants);
            seats.filter(|(seat, one)| one.role == Role::Receiver && seat.segment == wanted).count()
        };
        let kinds = [Segment::K12, Segment::Cc, Segment::Univ, Segment::Workforce];
        let counted: Vec<String> = kinds
            .into_iter()
            .filter(|kind| receivers(*kind) > 0)
            .map(|kind| format!("{} {}", receivers(kind), segment(kind).label()))
            .collect();
        let most = manifest.bridges.iter().map(|one| manifest.times_taken(one.sender, one.receiver)).max();
        let bridges = most.map(|most| {
            format!(
                " A student whom one of them does not know by a shared key was looked for there through the records of another: \
                 these are counted as seen, and a record there can stand behind up to {most} of a sender's students instead of \
                 its match key slots."
            )
        });
        format!(
            "Students are looked for at these members only: {}. A student who went anywhere else counts as not seen.{}",
            counted.join(", "),
            bridges.unwrap_or_default()
        )
    }
}

/// Links of one pair as a breakdown that adds up to the sender's rows: by recipe, through another member where such links are
/// made, ambiguous, unlinked.
fn raw_pair(
    sender: MemberCode,
    receiver: MemberCode,
    names: &[String],
    links: &Links,
    through: &[u16],
) -> RawPair {
    let mut by_recipe: Vec<(String, u64)> = names.iter().map(|name| (name.clone(), 0)).collect();
    let (mut bridged, mut ambiguous, mut unlinked) = (0, 0, 0);
    for link in links.iter() {
        match link {
            None => unlinked += 1,
            // Whatever its two links are by, and however sure: it is one that no key of this pair has made.
            Some(link) if link.bridged => bridged += 1,
            Some(link) if link.ambiguous => ambiguous += 1,
            Some(link) => {
                if let Some((_, count)) = by_recipe.get_mut(usize::from(link.recipe)) {
                    *count += 1;
                }
            }
        }
    }
    if !through.is_empty() {
        by_recipe.push((THROUGH_ANOTHER.to_owned(), bridged));
    }
    RawPair { sender, receiver, by_recipe, ambiguous, unlinked }
}

fn noise_statement(manifest: &Manifest) -> Result<NoiseStatement, WorkFault> {
    let NoiseParameters { epsilon_milli, delta_ppt } = manifest.noise;
    if epsilon_milli == 0 {
        return Ok(NoiseStatement::Nil);
    }
    let dealers = u16::try_from(manifest.committee.len()).unwrap_or(u16::MAX);
    let variance_micro = manifest.noise_table()?.variance_micro().saturating_mul(dealers.into());
    Ok(NoiseStatement::Laplace(NoiseTerms { eps_milli: epsilon_milli, delta_ppt, dealers, variance_micro }))
}

fn definition(study: &Study, metric: &MetricRef) -> Option<MetricDefinition> {
    let found = study.metric(&metric.id, metric.version)?;
    Some(MetricDefinition {
        metric: metric.clone(),
        title: found.title.clone(),
        text: found.text.clone(),
        pseudo_code: found.pseudo_code.clone(),
    })
}

fn segment(segment: Segment) -> ReportSegment {
    match segment {
        Segment::K12 => ReportSegment::K12,
        Segment::Cc => ReportSegment::CommunityCollege,
        Segment::Univ => ReportSegment::University,
        Segment::Workforce => ReportSegment::Workforce,
    }
}
