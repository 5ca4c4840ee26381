//! What a coordinator cannot make of the principles: each thing it could relay, judged by a node that holds a real folder.

use passage_protocol::{
    agreement::{AgreementSignature, ConsentStatement, agreement_digest},
    ids::MemberCode,
    signing::SigningKey,
    wire::governance::AgreementStatus,
};
use passage_shell::clock;

use super::*;

const AGREEMENT: &str = include_str!("../../../../deploy/config/agreement.example.toml");
const CHANGE: &str = include_str!("../../../../deploy/config/principles.example.toml");
/// The school of the examples is this node.
const SCHOOL: MemberCode = MemberCode([0, 0, 0, 0, 1]);
const COLLEGE: MemberCode = MemberCode([0, 0, 0, 0, 2]);

fn key(member: MemberCode) -> SigningKey {
    SigningKey::generate([member.0[4]; 32])
}

/// The state folder of the school, and the college's agreement with it, signed by both.
fn school() -> (tempfile::TempDir, Home) {
    let (parent, home) = crate::fixture::district(SCHOOL, &key(SCHOOL));
    let text = of(&home, AGREEMENT);
    let digest = agreement_digest(&text);
    home.keep_document(digest, text.into_bytes()).unwrap();
    let held = home.agreement(&digest.to_string()).unwrap();
    home.sign_agreement(&held, "R. Alder").unwrap();
    let said = AgreementSignature {
        agreement: digest,
        party: COLLEGE,
        signer: "J. Birch".to_owned(),
        at: clock::now(),
    };
    let signed = Signed::new(said, SignatureKind::Agreement, None, &key(COLLEGE));
    let statements = vec![ConsentStatement::Signed(signed)];
    home.learn(&AgreementStatus { digest, statements }).unwrap();
    (parent, home)
}

/// An example, of this consortium.
fn of(home: &Home, text: &str) -> String {
    assert!(text.contains(&"0".repeat(64)));
    text.replace(&"0".repeat(64), &home.authority().to_string())
}

fn by_the_college(document: Digest) -> Signed<PrinciplesSignature> {
    let said =
        PrinciplesSignature { document, member: COLLEGE, signer: "J. Birch".to_owned(), at: clock::now() };
    Signed::new(said, SignatureKind::Principles, None, &key(COLLEGE))
}

fn tell(home: &Home, text: &str, signatures: Vec<Signed<PrinciplesSignature>>) {
    let proposals = vec![PrinciplesProposal { text: text.as_bytes().to_vec(), signatures }];
    home.learn_principles(&PrinciplesNews { unchanged: false, proposals }).unwrap();
    home.settle_principles().unwrap();
}

fn in_force(home: &Home) -> u16 {
    home.principles_in_force().unwrap().version
}

#[test]
fn g06_this_member_s_own_signature_is_never_dispensed_with() {
    let (_folder, home) = school();
    let text = of(&home, CHANGE);
    let digest = change_digest(&text);
    tell(&home, &text, vec![by_the_college(digest)]);
    assert_eq!(in_force(&home), 1, "n-1 signatures");
    assert_eq!(home.sign_principles(None, "A. Clerk").err().unwrap().code(), "P0445");
    assert_eq!(in_force(&home), 1);
    home.sign_principles(None, "R. Alder").unwrap();
    assert_eq!(in_force(&home), 2);
    assert_eq!(
        home.sign_principles(None, "R. Alder").err().unwrap().code(),
        "N2307",
        "nothing waits any more"
    );
}

#[test]
fn g06_a_change_without_a_party_is_not_signed_and_does_not_take_force() {
    let (_folder, home) = school();
    let whole = of(&home, CHANGE);
    let text = &whole[..whole.find("[[member]]\ncode = \"M-00000002\"").unwrap()];
    tell(&home, text, Vec::new());
    assert_eq!(home.sign_principles(None, "R. Alder").err().unwrap().code(), "P0442");
    assert_eq!(in_force(&home), 1);
}

