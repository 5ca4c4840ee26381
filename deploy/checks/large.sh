#!/usr/bin/env bash
# large.sh [FOLDER]: the demonstration over the full simulated files, within ten minutes once it is built, checked as deploy/checks/demo.sh checks
# the small one. They are too large for the repository: FOLDER or PASSAGE_EDUCATION names where they are (K12A-SENR.txt ...
# truth.csv), otherwise shared/data/education beside the checkout is looked for. Without them it says so and checks nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
named=${1:-${PASSAGE_EDUCATION:-}} data=../shared/data/education
# A coordinator takes every PASSAGE_ variable for a setting of its own.
unset PASSAGE_EDUCATION
if [ -n "$named" ]; then
  [ -f "$named/truth.csv" ] || { echo "$named holds no education files with a truth.csv" >&2; exit 1; }
  data=$named
elif [ ! -f "$data/truth.csv" ]; then
  echo "no full education files: the larger demonstration is left out"
  exit 0
fi
out=$(mktemp -d -t passage-large.XXXXXX)
trap 'rm -rf "$out"' EXIT
cargo build --locked --quiet --bin passage-node --bin passage-coordinator
timeout 600 deploy/demo/run.sh --noise none --data "$data" --out "$out"
deploy/checks/truth.sh "$out" "$data" "$data/truth.csv"
deploy/checks/no_identifiers.sh "$out" "$data"
