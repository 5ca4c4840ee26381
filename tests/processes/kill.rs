//! `kill -9` of any process at seeded moments of a round: the round resumes to the same figures, or aborts with a named
//! reason and is opened again; nothing is released twice and no import is lost.

use std::{thread::sleep, time::Duration};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;

use crate::fleet::{Fleet, Noise, THREE, free_port};

/// Moments killed in this test; the in-process suite adds several hundred.
const KILLS: u64 = 24;

#[test]
fn any_process_killed_at_any_moment_leaves_the_same_figures() {
    let port = free_port();
    let mut fleet = Fleet::start(THREE, port, port);
    fleet.import(6);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.names().iter().for_each(|name| fleet.sign(name, &agreement));
    let study = fleet.study(&agreement, 2);
    let first = fleet.open(&study);
    fleet.approve(&first);
    let began = std::time::Instant::now();
    assert_eq!(fleet.end_of(&first)["phase"], "finished");
    let length = u64::try_from(began.elapsed().as_millis()).unwrap().max(500);
    let expected: Vec<String> = fleet.names().iter().map(|name| fleet.figures(name, &first)).collect();
    let held = fleet.node("K12A", &["data", "status"]);

    let mut rng = ChaCha20Rng::seed_from_u64(20_261_122);
    let mut parties = fleet.names();
    parties.push("coordinator".to_owned());
    for kill in 0..KILLS {
        let round = fleet.open(&study);
        sleep(Duration::from_millis(rng.next_u64() % length));
        let victim = parties[usize::try_from(rng.next_u64()).unwrap_or(0) % parties.len()].clone();
        fleet.kill_and_restart(&victim);
        let ended = fleet.end_of(&round);
        assert_eq!(ended["phase"], "finished", "kill {kill} of {victim}: {ended}");
        let last = ended["round"].as_str().unwrap();
        for (name, expected) in fleet.names().iter().zip(&expected) {
            assert_eq!(&fleet.figures(name, last), expected, "kill {kill} of {victim}, report of {name}");
            if last != round {
                let twice = fleet.try_run(name, &["report", "show", &round]);
                assert!(twice.is_err(), "kill {kill}: {name} has a report of the aborted round as well");
            }
        }
    }
    assert_eq!(fleet.node("K12A", &["data", "status"]), held);
}
