//! What a consortium signs: members with keys, an agreement and a study as the TOML text people would write.

use passage_protocol::{
    agreement::{
        Agreement, AgreementSignature, ConsentRecord, ConsentStatement, Role, Segment, Standing, Study,
        agreement_digest, bridge_elements, match_elements, study_digest, told_elements,
    },
    cells::Dimension,
    ids::{Digest, MemberCode},
    match_key::Preset,
    metric::Metric,
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
};

use crate::{coordinator_host::authority, dice::Dice};

/// The metric a study of the harness asks for unless it says otherwise.
pub const METRIC: &str = "college-going-12";

const EXAMPLE: &str = include_str!("../../deploy/config/agreement.example.toml");
/// Who signs for every member.
const SIGNER: &str = "The Registrar";

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
    /// Pairs (from, to) of which one gives the other match keys alone and tells it nothing; every other school and college
    /// share both ways.
    pub unshared: Vec<(usize, usize)>,
    /// The metric, of college-going or arrival within two years.
    pub metric: &'static str,
    /// A second metric by the same breakdowns.
    pub beside: Option<&'static str>,
    /// Whether senders are shown quartiles of their peers.
    pub peers: bool,
    /// Whether students are looked for at one receiver through another; receivers then share match keys with each other.
    pub bridges: bool,
    /// Schools of every sender that get a row, by code and name, where `by` has "school".
    pub schools: &'static [(&'static str, &'static str)],
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
    /// Every member's signature on the agreement.
    pub consents: ConsentRecord,
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
        let digest = agreement_digest(&agreement_text);
        let study_text = study_text(question, &codes, digest);
        let agreement = Agreement::parse(&agreement_text).unwrap();
        let mut consents = ConsentRecord::new(digest);
        for (party, key) in codes.iter().zip(&keys) {
            let signature = AgreementSignature {
                agreement: digest,
                party: *party,
                signer: SIGNER.to_owned(),
                at: Timestamp(1_000),
            };
            let signed = Signed::new(signature, SignatureKind::Agreement, None, key);
            consents.take(&agreement, &ConsentStatement::Signed(signed)).unwrap();
        }
        Self {
            agreement,
            consents,
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

    /// What a member knows when it decides about the study: everything, and it has spent no budget.
    #[must_use]
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            agreement: &self.agreement,
            agreement_digest: self.agreement_digest(),
            consents: &self.consents,
            replaced_by: None,
            authority: authority(),
            study: &self.study,
            study_digest: self.study_digest(),
            budget_spent_milli: 0,
        }
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
    // Top-level keys, principles, dictionary, breach and contract as the annotated example has them.
    let (head, rest) = EXAMPLE.split_once("[disclosure]\n").unwrap();
    let contract = rest.find("[contract]").unwrap();
    let parties = rest.find("[[party]]").unwrap();
    let head = if question.peers {
        head.replacen("\ncommittee_min", "\npeer_comparison = true\ncommittee_min", 1)
    } else {
        head.to_owned()
    };
    let mut text = format!(
        "{head}[disclosure]\nfloor = {}\n[noise]\n{noise}\n{}",
        question.floor,
        &rest[contract..parties]
    );
    let years: Vec<String> = question.cohorts.iter().map(|year| format!("\"{year}\"")).collect();
    let start = text.find("\ncohorts = ").unwrap() + 1;
    let end = start + text[start..].find('\n').unwrap();
    text.replace_range(start..end, &format!("cohorts = [{}]", years.join(", ")));
    text = text.replace(&format!("metric = \"{METRIC}\""), &format!("metric = \"{}\"", question.metric));
    if let Some(beside) = question.beside {
        text.push_str(&format!("[[catalogue]]\nmetric = \"{beside}\"\nversion = 1\n"));
    }
    text = text.replace(&"0".repeat(64), &authority().to_string());
    for ((code, key), segment) in codes.iter().zip(keys).zip(&question.segments) {
        let (segment, key) = (segment.name(), key.verifying_key());
        text.push_str(&format!(
            "[[party]]\ncode = \"{code}\"\nname = \"{code} as it is called\"\nsegment = \"{segment}\"\nsigning_key = \"{key}\"\n\
             breach_contact = \"555-0100\"\n[[party.signer]]\nname = \"{SIGNER}\"\ntitle = \"Registrar\"\n\
             capacity = \"designee\"\n"
        ));
    }
    let with_roles = |wanted| {
        let roles = question.segments.iter().map(|segment| role(*segment)).enumerate();
        roles.filter(move |(_, role)| *role == wanted).map(|(index, _)| index)
    };
    for sender in with_roles(Role::Sender) {
        for receiver in with_roles(Role::Receiver) {
            for (from, to) in [(sender, receiver), (receiver, sender)] {
                let segment = question.segments[from];
                let elements = if question.unshared.contains(&(from, to)) {
                    match_elements(Preset::Full, segment).into_iter().collect()
                } else {
                    elements(segment)
                };
                let (from, to, elements) = (codes[from], codes[to], elements.join("\", \""));
                text.push_str(&share(from, to, &elements));
            }
        }
    }
    for from in with_roles(Role::Receiver).filter(|_| question.bridges) {
        for to in
            with_roles(Role::Receiver).filter(|to| *to != from && !question.unshared.contains(&(from, *to)))
        {
            let elements: Vec<_> =
                bridge_elements(Preset::Full, question.segments[from]).into_iter().collect();
            text.push_str(&share(codes[from], codes[to], &elements.join("\", \"")));
        }
    }
    text
}

fn share(from: MemberCode, to: MemberCode, elements: &str) -> String {
    format!("[[share]]\nfrom = \"{from}\"\nto = \"{to}\"\nelements = [\"{elements}\"]\n")
}

/// Everything a member of that kind could bring into a study of the harness.
fn elements(segment: Segment) -> Vec<&'static str> {
    let told = Dimension::every().flat_map(|dimension| told_elements(dimension, role(segment)));
    let mut elements: Vec<_> = match_elements(Preset::Full, segment).into_iter().chain(told).collect();
    elements.sort_unstable();
    elements.dedup();
    elements
}

fn study_text(question: &Question, codes: &[MemberCode], agreement: Digest) -> String {
    let quoted =
        |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let by: Vec<String> = question.by.iter().map(|word| (*word).to_owned()).collect();
    let mut text = format!(
        "format = \"passage-study/2\"\ntitle = \"College-going\"\nagreement = \"{agreement}\"\n\
         purpose = \"improving-instruction\"\ncohorts = [{}]\npreset = \"{}\"\n{}committee = {}\n[[table]]\nmetric = \"{}\"\nversion = 1\nby = [{}]\n",
        quoted(&question.cohorts),
        question.preset,
        if question.bridges { "bridges = true\n" } else { "" },
        question.committee,
        question.metric,
        quoted(&by)
    );
    if let Some(beside) = question.beside {
        text.push_str(&format!("[[table]]\nmetric = \"{beside}\"\nversion = 1\nby = [{}]\n", quoted(&by)));
    }
    for (code, segment) in codes.iter().zip(&question.segments) {
        let role = match role(*segment) {
            Role::Sender => "sender",
            Role::Receiver => "receiver",
        };
        text.push_str(&format!("[[participant]]\ncode = \"{code}\"\nrole = \"{role}\"\n"));
        if question.by.contains(&"school") && role == "sender" {
            let listed = question.schools.iter();
            let listed = listed.map(|(code, name)| format!("{{ code = \"{code}\", name = \"{name}\" }}"));
            text.push_str(&format!("schools = [{}]\n", listed.collect::<Vec<_>>().join(", ")));
        }
    }
    text
}
