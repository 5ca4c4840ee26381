//! Who may run what with whom: six institutions, three overlapping agreements in one consortium and one in another, every
//! choice of senders and receivers. What the nodes allow is compared with what three plain tables say, derived here from
//! sets alone (G01, G02, G04, G10).

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, sync::Arc};

use harness::scratch;
use passage_coordinator::{
    app::{App, InitPlan, init},
    documents, members,
    service::Service,
    settings::Settings,
};
use passage_node::{
    governance::{HeldAgreement, HeldStudy},
    home::Home,
};
use passage_protocol::{
    agreement::{Clause, Segment, Study, effective, study_digest},
    ids::{Digest, MemberCode, RoundId},
    manifest::opening::{CallSeat, RoundCall},
    wire::governance::AgreementStatus,
};
use passage_shell::{clock, transport::Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const EXAMPLE: &str = include_str!("../../deploy/config/agreement.example.toml");
const SIGNER: &str = "The Registrar";

/// The six: two districts, two colleges, two universities.
const SEGMENTS: [Segment; 6] =
    [Segment::K12, Segment::K12, Segment::Cc, Segment::Cc, Segment::Univ, Segment::Univ];
const SENDERS: [usize; 2] = [0, 1];
const RECEIVERS: [usize; 4] = [2, 3, 4, 5];

/// An agreement as the tables of this test have it.
struct Deal {
    consortium: usize,
    parties: &'static [usize],
    unsigned: &'static [usize],
    withdrawn: &'static [usize],
    /// Giver and taker of which nothing stands in the share list.
    silent: &'static [(usize, usize)],
}

const DEALS: [Deal; 4] = [
    Deal { consortium: 0, parties: &[0, 1, 2, 4], unsigned: &[], withdrawn: &[], silent: &[] },
    Deal { consortium: 0, parties: &[1, 2, 3, 5], unsigned: &[], withdrawn: &[], silent: &[(5, 1)] },
    Deal { consortium: 0, parties: &[0, 3, 4, 5], unsigned: &[5], withdrawn: &[3], silent: &[] },
    Deal { consortium: 1, parties: &[0, 3, 4], unsigned: &[], withdrawn: &[], silent: &[] },
];

/// Who belongs to which consortium.
const MEMBERS: [&[usize]; 2] = [&[0, 1, 2, 3, 4, 5], &[0, 3, 4]];

/// What the rules say of a study, from the tables alone: the rule that refuses, `None` if it may run.
fn derived(deal: &Deal, senders: &[usize], receivers: &[usize]) -> Option<&'static str> {
    let everybody: Vec<usize> = senders.iter().chain(receivers).copied().collect();
    let any = |set: &[usize]| everybody.iter().any(|one| set.contains(one));
    if everybody.iter().any(|one| !deal.parties.contains(one)) || any(deal.unsigned) {
        return Some("G01");
    }
    if any(deal.withdrawn) {
        return Some("G10");
    }
    let mut pairs = senders.iter().flat_map(|from| receivers.iter().map(move |to| (*from, *to)));
    if pairs.any(|(from, to)| deal.silent.contains(&(from, to)) || deal.silent.contains(&(to, from))) {
        return Some("G02");
    }
    None
}

#[test]
fn g01_g02_g04_g10_the_nodes_allow_what_the_tables_say() {
    let world = World::made();
    let (mut allowed, mut refused) = (0, BTreeSet::new());
    for (number, deal) in DEALS.iter().enumerate() {
        for senders in choices(&SENDERS) {
            for receivers in choices(&RECEIVERS) {
                let expected = derived(deal, &senders, &receivers);
                for (consortium, members) in MEMBERS.iter().enumerate() {
                    let asked = senders.iter().chain(&receivers).filter(|one| members.contains(one));
                    for one in asked {
                        let knows = consortium == deal.consortium && deal.parties.contains(one);
                        let answer = world.asked(consortium, *one, number, &senders, &receivers);
                        let wanted = knows.then_some(expected);
                        assert_eq!(
                            answer, wanted,
                            "{number}: {senders:?} {receivers:?} at {one} of {consortium}"
                        );
                        allowed += usize::from(answer == Some(None));
                        refused.extend(answer.flatten());
                    }
                }
            }
        }
    }
    // The tables are such that everything comes up.
    assert_eq!(refused, BTreeSet::from(["G01", "G02", "G10"]));
    assert!(allowed > 30, "{allowed}");
}

