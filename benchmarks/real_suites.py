"""Real suites, by this runner at 1, 2 and 4 workers and by serial unittest: the same outcome of every (id, ordinal)?

    python benchmarks/real_suites.py                  all of them, one after the other
    python benchmarks/real_suites.py --suite test_json --jobs 1 2

test_json and test_unittest are CPython's own; the latter runs runners in runners. psutil's tests make processes, orphans and
zombies, pyfakefs's put others in the place of `open`, `os` and `pathlib`; both come with the wheel. linear_operator 0.6.1 is run
from its source distribution. What is downloaded lies in the folder `--folder`, which is kept and used again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ORACLE = Path(__file__).resolve().parent.parent / "tests" / "conformance" / "oracle.py"
RELEASE = "linear_operator==0.6.1"
NEEDS = ("jaxtyping==0.2.36", "wadler-lindig", "mpmath", "scipy")
WHEELS = {
    "psutil": ("psutil==5.9.8", ("psutil.tests.test_process", "psutil.tests.test_system")),
    "pyfakefs": ("pyfakefs==6.3.2", ("-s", "pyfakefs/tests", "-t", ".", "-p", "*_test.py")),
}
NAMES = ("test_json", "test_unittest", *WHEELS, "linear_operator")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Suite:
    """What to type after `python -m unittest` or `runner test`, where, and with which folders on the path."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    path: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """The results of one run, as a multiset, and what it cost."""

    results: Counter[tuple[str, int, str]]
    wall_s: float
    cpu_s: float


def main() -> int:
    options = _options()
    folder = Path(options.folder or tempfile.gettempdir()) / "runner-real-suites"
    folder.mkdir(parents=True, exist_ok=True)
    differences = 0
    print("| suite | runner | tests | outcomes | wall | CPU | wall against unittest |\n|---|---|---|---|---|---|---|")
    for name in options.suite or NAMES:
        suite = _suite(name, folder)
        plain = _run_plain(suite)
        _row(suite, "python -m unittest", plain, plain)
        for jobs in options.jobs:
            ours = _run_ours(suite, jobs)
            _row(suite, f"runner test -j {jobs}", ours, plain)
            differences += _compare(ours.results, plain.results)
    print("every result is that of serial unittest" if not differences else f"{differences} results differ")
    return 1 if differences else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", nargs="+", choices=NAMES)
    parser.add_argument("--jobs", nargs="+", default=["1", "2", "4"], metavar="N")
    parser.add_argument("--folder", metavar="FOLDER", help="where downloads are kept (the temporary folder)")
    return parser.parse_args()


def _suite(name: str, folder: Path) -> Suite:
    if name == "linear_operator":
        return _linear_operator(folder)
    if name in WHEELS:
        return _wheel(folder, *WHEELS[name])
    return Suite(f"test.{name}", (f"test.{name}",), folder)


def _wheel(folder: Path, requirement: str, arguments: tuple[str, ...]) -> Suite:
    """Install a package that holds its own tests, unless it is there."""
    home = folder / requirement.replace("==", "-")
    if not home.is_dir():
        subprocess.run([*PIP, "install", "--no-deps", "--target", str(home), requirement], check=True)
    return Suite(requirement.replace("==", " "), arguments, home, (home,))


def _linear_operator(folder: Path) -> Suite:
    """Download the source distribution and what it needs, unless they are there."""
    home = folder / RELEASE.replace("==", "-")
    needs = folder / "needs"
    if not home.is_dir():
        subprocess.run(
            [*PIP, "download", "--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--dest", str(folder), RELEASE],
            check=True,
        )
        with tarfile.open(folder / f"{home.name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    if not needs.is_dir():
        subprocess.run([*PIP, "install", "--no-deps", "--target", str(needs), *NEEDS], check=True)
    return Suite(RELEASE.replace("==", " "), ("-s", "test", "-t", "."), home, (home, needs))


def _run_plain(suite: Suite) -> Ran:
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log.jsonl"
        arguments = suite.arguments if not suite.arguments[0].startswith("-") else ("discover", *suite.arguments)
        _, wall_s, cpu_s = _measured([sys.executable, str(ORACLE), str(log), *arguments], suite)
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return Ran(Counter((name, ordinal, outcome) for name, ordinal, outcome in rows if ordinal is not None), wall_s, cpu_s)


def _run_ours(suite: Suite, jobs: str) -> Ran:
    command = [
        sys.executable,
        "-m",
        "runner",
        "test",
        "--format",
        "json",
        "-j",
        jobs,
        *suite.arguments,
    ]
    text, wall_s, cpu_s = _measured(command, suite)
    documents = map(json.loads, text.splitlines())
    finished = [document for document in documents if document.get("event") == "finished"]
    return Ran(Counter((event["id"], event["ordinal"], event["outcome"]) for event in finished), wall_s, cpu_s)


def _measured(command: Sequence[str], suite: Suite) -> tuple[str, float, float]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, suite.path))}
    before, begun = _cpu_s(), time.perf_counter()
    done = subprocess.run(command, cwd=suite.folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.stderr.write(done.stderr[-4000:])
    return done.stdout, time.perf_counter() - begun, _cpu_s() - before


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(suite: Suite, how: str, ran: Ran, plain: Ran) -> None:
    outcomes = Counter[str]()
    for (_, _, outcome), number in ran.results.items():
        outcomes[outcome] += number
    shown = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    ratio = f"{ran.wall_s / plain.wall_s:.2f}"
    cells = (suite.name, how, str(ran.results.total()), shown, f"{ran.wall_s:.1f} s", f"{ran.cpu_s:.1f} s", ratio)
    print(f"| {' | '.join(cells)} |", flush=True)


def _compare(ours: Counter[tuple[str, int, str]], plain: Counter[tuple[str, int, str]]) -> int:
    """Name what only one of them says; nothing is the right answer."""
    for who, only in (("only ours", ours - plain), ("only unittest", plain - ours)):
        for name, ordinal, outcome in list(only)[:SHOWN]:
            print(f"    {who}: {name} #{ordinal} {outcome}", flush=True)
    return (ours - plain).total() + (plain - ours).total()


if __name__ == "__main__":
    sys.exit(main())
