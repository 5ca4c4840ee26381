//! The figures of a round between real processes against the same files joined in the clear (noise none): every released
//! count, not a sample.

use std::{collections::BTreeMap, path::Path};

use harness::plaintext_oracle::{OpenList, expected};
use passage_node::{
    custody::{Custody, Guard},
    import,
    prepare::{Prepared, prepare},
    roster::{OptOuts, SegmentKind, assemble},
    tables::{Folder, Import, Schemas, merge},
};
use passage_protocol::{
    agreement::{Role, Segment, Study},
    cells::SchoolYear,
    timestamp::Timestamp,
};

use crate::fleet::{Fleet, Noise, THREE, free_port};

#[test]
fn every_released_count_equals_the_plain_files() {
    let port = free_port();
    let fleet = Fleet::start(THREE, port, port);
    fleet.import(1);
    let agreement = fleet.propose_agreement(Noise::None);
    fleet.names().iter().for_each(|name| fleet.sign(name, &agreement));
    let study_id = fleet.study(&agreement, 2);
    let round = fleet.open(&study_id);
    fleet.approve(&round);
    assert_eq!(fleet.end_of(&round)["phase"], "finished");

    let study = Study::parse(&std::fs::read_to_string(fleet.dir.path().join("study.toml")).unwrap()).unwrap();
    let lists: Vec<(Role, Segment, Prepared)> = THREE
        .iter()
        .map(|(name, segment, role)| plain_list(fleet.dir.path(), &study, name, segment, role))
        .collect();
    let open: Vec<OpenList<'_>> = lists
        .iter()
        .map(|(role, segment, prepared)| OpenList { role: *role, segment: *segment, prepared })
        .collect();
    let codes = fleet.codes();
    let mut plain: BTreeMap<(String, String, String, String), i64> = BTreeMap::new();
    for table in expected(&study, 11, &open) {
        assert_eq!(table.open, 0, "ties would leave counts undecided");
        let width = table.receivers.len();
        for (code, cohort, category) in table.domain.cells() {
            let label = table.domain.dimension.categories()[category];
            let key = |who: &str| {
                (
                    who.to_owned(),
                    cohort.to_string(),
                    table.domain.dimension.name().to_owned(),
                    label.to_owned(),
                )
            };
            let patterns = &table.counts[(code as usize - 1) << width..(code as usize) << width];
            for (place, receiver) in table.receivers.iter().enumerate() {
                let seen = patterns
                    .iter()
                    .enumerate()
                    .filter(|(pattern, _)| pattern >> place & 1 == 1)
                    .map(|(_, n)| n)
                    .sum();
                plain.insert(key(&codes[usize::from(*receiver)]), seen);
            }
            plain.insert(key("any"), patterns.iter().skip(1).sum());
            if let Some(Some(count)) = table.denominators.get(code as usize - 1) {
                plain.insert(key("n/a"), i64::try_from(*count).unwrap());
            }
        }
    }

    let mut compared = 0;
    for line in fleet.figures("K12A", &round).lines().skip(1) {
        // table,sender,receiver,cohort,dimension,category,outcome,measure,value,low,high,status,reason
        let fields: Vec<&str> = line.split(',').collect();
        let ([_, _, receiver, cohort, dimension, category, _, "count", value, _, _, "value", ..], true) =
            (fields.as_slice(), !line.contains("all masked"))
        else {
            continue;
        };
        let key =
            ((*receiver).to_owned(), (*cohort).to_owned(), (*dimension).to_owned(), (*category).to_owned());
        let Some(in_the_clear) = plain.get(&key) else { panic!("{key:?} is not in the plain files") };
        assert_eq!(value.parse::<i64>().unwrap(), *in_the_clear, "{key:?}");
        compared += 1;
    }
    assert!(compared > 30, "only {compared} figures were compared");
}

/// One member's list, read from its files by the same importer and prepared by the same code, without any process.
fn plain_list(
    folder: &Path,
    study: &Study,
    name: &str,
    segment: &str,
    role: &str,
) -> (Role, Segment, Prepared) {
    let temporary = tempfile::tempdir().unwrap();
    let store = Folder::new(&temporary.path().join("tables")).unwrap();
    std::fs::create_dir(temporary.path().join("keys")).unwrap();
    let none = |_| Ok(zeroize::Zeroizing::new(Vec::new()));
    let (custody, _) = Custody::create(&temporary.path().join("keys"), 1, Guard::File, &none, None).unwrap();
    let schemas = Schemas::builtin().unwrap();
    let mut tables = Vec::new();
    let kinds: &[&str] =
        if segment == "k12" { &["SENR.txt", "SINF.txt"] } else { &["students.csv", "enrollments.csv"] };
    for kind in kinds {
        let path = folder.join(format!("{name}-{kind}"));
        let recognised = import::recognise(&path, &[]).unwrap();
        let mut writer = Import::new(&store, &custody, &schemas, &recognised.layout);
        let mut outlets = import::Outlets {
            rows: &mut |filed| writer.accept(filed),
            progress: &mut |_| {},
            findings: &mut |_| Ok(()),
        };
        import::read(&recognised, 2026, &mut outlets).map_err(|error| error.to_string()).map(drop).unwrap();
        tables = merge(&tables, &writer.finish(&tables, Timestamp(0)).unwrap());
    }
    let (kind, segment) = match segment {
        "k12" => (SegmentKind::K12, Segment::K12),
        "cc" => (SegmentKind::CommunityCollege, Segment::Cc),
        _ => (SegmentKind::University, Segment::Univ),
    };
    let roster = assemble(&store, &custody, &tables, &OptOuts::default(), kind).unwrap();
    let role = if role == "sender" { Role::Sender } else { Role::Receiver };
    let year = SchoolYear(2026).0;
    (role, segment, prepare(&roster, study, role, segment, year))
}
