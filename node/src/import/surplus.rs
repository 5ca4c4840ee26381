//! A row that ends in more separators than the others: ordinary at the end of a row (domain 7), and a shifted row if a separator
//! came in anywhere before it.
//!
//! The row is taken only if the surplus can be nowhere but at its end. Every way in which fields may have come in before the end
//! is followed at once: a field of its own that is blank, or one whose column cannot vouch for it. If one of these ways leaves a
//! row whose values all pass their checks, and it would give any kept column another value, there is a doubt.

use super::{
    layout::{Column, Layout},
    recognise::holds,
    source::Record,
};

/// Most separators too many that are looked into: more is another sort of damage.
const SURPLUS_MAX: usize = 8;

/// What a way of placing the surplus comes to so far.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
struct Ways {
    /// One that changes nothing that is kept.
    same: Found,
    /// One that changes something.
    other: Found,
}

/// Whether there is such a way.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Found {
    #[default]
    No,
    Yes,
}

impl Ways {
    fn join(&mut self, other: Self) {
        for (mine, theirs) in [(&mut self.same, other.same), (&mut self.other, other.other)] {
            if theirs == Found::Yes {
                *mine = Found::Yes;
            }
        }
    }

    /// After a field that is read otherwise than it was written.
    fn changed(self) -> Self {
        let any = self.same == Found::Yes || self.other == Found::Yes;
        Self { same: Found::No, other: if any { Found::Yes } else { Found::No } }
    }
}

/// The columns of a row by their place.
struct Places<'a> {
    layout: &'a Layout,
    columns: Vec<Option<&'a Column>>,
}

impl<'a> Places<'a> {
    fn new(layout: &'a Layout, places: &[Option<usize>], width: usize) -> Self {
        let mut columns: Vec<Option<&Column>> = vec![None; width];
        for (column, place) in layout.column.iter().zip(places) {
            if let Some(column_at) = place.and_then(|place| columns.get_mut(place)) {
                *column_at = Some(column);
            }
        }
        Self { layout, columns }
    }

    fn at(&self, place: usize) -> Option<&'a Column> {
        self.columns.get(place).copied().flatten()
    }

    /// True if a field can be a value of a column.
    fn fits(&self, place: usize, field: &str) -> bool {
        let typed = place == 0 && !self.layout.record_types.is_empty();
        if place >= self.columns.len() || typed && !self.layout.record_types.iter().any(|kind| kind == field)
        {
            return false;
        }
        self.at(place).is_none_or(|column| match field {
            "" => !column.is_indispensable(),
            _ => column.only_if.is_some() || !column.is_probe() || holds(column, field),
        })
    }

    /// True if what stands in a column is used.
    fn is_used(&self, place: usize) -> bool {
        let layout = self.layout;
        self.at(place).is_some_and(|column| {
            let named = |name: &String| *name == column.name;
            column.element.is_some()
                || column.transaction
                || layout.key.iter().any(named)
                || layout.year_from.as_ref().is_some_and(named)
        })
    }

    /// True if a value of a column shows that it belongs there.
    fn vouches(&self, place: usize) -> bool {
        place == 0 && !self.layout.record_types.is_empty()
            || self.at(place).is_some_and(|column| column.is_probe() && column.only_if.is_none())
    }
}

/// True if the fields of `record` beyond `width` are blanks at its end and can be nothing else.
pub(super) fn is_at_the_end(
    layout: &Layout,
    places: &[Option<usize>],
    record: &Record,
    width: usize,
) -> bool {
    let surplus = record.len().saturating_sub(width);
    if surplus == 0 || surplus > SURPLUS_MAX || record.filled() > width {
        return false;
    }
    let places = Places::new(layout, places, width);
    if !(0..width).all(|place| places.fits(place, record.field(place))) {
        return false;
    }
    // One entry for each number of fields that have come in so far.
    let mut ways = vec![Ways::default(); surplus + 1];
    if let Some(none) = ways.first_mut() {
        none.same = Found::Yes;
    }
    for at in 0..record.len() {
        let field = record.field(at);
        let mut next = vec![Ways::default(); surplus + 1];
        for (come_in, way) in ways.iter().enumerate() {
            // The field is that of the column as many places before it.
            if let Some(column) = at.checked_sub(come_in).filter(|column| places.fits(*column, field)) {
                let moved = come_in > 0 && !field.is_empty();
                let changes = moved && (places.is_used(at) || places.is_used(column));
                if let Some(next) = next.get_mut(come_in) {
                    next.join(if changes { way.changed() } else { *way });
                }
            }
            // Or it came in itself.
            if field.is_empty() || !places.vouches(at) {
                let changes = !field.is_empty() && places.is_used(at);
                if let Some(next) = next.get_mut(come_in + 1) {
                    next.join(if changes { way.changed() } else { *way });
                }
            }
        }
        ways = next;
    }
    ways.last().is_some_and(|all| all.same == Found::Yes && all.other == Found::No)
}
