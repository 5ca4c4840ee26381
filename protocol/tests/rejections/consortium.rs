//! A school and a college whose keys, answers and shares all come from fixed seeds.

use passage_protocol::{
    agreement::{Agreement, Study, agreement_digest, study_digest},
    codec::Encode,
    group::{CollectiveKeys, CommitteeKeys, KeyShare},
    ids::{Digest, MemberCode, RoundId},
    manifest::{
        Manifest, Opening,
        opening::{Answer, CallSeat, KeyShareMessage, Reveal, RoundCall, draw_commitment},
    },
    round::Plans,
    signing::{Signature, SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
};

/// The round of every vector.
pub(crate) const ROUND: RoundId = RoundId([9; 16]);
/// The school, a sender, and the college, a receiver.
pub(crate) const CODES: [MemberCode; 2] = [MemberCode([0, 0, 0, 0, 1]), MemberCode([0, 0, 0, 0, 2])];
/// Rows of each list.
pub(crate) const ROWS: [u32; 2] = [12, 10];
/// Column keys of the study: one window, one cell.
pub(crate) const COLUMNS: usize = 2;

/// A member's signing key; there is a third one, of a stranger.
pub(crate) fn signing_key(member: u8) -> SigningKey {
    SigningKey::generate([10 + member; 32])
}

/// A member's secrets of the round.
pub(crate) fn committee_keys(member: u8) -> CommitteeKeys {
    CommitteeKeys::generate(COLUMNS, [20 + member; 32])
}

/// A member's public share.
pub(crate) fn key_share(member: u8) -> KeyShare {
    committee_keys(member).share(&ROUND, &CODES[usize::from(member)])
}

/// The committee's joint keys.
pub(crate) fn collective() -> CollectiveKeys {
    CollectiveKeys::combine(&[key_share(0), key_share(1)]).unwrap()
}

/// The agreement's text: the annotated example without its notes, for the keys of this consortium.
pub(crate) fn agreement_text() -> String {
    let example = include_str!("../../../deploy/config/agreement.example.toml");
    let mut text: String = (example.lines())
        .filter(|line| !line.starts_with('#') && !line.is_empty() && !line.starts_with("amends"))
        .map(|line| line.split(" #").next().unwrap_or(line).trim_end().to_owned() + "\n")
        .collect();
    for member in 0..2 {
        let named = SigningKey::generate([member + 1; 32]).verifying_key().to_string();
        assert!(text.contains(&named), "the example names another key");
        text = text.replace(&named, &signing_key(member).verifying_key().to_string());
    }
    text
}

/// The study's text.
pub(crate) fn study_text() -> String {
    let agreement = agreement_digest(&agreement_text());
    let [sender, receiver] = CODES;
    format!(
        "format = \"passage-study/2\"\ntitle = \"College-going\"\nagreement = \"{agreement}\"\n\
         purpose = \"improving-instruction\"\ncohorts = [\"2022-2023\"]\npreset = \"basic\"\ncommittee = 2\n\
         [[participant]]\ncode = \"{sender}\"\nrole = \"sender\"\n\
         [[participant]]\ncode = \"{receiver}\"\nrole = \"receiver\"\n\
         [[table]]\nmetric = \"college-going-12\"\nversion = 1\nby = [\"all\"]\n"
    )
}

/// The documents, parsed.
pub(crate) struct Documents {
    pub(crate) agreement: Agreement,
    pub(crate) study: Study,
}

impl Documents {
    pub(crate) fn parse(agreement: &str, study: &str) -> Self {
        Self { agreement: Agreement::parse(agreement).unwrap(), study: Study::parse(study).unwrap() }
    }

    pub(crate) fn plans(&self) -> Plans<'_> {
        Plans { agreement: &self.agreement, study: &self.study }
    }
}

/// The consortium's documents.
pub(crate) fn documents() -> Documents {
    Documents::parse(&agreement_text(), &study_text())
}

/// The coordinator's call.
pub(crate) fn call() -> RoundCall {
    let seat = |(member, code): (u8, MemberCode)| CallSeat {
        code,
        signing_key: signing_key(member).verifying_key(),
    };
    RoundCall {
        round: ROUND,
        study: study_digest(&study_text()),
        agreement: agreement_digest(&agreement_text()),
        share_list: Digest([6; 32]),
        seats: (0..).zip(CODES).map(seat).collect(),
        opened: Timestamp(1_000),
        deadline: Timestamp(2_000),
    }
}

fn nonce(member: u8) -> [u8; 32] {
    [30 + member; 32]
}

/// A member's answer; both insist, so the committee is both of them in participant order.
pub(crate) fn answer(member: u8) -> Answer {
    Answer {
        round: ROUND,
        rows: ROWS[usize::from(member)],
        hpke_key: passage_protocol::seal::RecipientKey::generate([40 + member; 32]).public(),
        commitment: draw_commitment(&nonce(member)),
        insists: true,
        opted_out: 0,
        unusable: 0,
    }
}

/// A member's reveal.
pub(crate) fn reveal(member: u8) -> Reveal {
    Reveal { round: ROUND, nonce: nonce(member) }
}

/// A member's key share as it is sent.
pub(crate) fn share_message(member: u8) -> KeyShareMessage {
    KeyShareMessage { round: ROUND, share: key_share(member) }
}

/// Signs in the round with the key of `member`.
pub(crate) fn signed<T: Encode + passage_protocol::codec::Decode>(
    value: T,
    kind: SignatureKind,
    member: u8,
) -> Signed<T> {
    Signed::new(value, kind, Some(ROUND), &signing_key(member))
}

/// All that was said while the round was opened.
pub(crate) fn opening() -> Opening {
    Opening {
        call: call(),
        answers: (0..2).map(|member| signed(answer(member), SignatureKind::RoundAnswer, member)).collect(),
        reveals: (0..2).map(|member| signed(reveal(member), SignatureKind::Reveal, member)).collect(),
        shares: (0..2).map(|member| signed(share_message(member), SignatureKind::KeyShare, member)).collect(),
    }
}

/// The manifest that follows.
pub(crate) fn manifest() -> Manifest {
    let documents = documents();
    Manifest::compute(&documents.agreement, &documents.study, &opening()).unwrap()
}

/// A member's signature on a manifest.
pub(crate) fn endorsement(manifest: &Manifest, member: u8) -> Signature {
    signing_key(member).sign(SignatureKind::Manifest, Some(ROUND), &manifest.digest().to_bytes())
}
