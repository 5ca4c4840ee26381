//! What each command needs before it runs: whose role, whether the principles must be accepted, whether two people must ask.
//! One function decides it from the command alone, without a wildcard: a new command cannot forget it (G05, G12, G18, G21).
//!
//! Rows about students are for clerks and analysts, aggregates for readers, approved releases for the council too; nobody has rows
//! and aggregates without holding both roles. What only shows that something exists, and the machine's own state, is for everybody but the council.

use super::{Command, MetricCommand, PeopleCommand, ReleaseCommand};
use crate::people::{
    request::TwoPersonAct,
    role::{
        Role::{self, Admin, Analyst, Approver, Auditor, Clerk, Council, Reader},
        Roles,
    },
};

/// Who may give a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Who {
    /// Anybody who reaches the node, without a session.
    Anybody,
    /// The owner of the state folder, while no daemon runs.
    FolderOwner,
    /// A person whose session has one of these roles.
    Session(Roles),
}

/// Whether the session must have accepted the principles in force (G05).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Principles {
    /// The command shows data or reports.
    Accepted,
    /// It shows neither.
    NotAsked,
}

/// What a command needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Needs {
    /// Who may give it.
    pub who: Who,
    /// Whether the principles must be accepted.
    pub principles: Principles,
    /// The word of the setting `two_person` under which it needs a second person.
    pub second: Option<TwoPersonAct>,
}

const STAFF: Roles = Roles::of(&[Clerk, Analyst, Reader, Approver, Admin, Auditor]);

const fn anybody() -> Needs {
    Needs { who: Who::Anybody, principles: Principles::NotAsked, second: None }
}

const fn of(roles: Roles) -> Needs {
    Needs { who: Who::Session(roles), principles: Principles::NotAsked, second: None }
}

const fn by(roles: &[Role]) -> Needs {
    of(Roles::of(roles))
}

/// Shows data or reports.
const fn shows(roles: &[Role]) -> Needs {
    Needs { principles: Principles::Accepted, ..by(roles) }
}

const fn twice(needs: Needs, act: TwoPersonAct) -> Needs {
    Needs { second: Some(act), ..needs }
}

/// What a command needs.
#[must_use]
pub fn needs(command: &Command) -> Needs {
    match command {
        Command::Import(_) | Command::OptOutImport { .. } => by(&[Clerk]),
        Command::ImportProblems { .. } => by(&[Clerk, Analyst]),
        Command::DataStatus
        | Command::DataCertificate { .. }
        | Command::Dictionary { .. }
        | Command::LayoutList
        | Command::LayoutShow { .. }
        | Command::AgreementList
        | Command::AgreementShow { .. }
        | Command::StudyList
        | Command::StudyShow { .. }
        | Command::RetentionDue
        | Command::RetentionList
        | Command::RoundList
        | Command::RoundShow { .. } => of(STAFF),
        Command::DataCoverage { .. } | Command::DataQuality { .. } => shows(&[Clerk, Analyst]),
        Command::Query(_) => shows(&[Analyst]),
        // Counts of one's own, not reports of others: for who may ask SQL, and for who looks whether a metric runs here.
        Command::Metric(MetricCommand::Run { .. }) => shows(&[Analyst, Admin]),
        Command::Metric(
            MetricCommand::List
            | MetricCommand::Groupings { .. }
            | MetricCommand::Show { .. }
            | MetricCommand::Check { .. },
        ) => by(&[Analyst, Reader, Approver, Admin, Auditor]),
        Command::Disclosures { student: Some(_) } => shows(&[Clerk, Analyst]),
        Command::Disclosures { student: None } => shows(&[Clerk, Analyst, Approver, Auditor]),
        Command::DataDestroy { .. } => twice(by(&[Approver, Admin]), TwoPersonAct::Destroy),
        Command::RetentionSweep => by(&[Approver, Admin]),
        Command::DataRekey { .. } => by(&[Admin]),
        Command::AgreementSign { .. } => twice(by(&[Approver]), TwoPersonAct::Sign),
        Command::AgreementShare { .. }
        | Command::AgreementWithdraw { .. }
        | Command::StudyApprove { .. }
        | Command::StudyRefuse { .. }
        | Command::RoundApprove { .. }
        | Command::RoundRefuse { .. }
        | Command::Resume { .. }
        | Command::AuditAcknowledge { .. } => by(&[Approver]),
        Command::WhatLeaves { .. } => shows(&[Approver, Auditor]),
        Command::ReportList | Command::ReportShow { .. } | Command::ReportExport { .. } => {
            shows(&[Reader, Approver])
        }
        Command::Release(command) => release(command),
        Command::AuditCheckpoints { .. } | Command::AuditVerify { .. } => by(&[Approver, Admin, Auditor]),
        // L4: stopping everything waits for nobody.
        Command::Halt { .. } | Command::Doctor => anybody(),
        Command::People(command) => people(command),
    }
}

