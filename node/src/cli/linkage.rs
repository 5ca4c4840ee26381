//! What a person can ask about match quality. Files in, figures out: no state folder, no daemon.

use core::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use passage_protocol::{
    agreement::Segment,
    manifest::shapes::never_held,
    match_key::{Element, Preset, Supply, advise},
};
use passage_shell::{
    control::{Answer, ProgressSink},
    failure::Failure,
};

use serde_json::json;

use crate::linkage::{Request, evaluate};

/// Match quality.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Linkage {
    /// Run the real keys and the real rules on files whose true persons are known; print precision, recall and F1 in all, by
    /// recipe and by subgroup.
    #[command(
        after_help = "Example:\n  passage-node linkage evaluate --files K12A.csv K12B.csv CC1.csv --truth truth.csv --persons persons.csv\n  passage-node linkage evaluate --files K12A.csv CC1.csv --truth truth.csv --preset large --by sex+surname_changed --json\n\nFiles of records are CSV with the columns rec_id, first, last, dob, and as far as there are ssid, ssn, middle, prior_last, gender, zip.\nThe truth file has party (the name of a file without ending), rec_id, ent_id. Its other columns, and those of --persons, make subgroups."
    )]
    Evaluate {
        /// Files of records, one an institution, senders before receivers.
        #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The true person of every record.
        #[arg(long, value_name = "FILE")]
        truth: PathBuf,
        /// What is known of those people: ent_id and columns to make subgroups of.
        #[arg(long, value_name = "FILE")]
        persons: Option<PathBuf>,
        /// Subgroups by several columns at once, joined by +.
        #[arg(long, value_name = "COLUMN+COLUMN")]
        by: Vec<String>,
        /// Match keys to evaluate; may be given several times.
        #[arg(long, value_name = "NAME", default_value = "full", value_parser = preset)]
        preset: Vec<Preset>,
    },
    /// Which preset of match keys fits a study: by what its participants can supply and how many people they have together.
    #[command(
        after_help = "Example:\n  passage-node linkage advise --participant k12:20000 --participant cc:15000\n  passage-node linkage advise --participant k12:300000:ssid,first,last,dob --participant workforce:90000"
    )]
    Advise {
        /// A participant: its segment (k12, cc, univ, workforce), the people in its list, and the elements its records have if they
        /// are other than usual: ssid, ssn, first, last, dob, gender, zip.
        #[arg(long, required = true, value_name = "SEGMENT:PEOPLE[:ELEMENTS]", value_parser = supply)]
        participant: Vec<Supply>,
    },
}

impl Linkage {
    /// Does it here.
    ///
    /// # Errors
    ///
    /// [`Failure`] says what was seen, what was expected and what to do next.
    pub fn answer(self, progress: ProgressSink<'_>) -> Result<Answer, Failure> {
        match self {
            Self::Evaluate { files, truth, persons, by, preset } => {
                let request = Request { files, truth, persons, by, presets: preset };
                Ok(evaluate(&request, progress)?.answer())
            }
            Self::Advise { participant } => Ok(advice(&participant)),
        }
    }
}

/// A preset by the name a study uses.
pub(super) fn preset(text: &str) -> Result<Preset, String> {
    Preset::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// The advice on participants with these supplies, for a person and for a program.
fn advice(supplies: &[Supply]) -> Answer {
    let advice = advise(supplies);
    let name = advice.preset.map(Preset::name);
    let mut text = match name {
        Some(name) => format!("preset {name}, for {} people in all lists together", advice.people),
        None => "no preset: no recipe joins two of the participants".to_owned(),
    };
    let mut recipes = Vec::new();
    for recipe in advice.preset.map(Preset::recipes).unwrap_or_default() {
        let _ = write!(text, "\n  {:<40} {:>3} bits, {} keys", recipe.name(), recipe.bits(), recipe.slots());
        recipes.push(json!({ "recipe": recipe.name(), "bits": recipe.bits(), "slots": recipe.slots(), "caution": recipe.caution() }));
    }
    let reasons: Vec<String> = advice.reasons.iter().map(ToString::to_string).collect();
    for reason in &reasons {
        let _ = write!(text, "\n* {reason}");
    }
    let json = json!({ "preset": name, "people": advice.people, "recipes": recipes, "reasons": reasons });
    Answer { text, json }
}

/// A participant as typed.
fn supply(text: &str) -> Result<Supply, &'static str> {
    let expected = "expected SEGMENT:PEOPLE or SEGMENT:PEOPLE:ELEMENTS, such as k12:20000 or univ:9000:ssn,first,last,dob";
    let mut parts = text.split(':');
    let segment = parts.next().and_then(Segment::parse).ok_or(expected)?;
    let people = parts.next().and_then(|people| people.parse().ok()).ok_or(expected)?;
    let elements = match parts.next() {
        None => usual(segment),
        Some(names) => names.split(',').map(element).collect::<Option<_>>().ok_or(expected)?,
    };
    if parts.next().is_some() { Err(expected) } else { Ok(Supply { people, elements }) }
}

/// What records of a segment usually have.
fn usual(segment: Segment) -> Vec<Element> {
    let never = never_held(segment);
    let all = ["ssid", "ssn", "first", "last", "dob", "gender", "zip"].into_iter().filter_map(element);
    // Wage records have no more than a social security number and names.
    let held = |element: &Element| {
        segment != Segment::Workforce
            || matches!(element, Element::Ssn | Element::GivenNames | Element::Surnames)
    };
    all.filter(|element| !never.contains(element)).filter(held).collect()
}

fn element(name: &str) -> Option<Element> {
    Some(match name.trim() {
        "ssid" => Element::Ssid,
        "ssn" => Element::Ssn,
        "first" => Element::GivenNames,
        "last" => Element::Surnames,
        "dob" => Element::BirthDate,
        "gender" => Element::Gender,
        "zip" => Element::PostalCode,
        _ => return None,
    })
}
