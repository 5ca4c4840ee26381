//! The bytes of one row through one first mix, which may not change within a protocol version.

use super::*;

/// One row contributed, hopped and tagged with fixed seeds, as `name = hex` lines.
fn golden_row() -> Vec<(&'static str, Vec<u8>)> {
    let committee = committee(2);
    let shape = RowShape::new(2, 2).unwrap();
    let students = [Student { keys: [Some("s1"), None], values: vec![Some(3), None] }];
    let blind = OwnerBlind::draw(2, [9; 32]);
    let rows = plain_rows(&students);
    let columns = [CELL, WINDOW];
    let factor = FirstFactor::Blinded(&blind);
    let contributed = contribute(&rows, shape, &columns, factor, &committee.keys, &[10; 32]).unwrap();
    let mut hopped = vec![contributed.clone()];
    for j in 0..2 {
        let factor = HopFactor::blinded(&committee.members[j], &blind.share(j).unwrap()).unwrap();
        let input = hopped.last().unwrap();
        hopped.push(hop(input, 0, shape, &columns, &factor, &committee.keys, &[11 + j as u8; 32]).unwrap());
    }
    let last = final_tags(&hopped[2], shape, &[0, 1], &committee.tag_key).unwrap();
    vec![
        ("key share of K_0", committee.shares[0].to_bytes()),
        ("contributed row", contributed),
        ("after hop 0", hopped[1].clone()),
        ("after hop 1", hopped[2].clone()),
        ("tags", last.tags),
        ("final columns", last.columns),
    ]
}

#[test]
fn the_golden_row_has_not_changed() {
    let golden: Vec<(&str, &str)> = include_str!("../../../tests/vectors/golden_row.hex")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(" = ").unwrap())
        .collect();
    let made = golden_row();
    let lines: Vec<String> =
        made.iter().map(|(name, bytes)| format!("{name} = {}", hex::encode(bytes))).collect();
    let now = lines.join("\n");
    assert_eq!(golden.len(), made.len(), "made now:\n{now}");
    for ((name, hexadecimal), (made_name, bytes)) in golden.into_iter().zip(&made) {
        assert_eq!((name, hexadecimal), (*made_name, hex::encode(bytes).as_str()), "made now:\n{now}");
    }
}
