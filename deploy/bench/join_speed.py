#!/usr/bin/env python3
"""The coordinator's join of two lists of tags beside DuckDB and Polars joining the same 16-byte keys in the same run.

    cargo bench -p passage-protocol --bench join --no-run
    python3 deploy/bench/join_speed.py --rows 1000000 10000000

DuckDB and Polars are installed from PyPI, in the versions named in this file, into a virtual environment that is deleted afterwards;
--venv DIR keeps it. Both read the keys from an Arrow IPC file as fixed binary values and give back the pairs of row numbers, which the
join needs to go on; the product reads files of plain tags and gives the link of every row. All are held to one thread. Every
measurement is a process of its own: processor seconds (user and system) of all of it and of the join alone as the program's own clock
has it, and peak resident memory. Of --repeat measurements the one with the fewest processor seconds is shown. Every program must find the
same number of pairs, or the run fails. Order: the three take turns, so that a busy machine slows all of them.
"""
import argparse
import glob
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

PACKAGES = ["duckdb==2.0.1", "polars==2.1.0", "pyarrow==26.0.0"]

DUCKDB = """
import duckdb, json, sys, time, pyarrow as pa
left, right = (pa.ipc.open_file(pa.memory_map(path)).read_all() for path in sys.argv[1:])
db = duckdb.connect(config={"threads": 1})
start = time.perf_counter()
rows = db.execute("CREATE TABLE pairs AS SELECT l.row AS l, r.row AS r FROM \\"left\\" l JOIN \\"right\\" r USING (tag)").fetchall()
print(json.dumps({"rows": rows[0][0], "join_s": time.perf_counter() - start}))
"""

POLARS = """
import json, sys, time, polars as pl
left, right = (pl.read_ipc(path) for path in sys.argv[1:])
start = time.perf_counter()
pairs = left.join(right, on="tag", how="inner").select("row", "row_right")
print(json.dumps({"rows": pairs.height, "join_s": time.perf_counter() - start}))
"""

MAKE = """
import hashlib, os, sys, pyarrow as pa
folder, rows = sys.argv[1], int(sys.argv[2])
def tags(first):
    return b"".join(hashlib.blake2b(number.to_bytes(8, "little"), digest_size=16).digest() for number in range(first, first + rows))
for name, first in (("left", 0), ("right", rows // 2)):
    plain = tags(first)
    with open(os.path.join(folder, name + ".tags"), "wb") as file:
        file.write(plain)
    array = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(plain)])
    table = pa.table({"tag": array.cast(pa.binary()), "row": pa.array(range(rows), pa.uint32())})
    with pa.OSFile(os.path.join(folder, name + ".arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
"""


def measured(command, environment):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    out, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(out.decode().strip().splitlines()[-1])
    found["processor_s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found


def peak_mib(command, environment):
    """Peak resident memory of a process of its own, so that no other child's counts."""
    script = (
        "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    )
    return int(subprocess.check_output([sys.executable, "-c", script, *command], env=environment))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--venv", type=pathlib.Path)
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    built = [path for path in glob.glob(str(target / "release/deps/join-*")) if os.access(path, os.X_OK) and not path.endswith(".d")]
    if not built:
        sys.exit("no bench is built: cargo bench -p passage-protocol --bench join --no-run")
    ours = max(built, key=os.path.getmtime)
    with tempfile.TemporaryDirectory() as scratch:
        venv = arguments.venv or pathlib.Path(scratch) / "venv"
        python = str(venv / "bin/python")
        if not os.path.exists(python):
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        environment = {**os.environ, "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        print("| rows a side | program | join alone, s | whole process, processor s | ns a row, join alone | peak memory, MiB |")
        print("|---|---|---|---|---|---|")
        for rows in arguments.rows:
            subprocess.run([python, "-c", MAKE, scratch, str(rows)], check=True)
            arrow = [f"{scratch}/left.arrow", f"{scratch}/right.arrow"]
            programs = {
                "passage": [ours, f"{scratch}/left.tags", f"{scratch}/right.tags"],
                "duckdb": [python, "-c", DUCKDB, *arrow],
                "polars": [python, "-c", POLARS, *arrow],
            }
            best = {}
            for _ in range(arguments.repeat):
                for name, command in programs.items():
                    found = measured(command, environment)
                    if name not in best or found["processor_s"] < best[name]["processor_s"]:
                        best[name] = found
            counts = {name: found["rows"] for name, found in best.items()}
            if len(set(counts.values())) != 1:
                sys.exit(f"not the same pairs: {counts}")
            for name, found in best.items():
                memory = peak_mib(programs[name], environment)
                ns = found["join_s"] * 1e9 / (2 * rows)
                print(f"| {rows} | {name} | {found['join_s']:.2f} | {found['processor_s']:.2f} | {ns:.0f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
