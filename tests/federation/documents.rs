//! What strangers send that is no message: agreements and studies as text (relayed by the coordinator, proposed by anybody) and
//! the certificate request of a join. Of any kind, or good ones with damage: nothing panics, what is accepted keeps every rule
//! of its format, and what is refused is refused in one short line of plain text.

use std::sync::OnceLock;

use harness::{
    federation::Setup,
    papers::{Noise, Papers},
};
use passage_protocol::{
    agreement::{
        Agreement, ConsentRecord, NoiseTerms, Role,
        Segment::{Cc, K12, Univ},
        Study,
        page::{Shown, text},
    },
    document::{DOCUMENT_BYTES_MAX, DocumentError},
    ids::{Digest, MemberCode},
    refusal::Refusal,
    timestamp::{Date, Timestamp},
};
use passage_shell::pki::{Authority, KeyFile, PkiError};
use proptest::prelude::*;

use crate::decoders::{damage, damaged};

/// Agreements and studies that parse.
fn samples() -> &'static [String] {
    static SAMPLES: OnceLock<Vec<String>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut texts = Vec::new();
        for (noise, seed) in [(Noise::None, 801), (Noise::Epsilon("2"), 802)] {
            let mut setup = Setup::of(&[(K12, 0), (Cc, 0), (Univ, 0)], seed);
            setup.question.noise = noise;
            let papers = Papers::write(&setup.question, seed);
            texts.extend([papers.agreement_text, papers.study_text]);
        }
        texts
    })
}

/// A line of a document that somebody changed with an editor in hand.
#[derive(Clone, Debug)]
enum Edit {
    Drop(usize),
    Repeat(usize),
    Swap(usize, usize),
    Value(usize, &'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let values = prop::sample::select(&VALUES[..]);
    prop_oneof![
        any::<usize>().prop_map(Edit::Drop),
        any::<usize>().prop_map(Edit::Repeat),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Edit::Swap(one, other)),
        (any::<usize>(), values).prop_map(|(line, value)| Edit::Value(line, value)),
    ]
}

/// Right in one place of a document or another, at an edge, or nowhere.
const VALUES: [&str; 24] = [
    "0",
    "1",
    "2",
    "4",
    "5",
    "16",
    "17",
    "1000",
    "1001",
    "3660",
    "3661",
    "-1",
    "65536",
    "18446744073709551616",
    "nan",
    "true",
    "\"\"",
    "\" \"",
    "\"2\"",
    "\"1e-400\"",
    "\"2026-02-30\"",
    "\"M-00000000\"",
    "[]",
    "{ kind = \"none\", consent = \"yes\" }",
];

fn edited(sample: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = sample.lines().map(str::to_owned).collect();
    for edit in edits {
        let count = lines.len().max(1);
        match edit {
            Edit::Drop(line) => {
                drop(lines.splice((line % count).min(lines.len())..(line % count + 1).min(lines.len()), []))
            }
            Edit::Repeat(line) => lines.extend(lines.get(line % count).cloned()),
            Edit::Swap(one, other) if !lines.is_empty() => lines.swap(one % count, other % count),
            Edit::Swap(..) => {}
            Edit::Value(line, value) => {
                if let Some(line) = lines.get_mut(line % count)
                    && let Some((key, _)) = line.split_once('=')
                {
                    *line = format!("{key}= {value}");
                }
            }
        }
    }
    lines.join("\n")
}

/// Reads a text as both kinds of document and checks what comes of it.
fn read(text: &str) -> Result<(), TestCaseError> {
    match Agreement::parse(text) {
        Ok(agreement) => sound_agreement(&agreement)?,
        Err(refused) => plain_refusal(&refused)?,
    }
    match Study::parse(text) {
        Ok(study) => sound_study(&study)?,
        Err(refused) => plain_refusal(&refused)?,
    }
    Ok(())
}

