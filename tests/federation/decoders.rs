//! Decoders meet bytes of any kind: random ones, and good ones with damage. None panics, and what decodes encodes to the very
//! same bytes, so that no two byte strings mean the same thing.

use std::{cell::RefCell, sync::OnceLock};

use harness::federation::{Federation, Setup};
use passage_coordinator::records::{RoundRecord, Standing};
use passage_protocol::{
    agreement::{
        Acceptance, AgreementSignature, ConsentStatement,
        Segment::{Cc, K12, Univ},
        Ticks, Withdrawal,
        principles::PrinciplesSignature,
    },
    checkpoint::{self, Checkpoint, CheckpointCall, Head, LogOwner, Told},
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::{Manifest, Opening},
    report::Report,
    retention::{Destruction, Ended},
    round::{CoordinatorRound, MemberRound},
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
    wire::{
        BlobRef, Envelope, Message, Proposal, ReleaseFormat, ReleaseName, ReleasePapers, ReleaseSaid,
        ReleaseSaying, ReleaseStatus, ReleaseTold, ReleaseWord, Releases,
        governance::{AgreementStatus, Documents, State},
        limits::{BLOB_BYTES_MAX, SEALED_SHARE_BYTES_MAX},
        principles::{PrinciplesAsked, PrinciplesNews, PrinciplesProposal, PrinciplesSigned},
        service::{
            Destroyed, Destructions, DestructionsAsked, DocumentName, DocumentText, Join, Joined, Mail,
            MailEntry, Poll, Renew, Renewal, Renewed, RoundBlob,
        },
    },
};
use proptest::prelude::*;

/// Decodes, and encodes again if that worked; `None` if the bytes were refused.
type Cycle = fn(&[u8]) -> Option<Vec<u8>>;

fn cycle<T: Decode + Encode>(bytes: &[u8]) -> Option<Vec<u8>> {
    T::from_bytes(bytes).ok().map(|value| value.to_bytes())
}

const DECODERS: [(&str, Cycle); 32] = [
    ("envelope", cycle::<Envelope>),
    ("message", cycle::<Message>),
    ("manifest", cycle::<Manifest>),
    ("opening", cycle::<Opening>),
    ("coordinator's round", cycle::<CoordinatorRound>),
    ("round record", cycle::<RoundRecord>),
    ("report", cycle::<Report>),
    ("join", cycle::<Join>),
    ("joined", cycle::<Joined>),
    ("poll", cycle::<Poll>),
    ("mail", cycle::<Mail>),
    ("mail entry", cycle::<MailEntry>),
    ("round blob", cycle::<RoundBlob>),
    ("documents", cycle::<Documents>),
    ("agreement status", cycle::<AgreementStatus>),
    ("document name", cycle::<DocumentName>),
    ("document text", cycle::<DocumentText>),
    ("statement of a party", cycle::<State>),
    ("question about the principles", cycle::<PrinciplesAsked>),
    ("news of the principles", cycle::<PrinciplesNews>),
    ("signature on the principles", cycle::<PrinciplesSigned>),
    ("releases", cycle::<Releases>),
    ("name of a release", cycle::<ReleaseName>),
    ("release as told", cycle::<ReleaseTold>),
    ("said to a release", cycle::<ReleaseSaying>),
    ("call about logs", cycle::<CheckpointCall>),
    ("statement about a log", cycle::<Told>),
    ("word about a destruction", cycle::<Destroyed>),
    ("question about destructions", cycle::<DestructionsAsked>),
    ("words about destructions", cycle::<Destructions>),
    ("request for a certificate", cycle::<Renewal>),
    ("next certificate", cycle::<Renewed>),
];

/// Good bytes of every kind, gathered from a played round.
fn samples() -> &'static [Vec<u8>] {
    static SAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut federation = Federation::new(Setup::of(&[(K12, 20), (Cc, 5), (Univ, 5)], 701));
        federation.envelopes = Some(Vec::new());
        federation.coordinator.evidence = Some(Vec::new());
        federation.open();
        federation.run();
        let (_, reports) = federation.released();
        let opening = federation.opening();
        let envelopes = federation.envelopes.take().unwrap();
        let mut samples: Vec<Vec<u8>> = envelopes.iter().map(Encode::to_bytes).collect();
        samples.extend(envelopes.iter().map(|envelope| envelope.message.to_bytes()));
        samples.extend(reports.iter().map(Encode::to_bytes));
        let records = RefCell::new(Vec::new());
        for bytes in federation.coordinator.evidence.take().unwrap() {
            if let Ok(record) = RoundRecord::from_bytes(&bytes) {
                if let Standing::Running(round) = &record.standing {
                    records.borrow_mut().push(round.to_bytes());
                    records.borrow_mut().extend(round.manifest().map(Encode::to_bytes));
                }
                records.borrow_mut().push(bytes);
            }
        }
        samples.extend(records.into_inner());
        samples.push(opening.to_bytes());
        samples.extend(service_samples(envelopes[0].clone()));
        samples.sort();
        samples.dedup();
        samples
    })
}

