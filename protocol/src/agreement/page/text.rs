//! The page as text, for a terminal or a letter.

use super::{Block, Shown, content};

/// The page as text, at most 100 letters a line where words allow it.
#[must_use]
pub fn text(shown: &Shown<'_>) -> String {
    let page = content::page(shown);
    let mut out = format!("AGREEMENT  {}\n{}\n", page.id, page.title);
    for section in page.sections {
        out.push_str(&format!("\n{}\n", section.heading.to_uppercase()));
        for block in &section.blocks {
            write_block(&mut out, block);
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write_block(out: &mut String, block: &Block) {
    match block {
        Block::Words(words) => wrap(out, "  ", "  ", words),
        Block::Facts(facts) => {
            let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
            for (label, text) in facts {
                let indent = " ".repeat(width + 4);
                wrap(out, &format!("  {label:<width$}  "), &indent, text);
            }
        }
        Block::Points(points) => points.iter().for_each(|point| wrap(out, "  - ", "    ", point)),
        Block::Table { head, rows } => {
            for row in rows {
                let mut cells = row.iter().zip(head);
                if let Some((first, _)) = cells.next() {
                    wrap(out, "  ", "      ", first);
                }
                let width = head.iter().skip(1).map(|label| label.chars().count()).max().unwrap_or(0);
                for (cell, label) in cells {
                    wrap(out, &format!("      {label:<width$}  "), &" ".repeat(width + 8), cell);
                }
            }
        }
    }
}

/// Appends `text` in lines; the first begins with `first`, the others with `next`.
pub(crate) fn wrap(out: &mut String, first: &str, next: &str, text: &str) {
    let (mut line, mut empty) = (first.to_owned(), true);
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            (line, empty) = (next.to_owned(), true);
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Letters a line: what a terminal and a printed page both hold.
const WIDTH: usize = 100;
