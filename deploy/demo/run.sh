#!/usr/bin/env bash
# One coordinator and five member nodes as separate processes on loopback: they enrol, import their files, sign an
# agreement, run one matching round over QUIC with mutual TLS, and each member gets the report it is entitled to.
#
#   deploy/demo/run.sh [--out DIR] [--data DIR] [--noise none] [--keep]
#
#   --out DIR     where reports and logs go (default: a new folder under the temporary folder)
#   --data DIR    other files: DIR/K12A-SENR.txt ... or DIR/K12A/K12A-SENR.txt (default: the files beside this script)
#   --noise none  the parties accept exact tables in words; for checks against the plain files only
#   --keep        leave the processes running afterwards and say how to talk to them
#
# Needs cargo, a C compiler, bash and what POSIX names (sed, cut, sort, paste, date): no GNU option, no shuf.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out="" data="$here/members" noise="" keep=""
while [ $# -gt 0 ]; do
  case "$1" in
    --out) out=$2; shift 2 ;;
    --data) data=$(cd "$2" && pwd); shift 2 ;;
    --noise) [ "$2" = none ] || { echo "--noise takes the word: none" >&2; exit 2; }; noise=none; shift 2 ;;
    --keep) keep=yes; shift ;;
    *) sed -n '2,13p' "$0"; exit 2 ;;
  esac
done
out=${out:-$(mktemp -d -t passage-demo.XXXXXX)}
mkdir -p "$out"
out=$(cd "$out" && pwd)
[ -z "$(ls -A "$out/state" 2>/dev/null)" ] || { echo "$out/state is not empty; name another --out" >&2; exit 1; }
mkdir -p "$out/state" "$out/reports"

members="K12A:k12 K12B:k12 CC1:cc CC2:cc UNIV:univ"
started=$(date +%s)
pids=""
step() { printf '[%3ds] %s\n' "$(($(date +%s) - started))" "$*"; }
stop() { [ -z "$pids" ] || kill $pids 2>/dev/null || true; }
trap 'status=$?; if [ -n "$keep" ] && [ $status -eq 0 ]; then :; else stop; fi; exit $status' EXIT

# The file of a member, wherever it stands below the data folder.
file() { for place in "$data/$1" "$data/${1%%-*}/$1"; do [ -f "$place" ] && { echo "$place"; return; }; done; return 1; }
# Waits until a command succeeds: `until_ok SECONDS WHAT command...`
until_ok() {
  local left=$(($1 * 5)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "gave up waiting for $what" >&2; "$@" || true; exit 1; }
    sleep 0.2
  done
}

echo "building (once)"
(cd "$root" && cargo build --locked --quiet --bin passage-node --bin passage-coordinator)
bin=${CARGO_TARGET_DIR:-$root/target}/debug
started=$(date +%s)
coordinator() { "$bin/passage-coordinator" --dir "$out/state/coordinator" "$@"; }
node() { local name=$1; shift; "$bin/passage-node" --dir "$out/state/$name" "$@"; }
# One value of a JSON answer: `json KEY` reads the answer on standard input; needs nothing but sed.
json() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
step "coordinator: private CA, listening on 127.0.0.1:$port"
authority=$(coordinator init --consortium "Demonstration" --listen "127.0.0.1:$port" --public "127.0.0.1:$port" --json | json authority)
"$bin/passage-coordinator" --dir "$out/state/coordinator" serve >"$out/state/coordinator.out" 2>&1 & pids="$pids $!"
until_ok 20 "the coordinator" test -S "$out/state/coordinator/control.sock"

