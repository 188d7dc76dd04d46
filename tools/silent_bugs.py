"""Plant each bug, and each harmless change, of examples/silent_bugs in a copy of the project; what does a night make of it?

    python tools/silent_bugs.py                     # all of them
    python tools/silent_bugs.py missing_zero_grad   # only these
    python tools/silent_bugs.py --write             # and put the tables into docs/silent-bugs.md

A night is `runner nightly` over the suite of `mnist` and one pass of training with seed 42; its last green night is one of
the project as it is. Copies and registries lie under .runner/silent-bugs; the tree itself is never changed. The exit code is
0 only if every bug is caught and every harmless change is green.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import registry
from registry.comparing.determinism import told
from registry.comparing.metrics import MetricChange
from registry.diff import Diff, compare_runs
from registry.regress import Verdict
from runner.report.numbers import metric_value

TREE = Path(__file__).resolve().parent.parent
GALLERY = TREE / "examples" / "silent_bugs"
PAGE = TREE / "docs" / "silent-bugs.md"
WORK = TREE / ".runner" / "silent-bugs"
COPY = WORK / "copy"
REFERENCE = WORK / "reference.db"
LEFT_OUT = shutil.ignore_patterns(".venv", ".runner", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", "dist", "build")
SETTINGS = """
[tool.runner.nightly]
suites = [{name = "mnist", start-directory = "tests/test_mnist", top-level-directory = "."}]
tasks = [{task = "mnist", seeds = [42], epochs = 1}]
formats = ["text"]
"""
SUITE, TRAINING = "suite mnist", "mnist seed 42"
REFERENCE_ENDS = (0, 5)
MOST_TESTS = 2


@dataclass(frozen=True, slots=True)
class Change:
    """A patch over `mnist/`: its title, and why nobody notices it, or what it does."""

    name: str
    is_bug: bool
    title: str
    sentence: str
    path: Path


@dataclass(frozen=True, slots=True)
class Night:
    """What a night made of a change: its verdict and exit code, and how the suite and the training differ from the reference."""

    change: Change
    code: int
    verdict: Verdict
    suite: Diff
    training: Diff
    took_s: float

    @property
    def is_as_it_should_be(self) -> bool:
        """Tell whether a bug made the night red, or a harmless change left it green."""
        is_green = self.code == 0 and self.verdict is not Verdict.SUSPECTED
        return self.code == 1 and self.verdict is Verdict.REGRESSED if self.change.is_bug else is_green


def changes() -> list[Change]:
    """Return the bugs, then the harmless changes."""
    return [_read(path, is_bug=folder == "bugs") for folder in ("bugs", "refactorings") for path in sorted_patches(folder)]


def sorted_patches(folder: str) -> list[Path]:
    """Return the patches of a folder of the gallery by name."""
    return sorted((GALLERY / folder).glob("*.patch"))


def _read(path: Path, *, is_bug: bool) -> Change:
    title, _, rest = path.read_text(encoding="utf-8").partition("\n\n")
    return Change(path.stem, is_bug, title, rest.partition("\n\n")[0].replace("\n", " "), path)


def plant(change: Change, folder: Path) -> None:
    """Apply the patch of a change to a copy of the project.

    Raises:
        subprocess.CalledProcessError: It does not fit any more.
    """
    # Below a work tree git would take the paths from its root, and pass over a copy that is ignored there.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run(["git", "apply", str(change.path)], cwd=folder, env=environment, check=True)


def copy_tree() -> None:
    """Make the copy anew, with the settings of its nights."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(TREE, COPY, ignore=LEFT_OUT)
    settings = COPY / "pyproject.toml"
    own = re.sub(r"(?ms)^\[tool\.runner\.nightly[.\]].*?(?=^\[|\Z)", "", settings.read_text(encoding="utf-8"))
    settings.write_text(own + SETTINGS, encoding="utf-8")


