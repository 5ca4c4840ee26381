//! What the parties said, and what a coordinator cannot make of it.

use passage_protocol::{
    agreement::{
        Acceptance, Clause, ConsentError, ConsentRecord, ConsentStatement, Level, Segment, Taken, Ticks,
        effective, link,
    },
    cells::Dimension,
    codec::{Decode, Encode},
    ids::MemberCode,
    refusal::Refusal,
    signing::{SignatureKind, Signed, SigningKey},
};

use crate::papers::{COLLEGE, EXAMPLE, NOW, Papers, SCHOOL, key, signature, signed, signer, withdrawal};

#[test]
fn g01_without_both_signatures_nothing_runs_and_nobody_is_named() {
    for signer in [SCHOOL, COLLEGE] {
        let mut papers = Papers::unsigned(EXAMPLE);
        assert_eq!(papers.check(), Err(Clause::NotSigned));
        papers.say(signature(papers.agreement_digest, signer));
        let clause = papers.check().unwrap_err();
        assert_eq!((clause, clause.rule()), (Clause::NotSigned, "G01"));
        assert!(!clause.to_string().contains("M-"), "the refusal must not reveal who takes part");
    }
    assert_eq!(Papers::signed().check(), Ok(()));
}

#[test]
fn g01_a_signature_counts_for_the_party_and_the_bytes_it_was_made_for() {
    let mut papers = Papers::unsigned(EXAMPLE);
    let other = Papers::unsigned(&EXAMPLE.replace("Transitions between", "Transition between"));
    let forged = |statement: &ConsentStatement| {
        let mut record = ConsentRecord::new(papers.agreement_digest);
        record.take(&papers.agreement, statement)
    };
    let not_its_own = Err(ConsentError::NotItsOwn { party: SCHOOL });
    assert_eq!(forged(&signature(other.agreement_digest, SCHOOL)), not_its_own, "another document");
    let of_the_college = passage_protocol::agreement::AgreementSignature {
        agreement: papers.agreement_digest,
        party: SCHOOL,
        signer: signer(SCHOOL).to_owned(),
        at: NOW,
    };
    let wrong_key = Signed::new(of_the_college.clone(), SignatureKind::Agreement, None, &key(COLLEGE));
    assert_eq!(forged(&ConsentStatement::Signed(wrong_key)), not_its_own, "another key");
    let wrong_kind = Signed::new(of_the_college, SignatureKind::Withdrawal, None, &key(SCHOOL));
    assert_eq!(forged(&ConsentStatement::Signed(wrong_kind)), not_its_own, "another kind");
    let good = signature(papers.agreement_digest, SCHOOL);
    assert_eq!(papers.consents.take(&papers.agreement, &good), Ok(Taken::New));
    assert_eq!(papers.consents.take(&papers.agreement, &good), Ok(Taken::Known));
}

#[test]
fn f11_only_a_named_signer_signs() {
    let papers = Papers::unsigned(EXAMPLE);
    let by = |name: &str| {
        let said = passage_protocol::agreement::AgreementSignature {
            agreement: papers.agreement_digest,
            party: COLLEGE,
            signer: name.to_owned(),
            at: NOW,
        };
        let statement = ConsentStatement::Signed(signed(said, SignatureKind::Agreement, COLLEGE));
        ConsentRecord::new(papers.agreement_digest).take(&papers.agreement, &statement)
    };
    assert_eq!(by("K. Rowan"), Ok(Taken::New), "a designee");
    let error = by("R. Alder").unwrap_err();
    assert_eq!((error, error.rule()), (ConsentError::NotASigner { party: COLLEGE }, Some("F11")));
}

#[test]
fn g02_a_signature_alone_offers_and_accepts_every_line() {
    let papers = Papers::signed();
    let shares = effective(&papers.agreement, papers.agreement_digest, &papers.consents);
    for line in &papers.agreement.shares {
        assert!(shares.gives(line.from, line.to, &line.element, Level::Aggregate), "{line:?}");
        assert!(!shares.gives(line.from, line.to, &line.element, Level::Unitary), "{line:?}");
    }
    assert!(!shares.gives(SCHOOL, COLLEGE, "wages", Level::Aggregate), "not in the document");
}