fn service_samples(envelope: Envelope) -> Vec<Vec<u8>> {
    let (digest, code) = (Digest([3; 32]), MemberCode([1, 2, 3, 4, 5]));
    let blob = BlobRef { digest, bytes: 1_000 };
    let entry = MailEntry { number: 7, envelope };
    let statements = statements(digest, code);
    let status = AgreementStatus { digest, statements: statements.clone() };
    let signing_key = SigningKey::generate([1; 32]).verifying_key();
    let checkpoint = Checkpoint {
        owner: LogOwner::Coordinator,
        peer: LogOwner::Member(code),
        from: Head { number: 7, digest },
        head: Head { number: 7, digest }.after(digest),
        length: 9,
        held: Head::EMPTY,
        at: Timestamp(1_795_000_000),
    };
    let statement = checkpoint::Statement::sign(checkpoint, vec![digest], &SigningKey::generate([1; 32]));
    let key = SigningKey::generate([1; 32]);
    let word = Destruction {
        owner: LogOwner::Member(code),
        agreement: digest,
        about: Ended::Round(RoundId([8; 16])),
        due: Timestamp(1_795_000_000),
        at: Timestamp(1_795_000_100),
        complete: true,
        certificate: digest,
    }
    .sign(&key);
    let renew = Renew { member: code, request: vec![2; 90] };
    let said =
        PrinciplesSignature { document: digest, member: code, signer: "A. Person".into(), at: Timestamp(7) };
    let signature = Signed::new(said, SignatureKind::Principles, None, &SigningKey::generate([1; 32]));
    let proposals = vec![PrinciplesProposal { text: b"text".to_vec(), signatures: vec![signature.clone()] }];
    vec![
        PrinciplesAsked { after: 1, seen: digest }.to_bytes(),
        PrinciplesNews { unchanged: false, proposals }.to_bytes(),
        PrinciplesSigned { signature }.to_bytes(),
        Join { secret: vec![1; 16], request: vec![2; 90], signing_key }.to_bytes(),
        Joined {
            code,
            segment: K12,
            certificate: vec![3; 80],
            authority: vec![4; 80],
            revocations: vec![5; 40],
            coordinator_key: signing_key,
        }
        .to_bytes(),
        Poll { after: 9, wait_s: 60 }.to_bytes(),
        Mail { entries: vec![entry.clone(), entry.clone()] }.to_bytes(),
        entry.to_bytes(),
        RoundBlob { round: RoundId([8; 16]), blob }.to_bytes(),
        Documents { agreements: vec![status.clone()], studies: vec![digest], revocations: vec![6; 9] }
            .to_bytes(),
        status.to_bytes(),
        DocumentName { digest }.to_bytes(),
        DocumentText { text: b"format = \"x\"".to_vec() }.to_bytes(),
        State { statement: statements[0].clone() }.to_bytes(),
        CheckpointCall::Ask { held: Head { number: 7, digest } }.to_bytes(),
        CheckpointCall::Tell(Box::new(statement.clone())).to_bytes(),
        Told { key: signing_key, statement }.to_bytes(),
        Destroyed { word: word.clone() }.to_bytes(),
        DestructionsAsked {
            about: vec![(digest, Ended::Party(code)), (digest, Ended::Round(RoundId([8; 16])))],
        }
        .to_bytes(),
        Destructions { words: vec![word.clone(), word] }.to_bytes(),
        Renewal { renew: Signed::new(renew, SignatureKind::CertificateRenewal, None, &key) }.to_bytes(),
        Renewed { certificate: vec![7; 80] }.to_bytes(),
    ]
    .into_iter()
    .chain(release_samples(digest, code, blob))
    .collect()
}

fn release_samples(digest: Digest, code: MemberCode, blob: BlobRef) -> Vec<Vec<u8>> {
    let (round, at) = (RoundId([8; 16]), Timestamp(1_000));
    let proposal = Proposal {
        round,
        agreement: digest,
        study: digest,
        involved: vec![code],
        report: digest,
        format: ReleaseFormat::Csv,
        file: blob,
        notes: Some(blob),
        audience: "the public session".to_owned(),
        naming: vec![code],
        proposer: code,
        at,
        comments_until: at,
        lapses: at,
    };
    let papers = ReleasePapers { proposal, report: vec![7; 40] };
    let key = SigningKey::generate([1; 32]);
    let word = |said| {
        let word = ReleaseWord { release: digest, party: code, signer: "The Registrar".to_owned(), at, said };
        Signed::new(word, SignatureKind::ReleaseDecision, Some(round), &key)
    };
    let words: Vec<_> = said().into_iter().map(word).collect();
    vec![
        Releases { releases: vec![ReleaseStatus { release: digest, account: digest }] }.to_bytes(),
        ReleaseName { release: digest, papers: true }.to_bytes(),
        ReleaseTold { papers: Some(papers.clone()), words: words.clone() }.to_bytes(),
        ReleaseSaying { word: words[0].clone(), papers: Some(papers) }.to_bytes(),
    ]
}

