//! Who must have said what, and when, before a report may leave.

use passage_protocol::{
    agreement::{Publication, Taken},
    codec::{Decode, Encode},
    refusal::Refusal,
    release::{Release, ReleaseError, ReleaseId, Standing},
    signing::{SignatureKind, Signed},
    wire::{Proposal, ReleaseSaid, ReleaseWord},
};

use crate::world::{DAY, NOW, World, YES, key, members, signer, word};

const ALL: [usize; 4] = [0, 1, 2, 3];

fn no() -> ReleaseSaid {
    ReleaseSaid::Refused { reason: String::new() }
}

#[test]
fn g07_it_leaves_when_every_member_said_yes_and_the_time_for_comments_is_over() {
    let mut world = World::new();
    world.approved_by(&ALL);
    let after = world.after();
    assert_eq!(world.standing(after), Standing::Approved { at: after });
    // G19: not a second earlier, by default five days after the proposal.
    let early = NOW.plus_s(5 * DAY - 1);
    assert_eq!(world.kept_inside_by(early), Some(("P045A".to_owned(), "G19")));
}

#[test]
fn g07_any_member_that_is_silent_keeps_it_inside_for_good() {
    for silent in ALL {
        let mut world = World::new();
        world.approved_by(&ALL.into_iter().filter(|member| *member != silent).collect::<Vec<_>>());
        let missing = vec![members()[silent]];
        let refused = world.standing(world.after()).require_approved(world.after()).unwrap_err();
        assert_eq!(refused, ReleaseError::Missing { members: missing });
        assert_eq!(refused.rule(), Some("G07"));
        let end = world.release.proposal().lapses;
        assert_eq!(world.standing(end.plus_s(1)), Standing::Lapsed { at: end });
        assert_eq!(world.kept_inside_by(end.plus_s(1)).unwrap().0, "P045C");
        // A yes that comes after the end does not wake it.
        world.say(silent, end.plus_s(2), YES).unwrap();
        world.say(silent, end.plus_s(2), ReleaseSaid::Stands { comments: 0 }).unwrap();
        assert_eq!(world.standing(end.plus_s(3)), Standing::Lapsed { at: end });
    }
}

#[test]
fn g07_any_member_that_refuses_keeps_it_inside_whatever_it_says_afterwards() {
    for member in ALL {
        let mut world = World::new();
        world.say(member, NOW.plus_s(60), no()).unwrap();
        world.approved_by(&ALL);
        let refused = Standing::Refused { by: members()[member], why: "refused" };
        assert_eq!(world.standing(world.after()), refused);
        assert_eq!(world.kept_inside_by(world.after()), Some(("P045B".to_owned(), "G07")));
    }
}

#[test]
fn g07_one_changed_byte_makes_every_approval_void() {
    let mut world = World::new();
    world.approved_by(&ALL);
    let mut changed = world.papers.proposal.clone();
    changed.file.digest.0[31] ^= 1;
    void_for(&world, &changed);
}

#[test]
fn g07_an_approval_is_bound_to_everything_in_the_proposal() {
    let mut world = World::new();
    world.approved_by(&ALL);
    let changes: [fn(&mut Proposal); 13] = [
        |proposal| proposal.round.0[0] ^= 1,
        |proposal| proposal.agreement.0[0] ^= 1,
        |proposal| proposal.study.0[0] ^= 1,
        |proposal| proposal.involved.truncate(3),
        |proposal| proposal.report.0[0] ^= 1,
        |proposal| proposal.format = passage_protocol::wire::ReleaseFormat::Csv,
        |proposal| proposal.file.bytes += 1,
        |proposal| proposal.notes = Some(proposal.file),
        |proposal| proposal.audience.push('.'),
        |proposal| proposal.naming.push(members()[1]),
        |proposal| proposal.proposer = members()[1],
        |proposal| proposal.at.0 -= 1,
        |proposal| proposal.comments_until.0 -= 1,
    ];
    for change in changes {
        let mut changed = world.papers.proposal.clone();
        change(&mut changed);
        void_for(&world, &changed);
    }
    let mut changed = world.papers.proposal.clone();
    changed.lapses.0 += 1;
    void_for(&world, &changed);
}

/// No word said to the first proposal counts for another.
fn void_for(world: &World, other: &Proposal) {
    let mut replayed = Release::new(other.clone(), NOW);
    assert_ne!(replayed.id(), world.release.id());
    for word in world.release.signed_words() {
        let member = word.value().party;
        assert_eq!(replayed.take(&world.agreement, word), Err(ReleaseError::NotItsOwn { member }));
    }
    assert_eq!(replayed.words().count(), 0);
}

