//! The state of one reading: what each row is checked for, and what is counted.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc};

use passage_protocol::cells::SchoolYear;

use super::{
    cell::{Filed, NamedRecords, Origin},
    coverage::Coverage,
    error::ImportError,
    fault::Fault,
    known::Known,
    layout::{Check, Need},
    marks::Mark,
    names::{Case, name_fault},
    plan::{Plan, Planned},
    problem::{Finding, Findings, Severity},
    read::{Imported, Outlets, Subject},
    repeats::shared,
    report::{Dropped, ImportReport, Transactions},
    row::{Row, YearSource},
    shape::{FileForm, FirstRow, Shape},
    source::Record,
    transactions::{Transacted, Transaction},
    units::Spoken,
    value::{Value, Verdict, check, is_no_answer},
};

/// Elements that hold names a person is matched by.
const NAMES: [&str; 5] = ["alias-first", "alias-last", "first", "last", "prior-last"];

/// One reading of one file.
pub(super) struct Reading<'a> {
    subject: &'a Subject<'a>,
    plan: &'a Plan<'a>,
    shape: &'a Shape,
    transacted: &'a Transacted,
    known: Known,
    /// Element of each column that holds a name.
    names: Vec<Option<&'a str>>,
    names_due: bool,
    record_type: Option<String>,
    row: Row,
    case: Case,
    coverage: Coverage,
    findings: Findings,
    spoken: Spoken,
    /// Keys of the records a file of changes names.
    named: NamedRecords,
    dropped: Vec<u64>,
    transactions: Transactions,
    pub(super) rows: u64,
    kept: u64,
    duplicates: u64,
    rows_refused: u64,
    rows_with_errors: u64,
}

/// What became of a row's checks.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Standing {
    Good,
    Refused,
    Bad,
}

