//! What a stopped party has in its store and its log: reports, manifests, charges and work done, which no command shows in
//! full. [`assert_keys_and_charges`] holds them against the rules that no key share meets two inputs (SPEC §5.6) and that what
//! may have been decrypted is paid for (SPEC §10.4).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use passage_node::{
    home::Home,
    records::{Charge, LEDGER, ROUNDS, RoundRecord, SEALED_REPORTS, Standing},
};
use passage_protocol::{
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::Manifest,
    report::Report,
};
use passage_shell::store::Store;

use crate::fleet::{Fleet, PATIENCE};

fn store(fleet: &Fleet, name: &str) -> Store {
    Store::open(&fleet.folder(name).join("store")).unwrap()
}

/// The report a stopped member was given in a round.
pub(crate) fn report_of(fleet: &Fleet, name: &str, round: &str) -> Report {
    let round = RoundId::parse(round).unwrap();
    let began = Instant::now();
    // The store of a dropped `Home` lets go of its lock a moment after the drop.
    let home = loop {
        match Home::open(&fleet.folder(name)) {
            Err(_) if began.elapsed() < PATIENCE => sleep(Duration::from_millis(20)),
            opened => break opened.unwrap(),
        }
    };
    let bytes = home.report(round).unwrap();
    Report::from_bytes(&bytes.expect("a report of this round")).unwrap()
}

/// Every member is stopped. Rounds that finished at one of them, after checking that
///
/// * all members that hold the manifest of a round hold the same one, and no key of it occurs in that of another round;
/// * the work of a round that uses its keys was done in one life of each daemon, every duty of its manifest at most once;
/// * a report stands for every finished round and for no other;
/// * a round is charged once, whole; a list that was blinded stays charged, a round that was never sealed does not.
pub(crate) fn assert_keys_and_charges(fleet: &Fleet, codes: &[String]) -> BTreeSet<RoundId> {
    let mut keys: BTreeMap<Vec<u8>, RoundId> = BTreeMap::new();
    let mut manifests: BTreeMap<RoundId, Digest> = BTreeMap::new();
    let mut all_finished = BTreeSet::new();
    let sealed = sealed(fleet);
    for (name, code) in fleet.names().iter().zip(codes) {
        let code = MemberCode::parse(code).unwrap();
        let store = store(fleet, name);
        let scan = |table| store.scan(table, &[]).unwrap().into_iter();
        let rounds: Vec<RoundRecord> =
            scan(ROUNDS).map(|(_, value)| RoundRecord::from_bytes(&value).unwrap()).collect();
        let reports: BTreeSet<RoundId> =
            scan(SEALED_REPORTS).map(|(key, _)| RoundId::from_bytes(&key).unwrap()).collect();
        // Keys of the ledger are roster, agreement, round.
        let mut charges: BTreeMap<RoundId, Charge> = BTreeMap::new();
        for (key, value) in scan(LEDGER) {
            let round = RoundId::from_bytes(&key[64..]).unwrap();
            let twice = charges.insert(round, Charge::from_bytes(&value).unwrap());
            assert!(twice.is_none(), "{name} is charged twice for {round}");
        }
        let work = work_of(fleet, name);
        for record in rounds {
            let round = record.call.round;
            let finished = matches!(record.standing, Standing::Finished);
            assert_eq!(reports.contains(&round), finished, "{name}, {round}");
            if finished {
                all_finished.insert(round);
            }
            let charge = charges.remove(&round);
            let blinded = work.contains_key(&(round, BLINDING.to_owned()));
            let Some(manifest) = record.manifest else {
                assert!(
                    charge.is_none() && !blinded,
                    "{name}, {round}: no manifest, and yet work or a charge"
                );
                continue;
            };
            assert_eq!(manifest.round, round, "{name}");
            let known = *manifests.entry(round).or_insert_with(|| manifest.digest());
            assert_eq!(known, manifest.digest(), "{name} holds another manifest of {round}");
            for key in keys_in(&manifest) {
                let first = *keys.entry(key).or_insert(round);
                assert_eq!(first, round, "a key of {first} occurs again in {round}");
            }
            assert_duties_once(&work, &manifest, code, name);
            match charge {
                Some(charge) => {
                    assert!(manifest.noise.epsilon_milli > 0, "exact tables cost nothing");
                    assert_eq!(charge.epsilon_milli, cost(&manifest, code), "{name}, {round}");
                    assert_eq!(charge.released, finished, "{name}, {round}");
                    assert!(sealed.contains(&round), "{name} is charged for {round}, which was never sealed");
                }
                None => {
                    let free = manifest.noise.epsilon_milli == 0;
                    assert!(
                        free || !(finished || blinded),
                        "{name}: a list of {round} left and is not charged"
                    );
                }
            }
        }
        assert!(charges.is_empty(), "{name} is charged for rounds it does not know");
    }
    assert!(!manifests.is_empty());
    all_finished
}

