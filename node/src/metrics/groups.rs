//! From the rows a grouping's SQL answers to the category of each student of the roster.

use passage_analytics::{
    engine::{Answered, Progress, Running},
    table::Kind,
};
use passage_protocol::{cells::Grouping, grouping::GroupingDefinition};
use passage_shell::failure::Failure;

use super::{MetricError, facts::planned};
use crate::roster::{Roster, Whose};

/// The category of every student of a roster in one grouping. No `Debug`, no `Serialize`.
///
/// ```compile_fail
/// fn printable<T: std::fmt::Debug>() {}
/// printable::<passage_node::metrics::GroupFacts>();
/// ```
pub struct GroupFacts {
    definition: &'static GroupingDefinition,
    /// By place in the roster; 0 where nothing is said.
    categories: Vec<u8>,
}

impl GroupFacts {
    /// Categories that were made elsewhere, by place in the roster.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the built-in files cannot be read, a fault of the build.
    pub fn new(grouping: Grouping, categories: Vec<u8>) -> Result<Self, Failure> {
        Ok(Self { definition: GroupingDefinition::of(grouping)?, categories })
    }

    /// Which grouping.
    #[must_use]
    pub fn grouping(&self) -> Grouping {
        self.definition.grouping
    }

    /// The category of a student, by place in the roster; 0 where nothing is said.
    #[must_use]
    pub fn of(&self, student: usize) -> u8 {
        self.categories.get(student).copied().unwrap_or(0)
    }

    /// As [`of`](Self::of), for a person who stands in the roster as several students.
    #[must_use]
    pub fn of_person(&self, students: &[usize]) -> u8 {
        let said = students.iter().map(|student| self.of(*student));
        said.fold(0, |joined, one| self.definition.joined(joined, one))
    }
}

const COLUMNS: [(&str, Kind); 3] =
    [("institution", Kind::Text), ("local_id", Kind::Text), ("category", Kind::Text)];

/// Reads the answer of a grouping's SQL.
///
/// # Errors
///
/// [`MetricError`]: a column or category that the file does not name, or what stopped the query.
///
/// # Cost
///
/// A byte a student of the roster.
pub fn groups(
    running: &mut Running,
    definition: &'static GroupingDefinition,
    roster: &Roster,
    told: &mut dyn FnMut(Progress),
) -> Result<GroupFacts, MetricError> {
    columns(running)?;
    let mut categories = vec![0_u8; roster.students.len()];
    running.each_row(&COLUMNS, told, &mut |row| {
        let named = || MetricError::Category { named: definition.categories.clone() };
        let said = row.text(2).and_then(|word| definition.category(word)).ok_or_else(named)?;
        // Students who opted out are in no list, and neither is what is said of nobody.
        if let Some(id) = row.text(1)
            && let Whose::Student(place) = roster.whose(row.text(0), Some(id))
            && let Some(category) = categories.get_mut(place)
        {
            *category = definition.joined(*category, said);
        }
        Ok::<(), MetricError>(())
    })?;
    Ok(GroupFacts { definition, categories })
}

fn columns(running: &Running) -> Result<(), MetricError> {
    let wrong = COLUMNS.into_iter().find(|(column, kind)| match running.answered(column) {
        Answered::Of(found) => found != *kind,
        Answered::Nothing => false,
        Answered::Absent | Answered::Other => true,
    });
    match wrong {
        Some((column, _)) => Err(MetricError::Column { column, expected: "there as text" }),
        None => Ok(()),
    }
}

/// Plans a grouping's statement against empty tables, and checks the columns of its answer.
///
/// # Errors
///
/// [`Failure`] of the engine; [`MetricError::Column`].
pub fn plan_grouping(definition: &GroupingDefinition) -> Result<(), Failure> {
    Ok(columns(&planned(&definition.program.statement)?)?)
}
