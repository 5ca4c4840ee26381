//! What a superintendent reads: golden files. After a change that is meant:
//!
//! ```text
//! cargo test -p passage-protocol --test release -- --ignored rewrite
//! ```

use std::{fs, path::PathBuf};

use passage_protocol::{
    ids::MemberCode,
    refusal::Refusal,
    release::{
        ReleaseError, Sheet,
        page::{Review, Shown, text},
        scan::Known,
    },
    timestamp::Timestamp,
    wire::{ReleaseFormat, ReleaseSaid},
};

use crate::{
    once::{cut_sample, sample},
    world::{DAY, NOW, World, YES, members},
};

fn page(
    world: &World,
    me: usize,
    own: &passage_protocol::report::Report,
    now: Timestamp,
    known: &Known,
) -> String {
    let review = Review::of(&world.papers, &world.agreement, own, known);
    let standing = world.standing(now);
    text(&Shown {
        release: &world.release,
        agreement: &world.agreement,
        me: members()[me],
        review: &review,
        standing: &standing,
    })
}

/// Each text a person can meet: open with nothing said, open with words and a name, refused by a check, refused by a member, approved,
/// the sheet, every refusal.
fn texts() -> Vec<(&'static str, String)> {
    let none = Known::default();
    let fresh = World::new();
    let open = page(&fresh, 2, &cut_sample(), NOW.plus_s(60), &none);

    let mut named = World::of(&sample(), ReleaseFormat::Csv, &[members()[1]]);
    named.say(1, NOW.plus_s(60), ReleaseSaid::Approved { no_disadvantage: true, named: true }).unwrap();
    let text =
        "Please say beside the figures that the second college changed its records in 2021.".to_owned();
    named.say(2, NOW.plus_s(90), ReleaseSaid::Commented { text }).unwrap();
    let talked = page(&named, 1, &sample(), NOW.plus_s(DAY), &none);

    let mut known = Known::default();
    known.add_name("Where Our Graduates Go Institute");
    known.add_name("Graduates Go");
    let inside = page(&fresh, 1, &sample(), NOW.plus_s(60), &known);

    let mut refused = World::new();
    refused.say(0, NOW.plus_s(60), YES).unwrap();
    let reason = "The class of 2021 is ours alone.".to_owned();
    refused.say(3, NOW.plus_s(90), ReleaseSaid::Refused { reason }).unwrap();
    let no = page(&refused, 0, &sample(), NOW.plus_s(DAY), &none);

    let mut done = World::new();
    done.approved_by(&[0, 1, 2, 3]);
    let yes = page(&done, 0, &sample(), done.after(), &none);
    let sheet = Sheet::of(&done.release, NOW).text(&done.agreement).unwrap();
    vec![
        ("release-open.txt", open),
        ("release-talked.txt", talked),
        ("release-name-inside.txt", inside),
        ("release-refused.txt", no),
        ("release-approved.txt", yes),
        ("release-sheet.txt", sheet),
        ("release-refusals.txt", refusals()),
    ]
}

fn refusals() -> String {
    let member = MemberCode([11, 86, 201, 33, 7]);
    let (until, at) = (NOW, NOW);
    let each = [
        ReleaseError::NotPublishable,
        ReleaseError::NotItsOwn { member },
        ReleaseError::NotASigner { member },
        ReleaseError::NotConfirmed { member },
        ReleaseError::NamingNotCovered { member },
        ReleaseError::OtherTerms { expected: "every participant of the round, in the order of its call" },
        ReleaseError::OtherRendering,
        ReleaseError::FiguresDiffer { what: "figures" },
        ReleaseError::NamesInside { places: 2, line: 12, column: 40 },
        ReleaseError::Missing { members: vec![member] },
        ReleaseError::Missing { members: members() },
        ReleaseError::InTimeForComments { until },
        ReleaseError::Refused { member },
        ReleaseError::Lapsed { at },
        ReleaseError::SheetChanged,
        ReleaseError::OtherFile,
        ReleaseError::WordMissing { member },
    ];
    let words = |error: &ReleaseError| {
        format!("{} ({}): {error}\n    {}\n", error.code(), error.rule().unwrap(), error.advice())
    };
    each.iter().map(words).collect()
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn l1_g07_what_a_superintendent_reads_is_as_it_was_reviewed() {
    for (name, text) in texts() {
        let path = golden(name);
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == text, "{} has changed; see the header of this file:\n{text}", path.display());
    }
}

#[test]
fn g09_no_page_and_no_sheet_shows_the_name_of_an_institution() {
    for (name, text) in texts() {
        for word in ["Alder", "Birch", "Cedar", "Dogwood"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
    }
}

#[test]
#[ignore = "writes the golden files"]
fn rewrite() {
    for (name, text) in texts() {
        fs::write(golden(name), text).unwrap();
    }
}
