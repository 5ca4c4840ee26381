//! The page as one self-contained HTML file: no script, nothing fetched, made for paper.

use super::{Block, Page, Shown, content};

/// The page as HTML.
#[must_use]
pub fn html(shown: &Shown<'_>) -> String {
    let Page { title, id, sections } = content::page(shown);
    let title = escape(&title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"id\">Data sharing agreement {id}</p>\n<h1>{title}</h1>\n"
    );
    for section in &sections {
        out.push_str(&format!("<section>\n<h2>{}</h2>\n", escape(section.heading)));
        section.blocks.iter().for_each(|block| write_block(&mut out, block));
        out.push_str("</section>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn write_block(out: &mut String, block: &Block) {
    match block {
        Block::Words(words) => out.push_str(&format!("<p>{}</p>\n", escape(words))),
        Block::Facts(facts) => {
            out.push_str("<dl>\n");
            for (label, text) in facts {
                out.push_str(&format!("<dt>{}</dt><dd>{}</dd>\n", escape(label), escape(text)));
            }
            out.push_str("</dl>\n");
        }
        Block::Points(points) => {
            // Many short points stand in two columns, so that the page stays one page.
            let short = points.len() > 4 && points.iter().all(|point| point.chars().count() < 80);
            out.push_str(if short { "<ul class=\"short\">\n" } else { "<ul>\n" });
            points.iter().for_each(|point| out.push_str(&format!("<li>{}</li>\n", code(point))));
            out.push_str("</ul>\n");
        }
        Block::Table { head, rows } => {
            let cells = |tag: &str, texts: &mut dyn Iterator<Item = &str>| {
                texts.map(|text| format!("<{tag}>{}</{tag}>", escape(text))).collect::<String>()
            };
            out.push_str(&format!("<table>\n<tr>{}</tr>\n", cells("th", &mut head.iter().copied())));
            for row in rows {
                out.push_str(&format!("<tr>{}</tr>\n", cells("td", &mut row.iter().map(String::as_str))));
            }
            out.push_str("</table>\n");
        }
    }
}

/// Text in which words between backticks are what somebody types.
fn code(text: &str) -> String {
    let part = |(number, part): (usize, &str)| {
        if number % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }
    };
    text.split('`').enumerate().map(part).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "\
@page{size:A4;margin:9mm}
body{font:8pt/1.22 'Noto Serif',Georgia,'Times New Roman',serif;color:#1b1b1b;max-width:192mm;margin:6mm auto;padding:0 4mm}
@media print{body{margin:0;padding:0;max-width:none}}
@media screen{body{font-size:10.5pt}}
h1{font-size:1.5em;line-height:1.15;margin:0 0 1.5mm}
h2{font-size:1.1em;margin:1.9mm 0 .5mm;border-bottom:.3mm solid #777;break-after:avoid}
p,ul,dl,table{margin:.4mm 0}
p.id{color:#555;margin:0}
ul{padding-left:4mm}
ul.short{columns:2;column-gap:6mm}
code{font-family:'Noto Sans Mono','DejaVu Sans Mono',monospace;font-size:.92em}
dl{display:grid;grid-template-columns:11em 1fr;column-gap:3mm}
dt{color:#444}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:normal;color:#444;border-bottom:.2mm solid #bbb}
th,td{padding:.1mm 3mm .1mm 0;vertical-align:top}
section{break-inside:avoid}
";