def run_night(database: Path, expected: Sequence[int] = (0, 1)) -> int:
    """Run a night over the copy and return its exit code."""
    # The folder comes first on the path, so that the copy runs the copy's code.
    environment = {**os.environ, "RUNNER_REGISTRY": str(database), "PYTHONPATH": str(COPY)}
    command = [sys.executable, "-m", "runner", "nightly"]
    ended = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode not in expected:
        sys.exit(f"silent bugs: the night in {COPY} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.returncode


def compare(change: Change, code: int, took_s: float, database: Path) -> Night:
    """Compare the parts of the last night with those of the first, the reference."""
    with registry.open(database, must_exist=True) as opened:
        tonight, *_, reference = opened.runs("nightly")
        found = opened.nights.found(tonight)
        sides = [{part.role: part.run for part in opened.nights.parts(night)} for night in (reference, tonight)]
        suite, training = (compare_runs(opened.compare(*(side[role] for side in sides))) for role in (SUITE, TRAINING))
    if found is None:
        sys.exit(f"silent bugs: the night of {change.name} did not come to its end; {database} has what it recorded")
    return Night(change, code, found.verdict, suite, training, took_s)


def nights(chosen: Sequence[Change]) -> Iterator[Night]:
    """Run the reference, then a night for each change, each in a registry that holds the reference alone."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    copy_tree()
    run_night(REFERENCE, REFERENCE_ENDS)
    for change in chosen:
        began = time.perf_counter()
        copy_tree()
        plant(change, COPY)
        database = WORK / f"{change.name}.db"
        shutil.copyfile(REFERENCE, database)
        code = run_night(database)
        yield compare(change, code, time.perf_counter() - began, database)


def bug_table(found: Sequence[Night]) -> str:
    """Return the table of the bugs."""
    rows = ["| bug | why it is silent | tests | metrics | ledger | verdict |", "|---|---|---|---|---|---|"]
    for night in found:
        cells = (link(night.change), night.change.sentence, tests_of(night), metrics_of(night), ledger_of(night), night.verdict)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def refactoring_table(found: Sequence[Night]) -> str:
    """Return the table of the harmless changes."""
    rows = ["| change | what it does | test accuracy | images lost and gained | ledger | verdict |", "|---|---|---|---|---|---|"]
    for night in found:
        cells = (link(night.change), night.change.sentence, accuracy_of(night), flips_of(night), ledger_of(night), night.verdict)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def link(change: Change) -> str:
    """Return the title of a change as a link to its patch."""
    return f"[{change.title}](../{change.path.relative_to(TREE).as_posix()})"


def tests_of(night: Night) -> str:
    """Return which tests failed."""
    failing = night.suite.tests.newly_failing
    names = [f"`{pair.test_id.removeprefix('tests.test_mnist.')}`" for pair in failing[:MOST_TESTS]]
    more = f" and {len(failing) - MOST_TESTS} more" if len(failing) > MOST_TESTS else ""
    return ", ".join(names) + more if names else "none"


def metrics_of(night: Night) -> str:
    """Return which metrics had a verdict."""
    told_of = [metric for metric in night.training.metrics if metric.verdict not in (None, Verdict.UNCHANGED)]
    return "; ".join(f"{metric.name} {sides(metric)}: {metric.verdict}" for metric in told_of) or "none"


def sides(metric: MetricChange) -> str:
    """Return both values of a metric."""
    return f"{metric_value(metric.name, metric.a)} -> {metric_value(metric.name, metric.b)}"


def accuracy_of(night: Night) -> str:
    """Return both test accuracies."""
    return next(
        (sides(metric) for metric in night.training.metrics if metric.name == "test_accuracy"),
        "the same",
    )


def flips_of(night: Night) -> str:
    """Return how many images of the test flipped."""
    return next((f"{len(part.lost)} and {len(part.gained)}" for part in night.training.flips if part.split == "test"), "unknown")


def ledger_of(night: Night) -> str:
    """Return what the ledger says of the weights."""
    checkpoints = night.training.checkpoints
    if checkpoints.same:
        return "the same weights"
    return told(checkpoints.parting) if checkpoints.parting else "unknown"


def write(found: Sequence[Night]) -> None:
    """Put the tables into the page, each between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    tables = {
        "bugs": bug_table([night for night in found if night.change.is_bug]),
        "refactorings": refactoring_table([night for night in found if not night.change.is_bug]),
    }
    for name, table in tables.items():
        opening, closing = f"<!-- table: {name} -->\n", "\n<!-- end -->"
        start = text.index(opening) + len(opening)
        text = text[:start] + table + text[text.index(closing, start) :]
    PAGE.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the gallery and print what became of each change."""
    parser = argparse.ArgumentParser(description="Plant silent bugs and see what catches them.")
    parser.add_argument("names", nargs="*", help="names of patches (default: all)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/silent-bugs.md")
    given = parser.parse_args()
    known = changes()
    unknown = set(given.names) - {change.name for change in known}
    if unknown:
        parser.error(f"there is no patch {', '.join(sorted(unknown))} in {GALLERY}")
    found = []
    for night in nights([change for change in known if not given.names or change.name in given.names]):
        found.append(night)
        mark = "as it should be" if night.is_as_it_should_be else "NOT AS IT SHOULD BE"
        print(f"{night.change.name}: {night.verdict}, {mark}; {night.took_s:.0f} s", flush=True)
        print(f"  tests: {tests_of(night)}\n  metrics: {metrics_of(night)}\n  ledger: {ledger_of(night)}", flush=True)
    bugs = [night for night in found if night.change.is_bug]
    same = [night for night in found if not night.change.is_bug]
    print(f"{sum(night.is_as_it_should_be for night in bugs)} of {len(bugs)} bugs caught, ", end="")
    print(f"{sum(night.is_as_it_should_be for night in same)} of {len(same)} harmless changes green")
    if given.write and not given.names:
        write(found)
    return 0 if found and all(night.is_as_it_should_be for night in found) else 1


if __name__ == "__main__":
    sys.exit(main())
