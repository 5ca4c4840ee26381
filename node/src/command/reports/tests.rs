//! Last year's report is last year's bytes: after a restart, after other reports, and after this program has learned to make
//! others (A13).

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use passage_protocol::{
    codec::Encode,
    ids::{Digest, MemberCode, RoundId},
    signing::SigningKey,
};

use super::*;
use crate::fixture;

const ROUND: RoundId = RoundId([5; 16]);
const LATER: RoundId = RoundId([6; 16]);

struct Member {
    folder: tempfile::TempDir,
    home: Option<Home>,
}

impl Member {
    /// A district whose report of `ROUND` has arrived.
    fn new() -> Self {
        let key = SigningKey::generate([4; 32]);
        let (folder, home) = fixture::district(MemberCode([7; 5]), &key);
        home.keep_report(ROUND, &fixture::report(ROUND, 120).to_bytes()).unwrap();
        Self { folder, home: Some(home) }
    }

    fn home(&self) -> &Home {
        self.home.as_ref().unwrap()
    }

    /// The process ends without a word, and another opens the folder; the store lets go of its lock a moment later.
    fn restart(&mut self) {
        self.home = None;
        let root = self.folder.path().join("node");
        let patience = Instant::now() + Duration::from_secs(10);
        self.home = loop {
            match Home::open(&root) {
                Err(_) if Instant::now() < patience => sleep(Duration::from_millis(20)),
                other => break Some(other.unwrap()),
            }
        };
    }

    /// The bytes of every form, with those of the notes.
    fn exported(&self, round: RoundId) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        for format in [ReportFormat::Csv, ReportFormat::Html, ReportFormat::Parquet] {
            let path = self.folder.path().join(format!("out.{}", format.ending()));
            report_export(self.home(), &round.to_string(), format, Some(path.clone())).unwrap();
            files.push(fs::read(&path).unwrap());
        }
        files.push(fs::read(self.folder.path().join("out.notes.txt")).unwrap());
        files
    }
}

#[test]
fn a13_a_report_is_the_same_bytes_after_a_restart_and_after_others_came() {
    let mut member = Member::new();
    let first = member.exported(ROUND);
    assert!(first.iter().all(|file| file.len() > 200), "there is something to compare");
    member.restart();
    assert_eq!(member.exported(ROUND), first);
    member.home().keep_report(LATER, &fixture::report(LATER, 240).to_bytes()).unwrap();
    // It came twice, as after a kill before the receipt.
    member.home().keep_report(ROUND, &fixture::report(ROUND, 120).to_bytes()).unwrap();
    assert_ne!(member.exported(LATER), first);
    member.restart();
    assert_eq!(member.exported(ROUND), first);
}

#[test]
fn a13_what_an_earlier_version_made_is_what_is_exported() {
    let mut member = Member::new();
    let earlier = Rendering {
        report: Digest::of_blob(&fixture::report(ROUND, 120).to_bytes()),
        program: "0.0.9".to_owned(),
        csv: b"run,value\r\nR-1,\"1,234\"\r\n".to_vec(),
        notes: b"as it was said then\n".to_vec(),
        html: b"<p>as it looked then</p>".to_vec(),
    };
    member.home().replace_rendering(ROUND, Some(&earlier));
    member.restart();
    member.home().keep_report(ROUND, &fixture::report(ROUND, 120).to_bytes()).unwrap();
    let [csv, html, _, notes] = member.exported(ROUND).try_into().unwrap();
    assert_eq!((csv, html, notes), (earlier.csv, earlier.html, earlier.notes));
    let path = member.folder.path().join("out.csv");
    let answer = report_export(member.home(), &ROUND.to_string(), ReportFormat::Csv, Some(path)).unwrap();
    assert_eq!(answer.json["made_by"], "0.0.9");
}

#[test]
fn a13_a_report_that_came_before_files_were_kept_gets_them_when_the_folder_is_opened() {
    let mut member = Member::new();
    let first = member.exported(ROUND);
    member.home().replace_rendering(ROUND, None);
    assert_eq!(member.home().rendering(ROUND).unwrap(), None);
    member.restart();
    assert!(member.home().rendering(ROUND).unwrap().is_some());
    assert_eq!(member.exported(ROUND), first);
}

#[test]
fn a_workbook_and_a_parquet_file_have_the_columns_of_the_table() {
    let member = Member::new();
    let path = member.folder.path().join("out.xlsx");
    let answer =
        report_export(member.home(), &ROUND.to_string(), ReportFormat::Xlsx, Some(path.clone())).unwrap();
    assert_eq!(answer.json["notes"], serde_json::Value::Null, "a workbook carries its notes");
    assert!(fs::read(&path).unwrap().starts_with(b"PK"));
    let path = member.folder.path().join("out.parquet");
    let answer =
        report_export(member.home(), &ROUND.to_string(), ReportFormat::Parquet, Some(path.clone())).unwrap();
    assert!(answer.json["notes"].as_str().unwrap().ends_with("out.notes.txt"));
    assert!(fs::read(&path).unwrap().starts_with(b"PAR1"));
}
