//! How the principles change: only with everybody's signature, whatever the coordinator shows, hides, repeats or makes up (G06).

use passage_protocol::{
    agreement::{
        Agreement, ConsentRecord, Edition,
        principles::{
            self, Known, PrinciplesChange, PrinciplesError, PrinciplesSignature, SignatureRecord,
            change_digest,
        },
    },
    document::DocumentError,
    ids::{Digest, MemberCode},
    refusal::Refusal,
    signing::{SignatureKind, Signed},
    timestamp::Date,
};

use crate::papers::{COLLEGE, EXAMPLE, NOW, Papers, SCHOOL, TODAY, key, signed, signer, withdrawal};

const CHANGE: &str = include_str!("../../../deploy/config/principles.example.toml");
const THIRD: MemberCode = MemberCode([0, 0, 0, 0, 3]);
const FIRST: fn() -> Edition = || Edition { version: principles::VERSION, digest: principles::digest() };

fn change() -> PrinciplesChange {
    PrinciplesChange::parse(CHANGE).unwrap()
}

/// The example with one place, which must be there, written another way.
fn written(from: &str, to: &str) -> String {
    assert!(CHANGE.contains(from), "{from}");
    CHANGE.replacen(from, to, 1)
}

fn signature_of(document: Digest, member: MemberCode, signer: &str) -> Signed<PrinciplesSignature> {
    let said = PrinciplesSignature { document, member, signer: signer.to_owned(), at: NOW };
    signed(said, SignatureKind::Principles, member)
}

fn record(text: &str, members: &[MemberCode]) -> SignatureRecord {
    let change = PrinciplesChange::parse(text).unwrap();
    let mut record = SignatureRecord::new(change_digest(text));
    for member in members {
        record.take(&change, &signature_of(change_digest(text), *member, signer(*member))).unwrap();
    }
    record
}

/// What the school knows: the example agreement, signed by both.
struct World {
    papers: Papers,
    in_force: Edition,
    replaced: Option<Digest>,
    today: Date,
}

impl World {
    fn new() -> Self {
        Self { papers: Papers::signed(), in_force: FIRST(), replaced: None, today: TODAY }
    }