/// What the council may see of releases is narrowed further where the store is known: approved ones alone (G21).
fn release(command: &ReleaseCommand) -> Needs {
    match command {
        ReleaseCommand::List { approved: true }
        | ReleaseCommand::Show { .. }
        | ReleaseCommand::Export { .. }
        | ReleaseCommand::Verify { .. } => shows(&[Reader, Approver, Council]),
        ReleaseCommand::List { approved: false }
        | ReleaseCommand::Propose { .. }
        | ReleaseCommand::Comment { .. } => shows(&[Reader, Approver]),
        ReleaseCommand::Approve { .. } => twice(shows(&[Approver]), TwoPersonAct::Release),
        ReleaseCommand::Refuse { .. } => shows(&[Approver]),
    }
}

fn people(command: &PeopleCommand) -> Needs {
    match command {
        // Who gives these shows a passphrase, or has nothing to show yet.
        PeopleCommand::Login { .. }
        | PeopleCommand::Logout
        | PeopleCommand::ChangePassphrase { .. }
        | PeopleCommand::PrinciplesShow => anybody(),
        PeopleCommand::PrinciplesAccept { .. }
        | PeopleCommand::AccountRoles
        | PeopleCommand::SwitchCodes { name: None, .. } => of(Roles::ALL),
        PeopleCommand::PrinciplesSign { .. } => twice(by(&[Approver]), TwoPersonAct::Sign),
        PeopleCommand::AccountAdd { .. }
        | PeopleCommand::AccountRole { .. }
        | PeopleCommand::AccountDisable { .. }
        | PeopleCommand::AccountEnable { .. }
        | PeopleCommand::SwitchCodes { name: Some(_), .. } => by(&[Admin]),
        PeopleCommand::AccountList
        | PeopleCommand::AccountReview
        | PeopleCommand::AccountReviewConfirm { .. } => by(&[Admin, Auditor]),
        PeopleCommand::AccountReset { .. } => {
            Needs { who: Who::FolderOwner, principles: Principles::NotAsked, second: None }
        }
    }
}

/// The name of the person who decides, in a command that carries one.
#[must_use]
pub fn decided_by(command: &mut Command) -> Option<&mut String> {
    match command {
        Command::DataDestroy { by, .. }
        | Command::AgreementSign { by, .. }
        | Command::AgreementShare { by, .. }
        | Command::AgreementWithdraw { by, .. }
        | Command::StudyApprove { by, .. }
        | Command::StudyRefuse { by, .. }
        | Command::RoundApprove { by, .. }
        | Command::RoundRefuse { by, .. }
        | Command::Halt { by }
        | Command::Resume { by }
        | Command::AuditAcknowledge { by, .. }
        | Command::Release(
            ReleaseCommand::Approve { by, .. }
            | ReleaseCommand::Comment { by, .. }
            | ReleaseCommand::Propose { by, .. }
            | ReleaseCommand::Refuse { by, .. },
        )
        | Command::People(
            PeopleCommand::PrinciplesAccept { by, .. }
            | PeopleCommand::PrinciplesSign { by, .. }
            | PeopleCommand::AccountAdd { by, .. }
            | PeopleCommand::AccountRole { by, .. }
            | PeopleCommand::AccountDisable { by, .. }
            | PeopleCommand::AccountEnable { by, .. }
            | PeopleCommand::AccountReviewConfirm { by }
            | PeopleCommand::SwitchCodes { by, .. },
        ) => Some(by),
        Command::Import(_)
        | Command::ImportProblems { .. }
        | Command::OptOutImport { .. }
        | Command::DataStatus
        | Command::DataRekey { .. }
        | Command::DataCertificate { .. }
        | Command::DataCoverage { .. }
        | Command::DataQuality { .. }
        | Command::Query(_)
        | Command::Metric(_)
        | Command::Dictionary { .. }
        | Command::LayoutList
        | Command::LayoutShow { .. }
        | Command::AgreementList
        | Command::AgreementShow { .. }
        | Command::StudyList
        | Command::StudyShow { .. }
        | Command::RetentionDue
        | Command::RetentionList
        | Command::RetentionSweep
        | Command::RoundList
        | Command::RoundShow { .. }
        | Command::WhatLeaves { .. }
        | Command::ReportList
        | Command::ReportShow { .. }
        | Command::ReportExport { .. }
        | Command::Release(
            ReleaseCommand::List { .. }
            | ReleaseCommand::Show { .. }
            | ReleaseCommand::Export { .. }
            | ReleaseCommand::Verify { .. },
        )
        | Command::Disclosures { .. }
        | Command::AuditCheckpoints { .. }
        | Command::AuditVerify { .. }
        | Command::Doctor
        | Command::People(
            PeopleCommand::Login { .. }
            | PeopleCommand::Logout
            | PeopleCommand::ChangePassphrase { .. }
            | PeopleCommand::PrinciplesShow
            | PeopleCommand::AccountRoles
            | PeopleCommand::AccountList
            | PeopleCommand::AccountReview
            | PeopleCommand::AccountReset { .. },
        ) => None,
    }
}
