//! Faults while a round is opened (SPEC §5).

use harness::{
    federation::{Ending, Federation, Setup},
    forge::{OnMail, OnPost, resigned, saying},
    sim_net::Manners,
};
use passage_coordinator::error::CoordinatorError;
use passage_protocol::{
    agreement::Segment::{Cc, K12, Univ},
    codec::Encode,
    group::CommitteeKeys,
    ids::{Digest, MemberCode},
    manifest::opening::ROWS_MAX,
    refusal::{Code, Refusal},
    round::{AbortReason, CoordinatorInput, CoordinatorRound, Plans},
    signing::{SignatureKind, SigningKey},
    wire::{Envelope, Message},
};

use super::{HOSTILE, assert_abort, assert_nothing_released, last_ending, pair};

/// Changes what the hostile member posts, where `change` has something to say about it.
fn posting(
    mut change: impl FnMut(&Envelope, &SigningKey) -> Option<Vec<Message>> + 'static,
) -> OnPost<impl FnMut(usize, Envelope, &SigningKey) -> Vec<Envelope>> {
    OnPost(move |member, envelope, key: &SigningKey| {
        let messages = if member == HOSTILE { change(&envelope, key) } else { None };
        match messages {
            None => vec![envelope],
            Some(messages) => messages.into_iter().map(|message| saying(&envelope, message)).collect(),
        }
    })
}

#[test]
fn a_reveal_that_does_not_open_its_commitment() {
    let mischief = posting(|envelope, key| match &envelope.message {
        Message::Reveal(reveal) => Some(vec![Message::Reveal(resigned(
            reveal,
            SignatureKind::Reveal,
            envelope.round,
            key,
            |reveal| reveal.nonce = [9; 32],
        ))]),
        _ => None,
    });
    assert_abort(pair(201, mischief), 0x0501, HOSTILE);
}

#[test]
fn a_key_share_without_possession_of_the_key() {
    let mischief = posting(|envelope, key| match &envelope.message {
        // Points and proofs of somebody else: the proofs are good, and bound to another code.
        Message::KeyShare(share) => {
            let other = CommitteeKeys::generate(share.value().share.points().len(), [3; 32]);
            let stolen = other.share(&envelope.round, &MemberCode([1; 5]));
            let kind = SignatureKind::KeyShare;
            let share = resigned(share, kind, envelope.round, key, |share| share.share = stolen);
            Some(vec![Message::KeyShare(share)])
        }
        _ => None,
    });
    assert_abort(pair(202, mischief), 0x0506, HOSTILE);
}

#[test]
fn a_key_share_for_too_few_columns() {
    let mischief = posting(|envelope, key| match &envelope.message {
        Message::KeyShare(share) => {
            let code = MemberCode([7, 0, 0, 0, 2]);
            let short = CommitteeKeys::generate(1, [3; 32]).share(&envelope.round, &code);
            let kind = SignatureKind::KeyShare;
            let share = resigned(share, kind, envelope.round, key, |share| share.share = short);
            Some(vec![Message::KeyShare(share)])
        }
        _ => None,
    });
    assert_abort(pair(203, mischief), 0x0506, HOSTILE);
}

#[test]
fn an_answer_signed_with_another_key() {
    let mischief = posting(|envelope, _| match &envelope.message {
        Message::Answer(answer) => {
            let other = SigningKey::generate([8; 32]);
            let kind = SignatureKind::RoundAnswer;
            Some(vec![Message::Answer(resigned(answer, kind, envelope.round, &other, |_| {}))])
        }
        _ => None,
    });
    assert_abort(pair(204, mischief), 0x0504, HOSTILE);
}

#[test]
fn an_answer_that_announces_more_rows_than_any_list_may_have() {
    let mischief = posting(|envelope, key| match &envelope.message {
        Message::Answer(answer) => {
            let kind = SignatureKind::RoundAnswer;
            let change =
                |answer: &mut passage_protocol::manifest::opening::Answer| answer.rows = ROWS_MAX + 1;
            Some(vec![Message::Answer(resigned(answer, kind, envelope.round, key, change))])
        }
        _ => None,
    });
    assert_abort(pair(205, mischief), 0x0508, HOSTILE);
}

#[test]
fn a_second_different_answer() {
    let mischief = posting(|envelope, key| match &envelope.message {
        Message::Answer(answer) => {
            let kind = SignatureKind::RoundAnswer;
            let second = resigned(answer, kind, envelope.round, key, |answer| answer.opted_out += 40);
            Some(vec![envelope.message.clone(), Message::Answer(second)])
        }
        _ => None,
    });
    let setup = Setup {
        mischief: Box::new(mischief),
        manners: Manners::Favour(HOSTILE),
        ..Setup::of(&[(K12, 20), (Cc, 6), (Univ, 6)], 206)
    };
    assert_abort(setup, 0x0C07, HOSTILE);
}

#[test]
fn the_same_answer_twice_changes_nothing() {
    let mischief = posting(|envelope, _| match &envelope.message {
        Message::Answer(_) => Some(vec![envelope.message.clone(), envelope.message.clone()]),
        _ => None,
    });
    let federation = Federation::played(pair(207, mischief));
    let _ = federation.released();
}

#[test]
fn an_endorsement_of_another_manifest() {
    let mischief = posting(|envelope, key| match &envelope.message {
        Message::Endorsement { .. } => {
            let manifest = Digest([5; 32]);
            let signature = key.sign(SignatureKind::Manifest, Some(envelope.round), &manifest.to_bytes());
            Some(vec![Message::Endorsement { manifest, signature }])
        }
        _ => None,
    });
    assert_abort(pair(208, mischief), 0x0C06, HOSTILE);
}

