//! What a serving node does at its start and every hour: destroy what is due, tell the coordinator and ask about its side,
//! renew the certificate. Each part is tried whether or not the others worked.

use std::{sync::Arc, time::Duration};

use passage_shell::failure::Failure;

use crate::{driver::Driver, renewal, retention, uplink::blocking};

/// Between two looks. Dates are days; an hour is late enough to cost nothing and early enough that nothing is overdue.
const EVERY: Duration = Duration::from_secs(3_600);
/// Between two looks while something failed, such as the line to the coordinator: half of what it takes until connections of a
/// process that died are forgotten there.
const AGAIN: Duration = Duration::from_secs(30);
/// Before the first look: mail that waited at the coordinator may end rounds first.
const FIRST: Duration = Duration::from_secs(1);

/// Runs until the process ends.
pub async fn run(driver: &Arc<Driver>) {
    tokio::time::sleep(FIRST).await;
    loop {
        let sweeping = Arc::clone(driver);
        let swept = blocking(move || {
            let now = sweeping.home.now();
            sweeping.home.forget_releases(now)?;
            sweeping.home.sweep(now)
        })
        .await;
        if swept.as_ref().is_ok_and(|certificates| !certificates.is_empty()) {
            driver.outgoing.notify_one();
        }
        let mut well = noted("a sweep failed", swept.map(|_| ()));
        well &= noted("words about destruction were not exchanged", retention::ask(&driver.uplink).await);
        well &= noted("the certificate was not renewed", renewal::renew(&driver.uplink).await);
        let pause = if well { EVERY } else { AGAIN };
        let _ = tokio::time::timeout(pause, driver.upkeep.notified()).await;
    }
}

fn noted(what: &str, outcome: Result<(), Failure>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(failure) => {
            tracing::warn!(code = failure.code(), what = failure.what(), "{what}");
            false
        }
    }
}
