//! What a consortium signs: members with keys, an agreement and a study as the TOML text people would write.

use passage_protocol::{
    agreement::{Agreement, DocumentId, Role, Segment, Study, agreement_digest, study_digest},
    codec::Encode,
    ids::{Digest, MemberCode},
    metric::Metric,
    signing::{Signature, SignatureKind, SigningKey},
};

use crate::dice::Dice;

/// The metric every study of the harness asks for.
pub const METRIC: &str = "college-going-12";

/// Noise the parties agree on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noise {
    /// Exact tables, consented to in words.
    None,
    /// Discrete Laplace noise with this epsilon and delta 1e-6; the budget of 100 covers whatever a test plays.
    Epsilon(&'static str),
    /// The same with a budget of its own.
    Budgeted {
        /** For one table. */
        epsilon: &'static str,
        /** For one roster under the agreement. */
        budget: &'static str,
    },
}

/// What a consortium wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    /// Kind of each member, in the order of participants; schools send, the others receive.
    pub segments: Vec<Segment>,
    /// School years counted, as in a study file.
    pub cohorts: Vec<String>,
    /// Breakdowns, as in a study file.
    pub by: Vec<&'static str>,
    /// Match keys: `basic`, `standard` or `full`.
    pub preset: &'static str,
    /// Committee members to draw.
    pub committee: usize,
    /// Smallest count shown.
    pub floor: u32,
    /// Noise on every table.
    pub noise: Noise,
    /// Lines (from, to) left out of the share list, which otherwise joins every school and college both ways.
    pub unshared: Vec<(usize, usize)>,
}

/// The signed papers and the keys behind them.
pub struct Papers {
    /// Codes in participant order.
    pub codes: Vec<MemberCode>,
    /// Signing keys in participant order.
    pub keys: Vec<SigningKey>,
    /// Kinds in participant order.
    pub segments: Vec<Segment>,
    /// `agreement.toml`.
    pub agreement_text: String,
    /// Parsed from it.
    pub agreement: Agreement,
    /// `study.toml`.
    pub study_text: String,
    /// Parsed from it.
    pub study: Study,
}

impl Papers {
    /// Writes and parses the documents of a question.
    #[must_use]
    pub fn write(question: &Question, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let members = question.segments.len();
        let codes: Vec<MemberCode> =
            (0..members).map(|member| MemberCode([7, 0, 0, 0, u8::try_from(member + 1).unwrap()])).collect();
        let keys: Vec<SigningKey> = (0..members).map(|_| SigningKey::generate(dice.bytes())).collect();
        let agreement_text = agreement_text(question, &codes, &keys);
        let study_text = study_text(question, &codes, agreement_digest(&agreement_text));
        Self {
            agreement: Agreement::parse(&agreement_text).unwrap(),
            study: Study::parse(&study_text).unwrap(),
            segments: question.segments.clone(),
            codes,
            keys,
            agreement_text,
            study_text,
        }
    }

    /// Digest of the agreement's bytes.
    #[must_use]
    pub fn agreement_digest(&self) -> Digest {
        agreement_digest(&self.agreement_text)
    }

    /// Digest of the study's bytes.
    #[must_use]
    pub fn study_digest(&self) -> Digest {
        study_digest(&self.study_text)
    }

    /// Every member's signature on the agreement.
    #[must_use]
    pub fn signatures(&self) -> Vec<(MemberCode, Signature)> {
        let digest = self.agreement_digest();
        let sign = |(code, key): (&MemberCode, &SigningKey)| {
            (*code, key.sign(SignatureKind::Agreement, None, &digest.to_bytes()))
        };
        self.codes.iter().zip(&self.keys).map(sign).collect()
    }

    /// The part of a member in the study.
    #[must_use]
    pub fn role(&self, member: usize) -> Role {
        role(self.segments[member])
    }
}

fn role(segment: Segment) -> Role {
    let metric = Metric::builtin(METRIC, 1).unwrap().unwrap();
    if metric.senders.contains(&segment) { Role::Sender } else { Role::Receiver }
}

fn laplace(epsilon: &str, budget: &str) -> String {
    format!("kind = \"discrete-laplace\"\nepsilon = \"{epsilon}\"\ndelta = \"1e-6\"\nbudget = \"{budget}\"")
}

fn agreement_text(question: &Question, codes: &[MemberCode], keys: &[SigningKey]) -> String {
    let noise = match question.noise {
        Noise::None => {
            "kind = \"none\"\nconsent = \"The parties accept exact tables for this test of the protocol.\""
                .to_owned()
        }
        Noise::Epsilon(epsilon) => laplace(epsilon, "100"),
        Noise::Budgeted { epsilon, budget } => laplace(epsilon, budget),
    };
    let mut text = format!(
        "format = \"passage-agreement/1\"\ntitle = \"Transitions\"\npurpose = \"improving-instruction\"\n\
         legal_basis = \"studies\"\nscope = \"College-going of completers\"\neffective = \"2026-01-01\"\n\
         expires = \"2027-12-31\"\nretention_days = 30\n[disclosure]\nfloor = {}\n[noise]\n{noise}\n",
        question.floor
    );
    for ((code, key), segment) in codes.iter().zip(keys).zip(&question.segments) {
        let (segment, key) = (segment.name(), key.verifying_key());
        text.push_str(&format!(
            "[[party]]\ncode = \"{code}\"\nsegment = \"{segment}\"\nsigning_key = \"{key}\"\n"
        ));
    }
    let with_roles = |wanted| {
        let roles = question.segments.iter().map(|segment| role(*segment)).enumerate();
        roles.filter(move |(_, role)| *role == wanted).map(|(index, _)| index)
    };
    for from in with_roles(Role::Sender) {
        for to in with_roles(Role::Receiver) {
            for (from, to) in
                [(from, to), (to, from)].into_iter().filter(|line| !question.unshared.contains(line))
            {
                let (from, to) = (codes[from], codes[to]);
                text.push_str(&format!(
                    "[[share]]\nfrom = \"{from}\"\nto = \"{to}\"\ntable = \"{METRIC}\"\n"
                ));
            }
        }
    }
    text
}

fn study_text(question: &Question, codes: &[MemberCode], agreement: Digest) -> String {
    let quoted =
        |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let by: Vec<String> = question.by.iter().map(|word| (*word).to_owned()).collect();
    let mut text = format!(
        "format = \"passage-study/1\"\ntitle = \"College-going\"\nagreement = \"{}\"\ncohorts = [{}]\n\
         preset = \"{}\"\ncommittee = {}\n[[table]]\nmetric = \"{METRIC}\"\nversion = 1\nby = [{}]\n",
        DocumentId::Agreement(agreement),
        quoted(&question.cohorts),
        question.preset,
        question.committee,
        quoted(&by)
    );
    for (code, segment) in codes.iter().zip(&question.segments) {
        let role = match role(*segment) {
            Role::Sender => "sender",
            Role::Receiver => "receiver",
        };
        text.push_str(&format!("[[participant]]\ncode = \"{code}\"\nrole = \"{role}\"\n"));
    }
    text
}
