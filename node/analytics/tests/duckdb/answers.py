"""Answers every query of queries/ with DuckDB, from Parquet files this crate exported.

    PASSAGE_EXPORT=/tmp/export cargo test -p passage-analytics --test duckdb -- --ignored export
    python3 -m venv /tmp/duckdb && /tmp/duckdb/bin/pip install duckdb==2.0.0
    /tmp/duckdb/bin/python node/analytics/tests/duckdb/answers.py /tmp/export

It writes answers/*.csv beside itself, and answers/digest.txt: the digest of the tables they were made from. The test
reads both, so that nobody needs DuckDB to run it.
"""

import csv
import datetime
import decimal
import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).parent


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return repr(value) if isinstance(value, float) else str(value)


def main():
    export = pathlib.Path(sys.argv[1])
    answers = HERE / "answers"
    answers.mkdir(exist_ok=True)
    database = duckdb.connect()
    for table in sorted(export.glob("*.parquet")):
        database.execute(f"CREATE VIEW {table.stem} AS SELECT * FROM read_parquet('{table}')")
    for query in sorted((HERE / "queries").glob("*.sql")):
        result = database.execute(query.read_text())
        with open(answers / f"{query.stem}.csv", "w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([column[0] for column in result.description])
            rows = result.fetchall()
            writer.writerows([cell(value) for value in row] for row in rows)
        print(f"{query.stem}: {len(rows)} rows")
    (answers / "digest.txt").write_text((export / "digest.txt").read_text())


main()
