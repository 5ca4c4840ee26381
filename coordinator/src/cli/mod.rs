//! The command line: what can be typed, and how it is carried out. `init` and `serve` act here; everything else is a
//! [`Command`] for the daemon, or for this process if no daemon serves the folder.

mod bench;
mod init;
mod retention;
mod serve;
mod verbs;

use std::{io::Write, path::PathBuf};

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use passage_shell::{
    control::{self, Answer, Progress},
    failure::Failure,
};

pub use self::bench::Bench;
pub use self::retention::RetentionVerb;
pub use self::verbs::{
    AgreementVerb, AuditVerb, MembersVerb, PrinciplesVerb, ReleaseVerb, RoundVerb, StudyVerb,
};
use crate::{
    app::App,
    command::{self, Command},
};

/// The matching service of a Passage consortium: it relays sealed lists, joins one-round tags and releases tables. It
/// holds no identifier and no key share.
#[derive(Debug, Parser)]
#[command(name = "passage-coordinator", version, propagate_version = true)]
#[command(
    after_help = "Example:\n  passage-coordinator init --consortium \"Valley pathways\" \\\n    --listen 0.0.0.0:4433 --public passage.example.org:4433\n  passage-coordinator serve"
)]
pub struct Cli {
    /// State folder, mode 0700.
    #[arg(long, global = true, env = "PASSAGE_DIR", default_value = "/var/lib/passage-coordinator")]
    pub dir: PathBuf,
    /// Print one JSON object instead of words.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// For whom answers are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// One JSON object on one line.
    Json,
    /// Words.
    Words,
}

impl Cli {
    /// The form asked for.
    #[must_use]
    pub fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Words }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Propose and list agreements.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-coordinator agreement propose agreement.toml\n  passage-coordinator agreement list"
    )]
    Agreement(AgreementVerb),
    /// Check the audit log.
    #[command(subcommand, after_help = "Example:\n  passage-coordinator audit verify --json")]
    Audit(AuditVerb),
    /// What a round costs on this machine, step by step, and a forecast for rounds of your size.
    #[command(
        after_help = "Example:\n  passage-coordinator bench --forecast 20x10000x7\n  passage-coordinator bench --size 3x100000x4 --json"
    )]
    Bench(bench::Bench),
    /// Check folder, store, certificates, clock, disk and blobs.
    #[command(after_help = "Example:\n  passage-coordinator doctor --json")]
    Doctor,
    /// Make a coordinator: state folder, CA, server certificate, settings. Never overwrites one.
    #[command(
        after_help = "Example:\n  passage-coordinator init --consortium \"Valley pathways\" \\\n    --listen 0.0.0.0:4433 --public passage.example.org:4433,192.0.2.7:4433"
    )]
    Init(init::Init),
    /// Write an invitation, good for one join.
    #[command(
        after_help = "Example:\n  passage-coordinator invite --name \"Mira Costa College\" --segment cc --days 14"
    )]
    Invite {
        /// Your own name for the institution; it never leaves this machine.
        #[arg(long)]
        name: String,
        /// Kind of institution.
        #[arg(long, value_parser = ["k12", "cc", "univ", "workforce"])]
        segment: String,
        /// Days it is good for.
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
    },
    /// List members, or revoke one.
    #[command(
        after_help = "Example:\n  passage-coordinator members --json\n  passage-coordinator members revoke M-7K3QZ9TB"
    )]
    Members {
        /// What to do; without it, list.
        #[command(subcommand)]
        verb: Option<MembersVerb>,
    },
    /// Propose and list changes of the principles of data sharing.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-coordinator principles propose principles.toml\n  passage-coordinator principles list"
    )]
    Principles(PrinciplesVerb),
    /// List what was released.
    #[command(subcommand, after_help = "Example:\n  passage-coordinator release list")]
    Release(ReleaseVerb),
    /// What rounds have left here, until when, its destruction, and which members have confirmed theirs.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-coordinator retention list\n  passage-coordinator retention sweep --dry-run"
    )]
    Retention(retention::RetentionVerb),
    /// Open, watch and stop rounds.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-coordinator round open S-0123456789abcdef\n  passage-coordinator round show R-0f3a --wait 3600\n  passage-coordinator round halt R-0f3a"
    )]
    Round(RoundVerb),
    /// Serve members until SIGTERM or SIGINT.
    #[command(after_help = "Example:\n  passage-coordinator serve --dir /var/lib/passage-coordinator")]
    Serve,
    /// Propose and list studies.
    #[command(
        subcommand,
        after_help = "Example:\n  passage-coordinator study propose study.toml\n  passage-coordinator study list"
    )]
    Study(StudyVerb),
}

/// Carries out what was typed.
///
/// # Errors
///
/// [`Failure`] with what was seen, what to do next, code, rule and exit code.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let (form, dir) = (cli.form(), cli.dir);
    let command = match cli.verb {
        Verb::Bench(bench) => {
            let bar = bar();
            let answer = bench.answer(&|step| show_on(&bar, step));
            bar.finish_and_clear();
            return print(&answer?, form);
        }
        Verb::Init(init) => return print(&init.run(&dir)?, form),
        Verb::Serve => return serve::run(&dir, form),
        Verb::Agreement(verb) => verb.command()?,
        Verb::Audit(verb) => verb.command(),
        Verb::Doctor => Command::Doctor,
        Verb::Invite { name, segment, days } => Command::Invite { name, segment, days },
        Verb::Members { verb } => verb.map_or(Command::Members, MembersVerb::command),
        Verb::Principles(verb) => verb.command()?,
        Verb::Release(verb) => verb.command(),
        Verb::Retention(verb) => verb.command(),
        Verb::Round(verb) => verb.command(),
        Verb::Study(verb) => verb.command()?,
    };
    let bar = bar();
    let show = |step: Progress| {
        show_on(&bar, step);
        std::ops::ControlFlow::Continue(())
    };
    let outcome = match control::call(&dir, &command, &show) {
        Some(outcome) => outcome,
        None => App::open(&dir).map_err(Failure::from).and_then(|app| command::execute(&app, command, &show)),
    };
    bar.finish_and_clear();
    print(&outcome?, form)
}

/// A progress bar on standard error, unless that is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

fn show_on(bar: &ProgressBar, step: Progress) {
    bar.set_length(step.total.unwrap_or(0));
    bar.set_position(step.done);
    bar.set_message(step.what);
}

/// The one place that writes to standard output.
fn print(answer: &Answer, form: Form) -> Result<(), Failure> {
    let text = match form {
        Form::Json => answer.json.to_string(),
        Form::Words => answer.text.clone(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::io("write the answer", &error))
}

/// Prints a failure: for a person on standard error, for a program where it reads the answer.
pub fn report(failure: &Failure, form: Form) {
    let _ = match form {
        Form::Json => writeln!(std::io::stdout().lock(), "{}", failure.to_json()),
        Form::Words => writeln!(std::io::stderr().lock(), "{failure}"),
    };
}
