//! Several panels of which a reader looks at one: radio buttons and style sheet rules, no script. On paper all are printed.

/// A choice among panels.
pub(super) struct Choice {
    /// Unique on the page; letters, digits, hyphens.
    pub(super) name: String,
    /// What kind of panels they are, for the style sheet.
    pub(super) class: &'static str,
    /// What is chosen, marked up.
    pub(super) legend: String,
    /// Place of the panel shown first.
    pub(super) chosen: usize,
}

impl Choice {
    /// One panel for each item, with a button above it; a single item needs no button.
    pub(super) fn write<T>(
        &self,
        items: &[T],
        label: impl Fn(&T) -> String,
        panel: impl Fn(&T, &mut String),
        out: &mut String,
    ) {
        if let [only] = items {
            return panel(only, out);
        }
        let (class, legend) = (self.class, &self.legend);
        out.push_str(&format!("<fieldset class=\"choice {class}\">\n<legend>{legend}</legend>\n"));
        for (at, item) in items.iter().enumerate() {
            let checked = if at == self.chosen { " checked" } else { "" };
            let (name, label) = (&self.name, label(item));
            out.push_str(&format!(
                "<input type=\"radio\" name=\"{name}\" id=\"{name}-{at}\"{checked}><label for=\"{name}-{at}\">{label}</label>\n"
            ));
        }
        for item in items {
            out.push_str("<div class=\"panel\">\n");
            panel(item, out);
            out.push_str("</div>\n");
        }
        out.push_str("</fieldset>\n");
    }
}