#[test]
fn g02_removing_one_tick_removes_that_element_from_the_next_round() {
    // Either side of either direction may take an element out; each time the study that needs it is refused by name, and one
    // that does not need it runs.
    for (party, from, to) in [
        (SCHOOL, SCHOOL, COLLEGE),
        (COLLEGE, SCHOOL, COLLEGE),
        (COLLEGE, COLLEGE, SCHOOL),
        (SCHOOL, COLLEGE, SCHOOL),
    ] {
        let mut papers = Papers::signed();
        let before = papers.standing().share_list();
        let ConsentStatement::Chose(all) = papers.choice(party, &[]) else { panic!() };
        let place = papers
            .agreement
            .lines()
            .find(|(_, line)| line.from == from && line.to == to && line.element == "zip");
        let place = place.unwrap().0;
        let keep = |ticks: &Ticks| Ticks::new(ticks.iter().filter(|tick| *tick != place));
        let mut choice = all.value().clone();
        (choice.offers, choice.accepts) = (keep(&choice.offers), keep(&choice.accepts));
        papers.say(ConsentStatement::Chose(signed(choice, SignatureKind::ShareAcceptance, party)));
        let refusal = Clause::ElementNotShared { from, to, element: "zip" };
        assert_eq!(papers.check(), Err(refusal), "taken out by {party}");
        assert_eq!(refusal.rule(), "G02");
        assert_ne!(papers.standing().share_list(), before);
        // Basic match keys read no postal code.
        papers.ask("preset = \"full\"", "preset = \"basic\"");
        assert_eq!(papers.check(), Ok(()));
    }
}

#[test]
fn g02_match_keys_are_shared_both_ways() {
    let papers = Papers::signed();
    let told = ["completer-cohort", "ethnicity", "school-year", "special-admit"];
    let matched = papers.agreement.shares.iter().filter(|line| !told.contains(&line.element.as_str()));
    for line in matched {
        let mut papers = Papers::signed();
        papers.say(papers.choice(line.from, &[&line.element]));
        let refused = papers.check().unwrap_err();
        assert_eq!(refused.rule(), "G02", "{line:?}");
        assert!(refused.to_string().contains(&format!("`{}`", line.element)), "{refused}");
    }
}

#[test]
fn g02_what_is_told_to_nobody_is_not_counted() {
    // Taken out by the giver, the receiver sees it no more; taken out by both, nobody may, and the study is refused.
    for (dimension, of_school) in [(Dimension::All, "completer-cohort"), (Dimension::Ethnicity, "ethnicity")]
    {
        let mut papers = Papers::signed();
        let sees = |papers: &Papers, viewer| {
            let shares = effective(&papers.agreement, papers.agreement_digest, &papers.consents);
            shares.may_see(viewer, SCHOOL, COLLEGE, dimension)
        };
        assert!(sees(&papers, SCHOOL) && sees(&papers, COLLEGE));
        papers.say(papers.choice(SCHOOL, &[of_school]));
        assert_eq!((sees(&papers, SCHOOL), sees(&papers, COLLEGE)), (true, false));
        assert_eq!(papers.check(), Ok(()));
        papers.say(papers.choice(COLLEGE, &["school-year"]));
        assert_eq!((sees(&papers, SCHOOL), sees(&papers, COLLEGE)), (false, false));
        let missing = papers.check().unwrap_err();
        assert_eq!(missing, Clause::ElementNotShared { from: SCHOOL, to: COLLEGE, element: of_school });
    }
}

#[test]
fn g02_a_choice_can_be_taken_back() {
    let mut papers = Papers::signed();
    let before = papers.standing().share_list();
    papers.say(papers.choice(SCHOOL, &["gender"]));
    assert_eq!(papers.check().unwrap_err().rule(), "G02");
    papers.say(papers.choice(SCHOOL, &[]));
    assert_eq!((papers.check(), papers.standing().share_list()), (Ok(()), before));
}

