#!/usr/bin/env bash
# no_identifiers.sh OUT MEMBERS: searches the coordinator's whole state folder and every log of a finished demonstration in
# OUT for what identifies the students of the input files below MEMBERS. A hit fails.
#
# * SSID, SSN, birth date, local id and every name of six letters or more: as they are, in every byte of every file. Six bytes
#   stand in random bytes once in 256^6 places: ten thousand such words in 100 MB of ciphertext, below one chance in 250.
# * Names of three to five letters: as whole words in either case, in files without a zero byte (logs, settings).
#   Not in the store and the blobs: a three-letter word in either case stands in random bytes once in 128^3 places, so that a
#   thousand of them are found by chance some hundred times in every megabyte. Two letters are an initial, not a name.
#
# Left out are words that the programs write themselves: those of a metric's definition, of the settings file, and of the vocabulary below,
# each of which stands in a line that the programs write without any data. Needs GNU grep, find and xargs.
set -euo pipefail
out=$1 members=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
vocabulary="call head hop job key list may reach read salt"

fields() {
  # CALPADS: SSID, local id, names, birth date; SINF has one column more in front.
  find "$members" -name '*-SENR.txt' -exec cut -d'^' -f8-14,17 {} + | tr '^' '\n'
  find "$members" -name '*-SINF.txt' -exec cut -d'^' -f9-15,18 {} + | tr '^' '\n'
  # College lists: student id, SSID, SSN, names, birth date.
  find "$members" -name '*-students.csv' -exec tail -q -n +2 {} + | cut -d, -f1-6,8,9 | tr ',' '\n'
}
fields | tr -d '\r"' | LC_ALL=C sort -u >"$scratch/fields"
{
  cat "$root/protocol/src/metric/builtin/college-going-12.v1.toml" "$root/deploy/config/coordinator.example.toml" | tr -cs 'A-Za-z' '\n'
  tr ' ' '\n' <<<"$vocabulary"
} | sort -u >"$scratch/words"

LC_ALL=C awk 'length($0) >= 6 && $0 !~ /^(0+|9+|1+)$/' "$scratch/fields" | grep -v -x -F -f "$scratch/words" >"$scratch/long"
# Of a field of several names each one: "Dulce Maria", "De La Cruz".
tr -cs 'A-Za-z\n' '\n' <"$scratch/fields" | LC_ALL=C grep -x -E '[A-Za-z]{3,5}' | tr 'A-Z' 'a-z' | sort -u |
  grep -v -x -i -F -f "$scratch/words" >"$scratch/short"

{
  find "$out/state/coordinator" -type f
  find "$out/state" -maxdepth 2 \( -name 'log.jsonl' -o -name '*.out' \) -type f
  find "$out/state" -path '*/audit/*' -type f
} | sort -u >"$scratch/places"
hits=$(LC_ALL=C xargs -a "$scratch/places" -d '\n' grep -a -F -l -f "$scratch/long" || true)
named=$(LC_ALL=C xargs -a "$scratch/places" -d '\n' grep -I -i -w -F -o -H -f "$scratch/short" | sort | uniq -c || true)
if [ -n "$hits$named" ]; then
  echo "identifiers found in:" >&2
  echo "$hits" >&2
  # A short name that is a common word of a log belongs into the vocabulary above, after a look at the line.
  echo "$named" >&2
  exit 1
fi
echo "none of $(wc -l <"$scratch/long") identifiers and $(wc -l <"$scratch/short") short names in $(wc -l <"$scratch/places") files of the coordinator and the logs"
