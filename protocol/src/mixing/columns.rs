//! The points of tuples by the column key they are under, which is how passes take them, and back in their order.

use super::{TupleShape, shape::POINT_BYTES};

/// One half, `A` or `B`, of the ciphertexts under one key, in order; or their partial decryptions.
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

/// The way back: for each ciphertext of each tuple one point of every half.
pub(super) fn in_tuples(halves: &[Vec<Half>], shape: TupleShape) -> Half {
    let mut halves: Vec<Vec<_>> =
        halves.iter().map(|half| half.iter().map(|column| column.iter()).collect()).collect();
    let mut out = Half::new();
    loop {
        for window in 0..=shape.windows() {
            let key = window.checked_sub(1).map_or(0, |window| 1 + shape.place(window));
            for half in &mut halves {
                match half.get_mut(key).and_then(Iterator::next) {
                    Some(point) => out.push(*point),
                    None => return out,
                }
            }
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
        let halves: Vec<_> = (0..2).map(|half| by_key(half_of(&list, half), shape)).collect();
        assert_eq!(halves[1].iter().map(Vec::len).collect::<Vec<_>>(), [5, 20, 20, 20]);
        assert_eq!(halves[0][0], [0, 26, 52, 78, 104].map(|n| [n; 32]));
        // Receiver by receiver, place by place, outcome by outcome: the second place's tests are the third and fourth of six.
        assert_eq!(halves[1][2][..4], [7, 9, 19, 21].map(|n| [n; 32]));
        assert_eq!(in_tuples(&halves, shape), list);
    }
}
