#!/usr/bin/env bash
# The demonstration with exact tables, within two minutes once it is built: its figures against the true persons, read from
# the plain files without the product, and no identifier of any student at the coordinator or in any log. Every figure of
# every member against the same files joined in the clear: `tests/processes/plain_files.rs`.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(mktemp -d -t passage-check.XXXXXX)
trap 'rm -rf "$out"' EXIT
cargo build --locked --quiet --bin passage-node --bin passage-coordinator
timeout 120 deploy/demo/run.sh --noise none --out "$out"
deploy/checks/truth.sh "$out" deploy/demo/members deploy/demo/truth.csv
deploy/checks/no_identifiers.sh "$out" deploy/demo/members
