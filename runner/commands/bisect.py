"""`runner bisect`: the first commit at which a test fails, or a metric is worse, found by git in a work tree of its own."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commits import commits_between
from registry.comparing.suspects import point_of
from registry.origin import Relation, way_words
from runner.commands._bisect_subject import subject_of
from runner.commands._bisect_worktree import Worktree, repository_top, worktree
from runner.commands.surroundings import open_registry, unwinding
from runner.errors import ExitCode, NothingToBisect
from runner.report.bisection import Tried, answer_line, bisection_document, found_lines, step_line
from runner.report.document import dumps
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.origin import Commit
    from registry.records import Run
    from runner.commands._bisect_subject import Subject


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """What the command line asks for: a test's id or a metric's name, and two runs."""

    target: str
    good: str
    bad: str
    form: str = "text"
    registry: str | None = None


def run_bisect(request: BisectRequest) -> int:
    """Find the first bad commit, telling each step, and return the exit code.

    A document is standard output alone; the steps are then told on standard error.

    Raises:
        UsageError: The runs or the name do not fit together, or there is no repository.
        NothingToBisect: There is nothing to find between these commits, or git cannot find it.
    """
    settings = read_settings(Path.cwd())
    with open_registry(request.registry, settings, must_exist=True) as registry:
        good, bad = (registry.details(registry.find_run(reference)) for reference in (request.good, request.bad))
    subject = subject_of(request.target, good, bad, settings)
    top = repository_top(Path.cwd())
    runs = (good.run, bad.run)
    with redirect_stdout(sys.stderr if request.form == "json" else sys.stdout):
        ends = _commits(*runs, top)
        with unwinding(), worktree(top, ends[1]) as tree:
            trials = _verify(tree, subject, runs, ends)
            found = _search(tree, subject, ends, trials)
            for line in found_lines(found):
                _tell(line)
            line = by_hand(subject, ends)
            _tell(f"by hand: {line}")
    if request.form == "json":
        sys.stdout.write(dumps(bisection_document(request.target, runs, trials, found, line), indent=2) + "\n")
    return ExitCode.OK if len(found) == 1 else ExitCode.NOTHING


def _commits(good: Run, bad: Run, top: Path) -> tuple[str, str]:
    """Return the commits of two runs.

    Raises:
        NothingToBisect: One has none, both have the same, or git does not know the way between them.
    """
    for run in (good, bad):
        if run.git.commit is None:
            why = run.git.reason or "the run was recorded outside a repository"
            raise NothingToBisect(f"no commit was recorded for {run.name} ({why}); name a run that has one")
        if run.git.dirty:
            _tell(f"note: {run.name} was recorded with uncommitted changes; what is tested is its commit without them")
    ends = str(good.git.commit), str(bad.git.commit)
    way = commits_between(top, *ends)
    if way.relation is Relation.SAME:
        raise NothingToBisect(
            f"{good.name} and {bad.name} are of the same commit, so no commit is to blame; `runner diff` tells what else changed"
        )
    if way.relation is Relation.UNKNOWN:
        raise NothingToBisect(f"the commits between {good.name} and {bad.name} are not known: {way.reason}")
    if way.relation is Relation.BEHIND:
        raise NothingToBisect(
            f"{way_words(point_of(good), point_of(bad), way)}: to find what mended it, exchange --good and --bad"
        )
    _tell(f"{good.name} -> {bad.name}: {way_words(point_of(good), point_of(bad), way)}")
    return ends


def _verify(tree: Worktree, subject: Subject, runs: tuple[Run, Run], ends: tuple[str, str]) -> list[Tried]:
    """Try both ends: if they are not what was recorded, whatever git finds between them would mean nothing.

    Raises:
        NothingToBisect: An end is not as it was recorded.
    """
    trials = []
    for run, commit, wanted in zip(runs, ends, ("good", "bad"), strict=True):
        tried = _try(tree, subject, commit, wanted)
        trials.append(tried)
        if tried.word != wanted:
            dirty = "; it was recorded with uncommitted changes: commit them and record it again" if run.git.dirty else ""
            raise NothingToBisect(f"{subject.surprise(run, tried)}{dirty}")
    return trials


def _search(tree: Worktree, subject: Subject, ends: tuple[str, str], trials: list[Tried]) -> list[Commit]:
    """Return the first bad commit, or those among which it is; each trial is added to the list."""
    stand, number = tree.start(*ends), 0
    while stand.commit is not None:
        number += 1
        trials.append(_try(tree, subject, stand.commit, f"step {number}", stand.steps_left))
        stand = tree.tell(trials[-1].word)
    return [tree.describe(commit) for commit in stand.first_bad]


def _try(tree: Worktree, subject: Subject, commit: str, label: str, steps_left: int | None = None) -> Tried:
    tree.check_out(commit)
    described = tree.describe(commit)
    _tell(step_line(label, described, steps_left))
    answer = subject.trial(tree.folder)
    _tell(answer_line(answer.word, answer.words))
    return Tried(described, answer.word, answer.words)


def by_hand(subject: Subject, ends: tuple[str, str]) -> str:
    """Return the command that does the same by hand; git bisects only from the top of a work tree."""
    good, bad = ends
    up = 'cd "$(git rev-parse --show-toplevel)" && ' if subject.below != Path() else ""
    down = f"cd {shlex.quote(str(subject.below))} && " if subject.below != Path() else ""
    return f"{up}git bisect start {bad} {good} && git bisect run sh -c {shlex.quote(down + subject.script)}"


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