#[test]
fn g04_nothing_of_one_consortium_enters_the_other() {
    let world = World::made();
    let (north, south) = (&world.consortia[0], &world.consortia[1]);
    for (from, to) in [(north, south), (south, north)] {
        for paper in &from.papers {
            for home in to.homes.iter().flatten() {
                let refused = home.keep_document(paper.digest, paper.text.clone().into_bytes()).unwrap_err();
                assert_eq!(refused.rule(), Some("G04"), "{refused}");
                assert!(home.agreement(&paper.digest.to_string()).is_err());
            }
            // The coordinator of the other does not take it in, and answers as it does to a digest nobody knows.
            documents::propose_agreement(&to.app, &paper.text, clock::now()).unwrap_err();
            for code in to.codes.iter().flatten() {
                let asked = |digest| documents::document_for(&to.app, *code, digest).unwrap_err().to_string();
                assert_eq!(asked(paper.digest), asked(Digest([7; 32])));
            }
        }
        // One institution is under another code and another key in each.
        for (one, other) in from.homes.iter().flatten().zip(to.homes.iter().flatten()) {
            assert_ne!(one.code, other.code);
            assert_ne!(one.signing_key.verifying_key(), other.signing_key.verifying_key());
        }
        let others: Vec<String> = from.codes.iter().flatten().map(ToString::to_string).collect();
        for member in to.codes.iter().flatten() {
            let told = documents::documents_of(&to.app, *member).unwrap();
            for status in &told.agreements {
                let text = documents::document_for(&to.app, *member, status.digest).unwrap();
                let text = String::from_utf8(text).unwrap();
                assert!(others.iter().all(|code| !text.contains(code)));
            }
        }
    }
}

#[test]
fn g01_an_agreement_of_others_does_not_show() {
    let world = World::made();
    let north = &world.consortia[0];
    for (deal, paper) in DEALS.iter().filter(|deal| deal.consortium == 0).zip(&north.papers) {
        for (one, code) in north.codes.iter().enumerate() {
            let code = code.unwrap();
            let told = documents::documents_of(&north.app, code).unwrap();
            let shown = told.agreements.iter().any(|status| status.digest == paper.digest);
            assert_eq!(shown, deal.parties.contains(&one), "{one}");
            assert_eq!(documents::document_for(&north.app, code, paper.digest).is_ok(), shown);
        }
    }
}

/// Every choice of at least one.
fn choices(of: &[usize]) -> Vec<Vec<usize>> {
    let picked =
        |mask: u32| (0_u32..).zip(of).filter(move |(bit, _)| mask >> bit & 1 == 1).map(|(_, one)| *one);
    (1..1_u32 << of.len()).map(|mask| picked(mask).collect()).collect()
}

struct Paper {
    digest: Digest,
    text: String,
    status: AgreementStatus,
}

/// A consortium: its coordinator, and the node of each institution that joined.
struct Consortium {
    app: Arc<App>,
    homes: Vec<Option<Home>>,
    codes: Vec<Option<MemberCode>>,
    papers: Vec<Paper>,
}

struct World {
    consortia: Vec<Consortium>,
    _folders: TempDir,
}

impl World {
    fn made() -> Self {
        let folders = scratch();
        let consortia = (0..MEMBERS.len()).map(|number| {
            let mut consortium = Consortium::joined(folders.path().join(number.to_string()), MEMBERS[number]);
            let deals = DEALS.iter().filter(|deal| deal.consortium == number);
            deals.for_each(|deal| consortium.agree(deal));
            consortium.deliver();
            consortium
        });
        Self { consortia: consortia.collect(), _folders: folders }
    }

