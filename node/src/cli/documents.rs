//! Verbs about the documents people sign.

use std::path::PathBuf;

use clap::Subcommand;

use super::By;

/// Agreements.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Agreement {
    /// Which agreements name this member, and who has signed.
    #[command(after_help = "Example:\n  passage-node agreement list")]
    List,
    /// The whole agreement as one page: who, why, what is shared, how long, how to stop.
    #[command(
        after_help = "Example:\n  passage-node agreement show A-0123456789abcdef\n  passage-node agreement show A-0123456789abcdef --out agreement.html"
    )]
    Show {
        id: String,
        /// Write the page to this file, to be printed.
        #[arg(long, value_name = "PAGE.html")]
        out: Option<PathBuf>,
    },
    /// Sign in this member's name.
    #[command(
        after_help = "Example:\n  passage-node agreement sign A-0123456789abcdef --by \"A. Superintendent\""
    )]
    Sign {
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Choose what this member offers and accepts, from the next round on: everything but what is named.
    #[command(
        after_help = "Example:\n  passage-node agreement share A-0123456789abcdef --by \"A. Superintendent\" --without zip --without gender:M-7K3QZ9TB\n  passage-node agreement share A-0123456789abcdef --by \"A. Superintendent\"        (everything again)"
    )]
    Share {
        id: String,
        #[command(flatten)]
        by: By,
        /// An element to take out with every party, or with one: ELEMENT:CODE.
        #[arg(long, value_name = "ELEMENT")]
        without: Vec<String>,
    },
    /// Withdraw: no further round runs under it.
    #[command(after_help = "Example:\n  passage-node agreement withdraw A-0123456789abcdef --by \"Counsel\"")]
    Withdraw {
        id: String,
        #[command(flatten)]
        by: By,
    },
}

/// Studies.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Study {
    /// Studies that name this member.
    #[command(after_help = "Example:\n  passage-node study list")]
    List,
    /// Question, participants, tables.
    #[command(after_help = "Example:\n  passage-node study show S-0123456789abcdef")]
    Show { id: String },
    /// Let rounds of this study be prepared here.
    #[command(
        after_help = "Example:\n  passage-node study approve S-0123456789abcdef --by \"A. Superintendent\""
    )]
    Approve {
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Refuse: calls to this study end its round.
    #[command(after_help = "Example:\n  passage-node study refuse S-0123456789abcdef --by \"Counsel\"")]
    Refuse {
        id: String,
        #[command(flatten)]
        by: By,
    },
}
