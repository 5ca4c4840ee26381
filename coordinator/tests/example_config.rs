//! `deploy/config/coordinator.example.toml` is read by the program it is for, and shows every key at its default.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, path::Path};

use passage_coordinator::settings::{FILE, Settings};

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config/coordinator.example.toml");
    fs::read_to_string(path).unwrap()
}

fn load(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), text).unwrap();
    Settings::load(folder.path()).unwrap()
}

#[test]
fn the_example_shows_every_key_and_its_default() {
    let shipped = load(&example());
    // Keys with a default are shown as comments: in force, they change nothing.
    let shown = |text: String, key: &str| text.replace(&format!("# {key} = "), &format!("{key} = "));
    let in_force = ["round_hours", "jobs", "join_memory_mib"].into_iter().fold(example(), shown);
    assert_ne!(in_force, example());
    assert_eq!(load(&in_force), shipped);

    // The file `init` writes has the same keys.
    let keys = |text: &str| -> Vec<String> { text.parse::<toml::Table>().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&in_force), keys(&shipped.to_toml()));
}