    /// What the node of an institution says to a call for a study under an agreement: `None` if it does not know the
    /// agreement, else the rule by which it refuses, if it does.
    fn asked(
        &self,
        consortium: usize,
        institution: usize,
        deal: usize,
        senders: &[usize],
        receivers: &[usize],
    ) -> Option<Option<&'static str>> {
        let earlier = DEALS[..deal].iter().filter(|one| one.consortium == DEALS[deal].consortium).count();
        let paper = &self.consortia[DEALS[deal].consortium].papers[earlier];
        let own = &self.consortia[consortium];
        let home = own.homes[institution].as_ref().unwrap();
        let held = home.agreement(&paper.digest.to_string()).ok()?;
        // Who is no member here has no code here: a stranger stands in its place.
        let code =
            |one: &usize| own.codes[*one].unwrap_or(MemberCode([9, 9, 9, 9, u8::try_from(*one).unwrap()]));
        let study = study(
            &paper.digest,
            &senders.iter().map(code).collect::<Vec<_>>(),
            &receivers.iter().map(code).collect::<Vec<_>>(),
        );
        let call = call(&held, &study);
        let answer = home.may_prepare(&held, &study, &call).unwrap();
        Some(answer.err().map(|clause: Clause| clause.rule()))
    }
}

impl Consortium {
    /// A coordinator on loopback and the nodes that spent its invitations, as over any network.
    fn joined(root: PathBuf, institutions: &[usize]) -> Self {
        let runtime = Runtime::new().unwrap();
        let (app, homes) = runtime.block_on(async {
            let probe = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let address: SocketAddr = probe.local_addr().unwrap();
            drop(probe);
            let name = root.file_name().unwrap().to_str().unwrap().to_owned();
            let settings = Settings {
                consortium: name,
                listen: address,
                public: vec![address.to_string()],
                round_hours: 24,
                jobs: 1,
                join_memory_mib: 2048,
            };
            let folder = root.join("coordinator");
            init(&folder, &InitPlan { settings }).unwrap();
            let app = Arc::new(App::open(&folder).unwrap());
            let credentials = app.server_credentials(clock::now()).unwrap();
            let revocations = app.revocations().into();
            let service = Service::new(Arc::clone(&app));
            let server =
                Server::bind(address, credentials, &revocations, app.shelf.clone(), service).unwrap();
            let serving = server.clone();
            let task = tokio::spawn(async move { serving.run().await });
            let mut homes = Vec::new();
            for (one, segment) in SEGMENTS.into_iter().enumerate() {
                if !institutions.contains(&one) {
                    homes.push(None);
                    continue;
                }
                let (invitation, _) = members::invite(&app, "test", segment, 1, clock::now()).unwrap();
                let folder = root.join(one.to_string());
                Home::join(&folder, &invitation).await.unwrap();
                homes.push(Some(Home::open(&folder).unwrap()));
            }
            server.stop().await;
            task.await.unwrap();
            (app, homes)
        });
        let codes = homes.iter().map(|home| home.as_ref().map(|home| home.code)).collect();
        Self { app, homes, codes, papers: Vec::new() }
    }

    /// An agreement, proposed, signed and withdrawn from as the tables say.
    fn agree(&mut self, deal: &Deal) {
        let text = self.agreement_text(deal);
        let digest = documents::propose_agreement(&self.app, &text, clock::now()).unwrap();
        for one in deal.parties {
            let home = self.homes[*one].as_ref().unwrap();
            home.keep_document(digest, text.clone().into_bytes()).unwrap();
            let held = || home.agreement(&digest.to_string()).unwrap();
            if !deal.unsigned.contains(one) {
                home.sign_agreement(&held(), SIGNER).unwrap();
            }
            if deal.withdrawn.contains(one) {
                home.withdraw(&held(), SIGNER).unwrap();
            }
            for statement in held().consents.statements() {
                documents::state(&self.app, home.code, statement, clock::now()).unwrap();
            }
        }
        let status = documents::status(&self.app, digest).unwrap();
        self.papers.push(Paper { digest, text, status });
    }

