//! An evaluation on the screen.

use core::fmt::Write as _;

use super::{Evaluation, Figures, PresetResult, Rule, RuleResult};

/// The whole evaluation; what a word means stands once, at the end.
pub(super) fn text(evaluation: &Evaluation) -> String {
    let mut text = format!("{} pairs of records of one person in two files", evaluation.true_pairs);
    for preset in &evaluation.presets {
        of_preset(&mut text, preset);
    }
    text.push('\n');
    for rule in Rule::ALL {
        let _ = write!(text, "\n{:<9} {}", rule.word(), rule.meaning());
    }
    let _ = write!(text, "\n\nnormalisation {}", evaluation.normalisation);
    text.push_str("\nthese figures hold for these files; real files match as well as their own data allow");
    text
}

fn of_preset(text: &mut String, preset: &PresetResult) {
    let _ = write!(text, "\n\npreset {}, {} keys a record", preset.preset, preset.slots);
    let _ = write!(
        text,
        "\n\n{:<22} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9}",
        "file", "records", "persons", "keys", "merged", "withheld", "no key"
    );
    for file in &preset.files {
        let _ = write!(
            text,
            "\n{:<22} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9}",
            file.file, file.records, file.persons, file.slots, file.merged, file.suppressed, file.unusable
        );
    }
    let _ = write!(text, "\n\n{:<46} {HEAD}", "rule");
    for rule in &preset.rules {
        let _ = write!(text, "\n{:<46} {}", rule.rule.word(), cells(&rule.links));
    }
    for rule in &preset.rules {
        of_rule(text, rule);
    }
    let _ = write!(
        text,
        "\n\nresolution: {} pairs of rows without a best link, {} best links dropped, clusters of two, three ...: {}",
        preset.ambiguous,
        preset.conflicts,
        preset.cluster_sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    );
}

fn of_rule(text: &mut String, rule: &RuleResult) {
    let _ = write!(
        text,
        "\n\n{:<46} {:>5} {:>8} {:>7} {:>11} {:>11}",
        format!("{}: recipe that made the link", rule.rule.word()),
        "bits",
        "right",
        "wrong",
        "only right",
        "only wrong"
    );
    for recipe in &rule.recipes {
        let _ = write!(
            text,
            "\n{:<46} {:>5} {:>8} {:>7} {:>11} {:>11}",
            recipe.recipe,
            recipe.bits.map_or_else(String::new, |bits| bits.to_string()),
            recipe.right,
            recipe.wrong,
            recipe.only_right,
            recipe.only_wrong
        );
    }
    let _ = write!(text, "\n\n{:<46} {HEAD}", format!("{}: files", rule.rule.word()));
    for pair in &rule.pairs {
        let _ = write!(text, "\n{:<46} {}", format!("{} and {}", pair.from, pair.to), cells(&pair.links));
    }
    if rule.groups.is_empty() {
        return;
    }
    let _ = write!(text, "\n\n{:<36} {:>9} {HEAD}", format!("{}: subgroup", rule.rule.word()), "pairs");
    for group in &rule.groups {
        let name = format!("{} = {}", group.column, group.value);
        let _ = write!(text, "\n{name:<36} {:>9} {}", group.pairs, cells(&group.links));
    }
    for gap in &rule.gaps {
        let _ = write!(
            text,
            "\n  gap of {}: {:.4} between {} (best) and {} (worst)",
            gap.column, gap.gap, gap.best, gap.worst
        );
    }
}

const HEAD: &str = "   right   wrong  missed precision recall     F1";

fn cells(figures: &Figures) -> String {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.4}"));
    format!(
        "{:>8} {:>7} {:>7} {:>9} {:>6} {:>6}",
        figures.right,
        figures.wrong,
        figures.missed,
        rate(figures.precision),
        rate(figures.recall),
        rate(figures.f1)
    )
}