#[test]
fn g06_what_is_forged_or_hidden_by_the_coordinator_changes_nothing() {
    let (_folder, home) = school();
    let text = of(&home, CHANGE);
    let digest = change_digest(&text);
    // Made up with a key of the coordinator's own.
    let said = by_the_college(digest).value().clone();
    let forged = Signed::new(said, SignatureKind::Principles, None, &SigningKey::generate([9; 32]));
    tell(&home, &text, vec![forged]);
    home.sign_principles(None, "R. Alder").unwrap();
    assert_eq!(in_force(&home), 1);
    let log = std::fs::read_dir(home.audit_folder()).unwrap().map(|entry| entry.unwrap().path());
    let log: String =
        log.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(log.contains("principles.account.refused") && log.contains("P0444"), "{log}");
    // Taken for another document: the signature names the bytes.
    let other = text.replace("version = 2", "version = 3");
    tell(&home, &other, vec![by_the_college(digest)]);
    assert_eq!(in_force(&home), 1);
    // Nor does a signature of a version that nobody signed here put it in force.
    tell(&home, &other, vec![by_the_college(change_digest(&other))]);
    assert_eq!(in_force(&home), 1);
    tell(&home, &text, vec![by_the_college(digest)]);
    assert_eq!(in_force(&home), 2, "the college's own signature counts");
}

#[test]
fn g06_a_signature_seen_before_is_kept_when_the_coordinator_leaves_it_out() {
    let (_folder, home) = school();
    let text = of(&home, CHANGE);
    tell(&home, &text, vec![by_the_college(change_digest(&text))]);
    tell(&home, &text, Vec::new());
    assert_eq!(home.principles_proposed().unwrap()[0].record.signatures().len(), 1);
    home.sign_principles(None, "R. Alder").unwrap();
    assert_eq!(in_force(&home), 2);
    // The version before does not come back, whoever tells of it.
    tell(&home, &text, vec![by_the_college(change_digest(&text))]);
    assert!(home.principles_proposed().unwrap().is_empty());
}

#[test]
fn g06_two_texts_of_one_number_are_not_both_signed() {
    let (_folder, home) = school();
    let text = of(&home, CHANGE);
    tell(&home, &text, Vec::new());
    home.sign_principles(None, "R. Alder").unwrap();
    let other = text.replace("on its own machine", "in its own building");
    tell(&home, &other, Vec::new());
    let id = change_digest(&other).to_string();
    assert_eq!(home.sign_principles(Some(&id), "R. Alder").err().unwrap().code(), "N2308");
    let higher = other.replace("version = 2", "version = 3");
    tell(&home, &higher, Vec::new());
    home.sign_principles(Some(&change_digest(&higher).to_string()), "R. Alder").unwrap();
}

#[test]
fn g05_an_agreement_names_the_principles_that_are_or_were_in_force_here() {
    let (_folder, home) = school();
    let text = of(&home, CHANGE);
    let second = PrinciplesChange::parse(&text).unwrap().edition();
    let first = home.principles_in_force().unwrap().edition();
    assert_eq!(home.require_principles(second).unwrap_err().code(), "N2309");
    tell(&home, &text, vec![by_the_college(change_digest(&text))]);
    home.sign_principles(None, "R. Alder").unwrap();
    home.require_principles(second).unwrap();
    home.require_principles(first).unwrap();
    let other = Edition { version: 2, digest: first.digest };
    assert_eq!(home.require_principles(other).unwrap_err().code(), "N2309");
}

#[test]
fn g05_a_change_of_the_version_ends_what_a_session_has_accepted() {
    let (_folder, home) = school();
    let token = crate::people::session::new_token().unwrap();
    home.accept_principles(None, "A. Person", None, &token).unwrap();
    let accepted = |home: &Home| {
        let live = home.live_session(&token).unwrap().unwrap();
        live.session.accepted == Some(home.principles_in_force().unwrap().edition().digest)
    };
    assert!(accepted(&home));
    let text = of(&home, CHANGE);
    tell(&home, &text, vec![by_the_college(change_digest(&text))]);
    assert!(accepted(&home), "proposed is not in force");
    home.sign_principles(None, "R. Alder").unwrap();
    assert!(!accepted(&home));
    let live = home.live_session(&token).unwrap();
    home.accept_principles(live.as_ref(), "A. Person", Some(2), &token).unwrap();
    assert!(accepted(&home));
}
