//! A destruction killed after any of its steps ends as one that was not, and no certificate is written for something that can
//! still be read.

use std::ops::ControlFlow;

use passage_protocol::signing::SigningKey;
use passage_shell::clock;

use super::*;
use crate::{
    custody::Guard,
    data::{Extent, ImportMode, ImportRequest, Problems},
    roster::OptOutList,
};

const HEADER: &str =
    "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n";

/// The state folder of a member that has joined and holds one student and one opt-out.
struct Member {
    parent: tempfile::TempDir,
    root: PathBuf,
}

impl Member {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("node");
        crate::fixture::joined(&root, clock::now(), &SigningKey::generate([9; 32]));
        let member = Self { parent, root };
        let home = member.open();
        let students =
            member.file("students.csv", &format!("{HEADER}S-1,,,Ann,,Lee,,,2005-03-17,F,N,700,90917\n"));
        let request = ImportRequest {
            files: vec![students],
            layouts: Vec::new(),
            period: None,
            extent: Extent::Named,
            mode: ImportMode::Keep,
            problems: Problems::CountOnly,
        };
        let outcome = home.import(&request, &|_| ControlFlow::Continue(())).unwrap();
        assert!(outcome.files.iter().all(|file| file.refusal.is_none()), "{outcome:?}");
        home.import_opt_outs(&member.file("optout.csv", "student_id\nS-1\n"), OptOutList::Studies).unwrap();
        member
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.parent.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn open(&self) -> Home {
        Home::open(&self.root).unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn certificates(&self) -> Vec<Statement> {
        let folder = self.root.join("certificates");
        let read = |name: String| Statement::verify(&fs::read_to_string(folder.join(name)).unwrap()).unwrap();
        self.names("certificates").into_iter().map(read).collect()
    }
}

fn none(_: Guard) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    Ok(zeroize::Zeroizing::new(Vec::new()))
}

fn everything() -> Scope {
    Scope::default()
}

fn opt_outs() -> Scope {
    Scope { layout: Some("opt-outs".to_owned()), year: None }
}

#[test]
fn a_destruction_stopped_after_any_step_is_finished_and_certified_when_the_folder_is_opened() {
    for scope in [everything(), opt_outs()] {
        for done in 0..=STEPS.len() {
            let member = Member::new();
            let half = fs::read(member.root.join("keys/data-1.key")).unwrap();
            let home = member.open();
            home.order("Tester", &scope, &none).unwrap();
            STEPS[..done].iter().for_each(|step| step(&home).unwrap());
            drop(home);
            assert!(member.certificates().is_empty(), "certified after {done} steps");

            let home = member.open();
            let [certificate] = member.certificates().try_into().unwrap();
            assert!(certificate.verified, "{done}: {certificate:?}");
            assert_eq!(certificate.destroyed_by, "Tester");
            assert!(certificate.checks[1].ends_with("opened before"), "{certificate:?}");
            assert_eq!(member.names("keys"), ["data-2.key"]);
            assert_ne!(fs::read(member.root.join("keys/data-2.key")).unwrap()[..32], half[..32]);
            let kept = usize::from(!scope.is_all());
            assert_eq!((home.stored().unwrap().len(), member.names("tables").len()), (kept, kept));
            assert_eq!(home.roster().unwrap().0.counts.submitted, kept);
            assert!(home.ordered().unwrap().is_empty());
        }
    }
}

#[test]
fn a_destruction_that_was_not_ordered_when_it_was_stopped_destroys_nothing() {
    let member = Member::new();
    let home = member.open();
    let keys = home.catalogue().unwrap().keys;
    // The first act, before the transaction: the new half is in the folder.
    home.next_custody(&keys, keys.guard, None, &none).unwrap();
    assert_eq!(member.names("keys"), ["data-1.key", "data-2.key"]);
    drop(home);
    let home = member.open();
    assert_eq!(member.names("keys"), ["data-1.key"]);
    assert_eq!(home.roster().unwrap().0.counts.submitted, 1);
    assert!(member.certificates().is_empty());
}

#[test]
fn a_certificate_written_and_not_noted_is_written_again_in_its_place() {
    let member = Member::new();
    let home = member.open();
    home.order("Tester", &everything(), &none).unwrap();
    STEPS.iter().for_each(|step| step(&home).unwrap());
    let [ordered] = home.ordered().unwrap().try_into().unwrap();
    home.certify(&ordered, &none).unwrap();
    home.store.commit(&[ordered.put()]).unwrap();
    drop(home);
    member.open();
    assert_eq!(member.certificates().len(), 1);
    assert!(member.certificates()[0].verified);
}

