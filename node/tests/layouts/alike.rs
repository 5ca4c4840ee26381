//! The same rows in every form a file can have: one set of canonical rows, whatever the rows are.

use passage_node::import::{Delimiter, Layout};
use proptest::prelude::*;

use crate::{
    grid::{Grid, column_at, named},
    reading::{Outcome, layout, read_bytes, read_file, unnumbered},
    typed::{Typed, Typing},
};

/// Rows of a layout's file in another order, some of them twice, some cells of optional columns blank.
fn changed(grid: &Grid, layout: &Layout, picks: &[(usize, usize)]) -> Grid {
    let head = usize::from(named(layout));
    let mut rows: Vec<Vec<String>> = grid.rows[..head].to_vec();
    let optional: Vec<usize> = (0..grid.width())
        .filter(|place| {
            if *place == 0 && !layout.record_types.is_empty() {
                return false; // what says which file it is
            }
            let column = column_at(layout, named(layout).then_some(grid.rows[0].as_slice()), *place);
            column.is_none_or(|column| column.need == passage_node::import::Need::Optional)
        })
        .collect();
    // The whole file first, so that every column shows what it is.
    rows.extend_from_slice(&grid.rows[head..]);
    for (row, blank) in picks {
        let mut row = grid.rows[head + row % (grid.rows.len() - head)].clone();
        row[optional[blank % optional.len()]].clear();
        rows.push(row);
    }
    Grid { rows, ..grid.clone() }
}

/// The rows a file becomes, or why not.
fn told(outcome: &Outcome) -> Result<(String, Vec<String>), String> {
    match outcome {
        Outcome::Read { layout, rows, .. } => Ok((layout.clone(), unnumbered(rows))),
        Outcome::Refused(why) => Err(why.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn caret_comma_tab_spreadsheet_and_parquet_are_one_file(
        id in proptest::sample::select(vec!["calpads-senr", "calpads-sinf", "calpads-scsc", "college-students", "nsc-detail-college"]),
        picks in proptest::collection::vec((0_usize..12, 0_usize..40), 0..20),
    ) {
        let layout = layout(id);
        let grid = changed(&Grid::of(&layout), &layout, &picks);
        let first = told(&read_bytes(&grid.bytes()));
        prop_assert!(first.is_ok(), "{id}: {first:?}");
        for delimiter in [Delimiter::Caret, Delimiter::Comma, Delimiter::Tab] {
            if layout.delimiters.contains(&delimiter) {
                prop_assert_eq!(&told(&read_bytes(&grid.separated(delimiter).bytes())), &first, "{}: {:?}", id, delimiter);
            }
        }
        for typing in [Typing::Text, Typing::Dates] {
            let table = || Typed::of(&layout, &grid, typing);
            prop_assert_eq!(&told(&read_file(&table().xlsx(), "xlsx")), &first, "{}: XLSX, {:?}", id, typing);
            let named = if named(&layout) { table() } else { table().with_names(&layout) };
            prop_assert_eq!(&told(&read_file(&named.parquet(), "parquet")), &first, "{}: Parquet, {:?}", id, typing);
        }
    }
}
