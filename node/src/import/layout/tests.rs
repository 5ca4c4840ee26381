//! Layout files that hold together, and each way in which one may not.

use super::*;

const STUDENTS: &str = include_str!("../../../tests/own_layouts/students.toml");
const SENR: &str = include_str!("../layouts/calpads-senr.toml");

fn fault(text: &str) -> String {
    match Layout::parse(text) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn shipped_layouts_are_sound_and_say_where_they_come_from() {
    let layouts = Layout::built_in().unwrap();
    assert_eq!(layouts.len(), builtin::FILES.len());
    for layout in &layouts {
        assert!(!layout.source.is_empty(), "{}", layout.id);
        assert!(builtin::FILES.contains(&&*layout.text), "{}", layout.id);
    }
    let mut ids: Vec<&str> = layouts.iter().map(|layout| layout.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), layouts.len());
    for text in [
        STUDENTS,
        include_str!("../../../tests/own_layouts/enrollments.toml"),
        include_str!("../../../tests/own_layouts/courses.toml"),
        include_str!("../../../tests/own_layouts/awards.toml"),
    ] {
        Layout::parse(text).unwrap();
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_named() {
    let text = STUDENTS.replace("delimiters =", "delimeters =");
    let Err(ImportError::Layout { line, nearest, .. }) = Layout::parse(&text) else { panic!("accepted") };
    assert_eq!((line, nearest), (Some(7), Some("delimiters")));
    let text = STUDENTS.replacen("element =", "elemnt =", 1);
    let Err(ImportError::Layout { nearest, .. }) = Layout::parse(&text) else { panic!("accepted") };
    assert_eq!(nearest, Some("element"));
}

#[test]
fn every_key_a_layout_has_is_known_to_the_nearest_search() {
    for text in [STUDENTS, SENR] {
        let value: toml::Table = text.parse().unwrap();
        let columns = value.get("column").and_then(toml::Value::as_array).unwrap();
        let of_columns = columns.iter().filter_map(toml::Value::as_table).flat_map(toml::Table::keys);
        for key in value.keys().chain(of_columns) {
            assert!(KEYS.contains(&key.as_str()), "{key}");
        }
    }
}

#[test]
fn contradictory_layouts_are_refused() {
    for (from, to, said) in [
        ("schema = 2", "schema = 1", "schema must be 2"),
        ("id = \"students\"", "id = \"../x\"", "id must be"),
        ("header = \"required\"", "header = \"optional\"", "columns = [..] is needed"),
        ("form = \"delimited\"", "form = \"fixed\"", "a fixed layout"),
        ("element = \"middle\"", "element = \"first\"", "two columns feed"),
        ("element = \"middle\"", "element = \"midle\"", "no element `midle`"),
        ("element = \"middle\"", "element = \"grade\"", "none of the tables"),
        ("check = \"ssid\"", "check = \"text\"", "does not fit the element"),
        ("check = \"zip\"", "check = \"integer\"", "another kind of value"),
        ("check = \"zip\"", "check = \"code\"", "needs codes"),
        ("check = \"zip\"", "check = \"zip\"\ncodes = [\"1\"]", "codes are for"),
        ("check = \"zip\"", "check = \"zip\"\nspecial = [\"1\"]", "special-admit"),
        ("check = \"zip\"", "check = \"zip\"\nnever = \"x\"", "never imported"),
        ("check = \"zip\"", "check = \"zip\"\nonly-if = { column = \"x\", is = [] }", "no [[column]]"),
        ("check = \"gender\"", "check = \"gender\"\nmap = { \"1\" = \"male\" }", "not a code of `gender`"),
        ("tables = [\"student\"]", "tables = [\"students\"]", "no table"),
        ("tables = [\"student\"]", "tables = [\"student\", \"section\"]", "no column feeds the table"),
        ("tables = [\"student\"]", "tables = []", "none of the tables"),
        ("key = [\"student_id\"]", "key = [\"id\"]", "no [[column]] has the name `id`"),
        (
            "key = [\"student_id\"]",
            "key = [\"student_id\"]\nyear-from = \"zip\"",
            "year-from must be required",
        ),
        ("name = \"suffix\"", "name = \"Middle_\"", "no name of its own"),
        ("title =", "segment = [\"k12\"]\ntitle =", "never reads an SSN"),
    ] {
        let said_instead = fault(&STUDENTS.replacen(from, to, 1));
        assert!(said_instead.contains(said), "{to}: {said_instead}");
    }
    for (from, to, said) in [
        ("number = 31", "number = 42", "needs its own `number`"),
        ("number = 31", "number = 29", "needs its own `number`"),
        ("check = \"yes-no\"", "check = \"text\"", "another kind of value"),
        ("key = [", "key = [] # ", "needs a key"),
        ("columns = [39, 41]", "columns = []", "columns = [..] is needed"),
    ] {
        let said_instead = fault(&SENR.replacen(from, to, 1));
        assert!(said_instead.contains(said), "{to}: {said_instead}");
    }
    let loose = SENR
        .replace("check = \"school\"", "check = \"text\"")
        .replace("element = \"a-g-met\", check = \"yes-no\"", "element = \"goal\", check = \"text\"")
        .replace("check = \"yes-no\"", "check = \"text\"");
    assert!(fault(&loose).contains("has no checked column at or after it"), "{}", fault(&loose));
}

#[test]
fn fixed_columns_stand_inside_the_record_and_apart() {
    let text = |places: &str, more: &str| {
        format!(
            "schema = 2\nid = \"f\"\nversion = \"1\"\ntitle = \"t\"\nform = \"fixed\"\nrecord-types = [\"SB\"]\nrecord-bytes = [20]\n\
             tables = [\"student\"]\n[[column]]\nat = {places}\nname = \"A\"\nelement = \"local-id\"\n\
             [[column]]\nat = [12, 20]\nname = \"B\"\nelement = \"ssn\"\ncheck = \"ssn\"\n{more}"
        )
    };
    Layout::parse(&text("[3, 11]", "")).unwrap();
    Layout::parse(&text("[12, 20]", "only-if = { column = \"A\", is = [\"S\"] }")).unwrap();
    for (places, said) in [
        ("[3, 12]", "columns A and B share bytes"),
        ("[12, 20]", "columns A and B share bytes"),
        ("[0, 2]", "needs its own"),
        ("[5, 4]", "needs its own"),
        ("[18, 21]", "needs its own"),
    ] {
        assert!(fault(&text(places, "")).contains(said), "{places}: {}", fault(&text(places, "")));
    }
}
