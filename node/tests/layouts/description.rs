//! What is said of the layouts: in their files, in the documentation, and that each holds its own together.

use std::{collections::BTreeSet, fs, path::Path};

use passage_node::import::{Check, Form, Header, Layout};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_documentation_has_one_line_for_every_layout_and_no_other() {
    let text = fs::read_to_string(root().join("node/docs/layouts.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let documented: BTreeSet<&str> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
    let layouts = Layout::built_in().unwrap();
    let shipped: BTreeSet<&str> = layouts.iter().map(|layout| layout.id.as_str()).collect();
    assert_eq!(documented, shipped);
    for layout in &layouts {
        let row = rows.iter().find(|row| row[1].trim_matches('`') == layout.id).unwrap();
        assert_eq!(row[2], layout.version, "{}", layout.id);
        assert_eq!(row[6], layout.confidence.word(), "{}", layout.id);
        assert!(
            layout.tables.iter().all(|table| row[4].contains(table.as_str())),
            "{}: {}",
            layout.id,
            row[4]
        );
        for bytes in &layout.record_bytes {
            assert!(row[3].contains(&format!("{bytes} bytes")), "{}: {}", layout.id, row[3]);
        }
        for columns in &layout.columns {
            assert!(
                layout.refused.is_some() || row[3].contains(&columns.to_string()),
                "{}: {}",
                layout.id,
                row[3]
            );
        }
    }
}

#[test]
fn every_layout_says_where_it_comes_from() {
    for layout in Layout::built_in().unwrap() {
        assert!(layout.source.len() > 20, "{} gives no source", layout.id);
        let file =
            fs::read_to_string(root().join(format!("node/src/import/layouts/{}.toml", layout.id))).unwrap();
        assert!(file.starts_with("# "), "{} starts without a word of what it is", layout.id);
    }
    let files = fs::read_dir(root().join("node/src/import/layouts")).unwrap().count();
    assert_eq!(files, Layout::built_in().unwrap().len(), "a layout file is not compiled in");
}

#[test]
fn every_column_that_is_kept_has_a_checked_column_at_or_after_it() {
    for layout in Layout::built_in()
        .unwrap()
        .iter()
        .filter(|layout| layout.header != Header::Required && layout.refused.is_none())
    {
        let place = |column: &passage_node::import::Column| match layout.form {
            Form::Delimited => column.number.unwrap(),
            Form::Fixed => column.at.unwrap().0,
        };
        let probes =
            layout.column.iter().filter(|column| column.check != Check::Text && column.never.is_none());
        let last = probes.map(place).max().unwrap();
        for column in layout.column.iter().filter(|column| column.element.is_some()) {
            assert!(place(column) <= last, "{}: {} hangs loose", layout.id, column.name);
        }
    }
}

#[test]
fn no_school_file_feeds_a_social_security_number_and_nothing_feeds_what_is_never_imported() {
    for layout in Layout::built_in().unwrap() {
        for column in &layout.column {
            let element = column.element.as_deref().unwrap_or("");
            let k12 = layout.segment.iter().any(|segment| format!("{segment:?}") == "K12");
            assert!(!(k12 && element == "ssn"), "{}: {}", layout.id, column.name);
            let name = column.name.to_lowercase();
            let never = [
                "sexual",
                "gender identity",
                "gender expression",
                "disab",
                "guardian1",
                "guardian2",
                "migrantstudent",
                "addressline",
            ];
            if never.iter().any(|word| name.contains(word)) {
                assert!(column.never.is_some() && element.is_empty(), "{}: {}", layout.id, column.name);
            }
        }
    }
}
