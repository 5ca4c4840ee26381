//! Metric files: what is read, what is refused, and that nothing a file says can become SQL it did not mean.

use proptest::prelude::*;

use super::*;

const COLLEGE_GOING: &str = include_str!("builtin/college-going-12.v1.toml");

/// The file with something replaced.
fn with(from: &str, to: &str) -> Result<Metric, DocumentError> {
    assert!(COLLEGE_GOING.contains(from), "{from}");
    Metric::parse(&COLLEGE_GOING.replacen(from, to, 1))
}

/// The file with a parameter and a receiver's condition that uses it.
fn with_parameter(kind: &str, default: &str) -> Result<String, DocumentError> {
    let parameter = format!(
        "\n[[parameter]]\nname = \"chosen\"\nkind = \"{kind}\"\ndefault = {default}\nunit = \"none\"\nreason = \"a test\"\n\n[receiver]"
    );
    let text = COLLEGE_GOING.replacen("\n[receiver]", &parameter, 1).replacen(
        "school_year IS NOT NULL",
        "note IN ($chosen)",
        1,
    );
    Metric::parse(&text).map(|metric| metric.program(Side::Receiver).unwrap().statement.clone())
}

#[test]
fn a2_every_built_in_metric_parses_and_is_unique() {
    let all = Metric::builtins().unwrap();
    assert_eq!(all.len(), builtin::FILES.len());
    assert!(all.is_sorted_by(|one, next| (&one.id, one.version) < (&next.id, next.version)));
    assert!(Metric::builtin("college-going-12", 1).unwrap().is_some());
    assert!(Metric::builtin("college-going-12", 2).unwrap().is_none());
    for metric in all {
        assert!(!metric.pitfalls.is_empty(), "{} claims to see everything", metric.id);
        assert!(metric.dimensions.contains(&Dimension::All), "{}", metric.id);
    }
}

#[test]
fn a2_a_folder_of_files_is_the_catalogue() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metric/builtin");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut listed: Vec<String> =
        Metric::builtins().unwrap().iter().map(|one| format!("{}.v{}.toml", one.id, one.version)).collect();
    listed.sort();
    assert_eq!(names, listed);
}

#[test]
fn files_beyond_the_bounds_are_refused() {
    for (from, to) in [
        ("passage-metric/2", "passage-metric/1"),
        ("id = \"college-going-12\"", "id = \"College going\""),
        ("version = 1", "version = 0"),
        ("kind = \"linked\"", "kind = \"own\""),
        ("senders = [\"k12\"]", "senders = []"),
        ("windows = 1", "windows = 5"),
        ("windows = 1", "windows = 0"),
        ("\"ethnicity\"", "\"etnicity\""),
        ("\"ethnicity\"", "\"gender\""),
        ("confidence = \"H\"", "confidence = \"certain\""),
        ("\"completer-cohort\"]", "\"completer-cohorts\"]"),
        ("min(completer_cohort)", "min($year)"),
        ("min(completer_cohort)", "min($)"),
        ("IS NOT NULL\n", "IS NOT NULL; DROP TABLE enrolment\n"),
        ("IS NOT NULL\n", "= 'open\n"),
        ("IS NOT NULL\n", "= 1 /* open\n"),
        ("pitfalls = [", "pitfall = ["),
    ] {
        assert!(with(from, to).is_err(), "{to}");
    }
}

#[test]
fn a_metric_that_counts_links_has_one_outcome_and_no_receivers_part() {
    const PANEL: &str = include_str!("builtin/found-at-member.v1.toml");
    let metric = Metric::parse(PANEL).unwrap();
    assert!(metric.counts_links() && metric.window() == Some(Window::LINK));
    assert!(metric.program(Side::Receiver).is_none() && metric.outcome("found") == Some(1));
    let outcome = "[[outcome]]\nname = \"found\"\nlabel = \"found in the records\"\n";
    let more = "[[outcome]]\nname = \"lost\"\nlabel = \"lost\"\n";
    let receiver = "\n[receiver]\nelements = [\"local-id\"]\nsql = \"SELECT local_id\"\n";
    assert!(PANEL.contains(outcome));
    let refused = |text: String| Metric::parse(&text).unwrap_err().to_string();
    assert!(refused(format!("{PANEL}{receiver}")).contains("`sender` alone where `windows` is 0"));
    assert!(refused(PANEL.replace(outcome, "")).contains("one outcome where `windows` is 0"));
    assert!(refused(PANEL.replace(outcome, &format!("{outcome}{more}"))).contains("one outcome"));
    // Without the number it is a metric like any other, and lacks a side.
    assert!(refused(PANEL.replace("windows = 0\n", "")).contains("a part for each side"));
    let builtins = Metric::builtins().unwrap().iter();
    let panels: Vec<String> = builtins.filter(|one| one.counts_links()).map(Metric::reference).collect();
    assert_eq!(panels, ["found-after-college@1", "found-at-member@1"]);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let words = |refused: Result<Metric, DocumentError>| refused.unwrap_err().to_string();
    assert!(words(with("\"ethnicity\"", "\"etnicity\"")).contains("nearest is `ethnicity`"));
    assert!(words(with("\"completer-cohort\"]", "\"completer-cohrt\"]")).contains("`completer-cohort`"));
    assert!(words(with("pitfalls = [", "pitfals = [")).contains("`pitfalls`"));
}

