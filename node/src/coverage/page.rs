//! The coverage page: one self-contained sheet, no script, nothing fetched, readable on paper.

use core::fmt::Write as _;

use super::{Coverage, Freshness, Line};

const STYLE: &str = "body{font:16px/1.45 system-ui,sans-serif;color:#1d2733;max-width:70rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:.2rem 0}table{border-collapse:collapse;width:100%;margin:1rem 0}\
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #d5dce4;white-space:nowrap}\
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}\
.badge{display:inline-block;padding:.15rem .7rem;border-radius:1rem;font-weight:600}\
.here{background:#dcefe3;color:#14532d}.due{background:#fdf3d5;color:#6b4e00}.late{background:#fbe0de;color:#7f1d1d}\
.bar{display:flex;height:.8rem;width:10rem;background:#eef1f4}.bar i{display:block;height:100%}\
.strong{background:#1f6f54}.standard{background:#8db8a6}.weak{background:#c8553d}\
.legend i{display:inline-block;width:.8rem;height:.8rem;margin:0 .3rem 0 1rem;vertical-align:-.1rem}\
@media print{body{margin:0;max-width:none}}";

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
         <p>Made {}. Counts of this institution's own records, on this machine; nothing of it has left.</p>\n\
         <p><span class=\"badge {class}\">{word}</span> {}.</p>\n",
        coverage.made, coverage.freshness_words
    );
    out.push_str(
        "<table>\n<thead><tr><th>School year</th><th>School</th><th>Students</th><th>SSID</th><th>SSN</th>\
         <th>Name and birth date</th><th>Expected match</th><th>Enrolments</th><th>Courses</th><th>Awards</th>\
         <th>Tests</th></tr></thead>\n<tbody>\n",
    );
    for line in &coverage.lines {
        row(line, &mut out);
    }
    out.push_str("</tbody>\n</table>\n<p class=\"legend\">Expected match:");
    for (class, words) in [
        ("strong", "two keys or more of SSID, SSN, name and birth date"),
        ("standard", "one of them"),
        ("weak", "none: cannot be matched"),
    ] {
        let _ = write!(out, "<i class=\"{class}\"></i>{words}"); // writing to a String cannot fail
    }
    let _ = write!(
        out,
        "</p>\n<p>Rows about students who are in no student list here: {}. They count in no round; import the list of \
         students they belong to.</p>\n</body>\n</html>\n",
        coverage.unlisted_rows
    );
    out
}

fn row(line: &Line, out: &mut String) {
    let year = if line.school_year.is_empty() { "all" } else { &line.school_year };
    let _ = write!(out, "<tr><td>{year}</td><td>{}</td><td>{}</td>", escape(&line.school), line.students);
    for held in [line.ssid, line.ssn, line.named] {
        let _ = write!(out, "<td>{}</td>", share(held, line.students));
    }
    out.push_str("<td><span class=\"bar\">");
    for (class, count) in [("strong", line.strong), ("standard", line.standard), ("weak", line.weak)] {
        if count > 0 {
            let _ = write!(
                out,
                "<i class=\"{class}\" style=\"width:{}%\" title=\"{count} {class}\"></i>",
                percent(count, line.students)
            );
        }
    }
    out.push_str("</span></td>");
    for count in [line.enrolments, line.courses, line.awards, line.assessments] {
        let _ = write!(out, "<td>{count}</td>");
    }
    out.push_str("</tr>\n");
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{}%", percent(part, whole)) }
}

/// Whole percent, rounded half up.
fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(200).saturating_add(whole).checked_div(whole.saturating_mul(2)).unwrap_or(0)
}

/// School codes come from files: nothing in them may act in the page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_the_figures_and_no_markup_of_a_file() {
        let line = Line {
            school_year: "2019-2020".to_owned(),
            school: "<b>7".to_owned(),
            students: 8,
            ssid: 3,
            strong: 3,
            weak: 5,
            ..Line::default()
        };
        let coverage = Coverage {
            made: "2026-11-22".to_owned(),
            freshness: Freshness::Late,
            freshness_words: "late".to_owned(),
            lines: vec![line],
            unlisted_rows: 17,
        };
        let page = page(&coverage);
        for held in
            ["&lt;b&gt;7", "<td>38%</td>", "width:63%", "in no student list here: 17", "class=\"badge late\""]
        {
            assert!(page.contains(held), "{held}");
        }
        assert!(!page.contains("<b>7"));
    }
}
