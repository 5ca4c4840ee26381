//! Fixed-width files as nobody described them: the right layout with the same rows, or a refusal.

use passage_node::import::{Check, Column, Form, Layout};

use crate::reading::{Outcome, expected, first_difference, fixture, read_bytes, readable, unnumbered};

fn fixed() -> Vec<Layout> {
    readable().into_iter().filter(|layout| layout.form == Form::Fixed).collect()
}

fn lines(layout: &Layout) -> Vec<String> {
    String::from_utf8(fixture(&layout.id)).unwrap().lines().map(str::to_owned).collect()
}

fn joined(lines: &[String], end: &str) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), end.as_bytes()].concat()).collect()
}

/// How the outcome is a wrong reading, if it is.
fn wrong_reading(layout: &Layout, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Refused(_) => None,
        Outcome::Read { layout: found, .. } if *found != layout.id => Some(format!("read as {found}")),
        Outcome::Read { rows, .. } => first_difference(&unnumbered(&expected(&layout.id)), &unnumbered(rows)),
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    for layout in fixed() {
        let lines = lines(&layout);
        for end in ["\n", "\r\n"] {
            let mut bytes = joined(&lines, end);
            bytes.truncate(bytes.len() - end.len());
            for bytes in [bytes.clone(), joined(&lines, end), [b"\xEF\xBB\xBF", bytes.as_slice()].concat()] {
                let outcome = read_bytes(&bytes);
                if let Outcome::Refused(why) = &outcome {
                    panic!("{}: {end:?}: {why}", layout.id);
                }
                assert_eq!(wrong_reading(&layout, &outcome), None, "{}: {end:?}", layout.id);
            }
        }
    }
}

#[test]
fn another_record_length_is_refused() {
    for layout in fixed() {
        let lines = lines(&layout);
        let longer = |line: &String| format!("{line} ");
        let shorter = |line: &String| line[..line.len() - 1].to_owned();
        let mut one = lines.clone();
        one[4] = longer(&one[4]);
        let mut other = lines.clone();
        other[4] = shorter(&other[4]);
        let all_longer: Vec<String> = lines.iter().map(longer).collect();
        let all_shorter: Vec<String> = lines.iter().map(shorter).collect();
        for (what, changed) in
            [("one longer", one), ("one shorter", other), ("longer", all_longer), ("shorter", all_shorter)]
        {
            let Outcome::Refused(_) = read_bytes(&joined(&changed, "\r\n")) else {
                panic!("{}: {what}: was read", layout.id)
            };
        }
    }
}

#[test]
fn records_shifted_inside_their_length_are_not_read_shifted() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for layout in fixed() {
        let lines = lines(&layout);
        let length = lines[0].len();
        // Where a shift begins behind the last checked value, nothing that is kept stands in another place.
        let kept = |column: &&Column| column.check != Check::Text && column.never.is_none();
        let last =
            layout.column.iter().filter(kept).filter_map(|column| column.at).map(|(first, _)| first).max();
        let edges =
            layout.column.iter().filter_map(|column| column.at).flat_map(|(first, last)| [first - 1, last]);
        let mut places: Vec<usize> = edges.chain((0..length).step_by(7)).collect();
        places.retain(|place| *place + 1 < last.unwrap());
        places.sort_unstable();
        places.dedup();
        for place in places {
            for (what, change) in [("a blank more", " "), ("a byte less", "")] {
                let shift = |line: &String| {
                    let (front, back) = line.split_at(place);
                    let back = if change.is_empty() { &back[1..] } else { &back[..back.len() - 1] };
                    let fill = if change.is_empty() { " " } else { "" };
                    format!("{front}{change}{back}{fill}")
                };
                let changed: Vec<String> = lines.iter().map(shift).collect();
                let outcome = read_bytes(&joined(&changed, "\r\n"));
                tried += 1;
                let fault = wrong_reading(&layout, &outcome);
                faults.extend(
                    fault.map(|fault| format!("{}: {what} at byte {}: {fault}", layout.id, place + 1)),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{} wrong: {:#?}", faults.len(), &faults[..faults.len().min(400)]);
    assert!(tried > 1_000, "only {tried} files were tried");
}
