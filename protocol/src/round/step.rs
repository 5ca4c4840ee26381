//! What goes into a step and what comes out of it.

use crate::{
    agreement::{Approval, Permit},
    ids::{Digest, MemberCode},
    manifest::Opening,
    mixing::DecryptionProof,
    refusal::Code,
    wire::{BlobRef, Message, Outgoing},
};

/// The next state and what to do about it, to be stored together before anything is done.
#[must_use]
#[derive(Debug)]
pub struct Step<S, E> {
    /// The next state.
    pub state: S,
    /// In order.
    pub effects: Vec<E>,
}

/// What a person watching a round may read: numbers and codes only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// Every participant has answered.
    Answered,
    /// The committee is drawn.
    CommitteeDrawn(Vec<MemberCode>),
    /// The manifest is known and awaits a person's yes.
    AwaitingApproval,
    /// Every participant has signed the manifest.
    Sealed,
    /// A pass over a list is done.
    ListPassed {
        /** List. */
        list: u16,
        /** Pass. */
        hop: u8,
    },
    /// The join is done.
    Joined,
    /// A pass over a table is done.
    TablePassed {
        /** Table. */
        table: u16,
        /** Pass. */
        hop: u8,
    },
    /// Tables are released.
    Released,
    /// The round is over.
    Finished,
}

/// Input of a member's step.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a round makes dozens of them, not millions")]
pub enum MemberInput {
    /// A message of the coordinator, or relayed by it.
    Message {
        /** The member it was relayed for; `None` for the coordinator's own. */
        from: Option<MemberCode>,
        /** The message. */
        message: Message,
    },
    /// A person said yes, and the agreement permits.
    Approved {
        /** Proof of the agreement. */
        permit: Permit,
        /** Proof of the person. */
        approval: Approval,
    },
    /// A person said no.
    Refused,
    /// The agreement refuses.
    NotPermitted(crate::agreement::Clause),
    /// Work finished.
    Done(MemberOutcome),
    /// Work failed.
    Failed {
        /** What was refused. */
        code: Code,
        /** Whose bytes they were. */
        fault: Option<MemberCode>,
    },
    /// A person stopped the round here.
    Halt,
    /// The node restarted; the round's secrets are gone.
    Restarted,
    /// Time passed.
    Tick,
}

/// Effect of a member's step.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a round makes dozens of them, not millions")]
pub enum MemberEffect {
    /// Sign if needed and send.
    Send(Outgoing),
    /// Do heavy or secret work and report its outcome.
    Work(MemberJob),
    /// Show the account of the round to a person and ask for a yes.
    AskPerson,
    /// Open a share sent by another member and keep it with the round's secrets.
    KeepBlindShare {
        /** List it belongs to. */
        list: u16,
        /** Sealed bytes. */
        sealed: Vec<u8>,
    },
    /// Open a tag-key share of another committee member and keep it with the round's secrets.
    KeepTagKeyShare {
        /** Participant it comes from. */
        from: u16,
        /** Sealed bytes. */
        sealed: Vec<u8>,
    },
    /// Tell whoever watches.
    Report(Event),
    /// Erase the round's secrets, lists and intermediates.
    Erase,
}

/// Work on a member's machine that touches secrets or bulk data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MemberJob {
    /// Blind, encrypt, shuffle, seal and upload the member's own list; seal blind shares and cohort counts.
    Contribute,
    /// Pass another member's list (or, blinded, one's own) on.
    Hop {
        /** List. */
        list: u16,
        /** Place in the order. */
        hop: u8,
        /** Participant that made the previous pass. */
        from: u16,
        /** What it sealed for us. */
        sealed: BlobRef,
        /** Digest the opened bytes must have. */
        expect: Digest,
    },
    /// Open and keep the final columns of a list.
    KeepColumns {
        /** List. */
        list: u16,
        /** Participant that sealed them. */
        from: u16,
        /** The sealed columns. */
        sealed: BlobRef,
        /** Digest the opened bytes must have. */
        expect: Digest,
    },
    /// Fetch a plan and check it.
    CheckPlan {
        /** Table. */
        table: u16,
        /** The plan. */
        plan: BlobRef,
        /** Tuples it must have. */
        tuples: u32,
    },
    /// Build (hop 0) or pass on a table.
    TableHop {
        /** Table. */
        table: u16,
        /** Committee position. */
        hop: u8,
        /** The plan at hop 0, else what the previous hop sealed for us. */
        input: BlobRef,
        /** Participant that made the previous pass, from hop 1 on. */
        from: Option<u16>,
        /** Digest the opened bytes must have. */
        expect: Digest,
        /** Tuples of the plan. */
        planned: u32,
    },
    /// Decrypt one's part of a final table.
    Decrypt {
        /** Table. */
        table: u16,
        /** The final table. */
        last: BlobRef,
        /** Tuples it must have. */
        tuples: u32,
    },
    /// Fetch and keep the report.
    KeepReport {
        /** The report. */
        report: BlobRef,
    },
}

impl MemberJob {
    /// The blob a job reads, to be fetched before it starts.
    #[must_use]
    pub fn input(&self) -> Option<BlobRef> {
        match self {
            Self::CheckPlan { plan, .. } => Some(*plan),
            Self::Contribute => None,
            Self::Decrypt { last, .. } => Some(*last),
            Self::Hop { sealed, .. } | Self::KeepColumns { sealed, .. } => Some(*sealed),
            Self::KeepReport { report } => Some(*report),
            Self::TableHop { input, .. } => Some(*input),
        }
    }

