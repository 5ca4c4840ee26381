//! A coordinator that lies, over QUIC, to real nodes: it serves a consortium's own folder as the true one does and changes
//! what one member is told, one thing at a time. Every lie is refused or exposed under a name, and nobody is harmed.

mod court;

use std::{
    fs,
    sync::{Arc, Mutex},
};

use passage_coordinator::documents;
use passage_protocol::{
    agreement::{ConsentStatement, Withdrawal},
    ids::{MemberCode, RoundId},
    manifest::opening::RoundCall,
    signing::{SignatureKind, Signed},
    wire::Message,
};
use passage_shell::clock;

use self::court::{Court, Lie, Told, VICTIM, about, calling};
use crate::fleet::{Fleet, eventually};

#[test]
fn every_lie_of_a_coordinator_is_refused_or_exposed_by_name() {
    let court = Court::open();
    let earlier = honest_round(&court);
    lies_about_the_call(&court, earlier.round);
    lies_about_what_others_said(&court, &earlier);
    lies_about_the_seal(&court, &earlier);
    lies_about_agreements(&court);
}

/// What passed in a round that was as it should be, to be played again.
struct Earlier {
    round: RoundId,
    messages: Vec<Message>,
}

/// The control: what the lies below change comes, unchanged, to the point where a person reads what leaves.
fn honest_round(court: &Court) -> Earlier {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    court.tell(about(move |message| hearing.lock().unwrap().push(message.clone())));
    let round = court.call();
    court.say_yes(round);
    court.standing(VICTIM, round, "mixing");
    court.halt_all();
    court.standing(VICTIM, round, "P0C04");
    let messages = std::mem::take(&mut *heard.lock().unwrap());
    Earlier { round, messages }
}

fn lies_about_the_call(court: &Court, earlier: RoundId) {
    type Change = fn(&mut RoundCall);
    let lies: [(&str, Change, &str); 8] = [
        ("another agreement", |call| call.agreement.0[31] ^= 1, "P0418"),
        ("other shares", |call| call.share_list.0[0] ^= 1, "P0425"),
        ("a seat less", |call| call.seats.truncate(2), "P0502"),
        ("seats swapped", |call| call.seats.swap(1, 2), "P0502"),
        ("another member's key", |call| call.seats[2].signing_key = call.seats[1].signing_key, "P0502"),
        ("a round that ends before it begins", |call| call.deadline = call.opened, "P0502"),
        ("a round of two months", |call| call.deadline = call.opened.plus_s(61 * 86_400), "P0430"),
        (
            "a round longer than the term",
            |call| call.deadline = call.opened.plus_s(99 * 366 * 86_400),
            "P0430",
        ),
    ];
    let lies = lies.into_iter().map(|(what, change, code)| (what, Box::new(calling(change)) as Lie, code));
    court.judge(lies.collect(), |court| court.call());
    // A study that is not there: the member waits for the document, answers nothing, and says so.
    court.tell(calling(|call| call.study.0[31] ^= 1));
    let round = court.call();
    court.standing(VICTIM, round, "decision");
    // A round that is over cannot be called again.
    court.tell(move |told| match told {
        Told::Message(Message::Call(call)) => call.round = earlier,
        Told::Round(round) => *round = earlier,
        Told::Message(_) | Told::Documents(_) | Told::Document(_) => {}
    });
    court.call();
    court.standing(VICTIM, earlier, "P0C04");
}

fn lies_about_what_others_said(court: &Court, earlier: &Earlier) {
    /// Puts what was said in the earlier round in the place of what was said in this one.
    fn replayed(old: &[Message], place: usize) -> impl FnMut(Told<'_>) + Send + use<> {
        let old = old.to_vec();
        about(move |message| {
            for then in &old {
                match (&mut *message, then) {
                    (Message::Answers(now), Message::Answers(then)) => now[place] = then[place].clone(),
                    (Message::Reveals(now), Message::Reveals(then)) => now[place] = then[place].clone(),
                    (Message::KeyShares(now), Message::KeyShares(then)) => now[place] = then[place].clone(),
                    _ => {}
                }
            }
        })
    }
    let only = |wanted: fn(&Message) -> bool| -> Vec<Message> {
        earlier.messages.iter().filter(|message| wanted(message)).cloned().collect()
    };
    let answers = only(|message| matches!(message, Message::Answers(_)));
    let reveals = only(|message| matches!(message, Message::Reveals(_)));
    let shares = only(|message| matches!(message, Message::KeyShares(_)));
    assert!(!answers.is_empty() && !reveals.is_empty() && !shares.is_empty());
    let lies: Vec<(&str, Lie, &str)> = vec![
        ("an old answer of another", Box::new(replayed(&answers, 1)), "P0504"),
        ("an old answer of its own", Box::new(replayed(&answers, 0)), "P0504"),
        ("an old reveal", Box::new(replayed(&reveals, 1)), "P0504"),
        ("an old key share", Box::new(replayed(&shares, 0)), "P0504"),
        (
            "an answer less",
            Box::new(about(|message| {
                if let Message::Answers(answers) = message {
                    answers.truncate(2);
                }
            })),
            "P050A",
        ),
        (
            "two answers changed places",
            Box::new(about(|message| {
                if let Message::Answers(answers) = message {
                    answers.swap(1, 2);
                }
            })),
            "P0504",
        ),
        (
            "no reveals",
            Box::new(about(|message| {
                if let Message::Reveals(reveals) = message {
                    reveals.clear();
                }
            })),
            "P050A",
        ),
    ];
    court.judge(lies, |court| court.call());
}

