//! Serving: the network, the control socket, the clock, and work, until a signal.
//!
//! Whatever it was doing when it stops is repeated by the next one: running rounds are resumed from the store.

use std::{path::Path, sync::Arc, time::Duration};

use passage_protocol::{ids::RoundId, refusal::Refusal, round::CoordinatorJob};
use passage_shell::{
    audit::Act,
    clock, control,
    failure::{Failure, code_text},
    logs,
    pki::Fingerprint,
    transport::Server,
    work::Pool,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use crate::{
    app::App, command, error::CoordinatorError, releases, retention, rounds, service::Service, work,
};

/// Between two looks at deadlines.
const TICK: Duration = Duration::from_secs(5);
/// Between two sweeps of what is due, and two looks at the server's certificate, in seconds.
const SWEPT_S: u64 = 3_600;
/// Between two revocation lists, in seconds: each is valid for a week.
const REVOCATIONS_RENEWED_S: u64 = 86_400;

/// What is said once members can connect.
#[derive(Clone, Debug)]
pub struct Ready {
    /// UDP address bound.
    pub listen: std::net::SocketAddr,
    /// Fingerprint of the CA that invitations pin.
    pub fingerprint: Fingerprint,
    /// Running rounds whose work was begun again.
    pub resumed: usize,
}

/// Serves the folder until SIGTERM or SIGINT; calls `ready` once members can connect.
///
/// # Errors
///
/// [`Failure`] if the folder, the socket or the log cannot be used.
pub fn serve(dir: &Path, ready: impl FnOnce(&Ready) -> Result<(), Failure>) -> Result<(), Failure> {
    let app = Arc::new(App::open(dir)?);
    let log = dir.join("log.jsonl");
    logs::start(logs::Place::File(&log), logs::Shape::Json, tracing_level())
        .map_err(CoordinatorError::from)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("start the runtime", &error))?;
    let served = runtime.block_on(run(app, dir, ready));
    // A poll or a join that is still computing must not hold up a stop; its round resumes with the next start.
    runtime.shutdown_timeout(Duration::from_secs(5));
    served
}

fn tracing_level() -> tracing::Level {
    let asked = std::env::var("PASSAGE_LOG").ok();
    asked.and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO)
}

async fn run(
    app: Arc<App>,
    dir: &Path,
    ready: impl FnOnce(&Ready) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| Failure::io("wait for signals", &error))?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(|error| Failure::io("wait for signals", &error))?;
    let now = clock::now();
    app.record(now, &Act::DaemonStarted { version: env!("CARGO_PKG_VERSION") })?;
    let credentials = app.server_credentials(now)?;
    let revocations = app.revocations().into();
    let service = Service::new(Arc::clone(&app));
    let server = Server::bind(app.settings.listen, credentials, &revocations, app.shelf.clone(), service)
        .map_err(CoordinatorError::from)?;
    let (sender, jobs) = unbounded_channel();
    let revoking = server.clone();
    app.attach(
        sender,
        Box::new(move |list, serials| Ok(revoking.set_revocations(&list.to_vec().into(), serials)?)),
    );
    // In force from the first handshake, not only from the next renewal.
    app.renew_revocations(now)?;
    let resumed = rounds::resume(&app)?;
    let commanded = Arc::clone(&app);
    // Before `ready`: whoever waited for that may ask at once.
    let control = control::serve(control::listen(dir)?, move |command: command::Command, progress| {
        command::execute(&commanded, command, progress)
    });
    let listen = server.local_address().map_err(CoordinatorError::from)?;
    let fingerprint = Fingerprint::of(app.authority().certificate());
    tracing::info!(%listen, resumed, "serving");
    ready(&Ready { listen, fingerprint, resumed })?;
    tokio::select! {
        () = server.run() => {}
        () = control => {}
        () = work_off(Arc::clone(&app), jobs) => {}
        () = keep_time(Arc::clone(&app), server.clone()) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    app.record(clock::now(), &Act::DaemonStopped)?;
    server.stop().await;
    let _ = std::fs::remove_file(control::socket_path(dir));
    Ok(())
}

async fn work_off(app: Arc<App>, mut jobs: UnboundedReceiver<(RoundId, CoordinatorJob)>) {
    let pool = Pool::new(app.settings.jobs);
    while let Some((round, job)) = jobs.recv().await {
        tokio::spawn(work::run(Arc::clone(&app), pool.clone(), round, job));
    }
}

async fn keep_time(app: Arc<App>, server: Server<Service>) {
    let mut every = tokio::time::interval(TICK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut renewed, mut swept) = (clock::now(), None);
    loop {
        every.tick().await;
        let now = clock::now();
        let ticking = Arc::clone(&app);
        reported(crate::service::blocking(move || rounds::tick(&ticking, now)).await);
        if now.since_s(renewed) >= REVOCATIONS_RENEWED_S {
            let renewing = Arc::clone(&app);
            if reported(crate::service::blocking(move || renewing.renew_revocations(now)).await) {
                renewed = now;
            }
        }
        if swept.is_none_or(|last| now.since_s(last) >= SWEPT_S) {
            swept = Some(now);
            let (sweeping, presenting) = (Arc::clone(&app), server.clone());
            let swept = move || {
                releases::forget(&sweeping, now)?;
                retention::sweep(&sweeping, now).map(drop)
            };
            reported(crate::service::blocking(swept).await);
            let renewing = Arc::clone(&app);
            reported(crate::service::blocking(move || present(&renewing, &presenting, now)).await);
        }
    }
}

/// Presents a new server certificate if it is time; connections go on.
fn present(
    app: &App,
    server: &Server<Service>,
    now: passage_protocol::timestamp::Timestamp,
) -> Result<(), CoordinatorError> {
    match app.renew_server(now)? {
        Some(credentials) => Ok(server.set_credentials(credentials)?),
        None => Ok(()),
    }
}

fn reported(outcome: Result<(), CoordinatorError>) -> bool {
    if let Err(error) = &outcome {
        tracing::error!(code = %code_text(error.code()), "a periodic task failed");
    }
    outcome.is_ok()
}