impl<'a> Reading<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, known: Known, transacted: &'a Transacted) -> Self {
        let (plan, shape) = (subject.plan, subject.shape);
        let name = |planned: &Planned<'a>| {
            planned.column.element.as_deref().filter(|element| NAMES.contains(element))
        };
        Self {
            subject,
            plan,
            shape,
            transacted,
            known,
            names: plan.columns.iter().map(name).collect(),
            names_due: shape.first_row == FirstRow::Names,
            record_type: None,
            row: Row::new(plan),
            case: Case::default(),
            coverage: Coverage::new(plan),
            findings: Findings::default(),
            spoken: Spoken::default(),
            named: NamedRecords::default(),
            dropped: vec![0; plan.columns.len()],
            transactions: Transactions::default(),
            rows: 0,
            kept: 0,
            duplicates: 0,
            rows_refused: 0,
            rows_with_errors: 0,
        }
    }

    /// The bytes of digests held, if no more may be.
    pub(super) fn holds_too_much(&self) -> Option<usize> {
        self.known.full()
    }

    /// Goes by this from here on.
    pub(super) fn go_by(&mut self, known: Known) {
        self.known = known;
    }

    /// What is known of the rows of the file.
    pub(super) fn into_known(self) -> Known {
        self.known
    }

    fn is_looking(&self) -> bool {
        self.known.is_looking()
    }

    /// Number of a column as the clerk counts: in the row, or by its first byte in a fixed record.
    pub(super) fn number_of(&self, place: usize) -> usize {
        let planned = self.plan.columns.get(place);
        let byte = planned.and_then(|planned| planned.column.at).map(|(first, _)| first);
        let here = self.shape.places.get(place).copied().flatten();
        byte.filter(|_| matches!(self.shape.form, FileForm::Fixed(_))).or(here.map(|at| at + 1)).unwrap_or(0)
    }

    pub(super) fn note(
        &mut self,
        finding: Finding<'_>,
        outlets: &mut Outlets<'_>,
    ) -> Result<(), ImportError> {
        self.findings.note(finding);
        (outlets.findings)(finding).map_err(|error| ImportError::ProblemList { kind: error.kind() })
    }

    /// Takes the next row of the file.
    pub(super) fn row(&mut self, record: &Record, outlets: &mut Outlets<'_>) -> Result<(), ImportError> {
        if core::mem::take(&mut self.names_due) {
            return Ok(());
        }
        self.rows += 1;
        if record.converted {
            self.tell(record, None, Fault::Windows1252, Severity::Warning, outlets)?;
        }
        let fault =
            record.fault.or_else(|| self.shape.fault(self.plan.layout, record, &mut self.record_type));
        if let Some(fault) = fault {
            self.rows_with_errors += 1;
            return self.tell(record, None, fault, Severity::Error, outlets);
        }
        let asked = self.plan.transaction.map(|place| self.text(record, place));
        let asked = asked.map_or(Some(Transaction::Add), Transaction::parse);
        match self.check(record, asked, outlets)? {
            Standing::Bad => self.rows_with_errors += 1,
            Standing::Refused => self.rows_refused += 1,
            Standing::Good => self.take(record, asked.unwrap_or(Transaction::Add), outlets)?,
        }
        Ok(())
    }

    fn text<'r>(&self, record: &'r Record, place: usize) -> &'r str {
        self.shape.places.get(place).copied().flatten().map_or("", |at| record.field(at))
    }

    fn tell(
        &mut self,
        record: &Record,
        place: Option<usize>,
        fault: Fault,
        severity: Severity,
        outlets: &mut Outlets<'_>,
    ) -> Result<(), ImportError> {
        if self.is_looking() {
            return Ok(());
        }
        let plan = self.plan;
        let column = place.and_then(|place| Some((place, plan.columns.get(place)?)));
        let column = column.map(|(place, planned)| (self.number_of(place), planned.column.name.as_str()));
        self.note(Finding { row: record.row, column, fault, severity }, outlets)
    }

    /// Checks every column of a row; its usable values are then in `self.row`.
    fn check(
        &mut self,
        record: &Record,
        asked: Option<Transaction>,
        outlets: &mut Outlets<'_>,
    ) -> Result<Standing, ImportError> {
        self.row.clear();
        let plan = self.plan;
        let mut standing = Standing::Good;
        for (place, planned) in plan.columns.iter().enumerate() {
            let text = self.text(record, place);
            if planned.column.never.is_some() {
                if let Some(values) = self.dropped.get_mut(place).filter(|_| !text.is_empty()) {
                    *values += 1;
                }
                continue;
            }
            let counts = planned.only_if.is_none_or(|(other, codes)| {
                let said = self.text(record, other);
                codes.iter().any(|code| code.eq_ignore_ascii_case(said))
            });
            // A row that deletes a record need not say more than which.
            let idle = asked == Some(Transaction::Delete)
                && planned.key.is_none()
                && Some(place) != plan.transaction;
            if !counts || idle {
                continue;
            }
            let verdict = if is_no_answer(planned.column, text) {
                Verdict::Bad(Fault::Blank)
            } else {
                let year = planned.year.map_or("", |year| self.text(record, year));
                check(planned.column, text, year, self.subject.today_year)
            };
            let fault = match verdict {
                Verdict::Bad(fault) => fault,
                Verdict::Good(value) => {
                    self.keep(place, planned, text, value);
                    self.look_at_name(record, place, text, outlets)?;
                    continue;
                }
                Verdict::Repaired(value, fault) => {
                    self.keep(place, planned, text, value);
                    self.tell(record, Some(place), fault, Severity::Warning, outlets)?;
                    continue;
                }
            };
            if let Some(key) = planned.key {
                self.row.set_key(key, text, None);
            }
            if fault == Fault::Blank && planned.column.need == Need::Optional {
                continue;
            }
            let damaged = fault.damages_the_file() && planned.column.check != Check::Text;
            let severity = match planned.column.need {
                Need::Required => Severity::Error,
                Need::Expected | Need::Optional | Need::Row if damaged => Severity::Error,
                // What an unknown transaction asks for is not guessed.
                Need::Expected | Need::Optional | Need::Row if planned.column.transaction => Severity::Error,
                Need::Row => Severity::Row,
                Need::Expected | Need::Optional => Severity::Warning,
            };
            standing = standing.max(match severity {
                Severity::Error => Standing::Bad,
                Severity::Row => Standing::Refused,
                Severity::Note | Severity::Warning => Standing::Good,
            });
            self.tell(record, Some(place), fault, severity, outlets)?;
        }
        Ok(standing)
    }

    fn keep(&mut self, place: usize, planned: &Planned<'_>, text: &str, value: Value) {
        if let Some(key) = planned.key {
            self.row.set_key(key, text, Some(&value.cell));
        }
        if let Some(unit) = planned.unit {
            self.row.set_unit(unit, text, &value.cell);
        }
        let source = if self.plan.year_from == Some(place) { YearSource::This } else { YearSource::Other };
        self.row.set(planned.slot, source, value);
    }

    fn look_at_name(
        &mut self,
        record: &Record,
        place: usize,
        text: &str,
        outlets: &mut Outlets<'_>,
    ) -> Result<(), ImportError> {
        let Some(element) = self.names.get(place).copied().flatten() else { return Ok(()) };
        if self.is_looking() {
            return Ok(());
        }
        if let Some(fault) = name_fault(element, text) {
            let severity = if fault.is_a_note() { Severity::Note } else { Severity::Warning };
            self.tell(record, Some(place), fault, severity, outlets)?;
        }
        if element == "last" && self.case.differs(text) {
            self.tell(record, Some(place), Fault::MixedCase, Severity::Warning, outlets)?;
        }
        Ok(())
    }

    /// Takes a row whose values are good: counts it, and hands it on unless another row stands in its place.
    fn take(
        &mut self,
        record: &Record,
        asked: Transaction,
        outlets: &mut Outlets<'_>,
    ) -> Result<(), ImportError> {
        let key = self.row.key(record.whole());
        if self.transacted.changes() > 0 && !self.is_looking() {
            self.named.add(&key);
        }
        match asked {
            Transaction::Add => self.transactions.added += 1,
            Transaction::Delete => self.transactions.deleted += 1,
            Transaction::Replace => self.transactions.replaced += 1,
        }
        if self.transacted.supersedes(key, self.rows) {
            self.transactions.superseded += 1;
            return Ok(());
        }
        let (period, unit) = (self.row.period(), self.row.unit());
        if asked == Transaction::Delete {
            return self.spoken.note(period, unit.as_ref());
        }
        let mark = self.known.note(self.rows, record.whole(), key, &self.row)?;
        if self.is_looking() {
            return Ok(());
        }
        if mark.has(Mark::SAME_ROW) {
            self.duplicates += 1;
            return self.tell(record, None, Fault::RepeatedRow, Severity::Warning, outlets);
        }
        if mark.has(Mark::SAME_KEY) && !self.plan.layout.key.is_empty() {
            self.tell(record, None, Fault::RepeatedKey, Severity::Warning, outlets)?;
        }
        for (fault, place) in shared(self.plan, mark) {
            self.tell(record, place, fault, Severity::Warning, outlets)?;
        }
        self.spoken.note(period, unit.as_ref())?;
        self.row.derive(self.plan);
        self.coverage.count(&self.row);
        self.kept += 1;
        if self.rows_with_errors > 0 {
            return Ok(());
        }
        for table in &self.plan.tables {
            if !self.row.tells(table) {
                continue;
            }
            let origin = Origin { file: Arc::clone(&self.subject.origin), row: record.row };
            let filed = Filed { period, unit: unit.clone(), origin, key, row: self.row.table(table) };
            if (outlets.rows)(filed) == ControlFlow::Break(()) {
                return Err(ImportError::Stopped);
            }
        }
        Ok(())
    }

    /// The result: a report, or the refusal that carries it.
    pub(super) fn finish(self, why: &str) -> Result<Imported, ImportError> {
        if self.rows == 0 {
            return Err(match self.shape.first_row {
                FirstRow::Names => ImportError::HeaderOnly,
                FirstRow::Record => ImportError::Empty,
            });
        }
        let refused = self.rows_with_errors > 0;
        let layout = self.plan.layout;
        let dropped = layout.column.iter().zip(self.dropped).filter_map(|(column, values)| {
            Some(Dropped { name: column.name.clone(), why: column.never.clone()?, values })
        });
        let years: BTreeSet<SchoolYear> =
            self.spoken.periods().filter_map(|(period, _)| period.year).collect();
        let report = ImportReport {
            layout: layout.id.clone(),
            family: layout.family().to_owned(),
            title: layout.title.clone(),
            version: layout.version.clone(),
            why: why.to_owned(),
            rows: self.rows,
            kept: if refused { 0 } else { self.kept },
            duplicates: self.duplicates,
            deleted: self.transactions.deleted,
            rows_refused: self.rows_refused,
            rows_with_errors: self.rows_with_errors,
            transactions: self.transactions,
            school_years: years.iter().map(ToString::to_string).collect(),
            periods: self.spoken.periods().map(|(period, _)| period).collect(),
            dropped: dropped.collect(),
            coverage: self.coverage.groups(),
            counts: self.findings.counts(),
            problems: self.findings.problems,
        };
        if refused {
            return Err(ImportError::Rows { report: Box::new(report) });
        }
        let taken_out =
            if self.transactions.is_update() { self.named.settled() } else { NamedRecords::default() };
        Ok(Imported { report, taken_out, spoken: self.spoken })
    }
}
