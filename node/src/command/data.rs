//! What is stored here, its destruction and its keys; and what the columns mean.

use core::fmt::Write as _;
use std::path::Path;

use passage_protocol::dictionary::{Dictionary, column_name};
use passage_shell::{control::Answer, failure::Failure};
use serde_json::json;

use crate::{
    certificate::Statement,
    coverage,
    custody::Guard,
    data::Scope,
    home::{Home, refuse},
    import::Term,
    tables::OPT_OUT_TABLE,
};

/// Longest certificate, bytes: a line for each stored table.
const CERTIFICATE_BYTES_MAX: u64 = 1 << 24;

pub(super) fn status(home: &Home) -> Result<Answer, Failure> {
    let stored = home.stored()?;
    if stored.is_empty() {
        return Ok(Answer {
            text: "no student records here; `import FILE...` reads them".to_owned(),
            json: json!({ "tables": [], "students": 0, "opted_out": 0, "unusable": 0 }),
        });
    }
    let mut text =
        String::from("layout                   school year  term    table         rows      imported\n");
    let mut tables = Vec::new();
    for entry in &stored {
        let place = &entry.place;
        // A list of opt-outs has a row for itself, so that an empty one is a table too.
        let rows = if place.table == OPT_OUT_TABLE { home.opt_out_count(entry)? as u64 } else { entry.rows };
        let term = place.period.term.as_ref().map_or("", Term::as_str);
        let line = format!(
            "{:<24} {:<12} {:<7} {:<13} {rows:<9} {}\n",
            place.family,
            place.year_word(),
            term,
            place.table,
            entry.imported_at
        );
        text.push_str(&line);
        tables.push(json!({
            "layout": place.family,
            "layout_version": entry.layout_version,
            "year": place.period.year.map(|year| year.to_string()),
            "term": place.period.term,
            "table": place.table,
            "rows": rows,
            "bytes": entry.bytes,
            "imported": entry.imported_at.to_string(),
        }));
    }
    let (roster, snapshot) = home.roster()?;
    let counts = roster.counts;
    let _ = write!(
        text,
        "\n{} students, {} opted out, {} without a usable match key; snapshot {}",
        counts.submitted,
        counts.opted_out,
        counts.unusable,
        snapshot.short()
    );
    Ok(Answer {
        text,
        json: json!({
            "tables": tables,
            "students": counts.submitted,
            "opted_out": counts.opted_out,
            "unusable": counts.unusable,
            "snapshot": snapshot.to_string(),
        }),
    })
}

pub(super) fn destroy(home: &Home, by: &str, scope: &Scope) -> Result<Answer, Failure> {
    let (statement, path) = home.destroy_data(by, scope)?;
    let mut text = statement.words();
    let _ = writeln!(text, "signed certificate: {}", path.display());
    if statement.table.iter().any(|table| table.table == OPT_OUT_TABLE) {
        text.push_str(
            "the lists of students who opted out are gone too: import them again before the next import\n",
        );
    }
    let _ = write!(text, "rounds already released are not recalled; `report list` shows them");
    Ok(Answer {
        text,
        json: json!({ "destroyed_tables": statement.table.len(), "certificate": path, "statement": statement }),
    })
}

pub(super) fn rekey(home: &Home, guard: Option<Guard>) -> Result<Answer, Failure> {
    let guard = home.rekey(guard)?;
    Ok(Answer {
        text: format!("everything stored here is sealed under a new key, guarded by: {}", guard.word()),
        json: json!({ "guard": guard }),
    })
}

