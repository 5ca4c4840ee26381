//! A disk that fills up and a limit on the size of files: the import is refused, what was there is untouched, and with room
//! the same import succeeds.

use std::{collections::HashMap, fs, process::Command};

use passage_protocol::agreement::Segment;

use crate::{
    pupils::{Pupil, VALUES, sinf, sinf_of},
    world::{Node, PROGRAM, Screen, World},
};

/// A shell script in a mount namespace of its own, so that its disk is gone with it. `step NAME COMMAND...` runs a command
/// and records its exit code and all it printed.
const SCRIPT: &str = r#"
set -u
mkdir "$1/disk" && mount -t tmpfs -o size=3m,mode=700 passage "$1/disk" || exit 77
run() {
  name=$1; shift
  echo "@@ $name"
  "$program" --dir "$disk/node" "$@" 2>&1
  echo "@@ exit $?"
}
program=$2 disk=$1/disk
run join join "$3"
run first import "$1/small.txt"
run before data status --json
run full import "$1/large.txt"
run after data status --json
echo "@@ files"; ls "$disk/node/tables"; echo "@@ exit $?"
run sound doctor
mount -o remount,size=64m "$disk"
run again import "$1/large.txt"
run last data status --json
"#;

/// Pupils whose names and numbers differ, so that no compression makes their table small.
fn many() -> String {
    let pupils = (1..=90_000_u32).map(|number| Pupil {
        last: format!("MARKERSON{:08X}", number.wrapping_mul(2_654_435_761)),
        ..Pupil::number(number)
    });
    sinf_of(&pupils.collect::<Vec<_>>())
}

/// Steps of the script: name -> what was printed and the exit code. None if this account may not mount.
fn run_script(node: &Node) -> Option<HashMap<String, (String, i32)>> {
    let folder = node.dir.parent().unwrap();
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", SCRIPT, "sh"])
        .args([folder.to_str().unwrap(), PROGRAM, &World::get().invite(Segment::K12)])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    if !text.contains("@@ join") {
        return None;
    }
    let mut steps = HashMap::new();
    for part in text.split("@@ ").skip(1).collect::<Vec<_>>().chunks(2) {
        let (name, printed) = part[0].split_once('\n').unwrap();
        let code = part[1].trim().strip_prefix("exit ").unwrap().parse().unwrap();
        steps.insert(name.to_owned(), (printed.to_owned(), code));
    }
    Some(steps)
}

#[test]
fn an_import_that_fills_the_disk_is_refused_and_what_was_there_stays() {
    let node = Node::new();
    node.file("small.txt", sinf(50));
    node.file("large.txt", many());
    let Some(steps) = run_script(&node) else {
        // The limit on the size of files below takes the same path through the program.
        eprintln!("not tried: this account may not mount a small disk");
        return;
    };
    let step = |name: &str| steps.get(name).unwrap_or_else(|| panic!("{name} is missing in {steps:?}"));
    for name in ["join", "first", "before", "after", "files", "sound", "again", "last"] {
        assert_eq!(step(name).1, 0, "{name}: {steps:?}");
    }
    let (said, code) = step("full");
    assert_eq!(*code, 1, "{said}");
    assert!(said.contains("refused: ") && said.contains("nothing was imported"), "{said}");
    assert!(said.contains("N2111") && !said.contains("panicked"), "{said}");
    assert!(VALUES.iter().all(|value| !said.contains(value)), "{said}");
    assert_eq!(step("before").0, step("after").0);
    assert_eq!(step("files").0.lines().count(), 1, "a file was left behind: {}", step("files").0);
    assert!(step("last").0.contains("\"students\":90000"), "{}", step("last").0);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_not_a_kill() {
    let node = Node::joined(Segment::K12);
    node.run(&["import", &node.file("small.txt", sinf(50))]).succeeded();
    let (status, files) = (node.status(), node.roster_files());
    let large = node.file("large.txt", many());
    // 4096 blocks of 512 bytes: room for the store, not for a table of 90,000 pupils.
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 4096; exec \"$@\"", "sh", PROGRAM, "--dir", node.dir.to_str().unwrap()])
        .args(["import", &large])
        .output()
        .unwrap();
    let screen = Screen::of(output);
    let what = screen.refused("N2111", None);
    assert!(what.contains("file too large"), "{what}");
    screen.keeps_to_itself(VALUES);
    assert_eq!((node.status(), node.roster_files()), (status, files));
    node.run(&["import", &large]).succeeded();
    assert_eq!(node.status()["students"], 90_000);
    assert!(fs::metadata(node.dir.join("tables").join(&node.roster_files()[0])).unwrap().len() > 4096 * 512);
}
