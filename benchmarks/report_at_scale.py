"""`runner report` in a registry of 365 nights of 10,000 tests each: whole processes, and the size of what they write.

Builds the registry in a temporary folder, the runs through the Python API and the 3.65 million results by SQL (half a minute and
0.2 GB): a night has a suite and two trainings, one night in seven is red, and in the last one a hundred tests fail. Then it times
the overview of all nights, and the report of the last night with its history of twenty nights, in each format. The targets are
3 seconds and 1 MB.

    python benchmarks/report_at_scale.py [--nights 365] [--tests 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import registry
from registry.encoding import outcome_code
from registry.past.night import Found
from registry.records import Direction, Environment, Metric, NewRun, Outcome, Run, RunKind, RunStatus
from registry.regress import Verdict
from registry.store import Registry

SECONDS, BYTES = 3.0, 1_000_000
DAY_US = 86_400_000_000
ROLES = ("suite tests", "mnist seed 0", "mnist seed 1")
_SURROUNDINGS = Environment("3.11.7", "Linux x86_64", {"cpu": "one", "cores": "2"}, {"torch": "2.10"})
_TESTS = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
INSERT INTO test (id, name, ordinal)
SELECT n, 'package.module_' || (n / 1000) || '.Case' || (n / 20) || '.test_something_that_matters_' || n, 0 FROM number
"""
_RESULTS = f"""
INSERT INTO test_result (run_id, test_id, attempt, outcome, duration_s, message, worker, subtests_passed, cause)
SELECT :run, id, 1, CASE WHEN red THEN {outcome_code(Outcome.FAILED)} ELSE {outcome_code(Outcome.PASSED)} END,
    0.001 + (id * 31 + :run * 17) % 100 * 0.00001,
    CASE WHEN red THEN 'AssertionError: ' || id || ' is not 0' END, 0, 0, CASE WHEN red THEN printf('%016x', id % 7) END
FROM (SELECT id, CASE :red WHEN 0 THEN 0 ELSE id % :red = 1 END AS red FROM test)
"""


def build(path: Path, nights: int, tests: int) -> None:
    """Fill a registry with nights, a day apart."""
    with registry.open(path) as opened:
        suites = [_night(opened, number, nights) for number in range(nights)]
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN")
    connection.execute(_TESTS, (tests,))
    for suite, red in suites:
        connection.execute(_RESULTS, {"run": suite.id, "red": red})
    connection.execute(f"UPDATE run SET started_us = started_us - ({nights} - id / 4) * {DAY_US}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    (results,) = connection.execute("SELECT count(*) FROM test_result").fetchone()
    connection.close()
    print(f"{results:,} results of {nights} nights, {path.stat().st_size / 1e9:.2f} GB")


def _night(opened: Registry, number: int, nights: int) -> tuple[Run, int]:
    """Record a night but for its results; return its suite, and which test in how many fails."""
    is_red, is_last = number % 7 == 5, number == nights - 1
    planned = {"planned": list(ROLES), "against": [] if number == 0 else [["last green night", _last_green(number)]]}
    with opened.start(NewRun(RunKind.NIGHTLY, params=planned, environment=_SURROUNDINGS)) as night:
        parts = [_part(opened, role, number) for role in ROLES]
        for role, part in zip(ROLES, parts, strict=True):
            opened.nights.add_part(night.run, role, part)
        night.log_metrics([Metric("tests_failed", 100 * is_last + is_red), Metric("mnist test_accuracy", _accuracy(number))])
        verdict = Verdict.REGRESSED if is_red or is_last else Verdict.UNCHANGED
        opened.nights.conclude(night.run, Found(verdict, f"{verdict}: what was found in this night, in one sentence"))
        night.finish(RunStatus.FINISHED, green=not (is_red or is_last))
    return parts[0], 100 if is_last else 5_000 if is_red else 0


def _last_green(number: int) -> str:
    before = number - 1
    return f"nightly-{4 * (before - (before % 7 == 5)) + 1}"


def _part(opened: Registry, role: str, number: int) -> Run:
    kind, seed = (RunKind.TEST, None) if role.startswith("suite") else (RunKind.TRAIN, int(role[-1]))
    with opened.start(NewRun(kind, seed=seed, environment=_SURROUNDINGS, code={"model.py": "0" * 64})) as run:
        if kind is RunKind.TRAIN:
            run.log_metrics([Metric("test_accuracy", _accuracy(number + (seed or 0)), direction=Direction.HIGHER)])
        run.finish(RunStatus.FINISHED, green=True if kind is RunKind.TEST else None)
    return run.run


def _accuracy(number: int) -> float:
    return 0.99 + number * 7919 % 100 * 1e-5


def measured(path: Path, out: Path, arguments: list[str]) -> tuple[float, float, int]:
    """Return wall and CPU seconds of one whole process, and the bytes that it wrote."""
    command = [sys.executable, "-m", "runner", "report", *arguments, "--output", str(out), "--registry", str(path)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, out.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    forms = ("text", "json", "markdown", "html")
    cases = [["--nights", str(asked.nights), "--format", form] for form in forms] + [["--format", form] for form in forms]
    is_met = True
    with tempfile.TemporaryDirectory(prefix="report-at-scale-") as name:
        path, out = Path(name, "registry.db"), Path(name, "out")
        began = time.perf_counter()
        build(path, asked.nights, asked.tests)
        print(f"built in {time.perf_counter() - began:.0f} s")
        print(f"{'runner report':<32} {'wall':>8} {'CPU':>8} {'size':>10}   median of {asked.rounds}")
        for case in cases:
            runs = [measured(path, out, case) for _ in range(asked.rounds)]
            wall, cpu, size = (median(run[part] for run in runs) for part in range(3))
            is_met = is_met and wall < SECONDS and size < BYTES
            print(f"{' '.join(case):<32} {wall:6.2f} s {cpu:6.2f} s {size:10,.0f}")
    print(f"targets {SECONDS:g} s and {BYTES:,} bytes: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
