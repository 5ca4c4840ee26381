//! `account roles`: each verb, who may use it, and whether the principles must be accepted first. It is made from the verbs as
//! they are typed and from [`crate::command::needs`], so it says what happens.

use clap::Parser;

use super::{Cli, Verb};
use crate::{
    command::{
        Command,
        needs::{Principles, Who, needs},
    },
    people::role::Role,
};

/// Every verb that is carried out where the folder is open, as it could be typed.
const TYPED: &[&str] = &[
    "import FILE",
    "optout import FILE",
    "layout list",
    "layout show ID",
    "data status",
    "data dictionary",
    "data certificate FILE",
    "data coverage",
    "data quality",
    "data destroy --by X",
    "data rekey",
    "query SQL",
    "metric list",
    "metric show ID",
    "metric check FILE",
    "metric groupings",
    "metric run ID",
    "disclosures --student ID",
    "disclosures",
    "agreement list",
    "agreement show ID",
    "agreement sign ID --by X",
    "agreement share ID --by X",
    "agreement withdraw ID --by X",
    "study list",
    "study show ID",
    "study approve ID --by X",
    "study refuse ID --by X",
    "round list",
    "round show ID",
    "round approve ID --by X",
    "round refuse ID --by X",
    "what-leaves ID",
    "report list",
    "report show ID",
    "report export ID --format csv",
    "release list",
    "release list --approved",
    "release show ID",
    "release propose ID --format csv --audience X --by X",
    "release comment ID text --by X",
    "release approve ID --by X",
    "release refuse ID --by X",
    "release export ID --out FILE",
    "release verify FILE FILE",
    "retention list",
    "retention sweep --dry-run",
    "retention sweep",
    "principles show",
    "principles accept --by X",
    "principles sign --by X",
    "login name",
    "logout",
    "account passphrase name",
    "account roles",
    "account totp",
    "account totp name",
    "account list",
    "account review",
    "account review --confirm",
    "account add name --person X --role clerk",
    "account role name --role clerk",
    "account disable name",
    "account enable name",
    "account reset name",
    "audit verify",
    "audit checkpoints --out FILE",
    "audit acknowledge LOG --by X",
    "resume --by X",
    "halt --by X",
    "doctor",
];

/// The command of a line of [`TYPED`].
fn command(line: &str) -> Option<Command> {
    let words = std::iter::once("passage-node").chain(line.split(' '));
    match Cli::try_parse_from(words).ok()?.verb {
        Verb::Ask(ask) => Some(ask.command()),
        Verb::People(people) => Some(people.command()),
        Verb::Join { .. } | Verb::Serve | Verb::Bench(_) | Verb::Linkage(_) => None,
    }
}

/// A line without the words that only make it whole.
fn shown(line: &str) -> String {
    let name = line.split(" --by").next().unwrap_or(line);
    let kept = name.split(' ').take_while(|word| !["FILE", "ID", "SQL", "LOG", "name"].contains(word));
    let mut text = kept.collect::<Vec<_>>().join(" ");
    for (with, said) in [("--student", " (one student)"), ("totp name", " (another's)")] {
        if line.contains(with) {
            text = format!("{}{said}", text.replace(" --student", ""));
        }
    }
    text.split(" --format").next().unwrap_or_default().split(" --out").next().unwrap_or_default().to_owned()
}

/// The table.
#[must_use]
pub fn table() -> String {
    let mut lines = vec![format!(
        "{:<28}{}{}",
        "verb",
        Role::ALL.map(|role| format!("{:<10}", role.word())).concat(),
        "principles"
    )];
    for (line, command) in TYPED.iter().filter_map(|line| Some((line, command(line)?))) {
        let needs = needs(&command);
        let marks = match needs.who {
            Who::Anybody => format!("{:<70}", "anybody, without a session"),
            Who::FolderOwner => format!("{:<70}", "the owner of the state folder, while no daemon runs"),
            Who::Session(roles) => {
                Role::ALL.map(|role| format!("{:<10}", if roles.has(role) { "yes" } else { "-" })).concat()
            }
        };
        let asked = if needs.principles == Principles::Accepted { "accepted" } else { "" };
        lines.push(format!("{:<28}{marks}{asked}", shown(line)).trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::command::needs::decided_by;

    #[test]
    fn g12_every_verb_stands_in_the_table() {
        fn leaves(verb: &clap::Command, words: &str, found: &mut Vec<String>) {
            let inner = verb.get_subcommands().filter(|inner| inner.get_name() != "help");
            let mut is_leaf = true;
            for one in inner {
                is_leaf = false;
                leaves(one, &format!("{words} {}", one.get_name()), found);
            }
            if is_leaf {
                found.push(words.trim().to_owned());
            }
        }
        let mut found = Vec::new();
        leaves(&Cli::command(), "", &mut found);
        // These act without an open folder.
        found.retain(|verb| {
            !["bench", "join", "serve"].contains(&verb.as_str()) && !verb.starts_with("linkage")
        });
        for verb in &found {
            let typed = TYPED.iter().any(|line| line == verb || line.starts_with(&format!("{verb} ")));
            assert!(typed, "`{verb}` is missing in the table of roles");
        }
        assert!(TYPED.iter().all(|line| command(line).is_some()), "every line can be typed");
    }

    #[test]
    fn g18_the_table_is_the_one_that_is_documented() {
        let golden = include_str!("../../tests/golden/account-roles.txt");
        assert_eq!(format!("{}\n", table()), golden);
        assert!(
            include_str!("../../docs/people.md").contains(golden),
            "node/docs/people.md shows another table"
        );
    }

    #[test]
    fn g05_what_shows_data_or_reports_asks_for_the_principles_and_nothing_else_does() {
        let gated: Vec<&str> = TYPED
            .iter()
            .filter(|line| needs(&command(line).unwrap()).principles == Principles::Accepted)
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        assert_eq!(
            gated,
            [
                "data",
                "data",
                "query",
                "metric",
                "disclosures",
                "disclosures",
                "what-leaves",
                "report",
                "report",
                "report",
                "release",
                "release",
                "release",
                "release",
                "release",
                "release",
                "release",
                "release",
                "release"
            ]
        );
    }

    #[test]
    fn g18_g21_nobody_sees_rows_and_reports_by_one_role_and_the_council_sees_releases_alone() {
        for line in TYPED {
            let Who::Session(roles) = needs(&command(line).unwrap()).who else { continue };
            let reports = line.starts_with("report");
            assert!(!(reports && (roles.has(Role::Analyst) || roles.has(Role::Clerk))), "{line}");
            let rows = line.starts_with("query") || line.contains("--student");
            assert!(!(rows && (roles.has(Role::Reader) || roles.has(Role::Approver))), "{line}");
            let of_everybody = ["principles accept --by X", "account roles", "account totp"];
            let approved = [
                "release list --approved",
                "release show ID",
                "release export ID --out FILE",
                "release verify FILE FILE",
            ];
            let council = approved.contains(line) || of_everybody.contains(line);
            assert_eq!(roles.has(Role::Council), council, "{line}");
        }
    }

    #[test]
    fn g12_whatever_is_typed_with_a_name_carries_it() {
        for line in TYPED.iter().filter(|line| line.ends_with("--by X")) {
            let mut command = command(line).unwrap();
            assert_eq!(decided_by(&mut command).map(|by| by.as_str()), Some("X"), "{line}");
        }
    }
}
