//! The coverage page: one self-contained sheet, no script, nothing fetched, readable on paper.

use core::fmt::Write as _;

use super::{Coverage, Freshness, Line, Strength};

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#1d2733;max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2rem 0 .2rem}p{margin:.4rem 0;max-width:60rem}\
.badge{display:inline-block;padding:.1rem .7rem;border-radius:1rem;font-weight:600;margin-right:.4rem}\
.here{background:#dcefe3;color:#14532d}.due{background:#fdf3d5;color:#6b4e00}.late{background:#fbe0de;color:#7f1d1d}\
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .8rem;text-align:right;white-space:nowrap;border-bottom:1px solid #e3e8ee}\
th{border-bottom:2px solid #b8c2cd;vertical-align:bottom;font-size:.85rem;color:#46525f}\
th.l,td.l{text-align:left}th:first-child,td:first-child{padding-left:.2rem}\
tr.sum td{font-weight:600;background:#f4f6f8;border-bottom-color:#cdd5de}tr.one td:first-child{color:#8a94a0}\
td.none{color:#a5adb6}.bar{display:inline-flex;vertical-align:middle;height:.8rem;width:9rem;background:#eef1f4;\
-webkit-print-color-adjust:exact;print-color-adjust:exact}.bar i{display:block;height:100%}\
.strong{background:#1f6f54}.standard{background:#8db8a6}.weak{background:#c8553d}\
dl{margin:.4rem 0;max-width:60rem;display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem}dt{font-weight:600}\
dd{margin:0}dt i{display:inline-block;width:.8rem;height:.8rem;margin-right:.45rem;vertical-align:-.08rem;\
-webkit-print-color-adjust:exact;print-color-adjust:exact}.note{color:#46525f;font-size:.9rem}\
@media print{body{margin:0;max-width:none;font-size:11px}.wide{overflow:visible}th,td{padding:.15rem .4rem}tr{break-inside:avoid}}";

/// One column of a table: its heading, and the count of a line.
type Column = (&'static str, fn(&Line) -> u64);

/// Heading of the social security numbers.
const SSN: &str = "SSN";

/// What students can be matched by.
const KEYS: [Column; 3] =
    [("SSID", |line| line.ssid), (SSN, |line| line.ssn), ("Name and<br>birth date", |line| line.named)];

/// Every table, in the order of the dictionary.
const TABLES: [Column; 9] = [
    ("Student lists", |line| line.student_rows),
    ("Enrolments", |line| line.enrolments),
    ("Courses", |line| line.courses),
    ("Sections", |line| line.sections),
    ("Awards", |line| line.awards),
    ("Tests", |line| line.assessments),
    ("Programmes", |line| line.programs),
    ("Wages", |line| line.wages),
    ("Elsewhere", |line| line.elsewhere),
];

/// The page, UTF-8. The same coverage gives the same bytes.
#[must_use]
pub fn page(coverage: &Coverage) -> String {
    let (class, word) = match coverage.freshness {
        Freshness::Here => ("here", "up to date"),
        Freshness::Due => ("due", "due"),
        Freshness::Late => ("late", "late"),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>What is stored here</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>What is stored here</h1>\n\
         <p class=\"note\">Made {}. Counts of this institution's own records, on this machine; nothing of it has left.</p>\n\
         <p><span class=\"badge {class}\">{word}</span>{}.</p>\n",
        coverage.made,
        sentence(&coverage.freshness_words)
    );
    if coverage.lines.is_empty() {
        out.push_str(
            "<p>Nothing is stored yet. Import a file, then make this page again.</p>\n</body>\n</html>\n",
        );
        return out;
    }
    students(coverage, &mut out);
    rows(coverage, &mut out);
    out.push_str("</body>\n</html>\n");
    out
}

/// Who the records are about, and how well they can be expected to match.
fn students(coverage: &Coverage, out: &mut String) {
    out.push_str(
        "<h2>Students, and what they can be matched by</h2>\n\
         <p class=\"note\">A student counts once in a line, however many rows say something of the student. What any stored row \
         says of a student counts in every line.</p>\n<div class=\"wide\"><table>\n<thead><tr><th class=\"l\">School year</th>\
         <th class=\"l\">School</th><th>Students</th>",
    );
    // A school may hold no social security number (Ed Code 49076.7): a column of zeros would read as if one were missing.
    let keys: Vec<&Column> =
        KEYS.iter().filter(|(heading, count)| *heading != SSN || count(&coverage.total) > 0).collect();
    for (heading, _) in &keys {
        let _ = write!(out, "<th>{heading}</th>"); // writing to a String cannot fail
    }
    out.push_str(
        "<th class=\"l\">Expected match</th><th>Strong</th><th>Standard</th><th>Weak</th></tr></thead>\n<tbody>\n",
    );
    each_line(coverage, out, &|line, out| {
        figure(line.students, out);
        for (_, held) in &keys {
            let _ = write!(out, "<td>{}</td>", share(held(line), line.students));
        }
        out.push_str("<td class=\"l\">");
        if line.students > 0 {
            out.push_str("<span class=\"bar\">");
            for (strength, count) in strengths(line).filter(|(_, count)| *count > 0) {
                let (class, part) = (strength.word(), permille(count, line.students));
                let _ = write!(
                    out,
                    "<i class=\"{class}\" style=\"width:{}.{}%\" title=\"{} {class}\"></i>",
                    part / 10,
                    part % 10,
                    grouped(count)
                );
            }
            out.push_str("</span>");
        }
        out.push_str("</td>");
        strengths(line).for_each(|(_, number)| figure(number, out));
    });
    out.push_str("</tbody>\n</table></div>\n<dl>\n");
    for strength in &coverage.strengths {
        let word = strength.strength.word();
        let _ = writeln!(
            out,
            "<dt><i class=\"{word}\"></i>{}</dt><dd>{}.</dd>",
            sentence(word),
            strength.meaning
        );
    }
    out.push_str("</dl>\n");
}

/// How many rows of each table there are; tables without any are left out.
fn rows(coverage: &Coverage, out: &mut String) {
    let tables: Vec<&Column> = TABLES.iter().filter(|(_, count)| count(&coverage.total) > 0).collect();
    out.push_str(
        "<h2>Rows of each table</h2>\n<div class=\"wide\"><table>\n<thead><tr><th class=\"l\">School year</th>\
         <th class=\"l\">School</th>",
    );
    for (heading, _) in &tables {
        let _ = write!(out, "<th>{heading}</th>");
    }
    out.push_str("<th>All rows</th><th>Last import</th></tr></thead>\n<tbody>\n");
    each_line(coverage, out, &|line, out| {
        tables.iter().for_each(|(_, rows)| figure(rows(line), out));
        figure(line.rows, out);
        let _ = write!(out, "<td>{}</td>", escape(&line.imported));
    });
    let _ = write!(
        out,
        "</tbody>\n</table></div>\n<p>Rows about students who are in no student list here: {}.{}</p>\n",
        grouped(coverage.unlisted_rows),
        if coverage.unlisted_rows > 0 {
            " They count in no round; import the list of students they belong to."
        } else {
            ""
        }
    );
}

/// Every line, a year's schools under the year, and the total if there is more than one year.
fn each_line(coverage: &Coverage, out: &mut String, cells: &dyn Fn(&Line, &mut String)) {
    let mut put = |class: &str, year: &str, school: &str, line: &Line| {
        let _ = write!(
            out,
            "<tr class=\"{class}\"><td class=\"l\">{}</td><td class=\"l\">{}</td>",
            escape(year),
            escape(school)
        );
        cells(line, out);
        out.push_str("</tr>\n");
    };
    for year in &coverage.years {
        let schools: Vec<&Line> =
            coverage.lines.iter().filter(|line| line.school_year == year.school_year).collect();
        let word = if year.school_year.is_empty() { "no year" } else { &year.school_year };
        match schools.as_slice() {
            [only] => put("sum", word, &only.school, year),
            several => {
                put("sum", word, &format!("all {} schools", several.len()), year);
                for line in several {
                    let school = if line.school.is_empty() { "not said" } else { &line.school };
                    put("one", word, school, line);
                }
            }
        }
    }
    if coverage.years.len() > 1 {
        put("sum", "all", "", &coverage.total);
    }
}

fn strengths(line: &Line) -> impl Iterator<Item = (Strength, u64)> {
    Strength::ALL.into_iter().zip([line.strong, line.standard, line.weak])
}

fn figure(number: u64, out: &mut String) {
    let _ = match number {
        0 => write!(out, "<td class=\"none\">0</td>"),
        _ => write!(out, "<td>{}</td>", grouped(number)),
    };
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whole percent; what is not nobody is never 0%, and what is not everybody never 100%.
fn share(part: u64, whole: u64) -> String {
    match permille(part, whole) {
        _ if whole == 0 => "–".to_owned(),
        0 if part > 0 => "&lt;1%".to_owned(),
        permille if part < whole && permille >= 995 => "&gt;99%".to_owned(),
        permille if part > 0 && permille < 5 => "&lt;1%".to_owned(),
        permille => format!("{}%", (permille + 5) / 10),
    }
}

/// Thousandths, rounded half up.
fn permille(part: u64, whole: u64) -> u64 {
    part.saturating_mul(2_000).saturating_add(whole).checked_div(whole.saturating_mul(2)).unwrap_or(0)
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// School codes come from files: nothing in them may act in the page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{super::Meaning, *};

    #[test]
    fn the_page_holds_the_figures_and_no_markup_of_a_file() {
        let line = Line {
            school_year: "2019-2020".to_owned(),
            school: "<b>7".to_owned(),
            imported: "2020-10-31".to_owned(),
            rows: 12_345,
            enrolments: 12_345,
            students: 8,
            ssid: 3,
            strong: 3,
            weak: 5,
            ..Line::default()
        };
        let coverage = Coverage {
            made: "2026-11-22".to_owned(),
            freshness: Freshness::Late,
            freshness_words: "it is late".to_owned(),
            strengths: vec![Meaning { strength: Strength::Weak, meaning: "the meaning" }],
            lines: vec![line.clone()],
            years: vec![Line { school: String::new(), ..line.clone() }],
            total: line,
            unlisted_rows: 17,
        };
        let page = page(&coverage);
        for held in [
            "&lt;b&gt;7",
            "<td>38%</td>",
            "width:62.5%",
            "<td>12,345</td>",
            "in no student list here: 17",
            "class=\"badge late\">late</span>It is late.",
            "Weak</dt><dd>the meaning.",
            "<th>Enrolments</th>",
            "2020-10-31",
        ] {
            assert!(page.contains(held), "{held}");
        }
        assert!(!page.contains("<b>7") && !page.contains("<th>Wages</th>") && !page.contains("<th>SSN</th>"));
    }

    #[test]
    fn a_share_is_nobody_or_everybody_only_if_it_is() {
        for (part, whole, shown) in [
            (0, 0, "–"),
            (0, 9, "0%"),
            (1, 1_000_000, "&lt;1%"),
            (1, 200, "1%"),
            (1, 3, "33%"),
            (999_999, 1_000_000, "&gt;99%"),
            (9, 9, "100%"),
        ] {
            assert_eq!(share(part, whole), shown, "{part} of {whole}");
        }
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
