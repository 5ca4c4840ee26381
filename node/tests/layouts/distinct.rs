//! No file of one layout is taken for another, whatever the clerk says, and two files in one are refused.

use passage_node::import::{ImportError, recognise_as};

use crate::reading::{Outcome, fixture, layout, read_bytes, shipped};

#[test]
fn a_file_of_one_layout_is_never_taken_for_another_even_if_the_clerk_says_so() {
    let mut wrong = Vec::new();
    for of in shipped() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), fixture(&of)).unwrap();
        for other in shipped().into_iter().filter(|other| *other != of) {
            let named = layout(&other);
            match recognise_as(file.path(), &named) {
                Err(ImportError::Read { .. }) => panic!("{of}: could not be read"),
                Err(_) => {}
                Ok(found) if found.layout.id == of => {}
                Ok(found) => wrong.push(format!("{of} as {}", found.layout.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn two_files_in_one_are_refused() {
    let mut wrong = Vec::new();
    for first in shipped() {
        for second in shipped().into_iter().filter(|second| *second != first) {
            let mut bytes = fixture(&first);
            bytes.extend(fixture(&second));
            if let Outcome::Read { layout, .. } = read_bytes(&bytes) {
                wrong.push(format!("{first} and {second} were read as {layout}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(30)]);
}