/// Every promise an accepted agreement makes to the code behind it.
fn sound_agreement(agreement: &Agreement) -> Result<(), TestCaseError> {
    prop_assert!(agreement.floor >= 5 && agreement.committee_min >= 2 && agreement.retention_days >= 1);
    prop_assert!(agreement.effective < agreement.expires);
    prop_assert!(!agreement.title.trim().is_empty() && !agreement.scope.trim().is_empty());
    let codes: Vec<MemberCode> = agreement.parties.iter().map(|party| party.code).collect();
    distinct(&codes)?;
    for share in &agreement.shares {
        prop_assert!(codes.contains(&share.from) && codes.contains(&share.to) && share.from != share.to);
    }
    // What a person reads and signs neither steers a terminal nor leaves out who signs and whom to call.
    let consents = ConsentRecord::new(Digest([0; 32]));
    let today = Date { year: 2026, month: 11, day: 18 };
    let page =
        text(&Shown { agreement, digest: Digest([0; 32]), consents: &consents, destroyed: &[], today });
    prop_assert!(!page.chars().any(|one| one.is_control() && one != '\n'));
    for party in &agreement.parties {
        prop_assert!(!party.signers.is_empty() && !party.breach_contact.trim().is_empty());
    }
    match &agreement.noise {
        NoiseTerms::None { consent } => prop_assert!(consent.trim().len() >= 20, "{consent}"),
        NoiseTerms::Laplace { epsilon_milli, delta_ppt, budget_milli } => {
            prop_assert!(*epsilon_milli >= 1 && *delta_ppt >= 1 && *budget_milli >= 1);
        }
    }
    Ok(())
}

fn sound_study(study: &Study) -> Result<(), TestCaseError> {
    let codes: Vec<MemberCode> = study.participants.iter().map(|one| one.code).collect();
    distinct(&codes)?;
    let has = |role| study.participants.iter().any(|one| one.role == role);
    prop_assert!(has(Role::Sender) && has(Role::Receiver));
    prop_assert!(usize::from(study.committee) <= codes.len() && study.committee >= 2);
    prop_assert!((1..=16).contains(&study.tables.len()) && (1..=16).contains(&study.cohorts.len()));
    prop_assert!(study.cohorts.is_sorted_by(|one, next| one < next));
    Ok(())
}

fn distinct(codes: &[MemberCode]) -> Result<(), TestCaseError> {
    let mut sorted = codes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    prop_assert!(sorted.len() == codes.len() && codes.len() >= 2);
    Ok(())
}

/// A refusal is shown on a terminal and logged: it may not carry a stranger's megabyte, nor steer the terminal.
fn plain_refusal(refused: &DocumentError) -> Result<(), TestCaseError> {
    let text = refused.to_string();
    prop_assert!(
        (0x0401..=0x0404).contains(&refused.code().0) || matches!(refused.code().0, 0x0420 | 0x0421),
        "{text}"
    );
    prop_assert!(text.chars().count() <= 500, "{} letters: {:.200}", text.len(), text);
    prop_assert!(!text.chars().any(char::is_control), "{text:?}");
    Ok(())
}

#[test]
fn the_samples_are_good_and_an_edit_can_leave_them_good() {
    for pair in samples().chunks(2) {
        Agreement::parse(&pair[0]).unwrap();
        Study::parse(&pair[1]).unwrap();
    }
    let line = samples()[0].lines().position(|line| line.starts_with("retention_days")).unwrap();
    let kept = Agreement::parse(&edited(&samples()[0], &[Edit::Value(line, "3660")])).unwrap();
    assert_eq!(kept.retention_days, 3_660);
    let refused = Agreement::parse(&edited(&samples()[0], &[Edit::Value(line, "3661")])).unwrap_err();
    assert_eq!((refused.code().0, refused.rule()), (0x0421, Some("F3")));
}