    fn asks<T>(&self, ask: impl FnOnce(&Known<'_>) -> T) -> T {
        let agreements: [(&Agreement, &ConsentRecord); 1] = [(&self.papers.agreement, &self.papers.consents)];
        ask(&Known {
            authority: self.papers.authority,
            in_force: self.in_force,
            replaced: self.replaced,
            agreements: &agreements,
            today: self.today,
        })
    }

    fn takes_force(&self, text: &str, members: &[MemberCode]) -> Result<(), PrinciplesError> {
        let change = PrinciplesChange::parse(text).unwrap();
        self.asks(|known| record(text, members).takes_force(&change, known))
    }
}

#[test]
fn g06_one_signature_missing_leaves_the_old_version() {
    let world = World::new();
    for members in [&[][..], &[SCHOOL], &[COLLEGE]] {
        let refused = world.takes_force(CHANGE, members).unwrap_err();
        assert_eq!(refused, PrinciplesError::NotUnanimous { signed: members.len(), members: 2 });
        assert_eq!(refused.rule(), Some("G06"));
    }
    assert_eq!(world.takes_force(CHANGE, &[SCHOOL, COLLEGE]), Ok(()));
}

#[test]
fn g06_a_party_of_an_agreement_cannot_be_left_out() {
    let start = CHANGE.find("[[member]]\ncode = \"M-00000002\"").unwrap();
    let without_the_college = &CHANGE[..start];
    let world = World::new();
    let missing = Err(PrinciplesError::MemberMissing { code: COLLEGE });
    assert_eq!(world.takes_force(without_the_college, &[SCHOOL]), missing);
    let change = PrinciplesChange::parse(without_the_college).unwrap();
    assert_eq!(world.asks(|known| change.may_be_signed(known)), missing, "and nobody signs it");

    let mut left = World::new();
    let digest = left.papers.agreement_digest;
    left.papers.say(withdrawal(digest, COLLEGE));
    assert_eq!(
        left.takes_force(without_the_college, &[SCHOOL]),
        Ok(()),
        "who has withdrawn is asked no more"
    );
    let mut over = World::new();
    over.today = Date::parse("2036-01-01").unwrap();
    assert_eq!(over.takes_force(without_the_college, &[SCHOOL]), Ok(()), "an agreement that has ended");
}

#[test]
fn g06_a_party_is_named_with_the_key_of_the_agreement() {
    let other = key(THIRD).verifying_key().to_string();
    let forged = written(&key(COLLEGE).verifying_key().to_string(), &other);
    let change = PrinciplesChange::parse(&forged).unwrap();
    let world = World::new();
    let refused = Err(PrinciplesError::OtherKey { code: COLLEGE });
    assert_eq!(world.asks(|known| change.may_be_signed(known)), refused);
    // The coordinator holds the key it wrote into the document, and signs with it.
    let mut record = record(&forged, &[SCHOOL]);
    let said = PrinciplesSignature {
        document: change_digest(&forged),
        member: COLLEGE,
        signer: signer(COLLEGE).to_owned(),
        at: NOW,
    };
    record.take(&change, &Signed::new(said, SignatureKind::Principles, None, &key(THIRD))).unwrap();
    assert_eq!(world.asks(|known| record.takes_force(&change, known)), refused);
}

#[test]
fn g06_a_signature_counts_for_its_member_its_document_and_its_kind() {
    let (change, digest) = (change(), change_digest(CHANGE));
    let mut record = SignatureRecord::new(digest);
    let not_its_own = Err(PrinciplesError::NotItsOwn { code: COLLEGE });
    let said = |document| PrinciplesSignature {
        document,
        member: COLLEGE,
        signer: signer(COLLEGE).to_owned(),
        at: NOW,
    };
    let by_the_school = Signed::new(said(digest), SignatureKind::Principles, None, &key(SCHOOL));
    assert_eq!(record.take(&change, &by_the_school), not_its_own, "another key");
    let of_another_kind = Signed::new(said(digest), SignatureKind::Agreement, None, &key(COLLEGE));
    assert_eq!(record.take(&change, &of_another_kind), not_its_own, "another kind");
    let earlier = change_digest(&written("version = 2", "version = 3"));
    let of_another = Signed::new(said(earlier), SignatureKind::Principles, None, &key(COLLEGE));
    assert_eq!(record.take(&change, &of_another), not_its_own, "another document");
    let stranger = signature_of(digest, THIRD, "R. Alder");
    assert_eq!(record.take(&change, &stranger), Err(PrinciplesError::NotItsOwn { code: THIRD }));
    assert!(record.signatures().is_empty());
    let good = signature_of(digest, COLLEGE, "J. Birch");
    assert_eq!((record.take(&change, &good), record.take(&change, &good)), (Ok(true), Ok(false)));
}

#[test]
fn g06_only_the_top_administrator_or_a_designee_signs() {
    let (change, digest) = (change(), change_digest(CHANGE));
    let mut record = SignatureRecord::new(digest);
    let clerk = signature_of(digest, COLLEGE, "A. Clerk");
    assert_eq!(record.take(&change, &clerk), Err(PrinciplesError::NotASigner { code: COLLEGE }));

    // Named by the document alone: the agreement has the last word about whom it names.
    let text = written("name = \"R. Alder\"", "name = \"A. Clerk\"");
    let change = PrinciplesChange::parse(&text).unwrap();
    let world = World::new();
    let not_a_signer = Err(PrinciplesError::NotASigner { code: SCHOOL });
    assert_eq!(
        world.asks(|known| SignatureRecord::may_sign(&change, known, SCHOOL, "A. Clerk")),
        not_a_signer
    );
    let mut record = SignatureRecord::new(change_digest(&text));
    record.take(&change, &signature_of(change_digest(&text), SCHOOL, "A. Clerk")).unwrap();
    record.take(&change, &signature_of(change_digest(&text), COLLEGE, "K. Rowan")).unwrap();
    assert_eq!(world.asks(|known| record.takes_force(&change, known)), not_a_signer);
    let change = self::change();
    assert_eq!(world.asks(|known| SignatureRecord::may_sign(&change, known, SCHOOL, "R. Alder")), Ok(()));
}

#[test]
fn g06_an_older_version_does_not_come_back() {
    let second = change().edition();
    let third = written("version = 2", "version = 3")
        .replace(&FIRST().digest.to_string(), &second.digest.to_string());
    let mut world = World::new();
    (world.in_force, world.replaced) = (second, Some(FIRST().digest));
    let not_next = |found, in_force| Err(PrinciplesError::NotNext { found, in_force });
    assert_eq!(world.takes_force(CHANGE, &[SCHOOL, COLLEGE]), not_next(2, 2), "the same again");
    assert_eq!(world.takes_force(&third, &[SCHOOL, COLLEGE]), Ok(()));
    (world.in_force, world.replaced) =
        (PrinciplesChange::parse(&third).unwrap().edition(), Some(second.digest));
    assert_eq!(world.takes_force(CHANGE, &[SCHOOL, COLLEGE]), not_next(2, 3));
    // Nor does one come too early: version 3 follows version 2, which nobody has signed here.
    assert_eq!(World::new().takes_force(&third, &[SCHOOL, COLLEGE]), not_next(3, 1));
}

#[test]
fn g06_two_changes_of_one_version_end_the_same_in_either_order() {
    let second = CHANGE.to_owned();
    let third = written("version = 2", "version = 3").replace("on its own machine", "in its own building");
    let both = [SCHOOL, COLLEGE];
    for order in [[&second, &third], [&third, &second]] {
        let mut world = World::new();
        for text in order {
            if world.takes_force(text, &both).is_ok() {
                let change = PrinciplesChange::parse(text).unwrap();
                (world.in_force, world.replaced) = (change.edition(), Some(change.before));
            }
        }
        assert_eq!(world.in_force, PrinciplesChange::parse(&third).unwrap().edition());
        // Only what follows the version in force is signed.
        let second = PrinciplesChange::parse(&second).unwrap();
        assert!(world.asks(|known| second.may_be_signed(known)).is_err());
    }
}

#[test]
fn g04_the_principles_of_another_consortium_are_not_signed() {
    let text = written(&"0".repeat(64), &"1".repeat(64));
    let change = PrinciplesChange::parse(&text).unwrap();
    let refused = World::new().asks(|known| change.may_be_signed(known)).unwrap_err();
    assert_eq!((refused, refused.rule()), (PrinciplesError::OtherConsortium, Some("G04")));
}

#[test]
fn g06_a_document_is_whole_or_refused() {
    let key_of = |text: &str| match PrinciplesChange::parse(text).unwrap_err() {
        DocumentError::OutOfRange { key, .. } | DocumentError::Ruled { key, .. } => key.to_owned(),
        DocumentError::UnknownKey { nearest, .. } => format!("nearest {nearest}"),
        DocumentError::EarlierFormat { .. }
        | DocumentError::Malformed { .. }
        | DocumentError::TooLong { .. } => "another refusal".to_owned(),
    };
    assert_eq!(key_of(&written("version = 2", "version = 1")), "version");
    assert_eq!(key_of(&written("passage-principles/1", "passage-principles/9")), "format");
    assert_eq!(key_of(&written("before =", "befor =")), "nearest before");
    assert_eq!(key_of(&written("code = \"M-00000002\"", "code = \"M-00000001\"")), "member.code");
    assert_eq!(key_of(&written("name = \"R. Alder\"", "name = \" \"")), "member.signer");
    assert_eq!(key_of(&written("1. **Where", "\\u001b[2J1. **Where")), "text");
    assert_eq!(key_of(&written("1. **Where", &"x".repeat(20_001))), "text");
    assert!(EXAMPLE.contains("[principles]"), "the agreement names a version");
}
