//! A small consortium on a scratch folder for tests: two members that joined, an agreement both signed, a study.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use passage_protocol::{
    agreement::{Acceptance, AgreementSignature, ConsentStatement, Segment, Ticks, Withdrawal},
    group::CommitteeKeys,
    ids::{Digest, MemberCode, RoundId},
    manifest::opening::{Answer, KeyShareMessage, Reveal, draw_commitment},
    signing::{SignatureKind, Signed, SigningKey},
    timestamp::Timestamp,
    wire::{
        Envelope, Message, Outgoing,
        service::{Join, Joined},
    },
};
use passage_shell::{
    pki::{Invitation, KeyFile, Peer},
    store::StoreError,
};

use crate::{
    app::{self, App, InitPlan},
    documents,
    error::CoordinatorError,
    mail, members,
    records::{ROUNDS, RoundRecord, Standing},
    rounds::{self, Taken},
    settings::Settings,
};

pub(crate) const NOW: Timestamp = Timestamp(1_795_000_000);
/// Who signs for each member, as the example names them.
const SIGNERS: [&str; 2] = ["R. Alder", "J. Birch"];

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) app: App,
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) codes: Vec<MemberCode>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) agreement: Digest,
    pub(crate) study: Digest,
}

pub(crate) fn bare() -> (tempfile::TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        consortium: "Test".into(),
        listen: "127.0.0.1:0".parse().unwrap(),
        public: vec!["127.0.0.1:4433".into()],
        round_hours: 1,
        jobs: 1,
        // So little that the lists of these tests are joined bucket by bucket.
        join_memory_mib: 0,
    };
    app::init(&folder.path().join("state"), &InitPlan { settings }).unwrap();
    let app = App::open(&folder.path().join("state")).unwrap();
    (folder, app)
}

/// Opens a folder that this process has had open. A process that died holds no lock; in this one the store's own threads let
/// go of theirs a moment after the drop.
pub(crate) fn opened_again(state: &Path) -> App {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        match App::open(state) {
            Err(CoordinatorError::Store(StoreError::Io { .. }) | CoordinatorError::StateDir(_))
                if Instant::now() < patience =>
            {
                sleep(Duration::from_millis(20));
            }
            other => return other.unwrap(),
        }
    }
}

pub(crate) fn join_request(invitation: &str, key: &SigningKey) -> Join {
    let invitation = Invitation::parse(invitation).unwrap();
    Join {
        secret: invitation.secret.expose().to_vec(),
        request: KeyFile::generate().unwrap().request().unwrap(),
        signing_key: key.verifying_key(),
    }
}

pub(crate) fn join(app: &App, segment: Segment, key: &SigningKey) -> Joined {
    let (text, _) = members::invite(app, "somebody", segment, 14, NOW).unwrap();
    members::join(app, &join_request(&text, key), NOW).unwrap()
}

