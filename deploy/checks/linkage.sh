#!/usr/bin/env bash
# linkage.sh [FOLDER]: match quality of every preset on the whole simulated set, against the targets of the linkage study (4.4): precision, recall and
# F1 of the resolution, the same of the rule of rounds with bridges where the study's figures allow, and recall by subgroup. Then whole encrypted rounds
# over the set, with and without bridges, must find the links that the command found. The set is too large for the repository: FOLDER or
# PASSAGE_LINKAGE names where it is (K12A.csv ... truth.csv, persons.csv), otherwise shared/data/linkage beside the checkout is looked for. Without it
# this says so and checks nothing; the small set in node/tests/linkage is held by the test suite.
set -euo pipefail
cd "$(dirname "$0")/../.."
named=${1:-${PASSAGE_LINKAGE:-}} data=../shared/data/linkage
unset PASSAGE_LINKAGE
if [ -n "$named" ]; then
  [ -f "$named/truth.csv" ] || { echo "$named holds no linkage files with a truth.csv" >&2; exit 1; }
  data=$named
elif [ ! -f "$data/truth.csv" ]; then
  echo "no full linkage files: match quality is held on the small set alone"
  exit 0
fi
cargo build --locked --quiet --bin passage-node
out=$(mktemp -d -t passage-linkage.XXXXXX)
trap 'rm -rf "$out"' EXIT
presets=(basic compact standard full large wide)
"${CARGO_TARGET_DIR:-target}/debug/passage-node" linkage evaluate \
  --files "$data"/{K12A,K12B,CC1,CC2,UNIV}.csv --truth "$data/truth.csv" --persons "$data/persons.csv" \
  --by sex+surname_changed $(printf -- '--preset %s ' "${presets[@]}") >"$out/figures"
# preset, rule or subgroup, least precision, recall, F1. A subgroup's line is of the resolution.
LC_ALL=C awk '
  FNR == NR { if (NF && $1 !~ /^#/) { least[++targets] = $0 } next }
  /^preset / { preset = $2; sub(",", "", preset); next }
  /^[a-z]+: subgroup/ { rule = $1; sub(":", "", rule); next }
  /^(round|bridged|resolved) +[0-9]/ { seen[preset, $1] = $5 " " $6 " " $7; next }
  rule == "resolved" && $2 == "=" { seen[preset, $1 "=" $3] = $8 " " $9 " " $10; next }
  END {
    for (at = 1; at <= targets; at++) {
      split(least[at], want, " ")
      if (!((want[1], want[2]) in seen)) { printf "%s %s was not measured\n", want[1], want[2]; wrong++; continue }
      split(seen[want[1], want[2]], got, " ")
      short = got[1] < want[3] || got[2] < want[4] || got[3] < want[5]
      printf "%-9s %-26s %s (at least %s %s %s)%s\n", want[1], want[2], seen[want[1], want[2]], want[3], want[4], want[5], short ? " SHORT" : ""
      wrong += short
    }
    exit wrong > 0
  }
' - "$out/figures" <<'TARGETS'
basic    resolved                   .999  .955  0
basic    bridged                    .999  .955  0
compact  resolved                   .998  .975  0
compact  bridged                    .998  .975  0
compact  round                      .998  .975  0
standard resolved                   .998  .983  .990
standard bridged                    .997  .983  .990
full     resolved                   .997  .983  .990
full     bridged                    .997  .983  .990
full     round                      .997  .983  .990
large    resolved                   .999  .983  .990
large    bridged                    .999  .983  .990
wide     resolved                   .997  .983  .9937
wide     bridged                    .995  .983  .990
full     double_surname=1           .995  .975  0
full     asian_short=1              .995  .95   0
wide     asian_short=1              .995  .97   0
full     sex+surname_changed=F+1    .995  .92   0
full     sex+surname_changed=M+1    .995  .92   0
wide     gender_change=1            .99   .92   0
full     origin=white               .998  .985  0
full     origin=hispanic            .997  .98   0
full     origin=api                 .998  .98   0
full     origin=black               .998  .98   0
TARGETS
LINKAGE_SET=$(realpath "$data") cargo test --locked --quiet --workspace --test federation -- --ignored --nocapture every_preset_links
