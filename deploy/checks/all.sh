#!/usr/bin/env bash
# Every check CI runs, runnable by hand: deploy/checks/all.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf '\n== %s\n' "$*"; }

say "format"
cargo fmt --all --check
say "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings
say "documentation links"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
say "supply chain"
if ! command -v cargo-deny >/dev/null; then cargo install --locked --debug --quiet cargo-deny@0.20.2; fi
# The advisory database is read where it can be fetched; bans, licences and sources need no network.
cargo deny --config deploy/checks/deny.toml check --hide-inclusion-graph bans licenses sources