#[test]
fn two_destructions_in_one_second_have_a_certificate_each() {
    let member = Member::new();
    let home = member.open();
    let (first, one) = home.destroy_data("First", &opt_outs()).unwrap();
    let (second, two) = home.destroy_data("Second", &everything()).unwrap();
    assert_eq!((first.destroyed_by.as_str(), second.destroyed_by.as_str()), ("First", "Second"));
    assert_ne!(one, two);
    assert_eq!(member.certificates().len(), 2);
    assert!(second.checks[1].contains("generation 3"), "{second:?}");
}

/// Orders the destruction of everything, and gives the state after all steps to `spoil` before it is looked at.
fn looked_at_after(spoil: impl FnOnce(&Member, &Home, &mut Ordered)) -> (Member, Result<Findings, Failure>) {
    let member = Member::new();
    let home = member.open();
    home.order("Tester", &everything(), &none).unwrap();
    STEPS.iter().for_each(|step| step(&home).unwrap());
    let [mut ordered] = home.ordered().unwrap().try_into().unwrap();
    spoil(&member, &home, &mut ordered);
    let found = home.look(&ordered, &none);
    (member, found)
}

#[test]
fn f10_nothing_is_certified_while_anything_can_be_read() {
    type Spoil = fn(&Member, &Home, &mut Ordered);
    let spoils: [(&str, Spoil); 5] = [
        ("a local half", |member, _, _| {
            fs::write(member.root.join("keys/data-1.key"), [0; 64]).unwrap();
        }),
        ("opens what the old one had wrapped", |_, home, ordered| {
            // A node key that was not replaced: what it wrapped still opens.
            ordered.old.check = home.catalogue().unwrap().keys.check;
        }),
        ("opens what the old one had wrapped", |_, home, ordered| {
            let custody = home.custody.read().unwrap();
            let entry = &mut ordered.tables[0];
            entry.key =
                custody.wrap(&passage_protocol::secret::Secret::new([7; 32]), &entry.place.label()).unwrap();
        }),
        ("a sealed file", |_, home, ordered| {
            fs::write(home.tables.table_path(ordered.tables[0].digest), "sealed").unwrap();
        }),
        ("the catalogue still names", |_, home, ordered| {
            let keys = home.catalogue().unwrap().keys;
            let catalogue = Catalogue { keys, tables: ordered.tables.clone() };
            home.store.commit(&[Op::put(CATALOGUE, CATALOGUE_KEY, catalogue.to_bytes())]).unwrap();
        }),
    ];
    for (words, spoil) in spoils {
        let (member, found) = looked_at_after(spoil);
        let refusal = found.unwrap_err();
        assert_eq!((refusal.code(), refusal.rule()), ("N226C", Some("F10")), "{refusal}");
        assert!(refusal.what().contains(words), "{refusal}");
        assert!(member.certificates().is_empty());
    }
    let (_, found) = looked_at_after(|_, _, _| {});
    assert!(matches!(found, Ok(Findings::Complete(checks)) if checks.len() == 3));
}

#[test]
fn a_half_somebody_took_away_is_not_certified_as_overwritten() {
    let member = Member::new();
    let home = member.open();
    home.order("Tester", &everything(), &none).unwrap();
    drop(home);
    fs::rename(member.root.join("keys/data-1.key"), member.parent.path().join("taken.key")).unwrap();
    member.open();
    let [certificate] = member.certificates().try_into().unwrap();
    assert!(!certificate.verified, "{certificate:?}");
    assert!(certificate.checks[0].contains("gone before this program could overwrite it"), "{certificate:?}");
    assert!(certificate.words().contains("NOT IN FULL"));
}

#[test]
fn a_half_that_cannot_be_overwritten_leaves_no_certificate_and_is_taken_up_again() {
    let member = Member::new();
    let home = member.open();
    let half = member.root.join("keys/data-1.key");
    let bytes = fs::read(&half).unwrap();
    // A folder in its place cannot be opened for writing, whoever tries.
    home.order("Tester", &everything(), &none).unwrap();
    fs::remove_file(&half).unwrap();
    fs::create_dir(&half).unwrap();
    assert_eq!(home.settle(&none).unwrap_err().code(), "S1007");
    assert!(member.certificates().is_empty());
    fs::remove_dir(&half).unwrap();
    fs::write(&half, bytes).unwrap();
    let [(statement, _)] = home.settle(&none).unwrap().try_into().unwrap();
    assert!(statement.verified);
}

#[test]
fn a_scope_without_data_is_refused_and_nothing_changes() {
    let member = Member::new();
    let home = member.open();
    let scope = Scope { layout: Some("nsc-detail".to_owned()), year: None };
    assert_eq!(home.destroy_data("Tester", &scope).unwrap_err().code(), "N2230");
    assert_eq!((member.names("keys"), home.stored().unwrap().len()), (vec!["data-1.key".to_owned()], 2));
}
