//! What a person can ask about match quality. Files in, figures out: no state folder, no daemon.

use std::path::PathBuf;

use clap::Subcommand;
use passage_protocol::match_key::Preset;
use passage_shell::{
    control::{Answer, ProgressSink},
    failure::Failure,
};

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
        }
    }
}

/// A preset by the name a study uses.
fn preset(text: &str) -> Result<Preset, String> {
    Preset::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}
