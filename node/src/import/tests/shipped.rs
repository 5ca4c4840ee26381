//! Whole files of the demonstration, unchanged, and bytes nobody wrote.

use proptest::prelude::*;

use super::*;

fn import_folder(folder: &Path, files: &[&str]) {
    for name in files {
        let path = folder.join(name);
        let recognised =
            recognise_among(&path, &known(), &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (Imported { report, .. }, rows) = rows_of(&recognised).unwrap_or_else(|error| {
            if let ImportError::Rows { report } = &error {
                panic!("{name}: {report}")
            }
            panic!("{name}: {error}")
        });
        println!("{name}\n{report}");
        let tables = recognised.layout.tables.len() as u64;
        assert_eq!(rows.len() as u64, report.kept * tables, "{name}");
        assert_eq!(report.rows, report.kept + report.duplicates, "{name}");
        let expected = name.rsplit('-').next().unwrap().split('.').next().unwrap().to_lowercase();
        assert!(report.layout.ends_with(&expected), "{name}: {}", report.layout);
    }
}

const FILES: [(&str, &[&str]); 5] = [
    ("K12A", &["K12A-SENR.txt", "K12A-SINF.txt"]),
    ("K12B", &["K12B-SENR.txt", "K12B-SINF.txt"]),
    ("CC1", &["CC1-students.csv", "CC1-enrollments.csv", "CC1-courses.csv", "CC1-awards.csv"]),
    ("CC2", &["CC2-students.csv", "CC2-enrollments.csv", "CC2-courses.csv", "CC2-awards.csv"]),
    ("UNIV", &["UNIV-students.csv", "UNIV-enrollments.csv", "UNIV-courses.csv", "UNIV-awards.csv"]),
];

#[test]
fn demonstration_files_import_unchanged() {
    for (member, files) in FILES {
        import_folder(&demo().join(member), files);
    }
}

#[test]
fn full_simulated_files_import_unchanged() {
    let Ok(folder) = std::env::var("PASSAGE_EDUCATION") else {
        println!("skipped: PASSAGE_EDUCATION does not name the folder of the full files");
        return;
    };
    for (_, files) in FILES {
        import_folder(Path::new(&folder), files);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let _ = import(&bytes);
    }

    #[test]
    fn arbitrary_values_in_a_known_layout_never_panic(column in 1_usize..=39, value in "[^\\^\\r\\n\\x00]{0,40}", rows in 1_usize..4) {
        let text = senr(&[]).repeat(rows) + &senr(&[(column, &value)]);
        let _ = import(text.as_bytes());
        let row = format!("A1,{value},{value},{value},,{value},,,{value},{value},{value},{value},{value}");
        let _ = import(students(&[&row]).as_bytes());
    }
}
