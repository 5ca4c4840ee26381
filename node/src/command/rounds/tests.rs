//! What leaves, as it is told; how fast the work goes.

use passage_protocol::{
    agreement::{Agreement, Study, agreement_digest, study_digest},
    group::CommitteeKeys,
    ids::{Digest, MemberCode},
    manifest::{
        Manifest, Opening,
        opening::{Answer as Answered, CallSeat, KeyShareMessage, Reveal, RoundCall, draw_commitment},
        shapes,
    },
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
};

use super::*;

#[test]
fn pace_is_unknown_before_the_first_row() {
    assert_eq!(pace(0, 900, Duration::from_secs(3)), (0, None));
    assert_eq!(pace(300, 900, Duration::from_secs(3)), (100, Some(6)));
    assert_eq!(pace(900, 900, Duration::ZERO), (900_000, Some(0)));
    assert_eq!(pace(2, 900, Duration::from_secs(3)), (0, None));
}

/// The school and the college of the annotated example, which name these keys.
const SCHOOL: MemberCode = MemberCode([0, 0, 0, 0, 1]);
const COLLEGE: MemberCode = MemberCode([0, 0, 0, 0, 2]);

/// The manifest of a round of the example's study: a school with 1,510 students, a college with 922.
fn example_manifest() -> Manifest {
    let text = include_str!("../../../../deploy/config/agreement.example.toml");
    let agreement = Agreement::parse(text).unwrap();
    let digest = agreement_digest(text);
    let study_text = include_str!("../../../../deploy/config/study.example.toml")
        .replace(&"0123456789abcdef".repeat(4), &digest.to_string());
    let study = Study::parse(&study_text).unwrap();
    let key = |code: MemberCode| SigningKey::generate([code.0[4]; 32]);
    let opened = Timestamp(1_795_000_000);
    let seats = [SCHOOL, COLLEGE].map(|code| CallSeat { code, signing_key: key(code).verifying_key() });
    let call = RoundCall {
        round: RoundId([9; 16]),
        study: study_digest(&study_text),
        agreement: digest,
        share_list: Digest([0; 32]),
        seats: seats.to_vec(),
        opened,
        deadline: opened.plus_s(86_400),
    };
    let (round, columns) = (call.round, shapes::column_keys(&study).len());
    let (mut answers, mut reveals, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (code, rows) in [(SCHOOL, 1_510), (COLLEGE, 922)] {
        let (nonce, key) = ([code.0[4]; 32], key(code));
        let commitment = draw_commitment(&nonce);
        let answer =
            Answered { round, rows, hpke_key: [7; 32], commitment, insists: true, opted_out: 0, unusable: 0 };
        let share =
            KeyShareMessage { round, share: CommitteeKeys::generate(columns, nonce).share(&round, &code) };
        answers.push(Signed::new(answer, SignatureKind::RoundAnswer, Some(round), &key));
        reveals.push(Signed::new(Reveal { round, nonce }, SignatureKind::Reveal, Some(round), &key));
        shares.push(Signed::new(share, SignatureKind::KeyShare, Some(round), &key));
    }
    Manifest::compute(&agreement, &study, &Opening { call, answers, reveals, shares }).unwrap()
}

#[test]
fn what_leaves_is_told_as_a_superintendent_reads_it() {
    let manifest = example_manifest();
    let mut told = String::new();
    for code in [SCHOOL, COLLEGE] {
        let account = Account::of(&manifest, manifest.participant(code).unwrap()).unwrap();
        told.push_str(&format!("{code}\n{}\n\n", page(&account)));
    }
    let golden = include_str!("../../../tests/golden/what-leaves.txt");
    assert!(told == golden, "what leaves is told in other words; look at them, then keep them:\n{told}");
}

#[test]
fn what_leaves_names_the_lists_through_which_students_are_looked_for() {
    let mut manifest = example_manifest();
    let agency = MemberCode([0, 0, 0, 0, 3]);
    let third = passage_protocol::manifest::Seat { code: agency, ..manifest.seats[1].clone() };
    manifest.seats.push(third);
    manifest.bridges = vec![passage_protocol::manifest::Bridge { sender: 0, receiver: 2, through: vec![1] }];
    for (me, code) in [(0, SCHOOL), (1, COLLEGE)] {
        let account = Account::of(&manifest, me).unwrap();
        let told = page(&account);
        let line = format!(
            "a student of {SCHOOL} whom {agency} does not know by a shared key is looked for there through the list of {COLLEGE}\n"
        );
        assert!(told.contains(&line), "{code}: {told}");
        assert_eq!(bridge_facts(&account.bridges[0])["through"], json!([COLLEGE.to_string()]));
    }
}
