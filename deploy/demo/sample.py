"""Makes the demonstration data: a connected sample of simulated students, in the layouts institutions use.

    python3 deploy/demo/sample.py FOLDER [OUT]

FOLDER holds the full simulated files (K12A-SENR.txt ... UNIV-awards.csv, truth.csv); OUT defaults to deploy/demo/members.
The same input gives the same output, byte for byte: persons are picked by the order of a hash of their id. Lines are
copied as bytes, so that line ends, encodings and seeded damage stay as they are. Standard library only.
"""

import csv
import hashlib
import pathlib
import sys

DISTRICTS = ("K12A", "K12B")
COLLEGES = ("CC1", "CC2", "UNIV")
COHORTS = ("2019-2020", "2020-2021", "2021-2022", "2022-2023")
PUPILS = 2500  # persons taken from the districts
COLLEGE_ONLY = 350  # persons in a college and in neither district
COURSES_OF = 12  # one person in this many keeps course rows: they are most of the bytes and no report needs them all
OPT_OUTS = 6  # per member


def order(text):
    """A fixed, meaningless order."""
    return hashlib.sha256(b"passage demo v1 " + text.encode()).digest()


def main():
    source = pathlib.Path(sys.argv[1])
    default = pathlib.Path(__file__).resolve().parent / "members"
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else default

    person_of = {}
    with open(source / "truth.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            person_of[row["party"], row["student_id"]] = row["person"]

    recent, in_district = set(), set()
    for code in DISTRICTS:
        for line in (source / f"{code}-SENR.txt").read_bytes().splitlines():
            fields = line.split(b"^")
            person = person_of[code, fields[8].decode()]
            in_district.add(person)
            if fields[6].decode() in COHORTS:
                recent.add(person)
    college_only = {person for (code, _), person in person_of.items() if code in COLLEGES} - in_district
    chosen = set(sorted(recent, key=order)[:PUPILS]) | set(sorted(college_only, key=order)[:COLLEGE_ONLY])
    with_courses = {person for person in chosen if order(person)[0] % COURSES_OF == 0}

    kept = set()
    for code in DISTRICTS:
        for kind in ("SENR", "SINF"):
            lines = (source / f"{code}-{kind}.txt").read_bytes().splitlines(keepends=True)
            column = 8 if kind == "SENR" else 9

            def pick(line):
                local = line.split(b"^")[column].decode()
                return local if person_of.get((code, local)) in chosen else None

            write(out / code / f"{code}-{kind}.txt", lines, pick, code, kept)
    for code in COLLEGES:
        for kind in ("students", "enrollments", "courses", "awards"):
            head, *lines = (source / f"{code}-{kind}.csv").read_bytes().splitlines(keepends=True)
            wanted = with_courses if kind == "courses" else chosen

            def pick(line):
                local = line.split(b",")[0].decode()
                return local if person_of.get((code, local)) in wanted else None

            write(out / code / f"{code}-{kind}.csv", [head] + lines, pick, code, kept, header=1)

    for code in DISTRICTS + COLLEGES:
        local = sorted((local for party, local in kept if party == code), key=lambda one: order("opt out " + one))
        text = "student_id\r\n" + "".join(f"{one}\r\n" for one in sorted(local[:OPT_OUTS]))
        (out / code / "optout.csv").write_bytes(text.encode())
    rows = sorted((code, local, person_of[code, local]) for code, local in kept)
    with open(out.parent / "truth.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("party", "student_id", "person"))
        writer.writerows(rows)
    print(f"{len(chosen)} persons, {len(kept)} student records, in {out}")


def write(path, lines, pick, code, kept, header=0):
    """Copies the header and the lines `pick` answers a student number for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.writelines(lines[:header])
        for line in lines[header:]:
            local = pick(line)
            if local is not None:
                kept.add((code, local))
                file.write(line)


if __name__ == "__main__":
    main()
