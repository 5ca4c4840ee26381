//! What a report holds: the coordinator makes it, the node stores and renders it.
//!
//! Promises limits on decoding. Does not promise that its texts are true: they come from signed documents.

use crate::{
    cells::SchoolYear,
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    disclosure::{DisclosurePolicy, MatchPanel, MetricRef, NoiseStatement, ReleasedTable},
    ids::{MemberCode, RoundId},
    report::peers::Peers,
    timestamp::Timestamp,
};

/// What kind of institution a member is. The only thing a report says about it besides its code (G09).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Segment {
    /// Community college.
    CommunityCollege,
    /// School or district.
    K12,
    /// University.
    University,
    /// Workforce agency.
    Workforce,
}

impl Segment {
    const ALL: [Self; 4] = [Self::K12, Self::CommunityCollege, Self::University, Self::Workforce];

    /// The code used in files: `k12`, `cc`, `univ`, `workforce`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::K12 => "k12",
            Self::CommunityCollege => "cc",
            Self::University => "univ",
            Self::Workforce => "workforce",
        }
    }

    /// The word a reader sees.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::K12 => "school or district",
            Self::CommunityCollege => "community college",
            Self::University => "university",
            Self::Workforce => "workforce agency",
        }
    }
}

impl Encode for Segment {
    fn encode(&self, out: &mut Vec<u8>) {
        let number = Self::ALL.iter().position(|segment| segment == self).unwrap_or(0);
        u8::try_from(number).unwrap_or(0).encode(out);
    }
}

impl Decode for Segment {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let number = usize::from(u8::decode(reader)?);
        Self::ALL.get(number).copied().ok_or(CodecError::Invalid { position, expected: "a segment" })
    }
}

/// The definition printed beside a metric's numbers (A2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MetricDefinition {
    /// Id and version.
    pub metric: MetricRef,
    /// A few words, for headings.
    pub title: String,
    /// The definition in plain language.
    pub text: String,
    /// The same, precise.
    pub pseudo_code: String,
}
codec_struct!(MetricDefinition { metric, title, text, pseudo_code });

/// A change between two cohorts that a trend must not be read across (domain 3.6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BreakMarker {
    /// The first cohort after the change.
    pub from: SchoolYear,
    /// What changed.
    pub text: String,
}
codec_struct!(BreakMarker { from, text });

/// A report for one viewer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// The round it came from.
    pub round: RoundId,
    /// Wire version of the round.
    pub wire_version: u16,
    /// Id of the agreement, `A-...`.
    pub agreement: String,
    /// Id of the study, `S-...`.
    pub study: String,
    /// Title of the study.
    pub study_title: String,
    /// Purpose the agreement allows it for.
    pub purpose: String,
    /// When it was made.
    pub generated_at: Timestamp,
    /// For whom its tables were cut.
    pub viewer: MemberCode,
    /// Segment of every code that appears.
    pub segments: Vec<(MemberCode, Segment)>,
    /// Definitions of every metric that appears.
    pub metrics: Vec<MetricDefinition>,
    /// Noise on the counts.
    pub noise: NoiseStatement,
    /// Disclosure rules applied.
    pub policy: DisclosurePolicy,
    /// Which of the usual destinations are members, in one or two sentences (domain 3.1).
    pub coverage: String,
    /// How well records were linked (A1).
    pub panel: MatchPanel,
    /// The tables, already cut to the viewer's share list.
    pub tables: Vec<ReleasedTable>,
    /// Changes that break trends.
    pub breaks: Vec<BreakMarker>,
    /// Quartiles of the viewer's peers, where the parties agreed to it.
    pub peers: Peers,
}

/// Tables, definitions, segments and breaks one report may hold.
const ENTRIES_MAX: usize = 4_096;

impl Report {
    /// The definition of a metric, if the report carries it.
    #[must_use]
    pub fn definition(&self, metric: &MetricRef) -> Option<&MetricDefinition> {
        self.metrics.iter().find(|definition| definition.metric == *metric)
    }

    /// The segment of a member, if stated.
    #[must_use]
    pub fn segment(&self, member: MemberCode) -> Option<Segment> {
        self.segments.iter().find(|(code, _)| *code == member).map(|(_, segment)| *segment)
    }
}

impl Encode for Report {
    fn encode(&self, out: &mut Vec<u8>) {
        self.round.encode(out);
        self.wire_version.encode(out);
        self.agreement.encode(out);
        self.study.encode(out);
        self.study_title.encode(out);
        self.purpose.encode(out);
        self.generated_at.encode(out);
        self.viewer.encode(out);
        self.segments.encode(out);
        self.metrics.encode(out);
        self.noise.encode(out);
        self.policy.encode(out);
        self.coverage.encode(out);
        self.panel.encode(out);
        self.tables.encode(out);
        self.breaks.encode(out);
        self.peers.encode(out);
    }
}

impl Decode for Report {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        let report = Self {
            round: Decode::decode(reader)?,
            wire_version: Decode::decode(reader)?,
            agreement: Decode::decode(reader)?,
            study: Decode::decode(reader)?,
            study_title: Decode::decode(reader)?,
            purpose: Decode::decode(reader)?,
            generated_at: Decode::decode(reader)?,
            viewer: Decode::decode(reader)?,
            segments: Decode::decode(reader)?,
            metrics: Decode::decode(reader)?,
            noise: Decode::decode(reader)?,
            policy: Decode::decode(reader)?,
            coverage: Decode::decode(reader)?,
            panel: Decode::decode(reader)?,
            tables: Decode::decode(reader)?,
            breaks: Decode::decode(reader)?,
            peers: Decode::decode(reader)?,
        };
        let counts = [
            report.segments.len(),
            report.metrics.len(),
            report.tables.len(),
            report.breaks.len(),
            report.peers.0.len(),
        ];
        let within = counts.iter().all(|count| *count <= ENTRIES_MAX);
        within
            .then_some(report)
            .ok_or(CodecError::Invalid { position, expected: "a report within its limits" })
    }
}
