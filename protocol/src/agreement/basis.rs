//! Under which law and for what: the closed lists of FERPA and of the California contract rule (F1, F2, F4, F9).
//!
//! Free text never decides whether a round may run; it is printed beside the word from the list.

use serde::Deserialize;

/// Why the parties may share at all: a closed list (F2). Free text does not start a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Improving instruction.
    ImprovingInstruction,
    /// Developing, validating or administering predictive tests.
    PredictiveTests,
    /// Administering student aid.
    StudentAid,
    /// Audit or evaluation of a publicly supported education programme (F4).
    ProgrammeEvaluation,
}

impl Purpose {
    /// The whole list.
    pub const ALL: [Self; 4] =
        [Self::ImprovingInstruction, Self::PredictiveTests, Self::StudentAid, Self::ProgrammeEvaluation];

    /// The purpose of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ImprovingInstruction => "improving-instruction",
            Self::PredictiveTests => "predictive-tests",
            Self::StudentAid => "student-aid",
            Self::ProgrammeEvaluation => "programme-evaluation",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ImprovingInstruction => "improving instruction",
            Self::PredictiveTests => "developing, validating or administering predictive tests",
            Self::StudentAid => "administering student aid",
            Self::ProgrammeEvaluation => "audit or evaluation of a publicly supported education programme",
        }
    }
}

/// The exception of 34 CFR 99.31 the parties rely on: a closed list (F1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LegalBasis {
    /// 99.31(a)(6).
    Studies,
    /// 99.31(a)(3) with 99.35.
    AuditEvaluation,
    /// 99.31(a)(1).
    SchoolOfficial,
    /// 99.31(a)(2).
    Enrolment,
    /// 99.30.
    Consent,
    /// 99.31(b).
    DeIdentified,
}

impl LegalBasis {
    /// The whole list.
    pub const ALL: [Self; 6] = [
        Self::Studies,
        Self::AuditEvaluation,
        Self::SchoolOfficial,
        Self::Enrolment,
        Self::Consent,
        Self::DeIdentified,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Studies => "studies",
            Self::AuditEvaluation => "audit-evaluation",
            Self::SchoolOfficial => "school-official",
            Self::Enrolment => "enrolment",
            Self::Consent => "consent",
            Self::DeIdentified => "de-identified",
        }
    }

    /// The basis of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }

    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The paragraph in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Studies => "FERPA, studies exception, 34 CFR 99.31(a)(6)",
            Self::AuditEvaluation => "FERPA, audit or evaluation exception, 34 CFR 99.31(a)(3) and 99.35",
            Self::SchoolOfficial => "FERPA, school officials, 34 CFR 99.31(a)(1)",
            Self::Enrolment => "FERPA, enrolment at another institution, 34 CFR 99.31(a)(2)",
            Self::Consent => "FERPA, written consent, 34 CFR 99.30",
            Self::DeIdentified => "FERPA, de-identified information, 34 CFR 99.31(b)",
        }
    }

    /// Whether a purpose can stand under this basis: studies are for the three purposes of 99.31(a)(6) only (F2), audits
    /// and evaluations for those (F4); the other bases limit who receives, not what for.
    #[must_use]
    pub fn allows(self, purpose: Purpose) -> bool {
        match self {
            Self::Studies => purpose != Purpose::ProgrammeEvaluation,
            Self::AuditEvaluation => purpose == Purpose::ProgrammeEvaluation,
            Self::SchoolOfficial | Self::Enrolment | Self::Consent | Self::DeIdentified => true,
        }
    }
}

/// What an audit or evaluation needs in writing beyond every agreement (F4, 34 CFR 99.35(a)(3)).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditTerms {
    /// Who is designated as authorised representative.
    pub authorised_representative: String,
    /// The federal or state supported programme.
    pub programme: String,
    /// What is done with the information, step by step.
    pub activity: String,
    /// The exception relied on, in words.
    pub exception: String,
    /// How and when the information is destroyed, in words.
    pub destruction: String,
    /// The policies that protect against further disclosure.
    pub policies: String,
}

/// How intermediates are destroyed when their time is over (F10, G15): a closed list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Destruction {
    /// The keys are erased, so that what they sealed is noise.
    CryptographicErasure,
    /// The bytes are overwritten.
    Overwriting,
    /// The medium is destroyed.
    PhysicalDestruction,
}

impl Destruction {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::CryptographicErasure => {
                "cryptographic erasure (NIST SP 800-88): the keys are destroyed, so that what they sealed cannot be read by anyone"
            }
            Self::Overwriting => "overwriting (NIST SP 800-88)",
            Self::PhysicalDestruction => "physical destruction of the medium (NIST SP 800-88)",
        }
    }
}

/// A clause that California Education Code 49073.1 demands of a contract about pupil records (F9).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ContractClause {
    /// Pupil records stay the property and under the control of the district.
    RecordsRemainProperty,
    /// Pupils keep possession and control of what they made.
    PupilContent,
    /// No use beyond the purposes of the contract.
    NoOtherUse,
    /// Parents and eligible pupils may review and correct.
    ParentReview,
    /// Security and confidentiality, with responsible and trained individuals.
    SecurityAndTraining,
    /// Notice to those affected by an unauthorised disclosure.
    BreachNotice,
    /// Certification that records are not retained after the contract.
    DestructionCertified,
    /// How the parties comply with FERPA together.
    JointFerpaCompliance,
    /// No targeted advertising.
    NoTargetedAdvertising,
}

impl ContractClause {
    /// Every clause: a contract about pupil records that lacks one is void (49073.1(e)).
    pub const ALL: [Self; 9] = [
        Self::RecordsRemainProperty,
        Self::PupilContent,
        Self::NoOtherUse,
        Self::ParentReview,
        Self::SecurityAndTraining,
        Self::BreachNotice,
        Self::DestructionCertified,
        Self::JointFerpaCompliance,
        Self::NoTargetedAdvertising,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RecordsRemainProperty => "records-remain-property",
            Self::PupilContent => "pupil-content",
            Self::NoOtherUse => "no-other-use",
            Self::ParentReview => "parent-review",
            Self::SecurityAndTraining => "security-and-training",
            Self::BreachNotice => "breach-notice",
            Self::DestructionCertified => "destruction-certified",
            Self::JointFerpaCompliance => "joint-ferpa-compliance",
            Self::NoTargetedAdvertising => "no-targeted-advertising",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RecordsRemainProperty => {
                "pupil records remain the property and under the control of the district"
            }
            Self::PupilContent => "pupils keep possession and control of what they made themselves",
            Self::NoOtherUse => "nothing is used for any other purpose than those named here",
            Self::ParentReview => "parents and eligible pupils may review records and have them corrected",
            Self::SecurityAndTraining => "named, trained people keep the records secure and confidential",
            Self::BreachNotice => "those affected by an unauthorised disclosure are told",
            Self::DestructionCertified => "it is certified that no record is kept after the agreement",
            Self::JointFerpaCompliance => "the parties comply with FERPA together",
            Self::NoTargetedAdvertising => "nothing is used for targeted advertising",
        }
    }
}
