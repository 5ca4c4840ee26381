//! What a layout must hold together: the file's form, the dictionary's elements, keys, and the rules no layout may break.
//!
//! A layout that reads but contradicts itself is refused here, before any file of records is opened.

use std::collections::HashSet;

use passage_protocol::dictionary::{Dictionary, Kind};

use super::{
    super::{elements::dictionary, error::ImportError, value::is_picture},
    Check, Column, Finding, Form, Header, Layout, Segment, plain_name,
};

/// Schema this version reads.
const SCHEMA: u32 = 2;
/// Longest fixed record and widest row, well above any published one.
const RECORD_BYTES_MAX: usize = 8 * 1024;
const COLUMNS_MAX: usize = 1024;
/// Longest id, bytes: it becomes part of file names.
const ID_BYTES_MAX: usize = 64;

impl Layout {
    /// Checks what the TOML reader cannot.
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let dictionary = dictionary()?;
        self.check_form()
            .and_then(|()| self.check_places())
            .and_then(|()| self.check_names())
            .and_then(|()| self.check_elements(dictionary))
            .map_err(|fault| ImportError::Layout { line: None, fault, nearest: None })
    }

    fn check_form(&self) -> Result<(), String> {
        demand(self.schema == SCHEMA, "schema must be 2")?;
        demand(is_id(&self.id), "id must be 1 to 64 lower-case letters, digits and hyphens")?;
        demand(is_id(self.family()), "family must be 1 to 64 lower-case letters, digits and hyphens")?;
        demand(!self.column.is_empty(), "a layout needs at least one [[column]]")?;
        let by_position = self.finding() == Finding::Position;
        match self.form {
            Form::Fixed => {
                demand(
                    self.delimiters.is_empty() && self.columns.is_empty() && self.header == Header::Absent,
                    "a fixed layout has record-bytes and no delimiters, columns or header",
                )?;
                demand(!self.record_bytes.is_empty(), "a fixed layout needs record-bytes")?;
                demand(
                    self.record_bytes.iter().all(|bytes| (1..=RECORD_BYTES_MAX).contains(bytes)),
                    "record-bytes must be 1 to 8192",
                )?;
            }
            Form::Delimited => {
                demand(
                    self.record_bytes.is_empty() && !self.delimiters.is_empty(),
                    "a delimited layout needs delimiters and has no record-bytes",
                )?;
                demand(
                    by_position != self.columns.is_empty(),
                    "columns = [..] is needed where columns are found by position, and only there",
                )?;
                demand(
                    self.columns.iter().all(|columns| (1..=COLUMNS_MAX).contains(columns)),
                    "columns must be 1 to 1024",
                )?;
                demand(
                    by_position || self.record_types.is_empty(),
                    "record-types are for files without a required header",
                )?;
            }
        }
        demand(self.record_types.iter().all(|kind| !kind.is_empty()), "a record type cannot be empty")?;
        let same_length = self.record_types.windows(2).all(|pair| {
            let lengths: HashSet<usize> = pair.iter().map(String::len).collect();
            lengths.len() < 2
        });
        demand(self.form == Form::Delimited || same_length, "record types of a fixed layout have one length")
    }

    /// Where the columns stand: inside the record, each by itself, and none where a shift would not be seen.
    fn check_places(&self) -> Result<(), String> {
        let widest = self.columns.iter().chain(&self.record_bytes).copied().max().unwrap_or(0);
        let mut numbers = HashSet::new();
        for column in &self.column {
            let right = match self.finding() {
                Finding::Position => {
                    let number = column.number.filter(|number| (1..=widest).contains(number));
                    column.at.is_none() && number.is_some_and(|number| numbers.insert(number))
                }
                Finding::Name => column.number.is_none() && column.at.is_none(),
                Finding::Bytes => {
                    let inside = |(first, last)| 1 <= first && first <= last && last <= widest;
                    column.number.is_none() && column.at.is_some_and(inside)
                }
            };
            if !right {
                return Err(format!(
                    "column {} needs its own `number` inside the row, or `at` inside a fixed record, or neither if names are found in a header",
                    column.name
                ));
            }
        }
        for (place, column) in self.column.iter().enumerate() {
            let meets = |other: &&Column| {
                column.at.zip(other.at).is_some_and(|((first, last), (start, end))| {
                    let conditional = column.only_if.is_some() || other.only_if.is_some();
                    let same_choice = (first, last) == (start, end) && conditional;
                    first <= end && start <= last && !same_choice
                })
            };
            if let Some(other) = self.column.get(place + 1..).unwrap_or(&[]).iter().find(meets) {
                return Err(format!("columns {} and {} share bytes", column.name, other.name));
            }
        }
        let last_probe = self.column.iter().filter(|column| column.is_probe()).filter_map(|c| c.number).max();
        let loose = self.column.iter().find(|column| {
            column.element.is_some() && column.number.is_some_and(|number| Some(number) > last_probe)
        });
        match loose {
            Some(column) if self.finding() == Finding::Position => Err(format!(
                "column {} has no checked column at or after it: a column inserted before it would not be seen",
                column.name
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Names, and the columns that other keys name.
    fn check_names(&self) -> Result<(), String> {
        let mut names = HashSet::new();
        for column in &self.column {
            // What says who is a pupil still at school may stand in a column that feeds another element too.
            let shared = if column.special.is_empty() { column.also.as_slice() } else { &[] };
            let spellings: HashSet<String> =
                core::iter::once(&column.name).chain(shared).map(|name| plain_name(name).collect()).collect();
            if spellings.iter().any(String::is_empty) || !spellings.into_iter().all(|name| names.insert(name))
            {
                return Err(format!("column {} has no name of its own", column.name));
            }
            let others =
                column.year_column.iter().chain(column.only_if.as_ref().map(|only_if| &only_if.column));
            for name in others {
                self.demand_column(name)?;
            }
            let dated = column.element.as_deref() == Some("birth-date");
            if !dated && (column.check == Check::ErsTerm) != column.year_column.is_some() {
                return Err(format!("column {}: check ers-term and year-column go together", column.name));
            }
        }
        for name in self.key.iter().chain(&self.unit_from) {
            self.demand_column(name)?;
        }
        if let Some(name) = &self.year_from {
            let column = self.demand_column(name)?;
            demand(
                column.is_indispensable(),
                "the column named by year-from must be required, or refuse its row",
            )?;
            demand(
                matches!(
                    column.check,
                    Check::Date
                        | Check::ErsTerm
                        | Check::MisTerm
                        | Check::Quarter
                        | Check::SchoolYear
                        | Check::ShortDate
                        | Check::ShortYear
                        | Check::Term
                        | Check::UsDate
                ),
                "the column named by year-from must be a term, a school year, a quarter or a date",
            )?;
        }
        demand(
            self.column.iter().filter(|column| column.transaction).count() <= 1,
            "only one column says add, delete or replace",
        )?;
        let transactions = self.column.iter().any(|column| column.transaction);
        demand(!transactions || !self.key.is_empty(), "a layout with transactions needs a key")
    }

    /// A value the layout itself gives: for an element of its tables, of a kind that can be written down.
    fn check_constant(&self, dictionary: &Dictionary, element: &str, value: &str) -> Result<(), String> {
        let kind = dictionary.elements.get(element).map(|entry| entry.kind);
        let fits = match kind {
            Some(Kind::Text) => !value.is_empty(),
            Some(Kind::Integer) => value.parse::<i64>().is_ok(),
            Some(Kind::Date | Kind::Decimal | Kind::Flag) | None => false,
        };
        let held = dictionary.tables_with(element).any(|table| self.tables.iter().any(|name| name == table));
        demand(
            fits && held,
            &format!("constant `{element}` is no text or whole number of the layout's tables"),
        )
    }

    fn demand_column(&self, name: &str) -> Result<&Column, String> {
        let (_, column) =
            self.column_named(name).ok_or_else(|| format!("no [[column]] has the name `{name}`"))?;
        if column.never.is_some() { Err(format!("column {name} is never imported")) } else { Ok(column) }
    }

    /// What the columns feed, against the dictionary.
    fn check_elements(&self, dictionary: &Dictionary) -> Result<(), String> {
        if let Some(table) = self.tables.iter().find(|table| !dictionary.tables.contains_key(*table)) {
            return Err(format!("the dictionary has no table `{table}`"));
        }
        let mut fed: HashSet<(&str, Option<&str>)> = HashSet::new();
        let everywhere = self.constants.iter().map(|constant| (constant, None));
        let parts = self
            .part
            .iter()
            .flat_map(|part| part.constants.iter().map(move |constant| (constant, Some(part))));
        for ((element, value), part) in everywhere.chain(parts) {
            self.check_constant(dictionary, element, value)?;
            fed.insert((element, part.map(|part| part.name.as_str())));
        }
        for column in &self.column {
            column.check_alone().map_err(|fault| format!("column {}: {fault}", column.name))?;
            let k12_ssn = self.segment.contains(&Segment::K12) && column.check == Check::Ssn;
            if k12_ssn && column.never.is_none() {
                return Err(format!("column {}: a K-12 layout never reads an SSN (D6)", column.name));
            }
            let Some(element) = column.element.as_deref() else { continue };
            let known = dictionary.elements.get(element);
            let Some(entry) = known else { return Err(format!("the dictionary has no element `{element}`")) };
            if self.segment.contains(&Segment::K12) && element == "ssn" {
                return Err(format!("column {}: a K-12 layout never reads an SSN (D6)", column.name));
            }
            if !dictionary.tables_with(element).any(|table| self.tables.iter().any(|name| name == table)) {
                return Err(format!("none of the tables of this layout has the element `{element}`"));
            }
            column
                .check_feed(element, entry.kind)
                .map_err(|fault| format!("column {}: {fault}", column.name))?;
            if let Some(list) = entry.codes.as_ref().and_then(|list| dictionary.codes.get(list)) {
                let stray = column.map.values().find(|code| !list.contains_key(*code));
                if let Some(code) = stray.filter(|_| element != "races") {
                    return Err(format!("column {}: `{code}` is not a code of `{element}`", column.name));
                }
            }
            let alone = element != "races" && column.only_if.is_none();
            if alone && !fed.insert((element, column.part.as_deref())) {
                return Err(format!("two columns feed the element `{element}`"));
            }
        }
        let idle = self.tables.iter().find(|table| {
            let has = |element: &str| dictionary.tables_with(element).any(|name| name == table.as_str());
            !self.column.iter().filter_map(|column| column.element.as_deref()).any(has)
        });
        match idle {
            Some(table) => Err(format!("no column feeds the table `{table}`")),
            None if self.tables.is_empty() && self.refused.is_none() => {
                Err("a layout that is not refused feeds at least one table".to_owned())
            }
            None => Ok(()),
        }
    }
}

impl Column {
    /// Keys that go together or exclude each other.
    fn check_alone(&self) -> Result<(), &'static str> {
        let coded = !self.codes.is_empty() || !self.map.is_empty();
        if self.never.is_some() && (self.element.is_some() || self.transaction || self.is_indispensable()) {
            return Err("a column that is never imported has no element and is not needed");
        }
        if self.transaction && (self.element.is_some() || self.check != Check::Code) {
            return Err("the transaction column has check = \"code\" and no element");
        }
        if self.otherwise.as_ref().is_some_and(|code| self.check != Check::Gender || code != "X") {
            return Err("otherwise = \"X\" is for check = \"gender\"");
        }
        if self.check == Check::Picture && self.pictures.is_empty() {
            return Err("check = \"picture\" needs pictures");
        }
        if !self.pictures.iter().all(|picture| is_picture(picture)) {
            return Err(
                "a picture has 9, A, X and the digits 0 to 8, each with a count in brackets if need be",
            );
        }
        if self.check == Check::Code {
            return if coded { Ok(()) } else { Err("check = \"code\" needs codes or a map") };
        }
        if self.check == Check::IpedsRace && self.map.is_empty() {
            return Err("check = \"ipeds-race\" needs a map");
        }
        if self.codes.is_empty() { Ok(()) } else { Err("codes are for check = \"code\"") }
    }

    /// Whether the check yields what the element holds.
    fn check_feed(&self, element: &str, kind: Kind) -> Result<(), &'static str> {
        let bound = [
            (Check::BirthDate, "birth-date"),
            (Check::CdeRace, "ethnicity"),
            (Check::Gender, "gender"),
            (Check::IpedsRace, "ethnicity"),
            (Check::MisEthnicity, "races"),
            (Check::Race, "races"),
            (Check::Ssid, "ssid"),
            (Check::Ssn, "ssn"),
        ];
        let only = bound.iter().find(|(check, _)| *check == self.check).map(|(_, element)| *element);
        let guarded = matches!(element, "birth-date" | "gender" | "races" | "ssid" | "ssn");
        let dated = element == "birth-date" && self.check == Check::UsDate;
        if only.is_some_and(|only| only != element) || guarded && only != Some(element) && !dated {
            return Err("the check does not fit the element");
        }
        let special = !self.special.is_empty();
        if special != (element == "special-admit" && self.check != Check::YesNo) {
            return Err("`special` is for the element special-admit, and it needs it");
        }
        if special { Ok(()) } else { self.check.yields(kind) }
    }
}

impl Check {
    fn yields(self, kind: Kind) -> Result<(), &'static str> {
        let yielded = match self {
            Self::BirthDate | Self::Date | Self::ShortDate | Self::UsDate => Kind::Date,
            Self::CalendarYear
            | Self::Integer
            | Self::Level
            | Self::MisLevel
            | Self::SchoolYear
            | Self::ShortYear => Kind::Integer,
            Self::Decimal | Self::Gpa | Self::Implied1 | Self::Implied2 | Self::Money => Kind::Decimal,
            Self::YesNo => Kind::Flag,
            Self::ActCode
            | Self::CdeRace
            | Self::Cds
            | Self::Code
            | Self::CollegeCode
            | Self::CourseGrade
            | Self::ErsTerm
            | Self::Gender
            | Self::GradeLevel
            | Self::IpedsRace
            | Self::MisEthnicity
            | Self::MisTerm
            | Self::Picture
            | Self::Quarter
            | Self::Race
            | Self::ReturnField
            | Self::School
            | Self::Ssid
            | Self::Ssn
            | Self::Term
            | Self::Text
            | Self::Zip => Kind::Text,
        };
        if yielded == kind {
            Ok(())
        } else {
            Err("the check yields another kind of value than the element holds")
        }
    }
}

/// True for what may stand in the name of a file.
fn is_id(text: &str) -> bool {
    let letters_ok = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    letters_ok && (1..=ID_BYTES_MAX).contains(&text.len())
}

#[allow(clippy::fn_params_excessive_bools, reason = "a condition, not an option")]
fn demand(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
