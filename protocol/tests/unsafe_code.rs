//! `unsafe` stands in one module of the product: the vectors of the lanes.

#![allow(clippy::unwrap_used, reason = "a source that cannot be read fails the test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder that may have it.
const VECTORS: &str = "protocol/lanes/src/vector";
/// The file that declares that folder and allows it.
const DECLARED_IN: &str = "protocol/lanes/src/lib.rs";

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a file that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

#[test]
fn unsafe_code_stands_in_the_vectors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["protocol", "node", "coordinator", "tests"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 200, "{} files were looked at", files.len());
    // Spelt in parts, so that this file does not find itself.
    let (word, lint) = (["un", "safe"].concat(), ["unsafe", "_code"].concat());
    let (mut blocks, mut allowed) = (0, Vec::new());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let opens = |line: &&str| {
            ["{ ", "{", "fn ", "impl ", "trait ", "extern "]
                .iter()
                .any(|next| line.contains(&format!("{word} {next}")))
        };
        let count = code(&text).filter(opens).count();
        assert!(count == 0 || inside.starts_with(VECTORS), "{inside} has {word} code");
        blocks += count;
        if code(&text).any(|line| line.contains(&lint)) {
            allowed.push(inside.clone());
        }
        if inside.starts_with(VECTORS) {
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            for (at, _) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with("//") && opens(line))
            {
                // The reason ends on the line above; a macro's body is its own reason's next line.
                let above = lines[..at].iter().rev().take_while(|line| line.starts_with("//"));
                assert!(
                    above.into_iter().any(|line| line.contains("SAFETY:")),
                    "{inside}:{} gives no reason",
                    at + 1
                );
            }
        }
    }
    assert!(blocks > 3, "{blocks} blocks were looked at");
    let this = "protocol/tests/unsafe_code.rs";
    allowed.retain(|path| path != this);
    assert_eq!(allowed, [DECLARED_IN]);
}

#[test]
fn the_workspace_denies_it_and_every_package_takes_the_workspaces_lints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(manifest.lines().any(|line| line.starts_with("unsafe_code = \"deny\"")));
    for package in
        ["protocol", "protocol/lanes", "protocol/shell", "node", "node/analytics", "coordinator", "tests"]
    {
        let manifest = fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{package}");
    }
}
