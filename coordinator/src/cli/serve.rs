//! `serve`.

use std::path::Path;

use passage_shell::{control::Answer, failure::Failure};

use super::Form;
use crate::daemon;

pub(super) fn run(dir: &Path, form: Form) -> Result<(), Failure> {
    daemon::serve(dir, |ready| {
        let answer = Answer {
            text: format!(
                "ready: listening on {} (UDP), authority {}, {} rounds resumed",
                ready.listen, ready.fingerprint, ready.resumed
            ),
            json: serde_json::json!({
                "ready": true,
                "listen": ready.listen.to_string(),
                "authority": ready.fingerprint.to_string(),
                "resumed": ready.resumed,
                "pid": std::process::id(),
            }),
        };
        super::print(&answer, form)
    })
}