/// The annotated example as an agreement of two members of this coordinator, with exact tables.
pub(crate) fn agreement_text(app: &App, parties: &[(MemberCode, String); 2]) -> String {
    let example = include_str!("../../deploy/config/agreement.example.toml");
    let (head, rest) = example.split_once("kind = \"discrete-laplace\"").unwrap();
    let (_, tail) = rest.split_once("budget = \"20\"").unwrap();
    let exact = "kind = \"none\"\nconsent = \"The parties accept exact tables in this test.\"";
    let mut text = format!("{head}{exact}{tail}");
    let authority = documents::authority(app).to_string();
    let mut changes = vec![("0".repeat(64), authority)];
    for (number, (code, key)) in (1..).zip(parties) {
        changes.push((format!("M-0000000{number}"), code.to_string()));
        changes.push((SigningKey::generate([number; 32]).verifying_key().to_string(), key.clone()));
    }
    for (from, to) in changes {
        assert!(text.contains(&from), "{from}");
        text = text.replace(&from, &to);
    }
    text
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::unsigned();
        for member in 0..2 {
            world.sign(member).unwrap();
        }
        world.take_mail();
        world
    }

    pub(crate) fn unsigned() -> Self {
        let (folder, app) = bare();
        let keys = [1, 2].map(|seed| SigningKey::generate([seed; 32]));
        let joined = [join(&app, Segment::K12, &keys[0]), join(&app, Segment::Cc, &keys[1])];
        let codes: Vec<MemberCode> = joined.iter().map(|joined| joined.code).collect();
        let peers =
            joined.iter().map(|joined| Peer::read(&joined.certificate.clone().into()).unwrap()).collect();
        let parties = [0, 1].map(|member| (codes[member], keys[member].verifying_key().to_string()));
        let agreement = documents::propose_agreement(&app, &agreement_text(&app, &parties), NOW).unwrap();
        let study = format!(
            "format = \"passage-study/2\"\ntitle = \"C\"\nagreement = \"{agreement}\"\npurpose = \"improving-instruction\"\n\
             cohorts = [\"2019-2020\"]\ncommittee = 2\n\
             [[participant]]\ncode = \"{}\"\nrole = \"sender\"\n[[participant]]\ncode = \"{}\"\nrole = \"receiver\"\n\
             [[table]]\nmetric = \"college-going-12\"\nversion = 1\nby = [\"all\"]\n",
            codes[0], codes[1]
        );
        let study = documents::propose_study(&app, &study, NOW).unwrap();
        Self { folder, app, keys: keys.into(), codes, peers, agreement, study }
    }

    pub(crate) fn sign(&self, member: usize) -> Result<(), CoordinatorError> {
        documents::state(&self.app, self.codes[member], &self.signature(member), NOW)
    }

    /// A member's signature under the agreement.
    pub(crate) fn signature(&self, member: usize) -> ConsentStatement {
        let signature = AgreementSignature {
            agreement: self.agreement,
            party: self.codes[member],
            signer: SIGNERS[member].to_owned(),
            at: NOW,
        };
        ConsentStatement::Signed(Signed::new(signature, SignatureKind::Agreement, None, &self.keys[member]))
    }

    /// A member's choice of every line that concerns it but those of `out`.
    pub(crate) fn choice(&self, member: usize, out: &[&str]) -> ConsentStatement {
        let papers = documents::papers(&self.app, self.study).unwrap();
        let consents = documents::consents(&self.app, self.agreement, &papers.agreement).unwrap();
        let party = self.codes[member];
        let (sequence, previous) = consents.next(party);
        let lines = || papers.agreement.lines().filter(|(_, line)| !out.contains(&line.element.as_str()));
        let choice = Acceptance {
            agreement: self.agreement,
            party,
            signer: SIGNERS[member].to_owned(),
            sequence,
            previous,
            offers: Ticks::new(lines().filter(|(_, line)| line.from == party).map(|(place, _)| place)),
            accepts: Ticks::new(lines().filter(|(_, line)| line.to == party).map(|(place, _)| place)),
            at: NOW,
        };
        ConsentStatement::Chose(Signed::new(choice, SignatureKind::ShareAcceptance, None, &self.keys[member]))
    }

    /// A member's withdrawal.
    pub(crate) fn withdrawal(&self, member: usize) -> ConsentStatement {
        let (agreement, party) = (self.agreement, self.codes[member]);
        let withdrawal = Withdrawal { agreement, party, by: "Counsel".to_owned(), at: NOW };
        ConsentStatement::Withdrew(Signed::new(
            withdrawal,
            SignatureKind::Withdrawal,
            None,
            &self.keys[member],
        ))
    }

    /// The process dies and another one opens the folder.
    pub(crate) fn restart(self) -> Self {
        let Self { folder, app, keys, codes, peers, agreement, study } = self;
        drop(app);
        let app = opened_again(&folder.path().join("state"));
        Self { folder, app, keys, codes, peers, agreement, study }
    }

    pub(crate) fn open(&self) -> RoundId {
        rounds::open(&self.app, self.study, NOW).unwrap()
    }

    /// The first round of the study at both, as it would stand.
    pub(crate) fn first_attempt(&self, standing: Standing) -> RoundRecord {
        RoundRecord {
            study: self.study,
            agreement: self.agreement,
            participants: self.codes.clone(),
            opened: NOW,
            moved: NOW,
            attempt: 1,
            reopened_as: None,
            events: Vec::new(),
            standing,
        }
    }

    pub(crate) fn record(&self, round: RoundId) -> RoundRecord {
        self.app.kept(ROUNDS, &round).unwrap().unwrap()
    }

    pub(crate) fn phase(&self, round: RoundId) -> String {
        match self.record(round).standing {
            Standing::Running(round) => round.phase().to_owned(),
            Standing::Aborted { code, .. } => code.to_string(),
            Standing::Finished { .. } => "finished".to_owned(),
        }
    }

    pub(crate) fn post(
        &self,
        round: RoundId,
        member: usize,
        message: Message,
    ) -> Result<Taken, CoordinatorError> {
        let envelope = Envelope { round, from: None, message };
        rounds::post(&self.app, self.codes[member], envelope, NOW.plus_s(5))
    }

    /// Names of the messages waiting for a member; they are taken away.
    pub(crate) fn mail(&self, member: usize) -> Vec<Envelope> {
        let taken = mail::take(&self.app, self.codes[member], 0).unwrap().entries;
        let last = taken.last().map_or(0, |entry| entry.number);
        mail::take(&self.app, self.codes[member], last).unwrap();
        taken.into_iter().map(|entry| entry.envelope).collect()
    }

    pub(crate) fn take_mail(&self) {
        (0..2).for_each(|member| drop(self.mail(member)));
    }

    pub(crate) fn answer(&self, round: RoundId, member: usize, rows: u32) -> Message {
        let answer = Answer {
            round,
            rows,
            hpke_key: [7; 32],
            commitment: draw_commitment(&[u8::try_from(member).unwrap(); 32]),
            insists: false,
            opted_out: 0,
            unusable: 0,
        };
        Message::Answer(Signed::new(answer, SignatureKind::RoundAnswer, Some(round), &self.keys[member]))
    }

    pub(crate) fn reveal(&self, round: RoundId, member: usize) -> Message {
        let reveal = Reveal { round, nonce: [u8::try_from(member).unwrap(); 32] };
        Outgoing::Reveal(reveal).sign(round, &self.keys[member])
    }

    pub(crate) fn committee_keys(member: usize) -> CommitteeKeys {
        CommitteeKeys::generate(2, [u8::try_from(member + 50).unwrap(); 32])
    }

    pub(crate) fn key_share(&self, round: RoundId, member: usize) -> Message {
        let share = Self::committee_keys(member).share(&round, &self.codes[member]);
        Outgoing::KeyShare(KeyShareMessage { round, share }).sign(round, &self.keys[member])
    }

    /// Brings a fresh round, each list having `rows` rows, to the sealed manifest.
    pub(crate) fn sealed(&self, rows: u32) -> RoundId {
        let round = self.open();
        for member in 0..2 {
            self.post(round, member, self.answer(round, member, rows)).unwrap();
        }
        for member in 0..2 {
            self.post(round, member, self.reveal(round, member)).unwrap();
        }
        for member in 0..2 {
            self.post(round, member, self.key_share(round, member)).unwrap();
        }
        let digest = self.manifest_digest(round);
        for member in 0..2 {
            let endorsement = Outgoing::Endorsement(digest).sign(round, &self.keys[member]);
            self.post(round, member, endorsement).unwrap();
        }
        assert_eq!(self.phase(round), "mixing");
        self.take_mail();
        round
    }

    /// As each member computes it from the mail it got.
    pub(crate) fn manifest_digest(&self, round: RoundId) -> Digest {
        use passage_protocol::manifest::{Manifest, Opening};
        let (mut call, mut answers, mut reveals, mut shares) = (None, None, None, None);
        for envelope in self.mail(0).into_iter().filter(|envelope| envelope.round == round) {
            #[allow(clippy::wildcard_enum_match_arm, reason = "any other message fails the test")]
            match envelope.message {
                Message::Call(found) => call = Some(found),
                Message::Answers(found) => answers = Some(found),
                Message::Reveals(found) => reveals = Some(found),
                Message::KeyShares(found) => shares = Some(found),
                other => panic!("unexpected {}", other.name()),
            }
        }
        let papers = documents::papers(&self.app, self.study).unwrap();
        let opening = Opening {
            call: call.unwrap(),
            answers: answers.unwrap(),
            reveals: reveals.unwrap(),
            shares: shares.unwrap(),
        };
        Manifest::compute(&papers.agreement, &papers.study, &opening).unwrap().digest()
    }
}
