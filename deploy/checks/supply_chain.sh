#!/usr/bin/env bash
# Licences, sources, bans and known advisories of every dependency; fetches cargo-deny from the registry if it is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf '\n== %s\n' "$*"; }

say "supply chain: bans, licences, sources"
if ! command -v cargo-deny >/dev/null; then cargo install --locked --debug --quiet cargo-deny@0.20.2; fi
deny="cargo deny --config deploy/checks/deny.toml"
$deny check --hide-inclusion-graph bans licenses sources
say "supply chain: advisories"
# The database needs the network: it has a minute to come, and where it does not, that is said and nothing fails.
if timeout 60 $deny fetch db; then
  $deny check --hide-inclusion-graph --disable-fetch advisories
else
  echo "advisories were NOT checked: the database could not be fetched within a minute" >&2
fi
