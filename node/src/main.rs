//! `passage-node`: parse, do, print, exit. Everything else is in the library.

use std::{
    alloc::System,
    fs::File,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
    sync::Mutex,
    time::Duration,
};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use passage_node::{
    cli::{Ask, Cli, Verb},
    command::{self, Asked, Command, Node, PeopleCommand, execute},
    data::{KeptList, ListPart},
    first_match,
    home::Home,
    people::session,
    serve,
};
use passage_shell::{
    control::{self, Answer, Progress},
    failure::Failure,
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use zeroizing_alloc::ZeroAlloc;

/// Whatever this process frees is wiped: buffers of libraries hold student records too (F10, I7).
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// How long a stopping process waits for work that runs; what it cuts short is kept by the store's transactions.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// SIGXFSZ on every platform this is built for (Linux on x86-64 and ARM, macOS).
const FILE_SIZE_EXCEEDED: i32 = 25;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    let (text, code) = match run(cli) {
        Ok(answer) => {
            (if json { answer.json.to_string() } else { answer.text.clone() }, command::exit_code(&answer))
        }
        Err(failure) => (if json { failure.to_json() } else { failure.to_string() }, failure.exit()),
    };
    // A reader that has gone away, such as `head`, is no fault of the command.
    let _ = match code == 0 || json {
        true => writeln!(io::stdout(), "{text}"),
        false => writeln!(io::stderr(), "{text}"),
    };
    ExitCode::from(code)
}

fn run(cli: Cli) -> Result<Answer, Failure> {
    let dir = cli.dir;
    let runtime = Runtime::new().map_err(|error| Failure::io("start", &error))?;
    survive_file_size_limit(&runtime)?;
    match cli.verb {
        Verb::Join { invitation } => {
            // Before the invitation is spent: it is good for one machine.
            let matched = first_match::test_match()?;
            let member = runtime.block_on(Home::join(&dir, &invitation))?;
            Ok(Answer {
                text: format!(
                    "joined {} as {} ({})\ntest match: {} of {} made-up students are on two lists, and each was found (G17)",
                    member.consortium, member.code, member.segment, matched.found, matched.listed
                ),
                json: serde_json::json!(member),
            })
        }
        Verb::Serve => {
            let ready = |member: &passage_node::home::Membership| {
                let _ = writeln!(io::stdout(), "passage-node {} serving; stop with SIGTERM", member.code);
            };
            let served = runtime.block_on(serve::serve(&dir, ready));
            runtime.shutdown_timeout(STOP_WAIT);
            served.map(|()| Answer::words("stopped"))
        }
        Verb::Bench(bench) => {
            let bar = Bar::default();
            let answer = bench.answer(&|step| bar.show(step));
            bar.clear();
            answer
        }
        Verb::Linkage(verb) => {
            let bar = Bar::default();
            let answer = verb.answer(&|step| {
                bar.show(step);
                ControlFlow::Continue(())
            });
            bar.clear();
            answer
        }
        Verb::People(verb) => with_session(&dir, verb.with_secrets()?),
        Verb::Ask(ask) => answer(&dir, ask),
    }
}

/// Asks the daemon of the folder, or does it here if none serves.
fn answer(dir: &Path, ask: Ask) -> Result<Answer, Failure> {
    let unwritable = |error: io::Error| Failure::io("write the problems", &error);
    // Before anything is kept: an import must not fail after the fact.
    let list = match ask.problems() {
        Some(path) => Some((File::create(&path).map_err(unwritable)?, path)),
        None => None,
    };
    let bar = Bar::default();
    let show = |step| {
        bar.show(step);
        ControlFlow::Continue(())
    };
    let mut here = None;
    let mut call = |command: Command| carry(dir, &mut here, command, &show);
    let outcome = call(ask.command());
    bar.clear();
    let mut answer = outcome?;
    if let Some((mut file, path)) = list {
        let kept: Option<KeptList> =
            serde_json::from_value(answer.json.get("list").cloned().unwrap_or_default()).unwrap_or_default();
        let lines = kept.as_ref().map_or(0, |kept| kept.lines);
        if let Some(kept) = kept {
            take_list(&kept.id, &mut call, &mut |text| file.write_all(text.as_bytes()).map_err(unwritable))?;
        }
        answer.text = format!("{lines} problems listed in {}\n\n{}", path.display(), answer.text);
    }
    Ok(answer)
}

/// Has a command carried out by the daemon of the folder, or here if none serves, in the session of this account.
fn carry(
    dir: &Path,
    here: &mut Option<Node>,
    command: Command,
    progress: control::ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let asked = Asked { session: session::kept_token(dir), command };
    if here.is_none()
        && let Some(answer) = control::call(dir, &asked, progress)
    {
        return answer;
    }
    let node = match here.take() {
        Some(node) => node,
        None => Node { home: Home::open(dir)?.into(), driver: None },
    };
    let answer = execute(&node, asked, progress);
    *here = Some(node);
    answer
}

/// A command about people: a session it opens or closes is kept or forgotten on this side.
fn with_session(dir: &Path, command: Command) -> Result<Answer, Failure> {
    let token = if let Command::People(
        PeopleCommand::Login { token, .. } | PeopleCommand::PrinciplesAccept { token, .. },
    ) = &command
    {
        Some(token.clone())
    } else {
        None
    };
    let answer = carry(dir, &mut None, command, &|_| ControlFlow::Continue(()))?;
    match (answer.json.get("session").and_then(serde_json::Value::as_str), token) {
        (Some("opened"), Some(token)) => session::keep_token(dir, &token)?,
        (Some("closed"), _) => session::forget_token(dir)?,
        (Some(_) | None, _) => {}
    }
    Ok(answer)
}

/// Takes the full list of problems part by part: neither process ever holds it.
fn take_list(
    list: &str,
    call: &mut dyn FnMut(Command) -> Result<Answer, Failure>,
    put: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut next = Some(0);
    while let Some(from) = next {
        let answer = call(Command::ImportProblems { list: list.to_owned(), from })?;
        let part: ListPart = serde_json::from_value(answer.json).map_err(|_| Failure::other_version())?;
        put(&part.text)?;
        next = part.next;
    }
    Ok(())
}

/// A file that grows past a limit of the account is then an error of the write, as a full disk is, and not a kill.
fn survive_file_size_limit(runtime: &Runtime) -> Result<(), Failure> {
    let _inside = runtime.enter();
    // The handler stays when the receiver is dropped.
    signal(SignalKind::from_raw(FILE_SIZE_EXCEEDED))
        .map(drop)
        .map_err(|error| Failure::io("listen for signals", &error))
}

/// Progress on the terminal: a bar for a person, nothing for a pipe. It leaves nothing behind.
#[derive(Default)]
struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn show(&self, step: Progress) {
        let mut held = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = held.get_or_insert_with(|| {
            // Nobody knows how long a query takes: no bar then, a word of what was done.
            let template =
                if step.total.is_some() { "{msg} [{bar:40}] {percent}% {prefix}" } else { "{msg} {prefix}" };
            let style = ProgressStyle::with_template(template);
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(step.total.unwrap_or(0));
        bar.set_position(step.done);
        bar.set_message(step.what);
        bar.set_prefix(step.detail);
    }

    fn clear(&self) {
        if let Some(bar) = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}
