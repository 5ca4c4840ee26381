//! Every kind of entry an audit log can have, with its fields. An entry is written before the act; if the act can fail, a
//! second entry says how it ended. An entry without one was cut short: whether the act happened must be looked up.
//!
//! Fields are ids, digests, codes, dates, words of this program, the name of the person who decided, and counts; a count of
//! people below [`COUNT_FLOOR`] is written as `below 11`. There is no kind of field for a student, a file name or a path.
//!
//! Above 400 lines, because every kind stands in this one file: in the table, as a variant, with its fields.
//!
//! | entry | side | fields | before |
//! |---|---|---|---|
//! | `act.done` | both | `entry` | (after) the act of that entry succeeded |
//! | `act.failed` | both | `code`, `entry` | (after) the act of that entry failed |
//! | `agreement.proposed` | coordinator | `agreement` | an agreement is shown to its parties |
//! | `agreement.account.refused` | node | `agreement`, `code` | the coordinator's account of what the parties said is not taken in |
//! | `agreement.shares.chosen` | node | `agreement`, `by` | this member's choice of lines is made |
//! | `agreement.shares.kept` | coordinator | `agreement`, `member` | a member's choice of lines counts |
//! | `agreement.signature.kept` | coordinator | `agreement`, `member` | a member's signature counts |
//! | `agreement.signed` | node | `agreement`, `by` | this member's signature is made |
//! | `agreement.withdrawal.kept` | coordinator | `agreement`, `member` | a member's withdrawal counts |
//! | `agreement.withdrawn` | node | `agreement`, `by` | this member withdraws |
//! | `certificate.issued` | both | `tables`, `verified` | a certificate of destruction is signed |
//! | `contribution.destroyed` | both | `agreement`, `by`, `member` | what a member that withdrew had contributed is destroyed |
//! | `coordinator.created` | coordinator | `authority` | the folder is made |
//! | `coordinator.key.made` | coordinator | `key` | the key that signs checkpoints is used |
//! | `coordinator.key.pinned` | node | `key` | the coordinator's key is pinned |
//! | `counted.forgotten` | node | `agreement` | what rounds counted under an agreement whose days are over is destroyed |
//! | `daemon.started` | both | `version` | the daemon takes anything in |
//! | `daemon.stopped` | both | | the daemon ends |
//! | `data.destroyed` | node | `by`, `tables` | keys of stored tables are shredded |
//! | `data.key.renewed` | node | `guard` | everything is sealed under a new key |
//! | `destruction.heard` | both | `about`, `by` | the other side's word that something is destroyed counts |
//! | `file.imported` | node | `layout`, `rows` | rows of a file are put in force |
//! | `fork.acknowledged` | both | `by`, `log` | a person has looked at a refused log |
//! | `fork.found` | both | `code`, `log` | a log that contradicts what its owner signed is refused |
//! | `log.continued` | both | `digest` | the first entry after a log of an earlier form |
//! | `member.invited` | coordinator | `expires`, `segment` | an invitation is written |
//! | `member.joined` | coordinator | `member`, `signing_key` | a newcomer is certified |
//! | `member.renewed` | coordinator | `member` | a member's next certificate is signed |
//! | `member.revoked` | coordinator | `member` | a certificate is revoked |
//! | `optouts.imported` | node | `entries` | an opt-out list is put in force |
//! | `own.certificate.renewed` | node | | this member's next certificate is asked for |
//! | `participation.halted` | node | `by` | this member takes part in nothing |
//! | `participation.resumed` | node | `by` | this member takes part again |
//! | `query.exported` | node | `format` | rows of a query are written to a file |
//! | `release.account.refused` | node | `code`, `release` | the coordinator's account of a release is not taken in |
//! | `release.approved` | node | `by`, `release` | this member's yes to a release is made |
//! | `release.commented` | node | `by`, `release` | this member's remark is made |
//! | `release.exported` | node | `format`, `release` | an approved file is written |
//! | `release.forgotten` | both | `release` | a proposal whose time is over is erased |
//! | `release.kept` | coordinator | `member`, `release`, `round` | a proposal is shown to the members concerned |
//! | `release.proposed` | node | `by`, `release`, `round` | this member proposes a release |
//! | `release.received` | node | `release`, `round` | a proposal that arrived is kept |
//! | `release.refused` | node | `by`, `release` | this member's no to a release is made |
//! | `release.stands` | node | `release` | this member's yes stands after the time for comments |
//! | `release.word.kept` | coordinator | `member`, `release` | what a member said to a release counts |
//! | `report.exported` | node | `format`, `round` | a report is written to a file |
//! | `report.received` | node | `report`, `round` | a report that arrived is kept |
//! | `round.aborted` | both | `code`, `fault`, `round` | a round ends without a result |
//! | `round.answered` | node | `roster`, `round`, `rows` | the answer to a call is sent |
//! | `round.approved` | node | `account`, `by`, `round` | a person's yes counts |
//! | `round.called` | node | `round`, `study` | a call is taken up |
//! | `round.destroyed` | both | `by`, `round` | what a round has left is destroyed after its retention |
//! | `round.endorsed` | node | `manifest`, `round` | the manifest is signed |
//! | `round.finished` | both | `round` | a round is over |
//! | `round.halted` | node | `by`, `round` | a person stops a round |
//! | `round.opened` | coordinator | `attempt`, `round`, `study` | members are called |
//! | `round.refused` | node | `by`, `round` | a person's no counts |
//! | `round.released` | coordinator | `round` | reports are put into the mailboxes |
//! | `round.sealed` | coordinator | `round` | the signed manifest is sent out |
//! | `round.sent` | node | `blob`, `round`, `work` | a list, table or decryption leaves |
//! | `server.certificate.renewed` | coordinator | | a new server certificate is written |
//! | `study.approved`, `study.refused` | node | `by`, `study` | a decision counts |
//! | `study.proposed` | coordinator | `study` | a study is shown to its members |
//!
//! Entries about people (accounts, logins, principles) stand in the table of `act/people.rs`.