/// One of each thing said to a release, in the order of their numbers.
pub(crate) fn said() -> Vec<ReleaseSaid> {
    vec![
        ReleaseSaid::Proposed,
        ReleaseSaid::Commented { text: "a remark".to_owned() },
        ReleaseSaid::Approved { no_disadvantage: true, named: false },
        ReleaseSaid::Refused { reason: String::new() },
        ReleaseSaid::Stands { comments: 1 },
    ]
}

/// One of each kind, in the order of their numbers.
pub(crate) fn statements(agreement: Digest, party: MemberCode) -> Vec<ConsentStatement> {
    let (key, at) = (SigningKey::generate([1; 32]), Timestamp(1_000));
    let signer = "The Registrar".to_owned();
    let signature = AgreementSignature { agreement, party, signer: signer.clone(), at };
    let choice = Acceptance {
        agreement,
        party,
        signer: signer.clone(),
        sequence: 1,
        previous: agreement,
        offers: Ticks::new([1, 2, 9]),
        accepts: Ticks::new([3]),
        at,
    };
    let withdrawal = Withdrawal { agreement, party, by: signer, at };
    vec![
        ConsentStatement::Signed(Signed::new(signature, SignatureKind::Agreement, None, &key)),
        ConsentStatement::Chose(Signed::new(choice, SignatureKind::ShareAcceptance, None, &key)),
        ConsentStatement::Withdrew(Signed::new(withdrawal, SignatureKind::Withdrawal, None, &key)),
    ]
}

#[test]
fn every_decoder_has_a_sample_that_it_reads() {
    for (name, decode) in DECODERS {
        let read =
            samples().iter().filter(|sample| decode(sample).is_some_and(|again| again == **sample)).count();
        assert!(read > 0, "no sample of {name}");
    }
    assert!(samples().len() > 100, "{} samples", samples().len());
}

/// One piece of damage to good bytes.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Cut(usize),
    Double(usize, usize),
    Flip(usize, u8),
    Grow(Vec<u8>),
    Number(usize, u32),
    Remove(usize, usize),
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), 1_usize..64).prop_map(|(at, count)| Damage::Double(at, count)),
        (any::<usize>(), 1_u8..=255).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        proptest::collection::vec(any::<u8>(), 1..9).prop_map(Damage::Grow),
        // Counts and lengths are what a decoder might believe too early.
        (any::<usize>(), prop_oneof![Just(u32::MAX), Just(1 << 31), Just(0), any::<u32>()])
            .prop_map(|(at, number)| Damage::Number(at, number)),
        (any::<usize>(), 1_usize..64).prop_map(|(at, count)| Damage::Remove(at, count)),
    ]
}

pub(crate) fn damaged(sample: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for damage in damages {
        let length = bytes.len().max(1);
        let span = |at: usize, count: usize| (at % length)..(at % length + count).min(bytes.len());
        match damage {
            Damage::Cut(at) => bytes.truncate(at % length),
            Damage::Double(at, count) => {
                let part = bytes[span(*at, *count)].to_vec();
                let place = at % length;
                bytes.splice(place..place, part);
            }
            Damage::Flip(at, bits) => {
                if let Some(byte) = bytes.get_mut(at % length) {
                    *byte ^= bits;
                }
            }
            Damage::Grow(more) => bytes.extend_from_slice(more),
            Damage::Number(at, number) => {
                let range = span(*at, 4);
                let width = range.len();
                bytes[range].copy_from_slice(&number.to_le_bytes()[..width]);
            }
            Damage::Remove(at, count) => {
                let range = span(*at, *count);
                bytes.drain(range);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    for (name, decode) in DECODERS {
        if let Some(again) = decode(bytes) {
            prop_assert_eq!(&again, bytes, "{} has two forms", name);
        }
    }
    // A member's stored state has no encoding of its own; it must only not panic.
    let _ = MemberRound::resume(bytes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_one_way_or_not_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes)?;
    }

    #[test]
    fn damaged_bytes_are_read_one_way_or_not_at_all(
        which in any::<prop::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let sample: &Vec<u8> = which.get(samples());
        check(&damaged(sample, &damages))?;
    }
}

#[test]
fn lengths_are_refused_before_anything_is_made_of_their_size() {
    // A list that announces four billion entries in a message of forty bytes.
    let mut mail = u32::MAX.to_bytes();
    mail.extend([0; 40]);
    let refused = Mail::from_bytes(&mail).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a list at byte 0 announces 4294967295 items, more than the bytes can hold"
    );
    // A blob beyond the limit cannot even be named.
    let named = |bytes| BlobRef { digest: Digest([0; 32]), bytes }.to_bytes();
    assert!(BlobRef::from_bytes(&named(BLOB_BYTES_MAX)).is_ok());
    assert!(BlobRef::from_bytes(&named(BLOB_BYTES_MAX + 1)).is_err());
    // A sealed share is short.
    let share = |bytes| Message::BlindShare { list: 0, to: 1, sealed: vec![0; bytes] }.to_bytes();
    assert!(Message::from_bytes(&share(SEALED_SHARE_BYTES_MAX)).is_ok());
    assert!(Message::from_bytes(&share(SEALED_SHARE_BYTES_MAX + 1)).is_err());
}
