"""`runner bisect`: the first commit at which a test fails, or a metric is worse, found by git in a work tree of its own."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commits import commits_between
from registry.comparing.suspects import point_of
from registry.origin import Relation, way_words
from runner.commands._bisect_subject import subject_of
from runner.commands._bisect_worktree import Stand, Worktree, repository_top, worktree
from runner.commands.surroundings import open_registry, unwinding
from runner.errors import ExitCode, NothingToBisect
from runner.report.bisection import answer_line, commit_lines, possible_lines, step_line
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.records import Run
    from runner.commands._bisect_subject import Subject
    from runner.commands._bisect_trials import Answer


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """What the command line asks for: a test's id or a metric's name, and two runs."""

    target: str
    good: str
    bad: str
    registry: str | None = None


def run_bisect(request: BisectRequest) -> int:
    """Find the first bad commit, telling each step, and return the exit code.

    Raises:
        UsageError: The runs or the name do not fit together, or there is no repository.
        NothingToBisect: There is nothing to find between these commits, or git cannot find it.
    """
    settings = read_settings(Path.cwd())
    with open_registry(request.registry, settings, must_exist=True) as registry:
        good, bad = (registry.details(registry.find_run(reference)) for reference in (request.good, request.bad))
    subject = subject_of(request.target, good, bad, settings)
    top = repository_top(Path.cwd())
    ends = _commits(good.run, bad.run, top)
    with unwinding(), worktree(top, ends[1]) as tree:
        _verify(tree, subject, (good.run, bad.run), ends)
        return _search(tree, subject, ends)


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


def _verify(tree: Worktree, subject: Subject, runs: tuple[Run, Run], ends: tuple[str, str]) -> None:
    """Try both ends: if they are not what was recorded, whatever git finds between them would mean nothing.

    Raises:
        NothingToBisect: An end is not as it was recorded.
    """
    for run, commit, wanted in zip(runs, ends, ("good", "bad"), strict=True):
        answer = _try(tree, subject, commit, wanted)
        if answer.word != wanted:
            dirty = "; it was recorded with uncommitted changes: commit them and record it again" if run.git.dirty else ""
            raise NothingToBisect(f"{subject.surprise(run, answer)}{dirty}")


def _search(tree: Worktree, subject: Subject, ends: tuple[str, str]) -> int:
    stand, number = tree.start(*ends), 0
    while stand.commit is not None:
        number += 1
        answer = _try(tree, subject, stand.commit, f"step {number}", stand.steps_left)
        stand = tree.tell(answer.word)
    return _report(tree, subject, stand, ends)


def _try(tree: Worktree, subject: Subject, commit: str, label: str, steps_left: int | None = None) -> Answer:
    tree.check_out(commit)
    _tell(step_line(label, tree.describe(commit), steps_left))
    answer = subject.trial(tree.folder)
    _tell(answer_line(answer.word, answer.words))
    return answer


def _report(tree: Worktree, subject: Subject, stand: Stand, ends: tuple[str, str]) -> int:
    found = [tree.describe(commit) for commit in stand.first_bad]
    lines = commit_lines(found[0]) if len(found) == 1 else possible_lines(found)
    for line in lines:
        _tell(line)
    _tell(by_hand(subject, ends))
    return ExitCode.OK if len(found) == 1 else ExitCode.NOTHING


def by_hand(subject: Subject, ends: tuple[str, str]) -> str:
    """Return the line that does the same by hand; git bisects only from the top of a work tree."""
    good, bad = ends
    up = 'cd "$(git rev-parse --show-toplevel)" && ' if subject.below != Path() else ""
    down = f"cd {shlex.quote(str(subject.below))} && " if subject.below != Path() else ""
    return f"by hand: {up}git bisect start {bad} {good} && git bisect run sh -c {shlex.quote(down + subject.script)}"


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
