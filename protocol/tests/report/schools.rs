//! Tables by school: every row by name, in table and page, however many there are and whatever they are called.

use passage_protocol::{
    cells::{CellDomain, Dimension, School, SchoolCode, SchoolYear},
    disclosure::{DisclosurePolicy, Mark, MetricRef, NoiseStatement, RawTable, TableColumns, release_all},
    ids::MemberCode,
    release::outside,
    report::{Report, csv, derived, equity::findings, gap::gaps, html, notes, read_csv},
};

use crate::{cells::differences, once::sample};

const YEAR: SchoolYear = SchoolYear(2021);
const SENDER: MemberCode = MemberCode([1; 5]);

/// Students found and not found by school, the first of no school listed.
fn report(metric: &str, names: &[String], found: &[(i64, i64)]) -> Report {
    let school = |(number, name): (u32, &String)| School {
        code: SchoolCode::from_number(number).unwrap(),
        name: name.clone(),
    };
    let listed: Vec<School> = (1..).zip(names).map(school).collect();
    let table = |domain: CellDomain, cells: Vec<(i64, i64)>| {
        let groups = cells.iter().map(|(not, seen)| u64::try_from(not + seen).ok()).collect();
        let counts = cells.iter().flat_map(|(not, seen)| [*not, *seen]).collect();
        let columns = TableColumns::of_one("found", vec![MemberCode([2; 5])]);
        let metric = MetricRef { id: metric.to_owned(), version: 1 };
        RawTable::new(metric, domain, SENDER, columns, counts, groups, NoiseStatement::Nil).unwrap()
    };
    let all = found.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let raw = vec![
        table(CellDomain::new(vec![YEAR], Dimension::All), vec![all]),
        table(CellDomain::by_school(vec![YEAR], listed), found.to_vec()),
    ];
    let tables = release_all(raw, &DisclosurePolicy::default());
    let noise = NoiseStatement::Nil;
    Report { noise, tables, viewer: SENDER, panel: Default::default(), peers: Default::default(), ..sample() }
}

#[test]
fn a1_a_hundred_and_fifty_schools_stand_in_table_and_page_under_a_head_that_stays() {
    let names: Vec<String> = (1..=150).map(|number| format!("School {number}")).collect();
    let found: Vec<(i64, i64)> = (0..=150).map(|at| (60 + at % 7, 40 + at % 11)).collect();
    let many = report("college-going-12", &names, &found);
    let page = html(&many);
    assert_eq!(differences(&many, &page), Vec::<String>::new());
    let table = String::from_utf8(csv(&many)).unwrap();
    for name in names.iter().map(String::as_str).chain(["another school"]) {
        assert!(table.contains(&format!(",school,{name},")), "{name}");
        assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
    }
    assert!(
        page.contains("By school")
            && page.contains("class=\"scroll long\"")
            && page.contains("position:sticky")
    );
    // A school is no group that is to be protected.
    assert!(findings(&many, &many.tables[1]).is_empty() && !page.contains("Equity flags"));
    assert!(derived(&many).is_empty());

    for text in [page, notes(&many)] {
        assert!(text.contains("holds the students of every school that the study does not list"), "{text}");
    }

    let few = html(&report("college-going-12", &names[..3], &found[..4]));
    assert!(few.contains("By school") && !few.contains("scroll long") && !few.contains("position:sticky"));
}

#[test]
fn a1_the_match_panel_says_between_which_schools_the_gap_is() {
    let names = ["Lincoln High", "Washington High"].map(str::to_owned);
    let panel = report("found-at-member", &names, &[(50, 50), (20, 80), (70, 30)]);
    let gap = gaps(&panel, &panel.tables[1])[0];
    assert_eq!((gap.least, gap.most, gap.groups, gap.value), (2, 1, 3, 50));
    let page = html(&panel);
    assert!(page.contains("Between groups by school") && page.contains("Washington High"));
    let table = String::from_utf8(csv(&panel)).unwrap();
    assert!(table.contains("from Washington High to Lincoln High,found,match-gap,50,50,50"), "{table}");
}

#[test]
fn a_name_is_text_in_a_page_and_no_formula_in_a_table() {
    let names = ["=HYPERLINK(\"x\")", "<script>alert(1)</script> & \"Sons\", High"].map(str::to_owned);
    let odd = report("found-at-member", &names, &[(50, 50), (60, 40), (70, 30)]);
    let page = html(&odd);
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;alert(1)"));
    let table = String::from_utf8(csv(&odd)).unwrap();
    let read = read_csv(&table);
    let named = |name: &str| read.iter().filter(|row| row[6] == name).count();
    assert!(named("'=HYPERLINK(\"x\")") > 3 && named(&names[1]) > 3, "{table}");
}

#[test]
fn g09_no_table_by_school_leaves_the_parties() {
    let names = ["Lincoln High", "Washington High"].map(str::to_owned);
    let panel = report("found-at-member", &names, &[(50, 50), (20, 80), (70, 30)]);
    let out = outside(&panel);
    assert_eq!(out.tables, panel.tables[..1]);
    assert_eq!(outside(&out), out, "cut once is cut");
    for text in [html(&out), notes(&out), String::from_utf8(csv(&out)).unwrap()] {
        assert!(names.iter().all(|name| !text.contains(name)) && !text.contains("another school"));
    }
}

#[test]
fn a_small_school_is_a_mark_under_its_name() {
    let names = ["Lincoln High", "Juniper Continuation", "Washington High"].map(str::to_owned);
    let small = report("college-going-12", &names, &[(40, 30), (60, 50), (3, 4), (45, 30)]);
    let of_row = small.tables[1]
        .cells
        .iter()
        .filter(|cell| cell.category == passage_protocol::disclosure::Category::One(2));
    assert!(
        of_row.clone().count() > 2 && of_row.clone().all(|cell| !matches!(cell.mark, Mark::Value { .. }))
    );
    assert!(html(&small).contains("<th scope=\"row\">Juniper Continuation</th>"));
}
