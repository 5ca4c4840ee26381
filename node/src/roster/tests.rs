//! The roster through a temporary folder: replaced, tampered with, on a full disk, and put together.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
};

use passage_protocol::{
    cells::{Ethnicity, Gender, SchoolYear},
    timestamp::Timestamp,
};

use super::*;
use crate::import::{Layout, Outlets, read, recognise_among};

const TODAY_YEAR: u16 = 2026;

fn key() -> DataKey {
    DataKey::new([7; 32])
}

fn demo() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/members")
}

/// Imports a file into the folder; `salt` differs for every import.
fn store(
    folder: &Folder,
    path: &Path,
    salt: u8,
    existing: &[SegmentEntry],
) -> Result<Vec<SegmentEntry>, RosterError> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/own_layouts");
    let own: Vec<Layout> = ["students", "enrollments", "courses", "awards"]
        .map(|name| Layout::parse(&fs::read_to_string(own.join(format!("{name}.toml"))).unwrap()).unwrap())
        .into();
    let state = Layout::built_in().unwrap().into_iter().filter(|layout| layout.id.starts_with("calpads-"));
    let recognised = recognise_among(path, &own, &state.collect::<Vec<_>>()).unwrap();
    let (key, reader) = (key(), RowReader::new().unwrap());
    let mut writer = folder.writer(&key, FreshSalt::new([salt; 32]), &recognised.layout.id);
    let mut outlets = Outlets {
        rows: &mut |filed| {
            reader.record(&filed).map_or(ControlFlow::Continue(()), |record| writer.accept(&record))
        },
        progress: &mut |_| {},
        findings: &mut |_| Ok(()),
    };
    let _ = read(&recognised, TODAY_YEAR, &mut outlets);
    let new = writer.finish(existing, Timestamp(u64::from(salt)))?;
    Ok(merge(existing, &new))
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn filed(year: u16, local: &str) -> Filed {
    let person = Person { local_id: Text::new(local), ..Person::default() };
    Filed { year: Some(SchoolYear(year)), record: PlainRecord::Person(Box::new(person)) }
}

fn write(folder: &Folder, salt: u8, rows: &[(u16, &str)], existing: &[SegmentEntry]) -> Vec<SegmentEntry> {
    let key = key();
    let mut writer = folder.writer(&key, FreshSalt::new([salt; 32]), "test");
    for (year, local) in rows {
        assert!(writer.accept(&filed(*year, local)).is_continue());
    }
    merge(existing, &writer.finish(existing, Timestamp(u64::from(salt))).unwrap())
}

fn locals(folder: &Folder, entries: &[SegmentEntry]) -> Vec<String> {
    let roster = assemble(folder, &key(), entries, &OptOuts::default(), SegmentKind::K12).unwrap();
    roster.students.iter().map(|student| student.person().local_id.expose().to_owned()).collect()
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let path = demo().join("K12A/K12A-SENR.txt");
    let first = store(&folder, &path, 1, &[]).unwrap();
    let files = names(dir.path());
    assert_eq!(store(&folder, &path, 2, &first).unwrap(), first);
    assert_eq!(names(dir.path()), files);
}

#[test]
fn a_replaced_year_is_replaced_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let first = write(&folder, 1, &[(2019, "A"), (2019, "B"), (2020, "C")], &[]);
    let second = write(&folder, 2, &[(2019, "D")], &first);
    assert_eq!(locals(&folder, &second), ["D", "C"]);
    assert_eq!(names(dir.path()).len(), 3);
    let keep: HashSet<_> = second.iter().map(|entry| entry.digest).collect();
    assert_eq!(sweep(&folder, &keep), Ok(1));
    assert_eq!(locals(&folder, &second), ["D", "C"]);
}

#[test]
fn a_tampered_swapped_or_missing_segment_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let entries = write(&folder, 1, &[(2019, "A"), (2020, "B")], &[]);
    let path = |place: usize| dir.path().join(format!("{}.seg", entries[place].digest));
    let assembled = || assemble(&folder, &key(), &entries, &OptOuts::default(), SegmentKind::K12).err();
    let honest = fs::read(path(0)).unwrap();
    let mut bytes = honest.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path(0), &bytes).unwrap();
    assert!(matches!(assembled(), Some(RosterError::Tampered { chunk: 0, .. })));
    fs::write(path(0), fs::read(path(1)).unwrap()).unwrap();
    assert!(matches!(assembled(), Some(RosterError::Tampered { .. })));
    fs::remove_file(path(0)).unwrap();
    assert_eq!(assembled(), Some(RosterError::Disk { kind: io::ErrorKind::NotFound }));
    fs::write(path(0), honest).unwrap();
    assert_eq!(assembled(), None);
}