#[test]
fn documents_made_to_exhaust_their_reader_are_refused() {
    let study = &samples()[1];
    let (deep, long) = ("[".repeat(400_000), "a".repeat(900_000));
    for hostile in [
        format!("{study}\nx = {deep}"),
        format!("{study}\n[{}a]\ny = 1", "a.".repeat(200_000)),
        format!("{}a = 1\n{study}", "a.".repeat(200_000)),
        format!("x = {}\n{study}", "{a=".repeat(200_000)),
        format!("{long} = 1\n{study}"),
        format!("\"{}\" = 1\n{study}", "a`".repeat(400_000)),
        format!("\"{}\" = 1\n{study}", "\\u001b[2J".repeat(50_000)),
        study.replace("committee = 2", &format!("committee = \"{long}\"")),
        samples()[0].replace("\"birth-date\"", &format!("\"{long}\"")),
        samples()[0].replace("title = \"Registrar\"", "title = \"\\u001b[2J\""),
        study.replace("role = \"sender\"", &format!("role = \"{long}\"")),
        " ".repeat(DOCUMENT_BYTES_MAX + 1),
    ] {
        plain_refusal(&Agreement::parse(&hostile).unwrap_err()).unwrap();
        plain_refusal(&Study::parse(&hostile).unwrap_err()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_no_document(text in "(?s).{0,300}", like in "([a-z_.]{1,12} ?= ?([0-9\"\\[\\]{}, .e-]{0,12})\n|\\[\\[?[a-z.]{0,9}\\]?\\]?\n){0,12}") {
        for text in [text, like] {
            prop_assert!(Agreement::parse(&text).is_err() && Study::parse(&text).is_err());
            read(&text)?;
        }
    }

    #[test]
    fn damaged_documents_keep_every_rule_or_are_refused(
        which in any::<prop::sample::Index>(),
        edits in proptest::collection::vec(edit(), 0..4),
        damages in proptest::collection::vec(damage(), 0..2),
    ) {
        let sample: &String = which.get(samples());
        let text = edited(sample, &edits);
        read(&text)?;
        read(&String::from_utf8_lossy(&damaged(text.as_bytes(), &damages)))?;
    }

    #[test]
    fn a_certificate_is_issued_for_the_key_that_signed_its_request_or_not_at_all(
        arbitrary in proptest::collection::vec(any::<u8>(), 0..300),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let (authority, request) = office();
        for request in [&arbitrary, &damaged(request, &damages)] {
            match authority.issue_member(request, MemberCode([7; 5]), NOW) {
                // Damage outside what is signed changes nothing: the key is the requester's, the name is the office's.
                Ok((certificate, _)) => {
                    prop_assert!(contains(&certificate, key_of(&office().1)));
                    prop_assert!(contains(&certificate, MemberCode([7; 5]).to_string().as_bytes()));
                }
                Err(refused) => prop_assert_eq!(refused, PkiError::RequestRefused),
            }
        }
    }
}

#[test]
fn a_request_for_anothers_key_is_refused() {
    let (authority, request) = office();
    authority.issue_member(request, MemberCode([7; 5]), NOW).unwrap();
    let other = KeyFile::generate().unwrap().request().unwrap();
    let mut stolen = request.clone();
    let at = position(&stolen, key_of(request)).unwrap();
    stolen[at..at + 32].copy_from_slice(key_of(&other));
    let refused = authority.issue_member(&stolen, MemberCode([7; 5]), NOW).unwrap_err();
    assert_eq!(refused, PkiError::RequestRefused);
}

const NOW: Timestamp = Timestamp(1_788_249_600);

/// An authority and a good request.
fn office() -> &'static (Authority, Vec<u8>) {
    static OFFICE: OnceLock<(Authority, Vec<u8>)> = OnceLock::new();
    OFFICE.get_or_init(|| {
        (Authority::create("Test", NOW).unwrap(), KeyFile::generate().unwrap().request().unwrap())
    })
}

/// The public key in a certificate request: what follows the algorithm Ed25519 and the head of its bit string.
fn key_of(request: &[u8]) -> &[u8] {
    const HEAD: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];
    let at = position(request, &HEAD).unwrap() + HEAD.len();
    &request[at..at + 32]
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    position(bytes, wanted).is_some()
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
