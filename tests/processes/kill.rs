//! `kill -9` of real processes at 200 seeded moments: while rounds run, which resume to the same figures or abort with a named
//! reason and are opened again, and while files are imported, which are there whole or not at all. Nothing is released twice,
//! no import is lost, and what the stores and logs tell afterwards of keys and charges is in order.

use std::{
    collections::BTreeSet,
    os::unix::process::ExitStatusExt,
    thread::sleep,
    time::{Duration, Instant},
};

use passage_protocol::ids::RoundId;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;
use serde_json::Value;

use crate::{
    fleet::{Fleet, PATIENCE, THREE, free_port},
    papers::Noise,
    records::assert_keys_and_charges,
};

/// Kills while rounds run; the in-process suite adds several hundred.
const ROUND_KILLS: usize = 75;
/// Kills while rounds with noise run.
const NOISY_KILLS: usize = 25;
/// Kills of one opening at most: below the eight calls after which the coordinator gives up.
const KILLS_AN_OPENING: u64 = 6;
/// One kill in so many at least must end in a round that is opened again: a member that has done its last duty loses nothing by it, and
/// the faster a round is the more often a kill comes after that.
const ENOUGH: usize = 10;
/// Calls of one opening before the coordinator gives up and members ask a person again.
const CALLS: usize = 8;
/// Openings within which eight kills in a row must strike.
const OPENINGS: usize = 5;
/// Breakdowns of the questions without noise.
const BY: [&str; 2] = ["all", "gender"];
/// Kills while files are imported.
const IMPORT_KILLS: usize = 100;

/// Of so many kills as many as the machine has time for: all, or `KILLS_PERCENT` of them.
fn in_time(kills: usize) -> usize {
    let percent = std::env::var("KILLS_PERCENT").ok().and_then(|text| text.parse::<usize>().ok());
    kills * percent.map_or(100, |percent| percent.clamp(10, 100)) / 100
}

struct Dice(ChaCha20Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn moment(&mut self, length: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(length.as_micros()).unwrap()))
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

#[test]
fn any_process_killed_at_any_moment_leaves_the_same_figures() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    fleet.import(8);
    let first = fleet.open(&fleet.question(Noise::None, &BY));
    fleet.approve(&first);
    let began = Instant::now();
    assert_eq!(fleet.end_of(&first)["phase"], "finished");
    let length = began.elapsed();
    let expected: Vec<String> = fleet.names().iter().map(|name| fleet.figures(name, &first)).collect();
    assert!(expected.iter().all(|figures| figures.contains(",value,")), "there are figures: {expected:?}");
    let held = fleet.node("K12A", &["data", "status"]);

    let mut kills = give_up_and_ask_again(&mut fleet, &expected);

    let mut dice = Dice::new(20_261_122);
    let mut parties = fleet.names();
    parties.push("coordinator".to_owned());
    // Before people have said yes there is no round yet to be opened again.
    let (mut reopened, mut early) = (0, 0);
    // With fewer kills chance has more say: go on until enough rounds were opened again, as far as all the kills.
    while kills < in_time(ROUND_KILLS) || (kills < ROUND_KILLS && reopened <= (kills - early) / ENOUGH) {
        // What a report has answered is not asked again: every opening is a question of its own, about the same students.
        let round = fleet.open(&fleet.question(Noise::None, &BY));
        let mut killed = Vec::new();
        if dice.below(3) == 0 {
            // Before its people have said yes, too.
            sleep(dice.moment(length) / 4);
            let victim = dice.pick(&parties).to_owned();
            fleet.kill_and_restart(&victim);
            killed.push(victim);
            early += 1;
        }
        fleet.approve("latest"); // it may have been opened again
        for _ in 0..=dice.below(KILLS_AN_OPENING) {
            sleep(dice.moment(length));
            let victim = dice.pick(&parties).to_owned();
            fleet.kill_and_restart(&victim);
            killed.push(victim);
            // A round that has ended meanwhile is not worth another kill.
            if last_call(&fleet, &round)["phase"] == "finished" {
                break;
            }
        }
        kills += killed.len();
        let ended = fleet.end_of(&round);
        assert_eq!(ended["phase"], "finished", "kills of {killed:?}: {ended}");
        reopened += assert_released_once(&fleet, &round, &expected, &killed);
    }
    let struck = kills - early;
    assert!(reopened > struck / ENOUGH, "only {reopened} rounds were opened again after {struck} kills");
    assert_eq!(fleet.node("K12A", &["data", "status"]), held);
    stop_and_judge(&mut fleet);
}

