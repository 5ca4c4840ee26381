//! The layouts known here: a list a clerk can choose from, and each layout file as it is written (D1).

use passage_shell::{control::Answer, failure::Failure};
use serde_json::{Value, json};

use crate::{
    home::Home,
    import::{Column, Layout},
};

/// Every layout: the institution's own first, then those that ship.
pub(super) fn list(home: &Home) -> Result<Answer, Failure> {
    let layouts = home.layouts()?;
    let mut text = String::from("layout                 version    form              confidence  title\n");
    for layout in &layouts {
        let (form, confidence) = (layout.form_words(), layout.confidence.word());
        let refused = if layout.refused.is_some() { " (refused)" } else { "" };
        text.push_str(&format!(
            "{:<22} {:<10} {form:<17} {confidence:<11} {}{refused}\n",
            layout.id, layout.version, layout.title
        ));
        if !layout.source.is_empty() {
            text.push_str(&format!("                       source: {}\n", layout.source));
        }
    }
    let json = layouts.iter().map(|layout| {
        json!({
            "id": layout.id,
            "version": layout.version,
            "title": layout.title,
            "form": layout.form_words(),
            "confidence": layout.confidence.word(),
            "source": layout.source,
            "refused": layout.refused,
        })
    });
    Ok(Answer { text: text.trim_end().to_owned(), json: Value::Array(json.collect()) })
}

/// One layout file as it is written: it can be copied, changed and used with `--layout`.
pub(super) fn show(home: &Home, id: &str) -> Result<Answer, Failure> {
    let layout = home.layout(id)?;
    let columns: Vec<Value> = layout.column.iter().map(column).collect();
    let json = json!({
        "id": layout.id,
        "version": layout.version,
        "title": layout.title,
        "columns": columns,
        "toml": &*layout.text,
    });
    Ok(Answer { text: text_of(&layout), json })
}

fn text_of(layout: &Layout) -> String {
    layout.text.trim_end().to_owned()
}

fn column(column: &Column) -> Value {
    json!({
        "number": column.number,
        "at": column.at,
        "name": column.name,
        "element": column.element,
        "never": column.never,
    })
}
