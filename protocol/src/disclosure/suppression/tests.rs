//! Small puzzles whose best answer is known by hand.

use super::*;

fn reasons(puzzle: &Puzzle) -> Vec<Option<Reason>> {
    puzzle.figures.iter().map(|figure| figure.reason).collect()
}

#[test]
fn a_single_small_part_takes_the_next_smallest_along() {
    let mut puzzle = Puzzle::new(11);
    let parts = [3, 40, 90].map(|value| puzzle.count(value, 200));
    let total = puzzle.count(133, 600);
    puzzle.sum(parts.to_vec(), total);
    puzzle.solve();
    assert_eq!(reasons(&puzzle), [Some(Reason::BelowFloor), Some(Reason::Complementary), None, None]);
}

#[test]
fn reasons_that_would_give_a_small_part_away_are_silenced() {
    // 3 + 12 = 15 are withheld; "complementary" would say that the second is 11 or more, so the first 4 or less.
    let mut puzzle = Puzzle::new(11);
    let parts = [3, 12, 90].map(|value| puzzle.count(value, 200));
    let total = puzzle.count(105, 600);
    puzzle.sum(parts.to_vec(), total);
    puzzle.solve();
    assert_eq!(puzzle.reason(parts[1]), Some(Reason::WithheldTogether));
    assert_eq!(puzzle.reason(parts[2]), None);
}

#[test]
fn two_small_parts_with_a_small_sum_take_a_third_along() {
    let mut puzzle = Puzzle::new(11);
    let parts = [3, 4, 50, 90].map(|value| puzzle.count(value, 200));
    let total = puzzle.count(147, 800);
    puzzle.sum(parts.to_vec(), total);
    puzzle.solve();
    assert_eq!(puzzle.reason(parts[2]), Some(Reason::Complementary));
    assert_eq!(puzzle.reason(parts[3]), None);
}

#[test]
fn the_few_seen_at_both_of_two_receivers_hide_one_figure() {
    // 200 at one, 60 at the other, 256 at either: 4 at both, by subtraction.
    let mut puzzle = Puzzle::new(11);
    let [first, second, any] = [200, 60, 256].map(|value| puzzle.count(value, 500));
    let [only_first, only_second, both] = [196, 56, 4].map(|value| puzzle.hidden(value, 500));
    puzzle.makes_up(vec![only_first, both], first);
    puzzle.makes_up(vec![only_second, both], second);
    puzzle.makes_up(vec![only_first, only_second, both], any);
    puzzle.solve();
    let withheld: Vec<_> = reasons(&puzzle).into_iter().take(3).flatten().collect();
    assert_eq!(withheld, [Reason::Complementary], "one of the three is enough");
    assert!(puzzle.reason(second).is_some(), "and the lightest is taken");
}

#[test]
fn a_square_is_withheld_where_rows_and_columns_are_shown() {
    // One small cell of a 3 x 3 table: the lightest square through it, 3 + 30 + 20 + 50, and no other.
    let mut puzzle = Puzzle::new(11);
    let values = [[3, 30, 400], [20, 50, 400], [400, 400, 400]];
    let cells = values.map(|row| row.map(|value| puzzle.count(value, 2_000)));
    for line in 0..3 {
        let row = puzzle.count(values[line].iter().sum(), 9_000);
        puzzle.sum(cells[line].to_vec(), row);
        let column = puzzle.count(values.iter().map(|row| row[line]).sum(), 9_000);
        puzzle.sum(cells.map(|row| row[line]).to_vec(), column);
    }
    puzzle.solve();
    let withheld: Vec<_> = (0..puzzle.figures.len()).filter(|id| puzzle.reason(*id).is_some()).collect();
    assert_eq!(withheld, [cells[0][0], cells[0][1], cells[1][0], cells[1][1]]);
}

#[test]
fn what_is_held_cannot_be_withheld() {
    let mut puzzle = Puzzle::new(11);
    let parts = [3, 2].map(|value| puzzle.whole(value));
    let total = puzzle.whole(5);
    puzzle.sum(parts.to_vec(), total);
    puzzle.hold(total);
    puzzle.solve();
    assert_eq!(puzzle.reason(total), None);
    assert!(parts.iter().all(|part| puzzle.reason(*part).is_some()));
}
