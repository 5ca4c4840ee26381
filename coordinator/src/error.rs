//! Why the coordinator refused: its own reasons (C3xxx), and those of the parts it stands on, passed through unchanged.

use core::fmt;

use passage_protocol::{
    agreement::{Clause, ConsentError, principles::PrinciplesError, rule_of},
    codec::CodecError,
    document::DocumentError,
    ids::{MemberCode, RoundId},
    refusal::{Code, Refusal},
    release::ReleaseError,
    retention::RetentionFault,
    round::Abort,
};
use passage_shell::{
    audit::AuditError, config::ConfigError, entropy::EntropyError, logs::LogError, pki::InvitationError,
    pki::PkiError, shelf::ShelfError, state_dir::StateDirError, store::StoreError, transport::TransportError,
    work::WorkError,
};

/// Why the coordinator refused a request or a command. Ids, codes and counts only.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // the variants that wrap another module's error are named for it
pub enum CoordinatorError {
    Abort(Abort),
    /// The folder already holds a coordinator.
    AlreadyInitialised,
    Audit(AuditError),
    /// A message names a blob that is not on the shelf for that round with that length, from that sender.
    BlobMissing,
    /// A blob that this member does not make in this round, by length or number.
    BlobNotExpected {
        /** Bytes announced. */
        bytes: u64,
    },
    /// A blob that this member is not to read, or that is gone.
    BlobNotReadable,
    Clause(Clause),
    Codec(CodecError),
    Config(ConfigError),
    Consent(ConsentError),
    /// Something is still there after a destruction, or its certificate could not be written.
    DestructionUnfinished {
        /** What was found. */
        found: String,
    },
    Document(DocumentError),
    /// The document was proposed before.
    DocumentKnown,
    /// No such document, or the asking member is no party to it.
    DocumentUnknown,
    Entropy(EntropyError),
    Invitation(InvitationError),
    /// The one-time secret is unknown, used or lapsed: the asker is not told which.
    InvitationRefused,
    /// A file of the folder that `init` wrote is gone.
    KeyFileMissing {
        /** Its name. */
        file: &'static str,
    },
    Log(LogError),
    /// The member's certificate was revoked, or a newer one was issued.
    MemberRevoked,
    /// No member has the code.
    MemberUnknown,
    /// The folder holds no coordinator.
    NotInitialised,
    /// A party of the agreement is no member.
    PartyNotMember {
        /** Its code as written. */
        code: MemberCode,
    },
    /// A party's signing key or segment is not what the member joined with.
    PartyOtherKey {
        /** Its code. */
        code: MemberCode,
    },
    Pki(PkiError),
    /// A request for the next certificate is not signed with the member's own key, or is in another's name.
    RenewalRefused,
    Principles(PrinciplesError),
    /// The request's number, body or size is not one of this version.
    RequestMalformed {
        /** What was expected. */
        expected: &'static str,
    },
    Retention(RetentionFault),
    Release(ReleaseError),
    /// A proposal that this coordinator does not pass on.
    ReleaseNotTaken {
        /** What was expected. */
        expected: &'static str,
    },
    /// No release by this name that concerns the asker.
    ReleaseUnknown,
    /// A round ended without a result (for scripts that waited for it).
    RoundAborted {
        /** Its code. */
        code: Code,
        /** Its sentence. */
        reason: String,
    },
    /// The round is over.
    RoundOver,
    /// A round of the study is running.
    RoundRunning {
        /** Which. */
        round: RoundId,
    },
    /// No round, or more than one, has that id.
    RoundUnknown,
    /// The round did not end in the time a script was willing to wait.
    RoundUnfinished {
        /** Seconds waited. */
        waited_s: u64,
    },
    Shelf(ShelfError),
    /// A signature does not verify under the key the agreement names.
    SignatureRefused,
    /// The signing key of a join request belongs to another member already.
    SigningKeyTaken,
    StateDir(StateDirError),
    Store(StoreError),
    /// No study, or more than one, has that id.
    StudyUnknown,
    Transport(TransportError),
    Work(WorkError),
}