#[test]
fn g02_ticks_at_lines_of_others_are_refused() {
    let papers = Papers::signed();
    let of_college = papers.agreement.lines().find(|(_, line)| line.from == COLLEGE).unwrap().0;
    let ConsentStatement::Chose(all) = papers.choice(SCHOOL, &[]) else { panic!() };
    for wrong in [of_college, 10_000] {
        let choice = Acceptance { offers: Ticks::new([wrong]), ..all.value().clone() };
        let statement = ConsentStatement::Chose(signed(choice, SignatureKind::ShareAcceptance, SCHOOL));
        let error = papers.consents.clone().take(&papers.agreement, &statement).unwrap_err();
        assert_eq!((error, error.rule()), (ConsentError::LinesOfOthers { party: SCHOOL }, Some("G02")));
    }
}

#[test]
fn g02_old_forked_and_early_choices_are_refused() {
    let mut papers = Papers::signed();
    let first = papers.choice(SCHOOL, &["gender"]);
    let fork = papers.choice(SCHOOL, &["zip"]);
    papers.say(first.clone());
    let broken = |expected| Err(ConsentError::ChainBroken { party: SCHOOL, expected });
    assert_eq!(papers.consents.take(&papers.agreement, &fork), broken(2), "two first choices");
    let second = papers.choice(SCHOOL, &[]);
    papers.say(second.clone());
    let third = papers.choice(SCHOOL, &["gender"]);
    let mut late = ConsentRecord::new(papers.agreement_digest);
    late.take(&papers.agreement, &first).unwrap();
    assert_eq!(late.take(&papers.agreement, &third), broken(2), "the second is missing");
    let ConsentStatement::Chose(first) = &first else { panic!() };
    let ConsentStatement::Chose(second) = &second else { panic!() };
    assert_eq!((first.value().previous, second.value().previous), (papers.agreement_digest, link(first)));
}

#[test]
fn g10_a_withdrawal_ends_it_and_cannot_be_made_up_or_hidden() {
    let mut papers = Papers::signed();
    let real = withdrawal(papers.agreement_digest, COLLEGE);
    // Made up by somebody without the college's key.
    let ConsentStatement::Withdrew(one) = &real else { panic!() };
    let stranger = SigningKey::generate([9; 32]);
    let forged = Signed::new(one.value().clone(), SignatureKind::Withdrawal, None, &stranger);
    let heard = [papers.consents.statements(), &[ConsentStatement::Withdrew(forged)]].concat();
    let mut record = papers.consents.clone();
    assert_eq!(record.learn(&papers.agreement, &heard, SCHOOL), [ConsentError::NotItsOwn { party: COLLEGE }]);
    assert!(record.withdrawal(COLLEGE).is_none());

    // Seen, then hidden again: it stays, and the coordinator's account is faulted by name.
    let before = papers.consents.statements().to_vec();
    let heard = [before.as_slice(), std::slice::from_ref(&real)].concat();
    assert_eq!(papers.consents.learn(&papers.agreement, &heard, SCHOOL), []);
    assert_eq!((papers.check(), papers.check().unwrap_err().rule()), (Err(Clause::Withdrawn), "G10"));
    let faults = papers.consents.learn(&papers.agreement, &before, SCHOOL);
    assert_eq!(faults, [ConsentError::WithdrawalHidden { party: COLLEGE }]);
    assert_eq!(faults[0].rule(), Some("G10"));
    assert_eq!(papers.check(), Err(Clause::Withdrawn));
    // The party itself does not fault what may still be on its way.
    assert_eq!(papers.consents.learn(&papers.agreement, &before, COLLEGE), []);
    // Another's withdrawal in its place does not hide that it is missing.
    let others = [before.as_slice(), &[withdrawal(papers.agreement_digest, SCHOOL)]].concat();
    let faults = papers.consents.clone().learn(&papers.agreement, &others, SCHOOL);
    assert_eq!(faults, [ConsentError::WithdrawalHidden { party: COLLEGE }]);
}

