"""The rows of tests/conformance before other runners of unittest suites, at 2 workers: writes docs/conformance.md.

    python benchmarks/conformance.py [--folder FOLDER] [--only NAME ...] [--output FILE]

--only asks some runners again, and takes what the others did from the last time.

The peers are installed into an environment of their own below the folder, which is kept and used again. A row counts as right
where the runner ends within the limit, its exit code is red exactly where something is wrong, and what the suite notes while it
runs shows that every test and every fixture ran exactly as often as it must. Rows that need flags are left out, for each runner
has its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conformance.case import Case  # noqa: E402 (found in the checkout)
from tests.conformance.catalogue import ROWS  # noqa: E402
from tests.conformance.judging import verdict  # noqa: E402
from tests.conformance.running import run_command  # noqa: E402

LIMIT_S = 10.0
DJANGO = """
import sys
from django.conf import settings
from django.test.runner import DiscoverRunner
if __name__ == "__main__":
    settings.configure(DATABASES={}, INSTALLED_APPS=[])
    import django
    django.setup()
    sys.exit(bool(DiscoverRunner(parallel=2, interactive=False).run_tests(["."])))
"""
CONCURRENT = """
import sys, unittest
from concurrencytest import ConcurrentTestSuite, fork_for_tests
suite = unittest.defaultTestLoader.discover(".")
result = unittest.TextTestRunner().run(ConcurrentTestSuite(suite, fork_for_tests(2)))
sys.exit(not result.wasSuccessful())
"""


IN_ITS_FOLDER = ("sh", "-c", 'PYTHONPATH=$PWD exec "$0" "$@"')  # for runners that do not look where they stand


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner: the package that it is in, and what to type. `{bin}` is the environment's folder of programs."""

    name: str
    package: str | None
    command: tuple[str, ...]


PEERS = (
    Runner("python -m unittest", None, ("{bin}/python", "-m", "unittest", "discover")),
    Runner("green -s 2", "green", ("{bin}/green", "-s", "2")),
    Runner("nose2 mp", "nose2", ("{bin}/nose2", "--plugin", "nose2.plugins.mp", "-N", "2")),
    Runner("unittest-parallel module", "unittest-parallel", ("{bin}/unittest-parallel", "-j", "2", "--level", "module")),
    Runner("unittest-parallel class", "unittest-parallel", ("{bin}/unittest-parallel", "-j", "2", "--level", "class")),
    Runner("unittest-parallel test", "unittest-parallel", ("{bin}/unittest-parallel", "-j", "2", "--level", "test")),
    Runner("stestr", "stestr", ("{bin}/stestr", "--test-path", ".", "--top-dir", ".", "run", "--concurrency", "2")),
    Runner("trial -j 2", "Twisted", (*IN_ITS_FOLDER, "{bin}/trial", "-j", "2", "{modules}")),
    Runner(
        "zope-testrunner -j2",
        "zope.testrunner",
        (*IN_ITS_FOLDER, "{bin}/zope-testrunner", "-j2", "--test-path", ".", "--tests-pattern", "^test"),
    ),
    Runner("Django --parallel 2", "Django", ("{bin}/python", "-c", DJANGO)),
    Runner("concurrencytest", "concurrencytest", ("{bin}/python", "-c", CONCURRENT)),
    Runner("pytest -n 2", "pytest-xdist", ("{bin}/pytest", "-q", "-n", "2", "-p", "no:cacheprovider")),
)
OURS = Runner("runner test -j 2", None, (str(Path(sys.executable).with_name("runner")), "test", "-j", "2"))
MARKS = {"right": "·", "hung": "hung", "green": "green", "red": "red", "lost": "lost"}
HEAD = """# Conformance

`tests/conformance` holds tiny suites: in each, one thing is broken that test runners get wrong, and it says exactly what must
come of it. `python -m tests.conformance` runs them by this runner; `--command 'COMMAND ...'` puts any other before them, and
`--export FOLDER` writes them as folders with their `expected.json`.

## Beside others

Made by `python benchmarks/conformance.py`; {rows} rows of `tests/conformance` before {runners} runners with 2 workers, on Python
{python}. What each row is, and which plain unittest itself gets wrong and why, stands in `tests/conformance/rows_*.py`.

A row is right where the runner ends within {limit:.0f} s, is red exactly where something is wrong, and every test and fixture ran
exactly as often as it must. The rows are this project's own, made from what was seen to go wrong elsewhere; it is held to all of
them by its tests, and nobody else has been.

- **green**: it says that all is well, though something failed.
- **hung**: it did not end.
- **lost**: the exit code is right, but something did not run, or ran too often.
- **red**: it fails, though nothing is wrong.
"""