mod people;

use passage_protocol::{
    agreement::DocumentId,
    checkpoint::LogOwner,
    ids::{Digest, MemberCode, RoundId},
    refusal::Code,
    release::ReleaseId,
    retention::Ended,
    signing::VerifyingKey,
    timestamp::Timestamp,
};

pub use self::people::PeopleAct;
use crate::failure::code_text;

/// Counts of people below this are not written: the strictest floor that agreements have by default.
pub const COUNT_FLOOR: u64 = 11;

/// Something that is about to be done, or how it ended. The table above says when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // kinds and fields stand in the table of this module
pub enum Act<'a> {
    ActDone { entry: u64 },
    ActFailed { entry: u64, code: Code },
    AgreementProposed { agreement: Digest },
    AgreementAccountRefused { agreement: Digest, code: Code },
    AgreementSharesChosen { agreement: Digest, by: &'a str },
    AgreementSharesKept { agreement: Digest, member: MemberCode },
    AgreementSignatureKept { agreement: Digest, member: MemberCode },
    AgreementSigned { agreement: Digest, by: &'a str },
    AgreementWithdrawalKept { agreement: Digest, member: MemberCode },
    AgreementWithdrawn { agreement: Digest, by: &'a str },
    CertificateIssued { tables: usize, verified: bool },
    ContributionDestroyed { agreement: Digest, member: MemberCode, by: &'a str },
    CoordinatorCreated { authority: Digest },
    CoordinatorKeyMade { key: VerifyingKey },
    CoordinatorKeyPinned { key: VerifyingKey },
    CountedForgotten { agreement: Digest },
    DaemonStarted { version: &'static str },
    DaemonStopped,
    DataDestroyed { tables: usize, by: &'a str },
    DataKeyRenewed { guard: &'static str },
    DestructionHeard { about: Ended, by: LogOwner },
    FileImported { layout: &'a str, rows: u64 },
    ForkAcknowledged { log: LogOwner, by: &'a str },
    ForkFound { log: LogOwner, code: Code },
    LogContinued { digest: Digest },
    MemberInvited { segment: &'static str, expires: Timestamp },
    MemberJoined { member: MemberCode, signing_key: VerifyingKey },
    MemberRenewed { member: MemberCode },
    MemberRevoked { member: MemberCode },
    OptOutsImported { entries: u64 },
    OwnCertificateRenewed,
    ParticipationHalted { by: &'a str },
    ParticipationResumed { by: &'a str },
    People(PeopleAct<'a>),
    QueryExported { format: &'static str },
    ReleaseAccountRefused { release: Digest, code: Code },
    ReleaseApproved { release: Digest, by: &'a str },
    ReleaseCommented { release: Digest, by: &'a str },
    ReleaseExported { release: Digest, format: &'static str },
    ReleaseForgotten { release: Digest },
    ReleaseKept { release: Digest, round: RoundId, member: MemberCode },
    ReleaseProposed { release: Digest, round: RoundId, by: &'a str },
    ReleaseReceived { release: Digest, round: RoundId },
    ReleaseRefused { release: Digest, by: &'a str },
    ReleaseStands { release: Digest },
    ReleaseWordKept { release: Digest, member: MemberCode },
    ReportExported { round: RoundId, format: &'static str },
    ReportReceived { round: RoundId, report: Digest },
    RoundAborted { round: RoundId, code: Code, fault: Option<MemberCode> },
    RoundAnswered { round: RoundId, roster: Digest, rows: u64 },
    RoundApproved { round: RoundId, account: Digest, by: &'a str },
    RoundCalled { round: RoundId, study: Digest },
    RoundDestroyed { round: RoundId, by: &'a str },
    RoundEndorsed { round: RoundId, manifest: Digest },
    RoundFinished { round: RoundId },
    RoundHalted { round: RoundId, by: &'a str },
    RoundOpened { round: RoundId, study: Digest, attempt: u16 },
    RoundRefused { round: RoundId, by: &'a str },
    RoundReleased { round: RoundId },
    RoundSealed { round: RoundId },
    RoundSent { round: RoundId, work: &'static str, blob: Digest },
    ServerCertificateRenewed,
    StudyApproved { study: Digest, by: &'a str },
    StudyProposed { study: Digest },
    StudyRefused { study: Digest, by: &'a str },
}

impl Act<'_> {
    /// Stable name of the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.parts().0
    }

    /// Its fields, by name.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        self.parts().1
    }

    fn parts(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match *self {
            Self::ActDone { entry } => ("act.done", vec![("entry", entry.to_string())]),
            Self::ActFailed { entry, code } => {
                ("act.failed", vec![("entry", entry.to_string()), ("code", code_text(code))])
            }
            Self::AgreementProposed { agreement } => ("agreement.proposed", vec![agreement_id(agreement)]),
            Self::AgreementAccountRefused { agreement, code } => {
                ("agreement.account.refused", vec![agreement_id(agreement), ("code", code_text(code))])
            }
            Self::AgreementSharesChosen { agreement, by } => {
                ("agreement.shares.chosen", vec![agreement_id(agreement), person(by)])
            }
            Self::AgreementSharesKept { agreement, member } => {
                ("agreement.shares.kept", vec![agreement_id(agreement), ("member", member.to_string())])
            }
            Self::AgreementSignatureKept { agreement, member } => {
                ("agreement.signature.kept", vec![agreement_id(agreement), ("member", member.to_string())])
            }
            Self::AgreementSigned { agreement, by } => {
                ("agreement.signed", vec![agreement_id(agreement), person(by)])
            }
            Self::AgreementWithdrawalKept { agreement, member } => {
                ("agreement.withdrawal.kept", vec![agreement_id(agreement), ("member", member.to_string())])
            }
            Self::AgreementWithdrawn { agreement, by } => {
                ("agreement.withdrawn", vec![agreement_id(agreement), person(by)])
            }
            Self::CertificateIssued { tables, verified } => (
                "certificate.issued",
                vec![("tables", tables.to_string()), ("verified", verified.to_string())],
            ),
            Self::ContributionDestroyed { agreement, member, by } => (
                "contribution.destroyed",
                vec![agreement_id(agreement), ("member", member.to_string()), person(by)],
            ),
            Self::CoordinatorCreated { authority } => {
                ("coordinator.created", vec![("authority", authority.to_string())])
            }
            Self::CoordinatorKeyMade { key } => ("coordinator.key.made", vec![("key", key.to_string())]),
            Self::CoordinatorKeyPinned { key } => ("coordinator.key.pinned", vec![("key", key.to_string())]),
            Self::CountedForgotten { agreement } => ("counted.forgotten", vec![agreement_id(agreement)]),
            Self::DaemonStarted { version } => ("daemon.started", vec![("version", version.to_owned())]),
            Self::DaemonStopped => ("daemon.stopped", Vec::new()),
            Self::DataDestroyed { tables, by } => {
                ("data.destroyed", vec![("tables", tables.to_string()), person(by)])
            }
            Self::DataKeyRenewed { guard } => ("data.key.renewed", vec![("guard", guard.to_owned())]),
            Self::DestructionHeard { about, by } => {
                ("destruction.heard", vec![("about", about.to_string()), ("by", by.to_string())])
            }
            Self::FileImported { layout, rows } => {
                ("file.imported", vec![("layout", layout.to_owned()), ("rows", people(rows))])
            }
            Self::ForkAcknowledged { log, by } => {
                ("fork.acknowledged", vec![("log", log.to_string()), person(by)])
            }
            Self::ForkFound { log, code } => {
                ("fork.found", vec![("log", log.to_string()), ("code", code_text(code))])
            }
            Self::LogContinued { digest } => ("log.continued", vec![("digest", digest.to_string())]),
            Self::MemberInvited { segment, expires } => {
                ("member.invited", vec![("segment", segment.to_owned()), ("expires", expires.to_string())])
            }
            Self::MemberJoined { member, signing_key } => (
                "member.joined",
                vec![("member", member.to_string()), ("signing_key", signing_key.to_string())],
            ),
            Self::MemberRenewed { member } => ("member.renewed", vec![("member", member.to_string())]),
            Self::MemberRevoked { member } => ("member.revoked", vec![("member", member.to_string())]),
            Self::OptOutsImported { entries } => ("optouts.imported", vec![("entries", people(entries))]),
            Self::OwnCertificateRenewed => ("own.certificate.renewed", Vec::new()),
            Self::ParticipationHalted { by } => ("participation.halted", vec![person(by)]),
            Self::ParticipationResumed { by } => ("participation.resumed", vec![person(by)]),
            Self::People(act) => act.parts(),
            Self::QueryExported { format } => ("query.exported", vec![("format", format.to_owned())]),
            Self::ReleaseAccountRefused { release, code } => {
                ("release.account.refused", vec![release_id(release), ("code", code_text(code))])
            }
            Self::ReleaseApproved { release, by } => {
                ("release.approved", vec![release_id(release), person(by)])
            }
            Self::ReleaseCommented { release, by } => {
                ("release.commented", vec![release_id(release), person(by)])
            }
            Self::ReleaseExported { release, format } => {
                ("release.exported", vec![release_id(release), ("format", format.to_owned())])
            }
            Self::ReleaseForgotten { release } => ("release.forgotten", vec![release_id(release)]),
            Self::ReleaseKept { release, round, member } => {
                ("release.kept", vec![release_id(release), id(round), ("member", member.to_string())])
            }
            Self::ReleaseProposed { release, round, by } => {
                ("release.proposed", vec![release_id(release), id(round), person(by)])
            }
            Self::ReleaseReceived { release, round } => {
                ("release.received", vec![release_id(release), id(round)])
            }
            Self::ReleaseRefused { release, by } => {
                ("release.refused", vec![release_id(release), person(by)])
            }
            Self::ReleaseStands { release } => ("release.stands", vec![release_id(release)]),
            Self::ReleaseWordKept { release, member } => {
                ("release.word.kept", vec![release_id(release), ("member", member.to_string())])
            }
            Self::ReportExported { round, format } => {
                ("report.exported", vec![id(round), ("format", format.to_owned())])
            }
            Self::ReportReceived { round, report } => {
                ("report.received", vec![id(round), ("report", report.to_string())])
            }
            Self::RoundAborted { round, code, fault } => {
                let fault = fault.map_or("none".to_owned(), |member| member.to_string());
                ("round.aborted", vec![id(round), ("code", code_text(code)), ("fault", fault)])
            }
            Self::RoundAnswered { round, roster, rows } => {
                ("round.answered", vec![id(round), ("roster", roster.to_string()), ("rows", people(rows))])
            }
            Self::RoundApproved { round, account, by } => {
                ("round.approved", vec![id(round), ("account", account.to_string()), person(by)])
            }
            Self::RoundCalled { round, study } => ("round.called", vec![id(round), study_id(study)]),
            Self::RoundDestroyed { round, by } => ("round.destroyed", vec![id(round), person(by)]),
            Self::RoundEndorsed { round, manifest } => {
                ("round.endorsed", vec![id(round), ("manifest", manifest.to_string())])
            }
            Self::RoundFinished { round } => ("round.finished", vec![id(round)]),
            Self::RoundHalted { round, by } => ("round.halted", vec![id(round), person(by)]),
            Self::RoundOpened { round, study, attempt } => {
                ("round.opened", vec![id(round), study_id(study), ("attempt", attempt.to_string())])
            }
            Self::RoundRefused { round, by } => ("round.refused", vec![id(round), person(by)]),
            Self::RoundReleased { round } => ("round.released", vec![id(round)]),
            Self::RoundSealed { round } => ("round.sealed", vec![id(round)]),
            Self::RoundSent { round, work, blob } => {
                ("round.sent", vec![id(round), ("work", work.to_owned()), ("blob", blob.to_string())])
            }
            Self::ServerCertificateRenewed => ("server.certificate.renewed", Vec::new()),
            Self::StudyApproved { study, by } => ("study.approved", vec![study_id(study), person(by)]),
            Self::StudyProposed { study } => ("study.proposed", vec![study_id(study)]),
            Self::StudyRefused { study, by } => ("study.refused", vec![study_id(study), person(by)]),
        }
    }
}

fn id(round: RoundId) -> (&'static str, String) {
    ("round", round.to_string())
}

fn agreement_id(digest: Digest) -> (&'static str, String) {
    ("agreement", DocumentId::Agreement(digest).to_string())
}

fn release_id(digest: Digest) -> (&'static str, String) {
    ("release", ReleaseId(digest).to_string())
}

fn study_id(digest: Digest) -> (&'static str, String) {
    ("study", DocumentId::Study(digest).to_string())
}

fn person(by: &str) -> (&'static str, String) {
    ("by", by.to_owned())
}

fn people(count: u64) -> String {
    if count < COUNT_FLOOR { format!("below {COUNT_FLOOR}") } else { count.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// One of every kind.
    fn every() -> Vec<Act<'static>> {
        let (digest, round, member) = (Digest([1; 32]), RoundId([2; 16]), MemberCode([3; 5]));
        let key = passage_protocol::signing::SigningKey::generate([4; 32]).verifying_key();
        let (by, log, code) = ("A. Person", LogOwner::Member(member), Code(0x1047));
        let mut every = vec![
            Act::ActDone { entry: 1 },
            Act::ActFailed { entry: 1, code },
            Act::AgreementProposed { agreement: digest },
            Act::AgreementAccountRefused { agreement: digest, code },
            Act::AgreementSharesChosen { agreement: digest, by },
            Act::AgreementSharesKept { agreement: digest, member },
            Act::AgreementSignatureKept { agreement: digest, member },
            Act::AgreementSigned { agreement: digest, by },
            Act::AgreementWithdrawalKept { agreement: digest, member },
            Act::AgreementWithdrawn { agreement: digest, by },
            Act::CertificateIssued { tables: 2, verified: true },
            Act::ContributionDestroyed { agreement: digest, member, by },
            Act::CountedForgotten { agreement: digest },
            Act::CoordinatorCreated { authority: digest },
            Act::CoordinatorKeyMade { key },
            Act::CoordinatorKeyPinned { key },
            Act::DaemonStarted { version: "0" },
            Act::DaemonStopped,
            Act::DataDestroyed { tables: 2, by },
            Act::DataKeyRenewed { guard: "file" },
            Act::DestructionHeard { about: Ended::Round(round), by: log },
            Act::FileImported { layout: "calpads-senr", rows: 12 },
            Act::ForkAcknowledged { log, by },
            Act::ForkFound { log, code },
            Act::LogContinued { digest },
            Act::MemberInvited { segment: "cc", expires: Timestamp(0) },
            Act::MemberJoined { member, signing_key: key },
            Act::MemberRenewed { member },
            Act::MemberRevoked { member },
            Act::OptOutsImported { entries: 12 },
            Act::OwnCertificateRenewed,
            Act::ParticipationHalted { by },
            Act::ParticipationResumed { by },
            Act::QueryExported { format: "csv" },
            Act::ReleaseAccountRefused { release: digest, code },
            Act::ReleaseApproved { release: digest, by },
            Act::ReleaseCommented { release: digest, by },
            Act::ReleaseExported { release: digest, format: "csv" },
            Act::ReleaseForgotten { release: digest },
            Act::ReleaseKept { release: digest, round, member },
            Act::ReleaseProposed { release: digest, round, by },
            Act::ReleaseReceived { release: digest, round },
            Act::ReleaseRefused { release: digest, by },
            Act::ReleaseStands { release: digest },
            Act::ReleaseWordKept { release: digest, member },
            Act::ReportExported { round, format: "csv" },
            Act::ReportReceived { round, report: digest },
            Act::RoundAborted { round, code, fault: Some(member) },
            Act::RoundAnswered { round, roster: digest, rows: 12 },
            Act::RoundApproved { round, account: digest, by },
            Act::RoundCalled { round, study: digest },
            Act::RoundDestroyed { round, by },
            Act::RoundEndorsed { round, manifest: digest },
            Act::RoundFinished { round },
            Act::RoundHalted { round, by },
            Act::RoundOpened { round, study: digest, attempt: 1 },
            Act::RoundRefused { round, by },
            Act::RoundReleased { round },
            Act::RoundSealed { round },
            Act::RoundSent { round, work: "passing a list on", blob: digest },
            Act::ServerCertificateRenewed,
            Act::StudyApproved { study: digest, by },
            Act::StudyProposed { study: digest },
            Act::StudyRefused { study: digest, by },
        ];
        every.extend(super::people::tests::every().into_iter().map(Act::People));
        every
    }

    /// Kind -> fields in order, as the tables of this module say.
    fn table() -> BTreeMap<String, Vec<String>> {
        let mut rows = BTreeMap::new();
        let rows_of = |line: &'static str| line.strip_prefix("//! ").filter(|row| row.starts_with("| `"));
        let texts = [include_str!("act.rs"), include_str!("act/people.rs")];
        for line in texts.into_iter().flat_map(str::lines).filter_map(rows_of) {
            let cells: Vec<&str> = line.split(" | ").collect();
            let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let (kinds, fields): (Vec<String>, Vec<String>) = (quoted(cells[0]), quoted(cells[2]));
            rows.extend(kinds.into_iter().map(|kind| (kind, fields.clone())));
        }
        rows
    }

    #[test]
    fn the_table_names_every_kind_with_its_fields() {
        let named = |act: &Act<'_>| {
            let mut fields: Vec<String> = act.fields().iter().map(|(name, _)| (*name).to_owned()).collect();
            fields.sort();
            (act.kind().to_owned(), fields)
        };
        let acts: BTreeMap<String, Vec<String>> = every().iter().map(named).collect();
        assert_eq!(acts.len(), every().len(), "two kinds share a name");
        assert_eq!(acts, table());
    }

    #[test]
    fn a_small_count_of_people_is_not_written() {
        let rows = |rows| Act::FileImported { layout: "x", rows }.fields()[1].1.clone();
        assert_eq!((rows(10).as_str(), rows(11).as_str()), ("below 11", "11"));
        assert_eq!(Act::OptOutsImported { entries: 1 }.fields(), [("entries", "below 11".to_owned())]);
    }
}
