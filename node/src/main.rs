//! `passage-node`: parse, do, print, exit. Everything else is in the library.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use passage_node::{
    cli::{Cli, Verb},
    command::{Node, execute},
    home::Home,
    serve,
};
use passage_shell::{
    control::{self, Answer, Progress},
    failure::Failure,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    let (line, code) = match run(cli) {
        Ok(answer) if json => (answer.json.to_string(), 0),
        Ok(answer) => (answer.text, 0),
        Err(failure) if json => (failure.to_json(), failure.exit()),
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            return ExitCode::from(failure.exit());
        }
    };
    let _ = writeln!(std::io::stdout(), "{line}");
    ExitCode::from(code)
}

fn run(cli: Cli) -> Result<Answer, Failure> {
    let dir = cli.dir;
    match cli.verb {
        Verb::Join { invitation } => {
            let member = runtime()?.block_on(Home::join(&dir, &invitation))?;
            Ok(Answer {
                text: format!("joined {} as {} ({})", member.consortium, member.code, member.segment),
                json: serde_json::json!(member),
            })
        }
        Verb::Serve => {
            let ready = |member: &passage_node::home::Membership| {
                let _ =
                    writeln!(std::io::stdout(), "passage-node {} serving; stop with SIGTERM", member.code);
            };
            runtime()?.block_on(serve::serve(&dir, ready))?;
            Ok(Answer::words("stopped"))
        }
        Verb::Ask(ask) => {
            let command = ask.command();
            match control::call(&dir, &command, &show) {
                Some(answer) => answer,
                None => execute(&Node { home: Home::open(&dir)?.into(), driver: None }, command, &show),
            }
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::io("start", &error))
}

/// Progress on the terminal: a bar for a person, nothing for a pipe.
fn show(step: Progress) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let share = step.total.map_or(0, |total| step.done * 40 / total.max(1)).min(40) as usize;
    let bar = format!("\r{} [{:<40}]", step.what, "#".repeat(share));
    let _ = std::io::stderr().write_all(bar.as_bytes());
}