#[test]
fn g07_what_the_coordinator_makes_up_counts_for_nothing() {
    let mut world = World::new();
    world.approved_by(&[0, 1, 2]);
    let forged = ReleaseError::NotItsOwn { member: members()[3] };
    let round = Some(world.release.proposal().round);
    let value = world.word(3, NOW, YES).value().clone();
    let kinds = [SignatureKind::Agreement, SignatureKind::RoundAnswer, SignatureKind::Withdrawal];
    let mut made_up = vec![word(&world.release, 3, &signer(3), NOW, YES, &key(2))];
    made_up.extend(kinds.map(|kind| Signed::new(value.clone(), kind, round, &key(3))));
    made_up.push(Signed::new(value, SignatureKind::ReleaseDecision, None, &key(3)));
    for word in &made_up {
        assert_eq!(world.release.take(&world.agreement, word), Err(forged.clone()));
    }
    // As part of an account, beside good words: the good ones are kept, the fault is told.
    let faults = world.release.learn(
        &world.agreement,
        &[world.release.signed_words().to_vec(), made_up].concat(),
        members()[0],
    );
    assert_eq!(faults, [forged]);
    assert_eq!(world.kept_inside_by(world.after()).unwrap().0, "P0459");
}

#[test]
fn g07_a_stranger_to_the_round_says_nothing() {
    let mut world = World::new();
    let mut proposal = world.papers.proposal.clone();
    proposal.involved.pop();
    world.release = Release::new(proposal, NOW);
    let refused = world.say(3, NOW, YES).unwrap_err();
    assert_eq!(refused, ReleaseError::NotItsOwn { member: members()[3] });
}

#[test]
fn g07_a_refusal_that_the_coordinator_hides_is_missed() {
    // A member says yes, takes it back in time, and the coordinator shows the yes alone.
    let mut honest = World::new();
    honest.approved_by(&[0, 1, 2]);
    honest.say(3, NOW.plus_s(DAY), YES).unwrap();
    let mut misled = honest.release.clone();
    honest.say(3, NOW.plus_s(2 * DAY), no()).unwrap();
    assert_eq!(honest.kept_inside_by(honest.after()).unwrap().0, "P045B");
    // The member's node says of no yes that was taken back that it stands, so the others wait for that in vain.
    let end = honest.release.proposal().lapses;
    let standing = misled.standing(&honest.consents, honest.after());
    assert_eq!(
        standing.require_approved(honest.after()),
        Err(ReleaseError::Missing { members: vec![members()[3]] })
    );
    assert_eq!(misled.standing(&honest.consents, end.plus_s(1)), Standing::Lapsed { at: end });
    // Who has seen the refusal keeps it, and notices that it is not told any more.
    let account = misled.signed_words().to_vec();
    let faults = honest.release.learn(&honest.agreement, &account, members()[0]);
    assert_eq!(faults, [ReleaseError::WordMissing { member: members()[3] }]);
    assert_eq!(honest.kept_inside_by(honest.after()).unwrap().0, "P045B");
    assert!(misled.learn(&honest.agreement, honest.release.signed_words(), members()[0]).is_empty());
    assert_eq!(misled.standing(&honest.consents, honest.after()).word(), "refused");
}

#[test]
fn g19_a_yes_stands_only_after_the_time_for_comments() {
    let mut world = World::new();
    world.approved_by(&[0, 1, 2]);
    world.say(3, NOW.plus_s(DAY), YES).unwrap();
    world.say(3, NOW.plus_s(2 * DAY), ReleaseSaid::Stands { comments: 0 }).unwrap();
    assert_eq!(world.kept_inside_by(world.after()).unwrap().0, "P0459");
}

#[test]
fn g19_a_remark_that_the_coordinator_hides_is_missed() {
    let mut world = World::new();
    let remark =
        world.word(2, NOW.plus_s(60), ReleaseSaid::Commented { text: "2021 is a small cohort.".into() });
    world.approved_by(&[0, 1, 3]);
    world.say(2, NOW.plus_s(DAY), YES).unwrap();
    world.say(2, world.after(), ReleaseSaid::Stands { comments: 1 }).unwrap();
    assert_eq!(world.kept_inside_by(world.after()).unwrap().0, "P0459");
    world.release.take(&world.agreement, &remark).unwrap();
    assert_eq!(world.kept_inside_by(world.after()), None);
}

#[test]
fn g19_each_member_has_the_whole_time_from_when_it_first_heard() {
    let world = World::new();
    let late = NOW.plus_s(3 * DAY);
    let mut release = Release::new(world.papers.proposal.clone(), late);
    assert_eq!(release.window_ends(), late.plus_s(5 * DAY));
    for member in ALL {
        for (at, said) in [(late, YES), (world.after(), ReleaseSaid::Stands { comments: 0 })] {
            release.take(&world.agreement, &world.word(member, at, said)).unwrap();
        }
    }
    let now = late.plus_s(5 * DAY);
    assert_eq!(release.standing(&world.consents, now.plus_s(0)), Standing::Approved { at: now });
    assert_eq!(release.standing(&world.consents, late.plus_s(5 * DAY - 1)).word(), "open");
}

