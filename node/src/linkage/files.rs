//! Files of identity columns, one per institution, and the file that tells who each record truly is.

use std::{collections::HashMap, path::Path};

use passage_protocol::match_key::{Element, Footing, NormalisedPerson, PersonFields};
use passage_shell::failure::Failure;

use crate::home::refuse;

/// One institution's records, normalised. No `Debug`, no `Clone`.
pub(super) struct Party {
    /// The file's name without ending.
    pub(super) name: String,
    /// The true person of each record, as [`Truth`] numbers them.
    pub(super) people: Vec<u32>,
    /// What each record can be matched by.
    pub(super) footings: Vec<Footing>,
    /// The records.
    pub(super) records: Vec<NormalisedPerson>,
}

impl Party {
    /// Identifiers of which the file has no usable value: their slots are omitted, as a segment omits them.
    pub(super) fn never_held(&self) -> Vec<Element> {
        let held = |element: &Element| self.records.iter().any(|record| record.has(*element));
        [Element::Ssid, Element::Ssn].into_iter().filter(|element| !held(element)).collect()
    }

    /// Reads a file with the columns of [`COLUMNS`]; `birth_year_max` is the current year.
    pub(super) fn read(path: &Path, truth: &Truth, birth_year_max: u16) -> Result<Self, Failure> {
        let name = name_of(path);
        let mut reader = open(path)?;
        let places = Places::of(path, &mut reader, &COLUMNS.map(|(names, _)| names))?;
        for ((names, need), place) in COLUMNS.iter().zip(&places.0) {
            if *need == Need::Must && place.is_none() {
                return Err(lacks(path, names));
            }
        }
        let mut party = Self { name, people: Vec::new(), footings: Vec::new(), records: Vec::new() };
        for (row, record) in (2_u64..).zip(reader.into_records()) {
            let record = record.map_err(|error| not_a_table(path, &error))?;
            let cell = |at: usize| places.cell(&record, at);
            let person = truth.person(&party.name, cell(0)).ok_or_else(|| {
                refuse(
                    0x2282,
                    &format!("row {row} of {} has no line in the truth file", path.display()),
                    "The truth file needs one line a record: the name of the file without ending, the record, the person.",
                    None,
                )
            })?;
            let fields = PersonFields {
                ssid: cell(1),
                ssn: cell(2),
                first: cell(3),
                middle: cell(4),
                last: cell(5),
                prior_last: cell(6),
                birth_date: cell(7),
                gender: cell(8),
                zip: cell(9),
            };
            let record = fields.normalise(birth_year_max);
            party.people.push(person);
            party.footings.push(Footing::of(&record));
            party.records.push(record);
        }
        Ok(party)
    }
}

/// Whether a file can do without a column.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Need {
    May,
    Must,
}

/// Columns of a file of records, by the names they go by. What has another name is not read.
const COLUMNS: [(&[&str], Need); 10] = [
    (&["rec_id", "record", "student_id", "local_id"], Need::Must),
    (&["ssid"], Need::May),
    (&["ssn"], Need::May),
    (&["first", "first_name"], Need::Must),
    (&["middle", "middle_name"], Need::May),
    (&["last", "last_name"], Need::Must),
    (&["prior_last", "former_last"], Need::May),
    (&["dob", "birth_date"], Need::Must),
    (&["gender"], Need::May),
    (&["zip"], Need::May),
];

/// Who every record truly is, and what is known of those people.
#[derive(Default)]
pub(super) struct Truth {
    /// By file name in lower case and record.
    pub(super) people: HashMap<(String, String), u32>,
    /// Number of each person by the name the file gives it.
    pub(super) numbers: HashMap<String, u32>,
    /// Names of the columns that say something of people.
    pub(super) columns: Vec<String>,
    /// By person: the value of each column; empty if it has none.
    pub(super) values: Vec<Vec<String>>,
}

impl Truth {
    /// Reads `party,rec_id,ent_id` and any columns more; `persons`, if there is one, has `ent_id` and columns.
    pub(super) fn read(path: &Path, persons: Option<&Path>) -> Result<Self, Failure> {
        let mut truth = Self::default();
        truth.take(path, &[&["party", "file"], RECORD, PERSON])?;
        if let Some(path) = persons {
            truth.take(path, &[PERSON])?;
        }
        Ok(truth)
    }

