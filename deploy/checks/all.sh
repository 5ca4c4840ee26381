#!/usr/bin/env bash
# Every check that is no test, runnable by hand: deploy/checks/all.sh
set -euo pipefail
cd "$(dirname "$0")"
./source.sh
./supply_chain.sh