#[test]
fn with_noise_kills_lead_to_one_release_and_every_list_that_left_is_paid_for() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    fleet.import(8);
    let mut dice = Dice::new(20_261_124);
    let mut parties = fleet.names();
    parties.push("coordinator".to_owned());
    let (mut kills, mut length, mut released) = (0, Duration::from_secs(1), BTreeSet::new());
    while kills < in_time(NOISY_KILLS) {
        let study = fleet.question(Noise::Budget(500), &["all"]);
        let round = fleet.open(&study);
        fleet.approve(&round);
        let began = Instant::now();
        let mut killed = Vec::new();
        // The first opening is left alone: it tells how long a round takes.
        for _ in 0..if released.is_empty() { 0 } else { 1 + dice.below(3) } {
            sleep(dice.moment(length));
            let victim = dice.pick(&parties).to_owned();
            fleet.kill_and_restart(&victim);
            killed.push(victim);
        }
        kills += killed.len();
        let ended = fleet.end_of(&round);
        assert_eq!(ended["phase"], "finished", "kills of {killed:?}: {ended}");
        if killed.is_empty() {
            length = began.elapsed();
        }
        if kills >= in_time(NOISY_KILLS) {
            // The ledger refuses the same question by name, whatever happened on the way to its answer.
            let again = fleet.end_of(&fleet.open(&study));
            assert_eq!(again["aborted"]["code"], "P0419", "kills of {killed:?}: {again}");
        }
        for name in fleet.names() {
            fleet.figures(&name, ended["round"].as_str().unwrap());
        }
        released.insert(RoundId::parse(ended["round"].as_str().unwrap()).unwrap());
    }
    assert_eq!(stop_and_judge(&mut fleet), released, "one release an opening, and no other");
}

/// Stops everything; returns the rounds that finished.
fn stop_and_judge(fleet: &mut Fleet) -> BTreeSet<RoundId> {
    let codes = fleet.codes();
    for name in fleet.names() {
        fleet.kill(&name);
    }
    fleet.kill("coordinator");
    assert_keys_and_charges(fleet, &codes)
}

/// Kills a member in each call of an opening until the coordinator gives up. When it opens again the members do not answer
/// before their people have decided about the study again; then the figures are the same. Returns the number of kills.
fn give_up_and_ask_again(fleet: &mut Fleet, expected: &[String]) -> usize {
    let names = fleet.names();
    let mut kills = 0;
    let (mut given_up, mut study) = (None, String::new());
    // A member that has done its last duty has no keys to lose: the call then ends well and the count begins anew.
    for _ in 0..OPENINGS {
        // Members order calls by the second: a result before these must be older than they are.
        sleep(Duration::from_millis(1_100));
        study = fleet.question(Noise::None, &BY);
        let round = fleet.open(&study);
        fleet.approve(&round);
        for victim in names.iter().cycle() {
            let call = moved_on(fleet, &round, &|call| call["phase"] != "calling");
            if call["phase"] == "finished" || call["phase"] == "aborted" {
                break;
            }
            fleet.kill_and_restart(victim);
            kills += 1;
            moved_on(fleet, &round, &|now| {
                now["round"] != call["round"] || now["phase"] == "finished" || now["phase"] == "aborted"
            });
        }
        given_up = Some(fleet.end_of(&round)).filter(|ended| ended["phase"] == "aborted");
        if given_up.is_some() {
            break;
        }
        assert_released_once(fleet, &round, expected, &[]);
    }
    let given_up = given_up.expect("eight calls in a row without a result");
    assert_eq!(given_up["aborted"]["code"], "P0C03", "{given_up}");
    assert!(kills >= CALLS, "{kills} kills");
    let again = fleet.open(&study);
    sleep(Duration::from_secs(1));
    assert_eq!(last_call(fleet, &again)["phase"], "calling", "nobody answers without a person");
    for name in &names {
        fleet.node(name, &["study", "approve", &study, "--by", "Tester"]);
    }
    assert_eq!(fleet.end_of(&again)["phase"], "finished");
    assert_released_once(fleet, &again, expected, &[]);
    kills
}

