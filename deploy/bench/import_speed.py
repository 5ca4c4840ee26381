#!/usr/bin/env python3
"""Import speed and memory of passage-node beside DuckDB and Polars reading the same file in the same run.

    cargo build --release --bin passage-node --bin passage-coordinator
    python3 deploy/bench/import_speed.py --rows 10000 100000 1000000 10000000

DuckDB and Polars are installed from PyPI, in the versions named in this file, into a virtual environment that is deleted
afterwards; --venv DIR keeps it for the next run. Nothing else is needed but Python 3.9 and the two release binaries.

The file holds a college's course attempts (eight columns) and lies in the page cache before the first measurement. What is done:

  node, dry run      recognise the layout, check every value against its rule, keep nothing
  node, import       the same, drop repeats, write sealed, compressed tables, sync them
  node, again        the same file once more: it replaces what is there
  duckdb, polars     read the file, infer types, keep the columns in memory
  ... to Parquet     read the file, infer types, write one compressed Parquet file, in the clear and not synced
  ... one thread     the same, allowed one thread
  ... start alone    load the library or open the folder, read nothing: what every figure of that program includes

So the others do less: they check no value, refuse nothing, seal nothing. Every measurement is a process of its own: wall
seconds, processor seconds (user and system, of all its threads), and peak resident memory as the kernel counts it (at least
that of this script, about 20 MiB). Rows a second and core are rows by processor seconds; they hold on a shared machine better
than wall seconds do, which are shown but say little there. Of --repeat measurements, the one with the fewest processor seconds is
shown. Every program must report as many rows as were written, or the run fails.
"""
import argparse
import json
import os
import pathlib
import platform
import random
import subprocess
import sys
import tempfile
import time

PACKAGES = ["duckdb==2.0.1", "polars==2.1.0"]
SUBJECTS = ["MATH", "ENGL", "BIOL", "HIST", "CHEM", "ART", "WELD", "PSYC"]
GRADES = ["A", "B", "C", "D", "F", "P", "W", "IP"]
# Programs of the others: the file is the first argument, a Parquet file to write the second; they print the rows they have.
DUCKDB = """
import duckdb, sys
duckdb.execute("SET enable_progress_bar = false")
duckdb.execute("CREATE TABLE t AS SELECT * FROM read_csv('%s')" % sys.argv[1])
print(duckdb.execute("SELECT count(*) FROM t").fetchall()[0][0])
"""
DUCKDB_ONE = DUCKDB.replace("import duckdb, sys", "import duckdb, sys; duckdb.execute('SET threads = 1')")
DUCKDB_PARQUET = """
import duckdb, sys
duckdb.execute("SET enable_progress_bar = false")
duckdb.execute("COPY (SELECT * FROM read_csv('%s')) TO '%s' (FORMAT parquet, COMPRESSION snappy)" % tuple(sys.argv[1:3]))
print(duckdb.execute("SELECT count(*) FROM '%s'" % sys.argv[2]).fetchall()[0][0])
"""
POLARS = "import polars, sys; print(polars.read_csv(sys.argv[1]).height)"
POLARS_PARQUET = """
import polars, sys
table = polars.read_csv(sys.argv[1])
table.write_parquet(sys.argv[2], compression='snappy')
print(table.height)
"""


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
    with open(path, "rb") as written:
        while written.read(1 << 20):
            pass


def run(command, environment=None):
    """Runs a process to its end: what it printed, wall and processor seconds, peak resident MiB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{command} failed: {out.read().decode()[-1000:]} {errors.read().decode()[-1000:]}")
        return out.read().decode(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


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
        # A command before the daemon listens would open the folder itself and keep the daemon out.
        while daemon.poll() is None and not (folder / "coordinator" / "control.sock").exists():
            time.sleep(0.05)
        asked = subprocess.run(
            [coordinator, *state, "--json", "invite", "--name", "C", "--segment", "cc"], capture_output=True, check=True
        )
        invitation = json.loads(asked.stdout)["invitation"]
        subprocess.run([node, "--dir", str(folder / "node"), "join", invitation], check=True, stdout=subprocess.DEVNULL)
    finally:
        daemon.terminate()
        daemon.wait()
    return [str(node), "--dir", str(folder / "node"), "--json"]


def measurements(node, python, path, out):
    """Name, command, environment, and how to read the number of rows from what it prints; None: it reads none."""
    one = dict(os.environ, POLARS_MAX_THREADS="1")
    other = lambda program: [str(python), "-c", program, str(path), str(out)]
    kept = lambda text: json.loads(text)["files"][0]["kept"]
    return [
        ("node, start alone", [*node, "data", "status"], None, None),
        ("node, dry run", [*node, "import", str(path), "--dry-run"], None, kept),
        ("node, import", [*node, "import", str(path)], None, kept),
        ("node, again", [*node, "import", str(path)], None, kept),
        ("duckdb, start alone", other("import duckdb; duckdb.execute('SELECT 1')"), None, None),
        ("duckdb", other(DUCKDB), None, int),
        ("duckdb, one thread", other(DUCKDB_ONE), None, int),
        ("duckdb, to Parquet", other(DUCKDB_PARQUET), None, int),
        ("polars, start alone", other("import polars"), None, None),
        ("polars", other(POLARS), None, int),
        ("polars, one thread", other(POLARS), one, int),
        ("polars, to Parquet", other(POLARS_PARQUET), None, int),
    ]


def measure(options, python, rows):
    """Prints the line of each measurement at one size."""
    best, order = {}, []
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            path = folder / "courses.csv"
            write_courses(path, rows)
            node = joined_node(options.bin, folder)
            for who, command, environment, count in measurements(node, python, path, folder / "out.parquet"):
                if options.only and who not in options.only:
                    continue
                printed, wall, cpu, peak = run(command, environment)
                if count and count(printed) != rows:
                    sys.exit(f"{who} has {count(printed)} rows of {rows}")
                if who not in best:
                    order.append(who)
                if who not in best or cpu < best[who][1]:
                    best[who] = (wall, cpu, peak, bool(count))
    for who in order:
        wall, cpu, peak, reads = best[who]
        speed = f"{rows / cpu:12.0f}" if reads else f"{'-':>12}"
        print(f"{rows:>10} {who:<22} {wall:8.2f} {cpu:8.2f} {speed} {peak:9.0f}", flush=True)


def python_with_packages(venv):
    """The interpreter of a virtual environment that has the others in the versions named here."""
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    return python


def machine():
    """The processor's name, cores and load, for the head of the table."""
    name = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("target/release"), help="folder of the release binaries (target/release)")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000], help="sizes of the file (10^4 to 10^7)")
    parser.add_argument("--repeat", type=int, default=1, help="measurements of each; the best is shown (1)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="measure these alone, by their names in the table (all)")
    parser.add_argument("--venv", type=pathlib.Path, help="folder of the virtual environment, kept (a temporary one)")
    options = parser.parse_args()
    for binary in ["passage-node", "passage-coordinator"]:
        if not (options.bin / binary).exists():
            sys.exit(f"{options.bin / binary} is not there: build it with cargo build --release --bin {binary}, or name its folder with --bin")
    with tempfile.TemporaryDirectory() as name:
        python = python_with_packages(options.venv or pathlib.Path(name) / "venv")
        print(f"# {machine()}; {', '.join(PACKAGES)}; Python {platform.python_version()}")
        print(f"{'rows':>10} {'who':<22} {'wall s':>8} {'cpu s':>8} {'rows/s/core':>12} {'peak MiB':>9}")
        for rows in options.rows:
            measure(options, python, rows)


if __name__ == "__main__":
    main()