#[test]
fn g10_who_leaves_the_agreement_before_the_end_refuses_and_who_leaves_later_recalls_nothing() {
    for member in ALL {
        let mut world = World::new();
        world.approved_by(&ALL);
        world.withdraw(member, NOW.plus_s(2 * DAY));
        let refused = Standing::Refused { by: members()[member], why: "left the agreement" };
        assert_eq!(world.standing(world.after()), refused);
        let mut world = World::new();
        world.approved_by(&ALL);
        world.withdraw(member, world.after().plus_s(1));
        assert_eq!(world.kept_inside_by(world.after().plus_s(2)), None);
    }
}

#[test]
fn f11_only_a_signer_of_the_agreement_says_yes_or_no() {
    for said in [YES, no()] {
        let mut world = World::new();
        // The signer of another member, and nobody at all; with the right key each time.
        for who in [signer(0), "Somebody".to_owned()] {
            let word = word(&world.release, 1, &who, NOW, said.clone(), &key(1));
            let refused = world.release.take(&world.agreement, &word).unwrap_err();
            assert_eq!(
                (&refused, refused.rule()),
                (&ReleaseError::NotASigner { member: members()[1] }, Some("F11"))
            );
        }
        assert_eq!(world.release.words().count(), 1);
    }
    let mut world = World::new();
    let text = "anybody may remark".to_owned();
    let remark = word(&world.release, 1, "Somebody", NOW, ReleaseSaid::Commented { text }, &key(1));
    assert_eq!(world.release.take(&world.agreement, &remark), Ok(Taken::New));
    assert_eq!(world.release.take(&world.agreement, &remark), Ok(Taken::Known));
}

#[test]
fn g08_a_yes_without_the_confirmation_is_none() {
    for member in ALL {
        let mut world = World::new();
        let said = ReleaseSaid::Approved { no_disadvantage: false, named: true };
        let refused = world.say(member, NOW, said).unwrap_err();
        let expected = ReleaseError::NotConfirmed { member: members()[member] };
        assert_eq!((&refused, refused.rule()), (&expected, Some("G08")));
    }
}

#[test]
fn g09_a_member_that_is_named_agrees_to_that_as_well() {
    let mut world =
        World::of(&crate::once::sample(), passage_protocol::wire::ReleaseFormat::Html, &[members()[2]]);
    let refused = world.say(2, NOW, YES).unwrap_err();
    let expected = ReleaseError::NamingNotCovered { member: members()[2] };
    assert_eq!((&refused, refused.rule()), (&expected, Some("G09")));
    world.say(2, NOW, ReleaseSaid::Approved { no_disadvantage: true, named: true }).unwrap();
    world.say(1, NOW, YES).unwrap();
}

#[test]
fn g07_an_agreement_may_keep_results_inside() {
    let mut world = World::new();
    let proposal = world.papers.proposal.clone();
    assert_eq!(world.terms_check(&proposal), Ok(()));
    world.agreement.publication = Publication::Internal;
    let refused = world.terms_check(&proposal).unwrap_err();
    assert_eq!((refused.code().to_string().as_str(), refused.rule()), ("P0450", Some("G07")));
}

#[test]
fn g07_a_proposal_leaves_nobody_out_and_cuts_no_time_short() {
    let world = World::new();
    let changes: [fn(&mut Proposal); 11] = [
        |proposal| proposal.involved.truncate(3),
        |proposal| proposal.involved.reverse(),
        |proposal| proposal.proposer.0[0] ^= 1,
        |proposal| proposal.comments_until.0 -= 1,
        |proposal| proposal.lapses.0 += 1,
        |proposal| proposal.audience = "  ".to_owned(),
        |proposal| proposal.audience = "a\u{1b}[2J".to_owned(),
        |proposal| proposal.audience = "a".repeat(1_001),
        |proposal| proposal.naming.push(passage_protocol::ids::MemberCode([9; 5])),
        |proposal| proposal.notes = Some(proposal.file),
        |proposal| proposal.study.0[0] ^= 1,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut proposal = world.papers.proposal.clone();
        change(&mut proposal);
        let refused = world.terms_check(&proposal).expect_err(&at.to_string());
        assert_eq!(refused.code().to_string(), "P0455", "{at}");
    }
}

#[test]
fn a_release_is_named_by_its_proposal_and_words_survive_their_bytes() {
    let world = World::new();
    let again = Proposal::from_bytes(&world.papers.proposal.to_bytes()).unwrap();
    assert_eq!(ReleaseId::of(&again), world.release.id());
    assert_eq!(world.release.id().to_string().len(), 18);
    for word in world.release.signed_words() {
        assert_eq!(&Signed::<ReleaseWord>::from_bytes(&word.to_bytes()).unwrap(), word);
    }
}
