//! The points of tuples by the column key they are under, which is how passes take them, and back in their order.

use super::{TableTurn, TupleShape, shape::POINT_BYTES};

/// Points of one kind, in order: one half, `A` or `B`, of the ciphertexts under one key, or partial decryptions of one test.
pub(super) type Half = Vec<[u8; POINT_BYTES]>;

/// Points of whole tuples, one a ciphertext, by key: the cells, then the window tests place by place.
pub(super) fn by_key(points: impl Iterator<Item = [u8; POINT_BYTES]>, shape: TupleShape) -> Vec<Half> {
    let mut columns: Vec<Half> = (0..=shape.places()).map(|_| Half::new()).collect();
    for (index, point) in points.enumerate() {
        let window = (index % (1 + shape.windows())).checked_sub(1);
        let key = window.map_or(0, |window| 1 + shape.place(window));
        if let Some(column) = columns.get_mut(key) {
            column.push(point);
        }
    }
    columns
}

/// The way back: for each ciphertext of each tuple one point of either half. After the last pass a cell has no second one.
pub(super) fn in_tuples(halves: &[Vec<Half>; 2], shape: TupleShape, turn: TableTurn) -> Half {
    let mut halves =
        halves.each_ref().map(|half| half.iter().map(|column| column.iter()).collect::<Vec<_>>());
    let mut out = Half::new();
    loop {
        for window in 0..=shape.windows() {
            let key = window.checked_sub(1).map_or(0, |window| 1 + shape.place(window));
            let points = if window == 0 && turn.is_last() { 1 } else { 2 };
            for half in halves.iter_mut().take(points) {
                match half.get_mut(key).and_then(Iterator::next) {
                    Some(point) => out.push(*point),
                    None => return out,
                }
            }
        }
    }
}

/// The points of rows of `width`, column by column.
pub(super) fn of_rows(points: &[[u8; POINT_BYTES]], width: usize) -> Vec<Half> {
    (0..width).map(|column| points.iter().skip(column).step_by(width.max(1)).copied().collect()).collect()
}

/// The way back: rows of one point of every column.
pub(super) fn in_rows(columns: &[Half]) -> Half {
    let mut columns: Vec<_> = columns.iter().map(|column| column.iter()).collect();
    let mut out = Half::new();
    loop {
        for column in &mut columns {
            match column.next() {
                Some(point) => out.push(*point),
                None => return out,
            }
        }
        if columns.is_empty() {
            return out;
        }
    }
}

/// The first or the second point of every ciphertext of a list.
pub(super) fn half_of(list: &[[u8; POINT_BYTES]], half: usize) -> impl Iterator<Item = [u8; POINT_BYTES]> {
    list.iter().skip(half).step_by(2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::Window;

    #[test]
    fn points_come_back_in_their_order() {
        let shape = TupleShape::new(2, Window::new(2, 3).unwrap()).unwrap();
        let list: Half = (0..5 * 13 * 2).map(|n| [n as u8; 32]).collect();
        let halves = [0, 1].map(|half| by_key(half_of(&list, half), shape));
        assert_eq!(halves[1].iter().map(Vec::len).collect::<Vec<_>>(), [5, 20, 20, 20]);
        assert_eq!(halves[0][0], [0, 26, 52, 78, 104].map(|n| [n; 32]));
        // Receiver by receiver, place by place, outcome by outcome: the second place's tests are the third and fourth of six.
        assert_eq!(halves[1][2][..4], [7, 9, 19, 21].map(|n| [n; 32]));
        assert_eq!(in_tuples(&halves, shape, TableTurn::new(0, 2)), list);
        let last: Half = (0..5 * 26).filter(|n| n % 26 != 1).map(|n| [n as u8; 32]).collect();
        assert_eq!(in_tuples(&halves, shape, TableTurn::new(1, 2)), last);
        assert_eq!(in_rows(&of_rows(&last, 25)), last);
    }
}