pub(super) fn certificate(file: &Path) -> Result<Answer, Failure> {
    let fault = |error: &std::io::Error| Failure::io("read the certificate", error);
    if std::fs::metadata(file).map_err(|error| fault(&error))?.len() > CERTIFICATE_BYTES_MAX {
        return Err(fault(&std::io::ErrorKind::FileTooLarge.into()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| fault(&error))?;
    let statement = Statement::verify(&text)?;
    Ok(Answer {
        text: format!(
            "{}\nthe signature is good, by the key {}\ncompare it with the key the agreement lists for {}",
            statement.words(),
            statement.signing_key,
            statement.member
        ),
        json: json!({ "valid": true, "statement": statement }),
    })
}

pub(super) fn coverage(home: &Home, out: Option<&Path>) -> Result<Answer, Failure> {
    let coverage = home.coverage()?;
    let mut text = format!("{}\n\n", coverage.freshness_words);
    if let Some(path) = out {
        passage_shell::state_dir::write_atomically(path, coverage::page(&coverage).as_bytes())?;
        let _ = write!(text, "page written to {}\n\n", path.display());
    }
    text.push_str("year       school            students     ssid      ssn    named   strong standard     weak  enrolments   courses     wages  all rows");
    for line in &coverage.lines {
        let year = if line.school_year.is_empty() { "all" } else { &line.school_year };
        let _ = write!(
            text,
            "\n{year:<10} {:<16} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>11} {:>9} {:>9} {:>9}",
            line.school,
            line.students,
            line.ssid,
            line.ssn,
            line.named,
            line.strong,
            line.standard,
            line.weak,
            line.enrolments,
            line.courses,
            line.wages,
            line.rows
        );
    }
    text.push('\n');
    for strength in &coverage.strengths {
        let _ = write!(text, "\n{:<8} {}", strength.strength.word(), strength.meaning);
    }
    let _ = write!(text, "\n\nrows about students in no student list here: {}", coverage.unlisted_rows);
    Ok(Answer { text, json: json!(coverage) })
}

/// The dictionary for people and programs; of one table, its columns.
pub(super) fn dictionary(home: &Home, table: Option<&str>) -> Result<Answer, Failure> {
    let dictionary = Dictionary::builtin().map_err(Failure::from)?;
    let head =
        format!("data element dictionary, version {}, digest {}", dictionary.version, dictionary.digest);
    let wanted = table.map(|name| name.replace('_', "-"));
    if let Some(name) = wanted.as_ref().filter(|name| !dictionary.tables.contains_key(*name)) {
        let known: Vec<&str> = dictionary.tables.keys().map(String::as_str).collect();
        let nearest = passage_shell::config::nearest(name, &known).unwrap_or_default();
        let what = format!("there is no table of this name; the nearest is {nearest}");
        return Err(refuse(0x226B, &what, "List the tables with `data dictionary`.", Some("D1")));
    }
    let layouts = home.layouts()?;
    let mut text = head;
    let mut tables = Vec::new();
    for (name, table) in
        dictionary.tables.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|one| one == *name))
    {
        let _ = write!(text, "\n\n{}  {} ({})", column_name(name), table.title, table.grain);
        let mut columns = Vec::new();
        for element in &table.elements {
            let Some(meaning) = dictionary.elements.get(element) else { continue };
            let feeds = |layout: &&crate::import::Layout| {
                layout.tables.contains(name)
                    && layout.column.iter().any(|column| column.element.as_deref() == Some(element.as_str()))
            };
            let fed: Vec<&str> = layouts.iter().filter(feeds).map(|layout| layout.id.as_str()).collect();
            let kind = format!("{:?}", meaning.kind).to_lowercase();
            let class = format!("{:?}", meaning.class).to_lowercase();
            if wanted.is_some() {
                let _ =
                    write!(text, "\n  {:<24} {kind:<8} {class:<12} {}", column_name(element), meaning.title);
            }
            columns.push(json!({
                "column": column_name(element), "element": element, "kind": kind, "class": class, "title": meaning.title,
                "ed_fi": meaning.ed_fi, "ceds": meaning.ceds, "codes": meaning.codes, "layouts": fed,
            }));
        }
        if wanted.is_none() {
            let names: Vec<String> = table.elements.iter().map(|name| column_name(name)).collect();
            let _ = write!(text, "\n  {}", names.join(", "));
        }
        tables.push(json!({ "table": column_name(name), "title": table.title, "grain": table.grain, "columns": columns }));
    }
    text.push_str("\n\nevery table also has source_file, source_row, layout and layout_version");
    Ok(Answer {
        text,
        json: json!({ "version": dictionary.version, "digest": dictionary.digest.to_string(), "tables": tables }),
    })
}