def main() -> int:
    options = _options()
    programs = _environment(Path(options.folder or tempfile.gettempdir()) / "runner-conformance-peers")
    cases = [case for case in ROWS if not case.arguments]
    known = programs.parent / "verdicts.json"
    verdicts: dict[str, dict[str, str]] = json.loads(known.read_text()) if options.only and known.exists() else {}
    for runner in (OURS, *PEERS):
        if not options.only or runner.name in options.only:
            verdicts[runner.name] = _judge(runner, cases, programs)
            known.write_text(json.dumps(verdicts))
            print(f"{_rights(verdicts[runner.name])} of {len(cases)} rows are right: {runner.name}", flush=True)
    chosen = [runner for runner in (OURS, *PEERS) if runner.name in verdicts]
    Path(options.output).write_text(_page(chosen, cases, verdicts, programs), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where the peers are installed (the temporary folder)")
    parser.add_argument("--only", nargs="+", default=[], help="only these runners")
    parser.add_argument("--output", default=str(ROOT / "docs" / "conformance.md"), help="the page to write")
    return parser.parse_args()


def _environment(folder: Path) -> Path:
    """Return the folder of programs of an environment in which the peers are installed."""
    programs = folder / "bin"
    if not (programs / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        packages = sorted({runner.package for runner in PEERS if runner.package})
        subprocess.run([str(programs / "python"), "-m", "pip", "install", "--quiet", *packages], check=True)
    return programs


def _judge(runner: Runner, cases: list[Case], programs: Path) -> dict[str, str]:
    def judge(case: Case) -> tuple[str, str]:
        modules = [
            name.removesuffix(".py")
            for name in ("test_zfine.py", *case.files)
            if name.startswith("test") and (case.beside_fine or name in case.files)
        ]
        command = [
            part
            for word in runner.command
            for part in (modules if word == "{modules}" else [word.replace("{bin}", str(programs))])
        ]
        return case.name, verdict(case, run_command(case, command, LIMIT_S))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(judge, cases))


def _rights(verdicts: dict[str, str]) -> int:
    return list(verdicts.values()).count("right")


def _page(chosen: list[Runner], cases: list[Case], verdicts: dict[str, dict[str, str]], programs: Path) -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    lines = [HEAD.format(rows=len(cases), runners=len(chosen), python=python, limit=LIMIT_S)]
    lines += ["| runner | version | rows right | green | hung | lost | red |", "|---|---|---|---|---|---|---|"]
    for runner in chosen:
        found = list(verdicts[runner.name].values())
        numbers = " | ".join(str(found.count(name)) for name in ("green", "hung", "lost", "red"))
        lines.append(f"| {runner.name} | {_version(runner, programs)} | {found.count('right')} / {len(cases)} | {numbers} |")
    lines += ["", f"| row | {' | '.join(runner.name for runner in chosen)} |", f"|---|{'---|' * len(chosen)}"]
    for case in cases:
        lines.append(f"| {case.name} | {' | '.join(MARKS[verdicts[runner.name][case.name]] for runner in chosen)} |")
    return "\n".join(lines) + "\n"


def _version(runner: Runner, programs: Path) -> str:
    if runner.package is None:
        return "this one" if runner is OURS else "the interpreter's"
    code = f"from importlib.metadata import version; print(version({runner.package!r}))"
    return subprocess.run([str(programs / "python"), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