    /// The participant whose bytes a job reads: at fault should they be wrong.
    #[must_use]
    pub fn sender(&self) -> Option<u16> {
        match self {
            Self::Hop { from, .. } | Self::KeepColumns { from, .. } => Some(*from),
            Self::TableHop { from, .. } => *from,
            Self::CheckPlan { .. } | Self::Contribute | Self::Decrypt { .. } | Self::KeepReport { .. } => {
                None
            }
        }
    }

    /// What to feed when this job failed. Only columns may fail without ending the round at once.
    #[must_use]
    pub fn failed(&self, code: Code, fault: Option<MemberCode>) -> MemberInput {
        if let Self::KeepColumns { list, .. } = self {
            MemberInput::Done(MemberOutcome::ColumnsRefused { list: *list, code, fault })
        } else {
            MemberInput::Failed { code, fault }
        }
    }
}

/// What finished work reports.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a round makes dozens of them, not millions")]
pub enum MemberOutcome {
    /// The list is uploaded.
    Contributed {
        /** Digest of the row bytes. */
        output: Digest,
        /** The sealed list. */
        sealed: BlobRef,
        /** Sealed blind shares by participant. */
        shares: Vec<(u16, Vec<u8>)>,
        /** Sealed tag-key shares by participant, from a committee member. */
        tag_shares: Vec<(u16, Vec<u8>)>,
        /** Cohort counts by table number. */
        counts: Vec<(u16, Vec<Option<u32>>)>,
    },
    /// A list is passed on.
    Hopped {
        /** List. */
        list: u16,
        /** Digest of the bytes taken in. */
        input: Digest,
        /** Digest of the bytes put out. */
        output: Digest,
        /** The sealed list, or the tags. */
        sealed: BlobRef,
        /** At the last hop: sealed columns by participant. */
        columns: Vec<(u16, BlobRef)>,
    },
    /// Columns are kept.
    ColumnsKept {
        /** List. */
        list: u16,
    },
    /// Columns could not be kept; the round ends only if a plan needs them.
    ColumnsRefused {
        /** List. */
        list: u16,
        /** What was refused. */
        code: Code,
        /** Whose bytes they were. */
        fault: Option<MemberCode>,
    },
    /// A plan is good.
    PlanChecked {
        /** Table. */
        table: u16,
    },
    /// A table is passed on.
    TableHopped {
        /** Table. */
        table: u16,
        /** Digest of the bytes taken in. */
        input: Digest,
        /** Digest of the bytes put out. */
        output: Digest,
        /** Tuples put out. */
        tuples: u32,
        /** The sealed table, or the final table in clear. */
        sealed: BlobRef,
    },
    /// A final table is partially decrypted.
    Decrypted {
        /** Table. */
        table: u16,
        /** Digest of the final table. */
        last: Digest,
        /** The partial decryptions. */
        partials: BlobRef,
        /** The proofs. */
        proof: DecryptionProof,
    },
    /// The report is on disk.
    ReportKept {
        /** Blobs of the round to be erased. */
        blobs: u32,
        /** Their bytes. */
        bytes: u64,
    },
}

/// Input of the coordinator's step.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a round makes dozens of them, not millions")]
pub enum CoordinatorInput {
    /// A message of a member.
    Message {
        /** Who sent it, from its certificate. */
        from: MemberCode,
        /** The message. */
        message: Message,
    },
    /// Work finished.
    Done(CoordinatorOutcome),
    /// Work failed.
    Failed {
        /** What was refused. */
        code: Code,
        /** Whose bytes they were. */
        fault: Option<MemberCode>,
    },
    /// The operator stopped the round.
    Halt,
    /// Time passed.
    Tick,
}

/// Effect of the coordinator's step.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a round makes dozens of them, not millions")]
pub enum CoordinatorEffect {
    /// Put a message into a member's mailbox.
    Send {
        /** To whom. */
        to: MemberCode,
        /** The member it is relayed for; `None` for the coordinator's own. */
        from: Option<MemberCode>,
        /** The message. */
        message: Message,
    },
    /// Do heavy work and report its outcome.
    Work(CoordinatorJob),
    /// Tell whoever watches.
    Report(Event),
    /// Erase the round's blobs.
    Erase,
}

/// Work on the coordinator's machine.
#[derive(Clone, Debug)]
pub enum CoordinatorJob {
    /// Join all pairs of lists and write the plans.
    Join {
        /** Tags of each list, in participant order. */
        tags: Vec<BlobRef>,
    },
    /// Check and combine partial decryptions, decode, subtract offsets, apply disclosure control, write the reports.
    Release {
        /** The opening, from which the manifest follows. */
        opening: Box<Opening>,
        /** Per table: the final list and the committee's statements; `None` for a table without enough tuples. */
        tables: Vec<Option<TableParts>>,
        /** Cohort counts per table. */
        counts: Vec<Vec<Option<u32>>>,
        /** Tags of each list, for the match panel. */
        tags: Vec<BlobRef>,
    },
}

/// What is needed to open one table.
#[derive(Clone, Debug)]
pub struct TableParts {
    /// The final list.
    pub last: BlobRef,
    /// Tuples in it.
    pub tuples: u32,
    /// Per committee position: partial decryptions and proof.
    pub partials: Vec<(BlobRef, DecryptionProof)>,
}

/// What the coordinator's finished work reports.
#[derive(Clone, Debug)]
pub enum CoordinatorOutcome {
    /// Plans per table: tuples, and the plan unless there are too few.
    Joined(Vec<(u32, Option<BlobRef>)>),
    /// Reports per participant.
    Released(Vec<BlobRef>),
}
