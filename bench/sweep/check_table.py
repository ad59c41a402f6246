"""check_table.py FILE N: compares every row of a Parquet file with the recomputed one, read by DuckDB and by pyarrow."""

import itertools
import json
import sys
import time

import duckdb
import pyarrow.parquet

COLUMNS = ["index", "u", "v", "w", "status", "attempts", "sum", "even", "name", "error"]
SIDE = 100


def expected(n):
    """As bench/sweep/table.mjs says the grid and its program: the last axis is the fastest."""
    fastest = n // SIDE // SIDE
    for index, (u, v, w) in enumerate(
        itertools.product(range(SIDE), range(1, SIDE + 1), range(fastest))
    ):
        yield (
            index, u / (SIDE - 1), v, w, "ok", 1,
            u / (SIDE - 1) + v * w, w % 2 == 0, f"{v}-{w}", None,
        )  # fmt: skip


def by_pyarrow(path):
    file = pyarrow.parquet.ParquetFile(path)
    for batch in file.iter_batches(columns=COLUMNS):
        yield from zip(*(column.to_pylist() for column in batch.columns))


def by_duckdb(path):
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    # Of one thread: rows come as they stand in the file.
    found = duckdb.connect(config={"threads": 1}).execute(
        f"SELECT {names} FROM read_parquet(?)", [path]
    )
    while rows := found.fetchmany(50_000):
        yield from rows


if __name__ == "__main__":
    path, n = sys.argv[1], int(sys.argv[2])
    rows = {}
    for name, read in {"pyarrow": by_pyarrow, "duckdb": by_duckdb}.items():
        started = time.perf_counter()
        for at, (found, wanted) in enumerate(itertools.zip_longest(read(path), expected(n))):
            # Equal numbers of another type are not equal here.
            if found != wanted or [type(v) for v in found] != [type(v) for v in wanted]:
                sys.exit(f"{name}: row {at} is {found} instead of {wanted}")
        rows[name] = {"rows": at + 1, "seconds": time.perf_counter() - started}
    versions = {"pyarrow": pyarrow.__version__, "duckdb": duckdb.__version__}
    print(json.dumps({"rows": rows, "versions": versions}))