step "five members join, each making its own keys"
for entry in $members; do
  name=${entry%%:*} segment=${entry##*:}
  invitation=$(coordinator invite --name "$name" --segment "$segment" --json | json invitation)
  node "$name" join "$invitation" >/dev/null
done

step "five nodes serve; each reads its own files"
for entry in $members; do
  name=${entry%%:*}
  "$bin/passage-node" --dir "$out/state/$name" serve >"$out/state/$name.out" 2>&1 & pids="$pids $!"
  until_ok 20 "node $name" test -S "$out/state/$name/control.sock"
  # Before data or reports are shown: the principles of data sharing, once in every session.
  node "$name" principles accept --by "Superintendent of $name" >/dev/null
done
for entry in $members; do
  name=${entry%%:*} segment=${entry##*:}
  if [ "$segment" = k12 ]; then
    files="$(file "$name-SENR.txt") $(file "$name-SINF.txt")"
  else
    files=""
    for kind in students enrollments courses awards; do files="$files $(file "$name-$kind.csv")"; done
  fi
  node "$name" import $files >"$out/state/$name.import"
  if optout=$(file "$name-optout.csv" || file "$name/optout.csv"); then node "$name" optout import "$optout" >/dev/null; fi
  step "  $name $(node "$name" data status | tail -n 1)"
done

step "an agreement, signed by all five"
agreement="$out/agreement.toml" study="$out/study.toml"
cohorts=$(for name in K12A K12B; do cut -d'^' -f7 "$(file "$name-SENR.txt")"; done | sort -u | sed 's/.*/"&"/' | paste -sd, -)
# The digests of the dictionary and of the principles as the annotated example names them.
example="$root/deploy/config/agreement.example.toml"
named() { sed -n "/^\[$1\]/,/^digest/p" "$example" | tail -n 2; }
{
  echo 'format = "passage-agreement/2"'
  echo 'title = "Transitions between the districts, colleges and the university of the demonstration"'
  echo "authority = \"$authority\""
  echo 'legal_basis = "studies"'
  echo 'purposes = ["improving-instruction"]'
  echo 'scope = "College-going of high-school completers at the member colleges and the member university"'
  echo 'representatives = "Institutional researchers of the parties, to advise students and to align courses"'
  # A term round about today, whatever day it is; only whole years, so that no date arithmetic is needed.
  echo "effective = \"$(($(date -u +%Y) - 1))-01-01\""
  echo "expires = \"$(($(date -u +%Y) + 1))-12-31\""
  echo "review = \"$(($(date -u +%Y) + 1))-06-30\""
  echo 'notice_days = 30'
  echo 'survival = "The duty to keep confidential what was learned under this agreement survives its end."'
  echo 'retention_days = 30'
  echo 'destruction = "cryptographic-erasure"'
  echo "elements_agreed = \"$(date -u +%F)\""
  echo "cohorts = [$cohorts]"
  echo 'committee_min = 2'
  echo '[dictionary]'; named dictionary
  echo '[principles]'; named principles
  echo '[publication]'
  echo 'rule = "external-after-review"'
  echo '[breach]'
  echo 'notice_hours = 72'
  echo '[disclosure]'
  echo 'floor = 11'
  echo '[noise]'
  if [ -n "$noise" ]; then
    echo 'kind = "none"'
    echo 'consent = "The parties accept exact tables for this demonstration on simulated people."'
  else
    printf 'kind = "discrete-laplace"\nepsilon = "2"\ndelta = "1e-6"\nbudget = "20"\n'
  fi
  echo '[contract]'
  sed -n '/^confirms = \[/,/^\]/p' "$example"
  printf '[[catalogue]]\nmetric = "college-going-12"\nversion = 1\n'
  for entry in $members; do
    name=${entry%%:*} segment=${entry##*:}
    facts=$(node "$name" doctor --json)
    printf '[[party]]\ncode = "%s"\nname = "%s of the demonstration"\nsegment = "%s"\nsigning_key = "%s"\nbreach_contact = "Front office of %s, 555-0100"\n' \
      "$(echo "$facts" | json code)" "$name" "$segment" "$(echo "$facts" | json signing_key)" "$name"
    printf '[[party.signer]]\nname = "Superintendent of %s"\ntitle = "Superintendent"\ncapacity = "top-administrator"\n' "$name"
  done
  keys='"ssid", "first", "middle", "last", "prior-last", "alias-last", "birth-date", "gender", "zip"'
  for from in K12A K12B; do
    for to in CC1 CC2 UNIV; do
      a=$(node "$from" doctor --json | json code) b=$(node "$to" doctor --json | json code)
      printf '[[share]]\nfrom = "%s"\nto = "%s"\nelements = [%s, "completer-cohort", "ethnicity"]\n' "$a" "$b" "$keys"
      printf '[[share]]\nfrom = "%s"\nto = "%s"\nelements = [%s, "ssn", "school-year", "special-admit"]\n' "$b" "$a" "$keys"
    done
  done
} >"$agreement"
proposed=$(coordinator agreement propose "$agreement" --json)
agreement_id=$(echo "$proposed" | json agreement) agreement_digest=$(echo "$proposed" | json digest)
for entry in $members; do
  name=${entry%%:*}
  until_ok 60 "the agreement at $name" node "$name" agreement show "$agreement_id"
  node "$name" agreement show "$agreement_id" --out "$out/reports/$name-agreement.html" >/dev/null
  node "$name" agreement sign "$agreement_id" --by "Superintendent of $name" >/dev/null
done

step "a study: college-going within 12 months, all students, by ethnicity, by gender"
{
  echo 'format = "passage-study/2"'
  echo 'title = "College-going within 12 months"'
  echo "agreement = \"$agreement_digest\""
  echo 'purpose = "improving-instruction"'
  echo "cohorts = [$cohorts]"
  echo 'preset = "full"'
  echo 'committee = 2'
  for entry in $members; do
    name=${entry%%:*} segment=${entry##*:}
    role=receiver; [ "$segment" = k12 ] && role=sender
    printf '[[participant]]\ncode = "%s"\nrole = "%s"\n' "$(node "$name" doctor --json | json code)" "$role"
  done
  printf '[[table]]\nmetric = "college-going-12"\nversion = 1\nby = ["all", "ethnicity", "gender"]\n'
} >"$study"
study_id=$(coordinator study propose "$study" --json | json study)
for entry in $members; do
  name=${entry%%:*}
  until_ok 60 "the study at $name" node "$name" study show "$study_id"
  node "$name" study approve "$study_id" --by "Superintendent of $name" >/dev/null
done

step "one round; every member reads what leaves before it says yes"
round=""
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  # The coordinator refuses (G01) until the last signature has reached it.
  if round=$(coordinator round open "$study_id" --json | json round) && [ -n "$round" ]; then break; fi
  sleep 1
done
[ -n "$round" ] || { coordinator round open "$study_id"; exit 1; }
for entry in $members; do
  name=${entry%%:*}
  until_ok 120 "what leaves $name" node "$name" what-leaves "$round"
  node "$name" what-leaves "$round" >"$out/reports/$name-what-leaves.txt"
  until_ok 120 "the approval of $name" node "$name" round approve "$round" --by "Superintendent of $name"
done
coordinator round show "$round" --wait 3600 >"$out/reports/round.txt" || { cat "$out/reports/round.txt"; exit 1; }

step "reports"
for entry in $members; do
  name=${entry%%:*}
  for format in html csv; do
    until_ok 60 "the report at $name" node "$name" report export "$round" --format "$format" --out "$out/reports/$name.$format"
  done
  echo "        $out/reports/$name.html  ($(grep -c . "$out/reports/$name.csv") lines of CSV beside it)"
done
step "a release outside: proposed by K12A, approved by all five; inside until the time for comments is over"
proposed=$(node K12A release propose "$round" --format html --by "Researcher of K12A" --audience "The public session of both boards" --out "$out/reports/release-preview.html" --json)
release=$(echo "$proposed" | json id)
for entry in $members; do
  name=${entry%%:*}
  until_ok 60 "the proposal at $name" node "$name" release show "$release"
  node "$name" release show "$release" >"$out/reports/$name-release.txt"
  node "$name" release approve "$release" --by "Superintendent of $name" --no-disadvantage >/dev/null
done
everybody() { node K12A release list | grep -q "everybody said yes"; }
until_ok 60 "the approvals" everybody
node K12A release list | sed 's/^/        /'
if node K12A release export "$release" --out "$out/reports/release.html" 2>"$out/reports/release-refused.txt"; then
  echo "a report left before the time for comments was over" >&2; exit 1
fi
sed 's/^/        /' "$out/reports/release-refused.txt"

step "done; round $round"
if [ -n "$keep" ]; then
  echo "still running. Talk to a node:  $bin/passage-node --dir $out/state/K12A round show latest"
  echo "stop everything with:  kill$pids"
fi