#[test]
fn an_endorsement_with_a_forged_signature() {
    let mischief = posting(|envelope, _| match &envelope.message {
        Message::Endorsement { manifest, .. } => {
            let other = SigningKey::generate([8; 32]);
            let kind = SignatureKind::Manifest;
            let signature = other.sign(kind, Some(envelope.round), &manifest.to_bytes());
            Some(vec![Message::Endorsement { manifest: *manifest, signature }])
        }
        _ => None,
    });
    assert_abort(pair(209, mischief), 0x0C08, HOSTILE);
}

#[test]
fn a_message_that_the_state_does_not_expect() {
    let mischief = posting(|envelope, _| match &envelope.message {
        Message::Answer(_) => Some(vec![Message::Answers(Vec::new())]),
        _ => None,
    });
    assert_abort(pair(210, mischief), 0x0C02, HOSTILE);
}

#[test]
fn a_coordinator_that_relays_an_answer_its_owner_did_not_give() {
    // It cannot sign for the member, so all it can do is leave one out or repeat another's.
    let mischief = OnMail(|_, envelope: Envelope, _: &mut _| match &envelope.message {
        Message::Answers(answers) => {
            let doubled = vec![answers[0].clone(), answers[0].clone()];
            saying(&envelope, Message::Answers(doubled))
        }
        _ => envelope,
    });
    let federation = Federation::played(pair(211, mischief));
    assert!(matches!(last_ending(&federation), Ending::Aborted { code: Code(0x0504), .. }));
    assert_nothing_released(&federation);
}

#[test]
fn a_coordinator_that_shows_members_different_committees() {
    // Swapping two good reveals breaks both commitments.
    let mischief = OnMail(|member, envelope: Envelope, _: &mut _| match &envelope.message {
        Message::Reveals(reveals) if member == 0 => {
            saying(&envelope, Message::Reveals(reveals.iter().rev().cloned().collect()))
        }
        _ => envelope,
    });
    let federation = Federation::played(pair(212, mischief));
    assert!(matches!(last_ending(&federation), Ending::Aborted { code: Code(0x0504), .. }));
    assert_nothing_released(&federation);
}

#[test]
fn a_message_from_a_stranger_is_refused_and_the_round_goes_on() {
    let mut federation = Federation::new(pair(213, harness::mischief::Honest));
    let round = federation.open();
    let stranger = MemberCode([6; 5]);
    let message = Message::Abort(passage_protocol::wire::AbortNotice { code: Code(0x0C04), fault: None });
    let envelope = Envelope { round, from: Some(stranger), message };
    let now = federation.now();
    let refused = federation.coordinator.post(&federation.shared.faults, stranger, envelope, now);
    let unknown = harness::coordinator_host::Unanswered::Refused(CoordinatorError::RoundUnknown);
    assert_eq!(refused.unwrap_err(), unknown);
    federation.run();
    let _ = federation.released();
}

#[test]
fn the_engine_itself_names_a_stranger() {
    let mut federation = Federation::new(pair(214, harness::mischief::Honest));
    federation.open();
    let (_, record) = federation.coordinator.rounds().remove(0);
    let passage_coordinator::records::Standing::Running(state) = record.standing else { panic!("running") };
    let papers = &federation.shared.papers;
    let plans = Plans { agreement: &papers.agreement, study: &papers.study };
    let stranger = MemberCode([6; 5]);
    let message =
        Message::Result { report: passage_protocol::wire::BlobRef { digest: Digest([0; 32]), bytes: 1 } };
    let input = CoordinatorInput::Message { from: stranger, message };
    let abort = CoordinatorRound::clone(&state).step(plans, federation.now(), input).unwrap_err();
    assert_eq!((abort.reason, abort.fault), (AbortReason::UnexpectedMessage, Some(stranger)));
    assert_eq!(abort.code(), Code(0x0C02));
}

#[test]
fn a_person_who_halts_ends_the_round_for_everybody() {
    let mut federation = Federation::new(pair(215, harness::mischief::Honest));
    federation.open();
    // Let the round get under way, then stop it.
    let now = federation.now();
    for index in 0..2 {
        let (code, cursor) = (federation.members[index].code, federation.members[index].cursor());
        let entry = federation.coordinator.next_mail(code, cursor).unwrap();
        federation.members[index].deliver(entry.number, entry.envelope, now).unwrap();
    }
    federation.members[0].halt(now).unwrap();
    federation.run();
    let fault = Some(federation.code(0));
    assert_eq!(last_ending(&federation), Ending::Aborted { code: Code(0x0C04), fault });
    assert_nothing_released(&federation);
    assert_eq!(federation.endings().len(), 1, "a round that a person stopped is not opened again");
}

#[test]
fn a_member_that_falls_silent_costs_the_round_its_time() {
    let mischief = posting(|envelope, _| match &envelope.message {
        Message::Reveal(_) => Some(Vec::new()),
        _ => None,
    });
    let mut federation = Federation::played(pair(216, mischief));
    assert!(matches!(last_ending(&federation), Ending::Running(_)));
    federation.misbehave(Box::new(harness::mischief::Honest));
    federation.pass_the_deadline();
    // The round is opened again by itself, and this time everybody speaks.
    assert_eq!(federation.endings()[0].1, Ending::Aborted { code: Code(0x0C01), fault: None });
    let _ = federation.released();
}