/// A disk with room for so many bytes a file.
struct FullDisk(usize);

struct Limited(File, usize);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.1 -= bytes.len();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Disk for FullDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(Limited(File::create(path)?, self.0)))
    }
}

#[test]
fn a_full_disk_leaves_no_file() {
    for room in [0, 10, 44, 70_000] {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::with_disk(dir.path(), Box::new(FullDisk(room))).unwrap();
        let result = store(&folder, &demo().join("CC1/CC1-enrollments.csv"), 1, &[]);
        let small = store(&folder, &demo().join("CC1/CC1-students.csv"), 2, &[]);
        assert_eq!(small, Err(RosterError::Disk { kind: io::ErrorKind::StorageFull }), "{room}");
        if result.is_err() {
            assert_eq!(names(dir.path()), Vec::<String>::new(), "{room}");
        }
    }
}

#[test]
fn an_import_that_is_dropped_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let key = key();
    let mut writer = folder.writer(&key, FreshSalt::new([1; 32]), "test");
    assert_eq!(writer.accept(&filed(2019, "A")), ControlFlow::Continue(()));
    assert_eq!(names(dir.path()).len(), 1);
    drop(writer);
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn districts_assemble_into_cohorts_and_categories() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let entries = store(&folder, &demo().join("K12A/K12A-SENR.txt"), 1, &[]).unwrap();
    let entries = store(&folder, &demo().join("K12A/K12A-SINF.txt"), 2, &entries).unwrap();
    let list = fs::read(demo().join("K12A/optout.csv")).unwrap();
    let opt_outs = OptOuts::parse(list.as_slice()).unwrap();
    let saved = opt_outs.save(&folder, &key(), FreshSalt::new([3; 32]), &entries, Timestamp(3)).unwrap();
    let entries = merge(&entries, &saved);
    let loaded = OptOuts::load(&folder, &key(), &entries).unwrap();
    assert_eq!(loaded.len(), opt_outs.len());
    let roster = assemble(&folder, &key(), &entries, &loaded, SegmentKind::K12).unwrap();
    let lines = fs::read_to_string(demo().join("K12A/K12A-SENR.txt")).unwrap().lines().count();
    assert_eq!((roster.counts.submitted, roster.counts.opted_out), (lines, opt_outs.len()));
    assert_eq!(roster.students.len(), lines - opt_outs.len());
    let with =
        |test: &dyn Fn(&Student) -> bool| roster.students.iter().filter(|student| test(student)).count();
    for year in 2019..=2022 {
        let cohort = with(&|student| student.completion_cohort() == Some(SchoolYear(year)));
        assert!(cohort > 100, "{year}: {cohort}");
        let few = with(&|student| {
            student.completion_cohort() == Some(SchoolYear(year))
                && student.ethnicity() == Ethnicity::AmericanIndian
        });
        assert!(few < 11, "{year}: {few}");
    }
    assert!(with(&|student| student.completion_cohort().is_none()) > 50);
    assert!(with(&|student| student.gender() == Gender::Female) > roster.students.len() / 3);
    assert!(with(&|student| student.person().zip.is_empty()) < roster.students.len() / 10);
}

#[test]
fn colleges_assemble_into_first_regular_years() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path()).unwrap();
    let mut entries = Vec::new();
    for (salt, kind) in [(1, "students"), (2, "enrollments"), (3, "courses"), (4, "awards")] {
        entries = store(&folder, &demo().join(format!("CC1/CC1-{kind}.csv")), salt, &entries).unwrap();
    }
    let roster =
        assemble(&folder, &key(), &entries, &OptOuts::default(), SegmentKind::CommunityCollege).unwrap();
    assert_eq!(roster.counts.unlisted_enrolments, 0);
    let dual_only = roster
        .students
        .iter()
        .filter(|student| student.ever_enrolled() && student.first_regular_year().is_none())
        .count();
    let regular = roster.students.iter().filter(|student| student.first_regular_year().is_some()).count();
    assert!(dual_only > 0 && regular > 500, "{dual_only} {regular}");
    assert!(roster.students.iter().all(|student| student.completion_cohort().is_none()));
}
