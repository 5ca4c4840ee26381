#!/usr/bin/env python3
"""Import speed and memory of passage-node beside DuckDB and Polars reading the same file in the same run.

    python3 -m venv /tmp/speed && /tmp/speed/bin/pip install duckdb polars
    cargo build --release --bin passage-node --bin passage-coordinator
    /tmp/speed/bin/python deploy/bench/import_speed.py --bin target/release [--rows 10000 100000 1000000 10000000]

The file is a college's course attempts (eight columns). The others do less: they infer types and load the columns; the node
recognises the layout, checks every value against its rule, refuses damage by row, drops repeats, and writes sealed,
compressed tables. Each figure is of a process of its own: processor seconds (user and system, all threads), wall seconds,
and the peak of its resident memory. Rows a second and core are rows by processor seconds.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

SUBJECTS = ["MATH", "ENGL", "BIOL", "HIST", "CHEM", "ART", "WELD", "PSYC"]
GRADES = ["A", "B", "C", "D", "F", "P", "W", "IP"]
DUCKDB = "import duckdb,sys; duckdb.sql(\"CREATE TABLE t AS SELECT * FROM read_csv('%s')\" % sys.argv[1])"
DUCKDB_ONE = "import duckdb,sys; duckdb.sql('SET threads=1'); duckdb.sql(\"CREATE TABLE t AS SELECT * FROM read_csv('%s')\" % sys.argv[1])"
POLARS = "import polars,sys; polars.read_csv(sys.argv[1])"


def write_courses(path, rows):
    """Course attempts in the layout `college-courses`, no row twice."""
    dice = random.Random(rows)
    with open(path, "w", newline="") as out:
        out.write("student_id,term,subject,number,title,units,grade,levels_below_transfer\n")
        for row in range(rows):
            student, attempt = divmod(row, 25)
            year = 2015 + attempt // 4
            out.write(
                f"S{student:08d},{year}{'FA' if attempt % 2 else 'SP'},{SUBJECTS[attempt % 8]},{100 + attempt},"
                f"Course {attempt},{dice.randint(1, 5)},{dice.choice(GRADES)},{dice.randint(0, 3)}\n"
            )


def run(command, environment=None):
    """Runs a process to its end: wall and processor seconds, peak resident MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {errors.decode()[-2000:]}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def joined_node(binaries, folder):
    """A node that has joined a consortium of its own; the coordinator is stopped again."""
    coordinator, node = binaries / "passage-coordinator", binaries / "passage-node"
    state = ["--dir", str(folder / "coordinator")]
    listen = f"127.0.0.1:{random.randint(20000, 59999)}"
    subprocess.run(
        [coordinator, *state, "init", "--consortium", "Speed", "--listen", listen, "--public", listen],
        check=True, stdout=subprocess.DEVNULL,
    )
    daemon = subprocess.Popen([coordinator, *state, "serve"], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            asked = subprocess.run(
                [coordinator, *state, "--json", "invite", "--name", "C", "--segment", "cc"], capture_output=True, check=False
            )
            if asked.returncode == 0:
                break
            time.sleep(0.1)
        invitation = json.loads(asked.stdout)["invitation"]
        subprocess.run([node, "--dir", str(folder / "node"), "join", invitation], check=True, stdout=subprocess.DEVNULL)
    finally:
        daemon.terminate()
        daemon.wait()
    return [str(node), "--dir", str(folder / "node")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    options = parser.parse_args()
    print(f"{'rows':>10} {'who':<22} {'wall s':>8} {'cpu s':>8} {'rows/s/core':>12} {'peak MiB':>9}")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            path = folder / "courses.csv"
            write_courses(path, rows)
            node = joined_node(options.bin, folder)
            for who, command in [
                ("passage-node dry run", [*node, "import", str(path), "--dry-run"]),
                ("passage-node import", [*node, "import", str(path)]),
                ("passage-node again", [*node, "import", str(path)]),
                ("duckdb", [sys.executable, "-c", DUCKDB, str(path)]),
                ("duckdb, one thread", [sys.executable, "-c", DUCKDB_ONE, str(path)]),
                ("polars", [sys.executable, "-c", POLARS, str(path)]),
            ]:
                wall, cpu, peak = run(command)
                print(f"{rows:>10} {who:<22} {wall:8.2f} {cpu:8.2f} {rows / cpu:12.0f} {peak:9.0f}", flush=True)


if __name__ == "__main__":
    main()
