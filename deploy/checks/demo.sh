#!/usr/bin/env bash
# The demonstration with exact tables: every released count against the plain files, and no identifier of any student at
# the coordinator or in any log.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(mktemp -d -t passage-check.XXXXXX)
trap 'rm -rf "$out"' EXIT
deploy/demo/run.sh --noise none --out "$out"
deploy/checks/no_identifiers.sh "$out" deploy/demo/members