    /// Takes the lines of a file whose last named column is the person.
    fn take(&mut self, path: &Path, named: &[&[&str]]) -> Result<(), Failure> {
        let mut reader = open(path)?;
        let places = Places::of(path, &mut reader, named)?;
        if let Some((names, _)) = named.iter().zip(&places.0).find(|(_, place)| place.is_none()) {
            return Err(lacks(path, names));
        }
        let headers = reader.headers().map_err(|error| not_a_table(path, &error))?.clone();
        let mut columns = Vec::new();
        for (place, header) in
            headers.iter().enumerate().filter(|(place, _)| !places.0.contains(&Some(*place)))
        {
            let name = header.trim().to_ascii_lowercase();
            let known = self.columns.iter().position(|column| *column == name);
            columns.push((place, known.unwrap_or(self.columns.len())));
            if known.is_none() {
                self.columns.push(name);
            }
        }
        for record in reader.into_records() {
            let record = record.map_err(|error| not_a_table(path, &error))?;
            let person = self.number(places.cell(&record, named.len() - 1));
            if let [_, _, _] = named {
                let key = (places.cell(&record, 0).to_ascii_lowercase(), places.cell(&record, 1).to_owned());
                self.people.insert(key, person);
            }
            let Some(values) = self.values.get_mut(person as usize) else { continue };
            for (place, column) in &columns {
                let value = record.get(*place).unwrap_or_default().trim();
                if values.len() <= *column {
                    values.resize(*column + 1, String::new());
                }
                values.get_mut(*column).into_iter().for_each(|known| value.clone_into(known));
            }
        }
        Ok(())
    }

    fn number(&mut self, person: &str) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(person.to_owned()).or_insert(next);
        if number == next {
            self.values.push(Vec::new());
        }
        number
    }

    fn person(&self, party: &str, record: &str) -> Option<u32> {
        self.people.get(&(party.to_ascii_lowercase(), record.to_owned())).copied()
    }
}

const RECORD: &[&str] = &["rec_id", "record", "student_id", "local_id"];
const PERSON: &[&str] = &["ent_id", "person"];

/// Where the columns of a file stand.
struct Places(Vec<Option<usize>>);

impl Places {
    fn of(path: &Path, reader: &mut csv::Reader<std::fs::File>, named: &[&[&str]]) -> Result<Self, Failure> {
        let headers = reader.headers().map_err(|error| not_a_table(path, &error))?;
        // A byte order mark is no part of a name.
        let is = |header: &str, names: &[&str]| {
            let header = header.trim_start_matches('\u{FEFF}').trim();
            names.iter().any(|name| header.eq_ignore_ascii_case(name))
        };
        Ok(Self(named.iter().map(|names| headers.iter().position(|header| is(header, names))).collect()))
    }

    fn cell<'a>(&self, record: &'a csv::StringRecord, at: usize) -> &'a str {
        let place = self.0.get(at).copied().flatten();
        place.and_then(|place| record.get(place)).unwrap_or_default()
    }
}

/// The name a file goes by: its own, without folder and ending.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn open(path: &Path) -> Result<csv::Reader<std::fs::File>, Failure> {
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::io(&format!("read {}", path.display()), &error))?;
    Ok(csv::Reader::from_reader(file))
}

fn lacks(path: &Path, names: &[&str]) -> Failure {
    refuse(
        0x2281,
        &format!("{} lacks a column, expected {}", path.display(), names.join(" or ")),
        "Name the columns in the first line; `linkage evaluate --help` lists them.",
        None,
    )
}

/// The position the reader names is a line or a byte, never a value.
fn not_a_table(path: &Path, error: &csv::Error) -> Failure {
    let line = error.position().map_or(1, csv::Position::line);
    refuse(
        0x2280,
        &format!("line {line} of {} is no line of a comma-separated table in UTF-8", path.display()),
        "Save the file as CSV in UTF-8, with as many cells in every line as the first line has.",
        None,
    )
}
