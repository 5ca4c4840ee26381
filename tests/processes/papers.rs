//! What the people of a fleet put their names to: an agreement, a study, a round.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::fleet::{Fleet, repository};

/// What a study with full match keys needs of a sender and of a receiver.
const SHARED: [&str; 17] = [
    "ssid",
    "ssn",
    "first",
    "middle",
    "last",
    "prior-last",
    "alias-last",
    "birth-date",
    "gender",
    "zip",
    "completer-cohort",
    "ethnicity",
    "school-year",
    "special-admit",
    "quarter",
    "wages",
    "units-earned",
];

/// Noise of the agreement.
#[derive(Clone, Copy)]
pub(crate) enum Noise {
    /// As an agreement has it that says nothing.
    Default,
    /// The default with another budget.
    Budget(u32),
    None,
}

impl Fleet {
    /// Proposes an agreement among all members with the share list of the demonstration: every sender shows its counts to
    /// every receiver and the other way round. Returns its digest; nobody has signed it yet.
    pub(crate) fn propose_agreement(&self, noise: Noise) -> String {
        let noise = match noise {
            Noise::Default => String::new(),
            Noise::None => {
                "kind = \"none\"\nconsent = \"The parties accept exact tables for this test.\"\n".to_owned()
            }
            Noise::Budget(budget) => format!(
                "kind = \"discrete-laplace\"\nepsilon = \"2\"\ndelta = \"1e-6\"\nbudget = \"{budget}\"\n"
            ),
        };
        // Two agreements of the same words are one.
        static PROPOSED: AtomicU32 = AtomicU32::new(1);
        let number = PROPOSED.fetch_add(1, Ordering::Relaxed);
        let mut text = self.example(&noise).replacen("title = \"", &format!("title = \"{number}. "), 1);
        let codes = self.codes();
        for ((name, segment, _), code) in self.members.iter().zip(&codes) {
            let key = self.node(name, &["doctor"])["signing_key"].as_str().unwrap().to_owned();
            text.push_str(&format!(
                "[[party]]\ncode = \"{code}\"\nname = \"Member {name}\"\nsegment = \"{segment}\"\nsigning_key = \"{key}\"\n\
                 breach_contact = \"555-0100\"\n[[party.signer]]\nname = \"Tester\"\ntitle = \"Registrar\"\n\
                 capacity = \"designee\"\n"
            ));
        }
        let roles = || self.members.iter().map(|(_, _, role)| role).zip(&codes);
        for (role, from) in roles() {
            for (_, to) in roles().filter(|(other, _)| *other != role) {
                text.push_str(&format!(
                    "[[share]]\nfrom = \"{from}\"\nto = \"{to}\"\nelements = {SHARED:?}\n"
                ));
            }
        }
        let path = self.dir.path().join("agreement.toml");
        fs::write(&path, text).unwrap();
        let answer = self.coordinator(&["agreement", "propose", path.to_str().unwrap()]);
        answer["digest"].as_str().unwrap().to_owned()
    }

    /// The annotated example up to its parties, with the consortium, a term and a review of this day, and other noise.
    fn example(&self, noise: &str) -> String {
        let example = fs::read_to_string(repository().join("deploy/config/agreement.example.toml")).unwrap();
        let mut text = example.split_once("[[party]]").unwrap().0.to_owned();
        text.push_str("[[catalogue]]\nmetric = \"employment\"\nversion = 1\n");
        let doctor = self.node(&self.members[0].0, &["doctor"]);
        let today = passage_shell::clock::now().date().to_string();
        for (from, to) in [
            ("effective = \"2026-08-01\"", "effective = \"2020-01-01\""),
            ("expires = \"2029-07-31\"", "expires = \"2099-01-01\""),
            ("2026-07-15", &today),
            // The shortest time for comments there is: a test waits for its end.
            ("comment_days = 5", "comment_minutes = 1"),
            (&"0".repeat(64), doctor["authority"].as_str().unwrap()),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        if noise.is_empty() {
            return text;
        }
        let (head, rest) = text.split_once("kind = \"discrete-laplace\"").unwrap();
        format!("{head}{noise}{}", rest.split_once("budget = \"20\"").unwrap().1)
    }

    /// Such an agreement, signed by every member.
    pub(crate) fn agree(&self, noise: Noise) -> String {
        let agreement = self.propose_agreement(noise);
        self.names().iter().for_each(|name| self.sign(name, &agreement));
        agreement
    }

    /// One round of a study, approved by everybody, to its end with a report.
    pub(crate) fn play(&self, study: &str) -> String {
        let round = self.open(study);
        self.approve(&round);
        assert_eq!(self.end_of(&round)["phase"], "finished");
        round
    }

    /// One member signs.
    pub(crate) fn sign(&self, name: &str, agreement: &str) {
        self.until(name, &["agreement", "show", agreement]);
        self.node(name, &["agreement", "sign", agreement, "--by", "Tester"]);
    }

    /// Proposes a study of two breakdowns with two members on the committee; every member approves it.
    pub(crate) fn study(&self, agreement: &str) -> String {
        self.ask(agreement, "Test", 2, &["all", "gender"])
    }

    /// A question that no report has answered: a study under an agreement of its own (SPEC §10.4).
    pub(crate) fn question(&self, noise: Noise, by: &[&str]) -> String {
        self.ask(&self.agree(noise), "Test", 2, by)
    }

    /// Proposes a study; every member approves it. Its text stays in `study.toml` until the next one.
    pub(crate) fn ask(&self, agreement: &str, title: &str, committee: usize, by: &[&str]) -> String {
        self.ask_for("college-going-12", agreement, title, committee, by)
    }

    /// Such a study of another metric.
    pub(crate) fn ask_for(
        &self,
        metric: &str,
        agreement: &str,
        title: &str,
        committee: usize,
        by: &[&str],
    ) -> String {
        let mut text = format!(
            "format = \"passage-study/2\"\ntitle = \"{title}\"\nagreement = \"{agreement}\"\npurpose = \"improving-instruction\"\ncohorts = [\"2019-2020\", \"2020-2021\", \"2021-2022\", \"2022-2023\"]\ncommittee = {committee}\n"
        );
        for ((_, _, role), code) in self.members.iter().zip(self.codes()) {
            text.push_str(&format!("[[participant]]\ncode = \"{code}\"\nrole = \"{role}\"\n"));
        }
        text.push_str(&format!("[[table]]\nmetric = \"{metric}\"\nversion = 1\nby = {by:?}\n"));
        let path = self.dir.path().join("study.toml");
        fs::write(&path, text).unwrap();
        let study = self.coordinator(&["study", "propose", path.to_str().unwrap()])["study"]
            .as_str()
            .unwrap()
            .to_owned();
        for (name, ..) in &self.members {
            self.until(name, &["study", "show", &study]);
            self.node(name, &["study", "approve", &study, "--by", "Tester"]);
        }
        study
    }

    /// Opens a round; waits until the coordinator knows every signature.
    pub(crate) fn open(&self, study: &str) -> String {
        self.until("coordinator", &["round", "open", study])["round"].as_str().unwrap().to_owned()
    }

    /// Every member that awaits a person says yes to `round`.
    pub(crate) fn approve(&self, round: &str) {
        for (name, ..) in &self.members {
            self.until(name, &["round", "approve", round, "--by", "Tester"]);
        }
    }
}
