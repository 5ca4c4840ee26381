//! Releases of reports outside the parties, as the coordinator keeps them: it passes on what members propose and say, as they
//! signed it, to the members concerned (G07, C5).
//!
//! It learns nothing new of students by it: the figures are those of a report it made itself. It decides nothing either: every
//! node judges by the signatures alone.

use passage_protocol::{
    agreement::Taken,
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    release::{KEPT_DAYS, RELEASE_REPORT_BYTES_MAX, Release, ReleaseId, Standing, Terms, page::overdue_s},
    signing::Signed,
    timestamp::Timestamp,
    wire::{
        Proposal, ReleaseName, ReleasePapers, ReleaseSaid, ReleaseSaying, ReleaseStatus, ReleaseTold,
        ReleaseWord, Releases,
    },
};
use passage_shell::{audit::Act, store::Op};

use crate::{
    app::{App, put},
    documents::{self, Papers},
    error::CoordinatorError,
    records::{RELEASE_WORDS, RELEASES, ROUNDS, ReleaseRecord, RoundRecord},
};

/// Proposals of one round that are not decided yet: more are a mistake, and each may hold a megabyte.
const OPEN_PROPOSALS_MAX: usize = 16;
/// Bytes of everything said to one release beyond which no remark is taken any more; decisions always are.
const REMARK_BYTES_MAX: usize = 256 << 10;
/// How long a proposal is told of after its time to decide, in seconds.
const TOLD_AFTER_S: u64 = KEPT_DAYS * 86_400;
/// How far the clocks of two parties may differ, in seconds: an hour.
const CLOCK_S: u64 = 3_600;

/// Takes in what a member says to a release, or its proposal. The same again changes nothing.
///
/// # Errors
///
/// [`CoordinatorError::SignatureRefused`] in another member's name, [`CoordinatorError::ReleaseUnknown`],
/// [`CoordinatorError::ReleaseNotTaken`], [`CoordinatorError::Release`] with the rule.
pub fn say(
    app: &App,
    member: MemberCode,
    saying: ReleaseSaying,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let ReleaseSaying { word, papers } = saying;
    if word.value().party != member {
        return Err(CoordinatorError::SignatureRefused);
    }
    let said_proposed = word.value().said == ReleaseSaid::Proposed;
    match papers {
        Some(papers) if said_proposed => propose(app, member, papers, &word, now),
        None if !said_proposed => reply(app, member, &word, now),
        Some(_) | None => Err(CoordinatorError::RequestMalformed {
            expected: "papers with a proposal, and with nothing else",
        }),
    }
}

fn propose(
    app: &App,
    member: MemberCode,
    papers: ReleasePapers,
    word: &Signed<ReleaseWord>,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let proposal = &papers.proposal;
    let release = ReleaseId::of(proposal).0;
    let record: RoundRecord = app.kept(ROUNDS, &proposal.round)?.ok_or(CoordinatorError::RoundUnknown)?;
    if !record.participants.contains(&member) {
        return Err(CoordinatorError::RoundUnknown);
    }
    let documents = documents::papers(app, record.study)?;
    terms(&documents, &record).check(proposal)?;
    let released = !crate::command::reports(&record).is_empty();
    let fits = papers.report.len() <= RELEASE_REPORT_BYTES_MAX;
    let dated = proposal.at <= now.plus_s(CLOCK_S) && now <= proposal.lapses;
    let open = open_of(app, proposal, release, now)?;
    let expected = [
        (released, "a round whose reports are out"),
        (fits && Digest::of_blob(&papers.report) == proposal.report, "the figures whose digest it names"),
        (dated, "a date that is neither in the future nor past its own end"),
        (open < OPEN_PROPOSALS_MAX, "at most sixteen proposals of one round at a time"),
    ];
    if let Some((_, expected)) = expected.iter().find(|(holds, _)| !holds) {
        return Err(CoordinatorError::ReleaseNotTaken { expected });
    }
    let mut state = Release::new(proposal.clone(), now);
    state.take(&documents.agreement, word)?;
    let round = proposal.round;
    let kept = ReleaseRecord { papers, came: now };
    app.transact(now, || {
        if app.store.get(RELEASES, &release.to_bytes())?.is_some() {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let ops = vec![put(RELEASES, &release, &kept), word_op(release, 0, word)];
        Ok((vec![Act::ReleaseKept { release, round, member }], ops, ()))
    })
}

fn reply(
    app: &App,
    member: MemberCode,
    word: &Signed<ReleaseWord>,
    now: Timestamp,
) -> Result<(), CoordinatorError> {
    let release = word.value().release;
    let record: ReleaseRecord = app.kept(RELEASES, &release)?.ok_or(CoordinatorError::ReleaseUnknown)?;
    if !record.papers.proposal.involved.contains(&member) {
        return Err(CoordinatorError::ReleaseUnknown);
    }
    let papers = documents::papers(app, record.papers.proposal.study)?;
    app.transact(now, || {
        let words = words(app, release)?;
        let mut state = Release::new(record.papers.proposal.clone(), record.came);
        for known in &words {
            state.take(&papers.agreement, known)?;
        }
        if state.take(&papers.agreement, word)? == Taken::Known {
            return Ok((Vec::new(), Vec::new(), ()));
        }
        let remark = matches!(word.value().said, ReleaseSaid::Commented { .. });
        if remark && words.to_bytes().len() > REMARK_BYTES_MAX {
            let expected = "fewer remarks; talk to each other and sum up";
            return Err(CoordinatorError::ReleaseNotTaken { expected });
        }
        let number = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let act = Act::ReleaseWordKept { release, member };
        Ok((vec![act], vec![word_op(release, number, word)], ()))
    })
}

fn terms<'a>(papers: &'a Papers, record: &'a RoundRecord) -> Terms<'a> {
    Terms {
        agreement: &papers.agreement,
        agreement_digest: papers.agreement_digest,
        study: record.study,
        participants: &record.participants,
    }
}

fn word_op(release: Digest, number: u32, word: &Signed<ReleaseWord>) -> Op {
    Op::put(RELEASE_WORDS, [release.0.as_slice(), &number.to_be_bytes()].concat(), word.to_bytes())
}

fn words(app: &App, release: Digest) -> Result<Vec<Signed<ReleaseWord>>, CoordinatorError> {
    let pairs = app.store.scan(RELEASE_WORDS, &release.to_bytes())?;
    pairs.into_iter().map(|(_, bytes)| Ok(Signed::from_bytes(&bytes)?)).collect()
}

/// Other proposals of the same round that are open.
fn open_of(
    app: &App,
    proposal: &Proposal,
    release: Digest,
    now: Timestamp,
) -> Result<usize, CoordinatorError> {
    let all = board(app, now)?;
    let is_open = |line: &&BoardLine| {
        line.release.proposal().round == proposal.round
            && line.release.id().0 != release
            && matches!(line.standing, Standing::Open { .. })
    };
    Ok(all.iter().filter(is_open).count())
}

/// The releases that concern a member, with a digest of what was said to each.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn of(app: &App, member: MemberCode, now: Timestamp) -> Result<Releases, CoordinatorError> {
    let mut releases = Vec::new();
    for (key, record) in app.all::<ReleaseRecord>(RELEASES)? {
        let proposal = &record.papers.proposal;
        if proposal.involved.contains(&member) && now <= proposal.lapses.plus_s(TOLD_AFTER_S) {
            let release = Digest::from_bytes(&key)?;
            let account = Digest::of_blob(&words(app, release)?.to_bytes());
            releases.push(ReleaseStatus { release, account });
        }
    }
    Ok(Releases { releases })
}

