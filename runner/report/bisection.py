"""What a bisection says, as plain text and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from registry.origin import SHORT_HASH, Commit
from runner.report.document import SCHEMA, run_document
from runner.report.numbers import counted
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID, WIDTH

if TYPE_CHECKING:
    from registry.records import Run

Word = Literal["good", "bad", "skip"]
"""What a commit is."""

_MOST_FILES: Final = 20
_LABEL: Final = 8
_WORDS: Final = {"good": "good", "bad": "BAD", "skip": "skipped"}


class Tried(NamedTuple):
    """A commit that was tested, what it is ("good", "bad" or "skip"), and why in a few words."""

    commit: Commit
    word: Word
    words: str


def step_line(label: str, commit: Commit, steps_left: int | None = None) -> str:
    """Return the line before a trial: which commit is tested."""
    left = "" if not steps_left else f" (about {counted(steps_left, 'step')} left)"
    line = f"{label:<{_LABEL}} {commit.id[:SHORT_HASH]} {commit.subject}"
    return safe_line(line, WIDTH - len(left)) + left


def answer_line(word: str, words: str) -> str:
    """Return the line after a trial: what the commit is, and why."""
    return safe_line(f"{'':<{_LABEL}} {_WORDS[word]}: {words}", WIDTH)


def commit_lines(commit: Commit) -> Iterator[str]:
    """Yield the first bad commit with its files."""
    yield f"first bad commit: {commit.id}"
    yield f"  {safe_line(commit.subject, LONGEST_ID)}"
    for path in commit.files[:_MOST_FILES]:
        yield f"    {safe_line(path, LONGEST_ID)}"
    if len(commit.files) > _MOST_FILES:
        yield f"    ... and {len(commit.files) - _MOST_FILES:,} more files"


def possible_lines(commits: Sequence[Commit]) -> Iterator[str]:
    """Yield the commits among which the first bad one is, where those between could not be tested."""
    yield f"the first bad commit is one of these {len(commits):,}; the others among them could not be tested:"
    for commit in commits[:_MOST_FILES]:
        yield f"  {commit.id[:SHORT_HASH]} {safe_line(commit.subject, WIDTH)}"
    if len(commits) > _MOST_FILES:
        yield f"  ... and {len(commits) - _MOST_FILES:,} more"


def found_lines(commits: Sequence[Commit]) -> Iterator[str]:
    """Return the lines on the first bad commit, or on those among which it is."""
    return commit_lines(commits[0]) if len(commits) == 1 else possible_lines(commits)


def bisection_document(
    target: str, runs: tuple[Run, Run], trials: Iterable[Tried], first_bad: Iterable[Commit], by_hand: str
) -> dict[str, object]:
    """Return a bisection for programs; `first_bad` holds several commits where those between could not be tested."""
    good, bad = runs
    return {
        "schema": SCHEMA,
        "target": target,
        "good": run_document(good),
        "bad": run_document(bad),
        "trials": [
            {"commit": tried.commit.id, "subject": tried.commit.subject, "answer": tried.word, "because": tried.words}
            for tried in trials
        ],
        "first_bad": [{"commit": one.id, "subject": one.subject, "files": list(one.files)} for one in first_bad],
        "by_hand": by_hand,
    }