    /// Tells every party what all said, as its next look at the coordinator does.
    fn deliver(&self) {
        for home in self.homes.iter().flatten() {
            for status in documents::documents_of(&self.app, home.code).unwrap().agreements {
                home.learn(&status).unwrap();
            }
        }
        assert!(self.papers.iter().all(|paper| !paper.status.statements.is_empty()));
    }

    fn agreement_text(&self, deal: &Deal) -> String {
        let today = clock::now().date().to_string();
        let mut text = EXAMPLE.split_once("[[party]]").unwrap().0.to_owned();
        for (from, to) in [
            ("effective = \"2026-08-01\"", "effective = \"2020-01-01\""),
            ("expires = \"2029-07-31\"", "expires = \"2099-01-01\""),
            ("2026-07-15", &today),
            (&"0".repeat(64), &documents::authority(&self.app).to_string()),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        // Agreements among the same people about the same thing are still different documents.
        let number = self.papers.len();
        text = text.replacen("Transitions between", &format!("Agreement {number}: transitions between"), 1);
        let code = |one: usize| self.codes[one].unwrap();
        for one in deal.parties {
            let key = self.homes[*one].as_ref().unwrap().signing_key.verifying_key();
            let (code, segment) = (code(*one), SEGMENTS[*one].name());
            text.push_str(&format!(
                "[[party]]\ncode = \"{code}\"\nname = \"Institution {one}\"\nsegment = \"{segment}\"\nsigning_key = \"{key}\"\n\
                 breach_contact = \"555-0100\"\n[[party.signer]]\nname = \"{SIGNER}\"\ntitle = \"Registrar\"\ncapacity = \"designee\"\n"
            ));
        }
        let elements = "\"ssid\", \"ssn\", \"first\", \"middle\", \"last\", \"prior-last\", \"alias-last\", \"birth-date\", \"gender\", \"zip\", \"completer-cohort\", \"ethnicity\", \"school-year\", \"special-admit\"";
        for from in deal.parties {
            let others = deal.parties.iter().filter(|to| SENDERS.contains(*to) != SENDERS.contains(from));
            for to in others.filter(|to| !deal.silent.contains(&(*from, **to))) {
                let (from, to) = (code(*from), code(*to));
                text.push_str(&format!(
                    "[[share]]\nfrom = \"{from}\"\nto = \"{to}\"\nelements = [{elements}]\n"
                ));
            }
        }
        text
    }
}

fn study(agreement: &Digest, senders: &[MemberCode], receivers: &[MemberCode]) -> HeldStudy {
    let mut text = format!(
        "format = \"passage-study/2\"\ntitle = \"Test\"\nagreement = \"{agreement}\"\npurpose = \"improving-instruction\"\ncohorts = [\"2021-2022\"]\ncommittee = 2\n"
    );
    for (codes, role) in [(senders, "sender"), (receivers, "receiver")] {
        for code in codes {
            text.push_str(&format!("[[participant]]\ncode = \"{code}\"\nrole = \"{role}\"\n"));
        }
    }
    text.push_str("[[table]]\nmetric = \"college-going-12\"\nversion = 1\nby = [\"all\"]\n");
    HeldStudy { digest: study_digest(&text), study: Study::parse(&text).unwrap(), text, decision: None }
}

/// The call an honest coordinator would make, whether or not it may.
fn call(held: &HeldAgreement, study: &HeldStudy) -> RoundCall {
    let codes: Vec<MemberCode> = study.study.participants.iter().map(|one| one.code).collect();
    let key = |code| {
        held.agreement.party(code).map_or(held.agreement.parties[0].signing_key, |party| party.signing_key)
    };
    let now = clock::now();
    RoundCall {
        round: RoundId([1; 16]),
        study: study.digest,
        agreement: held.digest,
        share_list: effective(&held.agreement, held.digest, &held.consents).digest_among(&codes),
        seats: codes.iter().map(|code| CallSeat { code: *code, signing_key: key(*code) }).collect(),
        opened: now,
        deadline: now.plus_s(3_600),
    }
}