fn lies_about_the_seal(court: &Court, earlier: &Earlier) {
    let old =
        earlier.messages.iter().find(|message| matches!(message, Message::Sealed { .. })).unwrap().clone();
    let lies: Vec<(&str, Lie, &str)> = vec![
        (
            "another manifest",
            Box::new(about(|message| {
                if let Message::Sealed { manifest, .. } = message {
                    manifest.0[0] ^= 1;
                }
            })),
            "P0C06",
        ),
        (
            "a signature that is missing",
            Box::new(about(|message| {
                if let Message::Sealed { signatures, .. } = message {
                    signatures.truncate(2);
                }
            })),
            "P0C06",
        ),
        (
            "one signature in the place of another",
            Box::new(about(|message| {
                if let Message::Sealed { signatures, .. } = message {
                    signatures[2] = signatures[1];
                }
            })),
            "P0C08",
        ),
        (
            "the seal of an earlier round",
            Box::new(about(move |message| {
                if matches!(message, Message::Sealed { .. }) {
                    *message = old.clone();
                }
            })),
            "P0C06",
        ),
    ];
    court.judge(lies, |court| {
        let round = court.call();
        court.say_yes(round);
        round
    });
}

fn lies_about_agreements(court: &Court) {
    let fleet = &court.fleet;
    court.tell(|_| ());
    let text = fs::read_to_string(fleet.dir.path().join("agreement.toml")).unwrap();
    let propose = |title: &str| {
        let from = text.lines().find(|line| line.starts_with("title = ")).unwrap();
        let text = text.replacen(from, &format!("title = \"{title}\""), 1);
        documents::propose_agreement(&court.app, &text, clock::now()).unwrap()
    };

    // Another text under the digest of one that was proposed: it is not kept.
    court.tell(|told| {
        if let Told::Document(text) = told {
            let place = text.iter().position(|byte| *byte == b'3').unwrap();
            text[place] = b'4';
        }
    });
    let swapped = propose("Swapped on its way");
    let log = fleet.folder(VICTIM).join("log.jsonl");
    let refused = || fs::read_to_string(&log).unwrap().contains("another digest than the one asked for");
    eventually(refused, || "the swapped document was taken".to_owned());
    assert!(fleet.try_run(VICTIM, &["agreement", "show", &swapped.to_string()]).is_err());

    // Signatures under one agreement presented for another.
    court.tell(move |told| {
        if let Told::Documents(told) = told {
            let signed: Vec<_> = told.agreements.iter().flat_map(|one| one.statements.clone()).collect();
            for one in told.agreements.iter_mut().filter(|one| one.digest == swapped) {
                one.statements = signed.clone();
            }
        }
    });
    court.exposed("agreement.account.refused", "P042B");
    let listed = fleet.node(VICTIM, &["agreement", "list"]);
    let listed = listed.as_array().unwrap().iter().find(|one| one["digest"] == swapped.to_string());
    assert_eq!(listed.unwrap()["signatures"], 0, "nobody has signed it");

    // A withdrawal in another's name, made up.
    let college = MemberCode::parse(&fleet.codes()[1]).unwrap();
    let made_up = propose("Of which one is said to have withdrawn");
    let withdrawal =
        Withdrawal { agreement: made_up, party: college, by: "Nobody".to_owned(), at: clock::now() };
    let forged = Signed::new(withdrawal, SignatureKind::Withdrawal, None, court.app.signing_key());
    let before = court.log().len();
    court.tell(move |told| {
        if let Told::Documents(told) = told {
            for one in told.agreements.iter_mut().filter(|one| one.digest == made_up) {
                one.statements.push(ConsentStatement::Withdrew(forged.clone()));
            }
        }
    });
    fleet.until(VICTIM, &["agreement", "show", &made_up.to_string()]);
    let exposed = || court.log()[before..].iter().any(|entry| entry["fields"]["code"] == "P042B");
    eventually(exposed, || "the forged withdrawal is not exposed".to_owned());

    // A withdrawal that the victim has seen is hidden.
    court.tell(|_| ());
    fleet.node("CC1", &["agreement", "withdraw", &court.agreement, "--by", "Tester"]);
    let arrived = || shows_withdrawal(fleet, &court.agreement);
    eventually(arrived, || "the withdrawal does not arrive".to_owned());
    court.tell(|told| {
        if let Told::Documents(told) = told {
            for one in &mut told.agreements {
                one.statements.retain(|one| !matches!(one, ConsentStatement::Withdrew(_)));
            }
        }
    });
    court.exposed("agreement.account.refused", "P042F");
}

fn shows_withdrawal(fleet: &Fleet, agreement: &str) -> bool {
    let page = fleet.dir.path().join("page.html");
    fleet.node(VICTIM, &["agreement", "show", agreement, "--out", page.to_str().unwrap()]);
    fs::read_to_string(page).unwrap().contains("withdrew on")
}