#[test]
fn g02_a_choice_that_was_seen_and_is_hidden_stays_in_force() {
    let mut papers = Papers::signed();
    let before = papers.consents.statements().to_vec();
    papers.say(papers.choice(COLLEGE, &["zip"]));
    let faults = papers.consents.learn(&papers.agreement, &before, SCHOOL);
    assert_eq!(faults, [ConsentError::ChainBroken { party: COLLEGE, expected: 1 }]);
    assert_eq!(papers.check().unwrap_err().rule(), "G02");
}

#[test]
fn statements_are_read_back_as_they_were() {
    let mut papers = Papers::signed();
    papers.say(papers.choice(SCHOOL, &["gender"]));
    papers.say(withdrawal(papers.agreement_digest, COLLEGE));
    assert_eq!(papers.consents.statements().len(), 4, "two signatures, a choice, a withdrawal");
    for statement in papers.consents.statements() {
        assert_eq!(ConsentStatement::from_bytes(&statement.to_bytes()).as_ref(), Ok(statement));
    }
    // Ticks have one encoding.
    assert_eq!(Ticks::from_bytes(&vec![1_u32, 2].to_bytes()), Ok(Ticks::new([2, 1, 2])));
    for bad in [vec![2_u32, 1], vec![1, 1]] {
        assert!(Ticks::from_bytes(&bad.to_bytes()).is_err());
    }
}

#[test]
fn g20_every_fault_of_a_statement_says_whose_it_is_by_which_rule_and_what_to_do() {
    let party = COLLEGE;
    let faults = [
        ConsentError::ChainBroken { party, expected: 7 },
        ConsentError::LinesOfOthers { party },
        ConsentError::NotASigner { party },
        ConsentError::NotItsOwn { party },
        ConsentError::WithdrawalHidden { party },
    ];
    let mut words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(words.iter().all(|words| words.contains(&party.to_string())), "{words:?}");
    assert!(words[0].contains('7'));
    assert!(faults.iter().all(|fault| fault.rule().is_some() && fault.advice().ends_with('.')));
    let mut codes: Vec<u16> = faults.iter().map(|fault| fault.code().0).collect();
    words.sort_unstable();
    words.dedup();
    codes.dedup();
    assert_eq!((words.len(), codes.len()), (5, 5), "two faults look the same");
}

#[test]
fn g02_who_has_not_signed_or_has_left_shares_nothing() {
    let gives = |papers: &Papers| {
        let shares = effective(&papers.agreement, papers.agreement_digest, &papers.consents);
        let lines = papers.agreement.shares.iter();
        lines.filter(|line| shares.gives(line.from, line.to, &line.element, line.level)).count()
    };
    let mut papers = Papers::unsigned(EXAMPLE);
    assert_eq!(gives(&papers), 0);
    papers.say(signature(papers.agreement_digest, SCHOOL));
    assert_eq!(gives(&papers), 0, "one has signed");
    papers.say(signature(papers.agreement_digest, COLLEGE));
    assert_eq!(gives(&papers), papers.agreement.shares.len());
    papers.say(withdrawal(papers.agreement_digest, COLLEGE));
    assert_eq!(gives(&papers), 0, "one has left");
}

#[test]
fn g02_what_two_share_does_not_change_with_what_a_third_shares() {
    let third = MemberCode([0, 0, 0, 0, 3]);
    let digest = |papers: &Papers, members: &[MemberCode]| {
        effective(&papers.agreement, papers.agreement_digest, &papers.consents).digest_among(members)
    };
    let mut papers = Papers::signed();
    papers.join(third, Segment::Univ);
    let (two, three) = (digest(&papers, &[SCHOOL, COLLEGE]), digest(&papers, &[SCHOOL, COLLEGE, third]));
    let mut line = papers.agreement.shares[0].clone();
    (line.from, line.to) = (third, COLLEGE);
    papers.agreement.shares.push(line.clone());
    (line.from, line.to) = (COLLEGE, third);
    papers.agreement.shares.push(line);
    assert_eq!(digest(&papers, &[SCHOOL, COLLEGE]), two);
    assert_ne!(digest(&papers, &[SCHOOL, COLLEGE, third]), three);
}
