"""`runner diff` of two runs of 100,000 tests in a registry of 10 million results, against the bare SQL self-join.

Builds a registry of 100 runs in a temporary folder by SQL (10 s and 0.5 GB). Then it times in turn: the whole process of
`runner diff A B`; the same in a registry of 10 runs of 20 tests, which takes the same way through the program, scipy included,
and is what starting costs; and the self-join that finds the tests with another outcome, by the sqlite3 module alone in a fresh
process. Prints the medians and the ratio (diff - start) / join, which may be at most 1.5, and the same for the comparison
alone inside one process, which other work on the machine disturbs least.

    python benchmarks/diff_at_scale.py [--tests 100000] [--runs 100] [--pairs 9] [--profile]

--profile prints where the time of one comparison goes, in this process.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import registry
from registry.encoding import outcome_code
from registry.records import Environment, NewRun, Outcome, Run, RunKind, RunStatus

_SURROUNDINGS = Environment("3.11.7", "Linux x86_64", {"cpu": "one", "cores": "2"}, {"torch": "2.10"})
_INDEX = "CREATE INDEX ix_test_result_test_id_run_id ON test_result (test_id, run_id)"
_TESTS = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
INSERT INTO test (id, name, ordinal)
SELECT n, 'package.module_' || (n / 1000) || '.Case' || (n / 20) || '.test_something_that_matters_' || n, 0 FROM number
"""
# In each run one test in a thousand is red; a hundred of them are others in the next run. One in a thousand takes seconds.
_RESULTS = f"""
INSERT INTO test_result (run_id, test_id, attempt, outcome, duration_s, message, worker, subtests_passed, cause)
SELECT :run, id, 1,
    CASE WHEN red THEN {outcome_code(Outcome.FAILED)} ELSE {outcome_code(Outcome.PASSED)} END,
    CASE WHEN id % 1000 = 7 THEN 2.0 + (:run % 5) * 0.01 + (:run = :last AND id % 20000 = 7) * 3
         ELSE 0.001 + (id * 31 + :run * 17) % 100 * 0.00001 END,
    CASE WHEN red THEN 'AssertionError: ' || id || ' is not 0' END, 0, 0,
    CASE WHEN red THEN printf('%016x', id % 40) END
FROM (SELECT id, id % 1000 = 1 AND (id / 1000 + :run) % 10 <> 0 AS red FROM test)
"""
_JOIN = """
SELECT test.name, test.ordinal, a.outcome, b.outcome
FROM test_result AS a JOIN test_result AS b ON b.run_id = ? AND b.test_id = a.test_id JOIN test ON test.id = a.test_id
WHERE a.run_id = ? AND a.outcome <> b.outcome
"""

_BARE = """
import sqlite3, sys, time
start, cpu = time.perf_counter(), time.process_time()
connection = sqlite3.connect(sys.argv[1])
rows = connection.execute(sys.argv[2], sys.argv[3:]).fetchall()
print(time.perf_counter() - start, time.process_time() - cpu, len(rows))
"""


def build(path: Path, tests: int, runs: int) -> tuple[Run, Run]:
    """Fill a registry and return its last two runs."""
    with registry.open(path) as opened:
        for _ in range(runs):
            with opened.start(NewRun(RunKind.TEST, seed=1, environment=_SURROUNDINGS, code={"module.py": "0" * 64})) as run:
                run.finish(RunStatus.FINISHED, green=False)
        started = opened.runs()
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("DROP INDEX ix_test_result_test_id_run_id")
    connection.execute("BEGIN")
    connection.execute(_TESTS, (tests,))
    for run in reversed(started):
        connection.execute(_RESULTS, {"run": run.id, "last": started[0].id})
    connection.execute(_INDEX)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    (results,) = connection.execute("SELECT count(*) FROM test_result").fetchone()
    connection.close()
    print(f"{results:,} results of {runs} runs, {path.stat().st_size / 1e9:.2f} GB")
    return started[1], started[0]


def timed_diff(path: Path, a: str, b: str) -> tuple[float, float]:
    """Return wall and CPU seconds of one whole process."""
    command = [sys.executable, "-m", "runner", "diff", a, b, "--registry", str(path), "--fail-on", "never"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"runner diff ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime


def timed_join(path: Path, a: Run, b: Run) -> tuple[float, float]:
    """Return wall and CPU seconds of the bare self-join in a fresh process, its start not counted."""
    command = [sys.executable, "-c", _BARE, str(path), _JOIN, str(b.id), str(a.id)]
    wall, cpu, rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if rows == "0":
        raise SystemExit("the two runs do not differ")
    return float(wall), float(cpu)


def compared(path: Path, a: Run, b: Run, repeats: int) -> float:
    """Return the least CPU seconds of one comparison inside a process that has all loaded."""
    seconds = []
    with registry.open(path) as opened:
        for _ in range(repeats):
            start = time.process_time()
            opened.compare(a, b)
            seconds.append(time.process_time() - start)
    return min(seconds)


def profile(path: Path, a: Run, b: Run) -> None:
    """Print where one comparison spends its time."""
    from registry.diff import compare_runs

    with registry.open(path) as opened:
        profiler = cProfile.Profile()
        profiler.enable()
        compare_runs(opened.compare(a, b))
        profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--profile", action="store_true", help="print where the time of one comparison goes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diff-at-scale-") as name:
        path, small = Path(name, "registry.db"), Path(name, "small.db")
        began = time.perf_counter()
        a, b = build(path, arguments.tests, arguments.runs)
        print(f"built in {time.perf_counter() - began:.0f} s")
        small_a, small_b = build(small, 20, 10)
        if arguments.profile:
            profile(path, a, b)
        timed_diff(path, a.name, b.name)
        rows = []
        for _ in range(arguments.pairs):
            starting = timed_diff(small, small_a.name, small_b.name)
            rows.append((timed_diff(path, a.name, b.name), starting, timed_join(path, a, b)))
        for clock, label in enumerate(("wall", "CPU")):
            diff, start, join = (median(row[column][clock] for row in rows) for column in range(3))
            print(f"{label}: runner diff {diff:.3f} s, start-up {start:.3f} s, bare self-join {join:.3f} s;", end=" ")
            print(f"(diff - start-up) / join = {(diff - start) / join:.2f} (at most 1.5; medians of {arguments.pairs})")
        inside = compared(path, a, b, arguments.pairs) - compared(small, small_a, small_b, arguments.pairs)
        join = min(row[2][1] for row in rows)
        print(
            f"CPU of the comparison alone, inside one process: {inside:.3f} s more than in the small registry, bare self-join",
            end=" ",
        )
        print(f"{join:.3f} s; ratio {inside / join:.2f} (the least of {arguments.pairs})")


if __name__ == "__main__":
    main()
