//! What the people of a fleet put their names to: an agreement, a study, a round.

use std::fs;

use crate::fleet::Fleet;

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
    /// every receiver and the other way round. Nobody has signed it yet.
    pub(crate) fn propose_agreement(&self, noise: Noise) -> String {
        let mut text = String::from(
            "format = \"passage-agreement/1\"\ntitle = \"Test\"\npurpose = \"improving-instruction\"\nlegal_basis = \"studies\"\nscope = \"College-going\"\neffective = \"2020-01-01\"\nexpires = \"2099-01-01\"\nretention_days = 30\n",
        );
        let noise = match noise {
            Noise::Default => String::new(),
            Noise::None => {
                "kind = \"none\"\nconsent = \"The parties accept exact tables for this test.\"\n".to_owned()
            }
            Noise::Budget(budget) => format!(
                "kind = \"discrete-laplace\"\nepsilon = \"2\"\ndelta = \"1e-6\"\nbudget = \"{budget}\"\n"
            ),
        };
        if !noise.is_empty() {
            text.push_str(&format!("[noise]\n{noise}"));
        }
        let codes = self.codes();
        for ((name, segment, _), code) in self.members.iter().zip(&codes) {
            let key = self.node(name, &["doctor"])["signing_key"].as_str().unwrap().to_owned();
            text.push_str(&format!(
                "[[party]]\ncode = \"{code}\"\nsegment = \"{segment}\"\nsigning_key = \"{key}\"\n"
            ));
        }
        let roles = || self.members.iter().map(|(_, _, role)| role).zip(&codes);
        for (role, from) in roles() {
            for (_, to) in roles().filter(|(other, _)| *other != role) {
                text.push_str(&format!(
                    "[[share]]\nfrom = \"{from}\"\nto = \"{to}\"\ntable = \"college-going-12\"\n"
                ));
            }
        }
        let path = self.dir.path().join("agreement.toml");
        fs::write(&path, text).unwrap();
        let answer = self.coordinator(&["agreement", "propose", path.to_str().unwrap()]);
        answer["agreement"].as_str().unwrap().to_owned()
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

    /// Proposes a study; every member approves it. Its text stays in `study.toml` until the next one.
    pub(crate) fn ask(&self, agreement: &str, title: &str, committee: usize, by: &[&str]) -> String {
        let mut text = format!(
            "format = \"passage-study/1\"\ntitle = \"{title}\"\nagreement = \"{agreement}\"\ncohorts = [\"2019-2020\", \"2020-2021\", \"2021-2022\", \"2022-2023\"]\ncommittee = {committee}\n"
        );
        for ((_, _, role), code) in self.members.iter().zip(self.codes()) {
            text.push_str(&format!("[[participant]]\ncode = \"{code}\"\nrole = \"{role}\"\n"));
        }
        text.push_str(&format!("[[table]]\nmetric = \"college-going-12\"\nversion = 1\nby = {by:?}\n"));
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
