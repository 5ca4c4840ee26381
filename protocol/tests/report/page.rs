//! Reads the tables of a rendered page back, the way a reader does: by section, caption, row and column.

use std::collections::BTreeMap;

/// Where a figure stands on the page.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Spot {
    /// Heading of the metric.
    pub(crate) metric: String,
    /// `all`, `ethnicity`, `gender`.
    pub(crate) dimension: String,
    pub(crate) sender: String,
    /// A receiver's code or `any`.
    pub(crate) place: String,
    /// Label of the row; in the feeder table the name of the column.
    pub(crate) row: String,
    pub(crate) cohort: String,
}

/// The text of every body cell of the feeder and breakdown tables.
pub(crate) fn figures(page: &str) -> BTreeMap<Spot, String> {
    let mut found = BTreeMap::new();
    for section in page.split("<section>").skip(1) {
        let metric = text(inside(section, "<h2>", "</h2>"));
        for region in section.split("role=\"region\" aria-label=\"").skip(1) {
            let (label, rest) = region.split_once('"').unwrap();
            let table = inside(rest, "<table", "</table>");
            match label.split(", ").collect::<Vec<_>>()[..] {
                ["Feeder table"] => feeder(&metric, table, &mut found),
                [by, sender, at] if by.starts_with("By ") => {
                    let at = at.strip_prefix("observed at ").unwrap();
                    let place = if at == "any member institution" { "any" } else { at };
                    let corner = Spot {
                        metric: metric.clone(),
                        dimension: by["By ".len()..].to_owned(),
                        sender: sender.to_owned(),
                        place: place.to_owned(),
                        row: String::new(),
                        cohort: String::new(),
                    };
                    breakdown(&corner, table, &mut found);
                }
                _ => {}
            }
        }
    }
    found
}

fn feeder(metric: &str, table: &str, found: &mut BTreeMap<Spot, String>) {
    for block in table.split("<tbody>").skip(1) {
        let groups: Vec<&str> = block.split("<th scope=\"rowgroup\"").skip(1).collect();
        let code = |group: &str| inside(group, "<span class=\"code\">", "</span>").to_owned();
        let to = groups[1].split("</th>").next().unwrap();
        let codes: Vec<&str> = to
            .split("<span class=\"code\">")
            .skip(1)
            .map(|code| code.split("</span>").next().unwrap())
            .collect();
        let place = if to.contains("any of them") { "any".to_owned() } else { codes.join(" and ") };
        for row in block.split("<tr>").skip(1) {
            let cohort = text(inside(row, "class=\"year\">", "</th>"));
            let columns = ["Students", "Observed", "Percent"];
            for (column, cell) in columns.into_iter().zip(row.split("<td class=\"n\">").skip(1)) {
                let spot = Spot {
                    metric: metric.to_owned(),
                    dimension: "all".to_owned(),
                    sender: code(groups[0]),
                    place: place.clone(),
                    row: column.to_owned(),
                    cohort: cohort.clone(),
                };
                let content = text(cell.split("</td>").next().unwrap());
                assert_eq!(found.insert(spot, content), None, "one block for each pair");
            }
        }
    }
}

fn breakdown(corner: &Spot, table: &str, found: &mut BTreeMap<Spot, String>) {
    let head = inside(table, "<thead>", "</thead>");
    let cohorts: Vec<String> =
        head.split("<th ").skip(2).map(|cell| text(cell.split_once('>').unwrap().1)).collect();
    let body = table.split_once("</thead>").unwrap().1;
    for row in body.split("<tr>").skip(1) {
        let label = text(inside(row, "<th scope=\"row\">", "</th>"));
        let cells: Vec<&str> = row.split("<td class=\"n\">").skip(1).collect();
        assert_eq!(cells.len(), cohorts.len(), "{label}");
        for (cohort, cell) in cohorts.iter().zip(cells) {
            let spot = Spot { row: label.clone(), cohort: cohort.clone(), ..corner.clone() };
            let content = text(cell.split("</td>").next().unwrap());
            assert_eq!(found.insert(spot, content), None, "one table for each sender and place");
        }
    }
}

/// What stands between two marks.
pub(crate) fn inside<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = html.split_once(from).unwrap_or_else(|| panic!("no {from} in {html}"));
    rest.split_once(to).unwrap().0
}

/// What a reader sees of marked-up text.
pub(crate) fn text(html: &str) -> String {
    let mut out = String::new();
    for (at, piece) in html.split('<').enumerate() {
        out.push_str(if at == 0 { piece } else { piece.split_once('>').unwrap().1 });
    }
    out.replace('\u{202F}', " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}
