//! `init`.

use std::{net::SocketAddr, path::Path};

use clap::Args;
use passage_shell::{control::Answer, failure::Failure};

use crate::{
    app::{self, InitPlan},
    settings::Settings,
};

/// What `init` is told.
#[derive(Args, Debug)]
pub struct Init {
    /// What the consortium calls itself; members see it on their invitations.
    #[arg(long)]
    consortium: String,
    /// UDP address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// host:port under which members reach this machine, at most five, tried in order.
    #[arg(long, value_delimiter = ',', required = true)]
    public: Vec<String>,
}

impl Init {
    pub(super) fn run(self, dir: &Path) -> Result<Answer, Failure> {
        let settings = Settings {
            consortium: self.consortium,
            listen: self.listen,
            public: self.public,
            round_hours: passage_protocol::wire::limits::ROUND_SECONDS_DEFAULT / 3_600,
            jobs: 1,
            join_memory_mib: 2048,
        };
        let fingerprint = app::init(dir, &InitPlan { settings })?;
        Ok(Answer {
            text: format!(
                "Made a coordinator in {}.\nAuthority {fingerprint}\nNext: passage-coordinator serve, then passage-coordinator invite.\n\
                 Back up this folder: without its CA key no member can be certified again.",
                dir.display()
            ),
            json: serde_json::json!({ "dir": dir, "authority": fingerprint.to_string() }),
        })
    }
}
