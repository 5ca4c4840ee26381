#!/usr/bin/env bash
# truth.sh OUT DATA TRUTH: the reports of a finished demonstration with exact tables in OUT against the plain files below DATA
# and the true persons in TRUTH (party,student_id,person). Nothing of the product is used: awk reads the files by column
# number, so a fault that importer, preparation and round share is seen too.
#
# For both districts, every class and every receiver, "any" among them: graduates by the rule the report prints (CALPADS exit,
# completion status, exit date), enrolled if the same *person* has a first regular term in the year that follows. Opted-out
# students are left out. What is shown must be within 3 % and 2 persons of that for the enrolled, 1 % and 2 for the graduates:
# on simulated files matching finds 97 of 100 true pairs or more and makes less than one false pair in 100; two persons are
# what damaged rows cost a small class. Needs bash and POSIX awk.
set -euo pipefail
out=$1 data=$2 truth=$3
file() { for place in "$data/$1" "$data/${1%%-*}/$1"; do if [ -f "$place" ]; then echo "$place"; return; fi; done; return 1; }
# A member's list of opted-out students where the demonstration looks for it, or nothing.
optout() { file "$1-optout.csv" || file "$1/optout.csv" || echo /dev/null; }
# The opaque code of a member, from its own state.
code() { sed -n 's/^code = "\(.*\)"/\1/p' "$out/state/$1/member.toml"; }

arguments=("kind=truth" "$truth") codes=""
for name in K12A K12B CC1 CC2 UNIV; do
  codes="$codes $name $(code "$name")"
  arguments+=("name=$name" "kind=optout" "$(optout "$name")")
done
for name in K12A K12B; do arguments+=("name=$name" "kind=graduates" 'FS=\\^' "$(file "$name-SENR.txt")" "FS=,"); done
for name in CC1 CC2 UNIV; do arguments+=("name=$name" "kind=terms" "$(file "$name-enrollments.csv")"); done
for name in K12A K12B; do arguments+=("name=$name" "kind=report" "$out/reports/$name.csv"); done

LC_ALL=C awk -F, -v "codes=$codes" -v "verbose=${VERBOSE:-}" '
  BEGIN { pairs = split(codes, part, " "); for (at = 1; at < pairs; at += 2) name_of[part[at + 1]] = part[at] }
  { sub(/\r$/, "") }
  kind == "truth" { person[$1, $2] = $3; next }
  kind == "optout" { out[name, $1] = 1; next }
  kind == "graduates" {
    id = $9; day = $25
    if ($26 != "E230" || $27 !~ /^(100|120|250|320|330)$/ || day !~ /^[0-9]+$/ || (name, id) in out) next
    # From 16 August on a leaver belongs to the class of the next summer.
    class = substr(day, 1, 4) - (substr(day, 5) < 816)
    who = person[name, id]
    if (who == "") next
    # The earliest completion of a person counts.
    if (!((name, who) in class_of) || class < class_of[name, who]) class_of[name, who] = class
    next
  }
  kind == "terms" {
    year = substr($2, 1, 4) - (substr($2, 5) == "SP")
    if (FNR == 1 || $5 == "SPECIAL" || (name, $1) in out) next
    who = person[name, $1]
    if (who == "") next
    if (!((name, who) in first) || year < first[name, who]) first[name, who] = year
    receivers[name] = 1
    next
  }
  # From here on the reports: everything is counted once, at their first line.
  !counted {
    counted = 1
    for (key in class_of) {
      split(key, part, SUBSEP); sender = part[1]; who = part[2]; class = class_of[key]
      graduates[sender, class]++
      any = 0
      for (receiver in receivers) if (((receiver, who) in first) && first[receiver, who] == class + 1) {
        enrolled[sender, class, receiver]++; any = 1
      }
      enrolled[sender, class, "any"] += any
    }
  }
  # run,table,sender,receiver,cohort,dimension,category,outcome,measure,value,low,high,status,reason
  kind == "report" && $6 == "all" && $9 == "count" && $13 == "value" {
    if (name_of[$3] != name) next
    class = substr($5, 1, 4)
    if ($8 == "cohort") { true_count = graduates[name, class]; slack = true_count / 100 + 2; what = "graduates" }
    else {
      receiver = $4 == "any" ? "any" : name_of[$4]
      true_count = enrolled[name, class, receiver]; slack = true_count * 3 / 100 + 2; what = "enrolled at " receiver
    }
    difference = $10 - true_count
    compared++
    if (verbose) printf "%s %s %s: shown %d, true %d\n", name, $5, what, $10, true_count
    if (difference > slack || difference < -slack) {
      printf "%s %s %s: shown %d, true %d\n", name, $5, what, $10, true_count > "/dev/stderr"
      wrong++
    }
  }
  END {
    if (wrong) exit 1
    if (compared < 24) { printf "only %d figures were compared\n", compared > "/dev/stderr"; exit 1 }
    printf "%d figures are within the quality of matching of the true persons\n", compared
  }
' "${arguments[@]}"
