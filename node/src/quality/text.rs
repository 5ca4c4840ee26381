//! The report on the screen.

use core::fmt::Write as _;

use super::Quality;

/// Every figure, with what it means.
pub(super) fn text(quality: &Quality) -> String {
    let mut text = format!(
        "{} students, {} opted out and left out here; {} persons, {} duplicates merged, {} pairs alike kept apart",
        quality.students, quality.opted_out, quality.persons, quality.duplicates, quality.kept_apart
    );
    let _ = write!(text, "\n\n{:<44} {:>9} {:>9} {:>9}", "element", "usable", "missing", "filler");
    for line in &quality.elements {
        let _ =
            write!(text, "\n{:<44} {:>9} {:>9} {:>9}", line.element, line.usable, line.missing, line.filler);
    }
    let _ = write!(
        text,
        "\n\n{:<44} {:>9} {:>9} {:>9} {:>9}",
        format!("key of the preset {}", quality.preset),
        "bits",
        "persons",
        "withheld",
        "beyond"
    );
    for line in &quality.keys {
        let _ = write!(
            text,
            "\n{:<44} {:>9} {:>9} {:>9} {:>9}",
            line.recipe, line.bits, line.persons, line.withheld, line.beyond_slots
        );
    }
    let _ = write!(text, "\n\n{:<44} {:>9} {:>9}", "can be matched by", "students", "expected");
    for line in &quality.footings {
        let _ = write!(text, "\n{:<44} {:>9} {:>9.3}", line.footing, line.students, line.expected);
    }
    if let Some(expected) = quality.expected {
        let _ = write!(text, "\n{:<44} {:>9} {expected:>9.3}", "all", quality.students);
    }
    let _ = write!(text, "\n\n{:<44} {:>9} {:>9} {:>9}", "subgroup", "students", "no key", "expected");
    for line in &quality.groups {
        let name = format!("{}: {}", line.dimension, line.group);
        let _ =
            write!(text, "\n{name:<44} {:>9} {:>9} {:>9.3}", line.students, line.without_key, line.expected);
    }
    for bias in &quality.bias {
        let _ = write!(
            text,
            "\n  {}: {:.3} more are expected to be found of {} than of {}",
            bias.dimension, bias.gap, bias.best, bias.worst
        );
    }
    text.push_str(
        "\n\nwithheld: two persons here share the key, neither sends it; beyond: a person has more keys than the recipe has slots",
    );
    text.push_str(
        "\nexpected: of students who are in another member's list, the share found there, as measured on simulated people; your files may differ",
    );
    text
}