macro_rules! from {
    ($($variant:ident($inner:ty)),* $(,)?) => {
        $(impl From<$inner> for CoordinatorError {
            fn from(error: $inner) -> Self {
                Self::$variant(error)
            }
        })*
        impl CoordinatorError {
            /// The refusal of another module that this one passes on.
            fn inner(&self) -> Option<&dyn Refusal> {
                #[allow(clippy::wildcard_enum_match_arm, reason = "the macro lists every wrapping variant")]
                match self {
                    $(Self::$variant(inner) => Some(inner),)*
                    _ => None,
                }
            }
        }
    };
}

from!(
    Abort(Abort),
    Audit(AuditError),
    Clause(Clause),
    Codec(CodecError),
    Config(ConfigError),
    Consent(ConsentError),
    Document(DocumentError),
    Entropy(EntropyError),
    Invitation(InvitationError),
    Log(LogError),
    Pki(PkiError),
    Retention(RetentionFault),
    Principles(PrinciplesError),
    Release(ReleaseError),
    Shelf(ShelfError),
    StateDir(StateDirError),
    Store(StoreError),
    Transport(TransportError),
    Work(WorkError),
);

impl CoordinatorError {
    /// Number, sentence, advice and rule of the coordinator's own refusals.
    fn own(&self) -> (u16, String, &'static str, Option<&'static str>) {
        let plain = |code, text: &str, advice, rule| (code, text.to_owned(), advice, rule);
        match self {
            Self::AlreadyInitialised => plain(
                0x3001,
                "the folder already holds a coordinator, expected an empty or absent folder",
                "Name another folder with --dir; a coordinator's CA is never overwritten.",
                None,
            ),
            Self::NotInitialised => plain(
                0x3002,
                "the folder holds no coordinator, expected one made by init",
                "Run passage-coordinator init, or name the right folder with --dir.",
                None,
            ),
            Self::KeyFileMissing { file } => (
                0x3003,
                format!("{file} is missing from the state folder, expected the file that init wrote"),
                "Restore the folder from a backup; members trust only the CA they joined under.",
                None,
            ),
            Self::MemberUnknown => plain(
                0x3011,
                "no member has that code",
                "passage-coordinator members lists every code.",
                None,
            ),
            Self::MemberRevoked => plain(
                0x3012,
                "this certificate is revoked or was replaced by a newer one",
                "Ask the operator; a new invitation lets the member join again under a new code.",
                Some("G10"),
            ),
            Self::InvitationRefused => plain(
                0x3013,
                "the invitation is unknown, used or lapsed, expected one that is good for one join",
                "Ask the operator for a new invitation.",
                Some("G17"),
            ),
            Self::SigningKeyTaken => plain(
                0x3014,
                "the signing key belongs to another member already, expected a key of its own",
                "Join from a fresh state folder, so that a new key is made.",
                None,
            ),
            Self::DocumentKnown => plain(
                0x3021,
                "the same bytes were proposed before",
                "passage-coordinator agreement list and study list show every document.",
                None,
            ),
            Self::DocumentUnknown => plain(
                0x3022,
                "there is no such document among those this member is a party to",
                "List the documents again; a study names its agreement by the whole digest.",
                None,
            ),
            Self::PartyNotMember { code } => (
                0x3023,
                format!("{code} is named as a party but is no active member, expected members only"),
                "passage-coordinator members lists every member; invite the missing one first.",
                Some("G01"),
            ),
            Self::PartyOtherKey { code } => (
                0x3024,
                format!("signing key or segment of {code} differ from those it joined with"),
                "Copy the key from passage-coordinator members and compare it with the member by telephone.",
                Some("G01"),
            ),
            Self::SignatureRefused => plain(
                0x3025,
                "the statement is in another member's name than that of the node that sent it",
                "Sign with the node that joined under this code.",
                Some("G01"),
            ),
            Self::StudyUnknown => plain(
                0x3026,
                "no study, or more than one, has an id that begins so",
                "passage-coordinator study list shows every id.",
                None,
            ),
            Self::RoundUnknown => plain(
                0x3031,
                "no round, or more than one, has an id that begins so, or the member takes no part in it",
                "passage-coordinator round list shows every id.",
                None,
            ),
            Self::RoundRunning { round } => (
                0x3032,
                format!("{round} of the same study is running, expected none"),
                "Wait for it, or halt it with passage-coordinator round halt.",
                None,
            ),
            Self::RoundOver => {
                plain(0x3033, "the round is over", "passage-coordinator round show says how it ended.", None)
            }
            Self::RoundAborted { reason, .. } => {
                (0x3034, format!("the round ended without a result: {reason}"), ABORTED_ADVICE, None)
            }
            Self::RoundUnfinished { waited_s } => (
                0x3035,
                format!("the round has not ended after {waited_s} s"),
                "passage-coordinator round show says who is awaited; the round goes on.",
                None,
            ),
            Self::BlobMissing => plain(
                0x3041,
                "the message names a blob that its sender has not put on the shelf for this round",
                "Upload the blob, then send the message again.",
                None,
            ),
            Self::BlobNotExpected { bytes } => (
                0x3042,
                format!("a blob of {bytes} bytes is not one this member makes in this round"),
                "Compare the versions of node and coordinator; the manifest fixes every length.",
                None,
            ),
            Self::BlobNotReadable => plain(
                0x3043,
                "the blob is not addressed to this member, or is gone with its round",
                "Nothing to do: a round's blobs are erased when it ends.",
                Some("G15"),
            ),
            Self::RequestMalformed { expected } => (
                0x3044,
                format!("the request is malformed, expected {expected}"),
                "Compare the versions of node and coordinator.",
                None,
            ),
            Self::DestructionUnfinished { found } => (
                0x3080,
                format!("a destruction is not finished: {found}; there is no certificate of it"),
                "Run passage-coordinator retention sweep: it goes on. If it is refused again, keep this disk under lock and report it.",
                Some("G15"),
            ),
            Self::RenewalRefused => plain(
                0x3081,
                "the request for the next certificate is not signed with the key this member joined with",
                "The certificate in use stays good until its end; find out who holds the member's connection key.",
                Some("G10"),
            ),
            Self::ReleaseUnknown => plain(
                0x3070,
                "there is no release by this name that concerns this member",
                "passage-coordinator release list shows every proposal.",
                None,
            ),
            Self::ReleaseNotTaken { expected } => (
                0x3071,
                format!("the proposal or remark is not passed on, expected {expected}"),
                "Propose again once it fits; earlier proposals stay as they are.",
                Some("G07"),
            ),
            Self::Abort(_)
            | Self::Audit(_)
            | Self::Clause(_)
            | Self::Codec(_)
            | Self::Config(_)
            | Self::Consent(_)
            | Self::Document(_)
            | Self::Entropy(_)
            | Self::Invitation(_)
            | Self::Log(_)
            | Self::Pki(_)
            | Self::Retention(_)
            | Self::Principles(_)
            | Self::Release(_)
            | Self::Shelf(_)
            | Self::StateDir(_)
            | Self::Store(_)
            | Self::Transport(_)
            | Self::Work(_) => (0, String::new(), "", None), // passed on by `inner`
        }
    }
}

const ABORTED_ADVICE: &str = "Nothing was released; passage-coordinator round show says what to do next.";

impl fmt::Display for CoordinatorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inner() {
            Some(inner) => write!(formatter, "{inner}"),
            None => formatter.write_str(&self.own().1),
        }
    }
}

impl Refusal for CoordinatorError {
    fn code(&self) -> Code {
        match (self.inner(), self) {
            (Some(inner), _) => inner.code(),
            (None, Self::RoundAborted { code, .. }) => *code,
            (None, _) => Code(self.own().0),
        }
    }

    fn advice(&self) -> &'static str {
        self.inner().map_or_else(|| self.own().2, Refusal::advice)
    }

    fn rule(&self) -> Option<&'static str> {
        match (self.inner(), self) {
            (Some(inner), _) => inner.rule(),
            // Only the code of what ended it is kept; the rule is known (G20).
            (None, Self::RoundAborted { code, .. }) => rule_of(*code),
            (None, _) => self.own().3,
        }
    }
}

#[cfg(test)]
mod tests;