/// Every public key made for a round: of the committee's shares and of the members' seals.
fn keys_in(manifest: &Manifest) -> Vec<Vec<u8>> {
    let shares = manifest.shares.iter().map(Encode::to_bytes);
    shares.chain(manifest.seats.iter().map(|seat| seat.hpke_key.to_vec())).collect()
}

/// What a round costs a member: epsilon for every table it takes part in.
fn cost(manifest: &Manifest, code: MemberCode) -> u32 {
    let me = manifest.participant(code).unwrap();
    let mine = manifest.tables.iter().filter(|table| manifest.takes_part(table, me));
    manifest.noise.epsilon_milli * u32::try_from(mine.count()).unwrap()
}

/// Rounds that the coordinator's audit chain says every member signed.
fn sealed(fleet: &Fleet) -> BTreeSet<RoundId> {
    let chain = fs::read_to_string(fleet.folder("coordinator").join("audit/00000001.jsonl")).unwrap();
    let of_line = |line: &str| {
        let round = line.split_once("\"R-")?.1.split_once('"')?.0;
        Some(RoundId::parse(&format!("R-{round}")).unwrap())
    };
    chain.lines().filter(|line| line.contains("\"round.sealed\"")).filter_map(of_line).collect()
}

/// The node's words for the work that needs a round's keys.
const BLINDING: &str = "blinding this member's list";
const PASSING: &str = "passing a list on";
const MIXING: &str = "mixing a table";
const DECRYPTING: &str = "decrypting this member's part of a table";

/// Work done according to a node's log: for every round and kind, in which lives of the daemon, one entry a piece.
fn work_of(fleet: &Fleet, name: &str) -> BTreeMap<(RoundId, String), Vec<usize>> {
    let log = fs::read_to_string(fleet.folder(name).join("log.jsonl")).unwrap();
    let mut work: BTreeMap<(RoundId, String), Vec<usize>> = BTreeMap::new();
    let mut life = 0;
    // The line a process was killed in may be half written.
    for line in log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        match line["message"].as_str() {
            Some("serving") => life += 1,
            Some("work done") => {
                let round = RoundId::parse(line["round"].as_str().unwrap()).unwrap();
                work.entry((round, line["job"].as_str().unwrap().to_owned())).or_default().push(life);
            }
            Some(_) | None => {}
        }
    }
    assert!(work.keys().any(|(_, job)| job == BLINDING), "{name}: the log tells of no work");
    work
}

fn assert_duties_once(
    work: &BTreeMap<(RoundId, String), Vec<usize>>,
    manifest: &Manifest,
    code: MemberCode,
    name: &str,
) {
    let me = manifest.participant(code).unwrap();
    // The first place of a list is its owner's contribution.
    let passes =
        manifest.lists.iter().filter(|list| list.passes.iter().skip(1).any(|one| *one == me)).count();
    let tables = if manifest.committee.contains(&me) { manifest.tables.len() } else { 0 };
    let mut lives = BTreeSet::new();
    for (job, duties) in [(BLINDING, 1), (PASSING, passes), (MIXING, tables), (DECRYPTING, tables)] {
        let done = work.get(&(manifest.round, job.to_owned())).map(Vec::as_slice).unwrap_or_default();
        assert!(done.len() <= duties, "{name}, {}: {job} {} times of {duties}", manifest.round, done.len());
        lives.extend(done.iter().copied());
    }
    assert!(lives.len() <= 1, "{name} used keys of {} in several lives", manifest.round);
}