#[test]
fn parameters_become_literals_of_their_own_type() {
    for (kind, default, literal) in [
        ("integer", "12", "12"),
        ("decimal", "\"0.5\"", "0.50"),
        ("month-day", "\"08-15\"", "815"),
        ("month-day", "\"02-29\"", "229"),
        ("text", "\"17%\"", "'17%'"),
        ("texts", "[\"A\", \"B+\"]", "'A', 'B+'"),
        ("levels", "\"math.levels-below-transfer\"", "('0', 5), ('1', 4), ('2', 2), ('3', 1), ('4', 0)"),
    ] {
        let statement = with_parameter(kind, default).unwrap();
        assert!(statement.contains(&format!("note IN ({literal})")), "{statement}");
    }
}

#[test]
fn values_that_could_be_read_as_sql_are_refused() {
    for (kind, default) in [
        ("text", "\"x' OR '1'='1\""),
        ("text", "\"x\\\\\""),
        ("text", "\"\""),
        ("texts", "[\"A\", \"B'--\"]"),
        ("texts", "[]"),
        ("integer", "-1"),
        ("integer", "\"1\""),
        ("decimal", "\"0.555\""),
        ("decimal", "\"1); DROP\""),
        ("month-day", "\"02-30\""),
        ("month-day", "\"8-15\""),
        ("levels", "\"math.nothing\""),
    ] {
        assert!(with_parameter(kind, default).is_err(), "{default}");
    }
}

#[test]
fn quotes_and_comments_keep_what_they_hold() {
    let none: [Parameter; 0] = [];
    for kept in ["SELECT '$a; it''s'", "SELECT 1 -- $b; \n", "SELECT \"$c\"", "SELECT /* $d; */ 1"] {
        assert_eq!(statement::with_values(kept, &none).unwrap().text, kept);
    }
}

#[test]
fn what_is_read_is_what_is_declared() {
    let words = |from, to| with(from, to).unwrap_err().to_string();
    assert!(words("IS NOT NULL\nGROUP", "IS NOT NULL AND \"gender\" = 'F'\nGROUP").contains("`gender`"));
    assert!(words("\nGROUP", " AND upper(SSID) > '1'\nGROUP").contains("`ssid`"));
    assert!(with("\nGROUP", " AND 'ssid' > '1' -- gender\nGROUP").is_ok(), "texts and comments read nothing");
    for every in ["SELECT *", "SELECT DISTINCT *", "SELECT institution, *", "SELECT enrolment.*"] {
        assert!(
            with("SELECT institution, local_id, min(completer_cohort) AS cohort", every).is_err(),
            "{every}"
        );
    }
    assert!(with("min(completer_cohort) AS", "min(completer_cohort) + 0 * count(*) AS").is_ok());
}

#[test]
fn a_parameter_nothing_reads_is_refused() {
    let text = COLLEGE_GOING.replacen(
        "\n[receiver]",
        "\n[[parameter]]\nname = \"idle\"\nkind = \"integer\"\ndefault = 1\nunit = \"none\"\nreason = \"a test\"\n\n[receiver]",
        1,
    );
    assert!(Metric::parse(&text).unwrap_err().to_string().contains("`idle`"));
}

#[test]
fn a5_the_ladder_holds_together() {
    let ladder = Ladder::builtin().unwrap();
    let math = ladder.subjects.get("math").unwrap();
    assert_eq!((math.levels.first().unwrap().as_str(), math.levels.len()), ("arithmetic", 7));
    assert_eq!(math.levels.last().unwrap(), "calculus");
    let text = include_str!("ladder/subject-levels.v1.toml");
    assert!(Ladder::parse(&text.replacen("\"0\" = 5", "\"0\" = 7", 1)).is_err());
    assert!(Ladder::parse(&text.replacen("passage-ladder/1", "passage-ladder/2", 1)).is_err());
}

#[test]
fn any_bytes_as_a_metric_file() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = Metric::parse(&String::from_utf8_lossy(bytes));
    });
}

/// A good file with bytes taken out, put in or exchanged.
#[test]
fn a_changed_file_of_a_metric() {
    bolero::check!().with_type::<(u16, u8, Vec<u8>)>().for_each(|(at, out, into)| {
        let mut bytes = COLLEGE_GOING.as_bytes().to_vec();
        let at = usize::from(*at) % bytes.len();
        let end = (at + usize::from(*out)).min(bytes.len());
        bytes.splice(at..end, into.iter().copied());
        let _ = Metric::parse(&String::from_utf8_lossy(&bytes));
    });
}

proptest! {
    #[test]
    fn parsing_never_panics(sql in "\\PC{0,80}", default in "\\PC{0,20}", kind in "integer|decimal|text|texts|month-day|levels") {
        let quoted = |text: &str| text.replace(['\\', '"'], "'");
        let _ = with("min(completer_cohort)", &quoted(&sql));
        let _ = with_parameter(&kind, &format!("\"{}\"", quoted(&default)));
    }

    #[test]
    fn a_text_that_is_taken_stays_one_literal(text in "[ -~]{1,20}") {
        if let Ok(statement) = with_parameter("text", &format!("'{}'", text.replace('\'', "\""))) {
            let quotes = statement.matches('\'').count();
            prop_assert_eq!(quotes, 2, "{}", statement);
        }
    }
}