/// Erases what is told to nobody any more: figures, remarks and decisions; the audit log keeps what was done (G15). Answers
/// how many.
///
/// # Errors
///
/// [`CoordinatorError::Store`], [`CoordinatorError::Audit`].
pub fn forget(app: &App, now: Timestamp) -> Result<usize, CoordinatorError> {
    let mut forgotten = 0;
    for (key, record) in app.all::<ReleaseRecord>(RELEASES)? {
        if now <= record.papers.proposal.lapses.plus_s(TOLD_AFTER_S) {
            continue;
        }
        let release = Digest::from_bytes(&key)?;
        app.transact(now, || {
            let words = app.store.scan(RELEASE_WORDS, &key)?.into_iter();
            let words = words.map(|(word, _)| Op::delete(RELEASE_WORDS, word));
            let ops = words.chain([Op::delete(RELEASES, key.clone())]).collect();
            Ok((vec![Act::ReleaseForgotten { release }], ops, ()))
        })?;
        forgotten += 1;
    }
    Ok(forgotten)
}

/// The part of a release that a member asks for.
///
/// # Errors
///
/// [`CoordinatorError::ReleaseUnknown`], the same whether it is absent or does not concern the asker.
pub fn told(app: &App, member: MemberCode, asked: ReleaseName) -> Result<ReleaseTold, CoordinatorError> {
    let record: Option<ReleaseRecord> = app.kept(RELEASES, &asked.release)?;
    let record = record.filter(|record| record.papers.proposal.involved.contains(&member));
    let record = record.ok_or(CoordinatorError::ReleaseUnknown)?;
    if asked.papers {
        return Ok(ReleaseTold { papers: Some(record.papers), words: Vec::new() });
    }
    Ok(ReleaseTold { papers: None, words: words(app, asked.release)? })
}

/// A release as the operator's board shows it (C5).
#[derive(Clone, Debug)]
pub struct BoardLine {
    /// The release.
    pub release: Release,
    /// Where it stands, as far as the coordinator can tell.
    pub standing: Standing,
    /// Seconds since the end of the time for comments, if a yes is still missing.
    pub overdue_s: u64,
}

/// Every proposal, newest first.
///
/// # Errors
///
/// [`CoordinatorError::Store`].
pub fn board(app: &App, now: Timestamp) -> Result<Vec<BoardLine>, CoordinatorError> {
    let mut lines = Vec::new();
    for (key, record) in app.all::<ReleaseRecord>(RELEASES)? {
        let papers = documents::papers(app, record.papers.proposal.study)?;
        let mut release = Release::new(record.papers.proposal, record.came);
        for word in words(app, Digest::from_bytes(&key)?)? {
            release.take(&papers.agreement, &word)?;
        }
        let consents = documents::consents(app, papers.agreement_digest, &papers.agreement)?;
        let standing = release.standing(&consents, now);
        let overdue_s = overdue_s(&release, &standing, now);
        lines.push(BoardLine { release, standing, overdue_s });
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.release.proposal().at));
    Ok(lines)
}

#[cfg(test)]
mod tests;
