#!/usr/bin/env bash
# no_identifiers.sh OUT MEMBERS: searches the coordinator's whole state folder and every log of a finished demonstration
# in OUT for each SSID, SSN, birth date, surname and local id of the input files below MEMBERS. A hit fails.
set -euo pipefail
out=$1 members=$2
needles=$(mktemp) places=$(mktemp)
trap 'rm -f "$needles" "$places"' EXIT
{
  # CALPADS: SSID, local id, names, birth date; SINF has one column more in front.
  find "$members" -name '*-SENR.txt' -exec cut -d'^' -f8-14,17 --output-delimiter=$'\n' {} +
  find "$members" -name '*-SINF.txt' -exec cut -d'^' -f9-15,18 --output-delimiter=$'\n' {} +
  # College lists: student id, SSID, SSN, names, birth date.
  find "$members" -name '*-students.csv' -exec tail -q -n +2 {} + | cut -d, -f1-6,8,9 | tr ',' '\n'
} | tr -d '\r"' | LC_ALL=C awk 'length($0) >= 6 && $0 !~ /^(0+|9+|1+)$/' | sort -u >"$needles"
find "$out/state/coordinator" -type f >"$places"
find "$out/state" -maxdepth 2 \( -name 'log.jsonl' -o -name 'audit.log' -o -name '*.out' \) -type f >>"$places"
count=$(wc -l <"$needles")
hits=$(xargs -a "$places" -d '\n' grep -a -F -l -f "$needles" || true)
if [ -n "$hits" ]; then
  echo "identifiers found in:" >&2
  echo "$hits" >&2
  exit 1
fi
echo "none of $count identifiers in $(wc -l <"$places") files of the coordinator and the logs"
