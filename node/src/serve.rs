//! The daemon: opens the folder, takes up what was left, dials out, carries out commands until it is told to stop.

use std::{path::Path, sync::Arc};

use passage_shell::{
    audit::Act,
    control,
    failure::Failure,
    logs::{self, Place, Shape},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    checkpoints::{self, LAST_EXCHANGE},
    command::{Asked, Node, execute},
    driver::Driver,
    first_match,
    home::{Home, Membership},
    uplink::{self, Uplink},
};

/// Serves until SIGTERM or SIGINT. `ready` is called once commands can be taken.
///
/// # Errors
///
/// [`Failure`] if the folder cannot be opened or another process serves it.
pub async fn serve(root: &Path, ready: impl FnOnce(&Membership)) -> Result<(), Failure> {
    let home = Arc::new(Home::open(root)?);
    // Another program or another processor than yesterday's: not live before it matches (G17).
    let matched = first_match::test_match()?;
    logs::start(Place::File(&home.dir.path("log.jsonl")), Shape::Json, logs::Level::INFO)?;
    let driver = Driver::new(Arc::clone(&home), Arc::new(Uplink::new(Arc::clone(&home))));
    home.record(&Act::DaemonStarted { version: env!("CARGO_PKG_VERSION") })?;
    driver.resume()?;
    tracing::info!(member = %home.code, test_match = matched.found, "serving");

    let node = Node { home: Arc::clone(&home), driver: Some(Arc::clone(&driver)) };
    let listener = control::listen(root)?;
    let commands = control::serve(listener, move |asked: Asked, progress| execute(&node, asked, progress));
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| Failure::io("listen for signals", &error))?;
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    ready(&home.membership);
    tokio::select! {
        () = commands => {}
        () = uplink::run(Arc::clone(&driver)) => {}
        () = stopped => {}
    }
    let _ = std::fs::remove_file(control::socket_path(root)); // a stale one is replaced at the next start
    home.record(&Act::DaemonStopped)?;
    // The coordinator then holds the whole log of this run. Without a line, it gets it after the next start.
    let last = checkpoints::exchange(&driver.uplink);
    match tokio::time::timeout(LAST_EXCHANGE, last).await {
        Ok(Ok(())) => tracing::info!("stopped, checkpoints exchanged"),
        Ok(Err(_)) | Err(_) => tracing::info!("stopped, checkpoints not exchanged"),
    }
    Ok(())
}
