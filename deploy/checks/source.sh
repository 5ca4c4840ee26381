#!/usr/bin/env bash
# Format, lints and documentation links.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf '\n== %s\n' "$*"; }

say "format"
cargo fmt --all --check
say "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings
say "documentation links"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