/// The newest call of an opening once `there` holds of it.
fn moved_on(fleet: &Fleet, round: &str, there: &dyn Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let call = last_call(fleet, round);
        if there(&call) {
            return call;
        }
        assert!(began.elapsed() < PATIENCE, "the round does not move: {call}");
        sleep(Duration::from_millis(20));
    }
}

/// The newest call of an opening.
fn last_call(fleet: &Fleet, round: &str) -> Value {
    let mut shown = fleet.until("coordinator", &["round", "show", round]);
    while let Some(next) = shown["reopened_as"].as_str().map(str::to_owned) {
        shown = fleet.until("coordinator", &["round", "show", &next]);
    }
    shown
}

/// The last call of an opening gave every member the expected figures; the calls before it ended with the one reason that is
/// allowed, a member's restart, and nobody has a report of them. Returns how many there were.
fn assert_released_once(fleet: &Fleet, round: &str, expected: &[String], killed: &[String]) -> usize {
    let mut aborted = 0;
    let mut shown = fleet.coordinator(&["round", "show", round]);
    while let Some(next) = shown["reopened_as"].as_str().map(str::to_owned) {
        assert_eq!(shown["aborted"]["code"], "P0C03", "kills of {killed:?}: {shown}");
        let lost = shown["round"].as_str().unwrap();
        for name in fleet.names() {
            let twice = fleet.try_run(&name, &["report", "show", lost]);
            assert!(twice.is_err(), "kills of {killed:?}: {name} has a report of {lost} as well");
        }
        aborted += 1;
        shown = fleet.coordinator(&["round", "show", &next]);
    }
    let last = shown["round"].as_str().unwrap();
    for (name, expected) in fleet.names().iter().zip(expected) {
        assert_eq!(&fleet.figures(name, last), expected, "kills of {killed:?}, report of {name}");
    }
    aborted
}

#[test]
fn an_import_killed_at_any_moment_is_there_whole_or_not_at_all() {
    const MEMBER: &str = "CC1";
    let port = free_port();
    let mut fleet = Fleet::start(&[(MEMBER, "cc", "receiver")], port, port);
    // From here on the command line has the folder to itself.
    fleet.kill(MEMBER);
    fleet.kill("coordinator");
    let folders: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let slices = folders.iter().zip([8, 6, 5]);
    let imports: Vec<Vec<String>> =
        slices.map(|(folder, one_in)| fleet.slice(MEMBER, one_in, folder.path())).collect();
    let mut length = Duration::ZERO;
    let mut whole = Vec::new();
    for import in &imports {
        let import: Vec<&str> = import.iter().map(String::as_str).collect();
        let began = Instant::now();
        fleet.node(MEMBER, &import);
        length = length.max(began.elapsed());
        whole.push(held(&fleet, MEMBER));
    }
    let distinct: BTreeSet<String> = whole.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 3, "three states to tell apart");

    let mut dice = Dice::new(20_261_123);
    let (mut now, mut kills, mut kept) = (2, 0, 0);
    while kills < in_time(IMPORT_KILLS) {
        let next = (now + 1) % 3;
        let mut import = fleet.begin(MEMBER, &imports[next]);
        sleep(dice.moment(length));
        import.kill().unwrap();
        // One that had ended by itself was not killed.
        let killed = import.wait().unwrap().signal() == Some(9);
        let seen = held(&fleet, MEMBER);
        if seen == whole[next] {
            now = next;
            kept += usize::from(killed);
        } else {
            assert!(killed && seen == whole[now], "kill {kills}: neither the old state nor the new: {seen}");
        }
        kills += usize::from(killed);
    }
    assert!(kept < kills, "no kill came before the commit");
}

/// What a member holds, without the moment of the import.
fn held(fleet: &Fleet, name: &str) -> Value {
    let mut status = fleet.node(name, &["data", "status"]);
    for segment in status["tables"].as_array_mut().unwrap() {
        segment.as_object_mut().unwrap().remove("imported");
    }
    status
}
